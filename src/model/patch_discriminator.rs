//! Pix2pix's discriminator.

use burn::module::Module;
use burn::nn::BatchNorm;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Initializer, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use super::block::{convolve, join, leaky_relu, normalise};
use super::pix2pix::{NORMAL, batch_norm, halving};
use super::scaled;

/// What a network is trained against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdversaryConfig {
    /// Multiplies the discriminator's channel numbers.
    pub width: f64,
    /// Weight of the arm's loss beside the adversarial one.
    pub lambda: f64,
}

/// Judges every 70×70 patch of an image with a mask: real or not.
///
/// Source: Isola et al. 2017, arXiv:1611.07004, §6.1.2 (C64-C128-C256-C512); details as the authors'
/// junyanz/pytorch-CycleGAN-and-pix2pix, `NLayerDiscriminator`.
#[derive(Module, Debug)]
pub struct PatchDiscriminator {
    layers: Vec<Conv2d>,
    /// Of all layers but the first and the last.
    norms: Vec<BatchNorm>,
}

impl AdversaryConfig {
    /// A discriminator with random weights from the device's seed.
    pub fn build(&self, device: &Device) -> PatchDiscriminator {
        let [a, b, c, d] = [64, 128, 256, 512].map(|channels| scaled(channels, self.width));
        let biased = |mut conv: Conv2d, channels: usize| {
            conv.bias = Some(Initializer::Zeros.init([channels], device));
            conv
        };
        let layers = vec![
            biased(halving([4, a], device), a),
            halving([a, b], device),
            halving([b, c], device),
            step_by_step([c, d], device),
            biased(step_by_step([d, 1], device), 1),
        ];
        PatchDiscriminator { layers, norms: [b, c, d].map(|channels| batch_norm(channels, device)).into() }
    }
}

impl PatchDiscriminator {
    /// Images `[B, 3, H, W]` and masks `[B, 1, H, W]`, 0..=1, to logits of being real `[B, 1, H/8 − 2, W/8 − 2]`.
    pub fn forward(&self, images: Tensor<4>, masks: Tensor<4>) -> Tensor<4> {
        let last = self.layers.len() - 1;
        let mut features = leaky_relu(convolve(&self.layers[0], join(vec![images, masks])));
        for (layer, norm) in self.layers[1..last].iter().zip(&self.norms) {
            features = leaky_relu(normalise(norm, convolve(layer, features)));
        }
        convolve(&self.layers[last], features)
    }
}

/// 4×4 convolution with stride 1, without bias: `[B, in, H, W]` → `[B, out, H − 1, W − 1]`.
fn step_by_step(channels: [usize; 2], device: &Device) -> Conv2d {
    let config = Conv2dConfig::new(channels, [4, 4]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
    config.with_initializer(NORMAL).with_bias(false).init(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `NLayerDiscriminator(6, 64, 3)` has 2,768,705 parameters and `NLayerDiscriminator(4, 64, 3)` 2,766,657, counted in
    /// Python.
    #[test]
    fn full_width_has_as_many_parameters_as_the_reference_implementation() {
        let discriminator = AdversaryConfig { width: 1.0, lambda: 100.0 }.build(&Device::flex());
        assert_eq!(super::super::trainable(&discriminator), 2_766_657);
    }

    #[test]
    fn an_image_of_256_pixels_has_30_times_30_patches() {
        let device = Device::flex();
        let discriminator = AdversaryConfig { width: 0.03125, lambda: 100.0 }.build(&device);
        let ones = |channels| Tensor::<4>::ones([1, channels, 256, 256], &device);
        assert_eq!(discriminator.forward(ones(3), ones(1)).dims(), [1, 1, 30, 30]);
    }
}
