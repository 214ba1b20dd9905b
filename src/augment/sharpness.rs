//! Sharpness as a blend of the image with its smoothed self.

use pulp::Arch;

use super::planes::level;
use crate::plane::Plane;

/// `smooth + factor · (v − smooth)`, smooth being the 3×3 mean in which the middle counts five times; the outermost pixels
/// stay. 0 smooths, 1 keeps, above 1 sharpens.
///
/// Source: PIL's `ImageEnhance.Sharpness`, torchvision's `adjust_sharpness`. Ours differs: rounded once, at the end.
pub fn apply(plane: &Plane<u8>, factor: f64) -> Plane<u8> {
    let (width, height) = plane.size();
    let mut sharpened = plane.clone();
    if width < 3 || height < 3 {
        return sharpened;
    }
    let row = |y: usize| &plane.values()[y * width..][..width];
    let mut sums = vec![0u16; width];
    for y in 1..height - 1 {
        let rows = [row(y - 1), row(y), row(y + 1)];
        let target = &mut sharpened.values_mut()[y * width + 1..][..width - 2];
        Arch::new().dispatch(|| blend(rows, &mut sums, factor as f32, target));
    }
    sharpened
}

#[inline(always)]
fn blend([above, middle, below]: [&[u8]; 3], sums: &mut [u16], factor: f32, target: &mut [u8]) {
    for (((sum, &a), &b), &c) in sums.iter_mut().zip(above).zip(middle).zip(below) {
        *sum = u16::from(a) + u16::from(b) + u16::from(c);
    }
    let n = target.len();
    let (sums, middle) = (&sums[..n + 2], &middle[1..=n]);
    for x in 0..n {
        let box_sum = sums[x] + sums[x + 1] + sums[x + 2] + 4 * u16::from(middle[x]);
        let smooth = f32::from(box_sum) * (1.0 / 13.0);
        target[x] = level(smooth + factor * (f32::from(middle[x]) - smooth));
    }
}
