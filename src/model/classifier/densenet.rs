//! DenseNet-121.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::CLASSES;
use super::head::MeanHead;
use crate::config::within;
use crate::model::encoder::{DenseNetEncoder, Encoder};
use crate::model::{Forward, NetworkConfig, Output};

/// Numbers of a [`DenseNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DenseNetConfig {
    /// Multiplies the published channel numbers, 0 < width ≤ 4.
    pub width: f64,
}

impl Default for DenseNetConfig {
    fn default() -> Self {
        Self { width: 1.0 }
    }
}

/// DenseNet-121 with a mean over the last map and one layer. Logits of malignancy `[B, 1, 1, 1]`.
/// Source: Huang et al. 2017, arXiv:1608.06993, Table 1, as in torchvision.
#[derive(Module, Debug)]
pub struct DenseNet {
    encoder: DenseNetEncoder,
    head: MeanHead,
}

impl DenseNet {
    /// With `classes` logits.
    pub fn new(classes: usize, width: f64, device: &Device) -> Self {
        let encoder = DenseNetEncoder::new(width, device);
        let channels = *encoder.channels().last().expect("a pyramid has levels");
        let head = MeanHead::new([channels, classes], 0.0, device);
        Self { encoder, head }
    }
}

impl NetworkConfig for DenseNetConfig {
    type Network = DenseNet;
    const STRIDE: usize = 1;
    const MIN_PX: usize = 32;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)
    }

    fn build(&self, device: &Device) -> DenseNet {
        DenseNet::new(CLASSES, self.width, device)
    }
}

impl Forward for DenseNet {
    fn forward(&self, images: Tensor<4>) -> Output {
        let levels = self.encoder.pyramid(images);
        Output::plain(self.head.forward(levels.into_iter().last().expect("a pyramid has levels")))
    }
}
