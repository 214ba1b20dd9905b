//! What varies between the rows of a table.

use serde::{Deserialize, Serialize};

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
}

impl Arm {
    /// The edge loss, given or of the loss's recipe.
    pub fn edge(&self) -> EdgeLossConfig {
        self.edge.clone().unwrap_or_else(|| self.loss.edge())
    }

    pub(super) fn check(&self, input_px: usize) -> Result<(), String> {
        self.model.check(input_px)?;
        self.loss.check()?;
        self.loss.fits(&self.model)?;
        self.edge().check()
    }
}
