//! VGG's convolutions.

use burn::module::Module;
use burn::nn::pool::MaxPool2d;
use burn::tensor::{Device, Tensor};

use super::Encoder;
use crate::model::block::{Norm, Stack, halve, pool};
use crate::model::scaled;

/// Channels of the five stages.
const WIDTHS: [usize; 5] = [64, 128, 256, 512, 512];

/// How many convolutions the five stages have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VggDepth {
    /// VGG16, configuration D: 2, 2, 3, 3, 3.
    Sixteen,
    /// VGG19, configuration E: 2, 2, 4, 4, 4.
    Nineteen,
}

impl VggDepth {
    /// Convolutions of each stage.
    pub fn stages(self) -> [usize; 5] {
        match self {
            Self::Sixteen => [2, 2, 3, 3, 3],
            Self::Nineteen => [2, 2, 4, 4, 4],
        }
    }
}

/// VGG's encoder: stacks of 3×3 convolutions with a 2×2 max-pool between them.
/// Source: Simonyan & Zisserman 2015, arXiv:1409.1556, Table 1; batch-norm as in torchvision's `vgg16_bn`.
#[derive(Module, Debug)]
pub struct VggEncoder {
    stages: Vec<Stack>,
    pool: MaxPool2d,
    #[module(skip)]
    widths: Vec<usize>,
}

impl VggEncoder {
    /// One stage per entry of `widths` with as many convolutions as `depths` says.
    pub fn new(widths: &[usize], depths: &[usize], norm: Norm, dropout: f64, device: &Device) -> Self {
        let inputs = std::iter::once(&3).chain(widths);
        let stages = inputs.zip(widths).zip(depths);
        let stages = stages.map(|((&i, &o), &depth)| Stack::new([i, o], depth, norm, dropout, device)).collect();
        Self { stages, pool: halve(), widths: widths.to_vec() }
    }

    /// All five stages of VGG16 or VGG19, without dropout.
    pub fn whole(depth: VggDepth, norm: Norm, width: f64, device: &Device) -> Self {
        Self::new(&WIDTHS.map(|channels| scaled(channels, width)), &depth.stages(), norm, 0.0, device)
    }

    /// Images `[B, 3, H, W]` to the features of each stage, `[B, widthᵢ, H/2ⁱ, W/2ⁱ]` for i = 0, 1, ….
    pub fn forward(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let mut levels: Vec<Tensor<4>> = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            let features = match levels.last() {
                Some(level) => pool(&self.pool, level.clone()),
                None => images.clone(),
            };
            levels.push(stage.forward(features));
        }
        levels
    }
}

/// The stages, and the last one pooled: level i at `H/2ⁱ`.
impl Encoder for VggEncoder {
    fn channels(&self) -> Vec<usize> {
        self.widths.iter().chain(self.widths.last()).copied().collect()
    }

    fn pyramid(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let mut levels = self.forward(images);
        levels.extend(levels.last().map(|level| pool(&self.pool, level.clone())));
        levels
    }
}
