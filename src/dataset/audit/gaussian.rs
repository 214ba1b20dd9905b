//! Gaussian smoothing and what is built from it: band-pass images and scale-space octaves.

use crate::plane::Plane;

/// `image` convolved with a Gaussian of standard deviation `sigma_px` > 0, cut off at 3σ; edge pixels are repeated.
pub(super) fn blur(image: &Plane<f32>, sigma_px: f32) -> Plane<f32> {
    let kernel = kernel(sigma_px);
    let (width, height) = image.size();
    let mut rows = Vec::with_capacity(width * height);
    let mut padded = Vec::new();
    let radius = kernel.len() / 2;
    for row in image.values().chunks_exact(width) {
        padded.clear();
        padded.extend(std::iter::repeat_n(row[0], radius));
        padded.extend_from_slice(row);
        padded.extend(std::iter::repeat_n(row[width - 1], radius));
        let start = rows.len();
        rows.resize(start + width, 0.0);
        for (weight, shifted) in kernel.iter().zip(padded.windows(width)) {
            add_scaled(&mut rows[start..], shifted, *weight);
        }
    }
    let mut columns = vec![0.0; width * height];
    for (y, out) in columns.chunks_exact_mut(width).enumerate() {
        for (i, weight) in kernel.iter().enumerate() {
            let source = (y + i).saturating_sub(radius).min(height - 1);
            add_scaled(out, &rows[source * width..(source + 1) * width], *weight);
        }
    }
    Plane::new(width, height, columns).expect("as many values as before")
}

/// What a Gaussian of `narrow_px` keeps and one of `wide_px` removes: free of brightness, and of the slow changes that
/// time gain compensation makes.
pub(super) fn band(image: &Plane<f32>, narrow_px: f32, wide_px: f32) -> Plane<f32> {
    let mut band = blur(image, narrow_px);
    for (value, slow) in band.values_mut().iter_mut().zip(blur(image, wide_px).values()) {
        *value -= slow;
    }
    band
}

/// Every second pixel of every second row.
pub(super) fn halve(image: &Plane<f32>) -> Plane<f32> {
    let (width, height) = (image.width() / 2, image.height() / 2);
    Plane::from_fn(width, height, |x, y| image.values()[2 * y * image.width() + 2 * x])
}

fn kernel(sigma_px: f32) -> Vec<f32> {
    let radius = (3.0 * sigma_px).ceil() as i32;
    let weight = |at: i32| (-0.5 * (at as f32 / sigma_px).powi(2)).exp();
    let sum: f32 = (-radius..=radius).map(weight).sum();
    (-radius..=radius).map(|at| weight(at) / sum).collect()
}

fn add_scaled(out: &mut [f32], values: &[f32], weight: f32) {
    for (out, value) in out.iter_mut().zip(values) {
        *out += weight * value;
    }
}
