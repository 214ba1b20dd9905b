//! Overlap with false alarms and misses weighed apart.

use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;
use serde::{Deserialize, Serialize};

use super::{Loss, Truth};
use crate::config::within;

/// `1 − (1 + TP) / (1 + TP + α FP + β FN)` of each image, mean over the batch; TP = Σ y·p, FP = Σ (1 − y)·p,
/// FN = Σ y·(1 − p).
/// Shapes: logits, target (0 or 1) `[B, 1, H, W]` → `[1]`, 0 to 1. An empty reference and a prediction of 0 give 0.
/// Source: P1 eq. 4–5, whose text adds 1 above and below; Salehi et al. 2017, arXiv:1706.05721.
/// Choice: `1 −`, which P1 omits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tversky {
    /// Weight of false positives, α ≥ 0.
    pub alpha: f64,
    /// Weight of false negatives, β ≥ 0.
    pub beta: f64,
}

impl Default for Tversky {
    /// Misses cost more than false alarms, as in Salehi et al. 2017.
    fn default() -> Self {
        Self { alpha: 0.3, beta: 0.7 }
    }
}

impl Tversky {
    /// What is wrong with the numbers, if anything.
    pub fn check(&self) -> Result<(), String> {
        within("loss.alpha", self.alpha, 0.0, 10.0)?;
        within("loss.beta", self.beta, 0.0, 10.0)?;
        match self.alpha + self.beta > 0.0 {
            true => Ok(()),
            false => Err("loss.alpha = loss.beta = 0: such a loss is 0 everywhere".to_owned()),
        }
    }
}

impl Loss for Tversky {
    fn forward(&self, logits: Tensor<4>, truth: &Truth) -> Tensor<1> {
        let probability: Tensor<2> = sigmoid(logits).flatten(1, 3);
        let target: Tensor<2> = truth.target.clone().flatten(1, 3);
        let hit = (probability.clone() * target.clone()).sum_dim(1);
        let false_alarm = probability.sum_dim(1) - hit.clone();
        let miss = target.sum_dim(1) - hit.clone();
        let hit = hit + 1.0;
        let index = hit.clone() / (hit + false_alarm * self.alpha + miss * self.beta);
        (-index + 1.0).mean()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Mask;
    use burn::tensor::Device;

    #[test]
    fn alpha_weighs_false_alarms_and_beta_misses() {
        // 4 of 16 pixels, p = ½ everywhere: TP = 2, FP = 6, FN = 2.
        let device = Device::flex();
        let truth = Truth::of(&[Mask::from_fn(4, 4, |_, y| y == 0)], &[], &device);
        let loss = Tversky { alpha: 0.2, beta: 0.8 }.forward(Tensor::zeros([1, 1, 4, 4], &device), &truth);
        assert!((loss.into_scalar::<f64>() - (1.0 - 3.0 / (3.0 + 1.2 + 1.6))).abs() < 1e-6);
    }

    #[test]
    fn two_zero_weights_are_refused() {
        assert!(Tversky { alpha: 0.0, beta: 0.0 }.check().is_err());
    }
}
