//! Losses of edge maps as data.

use serde::{Deserialize, Serialize};

use super::{Bce, Focal, Loss};
use crate::config::within;

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

impl Default for EdgeLossConfig {
    fn default() -> Self {
        Self::Focal { gamma: 2.0 }
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
