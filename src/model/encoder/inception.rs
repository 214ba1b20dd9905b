//! Inception-v3's convolutions.

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};

use super::Encoder;
use crate::model::block::{ConvBlock, Norm, Window, average, gather, pool};
use crate::model::scaled;

/// Batch-norm's, as in TensorFlow.
const EPSILON: f64 = 1e-3;

/// A convolution: torchvision's name, channels, window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit(pub &'static str, usize, Window);

const fn unit(name: &'static str, channels: usize, kernel: [usize; 2]) -> Unit {
    Unit(name, channels, Window::same(kernel))
}

/// Stride 2, no padding.
const fn halving(name: &'static str, channels: usize) -> Unit {
    Unit(name, channels, Window::padded([3, 3], 0).every(2))
}

/// Convolutions one after the other; then those of the fork side by side, joined.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    pub chain: &'static [Unit],
    pub fork: &'static [Unit],
}

const fn chain(chain: &'static [Unit]) -> Path {
    Path { chain, fork: &[] }
}

/// A module: torchvision's name, its paths, and the channels of the 1×1 convolution after a 3×3 mean; without one, a
/// 3×3 max-pool of stride 2.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mixed {
    pub name: &'static str,
    pub paths: &'static [Path],
    pooled: Option<usize>,
}

/// torchvision's name of the convolution after the mean.
pub(super) const POOLED: &str = "branch_pool";

/// Before the modules; a max-pool of stride 2 after the third and the last.
pub(super) const STEM: [Unit; 5] = [
    halving("Conv2d_1a_3x3", 32),
    Unit("Conv2d_2a_3x3", 32, Window::padded([3, 3], 0)),
    unit("Conv2d_2b_3x3", 64, [3, 3]),
    unit("Conv2d_3b_1x1", 80, [1, 1]),
    Unit("Conv2d_4a_3x3", 192, Window::padded([3, 3], 0)),
];

/// Figure 5 of the paper.
const A: &[Path] = &[
    chain(&[unit("branch1x1", 64, [1, 1])]),
    chain(&[unit("branch5x5_1", 48, [1, 1]), unit("branch5x5_2", 64, [5, 5])]),
    chain(&[
        unit("branch3x3dbl_1", 64, [1, 1]),
        unit("branch3x3dbl_2", 96, [3, 3]),
        unit("branch3x3dbl_3", 96, [3, 3]),
    ]),
];

/// Figure 10.
const B: &[Path] = &[
    chain(&[halving("branch3x3", 384)]),
    chain(&[unit("branch3x3dbl_1", 64, [1, 1]), unit("branch3x3dbl_2", 96, [3, 3]), halving("branch3x3dbl_3", 96)]),
];

/// Figure 6 with n = 7; the narrow convolutions have `$narrow` channels.
macro_rules! figure_6 {
    ($narrow:literal) => {
        &[
            chain(&[unit("branch1x1", 192, [1, 1])]),
            chain(&[
                unit("branch7x7_1", $narrow, [1, 1]),
                unit("branch7x7_2", $narrow, [1, 7]),
                unit("branch7x7_3", 192, [7, 1]),
            ]),
            chain(&[
                unit("branch7x7dbl_1", $narrow, [1, 1]),
                unit("branch7x7dbl_2", $narrow, [7, 1]),
                unit("branch7x7dbl_3", $narrow, [1, 7]),
                unit("branch7x7dbl_4", $narrow, [7, 1]),
                unit("branch7x7dbl_5", 192, [1, 7]),
            ]),
        ]
    };
}

/// As figure 10, with 1×7 and 7×1.
const D: &[Path] = &[
    chain(&[unit("branch3x3_1", 192, [1, 1]), halving("branch3x3_2", 320)]),
    chain(&[
        unit("branch7x7x3_1", 192, [1, 1]),
        unit("branch7x7x3_2", 192, [1, 7]),
        unit("branch7x7x3_3", 192, [7, 1]),
        halving("branch7x7x3_4", 192),
    ]),
];

/// Figure 7.
const E: &[Path] = &[
    chain(&[unit("branch1x1", 320, [1, 1])]),
    Path {
        chain: &[unit("branch3x3_1", 384, [1, 1])],
        fork: &[unit("branch3x3_2a", 384, [1, 3]), unit("branch3x3_2b", 384, [3, 1])],
    },
    Path {
        chain: &[unit("branch3x3dbl_1", 448, [1, 1]), unit("branch3x3dbl_2", 384, [3, 3])],
        fork: &[unit("branch3x3dbl_3a", 384, [1, 3]), unit("branch3x3dbl_3b", 384, [3, 1])],
    },
];

/// The modules in order.
pub(super) const MIXED: [Mixed; 11] = [
    Mixed { name: "Mixed_5b", paths: A, pooled: Some(32) },
    Mixed { name: "Mixed_5c", paths: A, pooled: Some(64) },
    Mixed { name: "Mixed_5d", paths: A, pooled: Some(64) },
    Mixed { name: "Mixed_6a", paths: B, pooled: None },
    Mixed { name: "Mixed_6b", paths: figure_6!(128), pooled: Some(192) },
    Mixed { name: "Mixed_6c", paths: figure_6!(160), pooled: Some(192) },
    Mixed { name: "Mixed_6d", paths: figure_6!(160), pooled: Some(192) },
    Mixed { name: "Mixed_6e", paths: figure_6!(192), pooled: Some(192) },
    Mixed { name: "Mixed_7a", paths: D, pooled: None },
    Mixed { name: "Mixed_7b", paths: E, pooled: Some(192) },
    Mixed { name: "Mixed_7c", paths: E, pooled: Some(192) },
];

/// One way through a module.
#[derive(Module, Debug)]
pub struct Branch {
    chain: Vec<ConvBlock>,
    fork: Vec<ConvBlock>,
}

impl Branch {
    /// And the channels that come out.
    fn new(path: &Path, inputs: usize, width: f64, device: &Device) -> (Self, usize) {
        let mut channels = inputs;
        let chain = path.chain.iter().map(|unit| {
            let block = convolution(unit, channels, width, device);
            channels = scaled(unit.1, width);
            block
        });
        let chain = chain.collect();
        let fork = path.fork.iter().map(|unit| convolution(unit, channels, width, device)).collect();
        let forked: usize = path.fork.iter().map(|unit| scaled(unit.1, width)).sum();
        (Self { chain, fork }, if path.fork.is_empty() { channels } else { forked })
    }

    fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        let features = self.chain.iter().fold(features, |features, block| block.forward(features));
        match self.fork.is_empty() {
            true => features,
            false => gather(self.fork.iter().map(|block| block.forward(features.clone())).collect()),
        }
    }
}

/// Several ways through, joined.
#[derive(Module, Debug)]
pub struct InceptionModule {
    branches: Vec<Branch>,
    pooled: Option<ConvBlock>,
    mean: AvgPool2d,
    max: MaxPool2d,
}

impl InceptionModule {
    /// And the channels that come out.
    fn new(mixed: &Mixed, inputs: usize, width: f64, device: &Device) -> (Self, usize) {
        let branches = mixed.paths.iter().map(|path| Branch::new(path, inputs, width, device));
        let (branches, channels): (Vec<Branch>, Vec<usize>) = branches.unzip();
        let pooled = mixed.pooled.map(|channels| unit(POOLED, channels, [1, 1]));
        let from_pool = pooled.map_or(inputs, |unit| scaled(unit.1, width));
        let module = Self {
            branches,
            pooled: pooled.map(|unit| convolution(&unit, inputs, width, device)),
            mean: AvgPool2dConfig::new([3, 3])
                .with_strides([1, 1])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            max: shrink(),
        };
        (module, channels.iter().sum::<usize>() + from_pool)
    }

    fn forward(&self, features: Tensor<4>) -> Tensor<4> {
        let mut joined: Vec<Tensor<4>> = self.branches.iter().map(|branch| branch.forward(features.clone())).collect();
        joined.push(match &self.pooled {
            Some(block) => block.forward(average(&self.mean, features)),
            None => pool(&self.max, features),
        });
        gather(joined)
    }
}

/// Inception-v3 up to its last feature map, without the auxiliary classifier.
/// Source: Szegedy et al. 2016, arXiv:1512.00567, Table 1, as in torchvision (the mean counts the zeros around the map).
#[derive(Module, Debug)]
pub struct InceptionEncoder {
    stem: Vec<ConvBlock>,
    mixed: Vec<InceptionModule>,
    pool: MaxPool2d,
    #[module(skip)]
    channels: Vec<usize>,
}

impl InceptionEncoder {
    /// The smallest image side that leaves a pixel.
    pub const MIN_PX: usize = 75;

    /// All modules.
    pub fn new(width: f64, device: &Device) -> Self {
        let mut inputs = 3;
        let stem = STEM.iter().map(|unit| {
            let block = convolution(unit, inputs, width, device);
            inputs = scaled(unit.1, width);
            block
        });
        let stem = stem.collect();
        let mut channels = vec![scaled(STEM[2].1, width), inputs];
        let mut modules = Vec::with_capacity(MIXED.len());
        for mixed in &MIXED {
            if mixed.pooled.is_none() {
                channels.push(inputs);
            }
            let (module, outputs) = InceptionModule::new(mixed, inputs, width, device);
            modules.push(module);
            inputs = outputs;
        }
        channels.push(inputs);
        Self { stem, mixed: modules, pool: shrink(), channels }
    }
}

/// Levels at about `H/2`, `H/4`, `H/8`, `H/16` and `H/32`; of 299 px 147, 71, 35, 17 and 8.
impl Encoder for InceptionEncoder {
    fn channels(&self) -> Vec<usize> {
        self.channels.clone()
    }

    fn pyramid(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let through = |blocks: &[ConvBlock], features| blocks.iter().fold(features, |f, block| block.forward(f));
        let first = through(&self.stem[..3], images);
        let second = through(&self.stem[3..], pool(&self.pool, first.clone()));
        let mut features = pool(&self.pool, second.clone());
        let mut levels = vec![first, second];
        for module in &self.mixed {
            if module.pooled.is_none() {
                levels.push(features.clone());
            }
            features = module.forward(features);
        }
        levels.push(features);
        levels
    }
}

fn convolution(unit: &Unit, inputs: usize, width: f64, device: &Device) -> ConvBlock {
    let channels = [inputs, scaled(unit.1, width)];
    ConvBlock::over(unit.2, channels, Norm::Batch, device).with_epsilon(EPSILON)
}

/// 3×3 max-pool of stride 2.
fn shrink() -> MaxPool2d {
    MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).init()
}
