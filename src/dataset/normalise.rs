//! From 8-bit pixels to the numbers that a network sees.

use image::RgbImage;
use serde::{Deserialize, Serialize};

/// Shares of the pixels below and above which [`Normalise::Percentile`] clips.
const TAILS: (f64, f64) = (0.005, 0.995);
/// ImageNet's channel means and standard deviations, of values divided by 255 (torchvision's reference weights).
const IMAGENET_MEAN: [f64; 3] = [0.485, 0.456, 0.406];
const IMAGENET_SD: [f64; 3] = [0.229, 0.224, 0.225];
/// ImageNet's means in the order blue, green, red, of values 0 to 255 (Keras' `imagenet_utils`, mode `caffe`).
const CAFFE_MEAN: [f64; 3] = [103.939, 116.779, 123.68];

/// How the pixels of one image become numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalise {
    /// Mean 0 and standard deviation 1 over all channels together; deviations below 1 grey level count as 1.
    #[default]
    ZScore,
    /// `(v − min) / (max − min)` over all channels together: 0 to 1.
    MinMax,
    /// As [`Normalise::MinMax`] between the 0.5th and the 99.5th percentile (linear between ranks, as numpy's), clipped
    /// to 0 to 1. Choice: the tails that nnU-Net clips (Isensee et al. 2021, supplement).
    Percentile,
    /// `(v / 255 − mean) / sd` of each channel, with ImageNet's: what torchvision's weights expect.
    Imagenet,
    /// Blue, green, red, each 0 to 255 minus ImageNet's mean: what Keras' VGG and ResNet weights expect.
    Caffe,
}

impl Normalise {
    /// Whether it is the default, which plans leave out.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Three planes of `width · height` values. A flat image becomes 0 with the first three.
    pub fn apply(&self, image: &RgbImage) -> Vec<f32> {
        let raw = image.as_raw();
        let same = |table: [f32; 256]| planes(raw, [0, 1, 2], [&table; 3]);
        match self {
            Self::ZScore => same(z_score(raw)),
            Self::MinMax => same(stretch(raw, (0.0, 1.0))),
            Self::Percentile => same(stretch(raw, TAILS)),
            Self::Imagenet => {
                let of = |c: usize| table(|v| (v / 255.0 - IMAGENET_MEAN[c]) / IMAGENET_SD[c]);
                planes(raw, [0, 1, 2], [&of(0), &of(1), &of(2)])
            }
            Self::Caffe => {
                let of = |c: usize| table(|v| v - CAFFE_MEAN[c]);
                planes(raw, [2, 1, 0], [&of(0), &of(1), &of(2)])
            }
        }
    }
}

/// What each of the 256 grey levels becomes.
fn table(of: impl Fn(f64) -> f64) -> [f32; 256] {
    std::array::from_fn(|level| of(level as f64) as f32)
}

/// Plane `i` is channel `channels[i]` read through `tables[i]`.
fn planes(raw: &[u8], channels: [usize; 3], tables: [&[f32; 256]; 3]) -> Vec<f32> {
    let plane = |i: usize| raw.iter().skip(channels[i]).step_by(3).map(move |&v| tables[i][usize::from(v)]);
    (0..3).flat_map(plane).collect()
}

fn z_score(raw: &[u8]) -> [f32; 256] {
    let n = raw.len() as f64;
    let mean = raw.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let variance = raw.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n;
    let scale = 1.0 / variance.sqrt().max(1.0);
    table(|v| (v - mean) * scale)
}

fn stretch(raw: &[u8], tails: (f64, f64)) -> [f32; 256] {
    let mut counts = [0usize; 256];
    raw.iter().for_each(|&v| counts[usize::from(v)] += 1);
    let (low, high) = (quantile(&counts, tails.0), quantile(&counts, tails.1));
    let range = if high > low { high - low } else { 1.0 };
    table(|v| ((v - low) / range).clamp(0.0, 1.0))
}

/// The level at rank `share · (n − 1)`, linear between neighbouring ranks; 0 of nothing.
fn quantile(counts: &[usize; 256], share: f64) -> f64 {
    let n: usize = counts.iter().sum();
    let rank = share * n.saturating_sub(1) as f64;
    let level_at = |rank: usize| {
        let mut below = 0;
        let level = counts.iter().position(|&count| {
            below += count;
            below > rank
        });
        level.unwrap_or(0) as f64
    };
    let (low, high) = (level_at(rank.floor() as usize), level_at(rank.ceil() as usize));
    low + (high - low) * rank.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[derive(Deserialize, Serialize)]
    struct Key {
        normalise: Normalise,
    }

    fn named(name: &str) -> Normalise {
        toml::from_str::<Key>(&format!("normalise = {name:?}")).expect("a name").normalise
    }

    /// Four pixels: black, a red, a green, white.
    fn image() -> RgbImage {
        RgbImage::from_raw(2, 2, vec![0, 0, 0, 200, 10, 20, 30, 100, 50, 255, 255, 255]).expect("12 values")
    }

    #[test]
    fn a_z_score_is_what_it_always_was_bit_for_bit() {
        let raw: Vec<f64> = image().as_raw().iter().map(|&v| f64::from(v)).collect();
        let mean = raw.iter().sum::<f64>() / 12.0;
        let variance = raw.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 12.0;
        let scale = 1.0 / variance.sqrt().max(1.0);
        let expected: Vec<f32> =
            (0..3).flat_map(|c| raw.iter().skip(c).step_by(3)).map(|v| ((v - mean) * scale) as f32).collect();
        assert_eq!(named("z-score").apply(&image()), expected);
    }

    #[test]
    fn a_z_score_has_mean_0_and_sd_1() {
        let image = RgbImage::from_fn(9, 7, |x, y| Rgb([(x * 20) as u8, (y * 30) as u8, 99]));
        let values = Normalise::ZScore.apply(&image);
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / values.len() as f32).sqrt();
        assert!(mean.abs() < 1e-5 && (sd - 1.0).abs() < 1e-5, "{mean} {sd}");
    }

    /// numpy: np.percentile(v, 99.5) of 0..=200 is 199, of 0.5 is 1; the rest is clipped.
    #[test]
    fn ranges_become_0_to_1() {
        let grey = RgbImage::from_fn(201, 1, |x, _| Rgb([x as u8; 3]));
        let min_max = named("min-max").apply(&grey);
        assert_eq!([min_max[0], min_max[50], min_max[200]], [0.0, 0.25, 1.0]);
        let percentile = named("percentile").apply(&grey);
        assert_eq!([percentile[0], percentile[1], percentile[199], percentile[200]], [0.0, 0.0, 1.0, 1.0]);
        assert!((percentile[100] - 0.5).abs() < 1e-6);
    }

    /// torchvision.transforms.Normalize of (200, 10, 20) / 255, and Keras' preprocess_input of it.
    #[test]
    fn pretrained_weights_get_what_they_were_trained_on() {
        let at_1 = |values: Vec<f32>| [values[1], values[5], values[9]];
        let close = |a: [f32; 3], b: [f32; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4);
        let imagenet = at_1(named("imagenet").apply(&image()));
        assert!(close(imagenet, [1.307_014, -1.860_644, -1.455_861]), "{imagenet:?}");
        let caffe = at_1(named("caffe").apply(&image()));
        assert!(close(caffe, [20.0 - 103.939, 10.0 - 116.779, 200.0 - 123.68]), "{caffe:?}");
    }

    #[test]
    fn a_flat_image_becomes_0() {
        let flat = RgbImage::from_pixel(3, 3, Rgb([77; 3]));
        for normalise in [Normalise::ZScore, Normalise::MinMax, Normalise::Percentile] {
            assert_eq!(normalise.apply(&flat), vec![0.0; 27], "{normalise:?}");
        }
    }
}
