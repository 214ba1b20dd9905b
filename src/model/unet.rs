//! U-Net.

use burn::module::Module;
use burn::nn::conv::{Conv2d, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::pool::MaxPool2d;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::block::{Norm, Stack, conv1x1, convolve, halve, join, lift, pool};
use super::{Forward, NetworkConfig, Output, scaled};
use crate::config::within;

const DOWN: usize = 4;

/// Numbers of a [`UNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UNetConfig {
    /// Multiplies the published channel numbers (64 … 1024), 0 < width ≤ 4.
    pub width: f64,
}

impl Default for UNetConfig {
    fn default() -> Self {
        Self { width: 1.0 }
    }
}

/// Four halvings, two 3×3 convolutions at each size, transposed 2×2 convolutions up, skip connections.
/// Source: Ronneberger et al. 2015, arXiv:1505.04597, Fig. 1.
/// Ours differs: same-size convolutions with batch-norm, so that the mask has the image's size.
#[derive(Module, Debug)]
pub struct UNet {
    down: Vec<Stack>,
    bottom: Stack,
    lift: Vec<ConvTranspose2d>,
    up: Vec<Stack>,
    head: Conv2d,
    pool: MaxPool2d,
}

impl NetworkConfig for UNetConfig {
    type Network = UNet;
    const STRIDE: usize = 1 << DOWN;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)
    }

    fn features(&self) -> Option<usize> {
        Some(scaled(64, self.width))
    }

    fn build(&self, device: &Device) -> UNet {
        let width = |level: usize| scaled(64 << level, self.width);
        let stack = |channels| Stack::new(channels, 2, Norm::Batch, 0.0, device);
        let lift = |level| {
            ConvTranspose2dConfig::new([width(level + 1), width(level)], [2, 2]).with_stride([2, 2]).init(device)
        };
        UNet {
            down: (0..DOWN).map(|i| stack([if i == 0 { 3 } else { width(i - 1) }, width(i)])).collect(),
            bottom: stack([width(DOWN - 1), width(DOWN)]),
            lift: (0..DOWN).rev().map(lift).collect(),
            up: (0..DOWN).rev().map(|i| stack([2 * width(i), width(i)])).collect(),
            head: conv1x1([width(0), 1], device),
            pool: halve(),
        }
    }
}

impl Forward for UNet {
    fn forward(&self, images: Tensor<4>) -> Output {
        let mut features = images;
        let mut skips = Vec::with_capacity(DOWN);
        for stack in &self.down {
            let level = stack.forward(features); // [B, 64·2ⁱ, H/2ⁱ, W/2ⁱ]
            features = pool(&self.pool, level.clone());
            skips.push(level);
        }
        features = self.bottom.forward(features); // [B, 1024, H/16, W/16]
        for (up, stack) in self.lift.iter().zip(&self.up) {
            let skip = skips.pop().expect("one skip per level");
            features = stack.forward(join(vec![skip, lift(up, features)]));
        }
        Output::plain(convolve(&self.head, features.clone())).with_features(features)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// milesial/Pytorch-UNet, `UNet(n_channels=3, n_classes=1)`: 31,037,633.
    #[test]
    fn full_width_has_as_many_parameters_as_the_reference_implementation() {
        assert_eq!(super::super::trainable(&UNetConfig::default().build(&Device::flex())), 31_037_633);
    }
}
