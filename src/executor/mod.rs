//! Starts waiting runs while there are free slots. One executor per store, told apart by its lock; it is a process of
//! its own, so that closing a dashboard or losing a connection leaves the queue running.

mod local;
mod place;

use std::process::{Command, Stdio};

pub use local::serve;
pub use place::{Place, Worker, candidates, places, workers};

use crate::device::Choice;
use crate::store::{Store, StoreError};

/// How an executor is started by others.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Runs at a time.
    pub slots: usize,
    /// On what.
    pub device: Choice,
}

impl Launch {
    /// Makes sure that an executor serves `store`'s queue: starts one, apart from this terminal, unless one is alive.
    pub fn ensure(&self, store: &Store) -> Result<(), StoreError> {
        // Held locks are tested first: most calls find an executor at work.
        if store.has_executor() {
            return Ok(());
        }
        drop(store.lock_executor()?);
        let log = store.executor_log();
        let fail = |message: String| StoreError::new(&log, message);
        let output = std::fs::OpenOptions::new().create(true).append(true).open(&log);
        let output = output.map_err(|error| fail(error.to_string()))?;
        let errors = output.try_clone().map_err(|error| fail(error.to_string()))?;
        let program = std::env::current_exe().map_err(|error| fail(error.to_string()))?;
        let mut command = Command::new(program);
        command.arg("--results").arg(store.root());
        command.arg("--device").arg(self.device.to_string());
        command.arg("executor").arg("--slots").arg(self.slots.to_string());
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        command.spawn().map(drop).map_err(|error| fail(format!("the executor cannot be started: {error}")))
    }
}
