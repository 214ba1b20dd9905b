//! The run store: one directory per run, read by polling; the only place that spells a run's file names.
//! Knows files and locks; not burn, not ratatui, not averages.
//! Weak spot: advisory locks may not hold on network file systems.

mod atomic;
mod audits;
mod epochs;
mod glance;
mod holder;
mod listing;
mod open;
mod predictions;
pub mod queue;
mod run_dir;
mod scores;
mod tail;
mod watch;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use atomic::{sync_dir, write_atomic};
pub use audits::KeptAudit;
pub use epochs::EpochMask;
pub use glance::Glance;
pub use queue::Move;
pub use run_dir::{Lock, RunDir};
pub use scores::Detail;
pub use tail::{Lines, Tail};
pub use watch::{RunView, Watch};

use listing::Listing;

use crate::plan::RunPlan;

/// Folder of audits of data sets.
const AUDITS: &str = "audits";
/// Held by the executor.
const EXECUTOR_LOCK: &str = "executor.lock";
/// What it says.
const EXECUTOR_LOG: &str = "executor.log";

/// A file of the store that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {message}", path.display())]
pub struct StoreError {
    /// The file or folder.
    pub path: PathBuf,
    /// What happened, and what helps.
    pub message: String,
}

impl StoreError {
    pub(crate) fn new(path: &Path, message: impl ToString) -> Self {
        Self { path: path.to_owned(), message: message.to_string() }
    }
}

/// `results/`: folders of specs, which hold folders of runs.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The store in `root`, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The store's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every run of every spec, sorted by spec and id.
    pub fn runs(&self) -> Result<Vec<RunDir>, StoreError> {
        Ok(Listing::of_store(&self.root)?.runs)
    }

    /// The runs of one spec, sorted by id.
    pub fn runs_of(&self, spec: &str) -> Result<Vec<RunDir>, StoreError> {
        Ok(Listing::of_spec(&self.root, spec)?.runs)
    }

    /// The run of `plan`, made if it is not there yet. An existing one is kept as it is.
    pub fn create(&self, plan: &RunPlan) -> Result<RunDir, StoreError> {
        let run = RunDir::new(&self.root, &plan.spec, plan.id());
        if run.has_plan() {
            run.plan()?;
        } else {
            fs::create_dir_all(run.path()).map_err(|e| StoreError::new(run.path(), unwritable(&e)))?;
            run.write_plan(plan)?;
        }
        Ok(run)
    }

    /// The only executor of this store holds this lock while it lives; `None` if another one does.
    pub fn lock_executor(&self) -> Result<Option<Lock>, StoreError> {
        fs::create_dir_all(&self.root).map_err(|e| StoreError::new(&self.root, unwritable(&e)))?;
        Lock::try_exclusive(&self.root.join(EXECUTOR_LOCK))
    }

    /// Whether an executor is alive.
    pub fn has_executor(&self) -> bool {
        Lock::is_held(&self.root.join(EXECUTOR_LOCK))
    }

    /// Where an executor's own messages go.
    pub fn executor_log(&self) -> PathBuf {
        self.root.join(EXECUTOR_LOG)
    }
}

/// Explains a refused write.
fn unwritable(error: &io::Error) -> String {
    format!("cannot be written ({error}); choose another store with --results DIR or SEGLAB_RESULTS")
}

#[cfg(test)]
mod tests {
    use super::{AUDITS, EXECUTOR_LOCK, EXECUTOR_LOG};
    use crate::spec::{BUILT_IN, Spec};

    #[test]
    fn no_spec_is_called_like_something_else_in_the_store() {
        for name in [AUDITS, EXECUTOR_LOCK, EXECUTOR_LOG] {
            let text = BUILT_IN[0].1.replacen("name = \"demo\"", &format!("name = {name:?}"), 1);
            let error = Spec::parse(&text, "x").expect_err(name).to_string();
            assert!(error.contains("the store uses it"), "{error}");
        }
    }
}
