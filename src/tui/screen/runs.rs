//! All runs: a line each, and below, where there is room, the chosen one at a glance.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{first_line, run, table};
use crate::run::State;
use crate::tui::app::App;
use crate::tui::pace::queue_s;
use crate::tui::text::{duration, fit};
use crate::tui::theme::{VERMILLION, bold, dim};

/// The glance at the chosen run needs this many rows.
const GLANCE: u16 = 9;

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let [counts, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    if app.rows().is_empty() {
        return hints(app).into_iter().zip(area.rows()).for_each(|(line, row)| line.render(row, buffer));
    }
    summary(app, usize::from(area.width)).render(counts, buffer);
    let [list, below] = parts(app, body);
    table::draw(app, list, buffer);
    if let Some(detail) = app.detail().filter(|_| below.height > 0) {
        run::glance(app, detail, below, buffer);
    }
}

/// The table, and the glance below it.
fn parts(app: &App, body: Rect) -> [Rect; 2] {
    let wanted = app.list().lines().len().min(usize::from(u16::MAX) - 2) as u16 + 2;
    let glance = body.height.saturating_sub(wanted.min(body.height / 2).max(7));
    let glance = if glance < GLANCE { 0 } else { glance };
    Layout::vertical([Constraint::Min(0), Constraint::Length(glance)]).areas(body)
}

/// The line of the list that is drawn in `row` of the terminal.
pub(super) fn line_at(app: &App, area: Rect, row: u16) -> Option<usize> {
    let [_, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let [list, _] = parts(app, body);
    let place = usize::from(row.checked_sub(list.y + 1)?);
    let room = usize::from(list.height).saturating_sub(1);
    let line = first_line(app.cursor(), app.list().lines().len(), room) + place;
    (place < room && line < app.list().lines().len()).then_some(line)
}

/// What to do with an empty store.
fn hints(app: &App) -> Vec<Line<'static>> {
    let command = |command: &'static str, about: &'static str| {
        Line::from(vec![Span::styled(format!("  {command:<26}"), bold()), Span::raw(about)])
    };
    let mut lines = vec![
        Line::default(),
        Line::raw(format!("No runs in {} yet.", app.setup().place)),
        Line::default(),
        command("seglab demo", "a few small networks on built-in phantoms, minutes"),
        command("seglab run SPEC.toml", "your own comparison"),
        command("9", "here: choose a spec, see what it takes, start it"),
        command("seglab --help", "everything else"),
        Line::default(),
        Line::styled("This screen shows them as soon as they are there.", dim()),
    ];
    lines.extend(app.broken().iter().map(|reason| Line::styled(reason.clone(), app.theme().text(VERMILLION))));
    lines
}

fn summary(app: &App, columns: usize) -> Line<'static> {
    let states =
        [State::Running, State::Queued, State::Failed, State::Lost, State::Stopped, State::Finished, State::Planned];
    let counts = states.map(|state| (app.count(state), state)).into_iter().filter(|(n, _)| *n > 0);
    let mut parts: Vec<String> = counts.map(|(n, state)| format!("{n} {}", state.name())).collect();
    let left = queue_s(app.rows(), app.slots());
    parts.extend(left.map(|left| format!("about {} to go", duration(left))));
    if app.shown().len() < app.rows().len() || !app.filter().is_empty() {
        parts.insert(0, format!("{} of {} with {}", app.shown().len(), app.rows().len(), fit(app.filter(), 30)));
    }
    if app.unread() > 0 {
        parts.insert(0, format!("reading {} more …", app.unread()));
    }
    if !app.marked().is_empty() {
        parts.insert(0, format!("{} marked", app.marked().len()));
    }
    let mut line = Line::raw(fit(&parts.join(" · "), columns));
    if let Some(fault) = app.list().faults().first().filter(|_| !app.is_typing()) {
        let room = columns.saturating_sub(line.width());
        line.push_span(Span::styled(fit(&format!("  not understood: {fault}"), room), app.theme().text(VERMILLION)));
    }
    if let Some(first) = app.broken().first() {
        let more = format!("  {} unreadable, e.g. {first}", app.broken().len());
        let room = columns.saturating_sub(line.width());
        line.push_span(Span::styled(fit(&more, room), app.theme().text(VERMILLION)));
    }
    line
}

/// `████░░░░░░`; full only when all is done.
pub(super) fn bar(share: f64, columns: usize) -> String {
    let full = (share.clamp(0.0, 1.0) * columns as f64 + 1e-9) as usize;
    "█".repeat(full) + &"░".repeat(columns - full)
}
