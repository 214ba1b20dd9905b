//! The mouse: its wheel, and clicks on tabs and runs. Nothing needs it.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::app::{App, Msg};
use super::keys::{Action, Direction};
use super::screen::{Hit, hit};

/// Whether the terminal tells of the mouse; if it does, its own selection needs Shift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mouse {
    /// Wheel and clicks.
    #[default]
    On,
    /// The terminal keeps it to itself.
    Off,
}

/// What the mouse means where `app` is.
pub fn message(app: &App, event: &MouseEvent) -> Option<Msg> {
    let busy = app.question().is_some() || app.is_typing();
    let turn = |direction| match app.palette() {
        Some(_) => Msg::Picked(direction),
        None => Msg::Rolled(direction),
    };
    match event.kind {
        _ if busy => None,
        MouseEventKind::ScrollDown => Some(turn(Direction::Forward)),
        MouseEventKind::ScrollUp => Some(turn(Direction::Backward)),
        MouseEventKind::Down(MouseButton::Left) if app.palette().is_some() => Some(Msg::Dismissed),
        MouseEventKind::Down(MouseButton::Left) => match hit(app, event.column, event.row)? {
            Hit::Tab(screen) => Some(Msg::Act(Action::Show(screen))),
            Hit::Line(line) => Some(Msg::Pointed(line)),
        },
        _ => None,
    }
}
