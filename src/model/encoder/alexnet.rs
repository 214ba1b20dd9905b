//! AlexNet's convolutions.

use burn::module::Module;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};

use super::Encoder;
use crate::model::block::{ConvBlock, Norm, Window, pool};
use crate::model::scaled;

/// Channels of the five convolutions.
const WIDTHS: [usize; 5] = [64, 192, 384, 256, 256];

/// Five convolutions, 11×11 of stride 4 first; 3×3 max-pools of stride 2 after the first, second and last.
/// Source: Krizhevsky 2014, arXiv:1404.5997, as in torchvision.
#[derive(Module, Debug)]
pub struct AlexNetEncoder {
    convs: Vec<ConvBlock>,
    pool: MaxPool2d,
    #[module(skip)]
    widths: Vec<usize>,
}

impl AlexNetEncoder {
    /// The smallest image side that leaves a pixel.
    pub const MIN_PX: usize = 63;

    /// Five convolutions with bias.
    pub fn new(width: f64, device: &Device) -> Self {
        let widths: Vec<usize> = WIDTHS.iter().map(|&channels| scaled(channels, width)).collect();
        let window = |index: usize| match index {
            0 => Window::padded([11, 11], 2).every(4),
            1 => Window::same([5, 5]),
            _ => Window::same([3, 3]),
        };
        let inputs = std::iter::once(&3).chain(&widths);
        let convs = inputs.zip(&widths).enumerate();
        let convs = convs.map(|(i, (&from, &to))| ConvBlock::over(window(i), [from, to], Norm::None, device)).collect();
        Self { convs, pool: MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).init(), widths }
    }
}

/// Levels at about `H/4`, `H/8`, `H/16` and `H/32`: sides s₀ = ⌊(H − 7)/4⌋ + 1, then sᵢ₊₁ = ⌊(sᵢ − 3)/2⌋ + 1.
impl Encoder for AlexNetEncoder {
    fn channels(&self) -> Vec<usize> {
        [0, 1, 4, 4].map(|index| self.widths[index]).to_vec()
    }

    fn pyramid(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let first = self.convs[0].forward(images);
        let second = self.convs[1].forward(pool(&self.pool, first.clone()));
        let halved = pool(&self.pool, second.clone());
        let last = self.convs[2..].iter().fold(halved, |features, conv| conv.forward(features));
        let pooled = pool(&self.pool, last.clone());
        vec![first, second, last, pooled]
    }
}
