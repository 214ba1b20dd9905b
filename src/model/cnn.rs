//! A plain convolutional network: P1's "CNN".

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::block::{Norm, Stack, conv1x1, convolve, double, halve, pool};
use super::{Forward, NetworkConfig, Output, scaled};
use crate::config::within;

/// Channels at full size; twice as many after each halving.
const BASE: usize = 32;
const DOWN: usize = 3;

/// Numbers of a [`Cnn`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CnnConfig {
    /// Multiplies the channel numbers (32 … 256), 0 < width ≤ 4.
    pub width: f64,
}

impl Default for CnnConfig {
    fn default() -> Self {
        Self { width: 1.0 }
    }
}

/// Encoder and decoder of two 3×3 convolutions with batch-norm a size, three halvings, no skip connections.
/// Source: P1 Table 3 names a "CNN" and says no more. Choice: all of it; what it lacks against U-Net are the skips.
#[derive(Module, Debug)]
pub struct Cnn {
    encoder: PlainEncoder,
    bottom: Stack,
    decoder: PlainDecoder,
}

impl NetworkConfig for CnnConfig {
    type Network = Cnn;
    const STRIDE: usize = 1 << DOWN;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)
    }

    fn features(&self) -> Option<usize> {
        Some(scaled(BASE, self.width))
    }

    fn build(&self, device: &Device) -> Cnn {
        let channels = [DOWN - 1, DOWN].map(|level| scaled(BASE << level, self.width));
        Cnn {
            encoder: PlainEncoder::new(self.width, device),
            bottom: Stack::new(channels, 2, Norm::Batch, 0.0, device),
            decoder: PlainDecoder::new(channels[1], self.width, device),
        }
    }
}

impl Forward for Cnn {
    fn forward(&self, images: Tensor<4>) -> Output {
        self.decoder.forward(self.bottom.forward(self.encoder.forward(images)))
    }
}

/// Images `[B, 3, H, W]` to `[B, 128 · width, H/8, W/8]`.
#[derive(Module, Debug)]
pub(super) struct PlainEncoder {
    stages: Vec<Stack>,
    pool: MaxPool2d,
}

impl PlainEncoder {
    /// Channels that come out.
    pub fn channels(width: f64) -> usize {
        scaled(BASE << (DOWN - 1), width)
    }

    pub fn new(width: f64, device: &Device) -> Self {
        let inputs = |level: usize| if level == 0 { 3 } else { scaled(BASE << (level - 1), width) };
        let stage = |level| Stack::new([inputs(level), scaled(BASE << level, width)], 2, Norm::Batch, 0.0, device);
        Self { stages: (0..DOWN).map(stage).collect(), pool: halve() }
    }

    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        self.stages.iter().fold(images, |features, stage| pool(&self.pool, stage.forward(features)))
    }
}

/// `[B, inputs, H/8, W/8]` to logits and features of the image's size.
#[derive(Module, Debug)]
pub(super) struct PlainDecoder {
    stages: Vec<Stack>,
    head: Conv2d,
}

impl PlainDecoder {
    pub fn new(mut inputs: usize, width: f64, device: &Device) -> Self {
        let mut stages = Vec::with_capacity(DOWN);
        for level in (0..DOWN).rev() {
            let outputs = scaled(BASE << level, width);
            stages.push(Stack::new([inputs, outputs], 2, Norm::Batch, 0.0, device));
            inputs = outputs;
        }
        Self { stages, head: conv1x1([inputs, 1], device) }
    }

    pub fn forward(&self, features: Tensor<4>) -> Output {
        let features = self.stages.iter().fold(features, |features, stage| stage.forward(double(features)));
        Output::plain(convolve(&self.head, features.clone())).with_features(features)
    }
}
