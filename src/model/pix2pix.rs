//! Pix2pix's generator.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Initializer, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::block::{convolve, drop_out, join, leaky_relu, lift, normalise, relu};
use super::{AdversaryConfig, Forward, NetworkConfig, Output, scaled};
use crate::config::within;

/// Channels stop growing here: 64, 128, 256, 512, 512, ….
const WIDEST: usize = 3;
/// The discriminator has no patch to judge in smaller images.
const SMALLEST_PX: usize = 32;

/// Numbers of [`Pix2Pix`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pix2PixConfig {
    /// Multiplies the published channel numbers (64 … 512) of both networks, 0 < width ≤ 4.
    pub width: f64,
    /// Halvings, 4 to 8; 8 for images of 256 pixels, one fewer for each halving of the image.
    pub downs: usize,
    /// Probability in the decoder's inner levels; 0.5 in the paper.
    pub dropout: f64,
    /// Weight λ of the arm's loss beside the adversarial one; 100 in the paper, whose loss is `l1`.
    pub lambda: f64,
}

impl Default for Pix2PixConfig {
    fn default() -> Self {
        Self { width: 1.0, downs: 8, dropout: 0.5, lambda: 100.0 }
    }
}

/// U-Net of 4×4 convolutions with stride 2, trained against a
/// [`PatchDiscriminator`](super::PatchDiscriminator) that judges image and mask together.
///
/// Source: Isola et al. 2017, arXiv:1611.07004, §6.1.1; details as the authors' junyanz/pytorch-CycleGAN-and-pix2pix,
/// `unet_256`. P2 Table 3 names it without numbers.
/// Ours differs: one channel out, and logits instead of tanh; their sigmoid is what the discriminator and L1 see. Fewer
/// levels for smaller images. Dropout is off when scoring; the paper leaves it on, as its noise.
#[derive(Module, Debug)]
pub struct Pix2Pix {
    down: Vec<Conv2d>,
    /// Of all halvings but the first and the last.
    down_norm: Vec<BatchNorm>,
    up: Vec<ConvTranspose2d>,
    /// Of all doublings but the last.
    up_norm: Vec<BatchNorm>,
    dropout: Dropout,
}

impl NetworkConfig for Pix2PixConfig {
    type Network = Pix2Pix;
    const STRIDE: usize = SMALLEST_PX;

    fn stride(&self) -> usize {
        (1 << self.downs).max(SMALLEST_PX)
    }

    fn stride_key(&self) -> Option<String> {
        Some(format!("downs = {}", self.downs))
    }

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)?;
        within("model.downs", self.downs as f64, 4.0, 8.0)?;
        within("model.dropout", self.dropout, 0.0, 0.95)?;
        within("model.lambda", self.lambda, 0.0, 1e6)
    }

    fn adversary(&self) -> Option<AdversaryConfig> {
        Some(AdversaryConfig { width: self.width, lambda: self.lambda })
    }

    fn build(&self, device: &Device) -> Pix2Pix {
        let width = |level: usize| scaled(64 << level.min(WIDEST), self.width);
        let last = self.downs - 1;
        let down = |level: usize| halving([if level == 0 { 3 } else { width(level - 1) }, width(level)], device);
        let up = |level: usize| {
            let from = if level == last { width(level) } else { 2 * width(level) };
            let to = if level == 0 { 1 } else { width(level - 1) };
            let config = ConvTranspose2dConfig::new([from, to], [4, 4]).with_stride([2, 2]).with_padding([1, 1]);
            let mut conv = config.with_initializer(NORMAL).with_bias(false).init(device);
            conv.bias = (level == 0).then(|| Initializer::Zeros.init([to], device));
            conv
        };
        Pix2Pix {
            down: (0..self.downs).map(down).collect(),
            down_norm: (1..last).map(|level| batch_norm(width(level), device)).collect(),
            up: (0..self.downs).rev().map(up).collect(),
            up_norm: (1..self.downs).rev().map(|level| batch_norm(width(level - 1), device)).collect(),
            dropout: DropoutConfig::new(self.dropout).init(),
        }
    }
}

impl Forward for Pix2Pix {
    fn forward(&self, images: Tensor<4>) -> Output {
        let last = self.down.len() - 1;
        let mut levels = vec![convolve(&self.down[0], images)]; // [B, 64, H/2, W/2]
        for level in 1..=last {
            let features = convolve(&self.down[level], leaky_relu(levels[level - 1].clone()));
            let norm = self.down_norm.get(level - 1);
            levels.push(norm.map_or(features.clone(), |norm| normalise(norm, features))); // [B, ≤ 512, H/2ⁱ⁺¹, W/2ⁱ⁺¹]
        }
        let mut features = levels.pop().expect("at least one level");
        for (up, norm) in self.up.iter().zip(&self.up_norm) {
            features = normalise(norm, lift(up, relu(features)));
            // inner levels: those between two of 512 channels, but the innermost
            if (WIDEST + 1..last).contains(&levels.len()) {
                features = drop_out(&self.dropout, features);
            }
            features = join(vec![levels.pop().expect("one skip per level"), features]);
        }
        Output::plain(lift(&self.up[last], relu(features)))
    }
}

/// The weights of both networks are drawn from N(0, 0.02²).
pub(super) const NORMAL: Initializer = Initializer::Normal { mean: 0.0, std: 0.02 };

/// 4×4 convolution with stride 2, without bias: `[B, in, H, W]` → `[B, out, H/2, W/2]`.
pub(super) fn halving(channels: [usize; 2], device: &Device) -> Conv2d {
    let config = Conv2dConfig::new(channels, [4, 4]).with_stride([2, 2]);
    config.with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).with_initializer(NORMAL).with_bias(false).init(device)
}

/// Batch-norm with scales from N(1, 0.02²).
pub(super) fn batch_norm(channels: usize, device: &Device) -> BatchNorm {
    let mut norm = BatchNormConfig::new(channels).init(device);
    norm.gamma = Initializer::Normal { mean: 1.0, std: 0.02 }.init([channels], device);
    norm
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UnetGenerator(3, 3, 8, 64)` has 54,413,955 and `UnetGenerator(3, 1, 8, 64)` 54,409,857, counted in Python; three
    /// channels out are 2 · (128 · 16 + 1) more.
    #[test]
    fn full_width_has_as_many_parameters_as_the_reference_implementation() {
        let own = super::super::trainable(&Pix2PixConfig::default().build(&Device::flex()));
        assert_eq!(own, 54_409_857);
        assert_eq!(own + 2 * (128 * 16 + 1), 54_413_955);
    }

    #[test]
    fn the_sides_must_be_a_multiple_of_all_halvings() {
        let stride = |downs| Pix2PixConfig { downs, ..Pix2PixConfig::default() }.stride();
        assert_eq!([4, 5, 7, 8].map(stride), [32, 32, 128, 256]);
    }
}
