//! Shapes: of a convolution with stride 1, dilation 1 and one group, and of a plane.

use std::ops::Range;

/// `[batch, channels_in, size]` → `[batch, channels_out, output]`, sizes as `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    pub batch: usize,
    pub channels_in: usize,
    pub channels_out: usize,
    pub size: [usize; 2],
    pub output: [usize; 2],
    pub kernel: [usize; 2],
    /// `(begin, end)` for height and width.
    pub padding: [(usize, usize); 2],
}

impl Geometry {
    /// Shapes: images `[B, C_in, H, W]`, weight `[C_out, C_in, kh, kw]`.
    ///
    /// `None` if the kernels cannot do it: something is empty, the channels differ, the kernel is
    /// larger than the padded image, or a padding reaches the kernel size.
    pub fn new(images: [usize; 4], weight: [usize; 4], padding: [(usize, usize); 2]) -> Option<Self> {
        let [batch, channels_in, height, width] = images;
        let [channels_out, channels_weight, kernel_height, kernel_width] = weight;
        let empty = images.iter().chain(&weight).any(|&extent| extent == 0);
        if empty || channels_in != channels_weight {
            return None;
        }
        let output = |size: usize, kernel: usize, (begin, end): (usize, usize)| {
            let fits = begin < kernel && end < kernel;
            (size + begin + end + 1).checked_sub(kernel).filter(|&extent| fits && extent > 0)
        };
        Some(Geometry {
            batch,
            channels_in,
            channels_out,
            size: [height, width],
            output: [output(height, kernel_height, padding[0])?, output(width, kernel_width, padding[1])?],
            kernel: [kernel_height, kernel_width],
            padding,
        })
    }

    /// The convolution, with flipped weights, that turns the output's gradient into the input's.
    pub fn transposed(&self) -> Self {
        let complement = |axis: usize| {
            let (begin, end) = self.padding[axis];
            (self.kernel[axis] - 1 - begin, self.kernel[axis] - 1 - end)
        };
        Geometry {
            channels_in: self.channels_out,
            channels_out: self.channels_in,
            size: self.output,
            output: self.size,
            padding: [complement(0), complement(1)],
            ..*self
        }
    }

    /// Distance between two rows of a padded plane. The left border of a row also serves as the right
    /// border of the row above, so it holds only the wider of the two.
    pub fn pitch(&self) -> usize {
        let (left, right) = self.padding[1];
        self.size[1] + left.max(right)
    }

    /// Values of one input channel's kernel.
    pub fn kernel_len(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Pixels of one input plane.
    pub fn input_plane(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Pixels of one output plane.
    pub fn output_plane(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Number of values of the output.
    pub fn output_len(&self) -> usize {
        self.batch * self.channels_out * self.output_plane()
    }
}

/// The size of one channel of one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plane {
    pub height: usize,
    pub width: usize,
}

impl Plane {
    /// Number of pixels.
    pub fn len(self) -> usize {
        self.height * self.width
    }

    /// Half of both, rounded down.
    pub fn halved(self) -> Self {
        Plane { height: self.height / 2, width: self.width / 2 }
    }
}

/// Cuts `0..len` into ranges of `step`, the last one shorter.
pub(super) fn ranges(len: usize, step: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    (0..len).step_by(step).map(move |start| start..(start + step).min(len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_twice_is_the_identity() {
        let geometry = Geometry::new([2, 3, 7, 5], [4, 3, 3, 5], [(1, 0), (2, 4)]).expect("valid");
        assert_eq!(geometry.transposed().transposed(), geometry);
        assert_eq!(geometry.output, [6, 7]);
    }

    #[test]
    fn padding_of_the_kernel_size_is_refused() {
        assert_eq!(Geometry::new([1, 1, 4, 4], [1, 1, 1, 1], [(1, 1), (0, 0)]), None);
    }
}
