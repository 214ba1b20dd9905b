//! The boundary-attention network (P2's own).

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

use super::block::{Norm, Stack, conv1x1, convolve, double, join};
use super::encoder::VggEncoder;
use super::{Forward, NetworkConfig, Output, scaled};
use crate::config::within;

/// VGG16: channels and convolutions of the five stages.
const ENCODER: ([usize; 5], [usize; 5]) = ([64, 128, 256, 512, 512], [2, 2, 3, 3, 3]);

/// Numbers of a [`BoundaryAttention`] network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BoundaryAttentionConfig {
    /// Multiplies VGG16's channel numbers, 0 < width ≤ 4.
    pub width: f64,
    /// Layer that holds the boundary attention module: 2, or 1 for the ablation of P2 Fig. 3.
    pub attention_layer: usize,
}

impl Default for BoundaryAttentionConfig {
    fn default() -> Self {
        Self { width: 1.0, attention_layer: 2 }
    }
}

/// Finds the tumour's edge and lets it re-weight the features: `features · (1 + σ(edge))`.
/// Choice: P2 draws no detail.
#[derive(Module, Debug)]
pub struct BoundaryAttentionModule {
    join: Stack,
    edge: Conv2d,
}

impl BoundaryAttentionModule {
    fn new(channels: [usize; 2], device: &Device) -> Self {
        Self { join: Stack::new(channels, 2, Norm::Batch, 0.0, device), edge: conv1x1([channels[1], 1], device) }
    }

    /// Joined features `[B, in, h, w]` to re-weighted ones `[B, out, h, w]` and edge logits `[B, 1, h, w]`.
    fn forward(&self, joined: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let features = self.join.forward(joined);
        let edge = convolve(&self.edge, features.clone());
        let attention = activation::sigmoid(edge.clone()) + 1.0;
        (features * attention, edge)
    }
}

/// Encoder–decoder of five layers; layer i works at `H/2^(i−1)`. Layer 1 segments, layer 2 (or 1) holds the boundary
/// attention, layers 3, 4, 5 are deeply supervised.
/// Source: P2 (Yin et al. 2023) Fig. 2, eq. 3. Choices: VGG16 with batch-norm as encoder; decoder of two 3×3
/// convolutions a layer after nearest-neighbour up-sampling.
#[derive(Module, Debug)]
pub struct BoundaryAttention {
    encoder: VggEncoder,
    plain: Vec<Stack>,
    attention: BoundaryAttentionModule,
    side: Vec<Conv2d>,
    head: Conv2d,
    attention_layer: usize,
}

impl NetworkConfig for BoundaryAttentionConfig {
    type Network = BoundaryAttention;
    const STRIDE: usize = 16;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)?;
        match self.attention_layer {
            1 | 2 => Ok(()),
            other => Err(format!("model.attention_layer = {other}: expected 1 or 2")),
        }
    }

    fn features(&self) -> Option<usize> {
        Some(scaled(ENCODER.0[0], self.width))
    }

    fn build(&self, device: &Device) -> BoundaryAttention {
        let widths = ENCODER.0.map(|c| scaled(c, self.width));
        // Layer i joins its own encoder features with those of layer i + 1.
        let channels = |layer: usize| [widths[layer - 1] + widths[layer], widths[layer - 1]];
        let plain = [4, 3, 2, 1].into_iter().filter(|&layer| layer != self.attention_layer);
        BoundaryAttention {
            encoder: VggEncoder::new(&widths, &ENCODER.1, Norm::Batch, 0.0, device),
            plain: plain.map(|layer| Stack::new(channels(layer), 2, Norm::Batch, 0.0, device)).collect(),
            attention: BoundaryAttentionModule::new(channels(self.attention_layer), device),
            side: [5, 4, 3].into_iter().map(|layer: usize| conv1x1([widths[layer - 1], 1], device)).collect(),
            head: conv1x1([widths[0], 1], device),
            attention_layer: self.attention_layer,
        }
    }
}

impl Forward for BoundaryAttention {
    fn forward(&self, images: Tensor<4>) -> Output {
        let mut levels = self.encoder.forward(images);
        let mut features = levels.pop().expect("five stages"); // layer 5: [B, 512, H/16, W/16]
        let mut side = vec![convolve(&self.side[0], features.clone())];
        let mut edge = None;
        let mut plain = self.plain.iter();
        for layer in [4, 3, 2, 1] {
            let skip = levels.pop().expect("one level per layer");
            let joined = join(vec![skip, double(features)]);
            if layer == self.attention_layer {
                let (attended, edge_logits) = self.attention.forward(joined);
                (features, edge) = (attended, Some(edge_logits));
            } else {
                features = plain.next().expect("a stack per layer without attention").forward(joined);
            }
            if layer >= 3 {
                side.push(convolve(&self.side[5 - layer], features.clone()));
            }
        }
        let logits = convolve(&self.head, features.clone());
        Output { side, edge, ..Output::plain(logits).with_features(features) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(attention_layer: usize) -> Output {
        let device = Device::flex();
        let config = BoundaryAttentionConfig { width: 0.0625, attention_layer };
        config.build(&device).forward(Tensor::ones([1, 3, 32, 32], &device))
    }

    #[test]
    fn layers_5_4_3_are_supervised_at_their_own_size() {
        let sizes: Vec<usize> = output(2).side.iter().map(|s| s.dims()[2]).collect();
        assert_eq!(sizes, [2, 4, 8]);
    }

    #[test]
    fn the_edge_map_has_the_size_of_its_layer() {
        assert_eq!(output(2).edge.expect("an edge map").dims(), [1, 1, 16, 16]);
        assert_eq!(output(1).edge.expect("an edge map").dims(), [1, 1, 32, 32]);
    }
}
