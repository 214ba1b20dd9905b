//! Summaries of models, computed by a process of their own: a network of full width would stay in the dashboard's memory.

use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use super::job::stand_back;
use super::models::INPUT_PX;
use crate::model::Summary;

/// One computation at a time.
#[derive(Default)]
pub struct Summaries {
    under_way: Option<(String, Receiver<Result<Summary, String>>)>,
}

impl Summaries {
    /// Starts on `name` if nothing is under way.
    pub fn ask(&mut self, name: &str) {
        if self.under_way.is_some() {
            return;
        }
        let (send, receive) = channel();
        let asked = name.to_owned();
        // if the dashboard is gone meanwhile, nobody waits for it
        std::thread::spawn(move || {
            stand_back();
            drop(send.send(compute(&asked)));
        });
        self.under_way = Some((name.to_owned(), receive));
    }

    /// What has been computed since.
    pub fn poll(&mut self) -> Option<(String, Result<Summary, String>)> {
        let (_, receive) = self.under_way.as_ref()?;
        let summary = match receive.try_recv() {
            Ok(summary) => summary,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Err("the computation ended without an answer".to_owned()),
        };
        self.under_way.take().map(|(name, _)| (name, summary))
    }
}

fn compute(name: &str) -> Result<Summary, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(["model", "show", name, "--input", &INPUT_PX.to_string(), "--json"]);
    let answer = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if !answer.status.success() {
        return Err(String::from_utf8_lossy(&answer.stderr).trim().to_owned());
    }
    serde_json::from_slice(&answer.stdout).map_err(|error| format!("seglab model show {name}: {error}"))
}
