//! How the state changes, message by message.

use super::{Access, App, Effect, Follow, Msg, Palette, Pane, Row, SMALLEST, Screen};
use crate::metric::Task;
use crate::run::State;
use crate::store::Move;
use crate::tui::keys::{Action, Direction, Motion};
use crate::tui::launch::Starting;

impl App {
    /// Whether the terminal, once its size is known, has no room for any screen: what nobody sees, nobody means.
    fn is_unseen(&self) -> bool {
        self.size != (0, 0) && (self.size.0 < SMALLEST.0 || self.size.1 < SMALLEST.1)
    }

    /// The only place where the application changes.
    pub fn update(&mut self, msg: Msg) -> Option<Effect> {
        self.revision += 1;
        if msg.is_users() && self.launch.starting == Starting::Awaited {
            self.launch.starting = Starting::Left;
        }
        if msg.is_users()
            && self.is_unseen()
            && !matches!(msg, Msg::Act(Action::Quit | Action::Suspend | Action::Redraw))
        {
            return None;
        }
        match msg {
            Msg::Act(action) => {
                // Whoever presses keys means the run under the cursor, wherever it moves to.
                self.follow = Follow::Run;
                (self.notice, self.noticed_s, self.wanted) = (None, None, None);
                return self.act(action);
            }
            Msg::Typed(c) => self.typed(c),
            Msg::Erased => self.erased(),
            Msg::Cleared => self.cleared(),
            Msg::Entered => return self.entered(),
            Msg::Picked(direction) => self.pick(direction),
            Msg::Dismissed => (self.palette, self.prompt) = (None, None),
            Msg::Confirmed => return self.confirmed(),
            Msg::Declined => self.declined(),
            Msg::Pointed(line) => self.pointed(line),
            Msg::Rolled(direction) => self.rolled(direction),
            Msg::Restored(remembered) => self.restore(&remembered),
            Msg::Resized(width, height) => self.size = (width, height),
            Msg::Entering(input) => self.launch_input(input),
            told => return self.hear(told),
        }
        None
    }

    pub(super) fn act(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::Quit => return self.quit(),
            Action::Suspend => return Some(Effect::Suspend),
            Action::Redraw => return Some(Effect::Redraw),
            Action::Copy(what) => return self.copy(what),
            Action::Export => self.begin_export(),
            Action::Palette => self.palette = Some(Palette::default()),
            Action::Open if self.screen() == Screen::Audit => self.audit.open(),
            Action::Open => self.open(),
            Action::Arrange(_) if self.shows_printed() => self.versus.order.turn(),
            Action::Arrange(_) if self.screen() == Screen::Compare => self.arms.turn(),
            Action::Arrange(how) => self.arrange(how),
            Action::Mark => self.mark(),
            Action::Unmark => self.unmark(),
            Action::Back => self.back(),
            Action::Show(screen) => self.show(screen),
            Action::Go(motion) => self.go(motion),
            Action::Filter => self.begin_filter(),
            Action::Unfilter => {
                (self.typing, self.selected) = (false, false);
                self.retype(String::clear);
            }
            Action::Stop | Action::Resume | Action::Shift(_) | Action::Audit
                if self.setup.access == Access::ReadOnly =>
            {
                self.notice = Some("read-only: runs can be watched here, not changed".to_owned());
            }
            Action::Stop | Action::Resume if self.screen() == Screen::Runs && !self.marked.is_empty() => {
                self.ask(action);
            }
            Action::Audit => return self.start_audit(),
            Action::Stop => return self.stop(),
            Action::Resume => return self.resume(),
            Action::Shift(direction) => return self.shift(direction),
            Action::Launch(deed) => return self.deed(deed),
            look => self.look(look),
        }
        None
    }

    pub(super) fn show(&mut self, screen: Screen) {
        if matches!(screen, Screen::Run | Screen::Cases) && self.chosen().is_none() {
            self.notice = Some("no run to show".to_owned());
            return;
        }
        if screen == Screen::Form && self.launch.form.is_none() {
            self.notice = Some("no spec is being written; on Launch, n begins one".to_owned());
            return;
        }
        if screen == Screen::Launch {
            self.launch.retry();
        }
        if matches!(screen, Screen::Compare | Screen::Overlay) {
            let chosen = self.chosen().map(|row| (row.spec.clone(), row.task));
            (self.spec, self.table) =
                chosen.map_or((self.spec.take(), self.table), |(spec, task)| (Some(spec), Some(task)));
        }
        if screen == self.screen() && matches!(screen, Screen::Help | Screen::Difference) {
            return self.back();
        }
        // Back leads to the list, then out; help leads to where it was asked for.
        if !matches!(screen, Screen::Help | Screen::Difference) {
            self.screens.clear();
        }
        if screen == Screen::Form {
            self.screens.push(Screen::Launch);
        }
        (self.scroll, self.versus.below) = (0, 0);
        if screen != Screen::Runs {
            self.screens.push(screen);
        }
    }

    fn back(&mut self) {
        if self.dismiss() || self.backs_out() {
            return;
        }
        self.scroll = 0;
        match self.pane {
            Pane::Log | Pane::Picture | Pane::Curves if self.screen() == Screen::Run => self.pane = Pane::All,
            _ => _ = self.screens.pop(),
        }
    }

    pub(super) fn toggle(&mut self, pane: Pane) {
        self.scroll = 0;
        self.pane = if self.pane == pane { Pane::All } else { pane };
    }

    pub(super) fn go(&mut self, motion: Motion) {
        let page = usize::from(self.size.1).saturating_sub(8).max(1);
        if self.scrolls(motion, page) {
            return;
        }
        let end = match self.screen() {
            Screen::Runs => self.list.lines().len().saturating_sub(1),
            Screen::Run if matches!(motion, Motion::Line(_)) && self.pane != Pane::Log => return self.next_run(motion),
            // Scrolled from the newest line backwards.
            Screen::Run => self.log.lines().len().saturating_sub(1),
            Screen::Compare => self.arms.len().saturating_sub(1),
            Screen::Models => return self.models.go(motion, page),
            Screen::Cases => return self.album.shown_mut().go(motion, page),
            Screen::System => self.count(State::Running).saturating_sub(1),
            Screen::Overlay => self.overlay.shown().map_or(0, |shown| shown.arms.len().saturating_sub(1)),
            Screen::Launch | Screen::Form => return self.launch_go(motion, page),
            Screen::Audit | Screen::Difference | Screen::Help => return,
        };
        let place = if self.screen() == Screen::Runs { self.cursor } else { self.scroll };
        let motion = if self.screen() == Screen::Run { turned(motion) } else { motion };
        let place = moved(place.min(end), motion, page).min(end);
        match self.screen() {
            Screen::Runs => self.put_cursor(place),
            _ => self.scroll = place,
        }
    }

    pub(super) fn next_spec(&mut self, direction: Direction) {
        // Where arms answer both questions each kind has its table; curves lie over one another whatever they are of.
        let table = |row: &Row| (self.screen() == Screen::Compare).then_some(row.task);
        let tables: std::collections::BTreeSet<_> = self.rows.iter().map(|row| (&row.spec, table(row))).collect();
        let tables: Vec<_> = tables.into_iter().collect();
        let is_shown = |(spec, task): &(&String, Option<Task>)| {
            Some(*spec) == self.spec.as_ref() && (task.is_none() || *task == self.table)
        };
        let place = tables.iter().position(is_shown).unwrap_or(0);
        let all = tables.len().max(1);
        let place = if direction == Direction::Forward { place + 1 } else { place + all - 1 } % all;
        if let Some(&(spec, task)) = tables.get(place) {
            (self.spec, self.table) = (Some(spec.clone()), task.or(self.table));
        }
        (self.scroll, self.versus.below) = (0, 0);
        self.overlay.plot.leave();
    }

    fn stop(&mut self) -> Option<Effect> {
        let Some(row) = self.chosen() else { return self.no_run() };
        let (name, arm) = (row.name.clone(), row.arm.clone());
        let (notice, effect) = match row.state {
            Some(State::Running) => (
                format!("{arm}: asked to stop; it ends after its current step, r resumes it"),
                Some(Effect::Stop(name)),
            ),
            Some(State::Queued) => (format!("{arm}: out of the queue; r puts it back"), Some(Effect::Dequeue(name))),
            state => (format!("{arm} is {}: nothing to stop", said(state)), None),
        };
        self.notice = Some(notice);
        effect
    }

    fn resume(&mut self) -> Option<Effect> {
        let Some(row) = self.chosen() else { return self.no_run() };
        let (name, arm, state) = (row.name.clone(), row.arm.clone(), row.state);
        let can = row.can_resume();
        self.notice = Some(match can {
            true => format!("{arm}: in the queue"),
            false => format!("{arm} is {}: nothing to resume", said(state)),
        });
        can.then_some(Effect::Enqueue(name))
    }

    fn shift(&mut self, direction: Move) -> Option<Effect> {
        let Some(row) = self.chosen() else { return self.no_run() };
        let (name, waits) = (row.name.clone(), row.state == Some(State::Queued));
        if !waits {
            self.notice = Some(format!("{} does not wait in the queue: it has no place to change", row.arm));
        }
        waits.then_some(Effect::Shift(name, direction))
    }
}

fn said(state: Option<State>) -> &'static str {
    state.map_or("still being read", State::name)
}

/// Where `motion` leads from `place` with pages of `page` lines; the caller knows where the end is.
pub fn moved(place: usize, motion: Motion, page: usize) -> usize {
    match motion {
        Motion::Line(Direction::Forward) => place + 1,
        Motion::Line(Direction::Backward) => place.saturating_sub(1),
        Motion::Page(Direction::Forward) => place + page,
        Motion::Page(Direction::Backward) => place.saturating_sub(page),
        Motion::End(Direction::Forward) => usize::MAX,
        Motion::End(Direction::Backward) => 0,
    }
}

fn turned(motion: Motion) -> Motion {
    let turn = |direction| match direction {
        Direction::Forward => Direction::Backward,
        Direction::Backward => Direction::Forward,
    };
    match motion {
        Motion::Line(direction) => Motion::Line(turn(direction)),
        Motion::Page(direction) => Motion::Page(turn(direction)),
        Motion::End(direction) => Motion::End(turn(direction)),
    }
}
