//! What is kept of the dashboard when it is left, and taken up again.

use super::{App, Follow, Screen};
use crate::tui::field::Field;
use crate::tui::keys::Direction;
use crate::tui::list::{Group, Sort};
use crate::tui::remembered::Remembered;

impl App {
    /// How it looks now.
    pub fn remembered(&self) -> Remembered {
        let sign = |sort: Sort| if sort.direction == Direction::Backward { "-" } else { "" };
        let sort = self.list.sort().map(|sort| format!("{}{}", sign(sort), sort.field.name));
        let kept = self
            .screens
            .iter()
            .rev()
            .find(|screen| !matches!(screen, Screen::Help | Screen::Form | Screen::Difference));
        Remembered {
            store: self.setup.place.clone(),
            screen: kept.copied().unwrap_or_default(),
            filter: self.list.filter().to_owned(),
            sort: sort.unwrap_or_default(),
            group: self.list.group().map_or("", Group::name).to_owned(),
            run: self.chosen().map(|row| row.name.clone()).unwrap_or_default(),
        }
    }

    /// Takes up what still makes sense; that runs are hidden is said.
    pub(super) fn restore(&mut self, left: &Remembered) {
        let (name, direction) = match left.sort.strip_prefix('-') {
            Some(name) => (name, Direction::Backward),
            None => (left.sort.as_str(), Direction::Forward),
        };
        self.list.set_sort(Field::named(name).map(|field| Sort { field, direction }));
        self.list.set_group(Group::named(&left.group));
        let filter = crate::tui::text::clean(&left.filter);
        self.refilter(|text| *text = filter);
        if let Some(row) = self.rows.iter().find(|row| row.name == left.run) {
            (self.chosen, self.head) = (Some(row.name.clone()), None);
            self.follow = Follow::Run;
            self.select();
        }
        let run_is_gone = self.chosen().is_none_or(|row| row.name != left.run);
        if !(left.screen == Screen::Run && run_is_gone) {
            self.show(left.screen);
        }
        if !self.list.filter().is_empty() {
            self.notice = Some(format!("filtered as you left it: {}; Esc shows all runs", self.list.filter()));
        }
    }
}
