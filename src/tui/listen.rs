//! Keys and sizes of the terminal, read by a thread of their own: crossterm 0.29 never returns from a terminal that has
//! hung up, and the dashboard must still leave. While another program has the terminal, the thread leaves its keys alone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread::Thread;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event};

/// How long the thread looks for a key before it looks whether it may.
const LOOK: Duration = Duration::from_millis(250);

/// The thread that reads, and what it has read.
pub struct Keys {
    /// What it has read.
    pub events: Receiver<Event>,
    gate: Arc<Gate>,
    thread: Thread,
}

#[derive(Default)]
struct Gate {
    closed: AtomicBool,
    reading: Mutex<()>,
}

impl Keys {
    /// Begins to read.
    pub fn listen() -> Self {
        let (sender, events) = mpsc::channel();
        let gate = Arc::new(Gate::default());
        let own = Arc::clone(&gate);
        let reader = std::thread::spawn(move || {
            while let Ok(event) = own.read() {
                if event.is_some_and(|event| sender.send(event).is_err()) {
                    return;
                }
            }
        });
        Self { events, gate, thread: reader.thread().clone() }
    }

    /// Does something while nothing is read here.
    pub fn paused<T>(&self, other: impl FnOnce() -> T) -> T {
        self.gate.closed.store(true, Ordering::SeqCst);
        let reading = self.gate.reading.lock();
        let done = other();
        drop(reading);
        self.gate.closed.store(false, Ordering::SeqCst);
        self.thread.unpark();
        done
    }
}

impl Gate {
    fn read(&self) -> std::io::Result<Option<Event>> {
        while self.closed.load(Ordering::SeqCst) {
            std::thread::park();
        }
        let _reading = self.reading.lock();
        if event::poll(LOOK)? { event::read().map(Some) } else { Ok(None) }
    }
}
