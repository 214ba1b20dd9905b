//! Distance of the probability from the truth.

use burn::tensor::{Tensor, activation};

use super::cross_entropy::towards;
use super::{Loss, Truth};

/// `|p − y|`, mean over all pixels: `1 − p_t`, of which the gradient is known everywhere.
/// Shapes: logits, target (0 or 1) `[B, 1, H, W]` → `[1]`. Source: Isola et al. 2017, arXiv:1611.07004, eq. 3.
pub struct L1;

impl Loss for L1 {
    fn forward(&self, logits: Tensor<4>, truth: &Truth) -> Tensor<1> {
        activation::sigmoid(-towards(logits, truth)).mean()
    }
}
