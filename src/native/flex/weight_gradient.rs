//! The gradients of a convolution's weight and bias.
//!
//! The batch is cut into a number of shares that depends on shapes alone; each share is summed by one
//! thread and the shares are added in order, so the number of threads cannot change a bit.

use super::correlate::ROWS;
use super::frame::{Frame, Window};
use super::geometry::{Geometry, ranges};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use std::ops::Range;

/// Output channels handled together: their gradient rows stay in the second-level cache.
const GROUP: usize = 64;
/// Pixels summed in registers before they are added up across lanes.
const PIXELS: usize = 1024;
/// Values of the frame of one block.
const FRAME: usize = 96 * 1024;
/// Shares × groups of channels: enough for many cores to work on.
const TASKS: usize = 32;
/// Values of all shares together.
const SHARED: usize = 8 * 1024 * 1024;
/// Taps per register tile.
const TAPS: usize = 3;

/// `weight[o, i, ky, kx] = Σ_b,y,x gradient[b, o, y, x] · images[b, i, y + ky, x + kx]`, images padded.
///
/// Shapes: images `[B, C_in, H, W]`, gradient `[B, C_out, H', W']` → `[C_out, C_in, kh, kw]`.
pub(super) fn weight_gradient(geometry: &Geometry, images: &[f32], gradient: &[f32]) -> Vec<f32> {
    let groups: Vec<_> = ranges(geometry.channels_out, GROUP).collect();
    let taps = geometry.channels_in * geometry.kernel_len();
    let windows = windows(geometry);
    let affordable = SHARED / (geometry.channels_out * taps);
    let shares = TASKS.div_ceil(groups.len()).min(affordable).clamp(1, windows.len());
    let sums: Vec<Vec<f32>> = (0..groups.len() * shares)
        .into_par_iter()
        .map(|task| {
            let (group, share) = (&groups[task / shares], task % shares);
            let windows = &windows[share * windows.len() / shares..(share + 1) * windows.len() / shares];
            let mut share = Share::new(geometry, group.clone());
            for window in windows {
                share.add(images, gradient, window);
            }
            share.sums
        })
        .collect();
    let mut weight = vec![0.0; geometry.channels_out * taps];
    for (weight, shares) in weight.chunks_mut(GROUP * taps).zip(sums.chunks_exact(shares)) {
        for share in shares {
            weight.iter_mut().zip(share).for_each(|(weight, share)| *weight += share);
        }
    }
    weight
}

/// `Σ_b,y,x gradient[b, o, y, x]`. Shapes: `[B, C_out, H', W']` → `[C_out]`.
pub(super) fn bias_gradient((channels, plane): (usize, usize), gradient: &[f32]) -> Vec<f32> {
    (0..channels)
        .into_par_iter()
        .map(|channel| {
            let planes = gradient.chunks_exact(plane).skip(channel).step_by(channels);
            planes.map(super::norm::sum).sum::<f64>() as f32
        })
        .collect()
}

/// Cuts the output into windows of about `PIXELS`: some rows of a sample, or some samples.
fn windows(geometry: &Geometry) -> Vec<Window> {
    let height = geometry.output[0];
    let rows = (PIXELS / geometry.pitch()).clamp(1, height);
    let rows = height.div_ceil(height.div_ceil(rows));
    let whole = (height + geometry.kernel[0] - 1) * geometry.pitch();
    let samples = if rows == height { (PIXELS / whole).max(1) } else { 1 };
    let bands = ranges(height, rows);
    let window = |samples: Range<usize>| bands.clone().map(move |band| Window { samples: samples.clone(), band });
    ranges(geometry.batch, samples).flat_map(window).collect()
}

/// What one task has summed up, and its buffers.
struct Share<'a> {
    geometry: &'a Geometry,
    /// Output channels.
    group: Range<usize>,
    frame: Frame,
    /// `[group, stride]`, rows as far apart as the frame's, zeros between them.
    gradient: Vec<f32>,
    /// `[group, C_in · kh · kw]`.
    sums: Vec<f32>,
}

impl<'a> Share<'a> {
    fn new(geometry: &'a Geometry, group: Range<usize>) -> Self {
        let sums = vec![0.0; group.len() * geometry.channels_in * geometry.kernel_len()];
        Share { geometry, group, frame: Frame::default(), gradient: Vec::new(), sums }
    }

    fn add(&mut self, images: &[f32], gradient: &[f32], window: &Window) {
        let geometry = self.geometry;
        self.spread(gradient, window);
        let plane = window.samples.len() * window.sample_stride(geometry);
        for channels in ranges(geometry.channels_in, (FRAME / plane).max(1)) {
            self.frame.fill(geometry, images, &channels, window);
            Arch::new().dispatch(Contract {
                gradient: &self.gradient,
                frame: &self.frame,
                stride: window.pixels(geometry),
                sums: &mut self.sums,
                taps: geometry.channels_in * geometry.kernel_len(),
                first: channels.start * geometry.kernel_len(),
            });
        }
    }

    /// Copies the group's gradient, so that its pixel numbers are those of the frame.
    fn spread(&mut self, gradient: &[f32], window: &Window) {
        let geometry = self.geometry;
        let (width, stride) = (geometry.output[1], window.pixels(geometry));
        self.gradient.clear();
        self.gradient.resize(self.group.len().next_multiple_of(ROWS) * stride, 0.0);
        for (target, channel) in self.gradient.chunks_exact_mut(stride).zip(self.group.clone()) {
            let samples = target.chunks_mut(window.sample_stride(geometry));
            for (target, sample) in samples.zip(window.samples.clone()) {
                let plane = (sample * geometry.channels_out + channel) * geometry.output_plane();
                let rows = &gradient[plane..][window.band.start * width..window.band.end * width];
                for (target, row) in target.chunks_mut(geometry.pitch()).zip(rows.chunks_exact(width)) {
                    target[..width].copy_from_slice(row);
                }
            }
        }
    }
}

/// `sums[o, first + t] += Σ_p gradient[o, p] · frame[offsets[t] + p]` for all channels `o` and taps `t`.
struct Contract<'a> {
    /// `[channels, stride]`, channels rounded up to `ROWS`.
    gradient: &'a [f32],
    frame: &'a Frame,
    stride: usize,
    /// `[channels, taps]`.
    sums: &'a mut [f32],
    taps: usize,
    first: usize,
}

impl WithSimd for Contract<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // TAPS · rows sums, TAPS pixels and one gradient must fit the registers
        let rows = if S::REGISTER_COUNT >= 32 { ROWS } else { ROWS / 2 };
        let channels = self.sums.len() / self.taps;
        for channel in (0..channels).step_by(rows) {
            for taps in ranges(self.frame.offsets.len(), TAPS) {
                match (channels - channel).min(rows) {
                    1 => self.row::<S, 1>(simd, channel, taps),
                    2..=4 => self.row::<S, 4>(simd, channel, taps),
                    _ => self.row::<S, ROWS>(simd, channel, taps),
                }
            }
        }
    }
}

impl Contract<'_> {
    #[inline(always)]
    fn row<S: Simd, const R: usize>(&mut self, simd: S, channel: usize, taps: Range<usize>) {
        match taps.len() {
            1 => self.tile::<S, R, 1>(simd, channel, taps.start),
            2 => self.tile::<S, R, 2>(simd, channel, taps.start),
            _ => self.tile::<S, R, TAPS>(simd, channel, taps.start),
        }
    }

    /// `R` channels and `T` taps.
    #[inline(always)]
    #[allow(clippy::needless_range_loop, reason = "constant indices keep the tile in registers")]
    fn tile<S: Simd, const R: usize, const T: usize>(&mut self, simd: S, channel: usize, tap: usize) {
        let vectors = self.stride / S::F32_LANES;
        let gradients: [&[S::f32s]; R] =
            std::array::from_fn(|row| &S::as_simd_f32s(&self.gradient[(channel + row) * self.stride..]).0[..vectors]);
        let pixels: [&[S::f32s]; T] = std::array::from_fn(|index| {
            &S::as_simd_f32s(&self.frame.values[self.frame.offsets[tap + index]..]).0[..vectors]
        });
        let mut tile = [[simd.splat_f32s(0.0); T]; R];
        for vector in 0..vectors {
            for row in 0..R {
                let gradient = gradients[row][vector];
                for index in 0..T {
                    tile[row][index] = simd.mul_add_f32s(gradient, pixels[index][vector], tile[row][index]);
                }
            }
        }
        // apart from the loop below, whose indices vary: they would keep the tile out of the registers
        let mut totals = [[0.0; T]; R];
        for row in 0..R {
            for index in 0..T {
                totals[row][index] = simd.reduce_sum_f32s(tile[row][index]);
            }
        }
        let rows = self.sums.chunks_exact_mut(self.taps).skip(channel);
        for (sums, totals) in rows.zip(&totals) {
            sums[self.first + tap..].iter_mut().zip(totals).for_each(|(sum, total)| *sum += total);
        }
    }
}
