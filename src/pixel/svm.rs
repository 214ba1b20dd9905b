//! A support vector machine that judges each pixel by itself.

use linfa::ParamGuard;
use linfa::composing::platt_scaling::{PlattParams, platt_newton_method};
use linfa::dataset::Dataset;
use linfa::traits::Fit;
use ndarray::{Array1, Array2};
use pulp::Arch;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::points::{Block, LANES, blocks};
use super::{FEATURES, PixelClassifier, PixelConfig, PixelError, PixelSample, Standardised};
use crate::config::within;

/// The solver ends when no pair of pixels violates the optimality conditions by more; LIBSVM's default.
const TOLERANCE: f32 = 1e-3;

/// Numbers of an [`Svm`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SvmConfig {
    /// Pixels that it is trained on, half of them tumour; the solver holds 4 bytes for each pair of them.
    pub pixels: usize,
    /// Cost of a misjudged pixel.
    pub c: f64,
    /// Width of the Gaussian kernel `exp(−‖x − y‖² / width)` on standardised features; scikit-learn's `1 / gamma`.
    pub kernel_width: f64,
}

impl Default for SvmConfig {
    fn default() -> Self {
        Self { pixels: 2000, c: 1.0, kernel_width: 36.0 }
    }
}

/// Gaussian-kernel support vector machine with Platt's probabilities.
///
/// `f(x) = Σ αᵢ exp(−‖x − xᵢ‖² / width) − ρ`, probability `1 / (1 + exp(A f + B))`.
/// Source: P1 §1 and Table 3 (SVM); solver linfa-svm (sequential minimal optimisation after LIBSVM), in single
/// precision. Choice: P1 gives no features; the sample is balanced and capped.
/// Ours differs from LIBSVM: A and B are fitted to the training decisions, not to those of a 5-fold cross-validation.
pub struct Svm {
    points: Vec<Block>,
    /// A block's weights; 0 beyond the last point.
    weights: Vec<[f32; LANES]>,
    rho: f64,
    width: f32,
    platt: (f64, f64),
}

impl PixelConfig for SvmConfig {
    fn check(&self) -> Result<(), String> {
        within("model.pixels", self.pixels as f64, 20.0, 20_000.0)?;
        within("model.c", self.c, 1e-6, 1e6)?;
        within("model.kernel_width", self.kernel_width, 1e-6, 1e6)
    }

    fn pixels(&self) -> usize {
        self.pixels
    }

    fn fit(&self, sample: &PixelSample, _seed: u64) -> Result<Box<dyn PixelClassifier>, PixelError> {
        Ok(Box::new(self.train(sample)?))
    }
}

impl SvmConfig {
    /// Trains on `sample`.
    pub fn train(&self, sample: &PixelSample) -> Result<Svm, PixelError> {
        let solver = |error: &dyn std::fmt::Display| PixelError::Solver(error.to_string());
        let labels = Array1::from(sample.labels.clone());
        let records = Array2::from_shape_fn((sample.pixels.len(), FEATURES.len()), |(i, j)| sample.pixels[i][j]);
        let params = linfa_svm::Svm::<f32, bool>::params().eps(TOLERANCE);
        let params = params.pos_neg_weights(self.c as f32, self.c as f32).gaussian_kernel(self.kernel_width as f32);
        let solved = params.fit(&Dataset::new(records, labels.clone())).map_err(|error| solver(&error))?;
        let support = || sample.pixels.iter().zip(&solved.alpha).filter(|(_, alpha)| **alpha != 0.0);
        let alphas: Vec<f32> = support().map(|(_, alpha)| *alpha).collect();
        let mut svm = Svm {
            points: blocks(&support().map(|(pixel, _)| *pixel).collect::<Vec<_>>()),
            weights: alphas.chunks(LANES).map(|c| std::array::from_fn(|l| c.get(l).copied().unwrap_or(0.0))).collect(),
            rho: f64::from(solved.rho),
            width: self.kernel_width as f32,
            platt: (-1.0, 0.0),
        };
        let decisions = Array1::from(svm.decide(&sample.pixels));
        let params: PlattParams<f64, ()> = PlattParams::default();
        let params = params.check().map_err(|error| solver(&error))?;
        svm.platt = platt_newton_method(decisions.view(), labels.view(), &params).map_err(|error| solver(&error))?;
        Ok(svm)
    }
}

impl PixelClassifier for Svm {
    fn predict(&self, pixels: &[Standardised]) -> Vec<f32> {
        let (slope, offset) = self.platt;
        let probability = |decision: f64| (1.0 / (1.0 + (slope * decision + offset).exp())) as f32;
        self.decide(pixels).into_iter().map(probability).collect()
    }
}

impl Svm {
    /// `f(x)` of every pixel, above 0 where it takes it for tumour.
    pub fn decide(&self, pixels: &[Standardised]) -> Vec<f64> {
        let arch = Arch::new();
        pixels.par_iter().map(|pixel| arch.dispatch(|| self.weigh(pixel))).collect()
    }

    #[inline(always)]
    fn weigh(&self, pixel: &Standardised) -> f64 {
        let slope = -1.0 / self.width;
        let mut sum = [0.0; LANES];
        for (points, weights) in self.points.iter().zip(&self.weights) {
            let distances = points.distances(pixel);
            for lane in 0..LANES {
                sum[lane] += weights[lane] * exp(slope * distances[lane]);
            }
        }
        sum.iter().map(|&lane| f64::from(lane)).sum::<f64>() - self.rho
    }
}

/// `eˣ` for `x ≤ 0` to within 2e-7 of its value; 1.6e-38 below −87. Without branches, so that sixteen go at once.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // adding 1.5 · 2²³ rounds to a whole number, which is then in the lowest bits
    const ROUND: f32 = 12_582_912.0;
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let x = if x > -87.0 { x } else { -87.0 };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = x - whole * LN_2[0] - whole * LN_2[1];
    // e^r for |r| ≤ ln 2 / 2; coefficients of Cephes' expf
    let tail =
        ((((1.987_569_1e-4 * r + 1.398_2e-3) * r + 8.333_452e-3) * r + 4.166_579_6e-2) * r + 0.166_666_65) * r + 0.5;
    let mantissa = tail * r * r + r + 1.0;
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127);
    mantissa * f32::from_bits(exponent << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_exact_to_2e_7() {
        let error = |x: f32| (f64::from(exp(x)) / f64::from(x).exp() - 1.0).abs();
        let worst = (0..=870_000).map(|i| error(-1e-4 * i as f32)).fold(0.0, f64::max);
        assert!(worst < 2e-7, "{worst:e}");
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }
}
