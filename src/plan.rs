//! A plan turns a spec into runs, without side effects: the same spec, data and version give the same runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dataset::fold::{Divider, Leak, Split, SplitError, Subset, original};
use crate::dataset::{Class, Dataset, DatasetError, hex};
use crate::loss::{EdgeLossConfig, LossConfig};
use crate::metric::Task;
use crate::model::{Kind, ModelConfig};
use crate::postprocess::PostProcess;
use crate::run::RunId;
use crate::spec::{Arm, Protocol, Spec, TrainConfig, Transfer};

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
    /// How many subjects take part, if not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<Subset>,
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
    let splits = splits(spec, dataset)?;
    let digest = dataset.digest()?;
    let folds = splits.values().map(|(_, splits)| splits.len()).max().unwrap_or(0);
    let cells = (0..folds).flat_map(|fold| spec.protocol.seeds.iter().map(move |&seed| (fold, seed)));
    let run = |arm: &Arm, (fold, seed): (usize, u64)| RunPlan {
        schema: SCHEMA,
        spec: spec.name.clone(),
        task: arm.task(),
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
        subset: splits[&(arm.task(), arm.leak)].0,
        split: splits[&(arm.task(), arm.leak)].1[fold].clone(),
    };
    Ok(cells.flat_map(|cell| spec.arms.iter().map(move |arm| run(arm, cell))).collect())
}

/// The subjects that take part, if not all, and a split for each fold.
type Dealt = (Option<Subset>, Vec<Split>);

/// One list of splits for each task and way to deal that arms ask for; those of an honest arm are those of a spec without
/// any other.
fn splits(spec: &Spec, dataset: &Dataset) -> Result<BTreeMap<(Task, Leak), Dealt>, PlanError> {
    let refused = |source| PlanError::Split { spec: spec.name.clone(), source };
    let mut splits = BTreeMap::new();
    for (task, leak) in spec.arms.iter().map(|arm| (arm.task(), arm.leak)).collect::<BTreeSet<_>>() {
        let mut asked = asked(task, dataset);
        let Protocol { split, subset, .. } = &spec.protocol;
        let subset = subset.and_then(|subjects| Subset::take(subjects, split.seed, &mut asked));
        let dealt = Divider::new(split, &asked).and_then(|divider| divider.splits(leak));
        let dealt = dealt.map_err(refused)?;
        if task == Task::Classification {
            dealt.iter().enumerate().try_for_each(|split| both_classes(spec, dataset, split))?;
        }
        splits.insert((task, leak), (subset, dealt));
    }
    Ok(splits)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::published;
    use crate::dataset::DataRoots;
    use crate::spec::BUILT_IN;

    /// The specs of papers' tables and figures, and ours beside them.
    fn recipes() -> impl Iterator<Item = Spec> {
        let specs = BUILT_IN.iter().map(|(name, text)| Spec::parse(text, name).expect("built in"));
        specs.filter(|spec| spec.profiles.contains_key("quick"))
    }

    fn runs(spec: &Spec, dataset: &Dataset) -> usize {
        let plans = plan(spec, dataset).unwrap_or_else(|error| panic!("{}: {error}", spec.name));
        assert!(
            plans.iter().all(|plan| plan.spec == spec.name && plan.subset.is_some() == spec.protocol.subset.is_some())
        );
        let ids: BTreeSet<String> = plans.iter().map(|plan| plan.id().to_string()).collect();
        assert_eq!(ids.len(), plans.len(), "{}", spec.name);
        plans.len()
    }

    #[test]
    fn every_recipe_plans_in_full_and_its_quick_profile_on_phantoms() {
        let roots = DataRoots::new(None);
        let (mut full, mut quick) = (0, 0);
        for spec in recipes() {
            let small = spec.at_profile("quick").expect("a profile");
            let phantoms = Dataset::open(&small.dataset, &roots).expect("phantoms need no files");
            assert!(phantoms.origin.folder.is_none(), "{}", small.name);
            quick += runs(&small, &phantoms);
            // in full on the phantoms too: the division is that of any data with subjects of both classes
            let here = Spec { dataset: small.dataset.clone(), ..spec.clone() };
            full += runs(&here, &phantoms);
            match Dataset::open(&spec.dataset, &roots) {
                Ok(dataset) => assert!(runs(&spec, &dataset) > 0),
                Err(DatasetError::NoRoot { .. }) => eprintln!("skipped: {} on {}", spec.name, spec.dataset),
                Err(error) => panic!("{}: {error}", spec.name),
            }
        }
        // 9 + 12 + 1 + 7 + 4 + 4 + 2 arms, 2 in 3, 6 and 9 folds, 7, leak's 3, and 3 twice in 5 folds
        assert_eq!((full, quick), (39 + 2 * 18 + 7 + 3 + 30, 39 + 2 * 18 + 7 + 3 + 6));
    }

    #[test]
    fn every_printed_row_of_a_recipes_table_has_its_arm() {
        for table in ["p1-table2", "p1-table3", "p2-table3", "p2-table4"] {
            let spec = recipes().find(|spec| spec.name == table).expect("a recipe of that name");
            let printed = published().tables.iter().find(|of| of.id == table).expect("a printed table");
            for row in &printed.rows {
                assert!(spec.arms.iter().any(|arm| arm.name == row.name), "{table}: {}", row.name);
            }
        }
    }

    #[test]
    fn a_plan_without_a_subset_says_nothing_of_it() {
        let spec = Spec::built_in("demo").expect("built in").expect("valid");
        let dataset = Dataset::open(&spec.dataset, &DataRoots::new(None)).expect("built in");
        let before = plan(&spec, &dataset).expect("runs");
        assert!(!before[0].to_toml().contains("subset") && !before[0].to_toml().contains("weight_decay"));
        let mut few = spec.clone();
        few.protocol.subset = Some(20);
        let plans = plan(&few, &dataset).expect("runs");
        let parts = &plans[0].split;
        assert_eq!(plans[0].subset.map(|subset| subset.to_string()).as_deref(), Some("20 of 80 subjects"));
        assert_eq!(parts.train().len() + parts.valid().len() + parts.test().len(), 60);
        assert_ne!(plans[0].id(), before[0].id());
    }
}
