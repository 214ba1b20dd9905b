//! A run: its name, what it says while it goes on (events), and what that adds up to (a record).
//! Pure data; files are the store's.

mod event;
mod record;
mod series;

use std::fmt;

pub use event::{EpochScores, Event};
pub use record::{EpochPoint, LastWord, RunRecord, State};
pub use series::{Scores, StepPoint, Steps};

/// Name of a run within its spec, e.g. `unet-f0-s1-3fa9c1d2`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(String);

impl RunId {
    /// From the parts of a plan; `hash` is what makes it unique.
    pub fn new(arm: &str, fold: usize, seed: u64, hash: &str) -> Self {
        Self(format!("{arm}-f{fold}-s{seed}-{hash}"))
    }

    /// A folder's name, taken as it is.
    pub fn from_folder(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The folder's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
