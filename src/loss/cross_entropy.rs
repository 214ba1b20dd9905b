//! Cross-entropies of single pixels.

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;

use super::{Loss, Truth};

/// Binary cross-entropy `−[y ln p + (1 − y) ln(1 − p)]`, mean over all pixels.
/// Shapes: logits, target (0 or 1) `[B, 1, H, W]` → `[1]`. Source: P1 eq. 1.
pub struct Bce;

impl Loss for Bce {
    fn forward(&self, logits: Tensor<4>, truth: &Truth) -> Tensor<1> {
        -log_sigmoid(towards(logits, truth)).mean()
    }
}

/// `−(1 − p_t)^γ ln p_t`, mean over all pixels; `p_t` is the probability of the true class.
/// Shapes: logits, target (0 or 1) `[B, 1, H, W]` → `[1]`. Source: P2 eq. 1; Lin et al. 2017, arXiv:1708.02002.
pub struct Focal {
    /// γ ≥ 0.
    pub gamma: f64,
}

impl Loss for Focal {
    fn forward(&self, logits: Tensor<4>, truth: &Truth) -> Tensor<1> {
        let z = towards(logits, truth);
        // (1 − p_t)^γ in log space: a power has a NaN gradient at 0 for γ < 1.
        let weight = (log_sigmoid(-z.clone()) * self.gamma).exp();
        -(weight * log_sigmoid(z)).mean()
    }
}

/// Logits of the true class: `σ(z) = p_t`.
pub(super) fn towards(logits: Tensor<4>, truth: &Truth) -> Tensor<4> {
    logits * (truth.target.clone() * 2.0 - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn pixel(loss: &dyn Loss, logit: f32, target: f32) -> f64 {
        let of = |value: f32| Tensor::<4>::full([1, 1, 1, 1], value, &Device::flex());
        let truth = Truth::new(of(target), of(0.0));
        f64::from(loss.forward(of(logit), &truth).into_scalar::<f32>())
    }

    #[test]
    fn bce_of_an_undecided_pixel_is_ln_2() {
        assert!((pixel(&Bce, 0.0, 1.0) - 2f64.ln()).abs() < 1e-7);
    }

    #[test]
    fn bce_of_a_wrong_logit_of_200_is_200() {
        assert!((pixel(&Bce, 200.0, 0.0) - 200.0).abs() < 1e-4);
    }

    #[test]
    fn focal_of_an_undecided_pixel_is_a_quarter_of_ln_2() {
        assert!((pixel(&Focal { gamma: 2.0 }, 0.0, 0.0) - 2f64.ln() / 4.0).abs() < 1e-7);
    }
}
