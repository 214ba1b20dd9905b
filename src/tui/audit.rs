//! The audit as the screen shows it: what is wrong with the data, what the split does with it, what printed tables hide.

mod entries;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::app::moved;
use super::evidence;
use super::keys::{Direction, Motion};
use super::row::Name;
use super::widget::picture::Picture;
use crate::audit::Finding;
use crate::dataset::Class;
use crate::dataset::audit::{Audit as Report, Straddle, straddles};
use crate::report::DivisionReport;
use crate::store::KeptAudit;

/// What is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// The data set.
    #[default]
    Data,
    /// The chosen run's split of it.
    Split,
    /// The papers' tables.
    Published,
}

impl Section {
    /// In the order of the screen, with their names.
    pub const ALL: [(Section, &str); 3] =
        [(Section::Data, "data set"), (Section::Split, "split"), (Section::Published, "published tables")];
}

/// A case of the whole data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// What its folder says it shows.
    pub class: Class,
    /// Its subject; `None` if it does not take part.
    pub subject: Option<String>,
}

/// Data set and split of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The run.
    pub run: Name,
    /// Manifest name of its data set.
    pub dataset: String,
    /// What its curation list changes; `None` without one.
    pub curation: Option<String>,
    /// Every case that the folder holds, or why it cannot be read.
    pub known: Result<BTreeMap<String, Known>, String>,
    /// What the split does, or why that is not known.
    pub division: Result<DivisionReport, String>,
    /// The newest report on the data set.
    pub kept: Result<Option<KeptAudit>, String>,
    /// Digest of the cases that the run was planned on; `None` where a report's is of other cases than these, by a
    /// curation list or left out classes.
    pub planned: Option<String>,
}

/// How far an audit is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The data set.
    pub dataset: String,
    /// What is being done.
    pub what: &'static str,
    /// How much of it is done, 0..=100.
    pub percent: usize,
}

/// The cases of a line, decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// Their ids, and what was read or why not.
    pub cases: Vec<(String, Result<Seen, String>)>,
}

/// A decoded case.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Columns and rows.
    pub size: (u32, u32),
    /// Pixels of the reference.
    pub reference_px: usize,
    /// The image with the reference's outline.
    pub picture: Picture,
}

/// What a line is about: its place in what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A group of more than two: of duplicates, then of neighbours.
    Group(usize),
    /// Two cases.
    Pair(usize),
    /// A case with something wrong.
    Issue(usize),
    /// A subject in two parts.
    Shared(usize),
    /// A pair in two parts.
    Straddle(usize),
    /// A finding on a printed table.
    Finding(usize),
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What it is about.
    pub item: Item,
    /// In one line, clean.
    pub text: String,
}

/// State of the screen.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    section: Section,
    filter: String,
    entries: Vec<Entry>,
    visible: Vec<usize>,
    cursor: usize,
    opened: Option<usize>,
    facts: Option<Box<Facts>>,
    straddles: Vec<Straddle>,
    findings: Option<Arc<Vec<Finding>>>,
    progress: Option<Progress>,
    sight: Option<Box<Sight>>,
}

impl Audit {
    /// What is looked at.
    pub fn section(&self) -> Section {
        self.section
    }

    /// As typed.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Lines that the filter lets through.
    pub fn shown(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.visible.iter().map(|&i| &self.entries[i])
    }

    /// Lines without the filter.
    pub fn all(&self) -> usize {
        self.entries.len()
    }

    /// Place of the cursor among the shown lines.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The line under the cursor.
    pub fn chosen(&self) -> Option<&Entry> {
        self.visible.get(self.cursor).map(|&i| &self.entries[i])
    }

    /// Lines scrolled in the opened entry; `None` if none is open.
    pub fn opened(&self) -> Option<usize> {
        self.opened
    }

    /// What is known of the run that was looked at last.
    pub fn facts(&self) -> Option<&Facts> {
        self.facts.as_deref()
    }

    /// The newest report on its data set.
    pub fn report(&self) -> Option<&Report> {
        Some(&self.facts()?.kept.as_ref().ok()?.as_ref()?.audit)
    }

    /// Pairs that its split separates.
    pub fn straddles(&self) -> &[Straddle] {
        &self.straddles
    }

    /// What the auditor of tables found; `None` while it reads.
    pub fn findings(&self) -> Option<&[Finding]> {
        self.findings.as_ref().map(|findings| findings.as_slice())
    }

    /// How far an audit is; `None` if none is under way.
    pub fn progress(&self) -> Option<&Progress> {
        self.progress.as_ref()
    }

    /// The opened line's cases, once they are decoded.
    pub fn sight(&self) -> Option<&Sight> {
        let wanted = self.cases();
        self.sight.as_deref().filter(|sight| sight.cases.iter().map(|(id, _)| id).eq(&wanted))
    }

    /// Cases of the opened line that are not decoded yet.
    pub fn wanted(&self) -> Vec<String> {
        if self.opened.is_none() || self.sight().is_some() { Vec::new() } else { self.cases() }
    }

    fn cases(&self) -> Vec<String> {
        let mut cases = self.chosen().map(|entry| evidence::cases(self, entry.item)).unwrap_or_default();
        cases.truncate(2);
        cases
    }

    /// Another run is looked at, or the data set was audited again.
    pub fn set_facts(&mut self, facts: Box<Facts>) {
        self.straddles = match (&facts.division, &facts.kept) {
            (Ok(division), Ok(Some(kept))) => straddles(&kept.audit.pairs, &[division.split_parts()]),
            _ => Vec::new(),
        };
        if self.facts().is_none_or(|known| known.run != facts.run) {
            (self.cursor, self.opened) = (0, None);
        }
        self.facts = Some(facts);
        self.list();
    }

    /// Takes what the auditor of tables found.
    pub fn set_findings(&mut self, findings: Arc<Vec<Finding>>) {
        self.findings = Some(findings);
        self.list();
    }

    /// Takes how far an audit is.
    pub fn set_progress(&mut self, progress: Option<Progress>) {
        self.progress = progress;
    }

    /// Takes decoded cases.
    pub fn see(&mut self, sight: Box<Sight>) {
        self.sight = Some(sight);
    }

    /// Goes to the next section.
    pub fn turn(&mut self, direction: Direction) {
        let (here, all) = (self.section as usize, Section::ALL.len());
        let next = if direction == Direction::Forward { here + 1 } else { here + all - 1 };
        self.section = Section::ALL[next % all].0;
        (self.cursor, self.opened) = (0, None);
        self.list();
    }

    /// Changes the filter.
    pub fn refilter(&mut self, change: impl FnOnce(&mut String)) {
        change(&mut self.filter);
        (self.cursor, self.opened) = (0, None);
        self.arrange();
    }

    /// Moves the cursor, or scrolls the opened line's text of `end` lines.
    pub fn go(&mut self, motion: Motion, (page, end): (usize, usize)) {
        let last = self.visible.len().saturating_sub(1);
        match &mut self.opened {
            Some(scroll) => *scroll = moved((*scroll).min(end), motion, page).min(end),
            None => self.cursor = moved(self.cursor, motion, page).min(last),
        }
    }

    /// Shows the line under the cursor in full.
    pub fn open(&mut self) {
        self.opened = self.chosen().map(|_| 0);
    }

    /// Closes the opened line, or else drops the filter; whether there was either.
    pub fn back(&mut self) -> bool {
        let filtered = !self.filter.is_empty();
        match self.opened.take() {
            None if filtered => self.refilter(String::clear),
            None => return false,
            Some(_) => {}
        }
        true
    }

    fn list(&mut self) {
        self.entries = match self.section {
            Section::Data => self.of_data(),
            Section::Split => self.of_split(),
            Section::Published => self.of_tables(),
        };
        self.arrange();
    }

    fn arrange(&mut self) {
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let has = |text: String| words.iter().all(|word| text.contains(word.as_str()));
        self.visible = (0..self.entries.len()).filter(|&i| has(self.entries[i].text.to_lowercase())).collect();
        self.cursor = self.cursor.min(self.visible.len().saturating_sub(1));
    }
}
