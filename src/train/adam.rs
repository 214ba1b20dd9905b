//! Adam, with its scalars in double precision.

use burn::optim::{AdaptiveMomentumState, LearningRate, ModuleOptimizer, Optimizer};
use burn::tensor::{Device, Tensor};

use crate::native::{AdamStep, adam};

/// Adam (Kingma and Ba 2015, algorithm 1) with β 0.9 and 0.999 and ε 1e-8, as PyTorch's defaults.
///
/// Ours differs: burn's computes `1 - β₂ᵗ` in single precision, which moves the first steps' size by up to 5e-5.
#[derive(Clone, Debug)]
pub struct Adam {
    betas: [f64; 2],
    epsilon: f64,
}

impl Adam {
    /// For a whole network.
    pub fn for_network() -> ModuleOptimizer {
        ModuleOptimizer::from(Self { betas: [0.9, 0.999], epsilon: 1e-8 })
    }

    /// For a network and its discriminator: β₁ 0.5. Source: Isola et al. 2017, arXiv:1611.07004, §3.3.
    pub fn for_adversaries() -> ModuleOptimizer {
        ModuleOptimizer::from(Self { betas: [0.5, 0.999], epsilon: 1e-8 })
    }
}

impl Optimizer for Adam {
    // burn's derive for a state of one's own works inside burn alone
    type State<const D: usize> = AdaptiveMomentumState<D>;

    fn step<const D: usize>(
        &self,
        lr: LearningRate,
        tensor: Tensor<D>,
        grad: Tensor<D>,
        state: Option<AdaptiveMomentumState<D>>,
    ) -> (Tensor<D>, Option<AdaptiveMomentumState<D>>) {
        let zeros = || AdaptiveMomentumState::new(0, grad.zeros_like(), grad.zeros_like());
        let state = state.unwrap_or_else(zeros);
        let step = AdamStep { lr, betas: self.betas, epsilon: self.epsilon, time: (state.time + 1) as u64 };
        let [tensor, mean, square] = adam(step, [tensor, grad, state.moment_1, state.moment_2]);
        (tensor, Some(AdaptiveMomentumState::new(state.time + 1, mean, square)))
    }

    fn to_device<const D: usize>(state: AdaptiveMomentumState<D>, device: &Device) -> AdaptiveMomentumState<D> {
        state.to_device(device)
    }
}
