//! AlexNet.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::CLASSES;
use super::head::{Drops, HiddenHead};
use crate::config::within;
use crate::model::encoder::{AlexNetEncoder, Encoder};
use crate::model::{Forward, NetworkConfig, Output};

/// Numbers of an [`AlexNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlexNetConfig {
    /// Multiplies the published channel numbers, 0 < width ≤ 4.
    pub width: f64,
}

impl Default for AlexNetConfig {
    fn default() -> Self {
        Self { width: 1.0 }
    }
}

/// AlexNet: five convolutions, two hidden layers of 4096. Logits of malignancy `[B, 1, 1, 1]`.
/// Source: Krizhevsky 2014, arXiv:1404.5997, as in torchvision. P2 Table 4 ("AlexNet-TL": its weights are ImageNet's).
#[derive(Module, Debug)]
pub struct AlexNet {
    encoder: AlexNetEncoder,
    head: HiddenHead,
}

impl AlexNet {
    /// With `classes` logits.
    pub fn new(classes: usize, width: f64, device: &Device) -> Self {
        let encoder = AlexNetEncoder::new(width, device);
        let channels = *encoder.channels().last().expect("a pyramid has levels");
        let head = HiddenHead::new([channels, classes], 6, (Drops::Before, width), device);
        Self { encoder, head }
    }
}

impl NetworkConfig for AlexNetConfig {
    type Network = AlexNet;
    const STRIDE: usize = 1;
    const MIN_PX: usize = AlexNetEncoder::MIN_PX;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)
    }

    fn build(&self, device: &Device) -> AlexNet {
        AlexNet::new(CLASSES, self.width, device)
    }
}

impl Forward for AlexNet {
    fn forward(&self, images: Tensor<4>) -> Output {
        let levels = self.encoder.pyramid(images);
        Output::plain(self.head.forward(levels.into_iter().last().expect("a pyramid has levels")))
    }
}
