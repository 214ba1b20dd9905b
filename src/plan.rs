//! A plan turns a spec into runs, without side effects: the same spec, data and version give the same runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dataset::fold::{Divider, Leak, Split, SplitError, original};
use crate::dataset::{Class, Dataset, DatasetError, hex};
use crate::loss::{EdgeLossConfig, LossConfig};
use crate::metric::Task;
use crate::model::{Kind, ModelConfig};
use crate::postprocess::PostProcess;
use crate::run::RunId;
use crate::spec::{Spec, TrainConfig, Transfer};

/// Version of the plan file.
pub const SCHEMA: u32 = 1;

/// Everything that one run is; complete, nothing inherited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunPlan {
    /// Version of this file's format.
    pub schema: u32,
    /// Spec that it belongs to.
    pub spec: String,
    /// What the run answers.
    #[serde(default, skip_serializing_if = "Task::is_segmentation")]
    pub task: Task,
    /// Arm of the spec.
    pub arm: String,
    /// Test fold, from 0.
    pub fold: usize,
    /// Seed of weights, batch order, dropout and augmentation.
    pub seed: u64,
    /// Manifest name.
    pub dataset: String,
    /// SHA-256 over the data set's cases and files.
    pub dataset_digest: String,
    /// Columns and rows that the network sees.
    pub input_px: usize,
    /// Network or pixel classifier.
    pub model: ModelConfig,
    /// On the segmentation.
    pub loss: LossConfig,
    /// On the edge map.
    pub edge: EdgeLossConfig,
    /// Recipe.
    pub train: TrainConfig,
    /// What it takes over from elsewhere; the digest of its weights included.
    #[serde(default, skip_serializing_if = "Transfer::is_none")]
    pub transfer: Transfer,
    /// Changes to the predicted test masks before they are scored.
    #[serde(default, skip_serializing_if = "PostProcess::is_none")]
    pub postprocess: PostProcess,
    /// Case ids of the parts.
    pub split: Split,
}

/// Why a spec and a data set make no runs.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The data set cannot be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The division leaks or leaves a part empty.
    #[error("{spec}: {source}")]
    Split {
        /// The spec.
        spec: String,
        /// What is wrong with the division.
        source: SplitError,
    },
    /// A classification without one of its classes.
    #[error(
        "{spec}: {part} of fold {fold} has no {class} case; fewer folds, or a larger protocol.split.valid, may help"
    )]
    Class {
        /// The spec.
        spec: String,
        /// Part of the split.
        part: &'static str,
        /// From 0.
        fold: usize,
        /// The class.
        class: &'static str,
    },
}

/// The spec's runs: by fold, then seed, then arm, so that every arm has a result early.
pub fn plan(spec: &Spec, dataset: &Dataset) -> Result<Vec<RunPlan>, PlanError> {
    let splits = splits(spec, dataset).map_err(|source| PlanError::Split { spec: spec.name.clone(), source })?;
    if spec.task == Task::Classification {
        splits
            .values()
            .flat_map(|splits| splits.iter().enumerate())
            .try_for_each(|s| both_classes(spec, dataset, s))?;
    }
    let digest = dataset.digest()?;
    let mut runs = Vec::new();
    for fold in 0..splits.values().map(Vec::len).max().unwrap_or(0) {
        for &seed in &spec.protocol.seeds {
            runs.extend(spec.arms.iter().map(|arm| RunPlan {
                schema: SCHEMA,
                spec: spec.name.clone(),
                task: spec.task,
                arm: arm.name.clone(),
                fold,
                seed,
                dataset: spec.dataset.clone(),
                dataset_digest: digest.clone(),
                input_px: spec.protocol.input_px,
                model: arm.model.clone(),
                loss: arm.loss(),
                edge: arm.edge(),
                train: TrainConfig { normalise: arm.normalise().unwrap_or(spec.train.normalise), ..spec.train.clone() },
                transfer: arm.transfer(),
                postprocess: spec.protocol.postprocess.clone(),
                split: splits[&arm.leak][fold].clone(),
            }));
        }
    }
    Ok(runs)
}

/// One list of splits for each way to deal that an arm asks for; an honest arm's are those of a spec without any other.
fn splits(spec: &Spec, dataset: &Dataset) -> Result<BTreeMap<Leak, Vec<Split>>, SplitError> {
    let asked = asked(spec.task, dataset);
    let divider = Divider::new(&spec.protocol.split, &asked)?;
    let ways: BTreeSet<Leak> = spec.arms.iter().map(|arm| arm.leak).collect();
    ways.into_iter().map(|leak| Ok((leak, divider.splits(leak)?))).collect()
}

/// The cases that a task is about: a classification leaves out those without a tumour, or of a class that nobody knows.
fn asked(task: Task, dataset: &Dataset) -> Dataset {
    let mut dataset = dataset.clone();
    dataset.cases.retain(|case| task == Task::Segmentation || case.class.is_tumour());
    dataset
}

/// Without either class there is nothing to learn, no validation that tells them apart, and no AUC.
fn both_classes(spec: &Spec, dataset: &Dataset, (fold, split): (usize, &Split)) -> Result<(), PlanError> {
    let parts = [
        ("the training part", split.train().collect::<Vec<_>>()),
        ("the validation part", split.valid().collect()),
        ("the test part", split.test().collect()),
    ];
    for (part, names) in parts {
        for class in [Class::Benign, Class::Malignant] {
            let is = |name: &&str| dataset.case(original(name, split.leak())).is_some_and(|case| case.class == class);
            if !names.iter().any(is) {
                return Err(PlanError::Class { spec: spec.name.clone(), part, fold, class: class.name() });
            }
        }
    }
    Ok(())
}

impl RunPlan {
    /// The plan as the text of its file.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a checked plan has only TOML types")
    }

    /// The arm as tables name it: one whose protocol leaks says so.
    pub fn label(&self) -> String {
        self.split.leak().label(&self.arm)
    }

    /// Key of the loss; empty for a pixel classifier, which has none.
    pub fn loss_name(&self) -> &'static str {
        if self.model.row().kind == Kind::Pixels { "" } else { self.loss.name() }
    }

    /// Names the run; holds a hash of the whole plan, so that equal plans are one run.
    pub fn id(&self) -> RunId {
        let digest = hex(&Sha256::digest(self.to_toml()));
        RunId::new(&self.arm, self.fold, self.seed, &digest[..8])
    }
}
