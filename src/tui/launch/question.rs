//! What is asked before something goes.

use std::path::PathBuf;

use super::Deed;

/// What waits for a yes, with its words.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// The draft that has changed, or an arm of it, is to go.
    Discard(String, Deed),
    /// A file is to be replaced.
    Replace(String, PathBuf),
    /// The dashboard is to be left, and the draft with it.
    Leave(String),
}

impl Question {
    /// In words.
    pub fn text(&self) -> &str {
        match self {
            Question::Discard(text, _) | Question::Replace(text, _) | Question::Leave(text) => text,
        }
    }
}
