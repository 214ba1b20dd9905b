//! Keys that are characters: of the filter, of what the palette is asked for, of an answer.

use ratatui::crossterm::event::KeyCode;

use super::app::Msg;
use super::keys::Action;
use super::keys::Direction::{Backward, Forward};

/// What a key answers to a question.
pub fn answer(code: KeyCode) -> Option<Msg> {
    match code {
        KeyCode::Char('y' | 'Y') => Some(Msg::Confirmed),
        KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc => Some(Msg::Declined),
        _ => None,
    }
}

/// What it does to the palette.
pub fn picking(code: KeyCode, plain: bool) -> Option<Msg> {
    match code {
        KeyCode::Down | KeyCode::Tab => Some(Msg::Picked(Forward)),
        KeyCode::Up | KeyCode::BackTab => Some(Msg::Picked(Backward)),
        KeyCode::Char('n') if !plain => Some(Msg::Picked(Forward)),
        KeyCode::Char('p') if !plain => Some(Msg::Picked(Backward)),
        KeyCode::Esc => Some(Msg::Dismissed),
        other => letters(other, plain),
    }
}

/// What it does to a folder that is typed.
pub fn naming(code: KeyCode, plain: bool) -> Option<Msg> {
    match code {
        KeyCode::Esc => Some(Msg::Dismissed),
        other => letters(other, plain),
    }
}

/// What it does to the filter.
pub fn typing(code: KeyCode, plain: bool) -> Option<Msg> {
    match code {
        KeyCode::Down | KeyCode::Up => Some(Msg::Entered),
        KeyCode::Esc => Some(Msg::Act(Action::Unfilter)),
        other => letters(other, plain),
    }
}

fn letters(code: KeyCode, plain: bool) -> Option<Msg> {
    match code {
        KeyCode::Char('u') if !plain => Some(Msg::Cleared),
        KeyCode::Char(c) if plain => Some(Msg::Typed(c)),
        KeyCode::Backspace => Some(Msg::Erased),
        KeyCode::Enter => Some(Msg::Entered),
        _ => None,
    }
}
