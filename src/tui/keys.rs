//! The one table of keys: dispatch, footer and help screen read it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::app::{App, Msg, Screen};
use super::plot::Turn;
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
    /// The curves in full, or not.
    Curves,
    /// The next group of curves.
    Panels(Direction),
    /// How curves are looked at.
    Turn(Turn),
    /// Marks a run for what is done with several, or not.
    Mark,
    /// Chooses a column.
    Column(Direction),
    /// Sorts by the chosen column.
    Sort,
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

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Down, right, later.
    Forward,
    /// Up, left, earlier.
    Backward,
}

use Direction::{Backward, Forward};

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

/// Every screen.
pub const ANY: &[Screen] = &[Screen::Runs, Screen::Run, Screen::Compare, Screen::Models, Screen::Overlay, Screen::Help];
const RUNS: &[Screen] = &[Screen::Runs];
const RUN: &[Screen] = &[Screen::Run];
const COMPARE: &[Screen] = &[Screen::Compare];
const ONE_RUN: &[Screen] = &[Screen::Runs, Screen::Run];
const SCROLLED: &[Screen] = &[Screen::Runs, Screen::Run, Screen::Compare, Screen::Overlay, Screen::Help];
const OVERLAY: &[Screen] = &[Screen::Overlay];
const PLOTS: &[Screen] = &[Screen::Run, Screen::Overlay];
const MODELS: &[Screen] = &[Screen::Models];
const INNER: &[Screen] = &[Screen::Run, Screen::Compare, Screen::Models, Screen::Overlay, Screen::Help];

const fn key(
    codes: &'static [KeyCode],
    screens: &'static [Screen],
    action: Action,
    (hint, help): (&'static str, &'static str),
) -> Key {
    Key { codes, modifiers: KeyModifiers::NONE, screens, action, hint, help }
}

const fn ctrl(row: Key) -> Key {
    Key { modifiers: KeyModifiers::CONTROL, ..row }
}

const fn char(c: char) -> KeyCode {
    KeyCode::Char(c)
}

/// Every key of every screen; the footer shows them in this order.
pub const KEYS: &[Key] = &[
    key(&[KeyCode::Enter], RUNS, Action::Show(Screen::Run), ("open", "open the run")),
    key(&[char(' ')], RUNS, Action::Mark, ("mark", "mark for the overlay, or not")),
    key(&[char('s')], ONE_RUN, Action::Stop, ("stop", "stop, or leave the queue")),
    key(&[char('r')], ONE_RUN, Action::Resume, ("resume", "resume or retry")),
    key(&[char('c')], ONE_RUN, Action::Show(Screen::Compare), ("compare", "compare its spec's arms")),
    key(&[KeyCode::Tab], RUN, Action::Panels(Forward), ("curves", "next curves")),
    key(&[KeyCode::BackTab], RUN, Action::Panels(Backward), ("", "previous curves")),
    key(&[char('n')], RUN, Action::Next(Forward), ("next", "next run; in a search, next match")),
    key(&[char('p')], RUN, Action::Next(Backward), ("previous", "previous run")),
    key(&[char('f')], RUN, Action::Curves, ("full", "curves in full, or not")),
    key(&[char('l')], RUN, Action::Log, ("log", "log in full, or not")),
    key(&[char('v')], RUN, Action::Picture, ("picture", "picture in full, or not")),
    key(&[char('/')], RUN, Action::Search, ("search", "search the log")),
    key(&[char('N')], RUN, Action::Match(Backward), ("", "previous match in the log")),
    key(&[KeyCode::Right, char('l')], OVERLAY, Action::Column(Forward), ("metric", "next metric")),
    key(&[KeyCode::Left, char('h')], OVERLAY, Action::Column(Backward), ("", "previous metric")),
    key(&[char('n')], OVERLAY, Action::Next(Forward), ("next spec", "next spec")),
    key(&[char('p')], OVERLAY, Action::Next(Backward), ("", "previous spec")),
    key(&[char('+'), char('=')], PLOTS, Action::Turn(Turn::Zoom(Forward)), ("zoom", "zoom in")),
    key(&[char('-')], PLOTS, Action::Turn(Turn::Zoom(Backward)), ("", "zoom out")),
    key(&[char(']'), char('L')], PLOTS, Action::Turn(Turn::Pan(Forward)), ("", "later part")),
    key(&[char('['), char('H')], PLOTS, Action::Turn(Turn::Pan(Backward)), ("", "earlier part")),
    key(&[char('0')], PLOTS, Action::Turn(Turn::Whole), ("", "whole curves")),
    key(&[char('.')], PLOTS, Action::Turn(Turn::Cross(Forward)), ("values", "crosshair to later values")),
    key(&[char(',')], PLOTS, Action::Turn(Turn::Cross(Backward)), ("", "crosshair to earlier values")),
    key(&[KeyCode::Right], RUN, Action::Turn(Turn::Cross(Forward)), ("", "crosshair to later values")),
    key(&[KeyCode::Left], RUN, Action::Turn(Turn::Cross(Backward)), ("", "crosshair to earlier values")),
    key(&[char('e')], PLOTS, Action::Turn(Turn::Smoothing), ("EMA", "smoothing: off, 0.6, 0.9")),
    key(&[char('y')], PLOTS, Action::Turn(Turn::Scale), ("log y", "linear or logarithmic")),
    key(&[char('x')], PLOTS, Action::Turn(Turn::Axis), ("axis", "over epochs, steps or time")),
    key(&[KeyCode::Right, char('l')], COMPARE, Action::Column(Forward), ("column", "next column")),
    key(&[KeyCode::Left, char('h')], COMPARE, Action::Column(Backward), ("", "previous column")),
    key(&[char('o')], COMPARE, Action::Sort, ("sort", "sort: best, worst, as spec")),
    key(&[char('n')], COMPARE, Action::Next(Forward), ("next spec", "next spec")),
    key(&[char('p')], COMPARE, Action::Next(Backward), ("", "previous spec")),
    key(&[KeyCode::PageDown], MODELS, Action::Go(Motion::Page(Forward)), ("stages", "more stages")),
    key(&[char('J')], RUNS, Action::Shift(Move::Later), ("later", "later in the queue")),
    key(&[char('K')], RUNS, Action::Shift(Move::Earlier), ("earlier", "earlier in the queue")),
    key(&[char('/')], RUNS, Action::Filter, ("filter", "show only runs with text")),
    key(&[KeyCode::Esc], RUNS, Action::Unfilter, ("", "show all runs again")),
    key(&[char('j'), KeyCode::Down], ANY, Action::Go(Motion::Line(Forward)), ("", "down")),
    key(&[char('k'), KeyCode::Up], ANY, Action::Go(Motion::Line(Backward)), ("", "up")),
    key(&[KeyCode::PageDown], SCROLLED, Action::Go(Motion::Page(Forward)), ("", "a page down")),
    key(&[KeyCode::PageUp], ANY, Action::Go(Motion::Page(Backward)), ("", "a page up")),
    key(&[char('g'), KeyCode::Home], ANY, Action::Go(Motion::End(Backward)), ("", "to the top")),
    key(&[char('G'), KeyCode::End], ANY, Action::Go(Motion::End(Forward)), ("", "to the end")),
    key(&[char('1')], ANY, Action::Show(Screen::Runs), ("", "all runs")),
    key(&[char('2')], ANY, Action::Show(Screen::Run), ("", "the chosen run")),
    key(&[char('3')], ANY, Action::Show(Screen::Compare), ("", "comparison of arms")),
    key(&[char('4')], ANY, Action::Show(Screen::Models), ("", "models, stage by stage")),
    key(&[char('5')], ANY, Action::Show(Screen::Overlay), ("", "curves of several runs")),
    key(&[char('?')], ANY, Action::Show(Screen::Help), ("help", "keys")),
    key(&[char('q'), KeyCode::Esc], INNER, Action::Back, ("back", "back")),
    key(&[char('q')], RUNS, Action::Quit, ("quit", "quit; runs go on")),
    ctrl(key(&[char('c')], ANY, Action::Quit, ("", "quit; runs go on"))),
];

/// What the keys do while a filter is typed.
pub const TYPING: &str = "type to filter   Enter keep   Esc show all";
/// What they do while a search is typed.
pub const SEARCHING: &str = "type to search   Enter keep   Esc forget";

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
    match (app.is_typing(), event.code) {
        (true, _) if action == Some(Action::Quit) && event.modifiers.contains(KeyModifiers::CONTROL) => {
            Some(Msg::Act(Action::Quit))
        }
        (true, KeyCode::Char(c)) if (event.modifiers - KeyModifiers::SHIFT).is_empty() => Some(Msg::Typed(c)),
        (true, KeyCode::Backspace) => Some(Msg::Erased),
        (true, KeyCode::Enter | KeyCode::Down | KeyCode::Up) => Some(Msg::Entered),
        (true, KeyCode::Esc) => Some(Msg::Act(Action::Unfilter)),
        (true, _) => None,
        (false, _) => action.map(Msg::Act),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_help_and_means_one_thing_on_a_screen() {
        for (i, key) in KEYS.iter().enumerate() {
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
}
