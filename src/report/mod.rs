//! Comparison of a spec's arms: computed once from per-case scores, rendered many ways.
//! Knows runs and metrics; not terminals, not tensors.

mod answer;
mod card;
mod caveat;
mod contrast;
mod current;
mod difference;
mod division;
mod document;
mod exact;
mod export;
mod figure;
mod grid;
mod inference;
mod interval;
mod leak;
mod numbers;
mod planned;
mod printed;
mod render;
mod scores;
mod tensorboard;
mod together;
mod wandb;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use answer::{probability, signed};
pub use card::Card;
pub use contrast::{Contrast, Standing};
pub use current::{by_task, current};
pub use difference::{Difference, differences};
pub use division::{DivisionReport, Part, Shared};
pub use document::{
    AreaAgreement, AreaPair, ArmCases, ArmSubjects, Asked, Beside, BesideRow, Checked, Checks, Document, Making,
    PixelRoc, Progress, Provenance, Reach, Recipe, Roc, RocPoint, RunProvenance, Section, SpecRuns, SubjectMeans,
    Unpaired, Unreported, Written, check, duration, renew_golden, write_golden, write_report,
};
pub use exact::Exact;
pub use export::{csv_of, export};
pub use figure::Figure;
pub use grid::Grid;
pub use inference::{Answer, AnswerError, Answers, ArmAnswer, Question, metrics_named};
pub use interval::range;
pub use leak::{Exposure, LeakCount};
pub use printed::{PrintedRow, PrintedTable, printed};
pub use render::{Format, number};

use crate::dataset::fold::Subset;
use crate::metric::{Aggregate, CaseScore, Metric, Task};
use crate::run::State;
use crate::store::{Detail, RunView};
use scores::RunScores;
use together::Together;

/// Version of the JSON output.
pub const SCHEMA: u32 = 1;

/// Arms × metrics over the test cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The spec.
    pub spec: String,
    /// Manifest name of the data set.
    pub dataset: String,
    /// What the arms answer.
    #[serde(default, skip_serializing_if = "Task::is_segmentation")]
    pub task: Task,
    /// Side of the grid on which predictions were scored.
    pub input_px: usize,
    /// How many subjects took part, if not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subset: Option<Subset>,
    /// Runs of earlier versions of the spec, which do not count.
    pub left_out: usize,
    /// In the order in which they were first started.
    pub arms: Vec<ArmRow>,
    /// Runs whose plans cannot be read, so that nobody knows of which arm they are; absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Unscored>,
}

/// Run folders that cannot be read, `<spec>/<run>`, with the reason.
pub type Broken = BTreeMap<String, String>;

/// One arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmRow {
    /// Name in the spec.
    pub arm: String,
    /// Registry key of its model.
    pub model: String,
    /// Key of its loss; empty for a pixel classifier.
    pub loss: String,
    /// Runs planned.
    pub runs: usize,
    /// Runs finished, with scores that can be read; only these count.
    pub finished: usize,
    /// Trainable numbers.
    pub params: u64,
    /// Mean over test cases, or value of all of them. A case scored by several seeds counts once, with its mean over them.
    pub metrics: BTreeMap<String, Aggregate>,
    /// How far its protocol leaks; missing if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leak: Option<LeakCount>,
    /// Finished runs that do not count, since their scores cannot be read; absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unscored: Vec<Unscored>,
}

/// A run that does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unscored {
    /// Its name, `<spec>/<run>`.
    pub run: String,
    /// What is wrong with it, and what helps.
    pub reason: String,
}

impl Comparison {
    /// Compares the arms of `runs`, which belong to one spec; those of earlier versions of it are left out.
    pub fn of(spec: &str, runs: &[&RunView]) -> Self {
        let (runs, left_out) = current(runs);
        let mut arms: Vec<&str> = Vec::new();
        for run in &runs {
            if !arms.contains(&run.plan.arm.as_str()) {
                arms.push(&run.plan.arm);
            }
        }
        let first = runs.first();
        Self {
            schema: SCHEMA,
            spec: spec.to_owned(),
            dataset: first.map(|r| r.plan.dataset.clone()).unwrap_or_default(),
            task: first.map(|r| r.plan.task).unwrap_or_default(),
            input_px: first.map_or(0, |r| r.plan.input_px),
            subset: first.and_then(|r| r.plan.subset),
            left_out,
            arms: arms.into_iter().map(|arm| ArmRow::of(arm, &runs)).collect(),
            unreadable: Vec::new(),
        }
    }

    /// With those of `broken` that are its spec's.
    pub fn and_unreadable(mut self, broken: &Broken) -> Self {
        let own = broken.iter().filter(|(name, _)| name.rsplit_once('/').is_some_and(|(spec, _)| spec == self.spec));
        // A folder's name and what its plan says are anybody's words; where the store lies is nothing of theirs.
        let inside = |text: &str| text.find("plan.toml: ").unwrap_or(0);
        let plain = |text: &str| document::plain(text[inside(text)..].lines().next().unwrap_or_default());
        self.unreadable = own.map(|(run, reason)| Unscored { run: plain(run), reason: plain(reason) }).collect();
        self
    }
}

impl ArmRow {
    fn of(arm: &str, runs: &[&RunView]) -> Self {
        let own: Vec<&RunView> = runs.iter().copied().filter(|run| run.plan.arm == arm).collect();
        let (mut scores, mut unscored) = (Vec::new(), Vec::new());
        for run in own.iter().filter(|run| run.state == State::Finished) {
            match RunScores::of(run, Detail::Alone) {
                Ok(read) => scores.push(read),
                Err(error) => unscored.push(Unscored { run: run.dir.name(), reason: error.to_string() }),
            }
        }
        let plan = &own.first().expect("an arm has a run").plan;
        Self {
            arm: arm.to_owned(),
            model: plan.model.name().to_owned(),
            loss: plan.loss_name().to_owned(),
            runs: own.len(),
            finished: scores.len(),
            params: own.iter().map(|run| run.record.params).max().unwrap_or(0),
            metrics: plan.task.metrics().iter().map(|m| (m.name.to_owned(), over_runs(m, &scores))).collect(),
            leak: LeakCount::of(&own),
            unscored,
        }
    }
}

fn over_runs(metric: &Metric, runs: &[RunScores]) -> Aggregate {
    match metric.of_all {
        Some(of_all) => Together::of(of_all, runs).aggregate(),
        None => per_case(metric, runs.iter().flat_map(|run| &run.scores)),
    }
}

/// Mean over cases of the case's mean over seeds; a case is undefined if it is so under every seed.
fn per_case<'a>(metric: &Metric, scores: impl IntoIterator<Item = &'a CaseScore>) -> Aggregate {
    let mut by_case: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for score in scores {
        by_case.entry(&score.case).or_default().extend((metric.of)(score));
    }
    let means: Vec<f64> =
        by_case.values().filter(|v| !v.is_empty()).map(|v| v.iter().sum::<f64>() / v.len() as f64).collect();
    let mean = (!means.is_empty()).then(|| means.iter().sum::<f64>() / means.len() as f64);
    Aggregate { mean, n: means.len(), undefined: by_case.len() - means.len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Confusion, metric};

    fn score(case: &str, tp: u64, fp: u64) -> CaseScore {
        let counts = Confusion { tp, fp, fn_: 0, tn: 5 };
        CaseScore { case: case.into(), subject: case.into(), counts, ..CaseScore::default() }
    }

    #[test]
    fn a_case_scored_by_two_seeds_counts_once() {
        // a: IoU 1 and 1/2, mean 3/4; b: IoU 1/4. Mean of the two cases: 1/2.
        let scores = [score("a", 1, 0), score("a", 1, 1), score("b", 1, 3)];
        let iou = per_case(metric("iou").expect("iou"), &scores);
        assert_eq!(iou, Aggregate { mean: Some(0.5), n: 2, undefined: 0 });
    }

    #[test]
    fn a_case_without_tumour_and_prediction_is_counted_as_undefined() {
        let dsc = per_case(metric("dsc").expect("dsc"), &[score("a", 1, 0), score("b", 0, 0)]);
        assert_eq!(dsc, Aggregate { mean: Some(1.0), n: 1, undefined: 1 });
    }
}
