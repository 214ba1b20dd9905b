//! U-shaped network on DenseNet: the two-dimensional part of H-DenseUNet.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::block::{ConvBlock, Norm, conv1x1, convolve, double};
use super::encoder::{DenseNetEncoder, Encoder};
use super::{Forward, NetworkConfig, Output, scaled};
use crate::config::within;

/// Channels of the last two up-sampling stages.
const LAST: usize = 64;

/// Numbers of a [`DenseUNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DenseUNetConfig {
    /// Multiplies DenseNet-121's channel numbers and growth, 0 < width ≤ 4.
    pub width: f64,
}

impl Default for DenseUNetConfig {
    fn default() -> Self {
        Self { width: 1.0 }
    }
}

/// DenseNet with a decoder that doubles the size, adds the encoder's features of that size and convolves 3×3 with
/// batch-norm, five times; the deepest skip passes a 1×1 convolution.
/// Source: Li et al. 2018, arXiv:1709.07330, section III-B and Table I (2D DenseUNet); P2 Table 3 names a "DenseUNet".
/// Choice: DenseNet-121 where Li et al. have DenseNet-161 (as P1, so that one set of ImageNet weights serves both).
#[derive(Module, Debug)]
pub struct DenseUNet {
    encoder: DenseNetEncoder,
    lateral: Conv2d,
    up: Vec<ConvBlock>,
    head: Conv2d,
}

impl NetworkConfig for DenseUNetConfig {
    type Network = DenseUNet;
    const STRIDE: usize = 32;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)
    }

    fn features(&self) -> Option<usize> {
        Some(scaled(LAST, self.width))
    }

    fn build(&self, device: &Device) -> DenseUNet {
        let encoder = DenseNetEncoder::new(self.width, device);
        let levels = encoder.channels();
        let deepest = levels.len() - 1;
        // a sum has the channels of the skip of its size, so each stage gives those of the next finer one
        let last = scaled(LAST, self.width);
        let mut outputs: Vec<usize> = levels[..deepest - 1].iter().rev().copied().collect();
        outputs.extend([last, last]);
        let inputs = std::iter::once(&levels[deepest]).chain(&outputs);
        DenseUNet {
            lateral: conv1x1([levels[deepest - 1], levels[deepest]], device),
            up: inputs.zip(&outputs).map(|(&from, &to)| ConvBlock::new([from, to], Norm::Batch, device)).collect(),
            head: conv1x1([last, 1], device),
            encoder,
        }
    }
}

impl Forward for DenseUNet {
    fn forward(&self, images: Tensor<4>) -> Output {
        let mut skips = self.encoder.pyramid(images); // [B, 64 … 1024, H/2 … H/32, W/2 … W/32]
        let mut features = skips.pop().expect("five levels");
        let deepest = skips.pop().expect("five levels");
        skips.push(convolve(&self.lateral, deepest));
        for stage in &self.up {
            let doubled = double(features);
            features = stage.forward(match skips.pop() {
                Some(skip) => doubled + skip,
                None => doubled, // at full size there is no skip
            });
        }
        Output::plain(convolve(&self.head, features.clone())).with_features(features)
    }
}
