//! Losses on logits: one file each and one row in [`LossConfig`]; the [`Objective`] of a network adds them up.
//! Every loss is finite with finite gradients at logits of ±200.

mod boundary;
mod compactness;
mod config;
mod cross_entropy;
mod dice;
mod edge_config;
mod fits;
mod l1;
mod labels;
mod objective;
mod smoothness;
mod truth;
mod tversky;
mod weighted;

use burn::tensor::Tensor;

pub use boundary::Boundary;
pub use compactness::Compactness;
pub use config::{LossConfig, Term};
pub use cross_entropy::{Bce, Focal};
pub use dice::Dice;
pub use edge_config::EdgeLossConfig;
pub use l1::L1;
pub use labels::WeightedLabels;
pub use objective::Objective;
pub use smoothness::{ShapeAware, Smoothness};
pub use truth::{ReferenceMap, Truth, edge};
pub use tversky::Tversky;
pub use weighted::{Weight, WeightedBce, WeightedIou, Weighting};

/// A differentiable number to be made small: logits `[B, 1, H, W]` and truth to `[1]`, the mean over the batch.
pub trait Loss {
    /// The batch's mean loss.
    fn forward(&self, logits: Tensor<4>, truth: &Truth) -> Tensor<1>;
}

/// Weighted sum of losses.
struct Sum(Vec<(f64, Box<dyn Loss>)>);

impl Loss for Sum {
    fn forward(&self, logits: Tensor<4>, truth: &Truth) -> Tensor<1> {
        let terms = self.0.iter().map(|(weight, loss)| loss.forward(logits.clone(), truth) * *weight);
        terms.reduce(|sum, term| sum + term).expect("a sum has terms")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::plane::Mask;
    use burn::tensor::Device;

    /// Every row of the registry with its defaults.
    pub(crate) fn all() -> impl Iterator<Item = (&'static str, LossConfig)> {
        let terms =
            r#"terms = [{ weight = 0.5, loss = { name = "dice" } }, { weight = 2, loss = { name = "bce-iou" } }]"#;
        let config = move |name| {
            let rest = if name == "sum" { terms } else { "" };
            toml::from_str(&format!("name = \"{name}\"\n{rest}")).expect("defaults")
        };
        LossConfig::NAMES.into_iter().map(move |name| (name, config(name)))
    }

    /// An empty mask, a full one, one pixel, a blob at the border, a ring and islands.
    fn masks() -> Vec<Mask> {
        let within = |x: usize, y: usize, r: usize| x.abs_diff(6).pow(2) + y.abs_diff(5).pow(2) <= r * r;
        let of: [&dyn Fn(usize, usize) -> bool; 6] = [
            &|_, _| false,
            &|_, _| true,
            &|x, y| (x, y) == (3, 2),
            &|x, y| x + y < 6,
            &|x, y| within(x, y, 4) && !within(x, y, 2),
            &|x, y| x % 5 == 1 && y % 4 == 2,
        ];
        of.map(|of| Mask::from_fn(13, 11, of)).to_vec()
    }

    #[test]
    fn names_and_registry_agree() {
        for (name, config) in all() {
            assert_eq!(config.name(), name);
            assert_eq!(config.check(), Ok(()), "{name}");
        }
    }

    #[test]
    fn losses_and_gradients_are_finite_at_200_right_and_wrong() {
        let device = Device::flex().autodiff();
        let line = |value: bool| vec![Mask::from_fn(13, 1, |x, _| value && x % 3 == 0)];
        for references in [masks(), line(true), line(false)] {
            for (name, config) in all() {
                let truth = Truth::of(&references, &config.maps(), &device);
                let right = (truth.target.clone() * 2.0 - 1.0) * 200.0;
                let flat = |logit| truth.target.zeros_like() + logit;
                for logits in [right.clone(), -right, flat(200.0), flat(-200.0), flat(0.0)] {
                    let logits = logits.detach().require_grad();
                    let loss = config.build().forward(logits.clone(), &truth);
                    let gradient = logits.grad(&loss.backward()).expect("a gradient");
                    let all_finite = |data: burn::tensor::TensorData| data.iter::<f32>().all(f32::is_finite);
                    assert!(all_finite(loss.into_data()) && all_finite(gradient.into_data()), "{name}");
                }
            }
        }
    }

    #[test]
    fn every_loss_is_lower_for_a_better_prediction() {
        let device = Device::flex();
        for (name, config) in all() {
            let truth = Truth::of(&masks()[3..5], &config.maps(), &device);
            let loss = |sharpness: f64| {
                let logits = (truth.target.clone() * 2.0 - 1.0) * sharpness;
                config.build().forward(logits, &truth).into_scalar::<f32>()
            };
            assert!(loss(4.0) < loss(1.0) && loss(1.0) < loss(-1.0), "{name}");
        }
    }
}
