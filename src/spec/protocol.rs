//! How the data are divided and presented: the same for every arm.

use serde::{Deserialize, Serialize};

use crate::config::within;
use crate::dataset::fold::{Division, Testing};
use crate::metric::Task;
use crate::postprocess::PostProcess;

/// How the data are divided and presented.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Images are resized to `input_px × input_px`, and scored at that size, as in both papers.
    pub input_px: usize,
    /// One run per seed, arm and fold.
    pub seeds: Vec<u64>,
    /// By subject, stratified by class, unless an arm says that it leaks.
    pub split: Division,
    /// Only so many subjects take part: the first of an order that the split's seed shuffles, of each class as many as
    /// its share. All if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<usize>,
    /// Changes to the predicted test masks before they are scored; the scores without it are kept beside.
    #[serde(default, skip_serializing_if = "PostProcess::is_none")]
    pub postprocess: PostProcess,
}

impl Protocol {
    pub(super) fn check(&self, task: Task) -> Result<(), String> {
        if task == Task::Classification && !self.postprocess.is_none() {
            return Err("protocol.postprocess changes masks, but an arm is for classification; leave it out".to_owned());
        }
        within("protocol.input_px", self.input_px as f64, 16.0, 2048.0)?;
        if self.subset == Some(0) {
            return Err("protocol.subset = 0: expected at least 1 subject".to_owned());
        }
        if self.subset.is_some() && matches!(self.split.test, Testing::File { .. } | Testing::Published { .. }) {
            return Err(
                "protocol.subset: a file or the publisher names the cases; expected a split by folds or holdout"
                    .to_owned(),
            );
        }
        if self.seeds.is_empty() {
            return Err("protocol.seeds is empty: expected at least one, e.g. seeds = [1]".to_owned());
        }
        if let Some(seed) = self.seeds.iter().enumerate().find(|(i, seed)| self.seeds[..*i].contains(seed)) {
            return Err(format!("protocol.seeds has {} twice", seed.1));
        }
        // A TOML integer is signed: a larger seed could not be written into the plan.
        match self.seeds.iter().find(|&&seed| seed > i64::MAX as u64) {
            Some(seed) => Err(format!("protocol.seeds has {seed}: expected at most {}", i64::MAX)),
            None => Ok(()),
        }
    }
}
