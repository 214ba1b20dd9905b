//! Built-in images with a known reference, drawn from a seed: no download, the same bytes everywhere.
//!
//! All arithmetic is IEEE 754 (`+ − × ÷ √`) or `libm`, all randomness ChaCha8, and each image is drawn by one thread.
//! Weak spot: a phantom shows that a network learns and that a training is sound; it says nothing about patients.

mod mri;
mod outline;
mod random;
mod speckle;
mod texture;
mod us;

use serde::{Deserialize, Serialize};

use self::random::Random;
use super::{Case, Class, Pixels, Source};

/// Part of a data set's digest: raise it with every change that changes a drawn byte.
pub(super) const DRAWING: u32 = 1;

/// Which body is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhantomKind {
    /// B-mode ultrasound of a breast lesion.
    BreastUs,
    /// Axial slice of a contrast-enhanced breast MRI.
    BreastMri,
}

impl PhantomKind {
    /// How its subjects are called.
    fn prefix(self) -> &'static str {
        match self {
            PhantomKind::BreastUs => "us",
            PhantomKind::BreastMri => "mri",
        }
    }
}

/// Everything that one image follows from.
#[derive(Clone, Debug, PartialEq)]
pub struct Phantom {
    kind: PhantomKind,
    seed: u64,
    subject: usize,
    image: usize,
    class: Class,
    size_px: usize,
}

/// `subjects · images_per_subject` cases: `us-012-1` is the second image of the thirteenth subject, `us-012`.
///
/// Subjects are benign and malignant in turn. More subjects, or more images of them, leave the others as they are.
pub fn cases(kind: PhantomKind, seed: u64, subjects: usize, images_per_subject: usize, size_px: usize) -> Vec<Case> {
    let all = (0..subjects).flat_map(|subject| (0..images_per_subject).map(move |image| (subject, image)));
    all.map(|(subject, image)| {
        let class = if subject.is_multiple_of(2) { Class::Benign } else { Class::Malignant };
        let name = format!("{}-{subject:03}", kind.prefix());
        let phantom = Phantom { kind, seed, subject, image, class, size_px };
        Case { id: format!("{name}-{image}"), subject: name, class, source: Source::Phantom(phantom) }
    })
    .collect()
}

impl Phantom {
    /// Image and reference, `size_px × size_px`; a pure function of `self`.
    pub fn draw(&self) -> Pixels {
        match self.kind {
            PhantomKind::BreastUs => us::draw(self),
            PhantomKind::BreastMri => mri::draw(self),
        }
    }

    /// Draws that all images of the subject share.
    fn subject_random(&self) -> Random {
        Random::new([self.kind as u64, self.seed, self.subject as u64, 0])
    }

    /// Draws of this image alone.
    fn image_random(&self) -> Random {
        Random::new([self.kind as u64, self.seed, self.subject as u64, 1 + self.image as u64])
    }

    /// Centre of column or row `at`, as a share of the side: 0..1.
    fn share(&self, at: usize) -> f64 {
        (at as f64 + 0.5) / self.size_px as f64
    }
}

/// From 0 to 1 while `value` goes from `low` to `high`, without a kink at either end; `high` may be below `low`.
fn smoothstep(low: f64, high: f64, value: f64) -> f64 {
    let t = ((value - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Bell curve of height 1 and standard deviation `width` at distance `value` from its middle.
fn bell(value: f64, width: f64) -> f64 {
    let t = value / width;
    // beyond that it is below 10⁻⁶, and `exp` is the dearest call of a drawing
    if t.abs() > 5.3 { 0.0 } else { libm::exp(-0.5 * t * t) }
}
