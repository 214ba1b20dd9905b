//! What can be started: the specs that there are, what the chosen one comes to, and one that is being written.
//! State only; [`Desk`] reads and writes for it.

mod blame;
mod chosen;
mod deed;
mod desk;
mod draft;
pub mod estimate;
pub mod field;
mod form;
mod fresh;
mod keys;
mod outlook;
mod question;
mod rewrite;
mod shelf;
mod starting;
mod table;
mod tally;
mod target;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

pub use deed::Deed;
pub use desk::Desk;
pub use draft::{Draft, Fault};
pub use estimate::{Basis, CostKey, Estimate, Measured, Work};
pub use form::{Entry, Form, Picker};
pub use keys::{CHOOSING, ENTERING, Input, begins, entering};
pub use outlook::{Outlook, Planned, Started, Trouble};
pub use question::Question;
pub use shelf::{Offer, Shelf, Unsaved, read_bounded};
pub use starting::Starting;
pub use tally::{Tally, Total, has_work, tally, total};
pub use target::Target;

use crate::device::Choice;
use crate::executor::Devices;
use crate::model::{Kind, Summary};
use crate::spec::Spec;
use crate::tui::keys::{Direction, Motion};
use crate::tui::row::Row;

/// Answers that are kept; more are forgotten, all at once.
const KEPT: usize = 64;

/// What has been found out, or done.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// What there is.
    Shelf(Shelf),
    /// What there is to execute on.
    Devices(Devices),
    /// What the spec with this text comes to.
    Outlook(String, Result<Outlook, Trouble>),
    /// Paces of the store's runs.
    Measured(Vec<Measured>),
    /// What an image costs.
    Cost(CostKey, Result<Summary, String>),
    /// Where a spec was written, or why not.
    Saved(Result<PathBuf, Unsaved>),
    /// What an editor has left.
    Edited(Result<String, String>),
    /// What was started, or why not.
    Started(Result<Started, Trouble>),
}

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Writes a spec.
    Save {
        /// All of it.
        text: String,
        /// Where; by its name if absent.
        path: Option<PathBuf>,
        /// Whether what is there already may go.
        replace: bool,
    },
    /// Queues its runs.
    Start {
        /// The spec.
        text: String,
        /// What they are executed on.
        device: Choice,
    },
    /// Shows it in an editor.
    Edit(String),
    /// Forgets what was read.
    Again,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// Place of a spec on the shelf.
    Offer(usize),
    /// A spec of which only runs are known.
    Runs(String),
}

/// The state of both screens.
#[derive(Debug, Default)]
pub struct Launcher {
    /// What there is; `None` while it is read.
    pub shelf: Option<Shelf>,
    /// The draft, if there is one.
    pub form: Option<Form>,
    /// What waits for a yes.
    pub question: Option<Question>,
    /// Whether a spec is being started.
    pub starting: Starting,
    /// It is to be started once it is saved.
    pub then_start: bool,
    /// What is started is executed on.
    pub target: Target,
    /// Paces of the store's runs.
    pub measured: Vec<Measured>,
    cursor: usize,
    scroll: usize,
    sought: Option<String>,
    /// The chosen spec at one of its profiles.
    sized: Option<Offer>,
    outlooks: BTreeMap<String, Result<Outlook, Trouble>>,
    costs: BTreeMap<CostKey, Result<Summary, String>>,
}

impl Launcher {
    /// Place of the cursor among `lines`.
    pub fn cursor(&self, lines: &[Line]) -> usize {
        self.cursor.min(lines.len().saturating_sub(1))
    }

    /// Lines of the plan scrolled past.
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    /// Lines choose a spec, pages scroll its plan.
    pub fn go(&mut self, motion: Motion, (page, lines, below): (usize, usize, usize)) {
        let last = lines.saturating_sub(1);
        match motion {
            Motion::Page(Direction::Forward) => self.scroll = (self.scroll + page).min(below),
            Motion::Page(Direction::Backward) => self.scroll = self.scroll.saturating_sub(page),
            _ => {
                self.cursor = crate::tui::app::moved(self.cursor.min(last), motion, page).min(last);
                (self.scroll, self.sized) = (0, None);
            }
        }
    }

    /// Takes what there is; the cursor stays on its spec.
    pub fn set_shelf(&mut self, shelf: Shelf) {
        let chosen =
            self.shelf.as_ref().and_then(|shelf| shelf.offers.get(self.cursor)).map(|offer| offer.name.clone());
        let name = self.sought.take().or(chosen);
        let place = shelf.offers.iter().position(|offer| Some(&offer.name) == name.as_ref());
        self.cursor = place.unwrap_or(self.cursor);
        (self.shelf, self.sized) = (Some(shelf), None);
    }

    /// Puts the cursor on the spec called `name` once it is read.
    pub fn seek(&mut self, name: String) {
        self.sought = Some(name);
    }

    /// The chosen line.
    pub fn line(&self, rows: &[Row]) -> Option<Line> {
        let lines = self.lines(rows);
        lines.get(self.cursor(&lines)).cloned()
    }

    /// Specs that there are, then those of which only runs are known.
    pub fn lines(&self, rows: &[Row]) -> Vec<Line> {
        let offers = self.shelf.as_ref().map_or(&[][..], |shelf| &shelf.offers);
        let known: BTreeSet<&str> = offers.iter().map(|offer| offer.name.as_str()).collect();
        let of_runs: BTreeSet<&str> = rows.iter().map(|row| row.spec.as_str()).collect();
        let of_runs = of_runs.difference(&known).map(|name| Line::Runs((*name).to_owned()));
        (0..offers.len()).map(Line::Offer).chain(of_runs).collect()
    }

    /// Data sets with whether they are here.
    pub fn datasets(&self) -> &[(String, String)] {
        self.shelf.as_ref().map_or(&[], |shelf| &shelf.datasets)
    }

    /// Whether keys are characters of a value or of a list's filter.
    pub fn is_entering(&self) -> bool {
        self.form.as_ref().is_some_and(|form| form.entry().is_some())
    }

    /// What the spec with this text comes to; `None` while it is planned.
    pub fn outlook(&self, text: &str) -> Option<&Result<Outlook, Trouble>> {
        self.outlooks.get(text)
    }

    /// What an image costs, once it is counted.
    pub fn cost(&self, key: &CostKey) -> Option<&Result<Summary, String>> {
        self.costs.get(key)
    }

    /// Takes what was found out; whether a picture may differ.
    pub fn learn(&mut self, text: String, outlook: Result<Outlook, Trouble>) {
        if self.outlooks.len() >= KEPT {
            self.outlooks.clear();
        }
        self.outlooks.insert(text, outlook);
    }

    /// Takes what an image costs.
    pub fn count(&mut self, key: CostKey, summary: Result<Summary, String>) {
        self.costs.insert(key, summary);
    }

    /// Forgets refusals: what was missing may be there by now.
    pub fn retry(&mut self) {
        self.outlooks.retain(|_, outlook| outlook.is_ok());
    }

    /// Forgets what may have changed on disk.
    pub fn forget(&mut self) {
        let chosen = self.shelf.take().and_then(|shelf| shelf.offers.into_iter().nth(self.cursor));
        (self.sought, self.target.devices) = (chosen.map(|offer| offer.name).or(self.sought.take()), None);
        self.outlooks.clear();
    }

    /// What a run of the arm at `place` of `spec` takes.
    pub fn estimate(&self, spec: &Spec, place: usize, outlook: &Outlook) -> Option<Estimate> {
        let arm = spec.arms.get(place)?;
        let [train, valid, _] = outlook.runs.iter().find(|run| run.arm == arm.name)?.parts;
        let work = Work {
            model: arm.model.clone(),
            input_px: spec.protocol.input_px,
            batch: spec.train.batch,
            epochs: spec.train.epochs,
            train,
            valid,
        };
        let macs = |key: &CostKey| self.cost(key).map(estimate::macs_of);
        Some(estimate::estimate(&work, &self.measured, &macs))
    }

    /// The text that a plan is wanted of, and its spec: the draft's while `drafting`, else the chosen one's.
    pub fn subject(&self, drafting: bool, rows: &[Row]) -> Option<(String, &Spec)> {
        if drafting {
            let draft = &self.form.as_ref()?.draft;
            return Some((draft.toml().to_owned(), draft.spec()?));
        }
        let offer = self.offer(rows)?;
        Some((offer.text.clone(), offer.spec.as_ref().ok()?))
    }

    /// The first count that the subject still needs.
    pub fn wanted(&self, (text, spec): (&str, &Spec)) -> Option<CostKey> {
        let key = |arm: &crate::spec::Arm| CostKey::of(&arm.model, spec.protocol.input_px);
        let networks = spec.arms.iter().filter(|arm| arm.model.row().kind == Kind::Network);
        if let Some(key) = networks.map(key).find(|key| self.cost(key).is_none()) {
            return Some(key);
        }
        let Some(Ok(outlook)) = self.outlook(text) else { return None };
        (0..spec.arms.len()).find_map(|place| match self.estimate(spec, place, outlook)?.basis {
            Basis::Counting(key) => Some(key),
            _ => None,
        })
    }
}

#[cfg(test)]
pub(super) mod tests;
