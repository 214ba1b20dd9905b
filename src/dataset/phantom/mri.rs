//! An axial, fat-suppressed T1 slice of both breasts after contrast agent: the tumour enhances, and so do vessels,
//! heart, nipples and parts of the gland, which are not part of the reference.
//!
//! A benign tumour is round with dark septa; a malignant one is irregular, with a bright rim around a darker core.
//! The images of a subject are slices at several heights: the tumour's cross-section, the breasts and the gland vary.

mod anatomy;
mod tumour;

use self::anatomy::Anatomy;
use super::random::Random;
use super::texture::Texture;
use super::{Phantom, Pixels, grey, grey_image};
use crate::plane::Plane;

pub(super) fn draw(phantom: &Phantom) -> Pixels {
    let mut random = phantom.image_random();
    let height = random.between(-0.5, 0.5);
    let mut anatomy = Anatomy::new(phantom.class, height, &mut phantom.subject_random());
    anatomy.tumour.reshape(&mut random);
    let scan = Scan::new(&mut random);
    let size_px = phantom.size_px;
    let mut reference = Plane::filled(size_px, size_px, false);
    let grey = Plane::from_fn(size_px, size_px, |x, y| {
        let (u, v) = (phantom.share(x), phantom.share(y));
        let (across, down) = scan.place(u, v);
        let (signal, tumour) = anatomy.signal(across, down);
        reference.values_mut()[y * size_px + x] = tumour;
        scan.grey(signal * scan.sensitivity(u, v), &mut random)
    });
    Pixels { image: grey_image(&grey), reference }
}

/// The scanner: where the patient lies, the coil's sensitivity, the window, the noise.
struct Scan {
    shift: (f64, f64),
    scale: f64,
    bias: Texture,
    bias_strength: f64,
    falloff: f64,
    window: f64,
    /// Standard deviation of the noise in each channel of the receiver.
    noise: f64,
}

impl Scan {
    fn new(random: &mut Random) -> Self {
        Self {
            shift: (random.between(-0.02, 0.02), random.between(-0.03, 0.03)),
            scale: random.between(0.97, 1.05),
            bias: Texture::new(random),
            bias_strength: random.between(0.1, 0.3),
            falloff: random.between(0.0, 0.35),
            window: random.between(0.55, 1.15),
            noise: random.between(0.02, 0.045),
        }
    }

    /// The anatomical place that column `x` and row `y` (shares of the image) show.
    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (0.5 + self.shift.0 + (x - 0.5) * self.scale, 0.5 + self.shift.1 + (y - 0.5) * self.scale)
    }

    fn sensitivity(&self, x: f64, y: f64) -> f64 {
        self.window * (1.0 + self.bias_strength * self.bias.at(x * 1.7, y * 1.7) + self.falloff * (0.6 - y))
    }

    /// The magnitude of a complex signal with Gaussian noise: Rician, never negative.
    fn grey(&self, signal: f64, random: &mut Random) -> u8 {
        let (re, im) = random.normals();
        let (re, im) = (signal + self.noise * re, self.noise * im);
        grey((re * re + im * im).sqrt())
    }
}
