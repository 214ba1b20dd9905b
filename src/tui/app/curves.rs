//! Curves, the log, and the choice of runs that are laid over one another: what is known of them, what keys do to them.

use std::collections::BTreeSet;

use super::{App, Pane, Screen};
use crate::tui::keys::Direction;
use crate::tui::log::Log;
use crate::tui::overlay::{By, Overlay};
use crate::tui::plot::{Plot, Turn};
use crate::tui::row::Row;

impl App {
    /// The chosen run's newest log lines.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// What has the room on its screen.
    pub fn pane(&self) -> Pane {
        self.pane
    }

    /// How its curves are looked at.
    pub fn plot(&self) -> &Plot {
        &self.plot
    }

    /// Whether the run's screen shows curves.
    pub fn shows_curves(&self) -> bool {
        matches!(self.pane, Pane::All | Pane::Curves)
    }

    /// Which group of its panels is shown, or which panel where there is no room for a group; counts on past the last.
    pub fn group(&self) -> usize {
        self.group
    }

    /// Curves of several runs.
    pub fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// Names of the runs whose curves are laid over one another: the marked ones one by one, or else those of the shown
    /// spec by arm.
    pub fn overlaid(&self) -> (By, BTreeSet<&str>) {
        let marked = |row: &&Row| self.marked.contains(&row.name);
        let of_spec = |row: &&Row| Some(&row.spec) == self.spec.as_ref();
        let names = |keep: &dyn Fn(&&Row) -> bool| self.rows.iter().filter(keep).map(|row| row.name.as_str()).collect();
        let names_of_marked: BTreeSet<&str> = names(&marked);
        if names_of_marked.is_empty() { (By::Arm, names(&of_spec)) } else { (By::Run, names_of_marked) }
    }

    /// Whether the log has the room, and is searched.
    pub fn searches(&self) -> bool {
        self.screen() == Screen::Run && self.pane == Pane::Log && !self.log.needle().is_empty()
    }

    pub(super) fn turn(&mut self, turn: Turn) {
        if self.screen() == Screen::Overlay {
            let ground = self.overlay.shown().map(|shown| shown.ground.clone()).unwrap_or_default();
            self.overlay.plot.turn(turn, &ground);
        } else if let Some(detail) = &self.detail {
            self.plot.turn(turn, &detail.ground);
        }
    }

    pub(super) fn next_panels(&mut self, direction: Direction) {
        let groups = self.detail.as_ref().map(|detail| &detail.groups);
        // Whether a step is a group or a panel of one is a matter of room: both are found again after so many.
        let all = groups.map_or(1, |groups| groups.len() * groups.iter().map(Vec::len).sum::<usize>()).max(1);
        let forward = if direction == Direction::Forward { 1 } else { all - 1 };
        self.group = (self.group % all + forward) % all;
    }

    /// What is typed goes to the log's search on the run's screen, to the filter elsewhere.
    pub(super) fn retype(&mut self, change: impl FnOnce(&mut String)) {
        if self.screen() == Screen::Run {
            self.log.search(change);
            self.show_match();
        } else {
            self.refilter(change);
        }
    }

    pub(super) fn search(&mut self) {
        (self.pane, self.typing) = (Pane::Log, true);
        self.retype(String::clear);
    }

    pub(super) fn find(&mut self, direction: Direction) {
        if self.searches() {
            self.log.step(direction);
            self.show_match();
        }
    }

    /// New lines come in below; what is read stays where it is.
    pub(super) fn take_log(&mut self, text: &str) {
        let new = self.log.set(text);
        if self.screen() == Screen::Run && self.scroll > 0 {
            self.scroll = (self.scroll + new).min(self.log.lines().len().saturating_sub(1));
        }
    }

    /// Whether there was a crosshair or a search to end before the screen itself.
    pub(super) fn dismiss(&mut self) -> bool {
        let plot = match self.screen() {
            Screen::Run if self.searches() => {
                self.log.search(String::clear);
                return true;
            }
            Screen::Run if self.shows_curves() => &mut self.plot,
            Screen::Overlay => &mut self.overlay.plot,
            _ => return false,
        };
        plot.cross.take().is_some()
    }

    fn show_match(&mut self) {
        let Some(line) = self.log.found() else { return };
        let below = self.log.lines().len().saturating_sub(line + 1);
        // In the middle, so that what led to it is seen.
        self.scroll = below.saturating_sub(usize::from(self.size.1) / 2);
    }
}
