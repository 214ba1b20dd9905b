//! From feature maps to logits.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::module::adaptive_avg_pool2d;
use burn::tensor::{Device, Tensor};

use crate::model::block::{conv1x1, convolve, drop_out, relu};
use crate::model::scaled;

/// Units of a hidden layer.
const HIDDEN: usize = 4096;

/// Mean over the map, dropout, one layer: `[B, C, h, w]` → logits `[B, classes, 1, 1]`.
#[derive(Module, Debug)]
pub struct MeanHead {
    dropout: Dropout,
    last: Conv2d,
}

impl MeanHead {
    /// `channels` in, logits out; `dropout` is a probability.
    pub fn new(channels: [usize; 2], dropout: f64, device: &Device) -> Self {
        Self { dropout: DropoutConfig::new(dropout).init(), last: conv1x1(channels, device) }
    }

    /// One pass.
    pub fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        convolve(&self.last, drop_out(&self.dropout, mean(features, 1)))
    }
}

/// On which side of the hidden layers dropout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drops {
    /// AlexNet.
    Before,
    /// VGG.
    After,
}

/// The map as means over `side × side` fields, two hidden layers of 4096 with ReLU and dropout ½, one layer:
/// `[B, C, h, w]` → logits `[B, classes, 1, 1]`.
#[derive(Module, Debug)]
pub struct HiddenHead {
    hidden: Vec<Conv2d>,
    last: Conv2d,
    dropout: Dropout,
    #[module(skip)]
    side: usize,
    #[module(skip)]
    drops_before: bool,
}

impl HiddenHead {
    /// `channels` in, logits out; `width` multiplies the hidden layers.
    pub fn new(channels: [usize; 2], side: usize, (drops, width): (Drops, f64), device: &Device) -> Self {
        let hidden = scaled(HIDDEN, width);
        let layers = [[channels[0] * side * side, hidden], [hidden, hidden]];
        Self {
            hidden: layers.into_iter().map(|layer| conv1x1(layer, device)).collect(),
            last: conv1x1([hidden, channels[1]], device),
            dropout: DropoutConfig::new(0.5).init(),
            side,
            drops_before: drops == Drops::Before,
        }
    }

    /// One pass.
    pub fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        let fields = mean(features, self.side);
        let [batch, channels, height, width] = fields.dims();
        let mut units = fields.reshape([batch, channels * height * width, 1, 1]);
        for layer in &self.hidden {
            units = match self.drops_before {
                true => relu(convolve(layer, drop_out(&self.dropout, units))),
                false => drop_out(&self.dropout, relu(convolve(layer, units))),
            };
        }
        convolve(&self.last, units)
    }
}

/// Means over `side × side` fields, as PyTorch's `AdaptiveAvgPool2d`.
pub fn mean(features: Tensor<4>, side: usize) -> Tensor<4> {
    let [_, _, height, width] = features.dims();
    match (side, [height, width] == [side, side]) {
        (_, true) => features,
        (1, _) => features.mean_dim(3).mean_dim(2),
        _ => adaptive_avg_pool2d(features, [side, side]),
    }
}
