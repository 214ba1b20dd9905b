//! How far the predicted shape is from a disc.

use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

use super::{Loss, Truth};

/// o of P2 eq. 12, without which a flat prediction has no gradient.
const STABILITY: f64 = 1e-8;

/// `P² / (4π(A + 1))` of each image with `P = Σ √((∂u p)² + (∂v p)² + o)` and `A = Σ p`, mean over the batch; the
/// reference is not read. A disc has about 1, anything else of its area more.
/// Shapes: logits `[B, 1, H, W]` → `[1]`. A prediction of 0 gives `o·(H·W)²/4π`.
/// Source: P2 eq. 12; Liu et al. 2020, arXiv:2007.02035. Choices: forward differences, 0 in the last column and row, so
/// that the image's frame is no contour; o = 1e-8 as in their code.
/// Ours differs: 1 px is added to the area, as P1 does in its ratios: a prediction of 0 has none.
pub struct Compactness;

impl Loss for Compactness {
    fn forward(&self, logits: Tensor<4>, _truth: &Truth) -> Tensor<1> {
        let probability = sigmoid(logits);
        let across = difference(probability.clone(), 3);
        let down = difference(probability.clone(), 2);
        let slope: Tensor<2> = (across.square() + down.square() + STABILITY).sqrt().flatten(1, 3);
        let area: Tensor<2> = probability.flatten(1, 3);
        let ratio = slope.sum_dim(1).square() / (area.sum_dim(1) + 1.0);
        ratio.mean() / (4.0 * std::f64::consts::PI)
    }
}

/// To the next value along `dim`; 0 for the last one.
fn difference(values: Tensor<4>, dim: usize) -> Tensor<4> {
    let n = values.dims()[dim];
    let last = values.clone().narrow(dim, n - 1, 1).zeros_like();
    if n == 1 {
        return last;
    }
    let steps = values.clone().narrow(dim, 1, n - 1) - values.narrow(dim, 0, n - 1);
    Tensor::cat(vec![steps, last], dim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Mask;
    use burn::tensor::Device;

    fn compactness(shape: &Mask) -> f64 {
        let truth = Truth::of(std::slice::from_ref(shape), &[], &Device::flex());
        Compactness.forward((truth.target.clone() * 2.0 - 1.0) * 40.0, &truth).into_scalar::<f64>()
    }

    #[test]
    fn a_square_agrees_with_the_formula_by_hand() {
        // 4 × 4 px: of its 16 outer pixel sides, two meet in one pixel at one corner: P = 14 + √2; elsewhere √o.
        let square = Mask::from_fn(8, 8, |x, y| (2..6).contains(&x) && (2..6).contains(&y));
        let perimeter = 14.0 + 2f64.sqrt() + 49.0 * 1e-4;
        let expected = perimeter * perimeter / (4.0 * std::f64::consts::PI * 17.0);
        assert!((compactness(&square) - expected).abs() < 1e-4, "{} {expected}", compactness(&square));
    }

    #[test]
    fn a_rod_is_less_compact_than_a_disc_of_its_area() {
        let disc = Mask::from_fn(64, 64, |x, y| x.abs_diff(32).pow(2) + y.abs_diff(32).pow(2) <= 81);
        let rod = Mask::from_fn(64, 64, |x, y| (2..62).contains(&x) && (30..34).contains(&y));
        assert!(compactness(&rod) > 3.0 * compactness(&disc));
        assert!((0.9..1.5).contains(&compactness(&disc)), "{}", compactness(&disc));
    }
}
