//! Zero-bordered copies of image rows: inside, a shift of the kernel is a shift of the index.

use super::geometry::Geometry;
use std::ops::Range;

/// The widest vector of any supported instruction set, in `f32`s.
pub(super) const LANES: usize = 16;

/// Output rows `band` of some samples.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub samples: Range<usize>,
    pub band: Range<usize>,
}

impl Window {
    /// From one sample to the next in a frame.
    pub fn sample_stride(&self, geometry: &Geometry) -> usize {
        (self.band.len() + geometry.kernel[0] - 1) * geometry.pitch()
    }

    /// Pixels of a frame that hold an output, and some between them that do not; whole vectors.
    pub fn pixels(&self, geometry: &Geometry) -> usize {
        let last = self.band.len() * geometry.pitch();
        ((self.samples.len() - 1) * self.sample_stride(geometry) + last).next_multiple_of(LANES)
    }
}

/// What a window's outputs need of some input channels, `[channels, samples, rows + kh − 1, pitch]`.
///
/// Output `(y, x)` of sample `s`, counted from the window's first, is pixel `s · sample_stride + y · pitch + x`;
/// its neighbour under tap `(ky, kx)` of channel `c` lies `offsets[c, ky, kx]` further on.
#[derive(Default)]
pub(super) struct Frame {
    pub values: Vec<f32>,
    /// One per tap, `[channels · kh · kw]`.
    pub offsets: Vec<usize>,
}

impl Frame {
    /// Copies `channels` of the window. Shape: images `[B, C_in, H, W]`.
    pub fn fill(&mut self, geometry: &Geometry, images: &[f32], channels: &Range<usize>, window: &Window) {
        let (stride, samples) = (window.sample_stride(geometry), window.samples.len());
        // the last row is read a kernel and a vector past its end
        let len = channels.len() * samples * stride;
        self.values.resize(len + geometry.kernel[1] + LANES, 0.0);
        self.values[len..].fill(0.0);
        for (index, target) in self.values[..len].chunks_exact_mut(stride).enumerate() {
            let (channel, sample) = (channels.start + index / samples, window.samples.start + index % samples);
            let source = (sample * geometry.channels_in + channel) * geometry.input_plane();
            copy_bordered(geometry, &images[source..][..geometry.input_plane()], window.band.start, target);
        }
        self.locate_taps(geometry, channels.len(), samples * stride);
    }

    fn locate_taps(&mut self, geometry: &Geometry, channels: usize, plane: usize) {
        let [kernel_height, kernel_width] = geometry.kernel;
        self.offsets.clear();
        for channel in 0..channels {
            for y in 0..kernel_height {
                let row = channel * plane + y * geometry.pitch();
                self.offsets.extend(row..row + kernel_width);
            }
        }
    }
}

/// Copies the rows of a plane `[H, W]` that output rows from `first` on need, as many as fit the target.
fn copy_bordered(geometry: &Geometry, plane: &[f32], first: usize, target: &mut [f32]) {
    let [height, width] = geometry.size;
    let (top, left) = (geometry.padding[0].0, geometry.padding[1].0);
    for (row, target) in target.chunks_exact_mut(geometry.pitch()).enumerate() {
        match (first + row).checked_sub(top).filter(|&y| y < height) {
            Some(y) => {
                target[..left].fill(0.0);
                target[left..left + width].copy_from_slice(&plane[y * width..][..width]);
                target[left + width..].fill(0.0);
            }
            None => target.fill(0.0),
        }
    }
}
