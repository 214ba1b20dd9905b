//! Backbones: what classifiers and segmentation networks share. Each gives a pyramid of feature maps; `width` multiplies
//! its channel numbers, and at width 1 it takes torchvision's weights ([`Architecture::place`]).

mod alexnet;
mod densenet;
mod inception;
mod resnet;
pub mod torchvision;
mod vgg;

use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;

pub use alexnet::AlexNetEncoder;
pub use densenet::DenseNetEncoder;
pub use inception::InceptionEncoder;
pub use resnet::ResNetEncoder;
pub use torchvision::{Architecture, Place};
pub use vgg::{VggDepth, VggEncoder};

/// What every backbone does.
pub trait Encoder: Module + ModuleDisplay {
    /// Channels of each level of the pyramid, finest first.
    fn channels(&self) -> Vec<usize>;

    /// Images `[B, 3, H, W]` to feature maps `[B, channelsᵢ, hᵢ, wᵢ]`, finest first; the last is what a classifier reads.
    fn pyramid(&self, images: Tensor<4>) -> Vec<Tensor<4>>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::block::Norm;
    use crate::model::trainable;
    use burn::tensor::Device;

    /// torchvision's own counts (`meta["num_params"]` of its weights) less those of its classifiers.
    #[test]
    fn at_width_1_every_encoder_has_as_many_parameters_as_torchvision() {
        let device = Device::flex();
        let fc = |inputs: usize, outputs: usize| (inputs + 1) * outputs;
        let vgg_head = fc(512 * 7 * 7, 4096) + fc(4096, 4096) + fc(4096, 1000);
        let vgg = |depth| trainable(&VggEncoder::whole(depth, Norm::None, 1.0, &device)) + vgg_head;
        assert_eq!(vgg(VggDepth::Sixteen), 138_357_544);
        assert_eq!(vgg(VggDepth::Nineteen), 143_667_240);
        assert_eq!(trainable(&ResNetEncoder::new(1.0, &device)) + fc(2048, 1000), 25_557_032);
        assert_eq!(trainable(&DenseNetEncoder::new(1.0, &device)) + fc(1024, 1000), 7_978_856);
        let alexnet_head = fc(256 * 6 * 6, 4096) + fc(4096, 4096) + fc(4096, 1000);
        assert_eq!(trainable(&AlexNetEncoder::new(1.0, &device)) + alexnet_head, 61_100_840);
        // 1×1 and 5×5 convolution with batch-norm each, and a layer of 1000
        let auxiliary = (768 * 128 + 2 * 128) + (128 * 768 * 25 + 2 * 768) + fc(768, 1000);
        assert_eq!(trainable(&InceptionEncoder::new(1.0, &device)) + auxiliary + fc(2048, 1000), 27_161_264);
    }

    fn check(encoder: &impl Encoder, px: usize, sides: &[usize]) {
        let levels = encoder.pyramid(Tensor::ones([1, 3, px, px], &Device::flex()));
        let channels: Vec<usize> = levels.iter().map(|level| level.dims()[1]).collect();
        let found: Vec<usize> = levels.iter().map(|level| level.dims()[2]).collect();
        assert_eq!((channels.as_slice(), found.as_slice()), (encoder.channels().as_slice(), sides));
    }

    #[test]
    fn every_pyramid_has_the_channels_and_sizes_that_it_names() {
        let (device, width) = (Device::flex(), 0.0625);
        check(&VggEncoder::whole(VggDepth::Sixteen, Norm::Batch, width, &device), 32, &[32, 16, 8, 4, 2, 1]);
        check(&ResNetEncoder::new(width, &device), 64, &[32, 16, 8, 4, 2]);
        check(&DenseNetEncoder::new(width, &device), 64, &[32, 16, 8, 4, 2]);
        check(&InceptionEncoder::new(width, &device), 299, &[147, 71, 35, 17, 8]);
        check(&InceptionEncoder::new(width, &device), InceptionEncoder::MIN_PX, &[35, 15, 7, 3, 1]);
        check(&AlexNetEncoder::new(width, &device), AlexNetEncoder::MIN_PX, &[15, 7, 3, 1]);
    }
}
