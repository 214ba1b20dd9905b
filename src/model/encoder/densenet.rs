//! DenseNet-121's convolutions.

use burn::module::Module;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use super::Encoder;
use crate::model::block::{ConvBlock, Norm, PreActivation, Window, average, gather, normalise, pool, relu};
use crate::model::scaled;

/// Channels of the stem.
const STEM: usize = 64;
/// Channels that a layer adds.
const GROWTH: usize = 32;
/// A layer's 1×1 convolution gives this many times the growth.
const BOTTLENECK: usize = 4;
/// Layers of the four blocks.
const DEPTHS: [usize; 4] = [6, 12, 24, 16];

/// 1×1 then 3×3 convolution, joined to what came in: `[B, in, H, W]` → `[B, in + growth, H, W]`.
#[derive(Module, Debug)]
pub struct DenseLayer {
    bottleneck: PreActivation,
    grow: PreActivation,
}

impl DenseLayer {
    fn new(inputs: usize, growth: usize, device: &Device) -> Self {
        let narrow = BOTTLENECK * growth;
        Self {
            bottleneck: PreActivation::over(Window::same([1, 1]), [inputs, narrow], device),
            grow: PreActivation::over(Window::same([3, 3]), [narrow, growth], device),
        }
    }

    fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        let grown = self.grow.forward(self.bottleneck.forward(features.clone()));
        gather(vec![features, grown])
    }
}

/// 7×7 convolution and 3×3 max-pool of stride 2 each, then four dense blocks with halvings of size and channels between.
/// Source: Huang et al. 2017, arXiv:1608.06993, Table 1 (DenseNet-121, growth 32, compression ½).
#[derive(Module, Debug)]
pub struct DenseNetEncoder {
    stem: ConvBlock,
    blocks: Vec<Vec<DenseLayer>>,
    transitions: Vec<PreActivation>,
    norm: BatchNorm,
    pool: MaxPool2d,
    halve: AvgPool2d,
    #[module(skip)]
    channels: Vec<usize>,
}

impl DenseNetEncoder {
    /// DenseNet-121.
    pub fn new(width: f64, device: &Device) -> Self {
        let growth = scaled(GROWTH, width);
        let mut channels = vec![scaled(STEM, width)];
        let stem = ConvBlock::over(Window::same([7, 7]).every(2), [3, channels[0]], Norm::Batch, device);
        let (mut blocks, mut transitions, mut inputs) = (Vec::new(), Vec::new(), channels[0]);
        for (index, depth) in DEPTHS.into_iter().enumerate() {
            blocks.push((0..depth).map(|i| DenseLayer::new(inputs + i * growth, growth, device)).collect());
            let outputs = inputs + depth * growth;
            channels.push(outputs);
            inputs = outputs / 2;
            if index + 1 < DEPTHS.len() {
                transitions.push(PreActivation::over(Window::same([1, 1]), [outputs, inputs], device));
            }
        }
        let norm = BatchNormConfig::new(channels[DEPTHS.len()]).init(device);
        let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
        let pool = MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_padding(padding).init();
        let halve = AvgPool2dConfig::new([2, 2]).with_strides([2, 2]).init();
        Self { stem, blocks, transitions, norm, pool, halve, channels }
    }
}

/// The stem at `H/2`, the blocks at `H/4`, `H/8`, `H/16` and `H/32`, the last one after batch-norm and ReLU.
impl Encoder for DenseNetEncoder {
    fn channels(&self) -> Vec<usize> {
        self.channels.clone()
    }

    fn pyramid(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let stem = self.stem.forward(images);
        let mut features = pool(&self.pool, stem.clone());
        let mut levels = vec![stem];
        for (index, block) in self.blocks.iter().enumerate() {
            features = block.iter().fold(features, |features, layer| layer.forward(features));
            if let Some(transition) = self.transitions.get(index) {
                levels.push(features.clone());
                features = average(&self.halve, transition.forward(features));
            }
        }
        levels.push(relu(normalise(&self.norm, features)));
        levels
    }
}
