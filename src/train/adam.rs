//! Adam, with its scalars in double precision.

use burn::optim::{AdaptiveMomentumState, LearningRate, ModuleOptimizer, Optimizer};
use burn::tensor::{Device, Tensor};

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
        let time = state.time + 1;
        let moving = |old: Tensor<D>, new: Tensor<D>, beta: f64| old.mul_scalar(beta) + new.mul_scalar(1.0 - beta);
        let mean = moving(state.moment_1, grad.clone(), self.betas[0]);
        let square = moving(state.moment_2, grad.square(), self.betas[1]);
        let [unbias_mean, unbias_square] = self.betas.map(|beta| 1.0 - beta.powf(time as f64));
        let scale = square.clone().sqrt().div_scalar(unbias_square.sqrt()).add_scalar(self.epsilon);
        let update = mean.clone().mul_scalar(lr / unbias_mean).div(scale);
        (tensor - update, Some(AdaptiveMomentumState::new(time, mean, square)))
    }

    fn to_device<const D: usize>(state: AdaptiveMomentumState<D>, device: &Device) -> AdaptiveMomentumState<D> {
        state.to_device(device)
    }
}
