//! The names of the screens along the top: all of them where there is room, else numbers and the name of the shown one.

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::tui::app::Screen;
use crate::tui::text::width;
use crate::tui::theme::{bold, dim};

/// Before the tabs.
const TITLE: &str = "seglab  ";
/// Key, name, screen.
const TABS: &[(&str, &str, Screen)] = &[
    ("1", "Runs", Screen::Runs),
    ("2", "Run", Screen::Run),
    ("3", "Compare", Screen::Compare),
    ("4", "Models", Screen::Models),
    ("5", "Overlay", Screen::Overlay),
    ("6", "Cases", Screen::Cases),
    ("7", "System", Screen::System),
    ("8", "Audit", Screen::Audit),
    ("9", "Launch", Screen::Launch),
    ("?", "Help", Screen::Help),
];

/// The tabs in `columns`, that of `shown` set apart.
pub fn line(shown: Screen, columns: u16) -> Line<'static> {
    let texts = texts(shown, columns, TABS);
    let mut spans = vec![Span::styled(TITLE, bold())];
    for (text, (_, _, screen)) in texts.into_iter().zip(TABS) {
        let style = if *screen == shown { bold().add_modifier(Modifier::REVERSED) } else { dim() };
        spans.extend([Span::styled(text, style), Span::raw(" ")]);
    }
    Line::from(spans)
}

/// The screen whose tab is at `column`.
pub fn at(shown: Screen, columns: u16, column: u16) -> Option<Screen> {
    let mut end = width(TITLE);
    for (text, (_, _, screen)) in texts(shown, columns, TABS).iter().zip(TABS) {
        let start = end;
        end = start + width(text) + 1;
        if (start..end - 1).contains(&usize::from(column)) {
            return Some(*screen);
        }
    }
    None
}

fn texts(shown: Screen, columns: u16, tabs: &[(&str, &str, Screen)]) -> Vec<String> {
    let long: Vec<String> = tabs.iter().map(|(key, name, _)| format!(" {key} {name} ")).collect();
    let needed = width(TITLE) + long.iter().map(|text| width(text) + 1).sum::<usize>();
    if needed <= usize::from(columns) {
        return long;
    }
    let short = |(long, (key, _, screen)): (String, &(&str, &str, Screen))| {
        if *screen == shown { long } else { format!(" {key} ") }
    };
    long.into_iter().zip(tabs).map(short).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::app::{App, Msg};
    use crate::tui::keys::{self, Action};

    #[test]
    fn the_key_on_every_tab_leads_to_its_screen() {
        use ratatui::crossterm::event::{KeyCode, KeyEvent};
        for (key, _, screen) in TABS {
            let code = KeyCode::Char(key.chars().next().expect("a key"));
            let pressed = keys::message(&App::default(), &KeyEvent::from(code));
            assert_eq!(pressed, Some(Msg::Act(Action::Show(*screen))), "{key}");
        }
    }

    #[test]
    fn ten_screens_fit_sixty_columns() {
        let tabs: Vec<(&str, &str, Screen)> = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "?"]
            .into_iter()
            .map(|key| (key, "Compare", if key == "3" { Screen::Compare } else { Screen::Runs }))
            .collect();
        for columns in [60, 80] {
            let texts = texts(Screen::Compare, columns, &tabs);
            let taken = width(TITLE) + texts.iter().map(|text| width(text) + 1).sum::<usize>();
            assert!(taken <= usize::from(columns), "{texts:?}");
            assert_eq!((texts[2].as_str(), texts[3].as_str()), (" 3 Compare ", " 4 "));
        }
    }

    #[test]
    fn a_click_meets_the_tab_that_is_drawn_there() {
        for columns in [40, 60, 160] {
            let drawn = line(Screen::Models, columns).to_string();
            for (key, _, screen) in TABS {
                let place = drawn.find(&format!(" {key} ")).expect("drawn") + 1;
                assert_eq!(at(Screen::Models, columns, place as u16), Some(*screen), "{drawn}");
            }
            assert_eq!(at(Screen::Models, columns, 0), None);
        }
    }
}
