//! The queue: a run that waits has a ticket, a file with its place in the order and the device that it is to run on.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use super::run_dir::remove;
use super::{RunDir, StoreError};
use crate::device::Choice;

/// Where a waiting run should go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Before the one ahead of it.
    Earlier,
    /// Behind the one after it.
    Later,
}

impl RunDir {
    /// Queues the run behind all others, to be executed on `device`; one that waits already keeps its place, and its device
    /// too unless another one is named.
    pub fn enqueue(&self, device: &Choice) -> Result<(), StoreError> {
        self.clear_stop()?;
        let device = if *device == Choice::Auto { self.wanted_device() } else { device.clone() };
        self.write_ticket(self.ticket().unwrap_or_else(now), &device)
    }

    /// Takes the run out of the queue.
    pub fn dequeue(&self) -> Result<(), StoreError> {
        remove(&self.ticket_path())
    }

    /// Its place in the order; `None` if it does not wait.
    pub fn ticket(&self) -> Option<u64> {
        // A ticket that cannot be read is still one: the run waits, at the end.
        let place = |text: String| text.split_whitespace().next().and_then(|word| word.parse().ok());
        Some(place(self.ticket_text()?).unwrap_or(u64::MAX))
    }

    /// What it waits for; [`Choice::Auto`] where its ticket does not tell.
    pub fn wanted_device(&self) -> Choice {
        let device = |text: String| text.split_whitespace().nth(1).and_then(|word| word.parse().ok());
        self.ticket_text().and_then(device).unwrap_or_default()
    }

    fn ticket_text(&self) -> Option<String> {
        fs::read_to_string(self.ticket_path()).ok()
    }

    fn write_ticket(&self, place: u64, device: &Choice) -> Result<(), StoreError> {
        self.write(&self.ticket_path(), format!("{place} {device}").as_bytes())
    }
}

/// Swaps `run` with its neighbour in the queue; `waiting` are all waiting runs. Does nothing at the ends.
pub fn shift(run: &RunDir, waiting: &[RunDir], direction: Move) -> Result<(), StoreError> {
    let mut order: Vec<(u64, &RunDir)> = waiting.iter().filter_map(|r| Some((r.ticket()?, r))).collect();
    order.sort_by(|a, b| (a.0, a.1.path()).cmp(&(b.0, b.1.path())));
    let Some(place) = order.iter().position(|(_, r)| *r == run) else { return Ok(()) };
    let other = match direction {
        Move::Earlier => place.checked_sub(1),
        Move::Later => Some(place + 1).filter(|&next| next < order.len()),
    };
    let Some(other) = other else { return Ok(()) };
    let ((own, run), (its, neighbour)) = (order[place], order[other]);
    // Equal tickets are told apart by name; a swap of equal numbers would change nothing.
    let nudge = u64::from(own == its);
    let (own, its) = if direction == Move::Earlier { (own + nudge, its) } else { (own, its + nudge) };
    let devices = (run.wanted_device(), neighbour.wanted_device());
    run.write_ticket(its, &devices.0)?;
    neighbour.write_ticket(own, &devices.1)
}

/// Nanoseconds since 1970: later tickets are larger.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos() as u64)
}
