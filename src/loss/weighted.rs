//! Cross-entropy and overlap in which pixels near the tumour's edge count up to six times.

use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, sigmoid};
use serde::{Deserialize, Serialize};

use super::cross_entropy::towards;
use super::{Loss, ReferenceMap, Truth};
use crate::config::within;

/// The easiest pixel counts 1, the hardest this more.
const EMPHASIS: f64 = 5.0;

/// Which pixels count more. In TOML: `weight = "structure"`, or `weight = "correntropy"` with `sigma`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weighting {
    /// The formula of the weight.
    pub weight: Weight,
    /// Width σ of the correntropy's kernel; 0.5 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sigma: Option<f64>,
}

/// The weight ω of a pixel, 1 to 6, from the contrast c = m − y of the reference y with its mean m in the 31 × 31
/// window around the pixel, zeros outside the image counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// `ω = 1 + 5·|c|`. Source: P2 eq. 6; F3Net (Wei et al., AAAI 2020).
    #[default]
    Structure,
    /// `ω = 1 + 5·(1 − exp(−c² / 2σ²))`. Source: P2's text to eq. 6.
    /// Choice: P2 names no σ; with ½ a pixel on a straight edge weighs 3.0 (3.5 by `structure`).
    Correntropy,
}

impl Weighting {
    const SIGMA: f64 = 0.5;

    /// What is wrong with the numbers, if anything.
    pub fn check(&self) -> Result<(), String> {
        match (self.weight, self.sigma) {
            (_, None) => Ok(()),
            (Weight::Correntropy, Some(sigma)) => within("loss.sigma", sigma, 0.01, 100.0),
            (Weight::Structure, Some(sigma)) => {
                Err(format!("loss.sigma = {sigma}: only weight = \"correntropy\" has a sigma"))
            }
        }
    }

    /// ω, `[B, H·W]`.
    fn weights(&self, truth: &Truth) -> Tensor<2> {
        let contrast = truth.map(ReferenceMap::LocalMean) - truth.target.clone();
        let hardness = match self.weight {
            Weight::Structure => contrast.abs(),
            Weight::Correntropy => {
                let sigma = self.sigma.unwrap_or(Self::SIGMA);
                -(contrast.square() * (-0.5 / sigma.powi(2))).exp() + 1.0
            }
        };
        (hardness * EMPHASIS + 1.0).flatten(1, 3)
    }
}

/// `Σ ω·bce / Σ ω` of each image, mean over the batch.
/// Shapes: logits, target (0 or 1) `[B, 1, H, W]` → `[1]`.
/// Source: P2 eq. 5; F3Net (Wei et al., AAAI 2020) eq. 4.
/// Ours differs: F3Net's published code passes `reduce='none'`, with which PyTorch averages the cross-entropy before
/// it is weighted, so that its weights cancel.
pub struct WeightedBce(pub Weighting);

impl Loss for WeightedBce {
    fn forward(&self, logits: Tensor<4>, truth: &Truth) -> Tensor<1> {
        let weights = self.0.weights(truth);
        let pixels: Tensor<2> = -log_sigmoid(towards(logits, truth)).flatten(1, 3);
        ((pixels * weights.clone()).sum_dim(1) / weights.sum_dim(1)).mean()
    }
}

/// `1 − (1 + Σ ω·y·p) / (1 + Σ ω·(y + p − y·p))` of each image, mean over the batch.
/// Shapes: logits, target (0 or 1) `[B, 1, H, W]` → `[1]`, 0 to 1. An empty reference and a prediction of 0 give 0.
/// Source: P2 eq. 5; F3Net (Wei et al., AAAI 2020) eq. 5, with the 1 of its published code.
pub struct WeightedIou(pub Weighting);

impl Loss for WeightedIou {
    fn forward(&self, logits: Tensor<4>, truth: &Truth) -> Tensor<1> {
        let weights = self.0.weights(truth);
        let probability: Tensor<2> = sigmoid(logits).flatten(1, 3);
        let target: Tensor<2> = truth.target.clone().flatten(1, 3);
        let both = probability.clone() * target.clone();
        let either = probability + target - both.clone();
        let overlap = (both * weights.clone()).sum_dim(1) + 1.0;
        let total = (either * weights).sum_dim(1) + 1.0;
        (-overlap / total + 1.0).mean()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Mask;
    use burn::tensor::Device;

    fn weight_of_a_lonely_pixel(weighting: &Weighting) -> (f32, f32) {
        let mask = Mask::from_fn(40, 40, |x, y| (x, y) == (20, 20));
        let truth = Truth::of(&[mask], &[ReferenceMap::LocalMean], &Device::flex());
        let weights: Vec<f32> = weighting.weights(&truth).into_data().iter::<f32>().collect();
        (weights[20 * 40 + 20], weights[0])
    }

    #[test]
    fn a_lonely_pixel_weighs_almost_six_and_a_far_one_one() {
        let (pixel, far) = weight_of_a_lonely_pixel(&Weighting::default());
        assert!((pixel - (1.0 + 5.0 * 960.0 / 961.0)).abs() < 1e-5 && far == 1.0, "{pixel} {far}");
    }

    #[test]
    fn a_correntropy_of_sigma_1_weighs_a_lonely_pixel_by_its_kernel() {
        let weighting = Weighting { weight: Weight::Correntropy, sigma: Some(1.0) };
        let (pixel, far) = weight_of_a_lonely_pixel(&weighting);
        let contrast = 960.0_f64 / 961.0;
        let expected = 1.0 + 5.0 * (1.0 - (-contrast.powi(2) / 2.0).exp());
        assert!((f64::from(pixel) - expected).abs() < 1e-5 && far == 1.0, "{pixel} {far}");
    }

    #[test]
    fn a_sigma_without_correntropy_is_refused() {
        let error = Weighting { sigma: Some(0.5), ..Weighting::default() }.check().expect_err("unused");
        assert!(error.contains("sigma = 0.5"), "{error}");
    }
}
