//! Networks and pixel classifiers: one file each and one row in [`models!`].
//! A network maps images to logits; no activation at the end, no loss inside.

mod account;
mod att_unet;
pub mod block;
mod boundary_attention;
pub mod classifier;
mod cnn;
mod dense_unet;
pub mod encoder;
mod fcn;
mod fgfeu_net;
mod fold_norm;
mod input;
pub mod lstm;
mod patch_discriminator;
mod pix2pix;
mod pretrained;
mod profile;
mod recurrent;
mod registry;
mod resunet;
mod show;
mod slot;
mod torch;
mod unet;
mod vnet;

use burn::module::Module;
use burn::tensor::{Device, FloatDType, Tensor};
use serde::{Deserialize, Serialize};

pub use account::{Import, Mismatch};
pub use att_unet::{AttUNet, AttUNetConfig};
pub use boundary_attention::{BoundaryAttention, BoundaryAttentionConfig};
pub use classifier::{
    AlexNet, AlexNetConfig, DenseNet, DenseNetConfig, Fcnn, FcnnConfig, Inception, InceptionConfig, MaskMlp,
    MaskMlpConfig, Masks, ResNet, ResNetConfig, Vgg, VggConfig,
};
pub use cnn::{Cnn, CnnConfig};
pub use dense_unet::{DenseUNet, DenseUNetConfig};
pub use fcn::{
    Backbone, Fcn, FcnConfig, FcnDenseNet121, FcnDenseNet121Config, FcnResNet50, FcnResNet50Config, FcnVgg16,
    FcnVgg16Config, FcnVgg19, FcnVgg19Config, Vgg16Enhanced, Vgg16EnhancedConfig, Vgg19Enhanced, Vgg19EnhancedConfig,
};
pub use fgfeu_net::{FgfeuNet, FgfeuNetConfig};
pub use patch_discriminator::{AdversaryConfig, PatchDiscriminator};
pub use pix2pix::{Pix2Pix, Pix2PixConfig};
pub use pretrained::{Named, import, pretrained_network};
pub use recurrent::{BiLstmNet, BiLstmNetConfig, LstmNet, LstmNetConfig, Recurrent, RecurrentConfig, Ways};
pub use resunet::{ResUNet, ResUNetConfig};
pub use show::{Stage, Summary, summarise, trainable};
pub use slot::{Slot, fill, slots, values};
pub use torch::torch_tensors;
pub use unet::{UNet, UNetConfig};
pub use vnet::{VNet2d, VNet2dConfig};

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

    /// All of it in single precision, whatever it was computed in.
    #[must_use]
    pub fn in_single_precision(self) -> Self {
        let single = |features: Tensor<4>| features.cast(FloatDType::F32);
        Self {
            logits: single(self.logits),
            side: self.side.into_iter().map(single).collect(),
            edge: self.edge.map(single),
            features: self.features.map(single),
            ..self
        }
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

    /// Image sides must be a multiple of this, whatever the numbers.
    const STRIDE: usize;

    /// Images may not be smaller.
    const MIN_PX: usize = 1;

    /// What they must be a multiple of with these numbers.
    fn stride(&self) -> usize {
        Self::STRIDE
    }

    /// The key that the stride follows from, and its value, such as `downs = 8`; `None` if it is always the same.
    fn stride_key(&self) -> Option<String> {
        None
    }

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

    /// What it is trained against; `None` for a network that is trained on its loss alone.
    fn adversary(&self) -> Option<AdversaryConfig> {
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
        "cnn" => Cnn, CnnConfig, "A small encoder and decoder without skip connections (P1's CNN).";
        "fcn-vgg16" => FcnVgg16, FcnVgg16Config, "FCN-8s on VGG16 from scratch (P1's VGG16).";
        "vgg16-enhanced" => Vgg16Enhanced, Vgg16EnhancedConfig, "FCN-8s on VGG16 with batch-norm and dropout (P1's VGG16_Enhanced).";
        "fcn-vgg19" => FcnVgg19, FcnVgg19Config, "FCN-8s on VGG19 from scratch (P1's VGG19).";
        "vgg19-enhanced" => Vgg19Enhanced, Vgg19EnhancedConfig, "FCN-8s on VGG19 with batch-norm and dropout (P1's VGG19_Enhanced).";
        "fcn-resnet50" => FcnResNet50, FcnResNet50Config, "FCN-8s on ResNet-50 (P1's ResNet50).";
        "fcn-densenet121" => FcnDenseNet121, FcnDenseNet121Config, "FCN-8s on DenseNet-121 (P1's DenseNet121).";
        "lstm" => LstmNet, LstmNetConfig, "Columns, then rows of a feature map read by an LSTM in one direction (P1's LSTM).";
        "bi-lstm" => BiLstmNet, BiLstmNetConfig, "Columns, then rows of a feature map read in both directions, as ReNet (P1's Bi-LSTM).";
        "resunet" => ResUNet, ResUNetConfig, "Deep residual U-Net (Zhang et al. 2018; P2's ResUNet).";
        "att-unet" => AttUNet, AttUNetConfig, "U-Net with attention gates on its skip connections (Oktay et al. 2018; P2's Att-UNet).";
        "vnet-2d" => VNet2d, VNet2dConfig, "V-Net in two dimensions (Milletari et al. 2016; P2's 2D-VNet).";
        "dense-unet" => DenseUNet, DenseUNetConfig, "DenseNet-121 with a decoder of sums (H-DenseUNet's 2-D part, Li et al. 2018; P2's DenseUNet).";
        "pix2pix" => Pix2Pix, Pix2PixConfig, "U-Net generator trained against a patch discriminator (Isola et al. 2017).";
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

fn check_stride(name: &str, input_px: usize, config: &impl NetworkConfig) -> Result<(), String> {
    let stride = config.stride();
    match input_px.is_multiple_of(stride) {
        true => Ok(()),
        false => {
            let key = config.stride_key().map_or(String::new(), |key| format!(" with {key}"));
            Err(format!("input_px = {input_px} is not a multiple of {stride}, the stride of {name}{key}"))
        }
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
        let depth = if name == "pix2pix" { "downs = 4" } else { "" };
        let text = format!("name = \"{name}\"\nwidth = 0.0625\n{depth}\n");
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
            for (batch, px) in [(1, 32), (2, 64)] {
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
        let error = ModelConfig::named("pix2pix").expect("a network").check(128).expect_err("256 with eight halvings");
        assert!(error.contains("the stride of pix2pix with downs = 8"), "{error}");
    }
}
