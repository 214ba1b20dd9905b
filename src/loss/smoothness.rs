//! Features that tell the tumour's contour from what lies around it: a loss with weights of its own.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::{leaky_relu, relu};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::{ReferenceMap, Truth};
use crate::config::within;
use crate::model::block::resize;

/// Units of the embedding network.
const UNITS: [usize; 2] = [24, 16];

/// Background is looked at up to this far from the tumour.
const RING_PX: f64 = 5.0;

/// Of the leaky ReLU.
const SLOPE: f64 = 0.2;

/// Keeps the gradient of a distance of 0 finite.
const STABILITY: f64 = 1e-12;

/// `bce + compactness·L_compact + smoothness·L_smooth`. In TOML: `{ name = "shape-aware", smoothness = 0.01 }`.
/// Source: P2 eq. 11.
/// Choice: P2 names no weights and no margin; these are of the code of its source, Liu et al. 2020, which multiplies P
/// by 0.01. With a compactness of 1 the faintest prediction wins: a disc of probability p has about p.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShapeAware {
    /// Weight of [`Compactness`](super::Compactness), 0 to 1000.
    pub compactness: f64,
    /// Weight of [`Smoothness`], 0 to 1000; with 0 any network will do.
    pub smoothness: f64,
    /// Distance ζ beyond which contour and background are far enough apart, above 0.
    pub margin: f64,
}

impl Default for ShapeAware {
    fn default() -> Self {
        Self { compactness: 1e-4, smoothness: 0.005, margin: 10.0 }
    }
}

impl ShapeAware {
    /// What is wrong with the numbers, if anything.
    pub fn check(&self) -> Result<(), String> {
        within("loss.compactness", self.compactness, 0.0, 1000.0)?;
        within("loss.smoothness", self.smoothness, 0.0, 1000.0)?;
        within("loss.margin", self.margin, 1e-3, 1e4)
    }
}

/// Mean over the pairs of a batch: `d²` of two contours, `max(0, ζ − d)²` of a contour and a background.
///
/// d is the Euclidean distance of their embeddings: the mean of a decoder's features over the contour (the reference's
/// edge) or the background of an image, through two linear layers of 24 and 16 units with a leaky ReLU between.
/// Shapes: features `[B, C, h, w]` → `[1]`. An image without contour or background is in no pair with it; 0 if the
/// batch has no pair. The mean over a set depends on how it is cut into batches.
/// Source: P2 eq. 13–14; Liu et al. 2020, arXiv:2007.02035; the squares of Hadsell et al. 2006, eq. 4.
/// Choices: background is what lies outside and at most 5 px from the tumour (theirs: five dilations); all pairs count
/// the same; maps are resized to the features'.
#[derive(Module, Debug)]
pub struct Smoothness {
    /// To 24 units.
    pub first: Linear,
    /// To 16 units.
    pub second: Linear,
    margin: f64,
    weight: f64,
}

impl Smoothness {
    /// For features of `channels` and a margin ζ, with random weights from the device's seed; counts once.
    pub fn new(channels: usize, margin: f64, device: &Device) -> Self {
        let linear = |inputs, outputs| LinearConfig::new(inputs, outputs).init(device);
        let (first, second) = (linear(channels, UNITS[0]), linear(UNITS[0], UNITS[1]));
        Self { first, second, margin, weight: 1.0 }.materialize()
    }

    /// Counts `weight` times in an objective.
    #[must_use]
    pub fn weighing(self, weight: f64) -> Self {
        Self { weight, ..self }
    }

    /// As often as it counts: weight · mean, `[1]`.
    pub fn weighted(&self, features: Tensor<4>, truth: &Truth) -> Tensor<1> {
        self.forward(features, truth) * self.weight
    }

    fn forward(&self, features: Tensor<4>, truth: &Truth) -> Tensor<1> {
        let (contours, has_contour) = masked_mean(features.clone(), truth.edge.clone());
        let (backgrounds, has_background) = masked_mean(features, near_background(truth));
        let (contours, backgrounds) = (self.embed(contours), self.embed(backgrounds));
        // Both orders of two contours, and each with itself at distance 0: half of the sum is that over the pairs.
        let alike = has_contour.clone().matmul(has_contour.clone().transpose()) * 0.5;
        let unlike = has_contour.clone().matmul(has_background.transpose());
        let pairs = alike.clone().sum() - has_contour.sum() * 0.5 + unlike.clone().sum();
        let pull = squared_distances(contours.clone(), contours.clone());
        let push = relu(-(squared_distances(contours, backgrounds) + STABILITY).sqrt() + self.margin).square();
        ((pull * alike).sum() + (push * unlike).sum()) / pairs.clamp_min(1.0)
    }

    /// `[B, C]` to `[B, 16]`.
    fn embed(&self, features: Tensor<2>) -> Tensor<2> {
        self.second.forward(leaky_relu(self.first.forward(features), SLOPE))
    }
}

/// 1 outside the tumour but near it, `[B, 1, H, W]`.
fn near_background(truth: &Truth) -> Tensor<4> {
    let distance = truth.map(ReferenceMap::Distance);
    let near = distance.clone().lower_equal_elem(RING_PX).float();
    near * distance.greater_elem(0.0).float()
}

/// Mean of features `[B, C, h, w]` over a mask `[B, 1, H, W]`: `[B, C]`, 0 for an empty one; and `[B, 1]` with 1 for
/// each mask that is not empty.
fn masked_mean(features: Tensor<4>, mask: Tensor<4>) -> (Tensor<2>, Tensor<2>) {
    let [batch, channels, height, width] = features.dims();
    let mask = resize(mask, [height, width]).reshape([batch, height * width, 1]);
    let sums = features.reshape([batch, channels, height * width]).matmul(mask.clone());
    let size = mask.sum_dim(1).reshape([batch, 1]);
    let empty = size.clone().equal_elem(0.0);
    let some = -empty.clone().float() + 1.0;
    (sums.reshape([batch, channels]) / size.mask_fill(empty, 1.0), some)
}

/// `|aᵢ − bⱼ|²` of the rows of `[B, D]`: `[B, B]`.
fn squared_distances(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    let difference = a.unsqueeze_dim::<3>(1) - b.unsqueeze_dim::<3>(0);
    difference.square().sum_dim(2).squeeze_dim(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Mask;

    fn square(side: usize) -> Mask {
        Mask::from_fn(12, 12, |x, y| (2..2 + side).contains(&x) && (2..2 + side).contains(&y))
    }

    fn of(features: Tensor<4>, references: &[Mask]) -> (f32, Vec<f32>) {
        let device = features.device();
        let features = features.require_grad();
        let truth = Truth::of(references, &[ReferenceMap::Distance], &device);
        let loss = Smoothness::new(2, 10.0, &device).weighing(3.0).weighted(features.clone(), &truth);
        let gradient = features.grad(&loss.backward()).expect("a gradient");
        (loss.into_scalar(), gradient.into_data().iter::<f32>().collect())
    }

    #[test]
    fn equal_features_are_a_whole_margin_short_and_have_finite_gradients() {
        let device = Device::flex().autodiff();
        for value in [0.0, 200.0, -200.0, 1e4] {
            // Four pairs of contour and background, ζ² each, and one of two contours, 0; the empty one is in none.
            let references = [square(4), square(5), Mask::filled(12, 12, false)];
            let (loss, gradient) = of(Tensor::full([3, 2, 12, 12], value, &device), &references);
            assert!((loss - 3.0 * 100.0 * 4.0 / 5.0).abs() < 1e-2, "{loss}");
            assert!(gradient.iter().all(|g| g.is_finite()), "{value}");
        }
    }

    #[test]
    fn a_batch_without_pairs_is_0() {
        let device = Device::flex().autodiff();
        for references in [[Mask::filled(12, 12, true)], [Mask::filled(12, 12, false)]] {
            let (loss, gradient) = of(Tensor::ones([1, 2, 12, 12], &device), &references);
            assert!(loss == 0.0 && gradient.iter().all(|&g| g == 0.0), "{loss}");
        }
    }

    #[test]
    fn maps_are_resized_to_smaller_features() {
        let device = Device::flex().autodiff();
        let (loss, _) = of(Tensor::ones([2, 2, 6, 6], &device), &[square(4), square(6)]);
        assert!((loss - 3.0 * 100.0 * 4.0 / 5.0).abs() < 1e-2, "{loss}");
    }
}
