//! How long runs still take: by seconds an epoch of the same spec and arm, else of its spec's networks; else nobody knows.
//! Weak spot: early stopping may end a run sooner, and runs of a spec may share a machine that was idle before.

use std::collections::BTreeMap;

use super::row::Row;
use crate::run::State;

/// Seconds and epochs that they are of.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    spent_s: f64,
    epochs: f64,
}

/// What epochs took so far.
#[derive(Clone, Debug, Default)]
pub struct Paces<'a> {
    arms: BTreeMap<(&'a str, &'a str), Pace>,
    specs: BTreeMap<&'a str, Pace>,
}

impl Pace {
    fn add(&mut self, row: &Row) {
        self.spent_s += row.spent_s;
        self.epochs += f64::from(row.epoch);
    }

    fn epoch_s(self) -> f64 {
        self.spent_s / self.epochs
    }
}

impl<'a> Paces<'a> {
    /// Of all `rows` that have been through an epoch.
    pub fn of(rows: &'a [Row]) -> Self {
        let mut paces = Self::default();
        for row in rows.iter().filter(|row| row.epoch > 0 && row.spent_s > 0.0) {
            paces.arms.entry((&row.spec, &row.arm)).or_default().add(row);
            if !is_pixels(row) {
                paces.specs.entry(&row.spec).or_default().add(row);
            }
        }
        paces
    }

    /// Seconds of an epoch of `arm`, as its rows call it.
    pub fn arm_s(&self, spec: &str, arm: &str) -> Option<f64> {
        self.arms.get(&(spec, arm)).map(|pace| pace.epoch_s())
    }

    /// Seconds of an epoch of the networks of `spec`.
    pub fn spec_s(&self, spec: &str) -> Option<f64> {
        self.specs.get(spec).map(|pace| pace.epoch_s())
    }

    /// Seconds until `row` has ended once it has a slot; its own word comes first.
    pub fn rest_s(&self, row: &Row) -> Option<f64> {
        let said = row.left_s.filter(|_| row.state == Some(State::Running));
        let left = f64::from(row.epochs) * (1.0 - row.progress);
        let of_spec = || self.spec_s(&row.spec).filter(|_| !is_pixels(row));
        let epoch_s = || self.arm_s(&row.spec, &row.arm).or_else(of_spec).filter(|_| row.epochs > 0);
        said.or_else(|| Some(epoch_s()? * left))
    }
}

/// The only epoch of a pixel classifier is as long as it is; it has no loss.
fn is_pixels(row: &Row) -> bool {
    row.loss.is_empty() && !row.model.is_empty()
}

/// Seconds until the queue is empty with `slots` runs at a time; `None` if nothing waits or runs, or if of one of them
/// nobody knows how long it takes.
pub fn queue_s(rows: &[Row], slots: usize) -> Option<f64> {
    let paces = Paces::of(rows);
    let alive = rows.iter().filter(|row| row.can_stop());
    let rests: Vec<f64> = alive.map(|row| paces.rest_s(row)).collect::<Option<_>>()?;
    (!rests.is_empty()).then(|| makespan(&rests, slots))
}

/// Seconds until all of `runs` have ended, `slots` at a time.
pub fn makespan(runs: &[f64], slots: usize) -> f64 {
    let longest = runs.iter().copied().fold(0.0, f64::max);
    (runs.iter().sum::<f64>() / slots.max(1) as f64).max(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row((spec, arm): (&str, &str), state: State, (epoch, spent_s): (u32, f64)) -> Row {
        let progress = f64::from(epoch) / 10.0;
        let (spec, arm, state) = (spec.into(), arm.into(), Some(state));
        Row { spec, arm, state, epoch, epochs: 10, spent_s, progress, ..Row::default() }
    }

    #[test]
    fn the_queue_takes_what_its_runs_take_over_the_slots() {
        use State::{Finished, Queued, Running};
        // 6 s an epoch; one run has 20 s left, two wait: 20 + 60 + 60 on two slots.
        let unet = ("s", "unet");
        let rows = [
            row(unet, Finished, (10, 60.0)),
            Row { left_s: Some(20.0), ..row(unet, Running, (5, 30.0)) },
            row(unet, Queued, (0, 0.0)),
            row(unet, Queued, (0, 0.0)),
        ];
        assert_eq!(queue_s(&rows, 2), Some(70.0));
        assert_eq!(queue_s(&rows, 64), Some(60.0), "no slot makes a run shorter");
        assert_eq!(queue_s(&rows[2..], 2), None);
        assert_eq!(queue_s(&rows[..1], 2), None, "nothing waits");
    }

    #[test]
    fn an_arm_of_another_spec_says_nothing_and_epochs_count() {
        use State::{Finished, Queued};
        let long = Row { epochs: 100, ..row(("long", "unet"), Queued, (0, 0.0)) };
        let rows = [row(("long", "cnn"), Finished, (10, 20.0)), row(("short", "unet"), Finished, (10, 600.0)), long];
        // Two seconds an epoch of its own spec, a hundred of them.
        assert_eq!(queue_s(&rows, 1), Some(200.0));
        assert_eq!(queue_s(&rows[1..], 1), None);
        assert_eq!(Paces::of(&rows).arm_s("short", "unet"), Some(60.0));
        let svm = Row { model: "svm".into(), epochs: 1, ..row(("long", "svm"), Queued, (0, 0.0)) };
        assert_eq!(Paces::of(&rows).rest_s(&svm), None, "a network says nothing of a pixel classifier");
    }

    #[test]
    fn slots_share_the_runs_but_not_the_longest() {
        assert_eq!(makespan(&[60.0, 60.0, 60.0], 1), 180.0);
        assert_eq!(makespan(&[60.0, 60.0, 60.0], 2), 90.0);
        assert_eq!(makespan(&[100.0, 1.0], 4), 100.0);
    }
}
