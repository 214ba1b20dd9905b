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

use image::RgbImage;
use serde::{Deserialize, Serialize};

use self::random::Random;
use super::{Case, Class, Pixels, Source};
use crate::plane::Plane;

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

/// Bell curve of height 1 and standard deviation `width` at distance `value` from its middle: `(1 − t²/8)⁴`, which is
/// close to `exp(−t²/2)`, cheaper, and 0 from 2.83 deviations on.
fn bell(value: f64, width: f64) -> f64 {
    let t = value / width;
    let root = (1.0 - t * t / 8.0).max(0.0);
    (root * root) * (root * root)
}

/// Nearest grey of a brightness of 0..=1; beyond that, black or white.
fn grey(brightness: f64) -> u8 {
    // the cast saturates
    (255.0 * brightness + 0.5) as u8
}

/// Three equal channels.
fn grey_image(grey: &Plane<u8>) -> RgbImage {
    let side = |px: usize| u32::try_from(px).expect("a manifest allows 1024 px");
    let rgb = grey.values().iter().flat_map(|&value| [value; 3]).collect();
    RgbImage::from_raw(side(grey.width()), side(grey.height()), rgb).expect("three values a pixel")
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::dataset::{DataRoots, Dataset, hex};

    /// The built-in data sets of that kind, drawn at another size.
    fn built_in(name: &str, size_px: usize) -> Vec<Phantom> {
        let dataset = Dataset::open(name, &DataRoots::new(None)).expect("built in");
        let phantom = |case: Case| match case.source {
            Source::Phantom(phantom) => Phantom { size_px, ..phantom },
            _ => panic!("{} is not built in", case.id),
        };
        dataset.cases.into_iter().map(phantom).collect()
    }

    fn digest(phantom: &Phantom) -> String {
        let Pixels { image, reference } = phantom.draw();
        let reference: Vec<u8> = reference.values().iter().map(|&set| u8::from(set)).collect();
        hex(&Sha256::new().chain_update(image.as_raw()).chain_update(reference).finalize()[..8])
    }

    /// If this fails on purpose, raise [`DRAWING`]: trainings on other images must not look comparable.
    #[test]
    fn drawn_bytes_are_the_same_everywhere() {
        let first_and_last = |name| {
            let phantoms = built_in(name, 64);
            [digest(&phantoms[0]), digest(&phantoms[phantoms.len() - 1])]
        };
        assert_eq!(first_and_last("breast-us"), ["161f9d9efe6385ef", "b4dd61f5aed61bcb"]);
        assert_eq!(first_and_last("breast-mri"), ["20fd88b8fc1d3be3", "e7909083be5bfbb4"]);
    }

    #[test]
    fn every_tumour_covers_2_to_15_percent() {
        for phantom in ["breast-us", "breast-mri"].iter().flat_map(|name| built_in(name, 32)) {
            let reference = phantom.draw().reference;
            let share = reference.area_px() as f64 / reference.values().len() as f64;
            assert!((0.02..=0.15).contains(&share), "{phantom:?}: {share}");
        }
    }

    #[test]
    fn images_of_a_subject_differ_and_images_do_not_depend_on_how_many_there_are() {
        let few = cases(PhantomKind::BreastMri, 5, 2, 2, 32);
        let many = cases(PhantomKind::BreastMri, 5, 4, 2, 32);
        assert_eq!(few, many[..4]);
        assert_eq!((few[3].id.as_str(), few[3].subject.as_str()), ("mri-001-1", "mri-001"));
        let drawn: Vec<_> = few.iter().map(|case| case.pixels().expect("phantoms decode").image).collect();
        assert!(drawn[0] != drawn[1] && drawn[0] != drawn[2]);
    }

    #[test]
    fn no_threshold_finds_the_tumours() {
        for name in ["breast-us", "breast-mri"] {
            let every_fifth: Vec<Phantom> = built_in(name, 96).into_iter().step_by(5).collect();
            let histograms: Vec<Histogram> = every_fifth.par_iter().map(histogram).collect();
            let best =
                (0..=255).flat_map(|level| [dark(&histograms, level), bright(&histograms, level)]).fold(0.0, f64::max);
            assert!((0.2..0.5).contains(&best), "{name}: {best}");
        }
    }

    /// Pixels of each grey outside and inside the reference.
    type Histogram = [[f64; 2]; 256];

    fn histogram(phantom: &Phantom) -> Histogram {
        let Pixels { image, reference } = phantom.draw();
        let mut counts = [[0.0; 2]; 256];
        for (pixel, &set) in image.pixels().zip(reference.values()) {
            counts[usize::from(pixel.0[0])][usize::from(set)] += 1.0;
        }
        counts
    }

    fn dark(histograms: &[Histogram], level: usize) -> f64 {
        mean_dsc(histograms, |grey| grey <= level)
    }

    fn bright(histograms: &[Histogram], level: usize) -> f64 {
        mean_dsc(histograms, |grey| grey >= level)
    }

    fn mean_dsc(histograms: &[Histogram], chosen: impl Fn(usize) -> bool) -> f64 {
        let dsc = |counts: &Histogram| {
            let chosen = counts.iter().enumerate().filter(|(grey, _)| chosen(*grey)).map(|(_, count)| count);
            let [outside, inside] = chosen.fold([0.0; 2], |[a, b], count| [a + count[0], b + count[1]]);
            let reference: f64 = counts.iter().map(|count| count[1]).sum();
            2.0 * inside / (outside + inside + reference)
        };
        histograms.iter().map(dsc).sum::<f64>() / histograms.len() as f64
    }
}
