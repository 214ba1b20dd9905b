//! One file a screen. [`view`] draws; it reads nothing but the app, and changes nothing.

pub mod compare;
pub mod curves;
pub mod help;
pub mod models;
pub mod overlay;
pub mod run;
pub mod runs;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::app::{App, Banner, Screen};
use super::keys::{Action, KEYS, Key, SEARCHING, TYPING};
use super::text::{fit, width};
use super::theme::{GREEN, VERMILLION, bold, dim};

/// Less room shows nothing that helps.
const SMALLEST: (u16, u16) = (40, 10);

/// Draws the app.
pub fn view(app: &App, frame: &mut Frame) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let text = format!("too small, {}×{} min", SMALLEST.0, SMALLEST.1);
        buffer.set_stringn(area.x, area.y, text, usize::from(area.width), bold());
    } else {
        draw(app, area, buffer);
    }
    app.theme().finish(buffer);
}

fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(area);
    tabs(app).render(head, buffer);
    let banner = banner(app);
    let [news, body] =
        Layout::vertical([Constraint::Length(u16::from(banner.is_some())), Constraint::Min(0)]).areas(body);
    banner.unwrap_or_default().render(news, buffer);
    match app.screen() {
        Screen::Runs => runs::draw(app, body, buffer),
        Screen::Run => run::draw(app, body, buffer),
        Screen::Compare => compare::draw(app, body, buffer),
        Screen::Models => models::draw(app, body, buffer),
        Screen::Overlay => overlay::draw(app, body, buffer),
        Screen::Help => help::draw(app, body, buffer),
    }
    footer(app, usize::from(foot.width)).render(foot, buffer);
}

fn tabs(app: &App) -> Line<'static> {
    let tab = |number: &str, name: &str, screen: Screen| {
        let style = if app.screen() == screen { bold().add_modifier(Modifier::REVERSED) } else { dim() };
        [Span::styled(format!(" {number} {name} "), style), Span::raw(" ")]
    };
    let mut spans = vec![Span::styled("seglab  ", bold())];
    spans.extend(tab("1", "Runs", Screen::Runs));
    spans.extend(tab("2", "Run", Screen::Run));
    spans.extend(tab("3", "Compare", Screen::Compare));
    spans.extend(tab("4", "Models", Screen::Models));
    spans.extend(tab("5", "Overlay", Screen::Overlay));
    spans.extend(tab("?", "Help", Screen::Help));
    Line::from(spans)
}

fn banner(app: &App) -> Option<Line<'static>> {
    let ended = app.ended().filter(|_| app.setup().banner == Banner::WhenSettled)?;
    let runs = if ended == 1 { "the run has ended".to_owned() } else { format!("all {ended} runs ended") };
    Some(Line::styled(format!("{runs} — q to leave, 3 to compare"), app.theme().text(GREEN).bold()))
}

/// A notice, if there is one; else the keys of the screen, help at the right.
fn footer(app: &App, columns: usize) -> Line<'static> {
    if app.is_typing() {
        let log = app.screen() == Screen::Run;
        let (text, help) = if log { (app.log().needle(), SEARCHING) } else { (app.filter(), TYPING) };
        return Line::from(vec![Span::styled(format!("/{text}"), bold()), Span::raw("█   "), help.into()]);
    }
    if let Some(notice) = app.notice() {
        return Line::styled(fit(notice, columns), app.theme().text(VERMILLION).bold());
    }
    let hints = KEYS.iter().filter(|key| key.screens.contains(&app.screen()) && !key.hint.is_empty());
    let (last, rest): (Vec<&Key>, Vec<&Key>) =
        hints.partition(|key| matches!(key.action, Action::Show(Screen::Help) | Action::Back | Action::Quit));
    let size = |key: &Key| width(&first_name(key)) + width(key.hint) + 3;
    let mut room = columns.saturating_sub(last.iter().map(|key| size(key)).sum());
    let mut shown = Vec::new();
    for key in rest {
        room = room.saturating_sub(size(key));
        if room == 0 {
            break;
        }
        shown.push(key);
    }
    let spans = shown
        .into_iter()
        .chain(last)
        .flat_map(|key| [Span::styled(first_name(key), bold()), Span::styled(format!(" {}  ", key.hint), dim())]);
    Line::from(spans.collect::<Vec<_>>())
}

fn first_name(key: &Key) -> String {
    key.name().split(' ').next().unwrap_or_default().to_owned()
}

/// First of the `count` lines to draw in `rows` rows, so that line `cursor` is among them and nothing is wasted.
fn first_line(cursor: usize, count: usize, rows: usize) -> usize {
    cursor.saturating_sub(rows / 2).min(count.saturating_sub(rows))
}

#[cfg(test)]
mod tests;
