//! What keys mean: actions, and how a key press becomes one.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::app::{App, Msg, Screen};
pub use super::keymap::{ANY, KEYS};
use super::launch::{Deed, begins, entering};
use super::plot::Turn;
use super::typing::{answer, naming, picking, typing};
use crate::store::Move;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Leaves the dashboard; runs go on.
    Quit,
    /// To the screen before.
    Back,
    /// To a screen.
    Show(Screen),
    /// Moves the cursor, or what is scrolled.
    Go(Motion),
    /// Starts to type a filter.
    Filter,
    /// Starts to type what the log is searched for.
    Search,
    /// The next match in the log.
    Match(Direction),
    /// Forgets what was typed.
    Unfilter,
    /// Ends a running run, or takes a waiting one out of the queue.
    Stop,
    /// Queues a run that was stopped, lost, has failed or was never started.
    Resume,
    /// Changes a waiting run's place.
    Shift(Move),
    /// The run, or the spec, after or before the shown one.
    Next(Direction),
    /// The log in full, or not.
    Log,
    /// The picture in full, or not.
    Picture,
    /// The picture of the epoch after or before the shown one.
    Epoch(Direction),
    /// The curves in full, or not.
    Curves,
    /// The next group of curves.
    Panels(Direction),
    /// How curves are looked at.
    Turn(Turn),
    /// Chooses a column.
    Column(Direction),
    /// Sorts by the chosen column.
    Sort,
    /// Holds all other arms against the one under the cursor.
    Hold,
    /// Two plans side by side.
    Differ,
    /// The next of several blocks of the screen.
    Section(Direction),
    /// Intervals beside the means, or not.
    Intervals,
    /// Looks for duplicates and mistakes in a data set.
    Audit,
    /// Opens the run under the cursor, or folds its group.
    Open,
    /// Changes the list's order or groups.
    Arrange(Arrange),
    /// Marks what is under the cursor, or not any more.
    Mark,
    /// Nothing is marked any more.
    Unmark,
    /// Puts something on the clipboard.
    Copy(Copy),
    /// What the launch screens do.
    Launch(Deed),
    /// Writes the shown spec's tables as files.
    Export,
    /// Finds an action by its name.
    Palette,
    /// To the shell, until it calls back.
    Suspend,
    /// Draws every cell again.
    Redraw,
    /// Draws the case in another way.
    Look,
}

/// What changes in the list of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrange {
    /// Sorts by the next column.
    Sort,
    /// Sorts the other way round.
    Turn,
    /// Groups by the next of spec, arm and fold.
    Group,
    /// Folds or opens the group under the cursor.
    Fold,
    /// Folds all groups, or opens them.
    FoldAll,
}

/// What is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copy {
    /// The chosen or sorted column of the row under the cursor.
    Cell,
    /// The row under the cursor.
    Row,
    /// All rows that are shown.
    Table,
}

/// How far the cursor goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// One line.
    Line(Direction),
    /// One screen.
    Page(Direction),
    /// All the way.
    End(Direction),
}

impl Motion {
    /// Which way it goes.
    pub fn direction(self) -> Direction {
        match self {
            Motion::Line(direction) | Motion::Page(direction) | Motion::End(direction) => direction,
        }
    }
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Down, right, later.
    Forward,
    /// Up, left, earlier.
    Backward,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The keys, any of them.
    pub codes: &'static [KeyCode],
    /// Held with it; Shift is part of the character.
    pub modifiers: KeyModifiers,
    /// Where it works.
    pub screens: &'static [Screen],
    /// What it does.
    pub action: Action,
    /// In the footer; empty if it is only on the help screen.
    pub hint: &'static str,
    /// On the help screen.
    pub help: &'static str,
}

/// What the keys do while a filter is typed.
pub const TYPING: &str = "Enter keep   Esc show all   Ctrl-U empty";
/// What they do while the palette is open.
pub const PICKING: &str = "type to find   ↑ ↓ choose   Enter do it   Esc close";
/// What they do while a folder is typed.
pub const NAMING: &str = "Enter write   Esc do not   Ctrl-U empty";
/// What they do while a question waits.
pub const ASKING: &str = "y yes   n no";
/// What they do while a search is typed.
pub const SEARCHING: &str = "type to search   Enter keep   Esc forget   Ctrl-U empty";

impl Key {
    /// The keys as people know them, e.g. `j ↓`.
    pub fn name(&self) -> String {
        let names: Vec<String> = self.codes.iter().map(code_name).collect();
        let prefix = if self.modifiers.contains(KeyModifiers::CONTROL) { "Ctrl-" } else { "" };
        format!("{prefix}{}", names.join(" "))
    }

    fn is(&self, event: &KeyEvent) -> bool {
        let modifiers = event.modifiers - KeyModifiers::SHIFT;
        self.codes.contains(&event.code) && self.modifiers == modifiers
    }
}

fn code_name(code: &KeyCode) -> String {
    match code {
        KeyCode::Char(' ') => "Space".to_owned(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Up => "↑".to_owned(),
        KeyCode::Down => "↓".to_owned(),
        KeyCode::Left => "←".to_owned(),
        KeyCode::Right => "→".to_owned(),
        KeyCode::PageUp => "PgUp".to_owned(),
        KeyCode::PageDown => "PgDn".to_owned(),
        other => format!("{other:?}"),
    }
}

/// What a key press means where `app` is; nothing for a release.
pub fn message(app: &App, event: &KeyEvent) -> Option<Msg> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let found = KEYS.iter().find(|key| key.screens.contains(&app.screen()) && key.is(event));
    let action = found.map(|key| key.action);
    let plain = (event.modifiers - KeyModifiers::SHIFT).is_empty();
    match action {
        // The ways out work whatever is typed.
        Some(Action::Quit | Action::Suspend | Action::Redraw) if !plain => action.map(Msg::Act),
        _ if app.question().is_some() => answer(event.code),
        _ if app.prompt().is_some() => naming(event.code, plain),
        _ if app.palette().is_some() => picking(event.code, plain),
        _ if app.is_typing() => typing(event.code, plain),
        _ if app.screen() == Screen::Form && app.launch().is_entering() => {
            entering(event.code, plain).map(Msg::Entering)
        }
        _ if app.screen() == Screen::Form && begins(app.launch(), event.code, plain).is_some() => {
            begins(app.launch(), event.code, plain).map(Msg::Entering)
        }
        _ => action.map(Msg::Act),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_help_and_means_one_thing_on_a_screen() {
        for (i, key) in KEYS.iter().enumerate() {
            // Two columns of help in a terminal of 80.
            assert!(key.help.len() <= 27, "{key:?}");
            assert!(!key.help.is_empty() && !key.codes.is_empty(), "{key:?}");
            for other in &KEYS[..i] {
                let clash = key.screens.iter().any(|s| other.screens.contains(s))
                    && key.codes.iter().any(|c| other.codes.contains(c))
                    && key.modifiers == other.modifiers;
                assert!(!clash, "{key:?} and {other:?}");
            }
        }
    }

    #[test]
    fn a_release_and_an_unknown_key_mean_nothing() {
        let app = App::default();
        let mut event = KeyEvent::from(KeyCode::Char('q'));
        assert_eq!(message(&app, &event), Some(Msg::Act(Action::Quit)));
        event.kind = KeyEventKind::Release;
        assert_eq!(message(&app, &event), None);
        assert_eq!(message(&app, &KeyEvent::from(KeyCode::F(9))), None);
    }

    #[test]
    fn shift_is_part_of_the_character_and_control_is_not() {
        let app = App::default();
        let shifted = KeyEvent::new(KeyCode::Char('J'), KeyModifiers::SHIFT);
        assert_eq!(message(&app, &shifted), Some(Msg::Act(Action::Shift(Move::Later))));
        let held = KeyEvent::new(KeyCode::Char('s'), KeyModifiers::CONTROL);
        assert_eq!(message(&app, &held), None);
    }

    #[test]
    fn what_is_typed_is_text_and_the_ways_out_still_work() {
        let press = |app: &App, code: KeyCode, modifiers| message(app, &KeyEvent::new(code, modifiers));
        let (none, control) = (KeyModifiers::NONE, KeyModifiers::CONTROL);
        for opened in [Action::Filter, Action::Palette] {
            let mut app = App::default();
            app.update(Msg::Act(opened));
            assert_eq!(press(&app, KeyCode::Char('q'), none), Some(Msg::Typed('q')));
            assert_eq!(press(&app, KeyCode::Char('c'), control), Some(Msg::Act(Action::Quit)));
            assert_eq!(press(&app, KeyCode::Char('z'), control), Some(Msg::Act(Action::Suspend)));
            assert_eq!(press(&app, KeyCode::Enter, none), Some(Msg::Entered));
        }
    }

    #[test]
    fn a_question_takes_yes_and_no_and_nothing_else() {
        let row = crate::tui::row::Row { state: Some(crate::run::State::Running), ..Default::default() };
        let mut app = App::default();
        app.update(Msg::Rows(vec![row]));
        app.update(Msg::Act(Action::Mark));
        app.update(Msg::Act(Action::Stop));
        assert!(app.question().is_some());
        let press = |code: KeyCode| message(&app, &KeyEvent::from(code));
        assert_eq!(press(KeyCode::Char('y')), Some(Msg::Confirmed));
        assert_eq!((press(KeyCode::Char('n')), press(KeyCode::Esc)), (Some(Msg::Declined), Some(Msg::Declined)));
        assert_eq!((press(KeyCode::Enter), press(KeyCode::Char('s')), press(KeyCode::Char('x'))), (None, None, None));
    }
}
