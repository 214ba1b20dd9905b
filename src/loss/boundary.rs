//! Distance-weighted mass of the prediction.

use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

use super::{Loss, ReferenceMap, Truth};

/// `mean φ(x)·p(x)` over all pixels, φ the signed distance to the reference's boundary in pixels, negative inside.
/// Negative for a good prediction. Shapes: logits, distance `[B, 1, H, W]` → `[1]`. An image without a boundary
/// contributes 0. Source: P2 eq. 8–9; Kervadec et al. 2019, arXiv:1812.07032, eq. 6.
pub struct Boundary;

impl Loss for Boundary {
    fn forward(&self, logits: Tensor<4>, truth: &Truth) -> Tensor<1> {
        (sigmoid(logits) * truth.map(ReferenceMap::Distance)).mean()
    }
}
