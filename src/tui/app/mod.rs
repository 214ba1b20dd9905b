//! The dashboard's state. [`App::update`] is the only place where it changes; files are the feed's.

mod audit;
mod compare;
mod list;
mod mark;
mod palette;
mod remember;
mod setup;
mod update;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::arms::Arms;
use super::audit::Audit;
use super::detail::Detail;
use super::found::Found;
use super::keys::{Action, Direction};
use super::list::List;
use super::models::Models;
use super::palette::Palette;
use super::remembered::Remembered;
use super::row::{Name, Row};
use super::theme::Theme;
use super::versus::Versus;
use super::widget::picture::Picture;
use crate::model::Summary;
use crate::report::Comparison;
use crate::run::State;
use crate::store::Move;
pub use setup::{Access, Banner, Setup};
pub(in crate::tui) use update::moved;

/// What is on the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Screen {
    /// All runs.
    #[default]
    Runs,
    /// The chosen run.
    Run,
    /// Arms × metrics of a spec.
    Compare,
    /// The registry of models.
    Models,
    /// What is wrong with data, split and printed tables.
    Audit,
    /// Two plans side by side.
    Difference,
    /// Keys.
    Help,
}

/// Which part of a run's screen has all the room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// None of them.
    #[default]
    All,
    /// The log.
    Log,
    /// The picture.
    Picture,
}

/// Something happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// A key of the table.
    Act(Action),
    /// A character of the filter, or of what the palette is asked for.
    Typed(char),
    /// The last character goes.
    Erased,
    /// The text is complete.
    Entered,
    /// Another line of the palette.
    Picked(Direction),
    /// The palette is not wanted any more.
    Dismissed,
    /// What was asked is to be done.
    Confirmed,
    /// What was asked is not to be done.
    Declined,
    /// The mouse chose a line of the list.
    Pointed(usize),
    /// The mouse's wheel.
    Rolled(Direction),
    /// How the dashboard was left.
    Restored(Box<Remembered>),
    /// The terminal's columns and rows.
    Resized(u16, u16),
    /// Unix time.
    Clock(f64),
    /// All runs, in any order.
    Rows(Vec<Row>),
    /// Run folders that cannot be read, with the reason.
    Broken(Vec<String>),
    /// The chosen run.
    Detail(Box<Detail>),
    /// The chosen run's newest log lines.
    Log(String),
    /// The chosen run's picture.
    Picture(Option<Box<Picture>>),
    /// The shown spec's arms, or why there are none.
    Compared(Result<Box<Comparison>, String>),
    /// What was computed of a model, or why not.
    Summarised(String, Result<Box<Summary>, String>),
    /// What a thread has found.
    Found(Found),
    /// Something to say.
    Notice(String),
}

/// Something to do outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Ask a worker to end.
    Stop(Name),
    /// Take a run out of the queue.
    Dequeue(Name),
    /// Put a run into the queue.
    Enqueue(Name),
    /// Change a run's place in the queue.
    Shift(Name, Move),
    /// Audit the data set of a run.
    Audit(Name),
    /// One after the other.
    All(Vec<Effect>),
    /// Put a text on the terminal's clipboard.
    Copy(String),
    /// Tell someone who looks elsewhere.
    Announce(String),
    /// Back to the shell until it continues this process.
    Suspend,
    /// Draw every cell again.
    Redraw,
}

/// What the cursor stays on when lines change places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Follow {
    /// The first line, a run that goes on: until a key is pressed.
    #[default]
    Top,
    /// The chosen run.
    Run,
}

/// What the dashboard knows.
#[derive(Debug, Default)]
pub struct App {
    setup: Setup,
    screens: Vec<Screen>,
    size: (u16, u16),
    now_s: f64,
    rows: Vec<Row>,
    list: List,
    cursor: usize,
    chosen: Option<Name>,
    head: Option<String>,
    follow: Follow,
    typing: bool,
    marked: BTreeSet<Name>,
    asked: Option<mark::Asked>,
    palette: Option<Palette>,
    broken: Vec<String>,
    detail: Option<Arc<Detail>>,
    log: Vec<String>,
    picture: Option<Box<Picture>>,
    pane: Pane,
    scroll: usize,
    spec: Option<String>,
    arms: Arms,
    models: Models,
    versus: Versus,
    audit: Audit,
    notice: Option<String>,
    revision: u64,
}

/// What screens and the feed may know.
impl App {
    /// A dashboard that knows of no runs yet.
    pub fn new(setup: Setup) -> Self {
        Self { setup, ..Self::default() }
    }

    /// How it was opened.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Glyphs and colours.
    pub fn theme(&self) -> &Theme {
        &self.setup.theme
    }

    /// What is on the terminal.
    pub fn screen(&self) -> Screen {
        self.screens.last().copied().unwrap_or_default()
    }

    /// Grows whenever the picture may have changed.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// All runs.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The chosen run in full, once it is read.
    pub fn detail(&self) -> Option<&Arc<Detail>> {
        self.detail.as_ref()
    }

    /// Its newest log lines.
    pub fn log(&self) -> &[String] {
        &self.log
    }

    /// Its picture.
    pub fn picture(&self) -> Option<&Picture> {
        self.picture.as_deref()
    }

    /// What has the room on the run's screen.
    pub fn pane(&self) -> Pane {
        self.pane
    }

    /// Lines scrolled: from the top, in the log from its end.
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    /// The compared spec.
    pub fn spec(&self) -> Option<&str> {
        self.spec.as_deref()
    }

    /// Its arms.
    pub fn arms(&self) -> &Arms {
        &self.arms
    }

    /// The registry.
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// Something to say.
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Run folders that cannot be read.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// Unix time.
    pub fn now_s(&self) -> f64 {
        self.now_s
    }

    /// Runs in `state`.
    pub fn count(&self, state: State) -> usize {
        self.rows.iter().filter(|row| row.state() == state).count()
    }

    /// How many runs have ended, if there are any and none goes on or waits.
    pub fn ended(&self) -> Option<usize> {
        let ended = self.rows.len() - self.count(State::Planned);
        (ended > 0 && self.rows.iter().all(|row| row.state().is_settled())).then_some(ended)
    }
}

#[cfg(test)]
mod tests;
