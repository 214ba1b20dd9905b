//! Keys of the form that are characters: of a value, or of what a list is searched for.

use ratatui::crossterm::event::KeyCode;

use super::Launcher;
use crate::tui::keys::Direction;

/// A key while something is typed or chosen from a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A character.
    Typed(char),
    /// The last one goes.
    Erased,
    /// All of them go.
    Cleared,
    /// The value is complete, the choice made.
    Entered,
    /// Another line of the list.
    Picked(Direction),
    /// Nothing of it.
    Dismissed,
}

/// What the keys do then.
pub const ENTERING: &str = "Enter next   Esc as it was";
/// What they do in a list.
pub const CHOOSING: &str = "type to find   ↑ ↓ choose   Enter take   Esc close";

/// What `code` means while something is typed or chosen.
pub fn entering(code: KeyCode, plain: bool) -> Option<Input> {
    match code {
        KeyCode::Char('n') if !plain => Some(Input::Picked(Direction::Forward)),
        KeyCode::Char('p') if !plain => Some(Input::Picked(Direction::Backward)),
        KeyCode::Char('u') if !plain => Some(Input::Cleared),
        KeyCode::Char(c) if plain => Some(Input::Typed(c)),
        KeyCode::Backspace => Some(Input::Erased),
        KeyCode::Enter => Some(Input::Entered),
        KeyCode::Down | KeyCode::Tab => Some(Input::Picked(Direction::Forward)),
        KeyCode::Up | KeyCode::BackTab => Some(Input::Picked(Direction::Backward)),
        KeyCode::Esc => Some(Input::Dismissed),
        _ => None,
    }
}

/// A digit that begins a number on the chosen line.
pub fn begins(launcher: &Launcher, code: KeyCode, plain: bool) -> Option<Input> {
    match code {
        KeyCode::Char(c) if plain && c.is_ascii_digit() => {
            launcher.form.as_ref().filter(|form| form.takes_digits()).map(|_| Input::Typed(c))
        }
        _ => None,
    }
}
