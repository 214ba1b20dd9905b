//! Denoising that keeps edges.

use crate::plane::Plane;

/// Offsets of at most 2 px: `cv2.bilateralFilter` with `d = 5`.
const RADIUS: i64 = 2;
/// Standard deviation in space.
const SIGMA_PX: f64 = 1.5;

/// The mean of the pixels within 2 px, weighted by `exp(−r² / 2·1.5²) · exp(−Δv² / 2σ²)`; edges repeated.
///
/// Source: `cv2.bilateralFilter(image, 5, sigma, 1.5, borderType=cv2.BORDER_REPLICATE)` of a grey image. Choice: the
/// channels of a coloured one are filtered one by one.
pub fn apply(plane: &Plane<u8>, sigma: f64) -> Plane<u8> {
    let (width, height) = plane.size();
    let by_level: Vec<f32> = (0..256).map(|d| gauss(f64::from(d * d), sigma)).collect();
    let disc: Vec<(i64, i64, f32)> = (-RADIUS..=RADIUS)
        .flat_map(|y| (-RADIUS..=RADIUS).map(move |x| (x, y)))
        .filter(|(x, y)| x * x + y * y <= RADIUS * RADIUS)
        .map(|(x, y)| (x, y, gauss((x * x + y * y) as f64, SIGMA_PX)))
        .collect();
    let at = |place: usize, offset: i64, n: usize| (place as i64 + offset).clamp(0, n as i64 - 1) as usize;
    Plane::from_fn(width, height, |x, y| {
        let middle = plane.values()[y * width + x];
        let (mut sum, mut weights) = (0.0, 0.0);
        for &(dx, dy, near) in &disc {
            let value = plane.values()[at(y, dy, height) * width + at(x, dx, width)];
            let weight = near * by_level[usize::from(value.abs_diff(middle))];
            sum += weight * f32::from(value);
            weights += weight;
        }
        super::planes::level(sum / weights)
    })
}

fn gauss(square: f64, sigma: f64) -> f32 {
    libm::exp(-square / (2.0 * sigma * sigma)) as f32
}
