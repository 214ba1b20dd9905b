//! The blocks that the networks share.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d};
use burn::nn::pool::{AvgPool2d, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Initializer, PRelu, PaddingConfig2d};
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor, activation};

use super::profile::{Owner, note};
use crate::native;

/// Whether convolutions are followed by batch-norm (and then carry no bias).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// Running statistics, epsilon 1e-5, momentum 0.1.
    Batch,
    /// Convolution with bias.
    None,
}

/// What a convolution looks at: sizes as `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    kernel: [usize; 2],
    stride: usize,
    padding: [usize; 2],
}

impl Window {
    /// Keeps the size: stride 1, half the odd `kernel` as padding.
    pub const fn same(kernel: [usize; 2]) -> Self {
        Self { kernel, stride: 1, padding: [kernel[0] / 2, kernel[1] / 2] }
    }

    /// Zero `padding` on all four sides.
    pub const fn padded(kernel: [usize; 2], padding: usize) -> Self {
        Self { kernel, stride: 1, padding: [padding, padding] }
    }

    /// Only every `stride`th place.
    pub const fn every(self, stride: usize) -> Self {
        Self { stride, ..self }
    }
}

/// Convolution, batch-norm if wanted, ReLU: `[B, in, H, W]` → `[B, out, H', W']`.
#[derive(Module, Debug)]
pub struct ConvBlock {
    conv: Conv2d,
    norm: Option<BatchNorm>,
}

impl ConvBlock {
    /// 3×3; He-normal weights, zero bias.
    pub fn new(channels: [usize; 2], norm: Norm, device: &Device) -> Self {
        Self::over(Window::same([3, 3]), channels, norm, device)
    }

    /// Over any window.
    pub fn over(window: Window, channels: [usize; 2], norm: Norm, device: &Device) -> Self {
        Self {
            conv: convolution(window, channels, norm, device),
            norm: (norm == Norm::Batch).then(|| BatchNormConfig::new(channels[1]).init(device)),
        }
    }

    /// With another `epsilon` than batch-norm's usual 1e-5.
    #[must_use]
    pub fn with_epsilon(mut self, epsilon: f64) -> Self {
        if let Some(norm) = &mut self.norm {
            norm.epsilon = epsilon;
        }
        self
    }

    /// One pass.
    pub fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        relu(self.before_relu(features))
    }

    /// One pass without the ReLU.
    pub fn before_relu(&self, features: Tensor<4>) -> Tensor<4> {
        let features = convolve(&self.conv, features);
        match &self.norm {
            Some(norm) => normalise(norm, features),
            None => features,
        }
    }
}

/// Batch-norm, ReLU, convolution without bias: `[B, in, H, W]` → `[B, out, H', W']`.
/// Source: He et al. 2016, arXiv:1603.05027, Fig. 1b.
#[derive(Module, Debug)]
pub struct PreActivation {
    norm: BatchNorm,
    conv: Conv2d,
}

impl PreActivation {
    /// He-normal weights.
    pub fn over(window: Window, channels: [usize; 2], device: &Device) -> Self {
        Self {
            norm: BatchNormConfig::new(channels[0]).init(device),
            conv: convolution(window, channels, Norm::Batch, device),
        }
    }

    /// One pass.
    pub fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        convolve(&self.conv, relu(normalise(&self.norm, features)))
    }
}

/// Several [`ConvBlock`]s with dropout between them: `[B, in, H, W]` → `[B, out, H, W]`.
#[derive(Module, Debug)]
pub struct Stack {
    blocks: Vec<ConvBlock>,
    dropout: Dropout,
}

impl Stack {
    /// `depth` convolutions; the first changes the number of channels. `dropout` is a probability, 0 for none.
    pub fn new(channels: [usize; 2], depth: usize, norm: Norm, dropout: f64, device: &Device) -> Self {
        let inputs = |i: usize| if i == 0 { channels[0] } else { channels[1] };
        let blocks = (0..depth).map(|i| ConvBlock::new([inputs(i), channels[1]], norm, device)).collect();
        Self { blocks, dropout: DropoutConfig::new(dropout).init() }
    }

    /// One pass.
    pub fn forward(&self, mut features: Tensor<4>) -> Tensor<4> {
        for (i, block) in self.blocks.iter().enumerate() {
            if i > 0 {
                features = drop_out(&self.dropout, features);
            }
            features = block.forward(features);
        }
        features
    }
}

/// 3×3 convolution that keeps the size; He-normal weights, zero bias (none under batch-norm).
pub fn conv3x3(channels: [usize; 2], norm: Norm, device: &Device) -> Conv2d {
    convolution(Window::same([3, 3]), channels, norm, device)
}

/// He-normal weights, zero bias (none under batch-norm).
pub fn convolution(window: Window, channels: [usize; 2], norm: Norm, device: &Device) -> Conv2d {
    let he = Initializer::KaimingNormal { gain: std::f64::consts::SQRT_2, fan_out_only: false };
    let Window { kernel, stride, padding: [vertical, horizontal] } = window;
    let mut conv = Conv2dConfig::new(channels, kernel)
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(vertical, horizontal, vertical, horizontal))
        .with_initializer(he)
        .with_bias(false)
        .init(device);
    if norm == Norm::None {
        conv.bias = Some(zeros(channels[1], device));
    }
    conv
}

/// 1×1 convolution with bias; He-uniform as PyTorch's default, zero bias.
pub fn conv1x1(channels: [usize; 2], device: &Device) -> Conv2d {
    let mut conv = Conv2dConfig::new(channels, [1, 1]).with_bias(false).init(device);
    conv.bias = Some(zeros(channels[1], device));
    conv
}

/// Where every network's convolutions are computed.
pub fn convolve(conv: &Conv2d, features: Tensor<4>) -> Tensor<4> {
    let output = native::conv2d(conv, features);
    let [images, _, height, width] = output.dims();
    let weights = || conv.weight.lazy_shape().num_elements();
    note(Owner::Weight(conv.weight.id), || (images * height * width * weights()) as u64, output.dims());
    output
}

/// Where every network's transposed convolutions are computed.
pub fn lift(conv: &ConvTranspose2d, features: Tensor<4>) -> Tensor<4> {
    let [images, _, height, width] = features.dims();
    let output = native::conv_transpose2d(conv, features);
    let weights = || conv.weight.lazy_shape().num_elements();
    note(Owner::Weight(conv.weight.id), || (images * height * width * weights()) as u64, output.dims());
    output
}

/// Where every network's batch-norms are computed.
pub fn normalise(norm: &BatchNorm, features: Tensor<4>) -> Tensor<4> {
    let output = native::batch_norm(norm, features);
    note(Owner::Weight(norm.gamma.id), || 0, output.dims());
    output
}

/// Where every network's ReLUs are computed.
pub fn relu(features: Tensor<4>) -> Tensor<4> {
    noted(native::relu(features))
}

/// `max(x, 0.2 x)`.
pub fn leaky_relu(features: Tensor<4>) -> Tensor<4> {
    noted(activation::leaky_relu(features, 0.2))
}

/// Where every network's parametric ReLUs are computed.
pub fn p_relu(slope: &PRelu, features: Tensor<4>) -> Tensor<4> {
    let precision = features.dtype();
    // the slope is a weight, which stays in single precision
    noted(slope.forward(features.cast(slope.alpha.val().dtype())).cast(precision))
}

/// Where every network's dropout is drawn.
pub fn drop_out(dropout: &Dropout, features: Tensor<4>) -> Tensor<4> {
    let output = native::dropout(dropout, features);
    if dropout.prob > 0.0 { noted(output) } else { output }
}

/// Where every network's max-pools are computed.
pub fn pool(pool: &MaxPool2d, features: Tensor<4>) -> Tensor<4> {
    noted(native::max_pool2d(pool, features))
}

/// Where every network's means over windows are computed.
pub fn average(pool: &AvgPool2d, features: Tensor<4>) -> Tensor<4> {
    noted(pool.forward(features))
}

/// What the next part computes on: feature maps of one size, their channels one after the other.
pub fn join(features: Vec<Tensor<4>>) -> Tensor<4> {
    let output = Tensor::cat(features, 1);
    note(Owner::Next, || 0, output.dims());
    output
}

/// What a part's branches have computed: feature maps of one size, their channels one after the other.
pub fn gather(features: Vec<Tensor<4>>) -> Tensor<4> {
    noted(Tensor::cat(features, 1))
}

fn noted(output: Tensor<4>) -> Tensor<4> {
    note(Owner::Before, || 0, output.dims());
    output
}

/// 2×2 max-pool.
pub fn halve() -> MaxPool2d {
    MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init()
}

/// Twice the size, each value repeated 2×2.
pub fn double(features: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = features.dims();
    let options = InterpolateOptions::new(InterpolateMode::Nearest).with_output_size([2 * height, 2 * width]);
    let output = interpolate(features, options);
    note(Owner::Next, || 0, output.dims());
    output
}

/// `logits` at `size` = `[H, W]`: bilinear, pixel centres aligned (PyTorch's `align_corners=False`).
pub fn resize(logits: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let [_, _, height, width] = logits.dims();
    if [height, width] == size {
        return logits;
    }
    let options = InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(false);
    noted(interpolate(logits, options.with_output_size(size)))
}

fn zeros(channels: usize, device: &Device) -> Param<Tensor<1>> {
    Initializer::Zeros.init([channels], device)
}
