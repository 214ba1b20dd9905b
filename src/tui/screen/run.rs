//! One run: where it stands, its curves, its current prediction, its log.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use super::curves;
use super::runs::bar;
use crate::run::State;
use crate::tui::app::{App, Pane};
use crate::tui::detail::Detail;
use crate::tui::images::Images;
use crate::tui::prose::wrap;
use crate::tui::text::{duration, fit, flow};
use crate::tui::theme::{VERMILLION, bold, dim};
use crate::tui::widget::picture::Outline;

/// Rows of the log where it shares the screen.
const LOG_ROWS: u16 = 4;
/// Rows that facts may take.
const FACT_ROWS: usize = 5;

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let Some(detail) = app.detail() else {
        let text = if app.chosen().is_some() { "reading …" } else { "no run; 1 shows the list" };
        return Line::styled(text, dim()).render(area, buffer);
    };
    match app.pane() {
        Pane::Log => log(app, area, buffer),
        Pane::Picture => picture(app, area, buffer),
        Pane::Curves => in_full(app, detail, area, buffer),
        Pane::All => all(app, detail, area, buffer),
    }
}

/// Curves and picture of a run, for the list of runs.
pub fn glance(app: &App, detail: &Arc<Detail>, area: Rect, buffer: &mut Buffer) {
    let [rule, head, body] =
        Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Min(0)]).areas(area);
    Line::styled("─".repeat(usize::from(area.width)), dim()).render(rule, buffer);
    match detail.reason.as_ref().and_then(|reason| reason.lines().next()) {
        Some(reason) => {
            let wrong: Vec<&str> = detail.unread.as_deref().into_iter().chain([reason]).collect();
            Line::styled(fit(&wrong.join("; "), usize::from(area.width)), app.theme().text(VERMILLION))
        }
        // The facts begin with it.
        None => flow(&detail.facts, usize::from(area.width), dim()).swap_remove(0),
    }
    .render(head, buffer);
    figures(app, detail, body, buffer);
}

fn all(app: &App, detail: &Arc<Detail>, area: Rect, buffer: &mut Buffer) {
    let columns = usize::from(area.width);
    let mut lines = vec![title(app, detail), Line::raw(fit(&standing(app, detail), columns))];
    let test = detail.test.iter().flat_map(|test| wrap(&format!("test {test}"), columns, 5));
    lines.extend(test.map(|line| Line::styled(line, bold())));
    let rows = FACT_ROWS.min(usize::from(area.height) / 6);
    lines.extend(flow(&detail.facts, columns, dim()).into_iter().take(rows));
    let reason = detail
        .reason
        .as_ref()
        .map(|reason| Paragraph::new(reason.clone()).style(app.theme().text(VERMILLION)).wrap(Wrap { trim: false }));
    let reason_rows = detail.reason.as_ref().map_or(0, |reason| wrapped_rows(reason, columns).min(area.height / 2));
    // Figures need the room more than a log that has little to say.
    let log_rows = (area.height / 4).max(LOG_ROWS).min(area.height / 3).min(app.log().lines().len().max(1) as u16 + 1);
    let heights = [lines.len() as u16, reason_rows].map(Constraint::Length);
    let [head, why, middle, below] =
        Layout::vertical([heights[0], heights[1], Constraint::Min(0), Constraint::Length(log_rows)]).areas(area);
    lines.into_iter().zip(head.rows()).for_each(|(line, row)| line.render(row, buffer));
    reason.unwrap_or_default().render(why, buffer);
    figures(app, detail, middle, buffer);
    log(app, below, buffer);
}

/// Rows that `text` takes once wrapped.
pub(super) fn wrapped_rows(text: &str, columns: usize) -> u16 {
    // Words wrap earlier than characters: one row more is enough in practice.
    let rows = |line: &str| crate::tui::text::width(line).div_ceil(columns.max(1)).max(1);
    let rows: usize = text.lines().map(rows).sum();
    (rows + usize::from(rows > 1)).min(usize::from(u16::MAX)) as u16
}

fn title(app: &App, detail: &Detail) -> Line<'static> {
    let row = &detail.row;
    let (sign, style) = app.theme().state(row.state);
    let place = format!("  {}  fold {}  seed {}", row.spec, row.fold, row.seed);
    Line::from(vec![
        Span::styled(format!("{sign} {}  ", row.word()), style),
        Span::styled(row.arm.clone(), bold()),
        Span::styled(place, dim()),
    ])
}

/// How far it is, and how long it still takes.
fn standing(app: &App, detail: &Detail) -> String {
    let row = &detail.row;
    let mut text = format!("{} epoch {}/{}", bar(row.progress, 20), row.epoch, row.epochs);
    if row.state == Some(State::Running) {
        text += &row.left_s.map_or(String::new(), |left| format!("   about {} left", duration(left)));
        text += &detail
            .started_s
            .map_or(String::new(), |start| format!("   running for {}", duration(app.now_s() - start)));
    } else if row.spent_s > 0.0 {
        text += &format!("   {} spent", duration(row.spent_s));
    }
    text
}

/// Curves at the left, picture at the right where there is room.
fn figures(app: &App, detail: &Detail, area: Rect, buffer: &mut Buffer) {
    if area.height < 3 {
        return;
    }
    // A square picture: two pixels a row, one a column; two of them side by side where the terminal is wide.
    let square = (area.height - 1) * 2;
    let pictures = match area.width {
        _ if area.height < 5 || app.setup().images == Images::Off => 0,
        0..70 => 0,
        // Never narrower than its caption.
        70..130 => square.max(25).min(area.width * 2 / 5),
        _ => (square * 2 + 2).min(area.width / 2),
    };
    let [curves, _, right] =
        Layout::horizontal([Constraint::Min(0), Constraint::Length(2), Constraint::Length(pictures)]).areas(area);
    curves::draw(app, detail, if pictures > 0 { curves } else { area }, buffer);
    if pictures > 0 {
        picture(app, right, buffer);
    }
}

fn picture(app: &App, area: Rect, buffer: &mut Buffer) {
    let Some(picture) = app.picture() else {
        let is_settled = app.chosen().is_some_and(|row| row.is_settled() && row.epoch > 0);
        let text = match is_settled {
            true => ["no picture was kept", "", ""],
            false => ["no picture yet:", "a worker draws one", "with its first epoch"],
        };
        let lines = text.map(|line| Line::styled(line, dim()));
        return lines.into_iter().zip(area.rows()).for_each(|(line, row)| line.render(row, buffer));
    };
    // One image with both outlines, or two side by side.
    if area.width < area.height * 3 {
        return picture.draw(Outline::Both, app.theme(), area, buffer);
    }
    let halves = [Constraint::Fill(1), Constraint::Fill(1)];
    let [left, right] = Layout::horizontal(halves).spacing(2).areas(area);
    picture.draw(Outline::Reference, app.theme(), left, buffer);
    picture.draw(Outline::Prediction, app.theme(), right, buffer);
}

fn in_full(app: &App, detail: &Detail, area: Rect, buffer: &mut Buffer) {
    let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    title(app, detail).render(head, buffer);
    curves::draw(app, detail, body, buffer);
}

/// The newest lines, or those before them that were scrolled to.
fn log(app: &App, area: Rect, buffer: &mut Buffer) {
    let lines = app.log().lines();
    let mut rows = area.rows();
    let mut said = vec![];
    said.extend(Some(app.scroll()).filter(|back| *back > 0).map(|back| format!("{back} lines back")));
    said.extend(app.log().standing());
    let head = Line::from(vec![Span::styled("log", bold()), Span::styled(format!("  {}", said.join("  ")), dim())]);
    head.render(rows.next().unwrap_or_default(), buffer);
    let room = usize::from(area.height).saturating_sub(1);
    let end = lines.len().saturating_sub(app.scroll());
    let end = end.max(room.min(lines.len()));
    if lines.is_empty() {
        Line::styled("nothing yet", dim()).render(rows.next().unwrap_or_default(), buffer);
        return;
    }
    let first = end.saturating_sub(room);
    for ((place, line), row) in lines[..end].iter().enumerate().skip(first).zip(rows) {
        let style = match app.log().is_match(line) {
            true if app.log().found() == Some(place) => bold().add_modifier(Modifier::REVERSED),
            true => bold(),
            false => Style::new(),
        };
        Line::styled(fit(line, usize::from(area.width)), style).render(row, buffer);
    }
}
