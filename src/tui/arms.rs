//! The comparison as the screen shows it: chosen column, order of rows, best values.

use std::cmp::Ordering;

use super::keys::Direction;
use crate::metric::{Better, Metric, Task};
use crate::report::{ArmRow, Comparison};

/// Metrics of a segmentation that come first; the others follow in the order of the registry.
const MAIN: [&str; 6] = ["dsc", "iou", "miou", "sensitivity", "precision", "hd95_px"];

/// A column of the comparison.
#[derive(Clone, Copy, Debug)]
pub enum Column {
    /// The arm's name; it stays where it is.
    Arm,
    /// Finished of planned runs.
    Runs,
    /// Test cases.
    Cases,
    /// Mean over cases.
    Metric(&'static Metric),
    /// Key of the loss.
    Loss,
    /// Trainable numbers.
    Params,
}

/// How rows are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sorting {
    /// As in the spec.
    #[default]
    Planned,
    /// By the chosen column: best, most or A first.
    BestFirst,
    /// By the chosen column, the other way round.
    BestLast,
}

/// The first metric: what a comparison is opened for.
const FIRST: usize = 3;

/// A comparison, sorted once when it or the order changes.
#[derive(Clone, Debug)]
pub struct Arms {
    compared: Option<Result<Box<Comparison>, String>>,
    order: Vec<usize>,
    column: usize,
    sorting: Sorting,
}

impl Default for Arms {
    fn default() -> Self {
        Self { compared: None, order: Vec::new(), column: FIRST, sorting: Sorting::Planned }
    }
}

/// Metrics of the task's tables, the main ones first.
fn metrics(task: Task) -> impl Iterator<Item = &'static Metric> {
    let main = if task == Task::Segmentation { &MAIN[..] } else { &[] };
    let first = main.iter().filter_map(move |name| task.metric(name));
    first.chain(task.shown().filter(|m| !main.contains(&m.name)))
}

impl Arms {
    /// Metrics of the comparison's table, the main ones first.
    pub fn metrics(&self) -> impl Iterator<Item = &'static Metric> {
        metrics(self.compared().and_then(Result::ok).map(|comparison| comparison.task).unwrap_or_default())
    }

    /// Every column, the arm's name first.
    pub fn columns(&self) -> impl Iterator<Item = Column> {
        let before = [Column::Arm, Column::Runs, Column::Cases];
        before.into_iter().chain(self.metrics().map(Column::Metric)).chain([Column::Loss, Column::Params])
    }

    /// The chosen column.
    pub fn chosen(&self) -> Column {
        self.columns().nth(self.column).unwrap_or(Column::Arm)
    }

    /// Takes a newer comparison.
    pub fn set(&mut self, compared: Result<Box<Comparison>, String>) {
        self.compared = Some(compared);
        self.arrange();
    }

    /// Chooses the next column.
    pub fn choose(&mut self, direction: Direction) {
        let place = match direction {
            Direction::Forward => self.column + 1,
            Direction::Backward => self.column.saturating_sub(1),
        };
        self.column = place.min(self.columns().count() - 1);
        self.arrange();
    }

    /// Goes to the next order.
    pub fn sort(&mut self) {
        self.sorting = match self.sorting {
            Sorting::Planned => Sorting::BestFirst,
            Sorting::BestFirst => Sorting::BestLast,
            Sorting::BestLast => Sorting::Planned,
        };
        self.arrange();
    }

    /// Sorts the other way round.
    pub fn turn(&mut self) {
        self.sorting = match self.sorting {
            Sorting::BestFirst => Sorting::BestLast,
            Sorting::BestLast | Sorting::Planned => Sorting::BestFirst,
        };
        self.arrange();
    }

    /// The comparison, or why there is none; `None` before it is read.
    pub fn compared(&self) -> Option<Result<&Comparison, &str>> {
        self.compared.as_ref().map(|compared| compared.as_deref().map_err(String::as_str))
    }

    /// Arms in the order of the screen.
    pub fn rows(&self) -> impl Iterator<Item = &ArmRow> {
        let arms = self.arms();
        self.order.iter().filter_map(move |&i| arms.get(i))
    }

    /// How many arms there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Place of the chosen column among [`columns`](Self::columns).
    pub fn column(&self) -> usize {
        self.column
    }

    /// How rows are ordered.
    pub fn sorting(&self) -> Sorting {
        self.sorting
    }

    /// The best mean of `metric` of the arms that do not leak; `None` unless at least two of them have one.
    pub fn best(&self, metric: &Metric) -> Option<f64> {
        let honest = self.arms().iter().filter(|arm| arm.leak.is_none());
        let means: Vec<f64> = honest.filter_map(|arm| arm.value(metric).mean).collect();
        let best = means.iter().copied().reduce(|a, b| if better(metric, a, b) == Ordering::Less { a } else { b });
        best.filter(|_| means.len() > 1)
    }

    /// Whether every arm has finished all of its runs: only then do arms stand on the same cases.
    pub fn is_complete(&self) -> bool {
        self.arms().iter().all(|arm| arm.finished == arm.runs)
    }

    fn arms(&self) -> &[ArmRow] {
        match &self.compared {
            Some(Ok(comparison)) => &comparison.arms,
            _ => &[],
        }
    }

    fn arrange(&mut self) {
        let (arms, column) = (self.arms(), self.chosen());
        let mut order: Vec<usize> = (0..arms.len()).collect();
        match self.sorting {
            Sorting::Planned => {}
            Sorting::BestFirst => order.sort_by(|&a, &b| column.order(&arms[a], &arms[b])),
            Sorting::BestLast => order.sort_by(|&a, &b| column.turned(&arms[a], &arms[b])),
        }
        self.order = order;
    }
}

impl Column {
    /// The better, the larger, or the first in the alphabet is less; an arm without a value is neither best nor worst and
    /// comes last.
    fn order(self, a: &ArmRow, b: &ArmRow) -> Ordering {
        match self {
            Column::Arm => a.label().cmp(&b.label()),
            Column::Runs => b.finished.cmp(&a.finished),
            Column::Cases => b.cases().cmp(&a.cases()),
            Column::Loss => a.loss.cmp(&b.loss),
            Column::Params => b.params.cmp(&a.params),
            Column::Metric(metric) => match (a.value(metric).mean, b.value(metric).mean) {
                (Some(a), Some(b)) => better(metric, a, b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            },
        }
    }

    fn turned(self, a: &ArmRow, b: &ArmRow) -> Ordering {
        let lacks = |arm: &ArmRow| matches!(self, Column::Metric(metric) if arm.value(metric).mean.is_none());
        if lacks(a) || lacks(b) { self.order(a, b) } else { self.order(b, a) }
    }
}

/// The better value is less.
fn better(metric: &Metric, a: f64, b: f64) -> Ordering {
    match metric.better {
        Better::Higher => b.total_cmp(&a),
        Better::Lower => a.total_cmp(&b),
    }
}
