//! The blocks that the networks share.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Initializer, PaddingConfig2d};
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor, activation};

use super::profile::note;
use crate::native;

/// Whether convolutions are followed by batch-norm (and then carry no bias).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// Running statistics, epsilon 1e-5, momentum 0.1.
    Batch,
    /// Convolution with bias.
    None,
}

/// 3×3 convolution, batch-norm if wanted, ReLU: `[B, in, H, W]` → `[B, out, H, W]`.
#[derive(Module, Debug)]
pub struct ConvBlock {
    conv: Conv2d,
    norm: Option<BatchNorm>,
}

impl ConvBlock {
    /// He-normal weights, zero bias.
    pub fn new(channels: [usize; 2], norm: Norm, device: &Device) -> Self {
        Self {
            conv: conv3x3(channels, norm, device),
            norm: (norm == Norm::Batch).then(|| BatchNormConfig::new(channels[1]).init(device)),
        }
    }

    /// One pass.
    pub fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        let features = convolve(&self.conv, features);
        let features = match &self.norm {
            Some(norm) => normalise(norm, features),
            None => features,
        };
        relu(features)
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

/// VGG's encoder: stacks of 3×3 convolutions with a 2×2 max-pool between them.
#[derive(Module, Debug)]
pub struct VggEncoder {
    stages: Vec<Stack>,
    pool: MaxPool2d,
}

impl VggEncoder {
    /// One stage per entry of `widths` with as many convolutions as `depths` says.
    pub fn new(widths: &[usize], depths: &[usize], norm: Norm, dropout: f64, device: &Device) -> Self {
        let inputs = std::iter::once(&3).chain(widths);
        let stages = inputs.zip(widths).zip(depths);
        let stages = stages.map(|((&i, &o), &depth)| Stack::new([i, o], depth, norm, dropout, device)).collect();
        Self { stages, pool: halve() }
    }

    /// Images `[B, 3, H, W]` to the features of each stage, `[B, widthᵢ, H/2ⁱ, W/2ⁱ]` for i = 0, 1, ….
    pub fn forward(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let mut levels: Vec<Tensor<4>> = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            let features = match levels.last() {
                Some(level) => pool(&self.pool, level.clone()),
                None => images.clone(),
            };
            levels.push(stage.forward(features));
        }
        levels
    }
}

/// 3×3 convolution that keeps the size; He-normal weights, zero bias (none under batch-norm).
pub fn conv3x3(channels: [usize; 2], norm: Norm, device: &Device) -> Conv2d {
    let he = Initializer::KaimingNormal { gain: std::f64::consts::SQRT_2, fan_out_only: false };
    let mut conv = Conv2dConfig::new(channels, [3, 3])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
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
    note(Some(conv.weight.id), || (images * height * width * weights()) as u64, output.dims());
    output
}

/// Where every network's transposed convolutions are computed.
pub fn lift(conv: &ConvTranspose2d, features: Tensor<4>) -> Tensor<4> {
    let [images, _, height, width] = features.dims();
    let output = conv.forward(features);
    let weights = || conv.weight.lazy_shape().num_elements();
    note(Some(conv.weight.id), || (images * height * width * weights()) as u64, output.dims());
    output
}

/// Where every network's batch-norms are computed.
pub fn normalise(norm: &BatchNorm, features: Tensor<4>) -> Tensor<4> {
    noted(native::batch_norm(norm, features))
}

/// Where every network's ReLUs are computed.
pub fn relu(features: Tensor<4>) -> Tensor<4> {
    noted(activation::relu(features))
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

/// Feature maps of one size, their channels one after the other.
pub fn join(features: Vec<Tensor<4>>) -> Tensor<4> {
    noted(Tensor::cat(features, 1))
}

fn noted(output: Tensor<4>) -> Tensor<4> {
    note(None, || 0, output.dims());
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
    noted(interpolate(features, options))
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
