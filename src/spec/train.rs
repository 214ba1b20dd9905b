//! The recipe of training: the same for every arm.

use serde::{Deserialize, Serialize};

use crate::augment::Augment;
use crate::config::within;
use crate::dataset::Normalise;

/// One recipe of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// At most this many passes over the training part.
    pub epochs: u32,
    /// Images a step.
    pub batch: usize,
    /// Adam's learning rate at the start.
    pub lr: f64,
    /// AdamW's: before each step, every weight is multiplied by `1 − lr · weight_decay`. 0, Adam, if absent.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub weight_decay: f64,
    /// Lowers the learning rate when the validation loss stands still.
    #[serde(default)]
    pub plateau: Plateau,
    /// Epochs without a lower validation loss after which training ends; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stop: Option<u32>,
    /// From pixels to the network's input; a model that fixes its own wins.
    #[serde(default, skip_serializing_if = "Normalise::is_default")]
    pub normalise: Normalise,
    /// Random changes of the training images.
    #[serde(default)]
    pub augment: Augment,
    /// What networks compute in while they are trained.
    #[serde(default, skip_serializing_if = "Precision::is_single")]
    pub precision: Precision,
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

/// What a network's features are computed in; weights, statistics, losses and the optimiser are in single precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single precision.
    #[default]
    F32,
    /// Eight bits of mantissa with single precision's range, where the device has it.
    Bf16,
}

impl Precision {
    fn is_single(&self) -> bool {
        *self == Self::F32
    }
}

/// Reduce on plateau.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plateau {
    /// Epochs without improvement before the rate falls.
    pub patience: u32,
    /// The rate is multiplied by this, 0 < factor ≤ 1; 1 keeps it.
    pub factor: f64,
    /// The rate never falls below, unless it starts there.
    pub min_lr: f64,
}

impl Default for Plateau {
    fn default() -> Self {
        Self { patience: 5, factor: 0.5, min_lr: 1e-6 }
    }
}

impl TrainConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        within("train.epochs", f64::from(self.epochs), 1.0, 1e6)?;
        within("train.batch", self.batch as f64, 1.0, 4096.0)?;
        within("train.lr", self.lr, 1e-12, 10.0)?;
        within("train.weight_decay", self.weight_decay, 0.0, 10.0)?;
        within("train.plateau.factor", self.plateau.factor, 1e-6, 1.0)?;
        within("train.plateau.min_lr", self.plateau.min_lr, 0.0, 10.0)?;
        self.augment.check()
    }
}
