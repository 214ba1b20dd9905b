//! Losses on logits: one file each and one row in [`LossConfig`]; the [`Objective`] of a network adds them up.
//! Every loss is finite with finite gradients at logits of ±200.

mod boundary;
mod cross_entropy;
mod dice;
mod objective;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

pub use boundary::Boundary;
pub use cross_entropy::{Bce, Focal};
pub use dice::Dice;
pub use objective::Objective;

use crate::config::within;

/// What a prediction is held against.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Reference, 0 or 1, `[B, 1, H, W]`.
    pub target: Tensor<4>,
    /// Signed Euclidean distance to the reference's boundary in pixels, negative inside, `[B, 1, H, W]`; 0 everywhere
    /// for an image without a boundary.
    pub distance: Tensor<4>,
    /// The reference minus its 3×3 erosion, 0 or 1, `[B, 1, H, W]`.
    pub edge: Tensor<4>,
}

/// A differentiable number to be made small: logits `[B, 1, H, W]` and truth to `[1]`, the mean over the batch.
pub trait Loss {
    /// The batch's mean loss.
    fn forward(&self, logits: Tensor<4>, truth: &Truth) -> Tensor<1>;
}

/// A loss as data. In TOML: `{ name = "focal", gamma = 2.0 }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LossConfig {
    /// P1 eq. 1.
    Bce {},
    /// P1 eq. 2.
    Dice {},
    /// `dice + bce`. P1 eq. 6–7.
    Combo {},
    /// P2 eq. 1.
    Focal {
        /// How strongly easy pixels are discounted, 0 to 10.
        #[serde(default = "two")]
        gamma: f64,
    },
    /// P2 eq. 8–9.
    Boundary {},
    /// `λ₁ dice + λ₂ focal + λ₃ boundary`. P2 eq. 2.
    FocalBoundaryDice {
        /// λ₁.
        #[serde(default = "point_five")]
        dice: f64,
        /// λ₂.
        #[serde(default = "point_three")]
        focal: f64,
        /// λ₃.
        #[serde(default = "point_two")]
        boundary: f64,
    },
}

/// Loss of an edge map. In TOML: `{ name = "focal" }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
pub enum EdgeLossConfig {
    /// P2 eq. 1.
    Focal {
        /// How strongly easy pixels are discounted, 0 to 10.
        #[serde(default = "two")]
        gamma: f64,
    },
    /// P2 eq. 4.
    Bce {},
}

impl Default for LossConfig {
    fn default() -> Self {
        Self::Combo {}
    }
}

impl Default for EdgeLossConfig {
    fn default() -> Self {
        Self::Focal { gamma: 2.0 }
    }
}

/// Weighted sum of losses.
struct Sum(Vec<(f64, Box<dyn Loss>)>);

impl Loss for Sum {
    fn forward(&self, logits: Tensor<4>, truth: &Truth) -> Tensor<1> {
        let terms = self.0.iter().map(|(weight, loss)| loss.forward(logits.clone(), truth) * *weight);
        terms.reduce(|sum, term| sum + term).expect("a sum has terms")
    }
}

impl LossConfig {
    /// Names of all losses.
    pub const NAMES: [&'static str; 6] = ["bce", "dice", "combo", "focal", "boundary", "focal-boundary-dice"];

    /// The loss.
    pub fn build(&self) -> Box<dyn Loss> {
        match *self {
            Self::Bce {} => Box::new(Bce),
            Self::Dice {} => Box::new(Dice),
            Self::Combo {} => Box::new(Sum(vec![(1.0, Box::new(Dice)), (1.0, Box::new(Bce))])),
            Self::Focal { gamma } => Box::new(Focal { gamma }),
            Self::Boundary {} => Box::new(Boundary),
            Self::FocalBoundaryDice { dice, focal, boundary } => Box::new(Sum(vec![
                (dice, Box::new(Dice)),
                (focal, Box::new(Focal { gamma: 2.0 })),
                (boundary, Box::new(Boundary)),
            ])),
        }
    }

    /// Its key.
    pub fn name(&self) -> &'static str {
        let place = match self {
            Self::Bce {} => 0,
            Self::Dice {} => 1,
            Self::Combo {} => 2,
            Self::Focal { .. } => 3,
            Self::Boundary {} => 4,
            Self::FocalBoundaryDice { .. } => 5,
        };
        Self::NAMES[place]
    }

    /// What is wrong with the numbers, if anything.
    pub fn check(&self) -> Result<(), String> {
        match *self {
            Self::Focal { gamma } => within("loss.gamma", gamma, 0.0, 10.0),
            Self::FocalBoundaryDice { dice, focal, boundary } => {
                [dice, focal, boundary].into_iter().try_for_each(|weight| within("loss weight", weight, 0.0, 1000.0))
            }
            _ => Ok(()),
        }
    }
}

impl EdgeLossConfig {
    /// The loss; its target is the edge of the reference.
    pub fn build(&self) -> Box<dyn Loss> {
        match *self {
            Self::Focal { gamma } => Box::new(Focal { gamma }),
            Self::Bce {} => Box::new(Bce),
        }
    }

    /// What is wrong with the numbers, if anything.
    pub fn check(&self) -> Result<(), String> {
        match *self {
            Self::Focal { gamma } => within("edge.gamma", gamma, 0.0, 10.0),
            Self::Bce {} => Ok(()),
        }
    }
}

fn two() -> f64 {
    2.0
}

fn point_five() -> f64 {
    0.5
}

fn point_three() -> f64 {
    0.3
}

fn point_two() -> f64 {
    0.2
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Distribution};

    fn all() -> impl Iterator<Item = (&'static str, LossConfig)> {
        let config = |name: &str| toml::from_str(&format!("name = \"{name}\"")).expect("defaults");
        LossConfig::NAMES.into_iter().map(move |name| (name, config(name)))
    }

    fn truth(target: Tensor<4>) -> Truth {
        Truth { distance: (target.clone() - 0.5) * -8.0, edge: target.clone(), target }
    }

    #[test]
    fn names_and_registry_agree() {
        for (name, config) in all() {
            assert_eq!(config.name(), name);
        }
    }

    #[test]
    fn losses_and_gradients_are_finite_at_200_right_and_wrong() {
        let device = Device::flex().autodiff();
        for (name, config) in all() {
            for (logit, truth_value) in [(200.0, 0.0), (200.0, 1.0), (-200.0, 0.0), (-200.0, 1.0), (0.0, 1.0)] {
                let logits = Tensor::<4>::full([1, 1, 4, 4], logit, &device).require_grad();
                let truth = truth(Tensor::full([1, 1, 4, 4], truth_value, &device));
                let loss = config.build().forward(logits.clone(), &truth);
                let grads = loss.backward();
                let gradient = logits.grad(&grads).expect("a gradient");
                let all_finite = |data: burn::tensor::TensorData| data.iter::<f32>().all(f32::is_finite);
                assert!(all_finite(loss.into_data()) && all_finite(gradient.into_data()), "{name} {logit}");
            }
        }
    }

    #[test]
    fn every_loss_but_the_signed_one_is_lower_for_a_better_prediction() {
        let device = Device::flex();
        let target = Tensor::<4>::random([2, 1, 8, 8], Distribution::Bernoulli(0.3), &device);
        let truth = truth(target.clone());
        for (name, config) in all() {
            let loss = |sharpness: f64| {
                let logits = (target.clone() * 2.0 - 1.0) * sharpness;
                config.build().forward(logits, &truth).into_scalar::<f32>()
            };
            assert!(loss(4.0) < loss(1.0) && loss(1.0) < loss(-1.0), "{name}");
        }
    }
}
