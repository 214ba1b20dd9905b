//! What the system asks of the dashboard.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};

/// Set when the system asks for something; a signal handler must do no more.
#[derive(Default)]
pub struct Signals {
    /// It is to end.
    pub end: Arc<AtomicBool>,
    /// It is to stop until it is continued.
    pub stop: Arc<AtomicBool>,
    /// It has been continued.
    pub continued: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on.
    pub fn watch() -> anyhow::Result<Self> {
        let signals = Self::default();
        let ends = [SIGHUP, SIGTERM, SIGINT, SIGQUIT].map(|signal| (signal, &signals.end));
        for (signal, flag) in ends.into_iter().chain([(SIGTSTP, &signals.stop), (SIGCONT, &signals.continued)]) {
            signal_hook::flag::register(signal, Arc::clone(flag)).context("signals cannot be watched")?;
        }
        Ok(signals)
    }
}
