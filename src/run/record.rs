//! The only reducer: events in, what a screen or table shows out.

use std::collections::BTreeMap;

use super::{EpochScores, Event, Scores, Steps};
use crate::metric::Aggregate;

/// What is known of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunRecord {
    /// Where the latest worker computed.
    pub device: String,
    /// Version of the latest worker.
    pub version: String,
    /// Trainable numbers.
    pub params: u64,
    /// At most this many.
    pub epochs: u32,
    /// Steps of one epoch.
    pub steps_per_epoch: u32,
    /// Unix time at which the first worker began.
    pub first_started_s: Option<f64>,
    /// Unix time at which the latest worker began.
    pub started_s: Option<f64>,
    /// Unix time of the last word.
    pub ended_s: Option<f64>,
    /// Workers that have begun.
    pub attempts: u32,
    /// Every step, ascending.
    pub steps: Steps,
    /// Every completed epoch, ascending.
    pub curve: Vec<EpochPoint>,
    /// Epoch of the newest checkpoint.
    pub saved_epoch: Option<u32>,
    /// Epoch of the checkpoint with the lowest validation loss.
    pub best_epoch: Option<u32>,
    /// Test scores of the best checkpoint.
    pub test: Option<BTreeMap<String, Aggregate>>,
    /// How the latest worker ended, if it said so.
    pub last_word: Option<LastWord>,
    /// Lines that could not be read, or that no worker says.
    pub unreadable: u64,
    /// Events of an unknown kind.
    pub unknown: u64,
}

/// One epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochPoint {
    /// From 1.
    pub epoch: u32,
    /// Steps so far.
    pub step: u64,
    /// Learning rate.
    pub lr: f64,
    /// Mean over the steps.
    pub train_loss: Option<f64>,
    /// Mean over the validation cases.
    pub valid_loss: Option<f64>,
    /// Per-case means over the training images as they were trained on; empty for older runs.
    pub train: Scores,
    /// Per-case means over the validation cases.
    pub valid: Scores,
    /// Duration with validation.
    pub elapsed_s: f64,
    /// Training images a second.
    pub images_per_s: f64,
    /// Seconds that the steps stood waiting for batches; `None` where there are none.
    pub waited_s: Option<f64>,
}

/// How a worker ended.
#[derive(Clone, Debug, PartialEq)]
pub enum LastWord {
    /// All done.
    Finished,
    /// On request.
    Stopped,
    /// By an error: the reason.
    Failed(String),
}

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// A worker holds its lock.
    Running,
    /// Waits for a slot.
    Queued,
    /// Planned, neither started nor queued.
    Planned,
    /// Ended on request.
    Stopped,
    /// Its worker vanished without a last word; can be resumed.
    Lost,
    /// Ended by an error.
    Failed,
    /// All done.
    Finished,
}

impl State {
    /// Lower-case word, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Queued => "queued",
            State::Planned => "planned",
            State::Stopped => "stopped",
            State::Lost => "lost",
            State::Failed => "failed",
            State::Finished => "finished",
        }
    }

    /// Nothing will happen any more unless someone asks.
    pub fn is_settled(self) -> bool {
        !matches!(self, State::Running | State::Queued)
    }
}

impl RunRecord {
    fn measured(&mut self, epoch: u32, valid: &EpochScores) {
        let place = self.curve.partition_point(|point| point.epoch < epoch);
        let (before, rest) = self.curve.split_at_mut(place);
        if let Some(point) = rest.first_mut().filter(|point| point.epoch == epoch) {
            point.valid = point.valid.with(valid, before.last().map(|point| &point.valid));
        }
    }

    /// Whether an event is of an epoch that the run never comes to: no worker says so.
    fn is_beyond(&self, event: &Event) -> bool {
        let last = u64::from(self.epochs) * u64::from(self.steps_per_epoch);
        match event {
            Event::Epoch { epoch, step, .. } => self.epochs > 0 && *epoch > self.epochs || last > 0 && *step > last,
            Event::Step { step, .. } => last > 0 && *step > last,
            _ => false,
        }
    }

    /// Takes one event. Idempotent: a resumed run may repeat steps and epochs, the newest counts.
    pub fn apply(&mut self, event: &Event) {
        if self.is_beyond(event) {
            self.unreadable += 1;
            return;
        }
        match event.clone() {
            Event::Started { at_s, version, device, params, epochs, steps_per_epoch, epoch } => {
                self.rewind(epoch, u64::from(epoch) * u64::from(steps_per_epoch));
                (self.version, self.device, self.params) = (version, device, params);
                (self.epochs, self.steps_per_epoch) = (epochs, steps_per_epoch);
                self.first_started_s.get_or_insert(at_s);
                self.started_s = Some(at_s);
                self.attempts += 1;
                (self.last_word, self.ended_s) = (None, None);
            }
            Event::Step { step, loss } => self.steps.push(step, loss),
            Event::Epoch {
                epoch,
                step,
                lr,
                train_loss,
                valid_loss,
                train,
                valid,
                elapsed_s,
                images_per_s,
                waited_s,
            } => {
                self.curve.truncate(self.curve.partition_point(|p| p.epoch < epoch));
                let train = Scores::of(train, self.curve.last().map(|p| &p.train));
                let valid = Scores::of(valid, self.curve.last().map(|p| &p.valid));
                self.curve.push(EpochPoint {
                    epoch,
                    step,
                    lr,
                    train_loss,
                    valid_loss,
                    train,
                    valid,
                    elapsed_s,
                    images_per_s,
                    waited_s,
                });
            }
            Event::Distances { epoch, valid } => self.measured(epoch, &valid),
            Event::Saved { epoch, best } => {
                self.saved_epoch = Some(epoch);
                self.best_epoch = if best { Some(epoch) } else { self.best_epoch };
            }
            Event::Scored { test, .. } => self.test = Some(test),
            Event::Finished { at_s } => self.end(LastWord::Finished, at_s),
            Event::Stopped { at_s, .. } => self.end(LastWord::Stopped, at_s),
            Event::Failed { at_s, reason, .. } => self.end(LastWord::Failed(reason), at_s),
            Event::Unknown => self.unknown += 1,
        }
    }

    /// What the run is doing, given whether its lock is held and whether it waits in the queue.
    pub fn state(&self, locked: bool, queued: bool) -> State {
        match &self.last_word {
            _ if locked => State::Running,
            _ if queued => State::Queued,
            Some(LastWord::Finished) => State::Finished,
            Some(LastWord::Stopped) => State::Stopped,
            Some(LastWord::Failed(_)) => State::Failed,
            None if self.started_s.is_some() => State::Lost,
            None => State::Planned,
        }
    }

    /// Completed epochs.
    pub fn epoch(&self) -> u32 {
        self.curve.last().map_or(0, |p| p.epoch)
    }

    /// Steps so far.
    pub fn step(&self) -> u64 {
        self.steps.last().map_or(0, |p| p.step)
    }

    /// The epoch whose weights are scored; for a pixel classifier, which has no checkpoints, its only one.
    pub fn best(&self) -> Option<&EpochPoint> {
        let only = self.curve.first().filter(|_| self.saved_epoch.is_none());
        self.curve.iter().find(|p| Some(p.epoch) == self.best_epoch).or(only)
    }

    /// Share of the planned steps that are done, 0..=1.
    pub fn progress(&self) -> f64 {
        let planned = u64::from(self.epochs) * u64::from(self.steps_per_epoch);
        match self.last_word {
            Some(LastWord::Finished) => 1.0,
            _ if planned == 0 => 0.0,
            _ => (self.step() as f64 / planned as f64).min(1.0),
        }
    }

    /// Seconds to the last planned epoch at the pace of the latest ones; early stopping may end sooner.
    pub fn eta_s(&self) -> Option<f64> {
        let recent = &self.curve[self.curve.len().saturating_sub(5)..];
        let pace = recent.iter().map(|p| p.elapsed_s).sum::<f64>() / recent.len() as f64;
        (!recent.is_empty()).then(|| pace * f64::from(self.epochs) * (1.0 - self.progress()))
    }

    /// How many lines of the events could not be read, in words; `None` if all could.
    pub fn unread(&self) -> Option<String> {
        match self.unreadable {
            0 => None,
            1 => Some("1 line of its events could not be read".to_owned()),
            n => Some(format!("{n} lines of its events could not be read")),
        }
    }

    fn end(&mut self, word: LastWord, at_s: f64) {
        self.last_word = Some(word);
        self.ended_s = Some(at_s);
        // most runs of a store have ended
        self.steps.settle();
        self.curve.shrink_to_fit();
    }

    /// Forgets what lies past the checkpoint that a resumed worker starts from.
    fn rewind(&mut self, epoch: u32, step: u64) {
        self.steps.keep(step);
        self.curve.truncate(self.curve.partition_point(|p| p.epoch <= epoch));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(epoch: u32) -> Event {
        Event::Started {
            at_s: 1.0,
            version: "0".into(),
            device: "flex".into(),
            params: 1,
            epochs: 4,
            steps_per_epoch: 2,
            epoch,
        }
    }

    fn step(step: u64, loss: f64) -> Event {
        Event::Step { step, loss: Some(loss) }
    }

    fn epoch(epoch: u32) -> Event {
        Event::Epoch {
            epoch,
            step: u64::from(epoch) * 2,
            lr: 0.1,
            train_loss: Some(1.0),
            valid_loss: Some(1.0),
            train: Default::default(),
            valid: EpochScores::new(),
            elapsed_s: 10.0,
            images_per_s: 1.0,
            waited_s: None,
        }
    }

    fn record(events: &[Event]) -> RunRecord {
        let mut record = RunRecord::default();
        events.iter().for_each(|event| record.apply(event));
        record
    }

    #[test]
    fn a_resumed_run_shows_each_step_and_epoch_once() {
        let run = record(&[started(0), step(1, 9.0), step(2, 8.0), epoch(1), step(3, 7.0), started(1), step(3, 6.0)]);
        assert_eq!(
            run.steps.iter().map(|p| (p.step, p.loss)).collect::<Vec<_>>(),
            [(1, Some(9.0)), (2, Some(8.0)), (3, Some(6.0))]
        );
        assert_eq!((run.epoch(), run.attempts), (1, 2));
    }

    #[test]
    fn distances_join_the_epoch_that_they_are_of() {
        let of = |epoch, value| Event::Distances { epoch, valid: EpochScores::from([("hd95_px".into(), value)]) };
        let run = record(&[epoch(1), of(1, Some(3.5)), epoch(2), of(7, Some(1.0)), of(1, Some(4.5)), of(2, None)]);
        let points: Vec<_> = run.curve.iter().map(|point| point.valid.get("hd95_px")).collect();
        assert_eq!(points, [Some(Some(4.5)), Some(None)]);
    }

    #[test]
    fn applying_the_same_events_twice_changes_no_curve() {
        let events = [started(0), step(1, 9.0), step(2, 8.0), epoch(1)];
        let once = record(&events);
        let twice = record(&[&events[1..], &events[1..]].concat());
        assert_eq!((once.steps, once.curve), (twice.steps, twice.curve));
    }

    #[test]
    fn state_follows_lock_then_queue_then_last_word() {
        let running = record(&[started(0)]);
        assert_eq!(running.state(true, false), State::Running);
        assert_eq!(running.state(false, true), State::Queued);
        assert_eq!(running.state(false, false), State::Lost);
        assert_eq!(RunRecord::default().state(false, false), State::Planned);
        let failed = record(&[started(0), Event::Failed { at_s: 2.0, reason: "NaN".into(), step: Some(1) }]);
        assert_eq!(failed.state(false, false), State::Failed);
        assert_eq!(failed.state(true, false), State::Running);
    }

    #[test]
    fn eta_is_the_pace_times_what_is_left() {
        let run = record(&[started(0), step(1, 1.0), step(2, 1.0), epoch(1)]);
        assert_eq!(run.eta_s(), Some(30.0));
    }

    #[test]
    fn an_event_of_a_newer_version_is_counted_and_skipped() {
        let event: Event = serde_json::from_str(r#"{"event":"telepathy","x":1}"#).expect("unknown kinds parse");
        assert_eq!(record(&[event]).unknown, 1);
    }

    #[test]
    fn an_epoch_or_a_step_past_the_last_one_is_counted_and_left_out() {
        let mut run = RunRecord::default();
        let (at_s, device, version) = (0.0, "flex".to_owned(), "0".to_owned());
        run.apply(&Event::Started { at_s, device, version, params: 1, epochs: 2, steps_per_epoch: 3, epoch: 0 });
        for step in [1, 6, 7, u64::MAX] {
            run.apply(&Event::Step { step, loss: Some(1.0) });
        }
        assert_eq!((run.steps.len(), run.step(), run.unreadable), (2, 6, 2));
    }
}
