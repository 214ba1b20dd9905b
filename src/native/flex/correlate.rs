//! The convolution itself: taps of a padded frame times packed weights, in registers.
//!
//! Every output value is summed in an order that depends on shapes alone, so neither the number of
//! threads nor their timing can change a bit.

use super::frame::{Frame, Window};
use super::geometry::{Geometry, ranges};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Output channels whose weights lie side by side.
pub(super) const ROWS: usize = 8;
/// Taps per pass: `ROWS` channels of weights and the pixels they meet stay in the first-level cache.
const TAPS: usize = 288;
/// Vectors of pixels per register tile.
const VECTORS: usize = 3;
/// Values of the frame and of the sums of one block: together they stay in the second-level cache.
const BLOCK: usize = 96 * 1024;
/// A batch is cut into at least so many blocks, as far as rows allow, to occupy many cores.
const BLOCKS: usize = 32;

/// `output[b, o] = bias[o] + Σ_i weight[o, i] ⋆ images[b, i]`.
///
/// Shapes: images `[B, C_in, H, W]`, weight `[C_out, C_in, kh, kw]`, bias `[C_out]` → `[B, C_out, H', W']`.
pub(super) fn correlate(geometry: &Geometry, images: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
    let channels = (TAPS / geometry.kernel_len()).clamp(1, geometry.channels_in);
    let packed = pack(geometry, weight, channels);
    let mut output = vec![0.0; geometry.output_len()];
    let rows = band_rows(geometry, channels);
    blocks(geometry, &mut output, rows).into_par_iter().for_each_init(
        || (Frame::default(), Vec::new()),
        |(frame, sums), mut block| {
            let stride = block.window.pixels(geometry);
            start_sums(sums, geometry.channels_out, stride, bias);
            let mut weights = packed.as_slice();
            for group in ranges(geometry.channels_in, channels) {
                frame.fill(geometry, images, &group, &block.window);
                let len = geometry.channels_out.next_multiple_of(ROWS) * frame.offsets.len();
                let (current, rest) = weights.split_at(len);
                let channels = geometry.channels_out;
                Arch::new().dispatch(Accumulate { frame, weights: current, sums, stride, channels });
                weights = rest;
            }
            block.write(geometry, sums, stride);
        },
    );
    output
}

/// The weights of the transposed convolution, kernels turned by 180°: `[C_out, C_in, kh, kw]` → `[C_in, C_out, kh, kw]`.
pub(super) fn flipped(geometry: &Geometry, weight: &[f32]) -> Vec<f32> {
    let (inputs, len) = (geometry.channels_in, geometry.kernel_len());
    let mut flipped = Vec::with_capacity(weight.len());
    for input in 0..inputs {
        for output in 0..geometry.channels_out {
            let kernel = &weight[(output * inputs + input) * len..][..len];
            flipped.extend(kernel.iter().rev());
        }
    }
    flipped
}

/// `[C_out, C_in, kh, kw]` → `[group of channels_in][panel of ROWS channels_out][tap][ROWS]`, padded with zeros.
fn pack(geometry: &Geometry, weight: &[f32], channels: usize) -> Vec<f32> {
    let len = geometry.kernel_len();
    let row = geometry.channels_in * len;
    let mut packed = Vec::with_capacity(geometry.channels_out.next_multiple_of(ROWS) * row);
    for group in ranges(geometry.channels_in, channels) {
        for panel in (0..geometry.channels_out).step_by(ROWS) {
            for tap in group.start * len..group.end * len {
                let column = (panel..panel + ROWS).map(|channel| match channel < geometry.channels_out {
                    true => weight[channel * row + tap],
                    false => 0.0,
                });
                packed.extend(column);
            }
        }
    }
    packed
}

/// How many output rows make a block.
fn band_rows(geometry: &Geometry, channels: usize) -> usize {
    let [height, _] = geometry.output;
    let row = (channels + geometry.channels_out.next_multiple_of(ROWS)) * geometry.pitch();
    let by_cache = height.div_ceil((BLOCK / row).max(1));
    let by_cores = BLOCKS.div_ceil(geometry.batch).min(height.div_ceil(8));
    height.div_ceil(by_cache.max(by_cores))
}

/// Some rows of one sample's output, one slice per channel.
struct Block<'a> {
    window: Window,
    planes: Vec<&'a mut [f32]>,
}

fn blocks<'a>(geometry: &Geometry, output: &'a mut [f32], rows: usize) -> Vec<Block<'a>> {
    let [height, width] = geometry.output;
    let mut blocks = Vec::new();
    let samples = output.chunks_exact_mut(geometry.channels_out * geometry.output_plane());
    for (sample, image) in samples.enumerate() {
        let first = blocks.len();
        blocks.extend(
            ranges(height, rows)
                .map(|band| Block { window: Window { samples: sample..sample + 1, band }, planes: Vec::new() }),
        );
        for plane in image.chunks_exact_mut(geometry.output_plane()) {
            for (block, part) in blocks[first..].iter_mut().zip(plane.chunks_mut(rows * width)) {
                block.planes.push(part);
            }
        }
    }
    blocks
}

impl Block<'_> {
    /// Drops the columns that straddle two rows of the frame.
    fn write(&mut self, geometry: &Geometry, sums: &[f32], stride: usize) {
        for (plane, sums) in self.planes.iter_mut().zip(sums.chunks_exact(stride)) {
            let rows = plane.chunks_exact_mut(geometry.output[1]);
            for (target, source) in rows.zip(sums.chunks(geometry.pitch())) {
                target.copy_from_slice(&source[..target.len()]);
            }
        }
    }
}

fn start_sums(sums: &mut Vec<f32>, channels: usize, stride: usize, bias: Option<&[f32]>) {
    sums.clear();
    sums.resize(channels.next_multiple_of(ROWS) * stride, 0.0);
    for (sums, &bias) in sums.chunks_exact_mut(stride).zip(bias.unwrap_or_default()) {
        sums.fill(bias);
    }
}

/// `sums[o, p] += Σ_t weights[t, o] · frame[offsets[t] + p]` for all channels `o` and pixels `p`.
struct Accumulate<'a> {
    frame: &'a Frame,
    /// `[panel][tap][ROWS]`.
    weights: &'a [f32],
    /// `[C_out, stride]`, channels rounded up to `ROWS`.
    sums: &'a mut [f32],
    stride: usize,
    /// `C_out`.
    channels: usize,
}

impl WithSimd for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // VECTORS · rows sums, VECTORS pixels and one weight must fit the registers
        let rows = if S::REGISTER_COUNT >= 32 { ROWS } else { ROWS / 2 };
        let panel_len = self.frame.offsets.len() * ROWS;
        for pixels in ranges(self.stride, VECTORS * S::F32_LANES) {
            for channel in (0..self.channels).step_by(rows) {
                let weights = channel / ROWS * panel_len + channel % ROWS;
                let place = Place { weights, channel, pixel: pixels.start };
                let vectors = pixels.len() / S::F32_LANES;
                match (self.channels - channel).min(rows) {
                    1 => self.row::<S, 1>(simd, place, vectors),
                    2..=4 => self.row::<S, 4>(simd, place, vectors),
                    _ => self.row::<S, ROWS>(simd, place, vectors),
                }
            }
        }
    }
}

/// Where a tile starts: in the packed weights, among the output channels, among the pixels.
#[derive(Clone, Copy)]
struct Place {
    weights: usize,
    channel: usize,
    pixel: usize,
}

impl Accumulate<'_> {
    #[inline(always)]
    fn row<S: Simd, const R: usize>(&mut self, simd: S, place: Place, vectors: usize) {
        match vectors {
            1 => self.tile::<S, R, 1>(simd, place),
            2 => self.tile::<S, R, 2>(simd, place),
            _ => self.tile::<S, R, VECTORS>(simd, place),
        }
    }

    /// `R` channels of `V` vectors of pixels.
    #[inline(always)]
    #[allow(clippy::needless_range_loop, reason = "constant indices keep the tile in registers")]
    fn tile<S: Simd, const R: usize, const V: usize>(&mut self, simd: S, place: Place) {
        let mut tile = [[simd.splat_f32s(0.0); V]; R];
        let weights = self.weights[place.weights..].chunks(ROWS);
        let pixels = &self.frame.values[place.pixel..];
        for (&offset, weights) in self.frame.offsets.iter().zip(weights) {
            let (pixels, _) = S::as_simd_f32s(&pixels[offset..][..V * S::F32_LANES]);
            let weights = &weights[..R];
            for row in 0..R {
                let weight = simd.splat_f32s(weights[row]);
                for vector in 0..V {
                    tile[row][vector] = simd.mul_add_f32s(weight, pixels[vector], tile[row][vector]);
                }
            }
        }
        for row in 0..R {
            let start = (place.channel + row) * self.stride + place.pixel;
            let (sums, _) = S::as_mut_simd_f32s(&mut self.sums[start..][..V * S::F32_LANES]);
            for vector in 0..V {
                sums[vector] = simd.add_f32s(sums[vector], tile[row][vector]);
            }
        }
    }
}
