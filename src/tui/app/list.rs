//! The list of runs: what is filtered, sorted, grouped, and under the cursor.

use super::update::moved;
use super::{App, Effect, Follow, Pane, Screen};
use crate::tui::keys::{Arrange, Direction, Motion};
use crate::tui::list::{Line, List};
use crate::tui::palette::Palette;
use crate::tui::row::Row;
use crate::tui::text::clean;

/// Lines that a turn of the mouse's wheel moves.
const TURN: usize = 3;
/// A longer filter or search is none.
const LONGEST: usize = 500;

impl App {
    /// Runs that the filter lets through, in the order of the table; those of folded groups too.
    pub fn shown(&self) -> impl ExactSizeIterator<Item = &Row> + Clone {
        self.list.visible().iter().map(|&i| &self.rows[i])
    }

    /// The list's lines, order and groups.
    pub fn list(&self) -> &List {
        &self.list
    }

    /// The screen below the shown one.
    pub fn asked_from(&self) -> Screen {
        self.screens.iter().rev().nth(1).copied().unwrap_or_default()
    }

    /// Columns and rows of the terminal.
    pub fn size(&self) -> (u16, u16) {
        self.size
    }

    /// The line under the cursor.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The run under the cursor; none on the head of a group.
    pub fn chosen(&self) -> Option<&Row> {
        self.list.run_at(self.cursor).map(|i| &self.rows[i])
    }

    /// The filter as typed.
    pub fn filter(&self) -> &str {
        match self.screen() {
            Screen::Audit => self.audit.filter(),
            Screen::Cases => self.cases().filter(),
            _ => self.list.filter(),
        }
    }

    /// Whether keys are characters of the filter.
    pub fn is_typing(&self) -> bool {
        self.typing
    }

    pub(super) fn refilter(&mut self, change: impl FnOnce(&mut String)) {
        match self.screen() {
            Screen::Audit => return self.audit.refilter(change),
            Screen::Cases => return self.album.shown_mut().refilter(change),
            _ => {}
        }
        let mut filter = self.list.filter().to_owned();
        change(&mut filter);
        self.list.set_filter(filter);
        self.select();
    }

    /// Whether what is typed takes the place of the text that is there.
    pub fn is_selected(&self) -> bool {
        self.typing && self.selected
    }

    pub(super) fn begin_filter(&mut self) {
        self.typing = true;
        self.selected = !self.filter().is_empty();
    }

    pub(super) fn typed(&mut self, c: char) {
        let text = clean(&c.to_string());
        if let Some(prompt) = &mut self.prompt {
            return prompt.type_in(&text);
        }
        if self.palette.is_none() && std::mem::take(&mut self.selected) {
            self.retype(String::clear);
        }
        match &mut self.palette {
            Some(palette) => palette.type_in(&text),
            None => self.retype(|typed| {
                if typed.len() < LONGEST {
                    typed.push_str(&text);
                }
            }),
        }
    }

    pub(super) fn erased(&mut self) {
        if let Some(prompt) = &mut self.prompt {
            prompt.text.pop();
            return;
        }
        match &mut self.palette {
            Some(palette) if palette.text().is_empty() => self.palette = None,
            Some(palette) => palette.erase(),
            None if std::mem::take(&mut self.selected) => self.retype(String::clear),
            None => self.retype(|typed| _ = typed.pop()),
        }
    }

    pub(super) fn cleared(&mut self) {
        if let Some(prompt) = &mut self.prompt {
            return prompt.text.clear();
        }
        match &mut self.palette {
            Some(palette) => *palette = Palette::default(),
            None => self.retype(String::clear),
        }
        self.selected = false;
    }

    /// The filter or the search is complete, or the palette's line is chosen.
    pub(super) fn entered(&mut self) -> Option<Effect> {
        if let Some(prompt) = self.prompt.take() {
            return self.prompted(prompt);
        }
        if let Some(palette) = self.palette.take() {
            self.follow = Follow::Run;
            self.notice = None;
            return self.run_entry(palette);
        }
        (self.typing, self.selected) = (false, false);
        if self.screen() == Screen::Runs {
            self.name_faults();
        }
        None
    }

    /// Says which terms of the filter are not understood.
    pub(super) fn name_faults(&mut self) {
        if let Some(first) = self.list.faults().first().filter(|_| self.screen() != Screen::Audit) {
            let more = self.list.faults().len() - 1;
            let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
            self.notice = Some(format!("not understood: {first}{more}"));
        }
    }

    /// Opens the run under the cursor; folds or opens the group whose head is there.
    pub(super) fn open(&mut self) {
        match self.list.head_at(self.cursor).map(|head| head.key.clone()) {
            Some(key) => self.fold(&key),
            None => self.show(Screen::Run),
        }
    }

    pub(super) fn arrange(&mut self, how: Arrange) {
        match how {
            Arrange::Sort => self.list.next_sort(),
            Arrange::Turn if self.list.sort().is_none() => {
                self.notice = Some("no column to turn round; o sorts by one".to_owned());
            }
            Arrange::Turn => self.list.turn(),
            Arrange::Group => self.list.next_group(),
            Arrange::Fold | Arrange::FoldAll if self.list.group().is_none() => {
                self.notice = Some("no groups; b groups by spec, arm or fold".to_owned());
            }
            Arrange::Fold => self.fold_here(),
            Arrange::FoldAll => self.list.fold_all(),
        }
        self.select();
    }

    fn fold_here(&mut self) {
        let above = self.list.lines().iter().take(self.cursor + 1).rev();
        let key = above.into_iter().find_map(|line| match line {
            Line::Head(head) => Some(head.key.clone()),
            Line::Run(_) => None,
        });
        if let Some(key) = key {
            self.fold(&key);
        }
    }

    /// A run that is folded away hands the cursor to its head.
    fn fold(&mut self, key: &str) {
        self.list.fold(key);
        self.select();
    }

    /// Arranges the list; the cursor stays on its run or head, or else on its line.
    pub(super) fn select(&mut self) {
        self.list.arrange(&self.rows);
        let run = || self.rows.iter().position(|row| Some(&row.name) == self.chosen.as_ref());
        let followed = || match &self.head {
            Some(key) => self.list.line_of_head(key),
            None => run().and_then(|place| self.list.line_of(place)),
        };
        let first = self.list.lines().iter().position(|line| matches!(line, Line::Run(_))).unwrap_or(0);
        let place = match self.follow {
            Follow::Top => first,
            Follow::Run => followed().unwrap_or(self.cursor),
        };
        self.put_cursor(place.min(self.list.lines().len().saturating_sub(1)));
    }

    pub(super) fn put_cursor(&mut self, place: usize) {
        self.cursor = place;
        self.head = self.list.head_at(place).map(|head| head.key.clone());
        self.chosen = self.list.run_at(place).map(|i| self.rows[i].name.clone());
        if self.detail.as_ref().is_some_and(|detail| Some(&detail.name) != self.chosen.as_ref()) {
            (self.detail, self.picture) = (None, None);
            self.log.clear();
            self.plot.leave();
        }
    }

    /// The next line that is a run, if there is one that way.
    pub(super) fn next_run(&mut self, motion: Motion) {
        self.scroll = 0;
        let mut place = self.cursor;
        loop {
            let next = moved(place, motion, 1).min(self.list.lines().len().saturating_sub(1));
            if next == place {
                return;
            }
            place = next;
            if self.list.run_at(place).is_some() {
                return self.put_cursor(place);
            }
        }
    }

    /// A click chooses; one on what is chosen opens it.
    pub(super) fn pointed(&mut self, line: usize) {
        if line >= self.list.lines().len() {
            return;
        }
        self.follow = Follow::Run;
        self.notice = None;
        match line == self.cursor {
            true => self.open(),
            false => self.put_cursor(line),
        }
    }

    pub(super) fn rolled(&mut self, direction: Direction) {
        self.follow = Follow::Run;
        // Where lines are runs, a wheel would leave the run that is looked at.
        let motion = match self.screen() {
            Screen::Run if self.pane != Pane::Log => return,
            Screen::Models => Motion::Page(direction),
            _ => Motion::Line(direction),
        };
        (0..TURN).for_each(|_| self.go(motion));
    }

    pub(super) fn no_run(&mut self) -> Option<Effect> {
        self.notice = Some("no run under the cursor".to_owned());
        None
    }
}
