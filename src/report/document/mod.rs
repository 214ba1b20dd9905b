//! Everything that a report says of one spec: computed once from per-case scores, kept as JSON, rendered many ways.

mod area;
mod beside;
mod cases;
mod check;
mod checks;
mod golden;
mod kept;
mod layout;
mod means;
mod page;
mod paper;
mod provenance;
mod recipe;
mod roc;
mod shown;
mod subjects;
mod table;
#[cfg(test)]
mod tests;
mod write;

use serde::Serialize;

use super::scores::ArmScores;
use super::{AnswerError, Answers, Broken, Comparison, Question, current};
use crate::metric::{Metric, Task};
use crate::stats::Inference;
use crate::store::RunView;

pub use area::{AreaAgreement, AreaPair};
pub use beside::{Beside, BesideRow, Unpaired};
pub use cases::ArmCases;
pub use check::{Checked, check};
pub use checks::Checks;
pub use golden::{Making, renew_golden, write_golden};
pub(super) use layout::plain;
pub use layout::{Reach, Section, duration};
pub use provenance::{Provenance, RunProvenance};
pub use recipe::Recipe;
pub use roc::{PixelRoc, Roc, RocPoint};
pub use subjects::{ArmSubjects, SubjectMeans};
pub use write::{Progress, SpecRuns, Unreported, Written, write_report};

/// Version of a report's JSON.
pub const SCHEMA: u32 = 1;

/// What a report says of the arms of one spec that answer one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The spec.
    pub spec: String,
    /// What the arms answer.
    pub task: Task,
    /// Arms × metrics.
    pub comparison: Comparison,
    /// Intervals, tests and ranks of every metric.
    pub statistics: Answers,
    /// Predicted against reference areas; empty for a classification.
    pub areas: Vec<AreaAgreement>,
    /// Curves of a classification; empty for a segmentation.
    pub roc: Vec<Roc>,
    /// Curves over pixels; empty for a classification.
    pub pixel_roc: Vec<PixelRoc>,
    /// Values of the cases; drawn, not written.
    #[serde(skip)]
    pub cases: Vec<ArmCases>,
    /// What papers print of the same models and losses.
    pub published: Vec<Beside>,
    /// Published tables about the arms without a number that they have too; absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unpaired: Vec<Unpaired>,
    /// Means over the cases of each subject; absent where each subject has one case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<ArmSubjects>,
    /// What is known of the data and the splits.
    pub checks: Checks,
    /// Where the numbers come from.
    pub provenance: Provenance,
}

/// What is asked of a document: what a check needs to ask again.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The arm that the others are held against; the first honest one if absent.
    pub against: Option<String>,
    /// Level of intervals, resamples, seed.
    pub inference: Inference,
}

/// What a document takes as it is.
struct Facts {
    comparison: Comparison,
    checks: Checks,
    provenance: Provenance,
}

impl Document {
    /// The document of `runs`, which belong to one spec and one task. Calls `step_done` after each metric, and after each
    /// published table where the auditor has not read them yet.
    pub fn of(
        spec: &str,
        runs: &[&RunView],
        asked: &Asked,
        step_done: &(dyn Fn() + Sync),
    ) -> Result<Self, AnswerError> {
        let (kept, _) = current(runs);
        let facts = Facts {
            comparison: Comparison::of(spec, runs),
            checks: Checks::of(&kept),
            provenance: Provenance::of(runs),
        };
        let metrics: Vec<&Metric> = facts.comparison.task.metrics().iter().collect();
        let scored = super::scores::arm_scores(&kept, &metrics)?;
        Self::of_scores(facts, &scored, (asked, metrics), step_done)
    }

    /// With those of `broken` that are its spec's.
    pub(super) fn and_unreadable(self, broken: &Broken) -> Self {
        Self { comparison: self.comparison.and_unreadable(broken), ..self }
    }

    /// The same from scores.
    fn of_scores(
        Facts { comparison, checks, provenance }: Facts,
        scored: &[ArmScores],
        (asked, metrics): (&Asked, Vec<&'static Metric>),
        step_done: &(dyn Fn() + Sync),
    ) -> Result<Self, AnswerError> {
        let task = comparison.task;
        let question = Question { metrics, against: asked.against.clone(), width: None, inference: asked.inference };
        let statistics = Answers::of_scores(scored, &question, step_done)?;
        let from = beside::Sources { comparison: &comparison, provenance: &provenance, answers: &statistics };
        let (published, unpaired) = beside::beside(from, step_done);
        Ok(Self {
            schema: SCHEMA,
            spec: comparison.spec.clone(),
            task,
            areas: if task.is_segmentation() { area::areas(scored) } else { Vec::new() },
            roc: roc::curves(scored),
            pixel_roc: if task.is_segmentation() { roc::over_pixels(scored) } else { Vec::new() },
            cases: scored.iter().map(|arm| ArmCases::of(arm, task)).collect(),
            published,
            unpaired,
            subjects: if task.is_segmentation() { subjects::by_subject(scored) } else { Vec::new() },
            checks,
            provenance,
            comparison,
            statistics,
        })
    }

    /// The arm as tables name it: one that leaks says so.
    pub(super) fn label(&self, arm: &str) -> String {
        let own = self.comparison.arms.iter().find(|own| own.arm == arm);
        own.map_or_else(|| arm.to_owned(), |own| own.label())
    }

    /// File name without extension: the spec, and the task where the spec's arms answer both.
    pub fn stem(&self, tasks: usize) -> String {
        if tasks > 1 { format!("{}-{}", self.spec, self.task.name()) } else { self.spec.clone() }
    }

    /// The contract: `"schema": 1`.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers and strings") + "\n"
    }
}
