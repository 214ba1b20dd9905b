//! ResNet-50.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::CLASSES;
use super::head::MeanHead;
use crate::config::within;
use crate::model::encoder::{Encoder, ResNetEncoder};
use crate::model::{Forward, NetworkConfig, Output};

/// Numbers of a [`ResNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResNetConfig {
    /// Multiplies the published channel numbers, 0 < width ≤ 4.
    pub width: f64,
}

impl Default for ResNetConfig {
    fn default() -> Self {
        Self { width: 1.0 }
    }
}

/// ResNet-50 with a mean over the last map and one layer. Logits of malignancy `[B, 1, 1, 1]`.
/// Source: He et al. 2016, arXiv:1512.03385, Table 1, as in torchvision. P2 Table 4.
#[derive(Module, Debug)]
pub struct ResNet {
    encoder: ResNetEncoder,
    head: MeanHead,
}

impl ResNet {
    /// With `classes` logits.
    pub fn new(classes: usize, width: f64, device: &Device) -> Self {
        let encoder = ResNetEncoder::new(width, device);
        let channels = *encoder.channels().last().expect("a pyramid has levels");
        let head = MeanHead::new([channels, classes], 0.0, device);
        Self { encoder, head }
    }
}

impl NetworkConfig for ResNetConfig {
    type Network = ResNet;
    const STRIDE: usize = 1;
    const MIN_PX: usize = 32;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)
    }

    fn build(&self, device: &Device) -> ResNet {
        ResNet::new(CLASSES, self.width, device)
    }
}

impl Forward for ResNet {
    fn forward(&self, images: Tensor<4>) -> Output {
        let levels = self.encoder.pyramid(images);
        Output::plain(self.head.forward(levels.into_iter().last().expect("a pyramid has levels")))
    }
}
