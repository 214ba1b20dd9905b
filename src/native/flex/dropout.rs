//! Dropout masks drawn by all threads at once: burn's generator fills them one value after the other.

use burn::nn::Dropout;
use burn::tensor::{Distribution, Tensor, TensorData};
use rayon::prelude::*;

/// Values that one thread draws in a row.
const CHUNK: usize = 1 << 14;

/// `dropout.forward(features)` with a mask that follows from the device's seed alone, whatever the number of threads.
///
/// Shapes: `[B, C, H, W]` → the same. Kept values are divided by the probability of being kept; without autodiff, or
/// frozen, nothing is dropped.
/// Ours differs: other random numbers than burn's.
pub(in crate::native) fn dropout(dropout: &Dropout, features: Tensor<4>) -> Tensor<4> {
    let device = features.device();
    if !dropout.training.is_enabled() || !device.is_autodiff() || dropout.prob == 0.0 {
        return features;
    }
    let drawn = Tensor::<1>::random([2], Distribution::Uniform(0.0, 1.0), &device.clone().inner()).into_data();
    let key = drawn.iter::<f32>().fold(0u64, |key, part| (key << 32) | u64::from(part.to_bits()));
    let mask = mask(key, dropout.prob, features.shape().num_elements());
    let mask = Tensor::<4>::from_data(TensorData::new(mask, features.shape()), &device);
    let mask = mask.cast(features.dtype());
    features * mask
}

/// `n` values that are 0 with probability `prob`, else `1 / (1 − prob)`.
fn mask(key: u64, prob: f64, n: usize) -> Vec<f32> {
    let kept = (1.0 / (1.0 - prob)) as f32;
    let threshold = (prob * f64::from(u32::MAX)) as u32;
    let mut values = vec![0.0; n];
    values.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, values)| {
        for (i, value) in values.iter_mut().enumerate() {
            let random = hash(key.wrapping_add((chunk * CHUNK + i) as u64));
            *value = if random < threshold { 0.0 } else { kept };
        }
    });
    values
}

/// The upper half of SplitMix64's output for counter `counter`.
fn hash(counter: u64) -> u32 {
    let mut z = counter.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::DropoutConfig;
    use burn::tensor::Device;

    #[test]
    fn the_share_that_is_dropped_and_the_mean_are_as_asked() {
        let values = mask(7, 0.1, 1_000_000);
        let dropped = values.iter().filter(|&&v| v == 0.0).count() as f64 / 1e6;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / 1e6;
        // Five standard deviations of a Bernoulli mean over a million draws are 0.0015.
        assert!((dropped - 0.1).abs() < 0.0015 && (mean - 1.0).abs() < 0.002, "{dropped} {mean}");
    }

    #[test]
    fn neighbouring_places_and_keys_are_unrelated() {
        let (a, b) = (mask(1, 0.5, 100_000), mask(2, 0.5, 100_000));
        let agree = |x: &[f32], y: &[f32]| x.iter().zip(y).filter(|(p, q)| p == q).count() as f64 / x.len() as f64;
        assert!((agree(&a, &b) - 0.5).abs() < 0.02);
        assert!((agree(&a[1..], &a) - 0.5).abs() < 0.02);
    }

    #[test]
    fn a_mask_is_the_same_on_any_number_of_threads() {
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| mask(3, 0.5, 100_000))
        };
        assert_eq!(run(1), run(3));
    }

    #[test]
    fn nothing_is_dropped_outside_training() {
        let (module, device) = (DropoutConfig::new(0.5).init(), Device::flex());
        let ones = || Tensor::<4>::ones([2, 4, 8, 8], &device);
        assert_eq!(dropout(&module, ones()).into_data(), ones().into_data());
    }
}
