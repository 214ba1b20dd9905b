//! An axial, fat-suppressed T1 slice of both breasts after contrast agent: the tumour enhances, and so do vessels,
//! heart, nipples and parts of the gland, which are not part of the reference.
//!
//! A benign tumour is round with dark septa; a malignant one is irregular, with a bright rim around a darker core.
//! The images of a subject are slices at several heights: the tumour's cross-section, the breasts and the gland vary.

use image::RgbImage;

use super::outline::{Irregularity, Outline};
use super::random::Random;
use super::texture::Texture;
use super::{Phantom, Pixels, bell, smoothstep};
use crate::dataset::Class;
use crate::plane::Plane;

/// Signal of tissues before the coil's sensitivity, where 1 is white.
const FAT: f64 = 0.17;
const MUSCLE: f64 = 0.30;
const LUNG: f64 = 0.04;
const SKIN: f64 = 0.42;
const NIPPLE: f64 = 0.80;

pub(super) fn draw(phantom: &Phantom) -> Pixels {
    let mut random = phantom.image_random();
    let height = random.between(-0.55, 0.55);
    let mut anatomy = Anatomy::new(phantom.class, height, &mut phantom.subject_random());
    anatomy.tumour.reshape(&mut random);
    let scan = Scan::new(&mut random);
    let size_px = phantom.size_px;
    let place = |x: usize, y: usize| scan.place(phantom.share(x), phantom.share(y));

    let reference = Plane::from_fn(size_px, size_px, |x, y| {
        let (u, v) = place(x, y);
        anatomy.tumour.outline.distance(u, v) < 0.0
    });
    let mut rgb = Vec::with_capacity(3 * size_px * size_px);
    for y in 0..size_px {
        for x in 0..size_px {
            let (u, v) = place(x, y);
            let signal = anatomy.signal(u, v) * scan.sensitivity(phantom.share(x), phantom.share(y));
            rgb.extend([scan.grey(signal, &mut random); 3]);
        }
    }
    let side = u32::try_from(size_px).expect("a manifest allows 1024");
    Pixels { image: RgbImage::from_raw(side, side, rgb).expect("three values a pixel"), reference }
}

/// One slice, in coordinates whose unit is the image's side; the breasts point up.
struct Anatomy {
    breasts: [Breast; 2],
    chest: Chest,
    tumour: Tumour,
    vessels: Vec<Outline>,
    mottle: Texture,
    strands: Texture,
    /// Signal of gland: how much it enhances by itself.
    gland: f64,
}

struct Breast {
    skin: Outline,
    gland: Outline,
    nipple: (f64, f64),
}

struct Chest {
    skin: Outline,
    muscle: Outline,
    lungs: Outline,
    heart: Outline,
    heart_signal: f64,
}

struct Tumour {
    outline: Outline,
    core: f64,
    rim: f64,
    septa: f64,
    irregular: bool,
}

impl Anatomy {
    /// The slice at `height`, −1..1 of the tumour's half height.
    fn new(class: Class, height: f64, random: &mut Random) -> Self {
        let half = (random.between(0.20, 0.22), random.between(0.44, 0.52));
        // further from the middle the breasts are smaller, and the tumour's section is
        let section = (1.0 - 0.5 * height * height).sqrt();
        let half = (half.0 * (0.94 + 0.06 * section), half.1 * section);
        let base = random.between(0.64, 0.68);
        let gap = random.between(0.015, 0.035);
        let middles = [0.5 - gap - half.0, 0.5 + gap + half.0];
        let side = usize::from(random.chance(0.5));
        let breasts = middles.map(|x| Breast::new((x, base), half, random));
        let tumour = Tumour::new(class, (middles[side], base), half, height, random);
        Self {
            vessels: middles.iter().flat_map(|&x| vessels((x, base), half, random)).collect(),
            chest: Chest::new(base, random),
            mottle: Texture::new(random),
            strands: Texture::new(random),
            gland: random.between(0.30, 0.50),
            breasts,
            tumour,
        }
    }

    fn signal(&self, x: f64, y: f64) -> f64 {
        let breast = &self.breasts[usize::from(x > 0.5)];
        let depth = -breast.skin.distance(x, y).min(self.chest.skin.distance(x, y));
        if depth < -0.01 {
            return 0.0;
        }
        let mut signal = FAT + 0.04 * self.mottle.rough(x * 9.0, y * 9.0);
        signal += self.gland_signal(breast, x, y);
        signal = self.chest.cover(signal, x, y, self.mottle.rough(x * 8.0, y * 8.0));
        for vessel in &self.vessels {
            signal += (0.85 - signal) * 0.9 * smoothstep(0.006, -0.004, vessel.distance(x, y));
        }
        let from_nipple = (x - breast.nipple.0, y - breast.nipple.1);
        let from_nipple = (from_nipple.0 * from_nipple.0 + from_nipple.1 * from_nipple.1).sqrt();
        signal += (NIPPLE - signal) * smoothstep(0.026, 0.012, from_nipple);
        signal += (SKIN - signal) * bell(depth - 0.008, 0.006);
        let texture = (self.mottle.rough(x * 17.0, y * 17.0), self.strands.lines(x * 9.0, y * 9.0, 0.12));
        self.tumour.cover(signal, x, y, texture) * smoothstep(-0.006, 0.004, depth)
    }

    /// What gland adds to fat: patches and strands towards the nipple.
    fn gland_signal(&self, breast: &Breast, x: f64, y: f64) -> f64 {
        let inside = smoothstep(0.03, -0.08, breast.gland.distance(x, y));
        if inside == 0.0 {
            return 0.0;
        }
        let patches = smoothstep(-0.25, 0.35, self.mottle.rough(x * 7.0 + 3.0, y * 5.0) + 0.5 * inside - 0.35);
        let strands = self.strands.lines(x * 8.0, y * 4.5, 0.2);
        let foci = smoothstep(0.42, 0.6, self.strands.rough(x * 15.0, y * 15.0 + 9.0));
        inside * ((self.gland - FAT) * (0.85 * patches + 0.5 * strands) + 0.35 * foci * patches)
    }
}

impl Breast {
    fn new(base: (f64, f64), half: (f64, f64), random: &mut Random) -> Self {
        let tilt = random.between(-0.06, 0.06);
        let how = Irregularity { lobes: random.between(0.01, 0.04), spicules: 0, spicule_length: 0.0 };
        let (x, y) = base;
        let nipple = (x + half.1 * libm::sin(tilt), y - half.1 * libm::cos(tilt) + 0.012);
        let gland_middle = (x + random.between(-0.02, 0.02), y - half.1 * random.between(0.42, 0.5));
        let gland_half = (half.0 * random.between(0.6, 0.8), half.1 * random.between(0.4, 0.48));
        let rough = Irregularity { lobes: 0.15, spicules: 0, spicule_length: 0.0 };
        Self {
            skin: Outline::ellipse(base, half, tilt).roughened(how, random),
            gland: Outline::ellipse(gland_middle, gland_half, tilt).roughened(rough, random),
            nipple,
        }
    }
}

impl Chest {
    fn new(base: f64, random: &mut Random) -> Self {
        let half = (random.between(0.47, 0.49), random.between(0.40, 0.43));
        let middle = (0.5, base + half.1 - random.between(0.02, 0.04));
        let inner = |less: f64| Outline::ellipse(middle, (half.0 - 1.6 * less, half.1 - less), 0.0);
        let heart = (random.between(0.56, 0.64), base + random.between(0.24, 0.30));
        Self {
            skin: inner(0.0),
            muscle: inner(random.between(0.05, 0.06)),
            lungs: inner(random.between(0.10, 0.12)),
            heart: Outline::ellipse(heart, (random.between(0.16, 0.20), random.between(0.10, 0.14)), 0.35),
            heart_signal: random.between(0.55, 0.80),
        }
    }

    /// `signal`, or the chest's own where it covers it.
    fn cover(&self, mut signal: f64, x: f64, y: f64, mottle: f64) -> f64 {
        signal += (MUSCLE + 0.08 * mottle - signal) * smoothstep(0.006, -0.006, self.muscle.distance(x, y));
        signal += (LUNG - signal) * smoothstep(0.006, -0.006, self.lungs.distance(x, y));
        let heart = self.heart_signal * (1.0 + 0.15 * mottle);
        signal + (heart - signal) * smoothstep(0.012, -0.012, self.heart.distance(x, y))
    }
}

impl Tumour {
    fn new(class: Class, base: (f64, f64), half: (f64, f64), height: f64, random: &mut Random) -> Self {
        let across = base.0 + half.0 * random.between(-0.2, 0.2);
        let centre = (across, base.1 - half.1 * random.between(0.38, 0.52));
        let radius = random.between(0.10, 0.13) * (1.0 - height * height).sqrt();
        let roundness = random.between(0.85, 1.1);
        let outline = Outline::ellipse(centre, (radius * roundness, radius / roundness), random.between(-1.0, 1.0));
        if class == Class::Malignant {
            let how = Irregularity {
                lobes: random.between(0.12, 0.2),
                spicules: 6 + (random.unit() * 5.0) as usize,
                spicule_length: random.between(0.2, 0.4),
            };
            let outline = outline.roughened(how, random);
            let (core, rim) = (random.between(0.42, 0.6), random.between(0.78, 0.98));
            return Self { outline, core, rim, septa: 0.0, irregular: true };
        }
        let how = Irregularity { lobes: random.between(0.02, 0.08), spicules: 0, spicule_length: 0.0 };
        let outline = outline.roughened(how, random);
        let signal = random.between(0.58, 0.82);
        Self { outline, core: signal, rim: signal, septa: random.between(0.1, 0.3), irregular: false }
    }

    /// Another slice has a slightly other margin.
    fn reshape(&mut self, random: &mut Random) {
        let lobes = if self.irregular { 0.08 } else { 0.03 };
        self.outline = self.outline.roughened(Irregularity { lobes, spicules: 0, spicule_length: 0.0 }, random);
    }

    /// `signal`, or the tumour's own where it covers it; `texture` is mottle and septa.
    fn cover(&self, signal: f64, x: f64, y: f64, texture: (f64, f64)) -> f64 {
        let distance = self.outline.distance(x, y);
        if distance > 0.02 {
            return signal;
        }
        let own = self.core + (self.rim - self.core) * bell(distance + 0.014, 0.016);
        let own = own * (1.0 + 0.14 * texture.0) - self.septa * texture.1;
        signal + (own - signal) * smoothstep(0.007, -0.007, distance)
    }
}

/// Bright, thin, and here and there in a breast that stands on `base` and has the half-axes `half`.
fn vessels(base: (f64, f64), half: (f64, f64), random: &mut Random) -> Vec<Outline> {
    let one = |_| {
        let (across, up) = (random.between(-0.75, 0.75), random.between(0.05, 0.6));
        let centre = (base.0 + across * half.0, base.1 - up * half.1);
        let tilt = std::f64::consts::FRAC_PI_2 + random.between(-0.7, 0.7);
        let wave = Irregularity { lobes: 0.3, spicules: 0, spicule_length: 0.0 };
        Outline::ellipse(centre, (random.between(0.02, 0.07), random.between(0.006, 0.010)), tilt)
            .roughened(wave, random)
    };
    (0..5).map(one).collect()
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
            scale: random.between(0.97, 1.06),
            bias: Texture::new(random),
            bias_strength: random.between(0.1, 0.3),
            falloff: random.between(0.0, 0.35),
            window: random.between(0.6, 1.15),
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
        (255.0 * (re * re + im * im).sqrt()).round().clamp(0.0, 255.0) as u8
    }
}
