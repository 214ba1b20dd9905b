//! Fully convolutional networks on backbones of classifiers.

use std::fmt::Debug;
use std::marker::PhantomData;

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::block::{Norm, conv1x1, convolve, drop_out, resize};
use super::encoder::{DenseNetEncoder, Encoder, ResNetEncoder, VggDepth, VggEncoder};
use super::{Forward, NetworkConfig, Output};
use crate::config::within;
use crate::dataset::Normalise;

/// How many levels are scored: the last ones of the pyramid, at strides 8, 16 and 32.
const SCORED: usize = 3;

/// What the registry's fully convolutional networks differ in.
pub trait Backbone: Clone + Debug + PartialEq {
    /// Its levels of stride 8, 16 and 32 come last.
    type Encoder: Encoder;
    /// The configuration's default.
    const DROPOUT: f64;
    /// The input that the recipe asks for; `None` takes the spec's.
    const NORMALISE: Option<Normalise>;

    /// With random weights.
    fn encoder(width: f64, device: &Device) -> Self::Encoder;
}

macro_rules! backbones {
    ($($about:literal $name:ident: $encoder:ty = $build:expr, dropout $dropout:literal, normalise $normalise:expr;)*) => {
        $(
            #[doc = $about]
            #[derive(Clone, Debug, PartialEq)]
            pub struct $name;

            impl Backbone for $name {
                type Encoder = $encoder;
                const DROPOUT: f64 = $dropout;
                const NORMALISE: Option<Normalise> = $normalise;

                fn encoder(width: f64, device: &Device) -> $encoder {
                    $build(width, device)
                }
            }
        )*
    };
}

backbones! {
    "VGG16 as published." Vgg16: VggEncoder =
        |width, device| VggEncoder::whole(VggDepth::Sixteen, Norm::None, width, device),
        dropout 0.0, normalise None;
    "VGG16 with batch-norm and the input of ImageNet's weights." Vgg16Bn: VggEncoder =
        |width, device| VggEncoder::whole(VggDepth::Sixteen, Norm::Batch, width, device),
        dropout 0.5, normalise Some(Normalise::Imagenet);
    "VGG19 as published." Vgg19: VggEncoder =
        |width, device| VggEncoder::whole(VggDepth::Nineteen, Norm::None, width, device),
        dropout 0.0, normalise None;
    "VGG19 with batch-norm and the input of ImageNet's weights." Vgg19Bn: VggEncoder =
        |width, device| VggEncoder::whole(VggDepth::Nineteen, Norm::Batch, width, device),
        dropout 0.5, normalise Some(Normalise::Imagenet);
    "ResNet-50." ResNet50: ResNetEncoder = ResNetEncoder::new, dropout 0.0, normalise None;
    "DenseNet-121." DenseNet121: DenseNetEncoder = DenseNetEncoder::new, dropout 0.0, normalise None;
}

/// Registry's `fcn-vgg16`.
pub type FcnVgg16 = Fcn<VggEncoder>;
/// Its numbers.
pub type FcnVgg16Config = FcnConfig<Vgg16>;
/// Registry's `vgg16-enhanced`.
pub type Vgg16Enhanced = Fcn<VggEncoder>;
/// Its numbers.
pub type Vgg16EnhancedConfig = FcnConfig<Vgg16Bn>;
/// Registry's `fcn-vgg19`.
pub type FcnVgg19 = Fcn<VggEncoder>;
/// Its numbers.
pub type FcnVgg19Config = FcnConfig<Vgg19>;
/// Registry's `vgg19-enhanced`.
pub type Vgg19Enhanced = Fcn<VggEncoder>;
/// Its numbers.
pub type Vgg19EnhancedConfig = FcnConfig<Vgg19Bn>;
/// Registry's `fcn-resnet50`.
pub type FcnResNet50 = Fcn<ResNetEncoder>;
/// Its numbers.
pub type FcnResNet50Config = FcnConfig<ResNet50>;
/// Registry's `fcn-densenet121`.
pub type FcnDenseNet121 = Fcn<DenseNetEncoder>;
/// Its numbers.
pub type FcnDenseNet121Config = FcnConfig<DenseNet121>;

/// Numbers of an [`Fcn`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, bound = "B: Backbone")]
pub struct FcnConfig<B> {
    /// Multiplies the backbone's channel numbers, 0 < width ≤ 4.
    pub width: f64,
    /// Probability before the coarsest score, as in the backbones' own classifiers; 0 for none.
    pub dropout: f64,
    #[serde(skip)]
    backbone: PhantomData<B>,
}

impl<B: Backbone> Default for FcnConfig<B> {
    fn default() -> Self {
        Self { width: 1.0, dropout: B::DROPOUT, backbone: PhantomData }
    }
}

/// One score a pixel from each of three levels (strides 8, 16, 32); the coarser one up-sampled and added to the finer.
/// Source: Long et al. 2015, arXiv:1411.4038, Fig. 3 (FCN-8s); the backbones P1 names in Table 3.
/// Ours differs: the coarsest score reads the backbone's last map, without fc6 and fc7 (119 of VGG16's 138 million
/// parameters); VGG's finer scores read its last convolution of that stride, not the pool before it; bilinear up-sampling
/// is fixed, and all scores are learnt from the start.
/// Choice: the feature map of a loss on features is the level of stride 8.
#[derive(Module, Debug)]
pub struct Fcn<E> {
    encoder: E,
    scores: Vec<Conv2d>,
    dropout: Dropout,
}

impl<B: Backbone> NetworkConfig for FcnConfig<B> {
    type Network = Fcn<B::Encoder>;
    const STRIDE: usize = 32;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)?;
        within("model.dropout", self.dropout, 0.0, 0.95)
    }

    /// Builds the encoder to ask it; weights are drawn when they are first used, so none are here.
    fn features(&self) -> Option<usize> {
        B::encoder(self.width, &Device::flex()).channels().into_iter().nth_back(SCORED - 1)
    }

    fn normalise(&self) -> Option<Normalise> {
        B::NORMALISE
    }

    fn build(&self, device: &Device) -> Fcn<B::Encoder> {
        let encoder = B::encoder(self.width, device);
        let coarse_to_fine = encoder.channels().into_iter().rev().take(SCORED);
        Fcn {
            scores: coarse_to_fine.map(|channels| conv1x1([channels, 1], device)).collect(),
            dropout: DropoutConfig::new(self.dropout).init(),
            encoder,
        }
    }
}

impl<E: Encoder> Forward for Fcn<E> {
    fn forward(&self, images: Tensor<4>) -> Output {
        let [_, _, height, width] = images.dims();
        let mut levels = self.encoder.pyramid(images);
        let coarsest = drop_out(&self.dropout, levels.pop().expect("three levels"));
        let mut logits = convolve(&self.scores[0], coarsest); // [B, 1, H/32, W/32]
        let mut finest = None;
        for score in &self.scores[1..] {
            let level = levels.pop().expect("three levels");
            let [_, _, height, width] = level.dims();
            logits = resize(logits, [height, width]) + convolve(score, level.clone());
            finest = Some(level);
        }
        let output = Output::plain(resize(logits, [height, width]));
        output.with_features(finest.expect("a level of stride 8"))
    }
}
