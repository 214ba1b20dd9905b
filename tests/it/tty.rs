//! The built program in a terminal of its own, and what a person would see there.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use rustix::process::{Pid, Signal, kill_process};
use vt100::{Parser, Screen};

use crate::lab::Lab;

/// A machine that builds something else meanwhile is slow.
const PATIENCE: Duration = Duration::from_secs(20);

/// A terminal and the program in it.
pub struct Tty {
    child: Child,
    pty: Arc<Pty>,
    chunks: Receiver<Vec<u8>>,
    parser: Parser,
    written: Vec<u8>,
}

/// The program in the laboratory, with the environment of a modern terminal and nothing else.
pub fn program(lab: &Lab, arguments: &[&str]) -> Command {
    in_lab(lab, Command::new(env!("CARGO_BIN_EXE_seglab")).args(arguments))
}

/// Any command there.
pub fn in_lab(lab: &Lab, command: Command) -> Command {
    command
        .current_dir(lab.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "xterm-256color")
        .env("COLORTERM", "truecolor")
        .env("LANG", "C.UTF-8")
        .env("XDG_CONFIG_HOME", lab.path().join("config"))
        .env("XDG_STATE_HOME", lab.path().join("state"))
}

impl Tty {
    /// The dashboard of `lab`, with `arguments`, once it is drawn.
    pub fn dashboard(lab: &Lab, arguments: &[&str]) -> Self {
        let mut tty = Self::spawn(program(lab, arguments));
        tty.see("? help");
        tty
    }

    /// `command` in a terminal of 80×24.
    pub fn spawn(command: Command) -> Self {
        let (pty, pts) = open().expect("a terminal");
        pty.resize(Size::new(24, 80)).expect("a size");
        let child = command.spawn(pts).expect("the program starts");
        let pty = Arc::new(pty);
        let (sender, chunks) = mpsc::channel();
        let reader = Arc::clone(&pty);
        std::thread::spawn(move || {
            let mut bytes = [0; 1 << 14];
            // Reading fails once nobody has the other end any more.
            while let Ok(count @ 1..) = (&*reader).read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, pty, chunks, parser: Parser::new(cells(24), cells(80), 0), written: Vec::new() }
    }

    pub fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.parser.screen_mut().set_size(cells(rows), cells(columns));
        self.pty.resize(Size::new(rows, columns)).expect("a size");
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("the program is there");
    }

    /// The program's number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `text` is on the screen.
    pub fn see(&mut self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
    }

    /// Waits until `text` is not on the screen any more.
    pub fn miss(&mut self, text: &str) {
        self.wait(&format!("no {text}"), |screen| !screen.contents().contains(text));
    }

    /// Waits until the screen is as it should be; `what` says how.
    pub fn wait(&mut self, what: &str, holds: impl Fn(&Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self.parser.screen()) {
            match self.chunks.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.take(&chunk),
                Err(end) => panic!("{what}: {end}\n{}", self.text()),
            }
        }
    }

    /// Everything on the screen, line by line.
    pub fn text(&self) -> String {
        text(self.parser.screen())
    }

    pub fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    /// Every byte that the program has written.
    pub fn written(&self) -> &[u8] {
        &self.written
    }

    /// Waits until the program has ended and all that it wrote is on the screen.
    pub fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.chunks.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.take(&chunk),
                Err(RecvTimeoutError::Disconnected) => return self.child.wait().expect("a child"),
                Err(RecvTimeoutError::Timeout) => panic!("it does not end\n{}", self.text()),
            }
        }
    }

    fn take(&mut self, chunk: &[u8]) {
        self.parser.process(chunk);
        self.written.extend_from_slice(chunk);
    }
}

/// The lines of a screen; whether a cell is blank or was never written is not to be seen.
pub fn text(screen: &Screen) -> String {
    let contents = screen.contents();
    contents.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a size")
}

impl Drop for Tty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
