//! FgFEU-Net (P1).

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::block::{Norm, Stack, conv1x1, conv3x3, convolve, double, drop_out, halve, join, pool};
use super::encoder::VggEncoder;
use super::{Forward, NetworkConfig, Output, scaled};
use crate::config::within;

/// VGG16's first ten convolutions: channels and convolutions of the four stacks.
const ENCODER: ([usize; 4], [usize; 4]) = ([64, 128, 256, 512], [2, 2, 3, 3]);
/// "2–3 convolutions", "channels gradually decrease" (P1 §3.1), from the deepest stage up.
const DECODER: ([usize; 4], [usize; 4]) = ([512, 256, 128, 64], [3, 3, 2, 2]);

/// Numbers of a [`FgfeuNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FgfeuNetConfig {
    /// Multiplies the published channel numbers (64 … 512), 0 < width ≤ 4.
    pub width: f64,
    /// Probability between the encoder's convolutions; 0.07 in P1.
    pub encoder_dropout: f64,
    /// Probability between the decoder's convolutions; 0.1 in P1.
    pub decoder_dropout: f64,
}

impl Default for FgfeuNetConfig {
    fn default() -> Self {
        Self { width: 1.0, encoder_dropout: 0.07, decoder_dropout: 0.1 }
    }
}

/// U-shaped network on VGG16's first ten convolutions.
/// Source: P1 (Wang et al. 2025) §3.1.
/// Choices where P1 is silent: two 3×3 convolutions of 512 at H/16 between encoder and decoder; nearest-neighbour
/// up-sampling; no activation between the final 3×3 (three kernels) and the 1×1, since three ReLU units can die.
/// P1 starts from ImageNet's weights; here they are He-normal unless the arm names some.
#[derive(Module, Debug)]
pub struct FgfeuNet {
    encoder: VggEncoder,
    bottleneck: Stack,
    decoder: Vec<Stack>,
    dropout: Dropout,
    last: Conv2d,
    head: Conv2d,
    pool: MaxPool2d,
}

impl NetworkConfig for FgfeuNetConfig {
    type Network = FgfeuNet;
    const STRIDE: usize = 16;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)?;
        within("model.encoder_dropout", self.encoder_dropout, 0.0, 0.95)?;
        within("model.decoder_dropout", self.decoder_dropout, 0.0, 0.95)
    }

    fn features(&self) -> Option<usize> {
        Some(scaled(DECODER.0[3], self.width))
    }

    fn build(&self, device: &Device) -> FgfeuNet {
        let encoder = ENCODER.0.map(|c| scaled(c, self.width));
        let decoder = DECODER.0.map(|c| scaled(c, self.width));
        let deepest = encoder[3];
        let from_below = [deepest, decoder[0], decoder[1], decoder[2]];
        let stage = |i: usize| {
            let channels = [from_below[i] + encoder[3 - i], decoder[i]];
            Stack::new(channels, DECODER.1[i], Norm::None, self.decoder_dropout, device)
        };
        FgfeuNet {
            encoder: VggEncoder::new(&encoder, &ENCODER.1, Norm::None, self.encoder_dropout, device),
            bottleneck: Stack::new([deepest, deepest], 2, Norm::None, self.encoder_dropout, device),
            decoder: (0..4).map(stage).collect(),
            dropout: DropoutConfig::new(self.decoder_dropout).init(),
            last: conv3x3([decoder[3], 3], Norm::None, device),
            head: conv1x1([3, 1], device),
            pool: halve(),
        }
    }
}

impl Forward for FgfeuNet {
    fn forward(&self, images: Tensor<4>) -> Output {
        let mut skips = self.encoder.forward(images); // [B, 64·2ⁱ, H/2ⁱ, W/2ⁱ], i = 0 … 3
        let deepest = skips.last().expect("four stages").clone();
        let mut features = self.bottleneck.forward(pool(&self.pool, deepest)); // [B, 512, H/16, W/16]
        for stage in &self.decoder {
            let skip = skips.pop().expect("one skip per stage");
            let joined = join(vec![skip, double(features)]);
            features = stage.forward(drop_out(&self.dropout, joined));
        }
        let logits = convolve(&self.head, convolve(&self.last, features.clone()));
        Output::plain(logits).with_features(features)
    }
}
