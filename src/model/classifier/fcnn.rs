//! A fully convolutional classifier.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::CLASSES;
use super::head::MeanHead;
use crate::config::within;
use crate::model::block::Norm;
use crate::model::encoder::VggEncoder;
use crate::model::{Forward, NetworkConfig, Output, scaled};

/// Channels of the stages.
const WIDTHS: [usize; 4] = [32, 64, 128, 256];

/// Numbers of an [`Fcnn`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FcnnConfig {
    /// Multiplies the channel numbers (32 … 256), 0 < width ≤ 4.
    pub width: f64,
    /// Probability of dropout before the last layer.
    pub dropout: f64,
}

impl Default for FcnnConfig {
    fn default() -> Self {
        Self { width: 1.0, dropout: 0.2 }
    }
}

/// Four stages of two 3×3 convolutions with batch-norm, a mean over the last map, one 1×1 convolution: logits of
/// malignancy `[B, 1, 1, 1]`. Choice: P2 Table 4 names an FCNN and neither describes nor cites it; read as *fully
/// convolutional neural network*, the smallest one that has nothing fully connected.
#[derive(Module, Debug)]
pub struct Fcnn {
    encoder: VggEncoder,
    head: MeanHead,
}

impl NetworkConfig for FcnnConfig {
    type Network = Fcnn;
    const STRIDE: usize = 1;
    const MIN_PX: usize = 16;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)?;
        within("model.dropout", self.dropout, 0.0, 0.9)
    }

    fn build(&self, device: &Device) -> Fcnn {
        let widths = WIDTHS.map(|channels| scaled(channels, self.width));
        Fcnn {
            encoder: VggEncoder::new(&widths, &[2; WIDTHS.len()], Norm::Batch, 0.0, device),
            head: MeanHead::new([widths[WIDTHS.len() - 1], CLASSES], self.dropout, device),
        }
    }
}

impl Forward for Fcnn {
    fn forward(&self, images: Tensor<4>) -> Output {
        let levels = self.encoder.forward(images);
        Output::plain(self.head.forward(levels.into_iter().last().expect("four stages")))
    }
}
