//! V-Net in two dimensions.

use burn::module::Module;
use burn::nn::conv::{Conv2d, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, PRelu, PReluConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::block::{ConvBlock, Norm, Window, conv1x1, convolution, convolve, drop_out, join, lift, normalise, p_relu};
use super::{Forward, NetworkConfig, Output, scaled};
use crate::config::within;

/// Channels at full size; twice as many after each halving.
const BASE: usize = 16;
/// Convolutions of each level, going down and coming up.
const DEPTHS: [[usize; 4]; 2] = [[1, 2, 3, 3], [3, 2, 1, 1]];
const DOWN: usize = DEPTHS[0].len();

/// Numbers of a [`VNet2d`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VNet2dConfig {
    /// Multiplies the published channel numbers (16 … 256), 0 < width ≤ 4.
    pub width: f64,
    /// Probability before the convolutions of the two deepest levels; 0.2 in the reference implementation.
    pub dropout: f64,
}

impl Default for VNet2dConfig {
    fn default() -> Self {
        Self { width: 1.0, dropout: 0.2 }
    }
}

/// A network that learns residuals level by level, with 5×5 convolutions, 2×2 ones of stride 2 between levels, and PReLU.
/// Source: Milletari et al. 2016, arXiv:1606.04797, Fig. 2, in two dimensions as implemented by mattmacy/vnet.pytorch
/// (batch-norm; one slope per PReLU; 1, 2, 3, 3 and 3, 2, 1, 1 convolutions).
/// Ours differs: one logit for two softmax channels; no bias under batch-norm; dropout of values, not of channels; the
/// first residual is the image's three channels repeated to 16.
#[derive(Module, Debug)]
pub struct VNet2d {
    first: ConvBlock,
    slope: PRelu,
    shrink: Vec<PReluBlock>,
    down: Vec<Level>,
    grow: Vec<PReluLift>,
    up: Vec<Level>,
    last: PReluBlock,
    head: Conv2d,
    dropout: Dropout,
}

impl NetworkConfig for VNet2dConfig {
    type Network = VNet2d;
    const STRIDE: usize = 1 << DOWN;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)?;
        within("model.dropout", self.dropout, 0.0, 0.95)
    }

    fn features(&self) -> Option<usize> {
        Some(2 * scaled(BASE, self.width))
    }

    fn build(&self, device: &Device) -> VNet2d {
        let width = |level: usize| scaled(BASE << level, self.width);
        let block = |window, channels| PReluBlock::new(window, channels, device);
        // from the deepest level 256, from each further one the two halves that were joined
        let below = |level: usize| if level + 1 == DOWN { width(DOWN) } else { 2 * width(level + 1) };
        let deep = || (0..DOWN).rev();
        VNet2d {
            first: ConvBlock::over(WINDOW, [3, width(0)], Norm::Batch, device),
            slope: PReluConfig::new().init(device),
            shrink: (0..DOWN).map(|i| block(HALVING, [width(i), width(i + 1)])).collect(),
            down: (0..DOWN).map(|i| Level::new(width(i + 1), DEPTHS[0][i], device)).collect(),
            grow: deep().map(|i| PReluLift::new([below(i), width(i)], device)).collect(),
            up: deep().zip(DEPTHS[1]).map(|(i, depth)| Level::new(2 * width(i), depth, device)).collect(),
            last: block(WINDOW, [2 * width(0), 2]),
            head: conv1x1([2, 1], device),
            dropout: DropoutConfig::new(self.dropout).init(),
        }
    }
}

impl Forward for VNet2d {
    fn forward(&self, images: Tensor<4>) -> Output {
        let first = self.first.before_relu(images.clone());
        let [_, channels, ..] = first.dims();
        let repeated = images.repeat_dim(1, channels.div_ceil(3)).narrow(1, 0, channels);
        let mut features = p_relu(&self.slope, first + repeated);
        let mut skips = Vec::with_capacity(DOWN);
        for (i, (shrink, level)) in self.shrink.iter().zip(&self.down).enumerate() {
            skips.push(features.clone()); // [B, 16·2ⁱ, H/2ⁱ, W/2ⁱ]
            let shrunk = shrink.forward(features);
            features = match i + 2 >= DOWN {
                true => level.forward(drop_out(&self.dropout, shrunk.clone()), shrunk),
                false => level.forward(shrunk.clone(), shrunk),
            };
        }
        for (i, (grow, level)) in self.grow.iter().zip(&self.up).enumerate() {
            if i < 2 {
                features = drop_out(&self.dropout, features);
            }
            let skip = skips.pop().expect("one skip per level");
            let joined = join(vec![grow.forward(features), skip]);
            features = level.forward(joined.clone(), joined);
        }
        Output::plain(convolve(&self.head, self.last.forward(features.clone()))).with_features(features)
    }
}

const WINDOW: Window = Window::same([5, 5]);
const HALVING: Window = Window::padded([2, 2], 0).every(2);

/// Convolution, batch-norm, PReLU: `[B, in, H, W]` → `[B, out, H', W']`.
#[derive(Module, Debug)]
pub struct PReluBlock {
    conv: Conv2d,
    norm: BatchNorm,
    slope: PRelu,
}

impl PReluBlock {
    fn new(window: Window, channels: [usize; 2], device: &Device) -> Self {
        Self {
            conv: convolution(window, channels, Norm::Batch, device),
            norm: BatchNormConfig::new(channels[1]).init(device),
            slope: PReluConfig::new().init(device),
        }
    }

    fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        p_relu(&self.slope, normalise(&self.norm, convolve(&self.conv, features)))
    }
}

/// Transposed 2×2 convolution, batch-norm, PReLU: `[B, in, H, W]` → `[B, out, 2H, 2W]`.
#[derive(Module, Debug)]
pub struct PReluLift {
    conv: ConvTranspose2d,
    norm: BatchNorm,
    slope: PRelu,
}

impl PReluLift {
    fn new(channels: [usize; 2], device: &Device) -> Self {
        let conv = ConvTranspose2dConfig::new(channels, [2, 2]).with_stride([2, 2]).with_bias(false);
        Self {
            conv: conv.init(device),
            norm: BatchNormConfig::new(channels[1]).init(device),
            slope: PReluConfig::new().init(device),
        }
    }

    fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        p_relu(&self.slope, normalise(&self.norm, lift(&self.conv, features)))
    }
}

/// Convolutions of 5×5 whose result is added to what came in: `[B, C, H, W]` → the same.
#[derive(Module, Debug)]
pub struct Level {
    blocks: Vec<PReluBlock>,
    slope: PRelu,
}

impl Level {
    fn new(channels: usize, depth: usize, device: &Device) -> Self {
        let blocks = (0..depth).map(|_| PReluBlock::new(WINDOW, [channels, channels], device));
        Self { blocks: blocks.collect(), slope: PReluConfig::new().init(device) }
    }

    fn forward(&self, features: Tensor<4>, kept: Tensor<4>) -> Tensor<4> {
        let residual = self.blocks.iter().fold(features, |features, block| block.forward(features));
        p_relu(&self.slope, residual + kept)
    }
}
