//! Keys that change how something is looked at.

use super::{App, Pane, Screen};
use crate::tui::keys::{Action, Motion};

impl App {
    /// Does what `action` means on the shown screen; the other actions are taken before.
    pub(super) fn look(&mut self, action: Action) {
        match action {
            Action::Hold | Action::Differ | Action::Intervals if self.shows_printed() => {
                self.notice = Some("for measured arms; Tab leads back to them".to_owned());
            }
            Action::Hold | Action::Differ | Action::Section(_) | Action::Intervals => self.act_on_blocks(action),
            Action::Next(direction) if matches!(self.screen(), Screen::Compare | Screen::Overlay) => {
                self.next_spec(direction);
            }
            Action::Next(direction) if self.searches() => self.find(direction),
            Action::Next(direction) => self.next_run(Motion::Line(direction)),
            Action::Log => self.toggle(Pane::Log),
            Action::Picture => self.toggle(Pane::Picture),
            Action::Look => self.album.shown_mut().turn(),
            Action::Column(direction) if self.shows_printed() => self.versus.choose_printed(direction),
            Action::Sort if self.shows_printed() => self.versus.order.sort(),
            Action::Column(direction) if self.screen() == Screen::Cases => self.album.shown_mut().choose(direction),
            Action::Sort if self.screen() == Screen::Cases => self.album.shown_mut().sort(),
            Action::Epoch(direction) if self.screen() == Screen::Cases => {
                self.notice = self.album.step(direction).map(str::to_owned);
            }
            Action::Epoch(direction) => self.picture.iter_mut().for_each(|picture| picture.step(direction)),
            Action::Curves => self.toggle(Pane::Curves),
            Action::Panels(_) | Action::Turn(_) if self.screen() == Screen::Run && !self.shows_curves() => {
                self.notice = Some("the curves are hidden; q shows them again".to_owned());
            }
            Action::Panels(direction) => self.next_panels(direction),
            Action::Turn(turn) => self.turn(turn),
            Action::Search => self.search(),
            Action::Match(direction) => self.find(direction),
            Action::Column(direction) if self.screen() == Screen::Overlay => self.overlay.choose(direction),
            Action::Column(direction) => self.arms.choose(direction),
            Action::Sort => self.arms.sort(),
            _ => {}
        }
    }
}
