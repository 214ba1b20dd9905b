//! Attention U-Net.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

use super::block::{ConvBlock, Norm, Stack, Window, conv1x1, convolve, double, halve, join, pool, relu};
use super::{Forward, NetworkConfig, Output, scaled};
use crate::config::within;

/// Channels at full size; twice as many after each halving.
const BASE: usize = 64;
const DOWN: usize = 4;

/// Numbers of an [`AttUNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AttUNetConfig {
    /// Multiplies the published channel numbers (64 … 1024), 0 < width ≤ 4.
    pub width: f64,
}

impl Default for AttUNetConfig {
    fn default() -> Self {
        Self { width: 1.0 }
    }
}

/// Lets what lies deeper say where a skip connection matters: `skip · σ(ψ(relu(W_g g + W_x x)))`, W and ψ being 1×1
/// convolutions with batch-norm.
/// Shapes: gating and skip `[B, C, h, w]` → `[B, C, h, w]`.
/// Source: Oktay et al. 2018, arXiv:1804.03999, eq. 1–2.
#[derive(Module, Debug)]
pub struct AttentionGate {
    gating: ConvBlock,
    skip: ConvBlock,
    attention: ConvBlock,
}

impl AttentionGate {
    fn new(channels: usize, inner: usize, device: &Device) -> Self {
        let block = |channels| ConvBlock::over(Window::same([1, 1]), channels, Norm::Batch, device);
        Self { gating: block([channels, inner]), skip: block([channels, inner]), attention: block([inner, 1]) }
    }

    fn forward(&self, gating: Tensor<4>, skip: Tensor<4>) -> Tensor<4> {
        let joint = relu(self.gating.before_relu(gating) + self.skip.before_relu(skip.clone()));
        skip * activation::sigmoid(self.attention.before_relu(joint))
    }
}

/// U-Net whose skip connections pass attention gates.
/// Source: Oktay et al. 2018, Fig. 1, in two dimensions as implemented by LeeJunHyun/Image_Segmentation: nearest-neighbour
/// up-sampling with a 3×3 convolution, gating at the skip's size, no deep supervision.
/// Ours differs: no bias under batch-norm, which cancels it.
#[derive(Module, Debug)]
pub struct AttUNet {
    down: Vec<Stack>,
    bottom: Stack,
    lift: Vec<ConvBlock>,
    gates: Vec<AttentionGate>,
    up: Vec<Stack>,
    head: Conv2d,
    pool: MaxPool2d,
}

impl NetworkConfig for AttUNetConfig {
    type Network = AttUNet;
    const STRIDE: usize = 1 << DOWN;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)
    }

    fn features(&self) -> Option<usize> {
        Some(scaled(BASE, self.width))
    }

    fn build(&self, device: &Device) -> AttUNet {
        let width = |level: usize| scaled(BASE << level, self.width);
        let stack = |channels| Stack::new(channels, 2, Norm::Batch, 0.0, device);
        let deep = || (0..DOWN).rev();
        AttUNet {
            down: (0..DOWN).map(|i| stack([if i == 0 { 3 } else { width(i - 1) }, width(i)])).collect(),
            bottom: stack([width(DOWN - 1), width(DOWN)]),
            lift: deep().map(|i| ConvBlock::new([width(i + 1), width(i)], Norm::Batch, device)).collect(),
            gates: deep().map(|i| AttentionGate::new(width(i), scaled(BASE << i, self.width / 2.0), device)).collect(),
            up: deep().map(|i| stack([2 * width(i), width(i)])).collect(),
            head: conv1x1([width(0), 1], device),
            pool: halve(),
        }
    }
}

impl Forward for AttUNet {
    fn forward(&self, images: Tensor<4>) -> Output {
        let mut features = images;
        let mut skips = Vec::with_capacity(DOWN);
        for stack in &self.down {
            let level = stack.forward(features); // [B, 64·2ⁱ, H/2ⁱ, W/2ⁱ]
            features = pool(&self.pool, level.clone());
            skips.push(level);
        }
        features = self.bottom.forward(features); // [B, 1024, H/16, W/16]
        for ((lift, gate), stack) in self.lift.iter().zip(&self.gates).zip(&self.up) {
            let lifted = lift.forward(double(features));
            let skip = gate.forward(lifted.clone(), skips.pop().expect("one skip per level"));
            features = stack.forward(join(vec![skip, lifted]));
        }
        Output::plain(convolve(&self.head, features.clone())).with_features(features)
    }
}
