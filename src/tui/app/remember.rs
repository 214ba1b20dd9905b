//! What is kept of the dashboard when it is left, and taken up again.

use std::path::Path;

use super::{App, Effect, Follow, Memory, Screen};
use crate::tui::field::Field;
use crate::tui::keys::Direction;
use crate::tui::launch::{Draft, Form, Question};
use crate::tui::list::{Group, Sort};
use crate::tui::remembered::{DRAFT_BYTES, Remembered, Unsaved};
use crate::tui::text::clean;

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
        let is_given = self.given_filter.as_deref() == Some(self.list.filter());
        Remembered {
            store: self.setup.place.clone(),
            screen: kept.copied().unwrap_or_default(),
            filter: if is_given { String::new() } else { self.list.filter().to_owned() },
            sort: sort.unwrap_or_default(),
            group: self.list.group().map_or("", Group::name).to_owned(),
            run: self.chosen().map(|row| row.name.clone()).unwrap_or_default(),
            axis: self.plot.axis,
            scale: self.plot.scale,
            smoothing: self.plot.smoothing,
            draft: self.unsaved(),
        }
    }

    /// The run and the screen of before, once that run has been read; a large store is read bit by bit.
    pub(super) fn take_up(&mut self) {
        let Some((name, screen)) = self.wanted.take() else { return };
        let is_here = self.rows.iter().any(|row| row.name == name);
        if is_here {
            (self.chosen, self.head) = (Some(name), None);
            self.follow = Follow::Run;
            self.select();
        } else if self.unread > 0 {
            self.wanted = Some((name, screen));
            return;
        }
        if is_here || screen != Screen::Run {
            self.show(screen);
        }
    }

    fn unsaved(&self) -> Option<Unsaved> {
        let draft = self.launch.form.as_ref().map(|form| &form.draft).filter(|draft| draft.is_changed())?;
        let text = Some(draft.toml()).filter(|text| text.len() <= DRAFT_BYTES)?.to_owned();
        // A path that is no text is forgotten: the draft is then saved by its name.
        let path = draft.file().and_then(Path::to_str).unwrap_or_default().to_owned();
        Some(Unsaved { name: draft.called(), text, path })
    }

    /// Leaves; asks first if a draft would be lost. Asked again, it leaves.
    pub(super) fn quit(&mut self) -> Option<Effect> {
        let is_kept = |draft: &Draft| self.setup.memory == Memory::On && draft.toml().len() <= DRAFT_BYTES;
        let draft = self.launch.form.as_ref().map(|form| &form.draft);
        let lost = draft.filter(|draft| draft.is_changed() && !is_kept(draft)).map(Draft::called);
        let is_asked = matches!(self.launch.question, Some(Question::Leave(_)));
        let Some(name) = lost.filter(|_| !is_asked) else { return Some(Effect::Quit) };
        self.asked = None;
        self.launch.question = Some(Question::Leave(format!("leave without saving {}?", clean(&name))));
        None
    }

    /// Takes up what still makes sense; that runs are hidden is said.
    pub(super) fn restore(&mut self, left: &Remembered) {
        let (name, direction) = match left.sort.strip_prefix('-') {
            Some(name) => (name, Direction::Backward),
            None => (left.sort.as_str(), Direction::Forward),
        };
        self.list.set_sort(Field::named(name).map(|field| Sort { field, direction }));
        self.list.set_group(Group::named(&left.group));
        let filter = clean(&left.filter);
        self.refilter(|text| *text = filter);
        (self.plot.axis, self.plot.scale, self.plot.smoothing) = (left.axis, left.scale, left.smoothing);
        self.wanted = Some((left.run.clone(), left.screen));
        self.take_up();
        let filter = Some(self.list.filter()).filter(|filter| !filter.is_empty());
        let filter = filter.map(|filter| format!("filtered as you left it: {filter}; Esc shows all runs"));
        let draft = left.draft.as_ref().map(|draft| self.restore_draft(draft));
        let said = draft.into_iter().chain(filter).reduce(|draft, filter| format!("{draft}; {filter}"));
        self.notice = said.or(self.notice.take());
    }

    /// The draft as it was left; what to say of it.
    fn restore_draft(&mut self, left: &Unsaved) -> String {
        let path = Some(Path::new(&left.path)).filter(|_| !left.path.is_empty());
        self.launch.form = Some(Form::new(Draft::parse(&left.text).left(&left.name, path)));
        format!("{} is not saved yet: f on Launch shows it", clean(&left.name))
    }
}
