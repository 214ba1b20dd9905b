//! The transposed convolution whose windows lie side by side: a 1×1 convolution to one channel per place of the window,
//! and the places put next to each other.

use rayon::prelude::*;

use super::correlate::{correlate, flipped};
use super::geometry::Geometry;
use super::weight_gradient::weight_gradient;

/// `[batch, channels_in, size]` → `[batch, channels_out, size · window]`, sizes as `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lift {
    channels_out: usize,
    window: [usize; 2],
    /// Of the 1×1 convolution.
    geometry: Geometry,
}

impl Lift {
    /// Shapes: images `[B, C_in, H, W]`, weight `[C_in, C_out, kh, kw]`; `None` if they do not fit or something is empty.
    pub fn new(images: [usize; 4], weight: [usize; 4]) -> Option<Self> {
        let [channels_in, channels_out, height, width] = weight;
        let unfolded = [channels_out * height * width, channels_in, 1, 1];
        let geometry = Geometry::new(images, unfolded, [(0, 0); 2])?;
        Some(Self { channels_out, window: [height, width], geometry })
    }

    /// Shape of the output.
    pub fn output(&self) -> [usize; 4] {
        let [height, width] = self.geometry.size;
        [self.geometry.batch, self.channels_out, height * self.window[0], width * self.window[1]]
    }

    /// Shape of the weight.
    pub fn weight(&self) -> [usize; 4] {
        [self.geometry.channels_in, self.channels_out, self.window[0], self.window[1]]
    }

    /// Shape of the images.
    pub fn images(&self) -> [usize; 4] {
        [self.geometry.batch, self.geometry.channels_in, self.geometry.size[0], self.geometry.size[1]]
    }

    fn places(&self) -> usize {
        self.window[0] * self.window[1]
    }

    /// `output[b, o, y · kh + ky, x · kw + kx] = bias[o] + Σ_i weight[i, o, ky, kx] · images[b, i, y, x]`.
    pub fn forward(&self, images: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
        let bias: Vec<f32> = bias.iter().flat_map(|&bias| std::iter::repeat_n(bias, self.places())).collect();
        let unfolded = correlate(&self.geometry, images, &self.transposed(weight), Some(&bias));
        self.folded(&unfolded)
    }

    /// The images' gradient, from the output's.
    pub fn images_gradient(&self, gradient: &[f32], weight: &[f32]) -> Vec<f32> {
        let weight = flipped(&self.geometry, &self.transposed(weight));
        correlate(&self.geometry.transposed(), &self.unfolded(gradient), &weight, None)
    }

    /// The weight's gradient, from the output's.
    pub fn weight_gradient(&self, images: &[f32], gradient: &[f32]) -> Vec<f32> {
        let rows = weight_gradient(&self.geometry, images, &self.unfolded(gradient));
        turned(&rows, self.geometry.channels_in)
    }

    /// `[C_in, C_out, kh, kw]` → `[C_out · kh · kw, C_in]`.
    fn transposed(&self, weight: &[f32]) -> Vec<f32> {
        turned(weight, self.geometry.channels_out)
    }

    /// `[B, C_out · kh · kw, H, W]` → `[B, C_out, H · kh, W · kw]`.
    fn folded(&self, unfolded: &[f32]) -> Vec<f32> {
        let mut output = vec![0.0; unfolded.len()];
        let len = self.places() * self.geometry.input_plane();
        let planes = output.par_chunks_exact_mut(len).zip(unfolded.par_chunks_exact(len));
        planes.for_each(|(output, unfolded)| self.each_place(|at, from| output[at] = unfolded[from]));
        output
    }

    /// `[B, C_out, H · kh, W · kw]` → `[B, C_out · kh · kw, H, W]`.
    fn unfolded(&self, output: &[f32]) -> Vec<f32> {
        let mut unfolded = vec![0.0; output.len()];
        let len = self.places() * self.geometry.input_plane();
        let planes = unfolded.par_chunks_exact_mut(len).zip(output.par_chunks_exact(len));
        planes.for_each(|(unfolded, output)| self.each_place(|at, from| unfolded[from] = output[at]));
        unfolded
    }

    /// Every pixel of an output plane, and where it lies in the planes of its places.
    #[inline(always)]
    fn each_place(&self, mut visit: impl FnMut(usize, usize)) {
        let ([height, width], [kernel_height, kernel_width]) = (self.geometry.size, self.window);
        for y in 0..height {
            for ky in 0..kernel_height {
                let row = (y * kernel_height + ky) * width * kernel_width;
                for kx in 0..kernel_width {
                    let plane = (ky * kernel_width + kx) * height * width + y * width;
                    for x in 0..width {
                        visit(row + x * kernel_width + kx, plane + x);
                    }
                }
            }
        }
    }
}

/// `[n, columns]` → `[columns, n]`.
fn turned(values: &[f32], columns: usize) -> Vec<f32> {
    let rows = values.len() / columns;
    (0..columns).flat_map(|column| (0..rows).map(move |row| values[row * columns + column])).collect()
}
