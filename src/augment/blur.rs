//! Gaussian blur, one direction after the other.

use pulp::Arch;

use super::planes::level;
use crate::plane::Plane;

/// Gaussian weights `exp(−i² / 2σ²)` for i = −r..=r, r = 3σ rounded, of sum 1.
pub fn kernel(sigma: f64) -> Vec<f32> {
    let radius = (3.0 * sigma).round().max(0.0) as i64;
    let raw: Vec<f64> =
        (-radius..=radius).map(|i| libm::exp(-((i * i) as f64) / (2.0 * sigma * sigma).max(1e-300))).collect();
    let sum: f64 = raw.iter().sum();
    raw.iter().map(|weight| (weight / sum) as f32).collect()
}

/// `plane` smoothed with a Gaussian of standard deviation `sigma` px; edges repeated.
///
/// Source: `scipy.ndimage.gaussian_filter(image, sigma, truncate=3, mode="nearest")`.
pub fn apply(plane: &Plane<u8>, sigma: f64) -> Plane<u8> {
    let (width, height) = plane.size();
    let kernel = kernel(sigma);
    let radius = kernel.len() / 2;
    let mut blurred = plane.clone();
    if width == 0 {
        return blurred;
    }
    let mut padded = vec![0.0; width + 2 * radius];
    let mut sums = vec![0.0; width];
    for (y, target) in blurred.values_mut().chunks_exact_mut(width).enumerate() {
        let row = |offset: usize| {
            let from = (y + offset).saturating_sub(radius).min(height - 1);
            &plane.values()[from * width..][..width]
        };
        Arch::new().dispatch(|| {
            down(&kernel, row, &mut padded[radius..radius + width]);
            let (first, last) = (padded[radius], padded[radius + width - 1]);
            padded[..radius].fill(first);
            padded[radius + width..].fill(last);
            across(&kernel, &padded, &mut sums);
            for (value, &sum) in target.iter_mut().zip(&sums) {
                *value = level(sum);
            }
        });
    }
    blurred
}

/// `sums[x] = Σ_i kernel[i] · row(i)[x]`, the symmetric rows together.
#[inline(always)]
fn down<'a>(kernel: &[f32], row: impl Fn(usize) -> &'a [u8], sums: &mut [f32]) {
    let radius = kernel.len() / 2;
    for (sum, &value) in sums.iter_mut().zip(row(radius)) {
        *sum = kernel[radius] * f32::from(value);
    }
    for (i, &weight) in kernel[..radius].iter().enumerate() {
        for ((sum, &above), &below) in sums.iter_mut().zip(row(i)).zip(row(2 * radius - i)) {
            *sum += weight * (f32::from(above) + f32::from(below));
        }
    }
}

/// `sums[x] = Σ_i kernel[i] · padded[x + i]`.
#[inline(always)]
fn across(kernel: &[f32], padded: &[f32], sums: &mut [f32]) {
    let radius = kernel.len() / 2;
    for (sum, &value) in sums.iter_mut().zip(&padded[radius..]) {
        *sum = kernel[radius] * value;
    }
    for (i, &weight) in kernel[..radius].iter().enumerate() {
        for ((sum, &left), &right) in sums.iter_mut().zip(&padded[i..]).zip(&padded[2 * radius - i..]) {
            *sum += weight * (left + right);
        }
    }
}
