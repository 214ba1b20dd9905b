//! Networks and pixel classifiers: one file each and one row in [`models!`].
//! A network maps images to logits; no activation at the end, no loss inside.

pub mod block;
mod boundary_attention;
mod classifier;
pub mod encoder;
mod fgfeu_net;
mod profile;
mod registry;
mod show;
mod unet;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

pub use boundary_attention::{BoundaryAttention, BoundaryAttentionConfig};
pub use classifier::{
    AlexNet, AlexNetConfig, DenseNet, DenseNetConfig, Fcnn, FcnnConfig, Inception, InceptionConfig, MaskMlp,
    MaskMlpConfig, Masks, ResNet, ResNetConfig, Vgg, VggConfig,
};
pub use fgfeu_net::{FgfeuNet, FgfeuNetConfig};
pub use show::{Stage, Summary, summarise, trainable};
pub use unet::{UNet, UNetConfig};

use crate::dataset::Normalise;
pub use crate::metric::Task;
use crate::pixel::{ForestConfig, KnnConfig, PixelConfig, SvmConfig};
use registry::models;

/// What a network says of a batch of images.
#[derive(Debug)]
pub struct Output {
    /// Tumour logits `[B, 1, H, W]`; of a classifier, logits of malignancy `[B, 1, 1, 1]`.
    pub logits: Tensor<4>,
    /// Deeply supervised logits at their own, smaller size `[B, 1, H/2ⁱ, W/2ⁱ]`.
    pub side: Vec<Tensor<4>>,
    /// Weight of each side output's loss; 1 unless the network's recipe has another.
    pub side_weight: f64,
    /// Edge logits `[B, 1, h, w]` of a network with a boundary branch.
    pub edge: Option<Tensor<4>>,
    /// What the last decoder stage says, `[B, C, h, w]`, of a network that names its channels.
    pub features: Option<Tensor<4>>,
}

impl Output {
    /// Logits alone.
    pub fn plain(logits: Tensor<4>) -> Self {
        Self { logits, side: Vec::new(), side_weight: 1.0, edge: None, features: None }
    }

    /// And the decoder's `features`.
    #[must_use]
    pub fn with_features(self, features: Tensor<4>) -> Self {
        Self { features: Some(features), ..self }
    }
}

/// What every network does: images `[B, 3, H, W]` to [`Output`]; H and W are multiples of its stride.
pub trait Forward {
    /// One pass; training behaviour follows the device (autodiff or not).
    fn forward(&self, images: Tensor<4>) -> Output;
}

/// What every network's configuration can do.
pub trait NetworkConfig {
    /// The network that it describes.
    type Network: Forward + Module;

    /// Image sides must be a multiple of this.
    const STRIDE: usize;

    /// Images may not be smaller.
    const MIN_PX: usize = 1;

    /// What is wrong with the numbers, if anything.
    fn check(&self) -> Result<(), String>;

    /// Channels of the decoder's feature map; `None` if the network gives none.
    fn features(&self) -> Option<usize> {
        None
    }

    /// The input that its weights were trained on; `None` takes the spec's.
    fn normalise(&self) -> Option<Normalise> {
        None
    }

    /// A network with random weights from the device's seed.
    fn build(&self, device: &Device) -> Self::Network;
}

models! {
    segmentation {
        "unet" => UNet, UNetConfig, "U-Net (Ronneberger et al. 2015) with batch-norm and same-size convolutions.";
        "fgfeu-net" => FgfeuNet, FgfeuNetConfig, "VGG16's first ten convolutions as the encoder of a U-Net (P1).";
        "boundary-attention" => BoundaryAttention, BoundaryAttentionConfig, "Boundary attention, edge and deep supervision on a VGG16 encoder (P2).";
    }
    classification {
        "vgg16" => Vgg, VggConfig, "VGG16 with its two hidden layers (P2 Table 4).";
        "inception-v3" => Inception, InceptionConfig, "Inception-v3 with its auxiliary classifier (P2 Table 4).";
        "resnet50" => ResNet, ResNetConfig, "ResNet-50 (P2 Table 4).";
        "densenet121" => DenseNet, DenseNetConfig, "DenseNet-121.";
        "fcnn" => Fcnn, FcnnConfig, "A small fully convolutional classifier (P2 Table 4).";
        "mask-mlp" => MaskMlp, MaskMlpConfig, "Multilayer perceptron on the shape of a mask (P2 Table 4, its own).";
        "alexnet-tl" => AlexNet, AlexNetConfig, "AlexNet, for weights of ImageNet (P2 Table 4).";
    }
    pixels {
        "svm" => Svm, SvmConfig, "Support vector machine (Gaussian kernel) on hand-made features of each pixel.";
        "random-forest" => Forest, ForestConfig, "Random forest (Breiman 2001) on hand-made features of each pixel.";
        "knn" => Knn, KnnConfig, "k nearest neighbours on hand-made features of each pixel.";
    }
}

/// What a model is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Trained by gradient descent.
    Network,
    /// Judges each pixel by hand-made features.
    Pixels,
}

/// What the registry says of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Key in specs.
    pub name: &'static str,
    /// One line.
    pub about: &'static str,
    /// What it answers.
    pub task: Task,
    /// What it is made of.
    pub kind: Kind,
}

impl ModelConfig {
    /// Its row in the registry.
    pub fn row(&self) -> &'static Row {
        MODELS.iter().find(|row| row.name == self.name()).expect("every variant has a row")
    }
}

fn check_least(name: &str, input_px: usize, least: usize) -> Result<(), String> {
    match input_px >= least {
        true => Ok(()),
        false => Err(format!("input_px = {input_px} is below {least}, the least that {name} can read")),
    }
}

fn check_stride(name: &str, input_px: usize, stride: usize) -> Result<(), String> {
    match input_px.is_multiple_of(stride) {
        true => Ok(()),
        false => Err(format!("input_px = {input_px} is not a multiple of {stride}, the stride of {name}")),
    }
}

/// `base · width`, at least 1.
pub(crate) fn scaled(base: usize, width: f64) -> usize {
    ((base as f64 * width).round() as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Distribution;

    fn small(name: &str) -> ModelConfig {
        let text = format!("name = \"{name}\"\nwidth = 0.0625\n");
        toml::from_str(&text).expect("every network has a width")
    }

    fn networks(task: Task) -> impl Iterator<Item = &'static str> {
        MODELS.iter().filter(move |row| row.kind == Kind::Network && row.task == task).map(|row| row.name)
    }

    fn all_networks() -> impl Iterator<Item = &'static str> {
        networks(Task::Segmentation).chain(networks(Task::Classification))
    }

    #[test]
    fn every_network_returns_logits_of_the_image_size() {
        let device = Device::flex();
        for name in networks(Task::Segmentation) {
            let network = small(name).build(&device).expect("a network");
            for (batch, px) in [(1, 32), (2, 48)] {
                let images = Tensor::<4>::random([batch, 3, px, px], Distribution::Normal(0.0, 1.0), &device);
                assert_eq!(network.forward(images).logits.dims(), [batch, 1, px, px], "{name}");
            }
        }
    }

    #[test]
    fn every_classifier_returns_a_logit_an_image() {
        let device = Device::flex();
        for name in networks(Task::Classification) {
            let network = small(name).build(&device).expect("a network");
            for (batch, px) in [(1, 80), (2, 97)] {
                let images = Tensor::<4>::random([batch, 3, px, px], Distribution::Normal(0.0, 1.0), &device);
                assert_eq!(network.forward(images).logits.dims(), [batch, 1, 1, 1], "{name}");
            }
        }
    }

    #[test]
    fn features_have_the_channels_that_the_configuration_names() {
        let device = Device::flex();
        for name in all_networks() {
            let config = small(name);
            let output = config.build(&device).expect("a network").forward(Tensor::ones([2, 3, 96, 96], &device));
            let channels = output.features.map(|features| features.dims()[..2].to_vec());
            assert_eq!(channels, config.features().map(|channels| vec![2, channels]), "{name}");
        }
    }

    #[test]
    fn every_parameter_of_every_network_gets_a_gradient() {
        use burn::optim::GradientsParams;
        let device = Device::flex().autodiff();
        for name in all_networks() {
            let network = small(name).build(&device).expect("a network");
            let images = Tensor::<4>::random([2, 3, 96, 96], Distribution::Normal(0.0, 1.0), &device);
            let output = network.forward(images);
            let mut total = output.logits.powf_scalar(2.0).mean();
            for extra in output.side.into_iter().chain(output.edge) {
                total = total + extra.powf_scalar(2.0).mean();
            }
            let grads = GradientsParams::from_grads(total.backward(), &network);
            let parameters = show::trainable_tensors(&network);
            assert_eq!(grads.len(), parameters, "{name}");
        }
    }

    #[test]
    fn a_side_that_is_no_multiple_of_the_stride_is_named() {
        let error = small("unet").check(100).expect_err("100 is not a multiple of 16");
        assert!(error.contains("input_px = 100 is not a multiple of 16"), "{error}");
    }
}
