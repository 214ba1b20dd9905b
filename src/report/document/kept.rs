//! The per-case scores behind a document as CSV, and read back: what a table that is kept without its runs is made of.
//!
//! Left out are the histograms of probabilities, some hundred numbers a case: calibration, Brier score and pooled AUC of
//! a segmentation cannot be made again from it, and are not in its tables.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::metric::{CaseScore, Confusion, Metric, Probabilities, Surfaces, Task, Verdict};
use crate::report::scores::{ArmScores, RunScores};
use crate::report::{Comparison, LeakCount};

/// Metrics of a segmentation that need every case's histogram.
const OF_HISTOGRAMS: [&str; 2] = ["ece", "brier"];
/// More rows are no table that anyone keeps.
const MOST_ROWS: usize = 1 << 20;

/// Metrics that can be made again from the rows.
pub(super) fn metrics(task: Task) -> Vec<&'static Metric> {
    let kept = |metric: &&Metric| !task.is_segmentation() || !OF_HISTOGRAMS.contains(&metric.name);
    task.metrics().iter().filter(kept).collect()
}

/// Before or after post-processing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stage {
    Raw,
    Final,
}

/// One case of one run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    arm: String,
    /// Place of the run among the arm's.
    run: usize,
    seed: u64,
    stage: Stage,
    /// Whether its subject is in training.
    known: bool,
    case: String,
    subject: String,
    tp: u64,
    fp: u64,
    #[serde(rename = "fn")]
    fn_: u64,
    tn: u64,
    boundary_tp: u64,
    boundary_fp: u64,
    boundary_fn: u64,
    boundary_tn: u64,
    surface_near: u64,
    surface_px: u64,
    hd_px: Option<f64>,
    hd95_px: Option<f64>,
    hd95_larger_px: Option<f64>,
    assd_px: Option<f64>,
    auc: Option<f64>,
    malignant: Option<bool>,
    probability: Option<f64>,
    /// Absent from tables of older versions.
    #[serde(default)]
    loss: Option<f64>,
}

/// A row a case, run by run.
pub(super) fn csv(arms: &[ArmScores]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for arm in arms {
        let finals = arm.runs.iter().enumerate();
        let finals =
            finals.flat_map(|(run, own)| own.scores.iter().map(move |score| (run, own.seed, Stage::Final, score)));
        let raw = arm.before.iter().flatten().map(|score| (0, 0, Stage::Raw, score));
        for (run, seed, stage, score) in finals.chain(raw) {
            writer.serialize(Row::of(arm, (run, seed, stage), score)).expect("a vector takes every byte");
        }
    }
    let bytes = writer.into_inner().expect("a vector takes every byte");
    String::from_utf8(bytes).expect("text in, text out")
}

/// The scores of the arms that `comparison` names, in its order.
pub(super) fn read(bytes: &[u8], comparison: &Comparison) -> Result<Vec<ArmScores>, String> {
    let bare = |arm: &crate::report::ArmRow| ArmScores {
        arm: arm.arm.clone(),
        task: comparison.task,
        runs: Vec::new(),
        before: None,
        leak: arm.leak,
        known: Default::default(),
    };
    let mut arms: Vec<ArmScores> = comparison.arms.iter().map(bare).collect();
    for (line, row) in csv::Reader::from_reader(bytes).into_deserialize::<Row>().enumerate() {
        let row = row.map_err(|error| error.to_string())?;
        let wrong = |what: String| format!("row {}: {what}", line + 1);
        if line >= MOST_ROWS {
            return Err(format!("more than {MOST_ROWS} rows"));
        }
        let arm = arms.iter_mut().find(|arm| arm.arm == row.arm);
        row.join(arm.ok_or_else(|| wrong("an arm that is not in the table".to_owned()))?).map_err(wrong)?;
    }
    arms.retain(|arm| !arm.runs.is_empty());
    for arm in &mut arms {
        let cases: BTreeSet<&str> = arm.runs.iter().flat_map(|run| &run.scores).map(|score| &*score.case).collect();
        let (test, in_training) = (cases.len(), arm.known.len());
        arm.leak = arm.leak.map(|leak| LeakCount { test, in_training, ..leak });
    }
    Ok(arms)
}

impl Row {
    fn of(arm: &ArmScores, (run, seed, stage): (usize, u64, Stage), score: &CaseScore) -> Self {
        let (counts, boundary) = (score.counts, score.boundary);
        Self {
            arm: arm.arm.clone(),
            run,
            seed,
            stage,
            known: arm.known.contains(&score.case),
            case: score.case.clone(),
            subject: score.subject.clone(),
            tp: counts.tp,
            fp: counts.fp,
            fn_: counts.fn_,
            tn: counts.tn,
            boundary_tp: boundary.tp,
            boundary_fp: boundary.fp,
            boundary_fn: boundary.fn_,
            boundary_tn: boundary.tn,
            surface_near: score.surfaces.near,
            surface_px: score.surfaces.pixels,
            hd_px: score.hd_px,
            hd95_px: score.hd95_px,
            hd95_larger_px: score.hd95_larger_px,
            assd_px: score.assd_px,
            auc: score.probabilities.as_ref().and_then(|own| own.auc),
            malignant: score.verdict.map(|verdict| verdict.malignant),
            probability: score.verdict.map(|verdict| verdict.probability),
            loss: score.loss,
        }
    }

    /// Becomes part of its arm; `Err` says why it cannot.
    fn join(self, arm: &mut ArmScores) -> Result<(), String> {
        let (run, seed, stage) = (self.run, self.seed, self.stage);
        if self.known {
            arm.known.insert(self.case.clone());
        }
        let score = self.score()?;
        match stage {
            Stage::Raw => arm.before.get_or_insert_default().push(score),
            Stage::Final if run == arm.runs.len() => arm.runs.push(RunScores { seed, scores: vec![score] }),
            Stage::Final => match arm.runs.get_mut(run) {
                Some(own) if own.seed == seed => own.scores.push(score),
                _ => return Err(format!("run {run}, seed {seed}: out of order")),
            },
        }
        Ok(())
    }

    fn score(self) -> Result<CaseScore, String> {
        let is_share = |value: Option<f64>| value.is_none_or(|value| (0.0..=1.0).contains(&value));
        if !is_share(self.auc) || !is_share(self.probability) {
            return Err(format!("{}: a probability beyond 0 to 1", self.case));
        }
        let verdict = self.probability.zip(self.malignant);
        let verdict = verdict.map(|(probability, malignant)| Verdict { probability, malignant });
        let score = CaseScore {
            case: self.case,
            subject: self.subject,
            counts: Confusion { tp: self.tp, fp: self.fp, fn_: self.fn_, tn: self.tn },
            boundary: Confusion {
                tp: self.boundary_tp,
                fp: self.boundary_fp,
                fn_: self.boundary_fn,
                tn: self.boundary_tn,
            },
            surfaces: Surfaces { near: self.surface_near, pixels: self.surface_px },
            hd_px: self.hd_px,
            hd95_px: self.hd95_px,
            hd95_larger_px: self.hd95_larger_px,
            assd_px: self.assd_px,
            loss: self.loss,
            probabilities: None,
            verdict,
        };
        score.check()?;
        Ok(CaseScore {
            probabilities: self.auc.map(|auc| Probabilities { auc: Some(auc), ..Default::default() }),
            ..score
        })
    }
}
