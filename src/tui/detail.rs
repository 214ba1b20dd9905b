//! One run in full, reduced to what the screen can show however long it went on.

use std::collections::BTreeMap;

use crate::metric::{Metric, Task};
use crate::run::{EpochPoint, LastWord, RunRecord, State};
use crate::store::RunView;

use super::panel::{self, Panel};
use super::plot::{Ground, Plot};
use super::prose::GLUE;
use super::row::{Name, Row};
use super::text::{clean, count, value};

/// Everything the run's screen shows but log and picture. Every text is clean.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detail {
    /// The run.
    pub name: Name,
    /// Its line in the table.
    pub row: Row,
    /// Why it failed, or that nobody knows.
    pub reason: Option<String>,
    /// That lines of its events could not be read.
    pub unread: Option<String>,
    /// `label value`, the most telling first.
    pub facts: Vec<(&'static str, String)>,
    /// Unix time at which the latest worker began.
    pub started_s: Option<f64>,
    /// What the curves span.
    pub ground: Ground,
    /// Curves, in groups that are shown together.
    pub groups: Vec<Vec<Panel>>,
    /// Epoch whose weights are scored.
    pub best_epoch: Option<u32>,
    /// Test cases and their scores, once there are any; a name is glued to its value.
    pub test: Option<String>,
    /// A pixel classifier has no steps.
    pub has_steps: bool,
}

impl Detail {
    /// The run in full, its curves as `plot` asks for them.
    pub fn of(run: &RunView, plot: &Plot) -> Self {
        let record = &run.record;
        let (ground, groups) = panel::groups(run, plot);
        Self {
            name: run.dir.name(),
            row: Row::of(run),
            reason: reason(run),
            unread: record.unread(),
            facts: facts(run),
            started_s: record.started_s.filter(|_| run.state == State::Running),
            ground,
            groups,
            best_epoch: record.best_epoch,
            test: test(run.plan.task, record),
            has_steps: !run.plan.loss_name().is_empty(),
        }
    }
}

/// What is said of a run whose worker is gone.
pub const LOST: &str =
    "its worker is gone without a last word: killed, out of memory, or the machine went down; it can be resumed";

fn reason(run: &RunView) -> Option<String> {
    match &run.record.last_word {
        Some(LastWord::Failed(reason)) => Some(reason.lines().map(clean).collect::<Vec<_>>().join("\n")),
        // before its events are read to the end, nobody knows
        _ => (run.read && run.state == State::Lost).then(|| LOST.to_owned()),
    }
}

fn facts(run: &RunView) -> Vec<(&'static str, String)> {
    let (record, plan) = (&run.record, &run.plan);
    let mut facts = Vec::new();
    let mut add = |label, value: Option<String>| facts.extend(value.map(|value| (label, value)));
    let last = record.curve.last();
    let gaps = record.steps.gaps();
    add("unreadable lines", (record.unreadable > 0).then(|| record.unreadable.to_string()));
    add("step", (record.step() > 0).then(|| record.step().to_string()));
    add("loss", record.steps.last().map(|p| p.loss.map_or("not finite".into(), value)));
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
    add("unknown events", (record.unknown > 0).then(|| record.unknown.to_string()));
    facts
}

fn best(task: Task, point: &EpochPoint) -> String {
    let score = |metric: &Metric| {
        let value = point.valid.get(metric.name).flatten();
        format!("{} {}", metric.label, value.map_or("–".to_owned(), |v| format!("{v:.3}")))
    };
    format!("epoch {}: valid {}", point.epoch, task.main().map(score).join(" "))
}

fn test(task: Task, record: &RunRecord) -> Option<String> {
    let test = record.test.as_ref()?;
    let mut fewer: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    let mut shown = Vec::new();
    for (metric, value) in task.shown().filter_map(|metric| Some((metric, test.get(metric.name)?))) {
        let mark = if value.undefined > 0 { "†" } else { "" };
        shown.push(format!("{}{GLUE}{}{mark}", metric.label, crate::report::number(metric, value.mean)));
        if value.undefined > 0 {
            fewer.entry(value.n).or_default().push(metric.label);
        }
    }
    let n = test.values().map(|a| a.n + a.undefined).max().unwrap_or(0);
    let over = if task == Task::Segmentation { "mean over " } else { "" };
    let fewer = fewer.iter().map(|(n, labels)| format!("; † n = {n}: {}", labels.join(", ")));
    Some(format!("{} ({over}{n} test cases{})", shown.join(", "), fewer.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Aggregate;

    #[test]
    fn a_mean_over_fewer_cases_is_marked_with_how_many() {
        let value = |name: &str, mean, n, undefined| (name.to_owned(), Aggregate { mean: Some(mean), n, undefined });
        let values = [value("dsc", 0.8124, 130, 0), value("precision", 0.7, 126, 4), value("hd95_px", 12.34, 121, 9)];
        let record = RunRecord { test: Some(values.into_iter().collect()), ..RunRecord::default() };
        let said = test(Task::Segmentation, &record).expect("scored");
        assert!(said.starts_with("DSC\u{a0}0.812, ") && said.contains("12.3†"), "{said}");
        assert!(said.ends_with("(mean over 130 test cases; † n = 121: HD95; † n = 126: Prec.)"), "{said}");
    }
}
