//! One file a screen. [`view`] draws; it reads nothing but the app, and changes nothing.

pub mod audit;
pub mod cases;
pub mod compare;
pub mod curves;
pub mod difference;
mod forest;
mod form;
pub mod help;
pub mod launch;
pub mod models;
pub mod overlay;
mod palette;
mod plan;
pub mod run;
pub mod runs;
mod said;
pub mod system;
mod table;
mod tabs;
mod works;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::app::{App, Banner, Prompt, SMALLEST, Screen};
use super::keys::{ASKING, Action, KEYS, Key, NAMING, PICKING, SEARCHING, TYPING};
use super::prose::wrap;
use super::text::{fit, width};
use super::theme::{GREEN, VERMILLION, bold, dim};
use super::widget::raster::Raster;
use works::works;

/// Most rows of a notice.
const NOTICE: u16 = 3;
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
    let [head, news, body, foot] = areas(app, area);
    tabs::line(tab(app.screen()), head.width).render(head, buffer);
    banner(app).unwrap_or_default().render(news, buffer);
    match app.screen() {
        Screen::Runs => runs::draw(app, body, buffer),
        Screen::Run => run::draw(app, body, buffer),
        Screen::Compare => compare::draw(app, body, buffer),
        Screen::Models => models::draw(app, body, buffer),
        Screen::Cases => cases::draw(app, body, buffer),
        Screen::System => system::draw(app, body, buffer),
        Screen::Overlay => overlay::draw(app, body, buffer),
        Screen::Launch => launch::draw(app, body, buffer),
        Screen::Form => form::draw(app, body, buffer),
        Screen::Audit => audit::draw(app, body, buffer),
        Screen::Difference => difference::draw(app, body, buffer),
        Screen::Help => help::draw(app, body, buffer),
    }
    if let Some(open) = app.palette() {
        palette::draw(app, open, body, buffer);
    }
    let said = said_below(app, area).into_iter().map(|text| Line::styled(text, app.theme().text(VERMILLION).bold()));
    let mut lines: Vec<Line> = said.collect();
    if lines.is_empty() || app.prompt().is_some() {
        lines.push(footer(app, usize::from(foot.width)));
    }
    lines.into_iter().zip(foot.rows()).for_each(|(line, row)| line.render(row, buffer));
}

/// A form belongs to the screen that it was opened from.
fn tab(screen: Screen) -> Screen {
    if screen == Screen::Form { Screen::Launch } else { screen }
}

/// Tabs, news, the screen itself, footer.
fn areas(app: &App, area: Rect) -> [Rect; 4] {
    let news = Constraint::Length(u16::from(banner(app).is_some()));
    let said = said_below(app, area).len() as u16;
    let foot = Constraint::Length((said + u16::from(app.prompt().is_some())).max(1));
    Layout::vertical([Constraint::Length(1), news, Constraint::Min(0), foot]).areas(area)
}

/// A notice in lines, none while the footer has something else to show: its end is often what helps.
fn said_below(app: &App, area: Rect) -> Vec<String> {
    let is_busy = app.question().is_some() || app.palette().is_some() || app.is_typing() || form::keys(app).is_some();
    let Some(notice) = app.notice().filter(|_| !is_busy) else { return Vec::new() };
    let mut lines = wrap(notice, usize::from(area.width), 0);
    let rows = usize::from((area.height / 8).clamp(1, NOTICE));
    if lines.len() > rows {
        let rest = lines.split_off(rows - 1).join(" ");
        lines.push(fit(&rest, usize::from(area.width)));
    }
    lines
}

/// What is drawn at a cell, as far as a click there means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// The name of a screen.
    Tab(Screen),
    /// A line of the list of runs.
    Line(usize),
}

/// What is drawn at `column` and `row`.
pub fn hit(app: &App, column: u16, row: u16) -> Option<Hit> {
    let (width, height) = app.size();
    if width < SMALLEST.0 || height < SMALLEST.1 {
        return None;
    }
    let [head, _, body, _] = areas(app, Rect::new(0, 0, width, height));
    match row {
        0 => tabs::at(tab(app.screen()), head.width, column).map(Hit::Tab),
        _ if app.screen() == Screen::Runs => runs::line_at(app, body, row).map(Hit::Line),
        _ => None,
    }
}

/// Lines of the comparison's notes that have no room.
pub fn unseen_notes(app: &App) -> usize {
    compare::unseen(app, body(app))
}

/// Lines of help that there is room for, and the last line that may come first.
pub fn help_page(app: &App) -> (usize, usize) {
    help::page(app, body(app))
}

fn body(app: &App) -> Rect {
    let (width, height) = app.size();
    let [_, _, body, _] = areas(app, Rect::new(0, 0, width, height));
    body
}

/// The picture that a terminal of `area` shows in pixels, and where; `None` where there is none, or something over it.
pub fn image(app: &App, area: Rect) -> Option<(Raster, Rect)> {
    let [_, _, body, _] = areas(app, area);
    let fits = area.width >= SMALLEST.0 && area.height >= SMALLEST.1;
    let shown = app.screen() == Screen::Cases && fits && app.palette().is_none();
    if shown { cases::image(app, body) } else { None }
}

fn banner(app: &App) -> Option<Line<'static>> {
    let ended = app.ended().filter(|_| app.setup().banner == Banner::WhenSettled)?;
    let runs = if ended == 1 { "the run has ended".to_owned() } else { format!("all {ended} runs ended") };
    Some(Line::styled(format!("{runs} — q to leave, 3 to compare"), app.theme().text(GREEN).bold()))
}

/// What is asked or typed; else the keys of the screen, help at the right.
fn footer(app: &App, columns: usize) -> Line<'static> {
    if let Some(question) = app.question() {
        return Line::from(vec![
            Span::styled(fit(question, columns.saturating_sub(14)), bold()),
            "  ".into(),
            ASKING.into(),
        ]);
    }
    if let Some(prompt) = app.prompt() {
        return naming(prompt, columns);
    }
    if app.palette().is_some() {
        return Line::styled(fit(PICKING, columns), dim());
    }
    if app.is_typing() {
        return typing(app, columns);
    }
    if let Some(keys) = form::keys(app) {
        return Line::styled(fit(keys, columns), dim());
    }
    let hints = KEYS.iter().filter(|key| key.screens.contains(&app.screen()) && !key.hint.is_empty());
    let hints = hints.filter(|key| works(app, key.action));
    let is_last = |action| matches!(action, Action::Show(Screen::Help) | Action::Palette | Action::Back | Action::Quit);
    let (last, rest): (Vec<&Key>, Vec<&Key>) = hints.partition(|key| is_last(key.action));
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

/// The folder that is typed, its end where there is no room for all.
fn naming(prompt: &Prompt, columns: usize) -> Line<'static> {
    let asked = fit(&format!("export {} to: ", prompt.spec), columns / 2);
    let typed = end(&prompt.text, columns.saturating_sub(width(&asked) + 1)).to_owned();
    let room = columns.saturating_sub(width(&asked) + width(&typed) + 3);
    let keys = Span::styled(fit(NAMING, room), dim());
    Line::from(vec![Span::styled(asked, bold()), Span::raw(typed), Span::raw("█  "), keys])
}

/// As much of the end of `text` as fits into `room` columns.
fn end(mut text: &str, room: usize) -> &str {
    while width(text) > room {
        text = &text[text.chars().next().map_or(1, char::len_utf8)..];
    }
    text
}

/// What is typed, its end where there is no room for all, and what of a filter is not understood.
fn typing(app: &App, columns: usize) -> Line<'static> {
    let searches = app.screen() == Screen::Run;
    let (text, keys) = if searches { (app.log().needle(), SEARCHING) } else { (app.filter(), TYPING) };
    let text = end(text, columns.saturating_sub(24).max(8));
    let style = if app.is_selected() { bold().add_modifier(Modifier::REVERSED) } else { bold() };
    let typed = Line::from(vec![Span::styled("/", bold()), Span::styled(text.to_owned(), style)]);
    let room = columns.saturating_sub(typed.width() + 3);
    let about = match app.list().faults().first().filter(|_| app.screen() == Screen::Runs) {
        Some(fault) => Span::styled(fit(fault, room), app.theme().text(VERMILLION)),
        None => Span::styled(fit(keys, room), dim()),
    };
    Line::from_iter(typed.spans.into_iter().chain([Span::raw("█  "), about]))
}

fn first_name(key: &Key) -> String {
    key.name().split(' ').next().unwrap_or_default().to_owned()
}

/// First of the `count` lines to draw in `rows` rows, so that line `cursor` is among them and nothing is wasted.
fn first_line(cursor: usize, count: usize, rows: usize) -> usize {
    cursor.saturating_sub(rows / 2).min(count.saturating_sub(rows))
}

#[cfg(test)]
mod snapshots;
#[cfg(test)]
mod tests;
