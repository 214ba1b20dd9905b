//! Starts waiting runs while there are free slots. One executor per store, told apart by its lock; it is a process of
//! its own, so that closing a dashboard or losing a connection leaves the queue running.

mod enqueue;
mod local;
mod place;

use std::process::{Child, Command, Stdio};

pub use enqueue::{EnqueueError, Enqueued, Prepared, prepare};
pub use local::serve;
pub use place::{Devices, Place, Worker, candidates, devices, places, workers};

use crate::device::Choice;
use crate::store::{Store, StoreError};

/// Takes note of the child's end, whenever that is: without it the child stays in the list of processes.
fn reap(mut child: Child) {
    std::thread::spawn(move || {
        let _ = child.wait();
    });
}

/// How runs are executed that are queued here.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// Runs at a time; `None`: one on each GPU, or one on the CPU.
    pub slots: Option<usize>,
    /// On what, unless something else is asked for.
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
        command.arg("executor");
        if let Some(slots) = self.slots {
            command.arg("--slots").arg(slots.to_string());
        }
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let child = command.spawn().map_err(|error| fail(format!("the executor cannot be started: {error}")))?;
        reap(child);
        Ok(())
    }
}
