//! Denoising by the median of 3×3 pixels.

use pulp::Arch;

use crate::plane::Plane;

/// The median of each pixel and its eight neighbours; edges repeated.
///
/// Source: `cv2.medianBlur(image, 3)`, bit for bit.
pub fn apply(plane: &Plane<u8>) -> Plane<u8> {
    let (width, height) = plane.size();
    let mut filtered = plane.clone();
    if width == 0 || height == 0 {
        return filtered;
    }
    let row = |y: usize| &plane.values()[y * width..][..width];
    let mut sorted = [vec![0; width + 2], vec![0; width + 2], vec![0; width + 2]];
    for (y, target) in filtered.values_mut().chunks_exact_mut(width).enumerate() {
        let rows = [row(y.saturating_sub(1)), row(y), row((y + 1).min(height - 1))];
        Arch::new().dispatch(|| {
            sort_columns(rows, &mut sorted);
            medians(&sorted, target);
        });
    }
    filtered
}

/// Smallest, middle and largest of each column, with one column repeated on both sides.
#[inline(always)]
fn sort_columns([a, b, c]: [&[u8]; 3], [low, middle, high]: &mut [Vec<u8>; 3]) {
    let n = a.len();
    let (b, c) = (&b[..n], &c[..n]);
    let (l, m, h) = (&mut low[1..=n], &mut middle[1..=n], &mut high[1..=n]);
    for x in 0..n {
        let (small, large) = (a[x].min(b[x]), a[x].max(b[x]));
        l[x] = small.min(c[x]);
        m[x] = small.max(large.min(c[x]));
        h[x] = large.max(c[x]);
    }
    for row in [low, middle, high] {
        row[0] = row[1];
        row[n + 1] = row[n];
    }
}

/// The median of nine is the median of: the largest low, the middle middle, the smallest high.
#[inline(always)]
fn medians([low, middle, high]: &[Vec<u8>; 3], target: &mut [u8]) {
    let n = target.len();
    let (l, m, h) = (&low[..n + 2], &middle[..n + 2], &high[..n + 2]);
    for x in 0..n {
        let largest = l[x].max(l[x + 1]).max(l[x + 2]);
        let smallest = h[x].min(h[x + 1]).min(h[x + 2]);
        target[x] = median(largest, median(m[x], m[x + 1], m[x + 2]), smallest);
    }
}

#[inline(always)]
fn median(a: u8, b: u8, c: u8) -> u8 {
    a.min(b).max(a.max(b).min(c))
}
