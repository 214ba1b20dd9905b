//! Which pixels a classifier is trained on.

use image::RgbImage;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::{FEATURES, PixelError, features};
use crate::plane::Mask;

type Raw = [f64; FEATURES.len()];

/// A pixel's features, each with mean 0 and standard deviation 1 over the training sample.
pub type Standardised = [f32; FEATURES.len()];

/// Pixels to be trained on: tumour and background take turns.
#[derive(Clone, Debug, PartialEq)]
pub struct PixelSample {
    /// Standardised features.
    pub pixels: Vec<Standardised>,
    /// `true` for tumour.
    pub labels: Vec<bool>,
}

impl PixelSample {
    /// A balanced sample of `pixels` pixels, drawn with replacement; a pure function of the images and `seed`.
    /// Every image gives the same share, to within one pixel of each kind.
    pub fn draw(cases: &[(&RgbImage, &Mask)], pixels: usize, seed: u64) -> Result<(Self, Scale), PixelError> {
        let half = pixels / 2;
        let share = |i: usize| (i + 1) * half / cases.len() - i * half / cases.len();
        let drawn: Vec<[Vec<Raw>; 2]> =
            cases.par_iter().enumerate().map(|(i, case)| draw(*case, share(i), seed.wrapping_add(i as u64))).collect();
        let [tumour, background]: [Vec<Raw>; 2] =
            std::array::from_fn(|kind| drawn.iter().flat_map(|of_case| of_case[kind].iter().copied()).collect());
        if tumour.is_empty() || background.is_empty() {
            return Err(PixelError::OneClass { tumour: tumour.len(), background: background.len() });
        }
        let pairs = tumour.into_iter().zip(background);
        let (raw, labels): (Vec<Raw>, Vec<bool>) = pairs.flat_map(|(t, b)| [(t, true), (b, false)]).unzip();
        let scale = Scale::of(&raw);
        Ok((Self { pixels: raw.iter().map(|pixel| scale.apply(pixel)).collect(), labels }, scale))
    }
}

/// `share` tumour pixels of one image, and as many of its background; none of a kind that it lacks.
fn draw((image, mask): (&RgbImage, &Mask), share: usize, seed: u64) -> [Vec<Raw>; 2] {
    if share == 0 {
        return [Vec::new(), Vec::new()];
    }
    let all = features(image);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    [true, false].map(|wanted| {
        let places: Vec<usize> = (0..all.len()).filter(|&i| mask.values()[i] == wanted).collect();
        if places.is_empty() {
            return Vec::new();
        }
        (0..share).map(|_| all[places[(rng.next_u64() % places.len() as u64) as usize]]).collect()
    })
}

/// Brings every feature to mean 0 and standard deviation 1 on the training sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    mean: Raw,
    sd: Raw,
}

impl Scale {
    fn of(pixels: &[Raw]) -> Self {
        let n = pixels.len() as f64;
        let mean: Raw = std::array::from_fn(|i| pixels.iter().map(|p| p[i]).sum::<f64>() / n);
        let variance = |i: usize| pixels.iter().map(|p| (p[i] - mean[i]).powi(2)).sum::<f64>() / n;
        let sd = std::array::from_fn(|i| variance(i).sqrt().max(1e-9));
        Self { mean, sd }
    }

    /// `(pixel − mean) / sd`.
    pub fn apply(&self, pixel: &Raw) -> Standardised {
        std::array::from_fn(|i| ((pixel[i] - self.mean[i]) / self.sd[i]) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::dark_disc;
    use super::*;

    #[test]
    fn every_image_takes_part_in_the_sample() {
        // 30 images and 20 pixels of each kind: the last image is drawn from as the first ones are.
        let cases: Vec<_> = (0..30).map(|i| dark_disc(10.0 + f64::from(i) / 3.0)).collect();
        let cases: Vec<_> = cases.iter().map(|(image, mask)| (image, mask)).collect();
        let (sample, scale) = PixelSample::draw(&cases, 40, 1).expect("both classes");
        assert_eq!((sample.pixels.len(), sample.labels.iter().filter(|&&l| l).count()), (40, 20));
        let [last, _] = draw(cases[29], 1, 1 + 29);
        assert!(sample.pixels.contains(&scale.apply(&last[0])));
    }

    #[test]
    fn a_sample_has_mean_0_and_sd_1() {
        let cases = [dark_disc(10.0), dark_disc(20.0)];
        let (sample, _) = PixelSample::draw(&cases.each_ref().map(|(i, m)| (i, m)), 400, 1).expect("both classes");
        for feature in 0..FEATURES.len() {
            let values = || sample.pixels.iter().map(|p| f64::from(p[feature]));
            let mean = values().sum::<f64>() / 400.0;
            let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / 400.0;
            assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4, "{}: {mean} {variance}", FEATURES[feature]);
        }
    }
}
