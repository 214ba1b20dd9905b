//! How far a spec's runs are, and what is left of them.

use std::collections::BTreeMap;

use super::{Launcher, Outlook};
use crate::model::Kind;
use crate::run::State;
use crate::spec::{Arm, Spec};
use crate::tui::pace::{Paces, makespan};
use crate::tui::row::Row;

/// A spec's planned runs by what they are doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All that are planned.
    pub runs: usize,
    /// All done.
    pub finished: usize,
    /// At work.
    pub running: usize,
    /// In the queue.
    pub queued: usize,
    /// Not read yet: nobody knows.
    pub unread: usize,
    /// Runs of the same name that this text does not plan: of another version of spec or data.
    pub others: usize,
}

impl Tally {
    /// Known to be neither finished nor running nor waiting.
    pub fn to_do(&self) -> usize {
        self.runs - self.finished - self.running - self.queued - self.unread
    }
}

/// What the runs that are left take.
#[derive(Clone, Debug, PartialEq)]
pub struct Total {
    /// Seconds, over the slots; of the arms that can be told.
    pub left_s: f64,
    /// Arms that cannot.
    pub unknown: Vec<String>,
}

/// How far the runs of `spec` are.
pub fn tally(spec: &str, outlook: &Outlook, rows: &[Row]) -> Tally {
    let known: BTreeMap<&str, Option<State>> = own(spec, rows).map(|row| (row.name.as_str(), row.state)).collect();
    let mut tally = Tally { runs: outlook.runs.len(), ..Tally::default() };
    let states = outlook.runs.iter().filter_map(|run| known.get(run.name.as_str()));
    let mut seen = 0;
    for state in states {
        seen += 1;
        match state {
            Some(State::Finished) => tally.finished += 1,
            Some(State::Running) => tally.running += 1,
            Some(State::Queued) => tally.queued += 1,
            Some(State::Planned | State::Stopped | State::Lost | State::Failed) => {}
            None => tally.unread += 1,
        }
    }
    tally.others = known.len() - seen;
    tally
}

/// Whether a start would queue a run of the draft while `drafting`, else of the chosen spec, as far as is known.
pub fn has_work(launcher: &Launcher, (drafting, rows): (bool, &[Row])) -> bool {
    let Some((text, spec)) = launcher.subject(drafting, rows) else { return false };
    match launcher.outlook(&text) {
        None => true,
        Some(Err(_)) => false,
        Some(Ok(outlook)) => tally(&spec.name, outlook, rows).to_do() > 0,
    }
}

/// What is left of them, `slots` at a time: by the pace of the arm's own runs, else by the launcher's estimate, else by
/// the pace of its spec.
pub fn total(launcher: &Launcher, (spec, outlook): (&Spec, &Outlook), (rows, slots): (&[Row], usize)) -> Total {
    let known: BTreeMap<&str, &Row> = own(&spec.name, rows).map(|row| (row.name.as_str(), row)).collect();
    let mut unknown: Vec<String> = Vec::new();
    let mut left: Vec<f64> = Vec::new();
    let paces = Paces::of(rows);
    for (place, arm) in spec.arms.iter().enumerate() {
        let runs = || outlook.runs.iter().filter(|run| run.arm == arm.name).map(|run| known.get(run.name.as_str()));
        // A row's arm says that it leaks, where it does.
        let label = runs().flatten().next().map_or(arm.name.as_str(), |row| row.arm.as_str());
        let is_network = arm.model.row().kind == Kind::Network;
        let own = paces.arm_s(&spec.name, label).map(|epoch_s| epoch_s * epochs(spec, arm));
        let of_spec = || Some(paces.spec_s(&spec.name).filter(|_| is_network)? * epochs(spec, arm));
        let whole = own.or_else(|| launcher.estimate(spec, place, outlook)?.run_s).or_else(of_spec);
        for row in runs() {
            if row.is_some_and(|row| row.state == Some(State::Finished)) {
                continue;
            }
            let said = row.filter(|row| row.state == Some(State::Running)).and_then(|row| row.left_s);
            let rest = whole.map(|whole| whole * (1.0 - row.map_or(0.0, |row| row.progress)));
            match said.or(rest) {
                Some(rest) => left.push(rest),
                None if unknown.contains(&arm.name) => {}
                None => unknown.push(arm.name.clone()),
            }
        }
    }
    Total { left_s: makespan(&left, slots), unknown }
}

/// A pixel classifier is trained at once.
fn epochs(spec: &Spec, arm: &Arm) -> f64 {
    if arm.model.row().kind == Kind::Pixels { 1.0 } else { f64::from(spec.train.epochs) }
}

fn own<'a>(spec: &'a str, rows: &'a [Row]) -> impl Iterator<Item = &'a Row> {
    rows.iter().filter(move |row| row.spec == spec)
}
