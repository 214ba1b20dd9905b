//! What a convolution looks at, as libtorch wants it.

use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use tch::Tensor;

/// Numbers of a convolution; pairs are height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::native) struct Window {
    stride: [i64; 2],
    padding: [i64; 2],
    dilation: [i64; 2],
    output_padding: [i64; 2],
    groups: i64,
    direction: Direction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Forward,
    Transposed,
}

impl Window {
    /// Of `conv`, unless its padding differs between opposite sides.
    pub(in crate::native) fn of(conv: &Conv2d) -> Option<Self> {
        let padding = match conv.padding {
            PaddingConfig2d::Valid => [0, 0],
            PaddingConfig2d::Same if conv.kernel_size.iter().all(|kernel| kernel % 2 == 1) => {
                [0, 1].map(|axis| conv.dilation[axis] * (conv.kernel_size[axis] - 1) / 2)
            }
            PaddingConfig2d::Explicit(top, left, bottom, right) if (top, left) == (bottom, right) => [top, left],
            _ => return None,
        };
        Some(Self {
            stride: conv.stride.map(|extent| extent as i64),
            padding: padding.map(|extent| extent as i64),
            dilation: conv.dilation.map(|extent| extent as i64),
            output_padding: [0, 0],
            groups: conv.groups as i64,
            direction: Direction::Forward,
        })
    }

    /// Of a transposed convolution.
    pub(in crate::native) fn transposed(conv: &ConvTranspose2d) -> Self {
        Self {
            stride: conv.stride.map(|extent| extent as i64),
            padding: conv.padding.map(|extent| extent as i64),
            dilation: conv.dilation.map(|extent| extent as i64),
            output_padding: conv.padding_out.map(|extent| extent as i64),
            groups: conv.groups as i64,
            direction: Direction::Transposed,
        }
    }

    /// The convolution itself.
    pub(super) fn forward(&self, images: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
        match self.direction {
            Direction::Forward => images.conv2d(weight, bias, self.stride, self.padding, self.dilation, self.groups),
            Direction::Transposed => images.conv_transpose2d(
                weight,
                bias,
                self.stride,
                self.padding,
                self.output_padding,
                self.groups,
                self.dilation,
            ),
        }
    }

    /// In the order of `ops.py`.
    pub(super) fn numbers(&self, weight: &Tensor) -> Vec<i64> {
        let transposed = self.direction == Direction::Transposed;
        let sizes = weight.size();
        let channels_out = if transposed { sizes[1] * self.groups } else { sizes[0] };
        let pairs = [self.stride, self.padding, self.dilation, self.output_padding].into_iter().flatten();
        pairs.chain([self.groups, i64::from(transposed), channels_out]).collect()
    }
}
