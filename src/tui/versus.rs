//! What the comparison says beyond means: tests against a chosen arm, printed numbers, two plans side by side.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::keys::Direction;
use super::printed::Order;
use super::row::Name;
use crate::audit::{Finding, published};
use crate::metric::Metric;
use crate::report::{Answers, ArmRow, Comparison, Contrast, Difference, PrintedTable, Standing, printed};

/// Which block has the screen where there is room for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Block {
    /// Arms × metrics.
    #[default]
    Arms,
    /// What the papers print.
    Printed,
}

/// Whether cells have their intervals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Intervals {
    /// The mean alone.
    #[default]
    Hidden,
    /// The interval of the mean beside it.
    Shown,
}

/// Two plans.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Their runs.
    pub names: [Name; 2],
    /// How they are called above their columns.
    pub labels: [String; 2],
    /// What they do not have in common, once it is read.
    pub found: Option<Result<Vec<Difference>, String>>,
}

/// State of the comparison's further blocks.
#[derive(Clone, Debug, Default)]
pub struct Versus {
    /// Spec and arm.
    reference: Option<(String, String)>,
    answers: BTreeMap<String, Result<Arc<Answers>, String>>,
    verdicts: Option<Arc<Vec<Finding>>>,
    printed: Option<Vec<PrintedTable>>,
    /// The block that is shown.
    pub block: Block,
    /// Whether cells have their intervals.
    pub intervals: Intervals,
    /// Lines scrolled in the printed block.
    pub scroll: usize,
    /// Lines of the notes scrolled past.
    pub below: usize,
    /// Order of the printed rows.
    pub order: Order,
    /// The plans that are held against each other.
    pub pair: Option<Pair>,
}

impl Versus {
    /// The arm that the others are held against: the chosen one, or the first that has finished and does not leak.
    pub fn reference<'a>(&self, comparison: &'a Comparison) -> Option<&'a ArmRow> {
        let can = |arm: &&ArmRow| arm.finished > 0 && arm.leak.is_none();
        let chosen = self.reference.as_ref().filter(|(spec, _)| *spec == comparison.spec);
        let is_chosen = |arm: &&ArmRow| chosen.is_some_and(|(_, name)| *name == arm.arm);
        let able = || comparison.arms.iter().filter(can);
        able().find(is_chosen).or_else(|| able().next())
    }

    /// Holds the others against `arm`.
    pub fn choose(&mut self, spec: &str, arm: &str) {
        self.reference = Some((spec.to_owned(), arm.to_owned()));
    }

    /// The answers for the reference of `comparison`; `None` while they are computed.
    pub fn answers(&self, comparison: &Comparison) -> Option<Result<&Answers, &str>> {
        let reference = self.reference(comparison)?;
        self.answers.get(&reference.arm).map(|answers| answers.as_deref().map_err(String::as_str))
    }

    /// The arm whose answers are still to be computed; none where there is nothing to test.
    pub fn wanted(&self, comparison: &Comparison) -> Option<String> {
        let arm = &self.reference(comparison)?.arm;
        (!self.answers.contains_key(arm)).then(|| arm.clone())
    }

    /// What the test says of `arm` in `metric`.
    pub fn contrast(&self, comparison: &Comparison, arm: &str, metric: &Metric) -> Option<Contrast> {
        self.answers(comparison)?.ok()?.contrast(arm, metric)
    }

    /// Sign of `arm` in `metric`, if it is told apart from the reference.
    pub fn sign(&self, comparison: &Comparison, arm: &str, metric: &Metric) -> Option<&'static str> {
        match self.contrast(comparison, arm, metric)?.standing? {
            Standing::Better => Some("▲"),
            Standing::Worse => Some("▼"),
            Standing::Open => None,
        }
    }

    /// Takes answers.
    pub fn set_answers(&mut self, against: String, answers: Result<Arc<Answers>, String>) {
        self.answers.insert(against, answers);
    }

    /// The scores are others: nothing that was computed of them holds.
    pub fn forget(&mut self) {
        self.answers.clear();
        self.printed = None;
    }

    /// Takes what the auditor says of the published tables.
    pub fn judge(&mut self, verdicts: Arc<Vec<Finding>>) {
        self.verdicts = Some(verdicts);
        self.printed = None;
    }

    /// Whether the auditor has not spoken yet.
    pub fn lacks_verdicts(&self) -> bool {
        self.verdicts.is_none()
    }

    /// Finds the printed rows of `comparison`'s models and losses, once.
    pub fn print(&mut self, comparison: &Comparison) {
        if let (None, Some(verdicts)) = (&self.printed, &self.verdicts) {
            self.printed = Some(printed(comparison, published(), verdicts));
        }
    }

    /// Chooses a column of the printed tables.
    pub fn choose_printed(&mut self, direction: Direction) {
        self.order.choose(direction, self.printed.as_deref().unwrap_or_default());
    }

    /// What the papers print of the arms; `None` while the auditor reads.
    pub fn printed(&self) -> Option<&[PrintedTable]> {
        self.printed.as_deref()
    }
}
