//! The run's voice: events to disk, few system calls, nothing lost before a checkpoint.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::run::Event;
use crate::store::{RunDir, StoreError};

/// Events wait at most this long for the disk; screens look a few times a second.
const DELAY: Duration = Duration::from_millis(200);

/// Appends events to a run.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    waiting: Vec<u8>,
    written: Instant,
}

impl Journal {
    /// Continues the run's events; those for which `keep` fails, and a torn last line, are dropped.
    pub fn open(run: &RunDir, keep: impl FnMut(&Event) -> bool) -> Result<Self, StoreError> {
        run.trim_events(keep)?;
        let file = run.append_events()?;
        Ok(Self { file, path: run.events_path(), waiting: Vec::new(), written: Instant::now() })
    }

    /// Says `event`, soon.
    pub fn say(&mut self, event: &Event) -> Result<(), StoreError> {
        serde_json::to_writer(&mut self.waiting, event).map_err(|error| StoreError::new(&self.path, error))?;
        self.waiting.push(b'\n');
        if self.written.elapsed() >= DELAY { self.flush() } else { Ok(()) }
    }

    /// Says `event` now, and everything before it; on return it is on disk.
    pub fn say_durably(&mut self, event: &Event) -> Result<(), StoreError> {
        self.say(event)?;
        self.flush()?;
        self.file.sync_data().map_err(|error| StoreError::new(&self.path, error))
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let before = self.file.metadata().map(|m| m.len());
        if let Err(error) = self.file.write_all(&self.waiting) {
            // A torn line would spoil the next one: a full disk leaves the file as it was.
            if let Ok(length) = before {
                let _ = self.file.set_len(length);
            }
            return Err(StoreError::new(&self.path, format!("{error}; free some space, then \"seglab resume\"")));
        }
        self.waiting.clear();
        self.written = Instant::now();
        Ok(())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // What was said before an error or a stop; if the disk refuses it, the error itself is about that.
        let _ = self.flush();
    }
}

/// Seconds since 1970.
pub fn now_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}
