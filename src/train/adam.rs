//! Adam and AdamW, with their scalars in double precision.

use burn::optim::{AdaptiveMomentumState, LearningRate, ModuleOptimizer, Optimizer};
use burn::tensor::{Device, Tensor};

use crate::native::{AdamStep, adam};

/// Adam (Kingma and Ba 2015, algorithm 1) with β 0.9 and 0.999 and ε 1e-8, as PyTorch's defaults.
///
/// With a weight decay it is AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2, with the learning rate as
/// the schedule's factor, as PyTorch's): on all weights, those of batch-norms and biases too, as PyTorch's default.
///
/// Ours differs: burn's computes `1 - β₂ᵗ` in single precision, which moves the first steps' size by up to 5e-5.
#[derive(Clone, Debug)]
pub struct Adam {
    betas: [f64; 2],
    epsilon: f64,
    weight_decay: f64,
}

impl Adam {
    /// For a whole network.
    pub fn for_network(weight_decay: f64) -> ModuleOptimizer {
        ModuleOptimizer::from(Self { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay })
    }

    /// For a network and its discriminator: β₁ 0.5. Source: Isola et al. 2017, arXiv:1611.07004, §3.3.
    pub fn for_adversaries(weight_decay: f64) -> ModuleOptimizer {
        ModuleOptimizer::from(Self { betas: [0.5, 0.999], epsilon: 1e-8, weight_decay })
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
        let tensor = match self.weight_decay > 0.0 {
            true => tensor.mul_scalar(1.0 - lr * self.weight_decay),
            false => tensor,
        };
        let [tensor, mean, square] = adam(step, [tensor, grad, state.moment_1, state.moment_2]);
        (tensor, Some(AdaptiveMomentumState::new(state.time + 1, mean, square)))
    }

    fn to_device<const D: usize>(state: AdaptiveMomentumState<D>, device: &Device) -> AdaptiveMomentumState<D> {
        state.to_device(device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, and torch.optim.AdamW: 2 · (1 − 0.1 · 0.5) − 0.1 = 1.8, and 1.8 · 0.95 − 0.1 = 1.61; without decay 1.9, 1.8.
    #[test]
    fn weights_decay_apart_from_the_step() {
        let device = Device::flex();
        for (weight_decay, expected) in [(0.5, [1.8, 1.61]), (0.0, [1.9, 1.8])] {
            let adam = Adam { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay };
            let (mut weight, mut state) = (Tensor::<1>::from_floats([2.0], &device), None);
            for expected in expected {
                (weight, state) = adam.step(0.1, weight, Tensor::<1>::from_floats([3.0], &device), state);
                let gap = (weight.clone().into_scalar::<f64>() - expected).abs();
                assert!(gap < 1e-6, "{weight_decay}: {gap}");
            }
        }
    }
}
