//! The dashboard's state. [`App::update`] is the only place where it changes; files are the feed's.

mod audit;
mod compare;
mod copy;
mod curves;
mod export;
mod hear;
mod launch;
mod list;
mod look;
mod mark;
mod message;
mod palette;
mod remember;
mod setup;
mod started;
mod update;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::album::Album;
use super::arms::Arms;
use super::audit::Audit;
use super::cases::Cases;
use super::detail::Detail;
use super::launch::Launcher;
use super::list::List;
use super::log::Log;
use super::models::Models;
use super::overlay::Overlay;
use super::palette::Palette;
use super::plot::Plot;
use super::row::{Name, Row};
use super::system::System;
use super::theme::Theme;
use super::versus::Versus;
use super::widget::picture::Picture;
use crate::metric::Task;
use crate::run::State;
pub use export::Prompt;
pub use message::{Effect, Msg, Pane, Screen};
pub use setup::{Access, Banner, Memory, Setup};
pub(in crate::tui) use update::moved;

/// Less room, in columns and rows, shows nothing that helps.
pub const SMALLEST: (u16, u16) = (40, 10);

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
    /// A filter that was set for the user, not typed.
    given_filter: Option<String>,
    chosen: Option<Name>,
    head: Option<String>,
    follow: Follow,
    /// Run and screen that are taken up once that run has been read.
    wanted: Option<(Name, Screen)>,
    typing: bool,
    /// What was typed before is there still, and goes with the first character.
    selected: bool,
    marked: BTreeSet<Name>,
    asked: Option<mark::Asked>,
    palette: Option<Palette>,
    prompt: Option<Prompt>,
    unread: usize,
    broken: Vec<String>,
    detail: Option<Arc<Detail>>,
    log: Log,
    picture: Option<Box<Picture>>,
    pane: Pane,
    plot: Plot,
    group: usize,
    overlay: Overlay,
    scroll: usize,
    spec: Option<String>,
    table: Option<Task>,
    arms: Arms,
    models: Models,
    album: Album,
    system: System,
    launch: Launcher,
    versus: Versus,
    audit: Audit,
    notice: Option<String>,
    /// Unix time at which the notice was first seen by the clock.
    noticed_s: Option<f64>,
    revision: u64,
}

/// What screens and the feed may know.
impl App {
    /// A dashboard that knows of no runs yet.
    pub fn new(setup: Setup) -> Self {
        let mut app = Self { setup, ..Self::default() };
        app.launch.target.device = app.setup.device.clone();
        app
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

    /// Its picture.
    pub fn picture(&self) -> Option<&Picture> {
        self.picture.as_deref()
    }

    /// Lines scrolled: from the top, in the log from its end.
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    /// The compared spec.
    pub fn spec(&self) -> Option<&str> {
        self.spec.as_deref()
    }

    /// Which of its tables, where its arms answer both questions.
    pub fn table(&self) -> Option<Task> {
        self.table
    }

    /// Its arms.
    pub fn arms(&self) -> &Arms {
        &self.arms
    }

    /// The registry.
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// The chosen run's cases: its test cases, or its validation case by epoch.
    pub fn cases(&self) -> &Cases {
        self.album.shown()
    }

    /// The machine.
    pub fn system(&self) -> &System {
        &self.system
    }

    /// Something to say.
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Runs that are not read yet.
    pub fn unread(&self) -> usize {
        self.unread
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
        self.rows.iter().filter(|row| row.state == Some(state)).count()
    }

    /// How many runs have ended, if there are any and none goes on or waits.
    pub fn ended(&self) -> Option<usize> {
        let ended = self.rows.len() - self.count(State::Planned);
        (ended > 0 && self.rows.iter().all(Row::is_settled)).then_some(ended)
    }
}

#[cfg(test)]
mod tests;
