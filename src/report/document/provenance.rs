//! Where a report's numbers come from: runs, plans, data, code, machines, time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::recipe::Recipe;
use crate::dataset::hex;
use crate::metric::{Better, Metric};
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
    /// Widths of the networks, each once; absent if all are as published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub widths: Vec<f64>,
    /// Epochs of all runs together, validation included.
    pub training_s: f64,
    /// Runs of the tables, by arm in the order of the tables, then fold and seed.
    pub runs: Vec<RunProvenance>,
    /// Runs of earlier versions of the spec or its data, which do not count.
    pub left_out: Vec<String>,
    /// What was trained, by arm in the order of the tables; absent from tables of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipes: Vec<Recipe>,
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
    /// Training loss of the epoch whose weights were scored; absent if it keeps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_loss: Option<f64>,
    /// Lowest training loss of any epoch; absent if it keeps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowest_train_loss: Option<f64>,
    /// Best of the epochs' scores of training images, by metric; absent if they keep none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub train_best: BTreeMap<String, f64>,
    /// Scores of training images in the epoch whose weights were scored, by metric; absent if it keeps none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub train_scored: BTreeMap<String, f64>,
}

/// Which epoch's number of training is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// The one whose weights were scored.
    Scored,
    /// The best one, for each number by itself.
    Best,
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
            widths: widths(&kept),
            training_s: own.iter().map(|run| run.training_s).sum(),
            left_out,
            recipes: Recipe::all(&arms, &kept),
            runs: own,
        }
    }

    /// How wide, how long and how often the finished runs are: `width 0.125, up to 10 epochs, 1 of 9 folds run (0)`, where
    /// the spec has `folds`.
    pub(super) fn extent(&self, folds: Option<usize>) -> String {
        let epochs = self.finished().map(|run| run.epochs).max().unwrap_or(0);
        let widths: Vec<String> = self.widths.iter().map(f64::to_string).collect();
        let parts = [
            match &widths[..] {
                [] => None,
                [width] => Some(format!("width {width}")),
                [others @ .., last] => Some(format!("widths {} and {last}, by arm", others.join(", "))),
            },
            Some(format!("up to {epochs} epochs")),
            self.folds_run(folds).or_else(|| folds.map(|folds| format!("all {folds} folds run"))),
        ];
        format!("these arms: {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    /// Which of the spec's `folds` are run, if not all: `1 of 9 folds run (0)`. Of a spec whose folds are not known, those
    /// that are run; nothing of a single split.
    pub(super) fn folds_run(&self, folds: Option<usize>) -> Option<String> {
        let own = once(self.finished().map(|run| run.fold));
        let names = own.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        match (own.len(), folds) {
            (0, _) => Some("no fold run".to_owned()),
            (n, Some(folds)) if n >= folds => None,
            (n, Some(folds)) => Some(format!("{n} of {folds} folds run ({names})")),
            (1, None) if own == [0] => None,
            (n, None) => Some(format!("{n} folds run ({names})")),
        }
    }

    /// Mean of a number over the finished runs of `arm` that have it.
    pub(super) fn over_runs(&self, arm: &str, of: impl Fn(&RunProvenance) -> Option<f64>) -> Option<f64> {
        let values: Vec<f64> = self.finished().filter(|run| run.arm == arm).filter_map(of).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    fn finished(&self) -> impl Iterator<Item = &RunProvenance> {
        self.runs.iter().filter(|run| run.state == State::Finished.name())
    }
}

/// Best of a metric over the epochs of training.
fn best_in_training(run: &RunView, metric: &Metric) -> Option<f64> {
    let values = run.record.curve.iter().filter_map(|point| point.train.get(metric.name).flatten());
    values.reduce(|a, b| if metric.better == Better::Higher { a.max(b) } else { a.min(b) })
}

/// Of networks that have one, as numbers of the published channels; none if that is 1 for all.
fn widths(runs: &[&RunView]) -> Vec<f64> {
    let width = |run: &&RunView| serde_json::to_value(&run.plan.model).ok()?.get("width")?.as_f64();
    let mut widths: Vec<f64> = runs.iter().filter_map(width).collect();
    widths.sort_by(f64::total_cmp);
    widths.dedup();
    if widths == [1.0] { Vec::new() } else { widths }
}

impl RunProvenance {
    /// Its training loss.
    pub(super) fn loss_in_training(&self, of: Of) -> Option<f64> {
        match of {
            Of::Scored => self.train_loss,
            Of::Best => self.lowest_train_loss,
        }
    }

    /// What the images that it was trained on had.
    pub(super) fn in_training(&self, metric: &str, of: Of) -> Option<f64> {
        let scores = match of {
            Of::Scored => &self.train_scored,
            Of::Best => &self.train_best,
        };
        scores.get(metric).copied()
    }

    fn of(run: &RunView) -> Self {
        let (plan, record) = (&run.plan, &run.record);
        let scored = record.best();
        let losses = record.curve.iter().filter_map(|point| point.train_loss);
        let best = |metric: &Metric| Some((metric.name.to_owned(), best_in_training(run, metric)?));
        let scored_of = |metric: &Metric| {
            let value = scored?.train.get(metric.name).flatten()?;
            Some((metric.name.to_owned(), value))
        };
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
            train_loss: scored.and_then(|point| point.train_loss),
            lowest_train_loss: losses.reduce(f64::min),
            train_best: plan.task.metrics().iter().filter_map(best).collect(),
            train_scored: plan.task.metrics().iter().filter_map(scored_of).collect(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn run(fold: usize, state: State, epochs: u32) -> RunProvenance {
        RunProvenance {
            id: String::new(),
            arm: String::new(),
            fold,
            seed: 1,
            state: state.name().to_owned(),
            plan_sha256: String::new(),
            version: String::new(),
            device: String::new(),
            epochs,
            best_epoch: None,
            first_started_s: None,
            training_s: 0.0,
            train_loss: Some(f64::from(epochs)),
            lowest_train_loss: Some(0.25),
            train_best: [("dsc".to_owned(), 0.9)].into(),
            train_scored: [("dsc".to_owned(), 0.5)].into(),
        }
    }

    #[test]
    fn only_finished_runs_say_how_far_they_went() {
        let runs = vec![run(0, State::Finished, 7), run(0, State::Finished, 10), run(1, State::Stopped, 99)];
        let mut own = Provenance { runs, widths: vec![0.125], ..Provenance::of(&[]) };
        assert_eq!(own.extent(Some(9)), "these arms: width 0.125, up to 10 epochs, 1 of 9 folds run (0)");
        assert_eq!(own.extent(None), "these arms: width 0.125, up to 10 epochs");
        own.widths = vec![0.125, 1.0];
        assert_eq!(own.extent(None), "these arms: widths 0.125 and 1, by arm, up to 10 epochs");
        own.widths.clear();
        own.runs.push(run(2, State::Finished, 1));
        assert_eq!(own.extent(None), "these arms: up to 10 epochs, 2 folds run (0, 2)");
        assert_eq!(own.extent(Some(2)), "these arms: up to 10 epochs, all 2 folds run");
        assert_eq!((own.folds_run(Some(2)), own.folds_run(Some(3))), (None, Some("2 of 3 folds run (0, 2)".into())));
    }

    #[test]
    fn a_number_of_an_arm_is_the_mean_over_its_finished_runs() {
        let runs = vec![run(0, State::Finished, 7), run(1, State::Finished, 10), run(2, State::Failed, 99)];
        let own = Provenance { runs, ..Provenance::of(&[]) };
        assert_eq!(own.over_runs("", |run| run.train_loss), Some(8.5));
        assert_eq!(own.over_runs("nobody", |run| run.train_loss), None);
        let dsc = |of: Of| own.over_runs("", |run| run.in_training("dsc", of));
        assert_eq!([dsc(Of::Scored), dsc(Of::Best)], [Some(0.5), Some(0.9)]);
        let loss = |of: Of| own.over_runs("", |run| run.loss_in_training(of));
        assert_eq!([loss(Of::Scored), loss(Of::Best)], [Some(8.5), Some(0.25)]);
        assert_eq!(own.over_runs("", |run| run.in_training("iou", Of::Best)), None);
    }
}
