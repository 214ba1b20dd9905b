//! The one table of keys: dispatch, footer and help screen read it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::app::{App, Msg, Screen};
use super::launch::{Deed, begins, entering};
use super::plot::Turn;
use super::typing::{answer, picking, typing};
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
pub const ANY: &[Screen] = &[
    Screen::Runs,
    Screen::Run,
    Screen::Compare,
    Screen::Models,
    Screen::Overlay,
    Screen::Cases,
    Screen::System,
    Screen::Audit,
    Screen::Difference,
    Screen::Launch,
    Screen::Form,
    Screen::Help,
];
const RUNS: &[Screen] = &[Screen::Runs];
const TABLES: &[Screen] = &[Screen::Runs, Screen::Compare];
const RUN: &[Screen] = &[Screen::Run];
const COMPARE: &[Screen] = &[Screen::Compare];
const ONE_RUN: &[Screen] = &[Screen::Runs, Screen::Run];
const MODELS: &[Screen] = &[Screen::Models];
const OVERLAY: &[Screen] = &[Screen::Overlay];
const PLOTS: &[Screen] = &[Screen::Run, Screen::Overlay];
const CASES: &[Screen] = &[Screen::Cases];
const SCROLLED: &[Screen] = &[
    Screen::Runs,
    Screen::Run,
    Screen::Compare,
    Screen::Overlay,
    Screen::Cases,
    Screen::System,
    Screen::Audit,
    Screen::Difference,
    Screen::Help,
];
const AUDIT: &[Screen] = &[Screen::Audit];
const LAUNCH: &[Screen] = &[Screen::Launch];
const FORM: &[Screen] = &[Screen::Form];
const SPECS: &[Screen] = &[Screen::Launch, Screen::Form];
const INNER: &[Screen] = &[
    Screen::Run,
    Screen::Compare,
    Screen::Models,
    Screen::Overlay,
    Screen::Cases,
    Screen::System,
    Screen::Audit,
    Screen::Difference,
    Screen::Launch,
    Screen::Form,
    Screen::Help,
];

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
    key(&[KeyCode::Enter], RUNS, Action::Open, ("open", "open run, fold group")),
    key(&[char('s')], ONE_RUN, Action::Stop, ("stop", "stop, or leave the queue")),
    key(&[char('r')], ONE_RUN, Action::Resume, ("resume", "resume or retry")),
    key(&[char('/')], RUNS, Action::Filter, ("filter", "filter: model=unet dsc>.8")),
    key(&[char(' ')], RUNS, Action::Mark, ("mark", "mark for s, r and overlay")),
    key(&[char('o')], RUNS, Action::Arrange(Arrange::Sort), ("sort", "sort by the next column")),
    key(&[char('b')], RUNS, Action::Arrange(Arrange::Group), ("group", "group: spec, arm, fold")),
    key(&[char('c')], ONE_RUN, Action::Show(Screen::Compare), ("compare", "compare its spec's arms")),
    key(&[KeyCode::Tab], RUN, Action::Panels(Forward), ("curves", "next curves")),
    key(&[KeyCode::BackTab], RUN, Action::Panels(Backward), ("", "previous curves")),
    key(&[char('n')], RUN, Action::Next(Forward), ("next", "next run, or match in log")),
    key(&[char('p')], RUN, Action::Next(Backward), ("previous", "previous run")),
    key(&[char('f')], RUN, Action::Curves, ("full", "curves in full, or not")),
    key(&[char('l')], RUN, Action::Log, ("log", "log in full, or not")),
    key(&[char('v')], RUN, Action::Picture, ("picture", "picture in full, or not")),
    key(&[char('<')], RUN, Action::Epoch(Backward), ("", "prediction an epoch before")),
    key(&[char('>')], RUN, Action::Epoch(Forward), ("", "prediction an epoch later")),
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
    key(&[KeyCode::Enter, char(' ')], COMPARE, Action::Hold, ("against", "hold the others against it")),
    key(&[KeyCode::Tab], COMPARE, Action::Section(Forward), ("printed", "printed numbers, or arms")),
    key(&[char('d')], COMPARE, Action::Differ, ("plans", "its plan beside the other's")),
    key(&[char('i')], COMPARE, Action::Intervals, ("intervals", "intervals in the cells")),
    key(&[char('O')], COMPARE, Action::Arrange(Arrange::Turn), ("", "sort the other way")),
    key(&[char('n')], COMPARE, Action::Next(Forward), ("next spec", "next spec")),
    key(&[char('p')], COMPARE, Action::Next(Backward), ("", "previous spec")),
    key(&[char('t')], CASES, Action::Look, ("look", "overlay, image, masks")),
    key(&[char('o')], CASES, Action::Sort, ("sort", "sort: worst, best, stored")),
    key(&[KeyCode::Right, char('l')], CASES, Action::Column(Forward), ("column", "next column")),
    key(&[KeyCode::Left, char('h')], CASES, Action::Column(Backward), ("", "previous column")),
    key(&[char('n')], CASES, Action::Next(Forward), ("next run", "next run, same case")),
    key(&[char('p')], CASES, Action::Next(Backward), ("", "previous run, same case")),
    key(&[KeyCode::Tab, KeyCode::Right, char('l')], AUDIT, Action::Section(Forward), ("section", "next section")),
    key(&[KeyCode::BackTab, KeyCode::Left, char('h')], AUDIT, Action::Section(Backward), ("", "previous section")),
    key(&[KeyCode::Enter], AUDIT, Action::Open, ("open", "the line in full")),
    key(&[char('/')], AUDIT, Action::Filter, ("filter", "filter the lines by words")),
    key(&[char('r')], AUDIT, Action::Audit, ("audit", "audit the data set now")),
    key(&[char('n')], AUDIT, Action::Next(Forward), ("next run", "next run's split")),
    key(&[char('p')], AUDIT, Action::Next(Backward), ("", "previous run's split")),
    key(&[KeyCode::PageDown], MODELS, Action::Go(Motion::Page(Forward)), ("stages", "more stages")),
    key(&[KeyCode::Enter, char('e')], LAUNCH, Action::Launch(Deed::Edit), ("edit", "edit the spec")),
    key(&[char('s')], SPECS, Action::Launch(Deed::Start), ("start", "start what is to do")),
    key(&[char('n')], LAUNCH, Action::Launch(Deed::New), ("new", "a spec from scratch")),
    key(&[char('d')], LAUNCH, Action::Launch(Deed::Duplicate), ("duplicate", "a copy of the spec")),
    key(&[char('f')], LAUNCH, Action::Show(Screen::Form), ("form", "back to the draft")),
    key(&[KeyCode::PageDown], LAUNCH, Action::Go(Motion::Page(Forward)), ("", "more of the plan")),
    key(&[char('R')], LAUNCH, Action::Launch(Deed::Again), ("", "read everything again")),
    key(&[KeyCode::Enter], FORM, Action::Launch(Deed::Change), ("change", "type, choose, or do it")),
    key(&[KeyCode::Right, char('l')], FORM, Action::Launch(Deed::Turn(Forward)), ("next", "next choice")),
    key(&[KeyCode::Left, char('h')], FORM, Action::Launch(Deed::Turn(Backward)), ("", "previous choice")),
    key(&[char('w')], FORM, Action::Launch(Deed::Save), ("save", "write the spec's file")),
    key(&[char('a')], FORM, Action::Launch(Deed::AddArm), ("add arm", "one more arm")),
    key(&[char('x')], FORM, Action::Launch(Deed::RemoveArm), ("remove arm", "one arm less")),
    key(&[char('E')], SPECS, Action::Launch(Deed::Editor), ("editor", "open in $EDITOR")),
    key(&[KeyCode::PageDown], FORM, Action::Go(Motion::Page(Forward)), ("", "a page down")),
    key(&[char('J')], RUNS, Action::Shift(Move::Later), ("later", "later in the queue")),
    key(&[char('K')], RUNS, Action::Shift(Move::Earlier), ("earlier", "earlier in the queue")),
    key(&[char('d')], RUNS, Action::Differ, ("", "plans of two marked runs")),
    key(&[char('u')], RUNS, Action::Unmark, ("", "unmark all")),
    key(&[char('O')], RUNS, Action::Arrange(Arrange::Turn), ("", "sort the other way")),
    key(&[char('z')], RUNS, Action::Arrange(Arrange::Fold), ("", "fold or open the group")),
    key(&[char('Z')], RUNS, Action::Arrange(Arrange::FoldAll), ("", "fold or open all groups")),
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
    key(&[char('6')], ANY, Action::Show(Screen::Cases), ("", "cases of the chosen run")),
    key(&[char('7')], ANY, Action::Show(Screen::System), ("", "processors, memory, GPUs")),
    key(&[char('8')], ANY, Action::Show(Screen::Audit), ("", "audit: data, split, tables")),
    key(&[char('9')], ANY, Action::Show(Screen::Launch), ("", "specs: plan, cost, start")),
    key(&[char('Y')], TABLES, Action::Copy(Copy::Row), ("", "copy the row")),
    key(&[char('y')], TABLES, Action::Copy(Copy::Table), ("", "copy the table")),
    key(&[char(':')], ANY, Action::Palette, ("find", "find any action by name")),
    ctrl(key(&[char('p')], ANY, Action::Palette, ("", "find any action by name"))),
    ctrl(key(&[char('l')], ANY, Action::Redraw, ("", "draw everything again"))),
    ctrl(key(&[char('z')], ANY, Action::Suspend, ("", "to the shell; fg returns"))),
    key(&[char('?')], ANY, Action::Show(Screen::Help), ("help", "keys")),
    key(&[char('q'), KeyCode::Esc], INNER, Action::Back, ("back", "back")),
    key(&[char('q')], RUNS, Action::Quit, ("quit", "quit; runs go on")),
    ctrl(key(&[char('c')], ANY, Action::Quit, ("", "quit; runs go on"))),
];

/// What the keys do while a filter is typed.
pub const TYPING: &str = "Enter keep   Esc show all";
/// What they do while the palette is open.
pub const PICKING: &str = "type to find   ↑ ↓ choose   Enter do it   Esc close";
/// What they do while a question waits.
pub const ASKING: &str = "y yes   n no";
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
    let plain = (event.modifiers - KeyModifiers::SHIFT).is_empty();
    match action {
        // The ways out work whatever is typed.
        Some(Action::Quit | Action::Suspend | Action::Redraw) if !plain => action.map(Msg::Act),
        _ if app.question().is_some() => answer(event.code),
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
            assert_eq!(press(&app, char('q'), none), Some(Msg::Typed('q')));
            assert_eq!(press(&app, char('c'), control), Some(Msg::Act(Action::Quit)));
            assert_eq!(press(&app, char('z'), control), Some(Msg::Act(Action::Suspend)));
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
        assert_eq!(press(char('y')), Some(Msg::Confirmed));
        assert_eq!((press(char('n')), press(KeyCode::Esc)), (Some(Msg::Declined), Some(Msg::Declined)));
        assert_eq!((press(KeyCode::Enter), press(char('s')), press(char('x'))), (None, None, None));
    }
}
