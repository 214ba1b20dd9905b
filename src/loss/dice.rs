//! Overlap of the whole mask.

use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

use super::{Loss, Truth};

/// `1 − (2 Σyp + 1) / (Σy + Σp + 1)` of each image, mean over the batch.
/// Shapes: logits, target (0 or 1) `[B, 1, H, W]` → `[1]`. An empty reference and a prediction of 0 give 0.
/// Source: P1 eq. 2 with its text, which adds 1 above and below.
pub struct Dice;

impl Loss for Dice {
    fn forward(&self, logits: Tensor<4>, truth: &Truth) -> Tensor<1> {
        let probability: Tensor<2> = sigmoid(logits).flatten(1, 3);
        let target: Tensor<2> = truth.target.clone().flatten(1, 3);
        let overlap = (probability.clone() * target.clone()).sum_dim(1);
        let total = probability.sum_dim(1) + target.sum_dim(1);
        (-(overlap * 2.0 + 1.0) / (total + 1.0) + 1.0).mean()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Mask;
    use burn::tensor::Device;

    #[test]
    fn an_undecided_square_agrees_with_the_formula_by_hand() {
        // 4 of 16 pixels, p = ½ everywhere: Σyp = 2, Σy + Σp = 4 + 8.
        let device = Device::flex();
        let truth = Truth::of(&[Mask::from_fn(4, 4, |_, y| y == 0)], &[], &device);
        let loss = Dice.forward(Tensor::zeros([1, 1, 4, 4], &device), &truth).into_scalar::<f32>();
        assert!((loss - (1.0 - 5.0 / 13.0)).abs() < 1e-6, "{loss}");
    }
}
