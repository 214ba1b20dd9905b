//! VGG16.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::CLASSES;
use super::head::{Drops, HiddenHead};
use crate::config::within;
use crate::model::block::Norm;
use crate::model::encoder::{Encoder, VggDepth, VggEncoder};
use crate::model::{Forward, NetworkConfig, Output};

/// Numbers of a [`Vgg`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VggConfig {
    /// Multiplies the published channel numbers, 0 < width ≤ 4.
    pub width: f64,
}

impl Default for VggConfig {
    fn default() -> Self {
        Self { width: 1.0 }
    }
}

/// VGG16: thirteen 3×3 convolutions, two hidden layers of 4096. Logits of malignancy `[B, 1, 1, 1]`.
/// Source: Simonyan & Zisserman 2015, arXiv:1409.1556, Table 1 D, as in torchvision. P2 Table 4.
#[derive(Module, Debug)]
pub struct Vgg {
    encoder: VggEncoder,
    head: HiddenHead,
}

impl Vgg {
    /// With `classes` logits.
    pub fn new(classes: usize, width: f64, device: &Device) -> Self {
        let encoder = VggEncoder::whole(VggDepth::Sixteen, Norm::None, width, device);
        let channels = *encoder.channels().last().expect("a pyramid has levels");
        let head = HiddenHead::new([channels, classes], 7, (Drops::After, width), device);
        Self { encoder, head }
    }
}

impl NetworkConfig for VggConfig {
    type Network = Vgg;
    const STRIDE: usize = 1;
    const MIN_PX: usize = 32;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)
    }

    fn build(&self, device: &Device) -> Vgg {
        Vgg::new(CLASSES, self.width, device)
    }
}

impl Forward for Vgg {
    fn forward(&self, images: Tensor<4>) -> Output {
        let levels = self.encoder.pyramid(images);
        Output::plain(self.head.forward(levels.into_iter().last().expect("a pyramid has levels")))
    }
}
