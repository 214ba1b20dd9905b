//! A support vector machine that judges each pixel by itself.

use image::RgbImage;
use linfa::dataset::{Dataset, Pr};
use linfa::traits::{Fit, Predict};
use ndarray::{Array1, Array2};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{FEATURES, features};
use crate::config::within;
use crate::plane::{Mask, Plane};

/// Numbers of an [`Svm`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SvmConfig {
    /// Pixels that it is trained on, half of them tumour; the kernel matrix grows with the square.
    pub pixels: usize,
    /// Cost of a misjudged pixel.
    pub c: f64,
    /// Width of the Gaussian kernel on standardised features.
    pub kernel_width: f64,
}

impl Default for SvmConfig {
    fn default() -> Self {
        Self { pixels: 2000, c: 1.0, kernel_width: 36.0 }
    }
}

/// Why a support vector machine cannot be trained.
#[derive(Debug, thiserror::Error)]
pub enum SvmError {
    /// Only one kind of pixel.
    #[error("the training images hold {tumour} tumour and {background} background pixels; expected both")]
    OneClass {
        /// Tumour pixels seen.
        tumour: usize,
        /// Background pixels seen.
        background: usize,
    },
    /// The solver gave up.
    #[error("the solver failed: {0}")]
    Solver(String),
}

/// Gaussian-kernel support vector machine with Platt's probabilities on standardised [`features`].
/// Source: P1 §1 and Table 3 (SVM). Choice: P1 gives no features; the sample is balanced and capped.
pub struct Svm {
    machine: linfa_svm::Svm<f64, Pr>,
    scale: Scale,
}

impl SvmConfig {
    /// What is wrong with the numbers, if anything.
    pub fn check(&self) -> Result<(), String> {
        within("model.pixels", self.pixels as f64, 20.0, 20_000.0)?;
        within("model.c", self.c, 1e-6, 1e6)?;
        within("model.kernel_width", self.kernel_width, 1e-6, 1e6)
    }

    /// Trains on a balanced sample of the images' pixels, a pure function of the images and `seed`.
    pub fn fit(&self, cases: &[(RgbImage, Mask)], seed: u64) -> Result<Svm, SvmError> {
        let (mut samples, labels) = self.sample(cases, seed)?;
        let scale = Scale::of(&samples);
        samples.iter_mut().for_each(|sample| *sample = scale.apply(sample));
        let data = Dataset::new(matrix(&samples), Array1::from(labels));
        let params = linfa_svm::Svm::<f64, Pr>::params().pos_neg_weights(self.c, self.c);
        let machine = params.gaussian_kernel(self.kernel_width).fit(&data);
        Ok(Svm { machine: machine.map_err(|error| SvmError::Solver(error.to_string()))?, scale })
    }

    /// Every image gives the same share, to within one pixel of each kind; tumour and background take turns.
    fn sample(&self, cases: &[(RgbImage, Mask)], seed: u64) -> Result<(Vec<Sample>, Vec<bool>), SvmError> {
        let half = self.pixels / 2;
        let share = |i: usize| (i + 1) * half / cases.len() - i * half / cases.len();
        let drawn: Vec<Vec<(Sample, bool)>> = cases
            .par_iter()
            .enumerate()
            .map(|(i, (image, mask))| draw(image, mask, share(i), seed.wrapping_add(i as u64)))
            .collect();
        let mut tumour: Vec<Sample> = Vec::new();
        let mut background: Vec<Sample> = Vec::new();
        for (sample, is_tumour) in drawn.into_iter().flatten() {
            if is_tumour { tumour.push(sample) } else { background.push(sample) }
        }
        if tumour.is_empty() || background.is_empty() {
            return Err(SvmError::OneClass { tumour: tumour.len(), background: background.len() });
        }
        let pairs = tumour.into_iter().zip(background);
        Ok(pairs.flat_map(|(t, b)| [(t, true), (b, false)]).unzip())
    }
}

impl Svm {
    /// Probability of tumour for every pixel.
    pub fn predict(&self, image: &RgbImage) -> Plane<f32> {
        let samples: Vec<Sample> = features(image).iter().map(|sample| self.scale.apply(sample)).collect();
        let probabilities = self.machine.predict(&matrix(&samples));
        let values = probabilities.iter().map(|p| **p).collect();
        Plane::new(image.width() as usize, image.height() as usize, values).expect("one probability per pixel")
    }
}

type Sample = [f64; FEATURES.len()];

fn draw(image: &RgbImage, mask: &Mask, share: usize, seed: u64) -> Vec<(Sample, bool)> {
    let all = features(image);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn = Vec::with_capacity(2 * share);
    for wanted in [true, false] {
        let places: Vec<usize> = (0..all.len()).filter(|&i| mask.values()[i] == wanted).collect();
        let pick = |rng: &mut ChaCha8Rng| places[(rng.next_u64() % places.len() as u64) as usize];
        if !places.is_empty() {
            drawn.extend((0..share).map(|_| (all[pick(&mut rng)], wanted)));
        }
    }
    drawn
}

fn matrix(samples: &[Sample]) -> Array2<f64> {
    Array2::from_shape_fn((samples.len(), FEATURES.len()), |(row, column)| samples[row][column])
}

/// Brings every feature to mean 0 and standard deviation 1 on the training sample.
struct Scale {
    mean: Sample,
    sd: Sample,
}

impl Scale {
    fn of(samples: &[Sample]) -> Self {
        let n = samples.len() as f64;
        let mean: Sample = std::array::from_fn(|i| samples.iter().map(|s| s[i]).sum::<f64>() / n);
        let variance = |i: usize, mean: f64| samples.iter().map(|s| (s[i] - mean).powi(2)).sum::<f64>() / n;
        let sd = std::array::from_fn(|i| variance(i, mean[i]).sqrt().max(1e-9));
        Self { mean, sd }
    }

    fn apply(&self, sample: &Sample) -> Sample {
        std::array::from_fn(|i| (sample[i] - self.mean[i]) / self.sd[i])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    fn dark_disc(centre: f64) -> (RgbImage, Mask) {
        let inside = |x: f64, y: f64| (x - centre).hypot(y - 16.0) < 8.0;
        let image =
            RgbImage::from_fn(32, 32, |x, y| Rgb([if inside(f64::from(x), f64::from(y)) { 40 } else { 180 }; 3]));
        (image, Mask::from_fn(32, 32, |x, y| inside(x as f64, y as f64)))
    }

    #[test]
    fn it_finds_a_dark_disc_at_a_new_place() {
        let config = SvmConfig { pixels: 200, ..SvmConfig::default() };
        let machine = config.fit(&[dark_disc(10.0), dark_disc(20.0)], 1).expect("both classes");
        let (image, reference) = dark_disc(15.0);
        let prediction = machine.predict(&image).map(|&p| p > 0.5);
        let dsc = crate::metric::Confusion::of(&prediction, &reference).and_then(|c| c.dsc());
        assert!(dsc.expect("not empty") > 0.9, "{dsc:?}");
    }

    #[test]
    fn every_image_takes_part_in_the_sample() {
        // 30 images and 20 pixels of each kind: the last image is drawn from as the first ones are.
        let cases: Vec<_> = (0..30).map(|i| dark_disc(10.0 + f64::from(i) / 3.0)).collect();
        let config = SvmConfig { pixels: 40, ..SvmConfig::default() };
        let (samples, labels) = config.sample(&cases, 1).expect("both classes");
        assert_eq!((samples.len(), labels.iter().filter(|&&l| l).count()), (40, 20));
        let last = draw(&cases[29].0, &cases[29].1, 1, 1 + 29);
        assert!(samples.contains(&last[0].0));
    }

    #[test]
    fn images_without_tumour_are_refused() {
        let (image, _) = dark_disc(10.0);
        let error = SvmConfig::default().fit(&[(image, Mask::filled(32, 32, false))], 1).err();
        assert!(matches!(error, Some(SvmError::OneClass { tumour: 0, .. })));
    }
}
