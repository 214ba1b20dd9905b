//! A run as a line of the table, and the order of the lines.

use crate::metric::Task;
use crate::run::{RunRecord, State};
use crate::store::RunView;

use super::text::clean;

/// A run's name, `<spec>/<run>`: what screens and effects call it.
pub type Name = String;

/// A run as the table shows it. Every text is clean.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Identifies the run; not for drawing.
    pub name: Name,
    /// Its spec.
    pub spec: String,
    /// Its arm.
    pub arm: String,
    /// From 0.
    pub fold: usize,
    /// Of weights, order and augmentation.
    pub seed: u64,
    /// What it is doing; `None` while its events are read.
    pub state: Option<State>,
    /// Someone asked it to stop, and it has not yet.
    pub stopping: bool,
    /// Place in the queue's order, if it waits.
    pub ticket: Option<u64>,
    /// Completed epochs.
    pub epoch: u32,
    /// At most this many.
    pub epochs: u32,
    /// 0..=1.
    pub progress: f64,
    /// Seconds to its end.
    pub left_s: Option<f64>,
    /// Seconds that its epochs took so far.
    pub spent_s: f64,
    /// Best known value of the task's main metric.
    pub score: Option<Score>,
    /// Whose cases score and metrics are over; `None` where there are none yet.
    pub part: Option<Part>,
    /// Where it computes.
    pub device: String,
    /// Its network or pixel classifier.
    pub model: String,
    /// Its loss; empty for a pixel classifier.
    pub loss: String,
    /// What it answers.
    pub task: Task,
    /// Unix time of its last word.
    pub ended_s: Option<f64>,
    /// Metrics by name.
    pub metrics: Vec<(&'static str, f64)>,
}

/// A score and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// What is scored.
    pub task: Task,
    /// Of the task's main metric.
    pub value: f64,
}

/// Cases that a score is over; in the order in which runs that are sorted by it follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The test cases.
    Test,
    /// The validation cases, at the best epoch.
    Valid,
}

impl Part {
    /// As people type it.
    pub fn name(self) -> &'static str {
        match self {
            Part::Test => "test",
            Part::Valid => "valid",
        }
    }
}

impl Row {
    /// The line of `run`.
    pub fn of(run: &RunView) -> Self {
        let record = &run.record;
        let loss = run.plan.loss_name().to_owned();
        // A pixel classifier is trained at once.
        let planned = if loss.is_empty() { 1 } else { run.plan.train.epochs };
        Self {
            name: run.dir.name(),
            spec: clean(run.dir.spec()),
            arm: clean(&run.plan.label()),
            fold: run.plan.fold,
            seed: run.plan.seed,
            // A lock or a ticket says it before any event does.
            state: Some(run.state).filter(|state| run.read || !state.is_settled()),
            stopping: false,
            ticket: run.ticket,
            epoch: record.epoch(),
            epochs: if record.epochs > 0 { record.epochs } else { planned },
            progress: Some(record.progress()).filter(|p| p.is_finite()).unwrap_or(0.0),
            left_s: record.eta_s().filter(|left| left.is_finite()),
            spent_s: spent_s(record),
            score: score(run.plan.task, record),
            part: part(record),
            device: clean(&record.device),
            model: run.plan.model.name().to_owned(),
            loss,
            task: run.plan.task,
            ended_s: record.ended_s,
            metrics: metrics(run.plan.task, record),
        }
    }

    /// What it is doing, in a word.
    pub fn word(&self) -> &'static str {
        if self.stopping { "stopping" } else { word(self.state) }
    }

    /// Whether it is running or waits, so that it can be stopped.
    pub fn can_stop(&self) -> bool {
        self.state.is_some_and(|state| !state.is_settled())
    }

    /// Whether it is known to have come to rest.
    pub fn is_settled(&self) -> bool {
        self.state.is_some_and(State::is_settled)
    }

    /// Whether it has ended before its end, or never began.
    pub fn can_resume(&self) -> bool {
        matches!(self.state, Some(State::Stopped | State::Lost | State::Failed | State::Planned))
    }

    /// What a bare word of a filter is looked for in, in lower case.
    pub fn haystack(&self) -> String {
        let text = format!("{} {} {} f{} s{}", word(self.state), self.name, self.arm, self.fold, self.seed);
        text.to_lowercase()
    }
}

/// A state's name; that of none is `reading`.
pub fn word(state: Option<State>) -> &'static str {
    state.map_or("reading", State::name)
}

fn spent_s(record: &RunRecord) -> f64 {
    let of_epochs: f64 = record.curve.iter().map(|p| p.elapsed_s).sum();
    let of_clock = record.ended_s.zip(record.started_s).map_or(0.0, |(end, start)| end - start);
    // The clock counts the scoring too, but only of the latest worker.
    let spent = if record.attempts <= 1 { of_clock.max(of_epochs) } else { of_epochs };
    if spent.is_finite() { spent } else { 0.0 }
}

fn part(record: &RunRecord) -> Option<Part> {
    match (&record.test, record.best()) {
        (Some(_), _) => Some(Part::Test),
        (None, Some(_)) => Some(Part::Valid),
        (None, None) => None,
    }
}

fn score(task: Task, record: &RunRecord) -> Option<Score> {
    known(record, task.main()[0].name).map(|value| Score { task, value })
}

fn metrics(task: Task, record: &RunRecord) -> Vec<(&'static str, f64)> {
    let known = task.metrics().iter().filter_map(|metric| Some((metric.name, known(record, metric.name)?)));
    known.filter(|(_, value)| value.is_finite()).collect()
}

/// Of the test cases once they are scored: a mean that is undefined there is not that of other cases.
fn known(record: &RunRecord, name: &str) -> Option<f64> {
    match &record.test {
        Some(test) => test.get(name)?.mean,
        None => record.best()?.valid.get(name)?,
    }
}

/// Running, then the queue in its order, then what needs a look, then the rest by name.
pub fn sort(rows: &mut [Row]) {
    rows.sort_by(|a, b| {
        let place = |row: &Row| (rank(row.state), row.ticket.unwrap_or(0));
        place(a).cmp(&place(b)).then_with(|| identity(a).cmp(&identity(b)))
    });
}

fn identity(row: &Row) -> (&str, usize, u64, &str, &str) {
    (&row.spec, row.fold, row.seed, &row.arm, &row.name)
}

fn rank(state: Option<State>) -> u8 {
    match state {
        Some(State::Running) => 0,
        Some(State::Queued) => 1,
        Some(State::Failed) => 2,
        Some(State::Lost) => 3,
        Some(State::Stopped) => 4,
        Some(State::Finished) => 5,
        Some(State::Planned) => 6,
        None => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, state: State) -> Row {
        Row { name: name.into(), arm: "unet".into(), state: Some(state), ..Row::default() }
    }

    #[test]
    fn running_comes_first_then_the_queue_in_its_order() {
        let mut rows = vec![
            row("done", State::Finished),
            Row { ticket: Some(9), ..row("second", State::Queued) },
            Row { ticket: Some(3), ..row("first", State::Queued) },
            row("broken", State::Failed),
            row("now", State::Running),
        ];
        sort(&mut rows);
        let names: Vec<&str> = rows.iter().map(|r| r.name.as_str()).collect();
        assert_eq!(names, ["now", "first", "second", "broken", "done"]);
    }
}
