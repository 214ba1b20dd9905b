//! Keeps how the dashboard looks while it is open.

use std::time::{Duration, Instant};

use super::Options;
use super::app::App;
use super::remembered::Remembered;

/// It is looked at this often.
const KEPT: Duration = Duration::from_secs(5);

/// Keeps how the dashboard looks, for whoever kills it.
#[derive(Default)]
pub struct Keeper {
    looked: Option<Instant>,
    last: Option<Remembered>,
}

impl Keeper {
    /// Does it now and then.
    pub fn keep(&mut self, app: &App, options: &Options) {
        if self.looked.is_some_and(|at| at.elapsed() <= KEPT) {
            return;
        }
        self.looked = Some(Instant::now());
        let now = app.remembered();
        if let Some(memory) = options.memory.as_deref().filter(|_| self.last.as_ref().is_some_and(|last| *last != now))
        {
            // The last word is said on leaving; there a failure is told.
            let _ = now.save(memory);
        }
        self.last = Some(now);
    }
}
