//! Multiplicative noise, as coherent imaging has it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use super::planes::level;
use crate::plane::Plane;

/// `v · (1 + sd · noise)`, the same noise in all channels.
///
/// Source: `skimage.util.random_noise(mode="speckle")`.
pub fn apply(planes: &mut [Plane<u8>], noise: &[f32], sd: f64) {
    let sd = sd as f32;
    for plane in planes {
        for (value, &noise) in plane.values_mut().iter_mut().zip(noise) {
            *value = level(f32::from(*value) * (1.0 + sd * noise));
        }
    }
}

/// `n` draws of mean 0 and variance 1.
///
/// Choice: the sum of four uniform bytes, which is normal to within 0.02 in its distribution and stays within ±3.46.
pub fn noise(n: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
    // The variance of a uniform byte is (256² − 1) / 12.
    let scale = (12.0_f32 / (4.0 * 65_535.0)).sqrt();
    let mut draw = || {
        let sum: u16 = random.next_u32().to_le_bytes().map(u16::from).iter().sum();
        (f32::from(sum) - 510.0) * scale
    };
    (0..n).map(|_| draw()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn the_noise_has_mean_0_and_variance_1() {
        let draws = noise(50_000, &mut ChaCha8Rng::seed_from_u64(3));
        let mean = draws.iter().sum::<f32>() / 50_000.0;
        let variance = draws.iter().map(|n| n * n).sum::<f32>() / 50_000.0;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }
}
