//! What varies between the rows of a table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Freeze, Transfer, Weights};
use crate::dataset::Normalise;
use crate::dataset::fold::Leak;
use crate::loss::{EdgeLossConfig, LossConfig};
use crate::metric::Task;
use crate::model::{MODELS, ModelConfig};

/// One thing that is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Row in the tables; unique.
    pub name: String,
    /// Network or pixel classifier.
    pub model: ModelConfig,
    /// On the answer, and on each side output of a deeply supervised network; if absent, what the task is trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<LossConfig>,
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
    /// The loss, given or of the task: `combo` for masks (`l1` beside an adversary), `bce` for labels.
    pub fn loss(&self) -> LossConfig {
        self.loss.clone().unwrap_or_else(|| match self.task() {
            Task::Segmentation if self.model.adversary().is_some() => LossConfig::L1 {},
            Task::Segmentation => LossConfig::default(),
            Task::Classification => LossConfig::Bce {},
        })
    }

    /// The edge loss, given or of the loss's recipe.
    pub fn edge(&self) -> EdgeLossConfig {
        self.edge.clone().unwrap_or_else(|| self.loss().edge())
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

    pub(super) fn check(&self, task: Option<Task>, input_px: usize) -> Result<(), String> {
        self.answers(task)?;
        self.model.check(input_px)?;
        let loss = self.loss();
        loss.check()?;
        loss.fits(&self.model)?;
        self.edge().check()?;
        self.transfer().check(&self.model)
    }

    /// What its model is for.
    pub fn task(&self) -> Task {
        self.model.row().task
    }

    fn answers(&self, asked: Option<Task>) -> Result<(), String> {
        let (row, loss) = (self.model.row(), self.loss());
        if let Some(task) = asked.filter(|&task| task != row.task) {
            let known: Vec<_> = MODELS.iter().filter(|row| row.task == task).map(|row| row.name).collect();
            return Err(format!(
                "task = \"{}\", but model {} is for {}; expected one of {}",
                task.name(),
                row.name,
                row.task.name(),
                known.join(", ")
            ));
        }
        match row.task {
            Task::Classification if !loss.is_of_labels() => Err(format!(
                "a classification, but loss {} is of masks; expected bce, weighted-labels or focal",
                loss.name()
            )),
            Task::Classification if self.edge.is_some() => {
                Err("a classification, but edge is a loss of masks; leave it out".to_owned())
            }
            Task::Classification if self.leak != Leak::None => {
                Err(format!("a classification, but leak = \"{}\" is measured on masks", self.leak.name()))
            }
            _ => Ok(()),
        }
    }
}
