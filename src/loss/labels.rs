//! Losses of labels: each answer is judged by itself, so that it may be of a pixel or of a whole image.

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;
use serde::{Deserialize, Serialize};

use super::{Loss, Truth};
use crate::config::within;

/// `−[w·y ln p + (1 − y) ln(1 − p)]`, mean over all answers; `w` is the weight of a positive.
/// Shapes: logits, target (0 or 1) `[B, 1, H, W]` → `[1]`. As PyTorch's `BCEWithLogitsLoss(pos_weight=w)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WeightedLabels {
    /// w, 0.001 to 1000; negatives weigh 1. For classes of equal weight: negatives / positives.
    pub positive: f64,
}

impl Default for WeightedLabels {
    fn default() -> Self {
        Self { positive: 2.0 }
    }
}

impl WeightedLabels {
    /// What is wrong with the number, if anything.
    pub fn check(&self) -> Result<(), String> {
        within("loss.positive", self.positive, 1e-3, 1e3)
    }
}

impl Loss for WeightedLabels {
    fn forward(&self, logits: Tensor<4>, truth: &Truth) -> Tensor<1> {
        let target = truth.target.clone();
        let positive = log_sigmoid(logits.clone()) * target.clone() * self.positive;
        let negative = log_sigmoid(-logits) * (-target + 1.0);
        -(positive + negative).mean()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    #[test]
    fn a_positive_weighs_what_it_is_told_to() {
        let row = |values: [f32; 2]| Tensor::from_data(TensorData::new(values.to_vec(), [2, 1, 1, 1]), &Device::flex());
        let truth = Truth::new(row([1.0, 0.0]), row([0.0, 0.0]));
        let loss = WeightedLabels { positive: 3.0 }.forward(row([0.0, 0.0]), &truth).into_scalar::<f32>();
        // ln 2 for each, the positive three times, over two answers
        assert!((loss - 2.0 * std::f32::consts::LN_2).abs() < 1e-6, "{loss}");
    }
}
