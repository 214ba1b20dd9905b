//! Max-pooling of 2×2 windows with stride 2; a last odd row or column is left out.

use super::geometry::Plane;
use pulp::Arch;
use rayon::prelude::*;

/// The largest value of every window, and which of its four it is, in reading order: the first of
/// equals, the last NaN if there is one.
///
/// Shapes: `[planes, H, W]` → `[planes, ⌊H/2⌋, ⌊W/2⌋]`, twice.
pub(super) fn max_pool(plane: Plane, images: &[f32]) -> (Vec<f32>, Vec<u8>) {
    let len = plane.halved().len();
    let mut output = vec![0.0; images.len() / plane.len() * len];
    let mut winners = vec![0; output.len()];
    let targets = output.par_chunks_exact_mut(len).zip(winners.par_chunks_exact_mut(len));
    targets.zip(images.par_chunks_exact(plane.len())).for_each(|((output, winners), image)| {
        Arch::new().dispatch(|| pool_plane(plane, image, output, winners));
    });
    (output, winners)
}

/// Sends each window's gradient to its winner. Shapes: `[planes, ⌊H/2⌋, ⌊W/2⌋]` → `[planes, H, W]`.
pub(super) fn backward(plane: Plane, gradient: &[f32], winners: &[u8]) -> Vec<f32> {
    let len = plane.halved().len();
    let mut output = vec![0.0; gradient.len() / len * plane.len()];
    let sources = gradient.par_chunks_exact(len).zip(winners.par_chunks_exact(len));
    let targets = output.par_chunks_exact_mut(plane.len());
    targets.zip(sources).for_each(|(output, (gradient, winners))| {
        Arch::new().dispatch(|| unpool_plane(plane, gradient, winners, output));
    });
    output
}

#[inline(always)]
fn pool_plane(plane: Plane, image: &[f32], output: &mut [f32], winners: &mut [u8]) {
    let width = plane.halved().width;
    let targets = output.chunks_exact_mut(width).zip(winners.chunks_exact_mut(width));
    for (rows, (output, winners)) in image.chunks_exact(2 * plane.width).zip(targets) {
        let (upper, lower) = rows.split_at(plane.width);
        let (upper, lower) = (upper.as_chunks::<2>().0, lower.as_chunks::<2>().0);
        let windows = upper.iter().zip(lower);
        for ((output, winner), (upper, lower)) in output.iter_mut().zip(winners).zip(windows) {
            (*output, *winner) = largest([upper[0], upper[1], lower[0], lower[1]]);
        }
    }
}

#[inline(always)]
fn largest(window: [f32; 4]) -> (f32, u8) {
    let mut best = (window[0], 0);
    for (index, &value) in (0..).zip(&window).skip(1) {
        // selected without a branch: which one wins is a coin toss
        let wins = (value > best.0) | value.is_nan();
        best = (if wins { value } else { best.0 }, if wins { index } else { best.1 });
    }
    best
}

#[inline(always)]
fn unpool_plane(plane: Plane, gradient: &[f32], winners: &[u8], output: &mut [f32]) {
    let width = plane.halved().width;
    let sources = gradient.chunks_exact(width).zip(winners.chunks_exact(width));
    for (rows, (gradient, winners)) in output.chunks_exact_mut(2 * plane.width).zip(sources) {
        let (upper, lower) = rows.split_at_mut(plane.width);
        for (first, row) in [(0, upper), (2, lower)] {
            let pairs = row.as_chunks_mut::<2>().0.iter_mut();
            for (pair, (&gradient, &winner)) in pairs.zip(gradient.iter().zip(winners)) {
                pair[0] = if winner == first { gradient } else { 0.0 };
                pair[1] = if winner == first + 1 { gradient } else { 0.0 };
            }
        }
    }
}
