//! One run in full, reduced to what the screen can show however long it went on.

use crate::metric::{Metric, Task};
use crate::run::{EpochPoint, LastWord, RunRecord, State};
use crate::store::RunView;

use super::row::{Name, Row};
use super::text::{clean, count, value};
use super::widget::chart::{Point, decimate};

/// Columns that no terminal exceeds; curves are kept at this resolution.
const COLUMNS: usize = 2048;

/// Everything the run's screen shows but log and picture. Every text is clean.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// The run.
    pub name: Name,
    /// Its line in the table.
    pub row: Row,
    /// Why it failed.
    pub reason: Option<String>,
    /// `label value`, the most telling first.
    pub facts: Vec<(&'static str, String)>,
    /// Unix time at which the latest worker began.
    pub started_s: Option<f64>,
    /// What the curves run over.
    pub unit: Unit,
    /// Mean loss on the training part.
    pub train: Vec<Point>,
    /// Mean loss on the validation part.
    pub valid: Vec<Point>,
    /// The task's two main metrics on the validation part, with their labels.
    pub scores: [(&'static str, Vec<Point>); 2],
    /// Epoch whose weights are scored.
    pub best_epoch: Option<u32>,
    /// Test cases and their scores, once there are any.
    pub test: Option<String>,
    /// A pixel classifier has no steps.
    pub has_steps: bool,
}

/// What a curve's axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Before the second epoch, so that something moves from the first second on.
    Step,
    /// From then on.
    Epoch,
}

impl Detail {
    /// The run in full.
    pub fn of(run: &RunView) -> Self {
        let record = &run.record;
        let unit = if record.curve.len() < 2 { Unit::Step } else { Unit::Epoch };
        let curve = |of: &dyn Fn(&EpochPoint) -> Option<f64>| {
            let x = |p: &EpochPoint| if unit == Unit::Step { p.step as f64 } else { f64::from(p.epoch) };
            let points: Vec<Point> = record.curve.iter().map(|p| Point { x: x(p), y: finite(of(p)) }).collect();
            decimate(&points, COLUMNS)
        };
        let score = |name: &'static str| curve(&move |p: &EpochPoint| p.valid.get(name).copied().flatten());
        let steps = || record.steps.iter().map(|p| Point { x: p.step as f64, y: finite(p.loss) }).collect::<Vec<_>>();
        Self {
            name: run.dir.name(),
            row: Row::of(run),
            reason: reason(record),
            facts: facts(run),
            started_s: record.started_s.filter(|_| run.state == State::Running),
            unit,
            train: if unit == Unit::Step { decimate(&steps(), COLUMNS) } else { curve(&|p| p.train_loss) },
            valid: curve(&|p| p.valid_loss),
            scores: run.plan.task.main().map(|metric| (metric.label, score(metric.name))),
            best_epoch: record.best_epoch,
            test: test(run.plan.task, record),
            has_steps: !run.plan.loss_name().is_empty(),
        }
    }
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite())
}

fn reason(record: &RunRecord) -> Option<String> {
    match &record.last_word {
        Some(LastWord::Failed(reason)) => Some(reason.lines().map(clean).collect::<Vec<_>>().join("\n")),
        _ => None,
    }
}

fn facts(run: &RunView) -> Vec<(&'static str, String)> {
    let (record, plan) = (&run.record, &run.plan);
    let mut facts = Vec::new();
    let mut add = |label, value: Option<String>| facts.extend(value.map(|value| (label, value)));
    let last = record.curve.last();
    let gaps = record.steps.iter().filter(|p| finite(p.loss).is_none()).count();
    add("step", (record.step() > 0).then(|| record.step().to_string()));
    add("loss", record.steps.last().map(|p| finite(p.loss).map_or("not finite".into(), value)));
    add("lr", last.map(|p| format!("{:.1e}", p.lr)));
    add("images/s", last.map(|p| format!("{:.1}", p.images_per_s)));
    add("not finite", (gaps > 0).then(|| format!("{gaps} steps")));
    add("best", record.best().map(|point| best(plan.task, point)));
    add("params", (record.params > 0).then(|| count(record.params)));
    add("model", Some(plan.model.name().to_owned()));
    add("loss fn", Some(plan.loss_name().to_owned()).filter(|name| !name.is_empty()));
    add("data", Some(format!("{} at {} px", clean(&plan.dataset), plan.input_px)));
    let parts = (plan.split.train().len(), plan.split.valid().len(), plan.split.test().len());
    add("cases", Some(format!("{} train, {} valid, {} test", parts.0, parts.1, parts.2)));
    add("leaks", plan.split.warning());
    add("device", Some(clean(&record.device)).filter(|device| !device.is_empty()));
    add("attempts", (record.attempts > 1).then(|| record.attempts.to_string()));
    add("unreadable lines", (record.unreadable > 0).then(|| record.unreadable.to_string()));
    add("unknown events", (record.unknown > 0).then(|| record.unknown.to_string()));
    facts
}

fn best(task: Task, point: &EpochPoint) -> String {
    let score = |metric: &Metric| {
        let value = point.valid.get(metric.name).copied().flatten();
        format!("{} {}", metric.label, value.map_or("–".to_owned(), |v| format!("{v:.3}")))
    };
    format!("epoch {}: valid {}", point.epoch, task.main().map(score).join(" "))
}

fn test(task: Task, record: &RunRecord) -> Option<String> {
    let test = record.test.as_ref()?;
    let shown = task.shown().filter_map(|metric| {
        let aggregate = test.get(metric.name)?;
        Some(format!("{} {}", metric.label, crate::report::number(metric, aggregate.mean)))
    });
    let n = test.values().map(|a| a.n + a.undefined).max().unwrap_or(0);
    let over = if task == Task::Segmentation { "mean over " } else { "" };
    Some(format!("{} ({over}{n} test cases)", shown.collect::<Vec<_>>().join("  ")))
}
