//! Where a report's numbers come from: runs, plans, data, code, machines, time.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dataset::hex;
use crate::report::current;
use crate::run::State;
use crate::store::RunView;

/// What made the numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Manifest name of the data set.
    pub dataset: String,
    /// SHA-256 over the data set's cases and files.
    pub dataset_digest: String,
    /// SHA-256 over the plans of all runs of the tables, in the order of the run's names.
    pub plans_sha256: String,
    /// Versions of the program that trained, each once.
    pub versions: Vec<String>,
    /// Where it computed, each once.
    pub devices: Vec<String>,
    /// Seeds, each once.
    pub seeds: Vec<u64>,
    /// Test folds, from 0, each once.
    pub folds: Vec<usize>,
    /// Epochs of all runs together, validation included.
    pub training_s: f64,
    /// Runs of the tables, by arm in the order of the tables, then fold and seed.
    pub runs: Vec<RunProvenance>,
    /// Runs of earlier versions of the spec or its data, which do not count.
    pub left_out: Vec<String>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunProvenance {
    /// Its folder.
    pub id: String,
    /// Arm of the spec.
    pub arm: String,
    /// Test fold, from 0.
    pub fold: usize,
    /// Of weights, order and augmentation.
    pub seed: u64,
    /// What it is doing; only finished ones count.
    pub state: String,
    /// SHA-256 of its plan.
    pub plan_sha256: String,
    /// Version of the program.
    pub version: String,
    /// Where it computed.
    pub device: String,
    /// Completed epochs.
    pub epochs: u32,
    /// The epoch whose weights were scored; `null` without a checkpoint.
    pub best_epoch: Option<u32>,
    /// Unix time at which its first worker began; `null` if none did.
    pub first_started_s: Option<f64>,
    /// Its epochs, validation included.
    pub training_s: f64,
}

impl Provenance {
    pub(super) fn of(runs: &[&RunView]) -> Self {
        let (kept, _) = current(runs);
        let mut own: Vec<RunProvenance> = kept.iter().map(|run| RunProvenance::of(run)).collect();
        let mut arms: Vec<String> = Vec::new();
        for run in &own {
            if !arms.contains(&run.arm) {
                arms.push(run.arm.clone());
            }
        }
        own.sort_by_key(|run| (arms.iter().position(|arm| *arm == run.arm), run.fold, run.seed));
        let mut plans: Vec<(&str, &str)> = own.iter().map(|run| (&*run.id, &*run.plan_sha256)).collect();
        plans.sort_unstable();
        let digest = plans.iter().fold(Sha256::new(), |hash, (_, plan)| hash.chain_update(plan));
        let ids: Vec<&str> = kept.iter().map(|run| run.dir.id().as_str()).collect();
        let mut left_out: Vec<String> = runs.iter().map(|run| run.dir.id().to_string()).collect();
        left_out.retain(|id| !ids.contains(&&**id));
        left_out.sort();
        let finished = || own.iter().filter(|run| run.state == State::Finished.name());
        Self {
            dataset: kept.first().map(|run| run.plan.dataset.clone()).unwrap_or_default(),
            dataset_digest: kept.first().map(|run| run.plan.dataset_digest.clone()).unwrap_or_default(),
            plans_sha256: hex(&digest.finalize()),
            versions: once(finished().map(|run| run.version.clone())),
            devices: once(finished().map(|run| run.device.clone())),
            seeds: once(own.iter().map(|run| run.seed)),
            folds: once(own.iter().map(|run| run.fold)),
            training_s: own.iter().map(|run| run.training_s).sum(),
            left_out,
            runs: own,
        }
    }
}

impl RunProvenance {
    fn of(run: &RunView) -> Self {
        let (plan, record) = (&run.plan, &run.record);
        Self {
            id: run.dir.id().to_string(),
            arm: plan.arm.clone(),
            fold: plan.fold,
            seed: plan.seed,
            state: run.state.name().to_owned(),
            plan_sha256: hex(&Sha256::digest(plan.to_toml())),
            version: record.version.clone(),
            device: record.device.clone(),
            epochs: record.epoch(),
            best_epoch: record.best_epoch,
            first_started_s: record.first_started_s,
            training_s: record.curve.iter().map(|point| point.elapsed_s).sum(),
        }
    }
}

/// Sorted, each once.
fn once<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort();
    values.dedup();
    values
}
