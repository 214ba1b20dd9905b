//! One step of Adam, by one pass over memory where the backend can.

use burn::tensor::Tensor;

/// Numbers of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// Learning rate.
    pub lr: f64,
    /// Of the moving means of the gradient and of its square.
    pub betas: [f64; 2],
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// Steps so far, this one included.
    pub time: u64,
}

impl AdamStep {
    /// `1 − βᵗ` of both moving means.
    pub(super) fn unbias(&self) -> [f64; 2] {
        self.betas.map(|beta| 1.0 - beta.powf(self.time as f64))
    }
}

/// Weight, mean and square after the step, from weight, gradient, mean and square. Shapes: all the same.
/// Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.
pub fn adam<const D: usize>(step: AdamStep, tensors: [Tensor<D>; 4]) -> [Tensor<D>; 3] {
    #[cfg(feature = "flex")]
    if super::flex::steps_natively(&tensors) {
        return super::flex::adam(step, tensors);
    }
    #[cfg(feature = "tch")]
    if super::torch::is_home(&tensors[0]) {
        return super::torch::adam(step, tensors);
    }
    composed(step, tensors)
}

/// Of burn's operations.
pub(super) fn composed<const D: usize>(step: AdamStep, tensors: [Tensor<D>; 4]) -> [Tensor<D>; 3] {
    let [weight, gradient, mean, square] = tensors;
    let moving = |old: Tensor<D>, new: Tensor<D>, beta: f64| old.mul_scalar(beta) + new.mul_scalar(1.0 - beta);
    let mean = moving(mean, gradient.clone(), step.betas[0]);
    let square = moving(square, gradient.square(), step.betas[1]);
    let [unbias_mean, unbias_square] = step.unbias();
    let scale = square.clone().sqrt().div_scalar(unbias_square.sqrt()).add_scalar(step.epsilon);
    let update = mean.clone().mul_scalar(step.lr / unbias_mean).div(scale);
    [weight - update, mean, square]
}
