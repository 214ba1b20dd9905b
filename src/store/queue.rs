//! The queue: a run that waits has a ticket, a file with its place in the order.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use super::run_dir::remove;
use super::{RunDir, StoreError};

/// Where a waiting run should go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Before the one ahead of it.
    Earlier,
    /// Behind the one after it.
    Later,
}

impl RunDir {
    /// Queues the run behind all others; one that waits already keeps its place.
    pub fn enqueue(&self) -> Result<(), StoreError> {
        self.clear_stop()?;
        if self.ticket().is_none() { self.write_ticket(now()) } else { Ok(()) }
    }

    /// Takes the run out of the queue.
    pub fn dequeue(&self) -> Result<(), StoreError> {
        remove(&self.ticket_path())
    }

    /// Its place in the order; `None` if it does not wait.
    pub fn ticket(&self) -> Option<u64> {
        // A ticket that cannot be read is still one: the run waits, at the end.
        fs::read_to_string(self.ticket_path()).ok().map(|text| text.trim().parse().unwrap_or(u64::MAX))
    }

    fn write_ticket(&self, place: u64) -> Result<(), StoreError> {
        self.write(&self.ticket_path(), place.to_string().as_bytes())
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
    run.write_ticket(its)?;
    neighbour.write_ticket(own)
}

/// Nanoseconds since 1970: later tickets are larger.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos() as u64)
}
