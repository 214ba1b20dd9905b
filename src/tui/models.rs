//! The registry of models as the dashboard shows it: which one is chosen, and what is known of each.

use std::collections::BTreeMap;

use super::keys::{Direction, Motion};
use crate::model::{MODELS, Row, Summary};

/// Side of the image that models are described for: that of both papers.
pub const INPUT_PX: usize = 256;

/// Models and their summaries, as far as these are computed.
#[derive(Debug, Default)]
pub struct Models {
    cursor: usize,
    scroll: usize,
    known: BTreeMap<String, Result<Summary, String>>,
}

impl Models {
    /// The model under the cursor.
    pub fn chosen(&self) -> &'static Row {
        &MODELS[self.cursor.min(MODELS.len() - 1)]
    }

    /// Place of the cursor.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Stages scrolled past.
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    /// What is known of `name`; `None` while it is computed.
    pub fn summary(&self, name: &str) -> Option<&Result<Summary, String>> {
        self.known.get(name)
    }

    /// Takes what was computed of `name`.
    pub fn set(&mut self, name: String, summary: Result<Summary, String>) {
        self.known.insert(name, summary);
    }

    /// Lines choose a model, pages scroll its stages.
    pub fn go(&mut self, motion: Motion, page: usize) {
        let last = MODELS.len() - 1;
        let stages = self.known.get(self.chosen().name).and_then(|s| s.as_ref().ok()).map_or(0, |s| s.stages.len());
        match motion {
            Motion::Line(Direction::Forward) => self.choose((self.cursor + 1).min(last)),
            Motion::Line(Direction::Backward) => self.choose(self.cursor.saturating_sub(1)),
            Motion::End(Direction::Forward) => self.choose(last),
            Motion::End(Direction::Backward) => self.choose(0),
            Motion::Page(Direction::Forward) => self.scroll = (self.scroll + page).min(stages.saturating_sub(1)),
            Motion::Page(Direction::Backward) => self.scroll = self.scroll.saturating_sub(page),
        }
    }

    fn choose(&mut self, cursor: usize) {
        (self.cursor, self.scroll) = (cursor, 0);
    }
}
