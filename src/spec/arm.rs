//! What varies between the rows of a table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Freeze, Transfer, Weights};
use crate::dataset::Normalise;
use crate::dataset::fold::Leak;
use crate::loss::{EdgeLossConfig, LossConfig};
use crate::model::ModelConfig;

/// One thing that is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Row in the tables; unique.
    pub name: String,
    /// Network or pixel classifier.
    pub model: ModelConfig,
    /// On the segmentation, and on each side output of a deeply supervised network.
    #[serde(default)]
    pub loss: LossConfig,
    /// On the edge map of a network that has one; if absent, what P2 pairs with the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<EdgeLossConfig>,
    /// Weights at the start; random where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
    /// As [`Transfer::freeze`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<Freeze>,
    /// As [`Transfer::lr_scale`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lr_scale: BTreeMap<String, f64>,
    /// `images` or `doubled`: this arm's protocol leaks on purpose, to show what that claims. Marked wherever its scores
    /// are told.
    #[serde(default, skip_serializing_if = "Leak::is_none")]
    pub leak: Leak,
}

impl Arm {
    /// The edge loss, given or of the loss's recipe.
    pub fn edge(&self) -> EdgeLossConfig {
        self.edge.clone().unwrap_or_else(|| self.loss.edge())
    }

    /// What it takes over from elsewhere.
    pub fn transfer(&self) -> Transfer {
        let (weights, freeze) = (self.weights.clone(), self.freeze.clone());
        Transfer { weights, freeze, lr_scale: self.lr_scale.clone() }
    }

    /// The input that its weights or its model insist on; `None` takes the recipe's.
    pub fn normalise(&self) -> Option<Normalise> {
        self.transfer().normalise().or_else(|| self.model.normalise())
    }

    pub(super) fn check(&self, input_px: usize) -> Result<(), String> {
        self.model.check(input_px)?;
        self.loss.check()?;
        self.loss.fits(&self.model)?;
        self.edge().check()?;
        self.transfer().check(&self.model)
    }
}
