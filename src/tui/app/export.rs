//! A spec's tables as files: where to, what came of it.

use super::{App, Effect, Screen};
use crate::tui::exporter::Exported;
use crate::tui::text::clean;

/// A longer path is none.
const LONGEST: usize = 1000;

/// The folder that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The spec that is written there.
    pub spec: String,
    /// Typed so far.
    pub text: String,
}

impl Prompt {
    pub(super) fn type_in(&mut self, text: &str) {
        if self.text.len() < LONGEST {
            self.text.push_str(text);
        }
    }
}

impl App {
    /// What is being typed, if a folder is asked for.
    pub fn prompt(&self) -> Option<&Prompt> {
        self.prompt.as_ref()
    }

    /// Asks for a folder for the shown spec's tables.
    pub(super) fn begin_export(&mut self) {
        let spec = match self.screen() {
            Screen::Runs => self.chosen().map(|row| row.spec.clone()),
            _ => self.spec.clone(),
        };
        self.prompt = spec.map(|spec| Prompt { text: format!("{spec}-export"), spec });
        if self.prompt.is_none() {
            self.notice = Some("no run under the cursor: no spec to export".to_owned());
        }
    }

    pub(super) fn prompted(&mut self, prompt: Prompt) -> Option<Effect> {
        self.notice = Some(format!("exporting {} …", prompt.spec));
        Some(Effect::Export(prompt.spec, prompt.text.trim().to_owned()))
    }

    /// The folder is refused: it can be typed otherwise.
    pub(super) fn refused(&mut self, prompt: Prompt, why: &str) {
        self.noticed_s = None;
        self.notice = Some(format!("not exported: {}", clean(why)));
        self.prompt = Some(prompt);
    }

    pub(super) fn exported(&mut self, exported: Exported) {
        self.noticed_s = None;
        self.notice = Some(match exported {
            Ok((folder, files)) => format!("{files} files in {}", clean(&folder.display().to_string())),
            Err(error) => format!("not exported: {}", clean(&error)),
        });
    }
}
