//! What a run is doing from the two ends of its events: enough for a line of status, however long the file is.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::RunDir;
use crate::run::{Event, RunRecord, State};

/// The latest worker's first word, of a run that was never resumed.
const HEAD_BYTES: u64 = 8 << 10;
/// The last word of a run that has ended.
const WORD_BYTES: u64 = 4 << 10;
/// The latest epochs of one that goes on.
const TAIL_BYTES: u64 = 256 << 10;

/// What a run is doing.
#[derive(Clone, Debug)]
pub struct Glance {
    /// What it is doing.
    pub state: State,
    /// What its last word says, or else what its first and last events add up to: curves have gaps, last values and the
    /// pace are right.
    pub record: RunRecord,
}

impl RunDir {
    /// A look that costs the same whatever the run has said so far.
    pub fn glance(&self) -> Glance {
        // In the order of a watch: ticket, lock, events.
        let ticket = self.ticket();
        let locked = self.is_locked();
        let record = File::open(self.events_path()).and_then(|file| ends(&file, locked)).unwrap_or_default();
        Glance { state: record.state(locked, ticket.is_some()), record }
    }
}

/// Most runs of a store have ended, and one line says how; the others are read at both ends.
fn ends(file: &File, locked: bool) -> io::Result<RunRecord> {
    let length = file.metadata()?.len();
    let mut record = RunRecord::default();
    if !locked {
        let end = read(file, length.saturating_sub(WORD_BYTES), length)?;
        let last = events(&end).next_back();
        if let Some(word @ (Event::Finished { .. } | Event::Stopped { .. } | Event::Failed { .. })) = last {
            record.apply(&word);
            return Ok(record);
        }
    }
    // Where the ends would meet, a line must not be cut in two.
    let start = if length <= HEAD_BYTES + TAIL_BYTES { 0 } else { length - TAIL_BYTES };
    for (from, to) in [(0, HEAD_BYTES.min(start)), (start, length)] {
        events(&read(file, from, to)?).for_each(|event| record.apply(&event));
    }
    Ok(record)
}

fn read(mut file: &File, from: u64, to: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(to - from).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A line that is cut off at either end is no event, and is skipped like any other that is none.
fn events(bytes: &[u8]) -> impl DoubleEndedIterator<Item = Event> {
    bytes.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::device::Choice;
    use crate::run::{EpochScores, RunId};

    fn run(dir: &tempfile::TempDir, events: &[Event]) -> RunDir {
        let run = RunDir::new(dir.path(), "s", RunId::from_folder("r"));
        std::fs::create_dir_all(run.path()).expect("a folder");
        let mut file = std::fs::File::create(run.events_path()).expect("a file");
        for event in events {
            writeln!(file, "{}", serde_json::to_string(event).expect("an event")).expect("written");
        }
        run
    }

    fn long() -> Vec<Event> {
        let started = Event::Started {
            at_s: 1.0,
            version: "0".into(),
            device: "flex".into(),
            params: 1,
            epochs: 40,
            steps_per_epoch: 500,
            epoch: 0,
        };
        let epoch = |epoch: u32| {
            let steps = (1..=500).map(move |i| Event::Step { step: u64::from(epoch - 1) * 500 + i, loss: Some(0.5) });
            steps.chain([Event::Epoch {
                epoch,
                step: u64::from(epoch) * 500,
                lr: 0.1,
                train_loss: None,
                valid_loss: None,
                train: Default::default(),
                valid: EpochScores::new(),
                elapsed_s: 10.0,
                images_per_s: 1.0,
                waited_s: None,
            }])
        };
        std::iter::once(started).chain((1..=30).flat_map(epoch)).collect()
    }

    #[test]
    fn both_ends_of_a_long_run_say_what_the_whole_says() {
        let dir = tempfile::tempdir().expect("tempdir");
        let mut events = long();
        let of = |events: &[Event]| {
            let mut record = RunRecord::default();
            events.iter().for_each(|event| record.apply(event));
            record
        };
        let running = run(&dir, &events);
        let lock = running.lock().expect("a lock").expect("free");
        assert!(std::fs::metadata(running.events_path()).expect("there").len() > TAIL_BYTES);
        let (glance, whole) = (running.glance(), of(&events));
        assert_eq!((glance.record.epoch(), glance.record.step()), (whole.epoch(), whole.step()));
        assert_eq!((glance.record.progress(), glance.record.eta_s()), (whole.progress(), whole.eta_s()));
        assert_eq!(glance.record.eta_s(), Some(100.0));
        drop(lock);
        assert_eq!(running.glance().state, State::Lost);
        events.push(Event::Failed { at_s: 2.0, reason: "NaN".into(), step: None });
        assert_eq!(run(&dir, &events).glance().state, State::Failed);
    }

    #[test]
    fn a_run_without_events_is_planned_or_queued() {
        let dir = tempfile::tempdir().expect("tempdir");
        let run = RunDir::new(dir.path(), "s", RunId::from_folder("r"));
        assert_eq!(run.glance().state, State::Planned);
        std::fs::create_dir_all(run.path()).expect("a folder");
        run.enqueue(&Choice::Auto).expect("queued");
        assert_eq!(run.glance().state, State::Queued);
    }
}
