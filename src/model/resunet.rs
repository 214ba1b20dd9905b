//! Deep residual U-Net.

use burn::module::Module;
use burn::nn::conv::{Conv2d, ConvTranspose2d, ConvTranspose2dConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::block::{ConvBlock, Norm, PreActivation, Window, conv1x1, conv3x3, convolve, join, lift};
use super::{Forward, NetworkConfig, Output, scaled};
use crate::config::within;

/// Channels at full size; twice as many after each halving.
const BASE: usize = 64;
const DOWN: usize = 3;

/// Numbers of a [`ResUNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResUNetConfig {
    /// Multiplies the published channel numbers (64 … 512), 0 < width ≤ 4.
    pub width: f64,
}

impl Default for ResUNetConfig {
    fn default() -> Self {
        Self { width: 1.0 }
    }
}

/// Batch-norm, ReLU and 3×3 convolution twice, added to a 3×3 convolution with batch-norm.
#[derive(Module, Debug)]
pub struct Residual {
    first: PreActivation,
    second: PreActivation,
    shortcut: ConvBlock,
}

impl Residual {
    fn new([inputs, outputs]: [usize; 2], stride: usize, device: &Device) -> Self {
        let same = Window::same([3, 3]);
        Self {
            first: PreActivation::over(same.every(stride), [inputs, outputs], device),
            second: PreActivation::over(same, [outputs, outputs], device),
            shortcut: ConvBlock::over(same.every(stride), [inputs, outputs], Norm::Batch, device),
        }
    }

    fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        let residual = self.second.forward(self.first.forward(features.clone()));
        residual + self.shortcut.before_relu(features)
    }
}

/// U-Net of residual units, three halvings by stride, transposed 2×2 convolutions up.
/// Source: Zhang, Liu & Wang 2018, arXiv:1711.10684, Fig. 2 and Table 1, as implemented by rishikksh20/ResUnet (3×3
/// shortcuts with batch-norm, learnt up-sampling).
/// Ours differs: no bias in the residual units' convolutions.
#[derive(Module, Debug)]
pub struct ResUNet {
    first: ConvBlock,
    second: Conv2d,
    shortcut: Conv2d,
    down: Vec<Residual>,
    lift: Vec<ConvTranspose2d>,
    up: Vec<Residual>,
    head: Conv2d,
}

impl NetworkConfig for ResUNetConfig {
    type Network = ResUNet;
    const STRIDE: usize = 1 << DOWN;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)
    }

    fn features(&self) -> Option<usize> {
        Some(scaled(BASE, self.width))
    }

    fn build(&self, device: &Device) -> ResUNet {
        let width = |level: usize| scaled(BASE << level, self.width);
        let lift = |level: usize| {
            ConvTranspose2dConfig::new([width(level + 1), width(level + 1)], [2, 2]).with_stride([2, 2]).init(device)
        };
        ResUNet {
            first: ConvBlock::new([3, width(0)], Norm::Batch, device),
            second: conv3x3([width(0), width(0)], Norm::None, device),
            shortcut: conv3x3([3, width(0)], Norm::None, device),
            down: (0..DOWN).map(|level| Residual::new([width(level), width(level + 1)], 2, device)).collect(),
            lift: (0..DOWN).rev().map(lift).collect(),
            up: (0..DOWN)
                .rev()
                .map(|level| Residual::new([width(level + 1) + width(level), width(level)], 1, device))
                .collect(),
            head: conv1x1([width(0), 1], device),
        }
    }
}

impl Forward for ResUNet {
    fn forward(&self, images: Tensor<4>) -> Output {
        let first = convolve(&self.second, self.first.forward(images.clone()));
        let mut features = first + convolve(&self.shortcut, images);
        let mut skips = Vec::with_capacity(DOWN);
        for unit in &self.down {
            skips.push(features.clone()); // [B, 64·2ⁱ, H/2ⁱ, W/2ⁱ]
            features = unit.forward(features);
        }
        for (up, unit) in self.lift.iter().zip(&self.up) {
            let skip = skips.pop().expect("one skip per level");
            features = unit.forward(join(vec![lift(up, features), skip]));
        }
        Output::plain(convolve(&self.head, features.clone())).with_features(features)
    }
}
