//! The one table of keys, which dispatch, footer, palette and help read.

use ratatui::crossterm::event::{KeyCode, KeyModifiers};

use super::app::Screen;
use super::keys::{Action, Arrange, Copy, Direction, Key, Motion};
use super::launch::Deed;
use super::plot::Turn;
use crate::store::Move;

use Direction::{Backward, Forward};

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
const TABLES: &[Screen] = &[Screen::Runs, Screen::Compare, Screen::Cases];
const EXPORTED: &[Screen] = &[Screen::Runs, Screen::Compare, Screen::Overlay];
const COPIED: &[Screen] = &[Screen::Runs, Screen::Compare, Screen::Cases, Screen::Audit, Screen::Difference];
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
    key(&[char('/')], RUNS, Action::Filter, ("filter", "filter: part=test dsc>.8")),
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
    key(&[KeyCode::Enter, char(' ')], COMPARE, Action::Hold, ("against", "hold others against it")),
    key(&[KeyCode::Tab], COMPARE, Action::Section(Forward), ("printed", "printed numbers, or arms")),
    key(&[char('d')], COMPARE, Action::Differ, ("plans", "its plan beside the other's")),
    key(&[char('i')], COMPARE, Action::Intervals, ("intervals", "intervals in the cells")),
    key(&[char('O')], COMPARE, Action::Arrange(Arrange::Turn), ("", "sort the other way")),
    key(&[char('n')], COMPARE, Action::Next(Forward), ("next spec", "next spec")),
    key(&[char('p')], COMPARE, Action::Next(Backward), ("", "previous spec")),
    key(&[char('t')], CASES, Action::Look, ("look", "overlay, image, masks")),
    key(&[char('<')], CASES, Action::Epoch(Backward), ("epochs", "valid case: an epoch before")),
    key(&[char('>')], CASES, Action::Epoch(Forward), ("", "an epoch later, then tests")),
    key(&[char('/')], CASES, Action::Filter, ("find", "find cases by their ids")),
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
    key(&[char('P')], LAUNCH, Action::Launch(Deed::Profile), ("profile", "next profile of the spec")),
    key(&[char('n')], LAUNCH, Action::Launch(Deed::New), ("new", "a spec from scratch")),
    key(&[char('d')], LAUNCH, Action::Launch(Deed::Duplicate), ("duplicate", "a copy of the spec")),
    key(&[char('f')], LAUNCH, Action::Show(Screen::Form), ("form", "back to the draft")),
    key(&[KeyCode::PageDown], LAUNCH, Action::Go(Motion::Page(Forward)), ("", "more of the plan")),
    key(&[char('D')], SPECS, Action::Launch(Deed::Device), ("device", "what it runs on: the next")),
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
    key(&[KeyCode::Esc], RUNS, Action::Unfilter, ("all", "show all runs again")),
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
    key(&[char('C')], TABLES, Action::Copy(Copy::Cell), ("", "copy the chosen cell")),
    key(&[char('Y')], COPIED, Action::Copy(Copy::Row), ("", "copy the row")),
    key(&[char('y')], COPIED, Action::Copy(Copy::Table), ("", "copy the table")),
    key(&[char('E')], EXPORTED, Action::Export, ("export", "export the spec's tables")),
    key(&[char(':')], ANY, Action::Palette, ("find", "find any action by name")),
    ctrl(key(&[char('p')], ANY, Action::Palette, ("", "find any action by name"))),
    ctrl(key(&[char('l')], ANY, Action::Redraw, ("", "draw everything again"))),
    ctrl(key(&[char('z')], ANY, Action::Suspend, ("", "to the shell; fg returns"))),
    key(&[char('?')], ANY, Action::Show(Screen::Help), ("help", "keys")),
    key(&[char('q'), KeyCode::Esc], INNER, Action::Back, ("back", "back")),
    key(&[char('q')], RUNS, Action::Quit, ("quit", "quit; runs go on")),
    ctrl(key(&[char('c')], ANY, Action::Quit, ("", "quit; runs go on"))),
];
