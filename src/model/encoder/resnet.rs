//! ResNet-50's convolutions.

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};

use super::Encoder;
use crate::model::block::{ConvBlock, Norm, Window, pool, relu};
use crate::model::scaled;

/// Channels of the stem, and of the narrow convolutions of the first stage; each further stage has twice as many.
const BASE: usize = 64;
/// A stage's output has this many times the channels of its narrow convolutions.
const EXPANSION: usize = 4;
/// Bottlenecks of the four stages.
const DEPTHS: [usize; 4] = [3, 4, 6, 3];

/// 1×1 down, 3×3, 1×1 up, added to what came in: `[B, in, H, W]` → `[B, out, H/stride, W/stride]`.
#[derive(Module, Debug)]
pub struct Bottleneck {
    reduce: ConvBlock,
    convolve: ConvBlock,
    expand: ConvBlock,
    /// Where size or channels change.
    shortcut: Option<ConvBlock>,
}

impl Bottleneck {
    /// Choice, as torchvision's: the 3×3 convolution has the stride.
    fn new([inputs, narrow, outputs]: [usize; 3], stride: usize, device: &Device) -> Self {
        let block = |window, channels| ConvBlock::over(window, channels, Norm::Batch, device);
        let one = Window::same([1, 1]);
        Self {
            reduce: block(one, [inputs, narrow]),
            convolve: block(Window::same([3, 3]).every(stride), [narrow, narrow]),
            expand: block(one, [narrow, outputs]),
            shortcut: (inputs != outputs || stride > 1).then(|| block(one.every(stride), [inputs, outputs])),
        }
    }

    fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        let kept = match &self.shortcut {
            Some(shortcut) => shortcut.before_relu(features.clone()),
            None => features.clone(),
        };
        let narrow = self.convolve.forward(self.reduce.forward(features));
        relu(self.expand.before_relu(narrow) + kept)
    }
}

/// 7×7 convolution and 3×3 max-pool of stride 2 each, then four stages of bottlenecks.
/// Source: He et al. 2016, arXiv:1512.03385, Table 1 (50-layer).
#[derive(Module, Debug)]
pub struct ResNetEncoder {
    stem: ConvBlock,
    stages: Vec<Vec<Bottleneck>>,
    pool: MaxPool2d,
    #[module(skip)]
    channels: Vec<usize>,
}

impl ResNetEncoder {
    /// ResNet-50.
    pub fn new(width: f64, device: &Device) -> Self {
        let narrow = |stage: usize| scaled(BASE << stage, width);
        let wide = |stage: usize| scaled((BASE * EXPANSION) << stage, width);
        let bottleneck = |stage: usize, index: usize| {
            let inputs = match (stage, index) {
                (0, 0) => scaled(BASE, width),
                (_, 0) => wide(stage - 1),
                _ => wide(stage),
            };
            let stride = if stage > 0 && index == 0 { 2 } else { 1 };
            Bottleneck::new([inputs, narrow(stage), wide(stage)], stride, device)
        };
        let stage = |stage: usize| (0..DEPTHS[stage]).map(|index| bottleneck(stage, index)).collect();
        let stem = ConvBlock::over(Window::same([7, 7]).every(2), [3, scaled(BASE, width)], Norm::Batch, device);
        let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
        Self {
            stem,
            stages: (0..DEPTHS.len()).map(stage).collect(),
            pool: MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_padding(padding).init(),
            channels: std::iter::once(scaled(BASE, width)).chain((0..DEPTHS.len()).map(wide)).collect(),
        }
    }
}

/// The stem at `H/2`, the stages at `H/4`, `H/8`, `H/16` and `H/32`.
impl Encoder for ResNetEncoder {
    fn channels(&self) -> Vec<usize> {
        self.channels.clone()
    }

    fn pyramid(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let stem = self.stem.forward(images);
        let mut features = pool(&self.pool, stem.clone());
        let mut levels = vec![stem];
        for stage in &self.stages {
            features = stage.iter().fold(features, |features, bottleneck| bottleneck.forward(features));
            levels.push(features.clone());
        }
        levels
    }
}
