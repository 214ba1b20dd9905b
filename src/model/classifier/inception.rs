//! Inception-v3 with its auxiliary classifier.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::CLASSES;
use super::head::{MeanHead, mean};
use crate::config::within;
use crate::model::block::{ConvBlock, Norm, Window, conv1x1, convolve};
use crate::model::encoder::{Encoder, InceptionEncoder};
use crate::model::{Forward, NetworkConfig, Output, scaled};

/// Level of the pyramid that the auxiliary classifier reads: 17×17 of 299 px.
const AUXILIARY_LEVEL: usize = 3;
/// Weight of its loss, as in torchvision's training recipe.
const AUXILIARY_WEIGHT: f64 = 0.4;
/// Side of the map that its 5×5 convolution reads.
const FIELDS: usize = 5;
/// Batch-norm's, as in TensorFlow.
const EPSILON: f64 = 1e-3;

/// Numbers of an [`Inception`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InceptionConfig {
    /// Multiplies the published channel numbers, 0 < width ≤ 4.
    pub width: f64,
}

impl Default for InceptionConfig {
    fn default() -> Self {
        Self { width: 1.0 }
    }
}

/// Inception-v3: logits of malignancy `[B, 1, 1, 1]`, and those of the auxiliary classifier as a side output while it
/// trains. Source: Szegedy et al. 2016, arXiv:1512.00567, Table 1 and Fig. 8, as in torchvision. P2 Table 4.
#[derive(Module, Debug)]
pub struct Inception {
    encoder: InceptionEncoder,
    head: MeanHead,
    auxiliary: Auxiliary,
}

/// 5×5 means of stride 3, 1×1 convolution of 128, 5×5 convolution of 768, mean, one layer.
/// Ours differs: on maps below 17×17, which leave the 5×5 convolution too little, the means are over 5×5 equal fields.
#[derive(Module, Debug)]
struct Auxiliary {
    fields: AvgPool2d,
    narrow: ConvBlock,
    wide: ConvBlock,
    last: Conv2d,
}

impl Auxiliary {
    fn new(channels: [usize; 2], width: f64, device: &Device) -> Self {
        let [narrow, wide] = [128, 768].map(|units| scaled(units, width));
        let block = |window, channels| ConvBlock::over(window, channels, Norm::Batch, device).with_epsilon(EPSILON);
        Self {
            fields: AvgPool2dConfig::new([5, 5]).with_strides([3, 3]).init(),
            narrow: block(Window::same([1, 1]), [channels[0], narrow]),
            wide: block(Window::padded([FIELDS, FIELDS], 0), [narrow, wide]),
            last: conv1x1([wide, channels[1]], device),
        }
    }

    fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = features.dims();
        let fields = match height.min(width) >= 17 {
            true => self.fields.forward(features),
            false => mean(features, FIELDS),
        };
        convolve(&self.last, mean(self.wide.forward(self.narrow.forward(fields)), 1))
    }
}

impl Inception {
    /// With `classes` logits.
    pub fn new(classes: usize, width: f64, device: &Device) -> Self {
        let encoder = InceptionEncoder::new(width, device);
        let channels = encoder.channels();
        let last = *channels.last().expect("a pyramid has levels");
        let head = MeanHead::new([last, classes], 0.5, device);
        let auxiliary = Auxiliary::new([channels[AUXILIARY_LEVEL], classes], width, device);
        Self { encoder, head, auxiliary }
    }
}

impl NetworkConfig for InceptionConfig {
    type Network = Inception;
    const STRIDE: usize = 1;
    const MIN_PX: usize = InceptionEncoder::MIN_PX;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)
    }

    fn build(&self, device: &Device) -> Inception {
        Inception::new(CLASSES, self.width, device)
    }
}

impl Forward for Inception {
    fn forward(&self, images: Tensor<4>) -> Output {
        let trains = images.device().is_autodiff();
        let mut levels = self.encoder.pyramid(images);
        let logits = self.head.forward(levels.pop().expect("a pyramid has levels"));
        let side = trains.then(|| self.auxiliary.forward(levels.swap_remove(AUXILIARY_LEVEL)));
        Output { side: side.into_iter().collect(), side_weight: AUXILIARY_WEIGHT, ..Output::plain(logits) }
    }
}
