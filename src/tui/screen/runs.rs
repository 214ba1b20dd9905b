//! All runs: a line each, and below, where there is room, the chosen one at a glance.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{first_line, run, table};
use crate::run::State;
use crate::tui::app::{Access, App};
use crate::tui::pace::queue_s;
use crate::tui::prose::wrap;
use crate::tui::text::{duration, fit, width};
use crate::tui::theme::{VERMILLION, bold, dim};

/// The glance at the chosen run needs this many rows.
const GLANCE: u16 = 9;

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let [counts, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    if app.rows().is_empty() {
        let lines = hints(app, usize::from(area.width));
        return lines.into_iter().zip(area.rows()).for_each(|(line, row)| line.render(row, buffer));
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
fn hints(app: &App, columns: usize) -> Vec<Line<'static>> {
    let command = |command: &'static str, about: &'static str| {
        let name = Span::styled(format!("  {command:<26}"), bold());
        let mut lines = wrap(about, columns.saturating_sub(28), 0).into_iter();
        let first = Line::from(vec![name, Span::raw(lines.next().unwrap_or_default())]);
        std::iter::once(first).chain(lines.map(|line| Line::raw(" ".repeat(28) + &line)))
    };
    let mut lines = vec![Line::default()];
    lines.extend(wrap(&format!("No runs in {} yet.", app.setup().place), columns, 2).into_iter().map(Line::raw));
    lines.push(Line::default());
    lines.extend(command("seglab demo", "a few small networks on built-in phantoms, minutes"));
    lines.extend(command("seglab run SPEC.toml", "your own comparison"));
    let here = match app.setup().access {
        Access::ReadWrite => "here: choose a spec, see what it takes, start it",
        Access::ReadOnly => "here: choose a spec, see what it takes",
    };
    lines.extend(command("9", here));
    lines.extend(command("seglab --help", "everything else"));
    lines.push(Line::default());
    lines.push(Line::styled("This screen shows them as soon as they are there.", dim()));
    let broken = app.broken().iter().flat_map(|reason| wrap(reason, columns, 2));
    lines.extend(broken.map(|line| Line::styled(line, app.theme().text(VERMILLION))));
    lines
}

fn summary(app: &App, columns: usize) -> Line<'static> {
    let mut parts = before(app);
    let is_filtered = app.shown().len() < app.rows().len() || !app.filter().is_empty();
    if is_filtered {
        let room = if columns < 100 { 16 } else { 30 };
        parts.push(format!("{} of {} with {}", app.shown().len(), app.rows().len(), fit(app.filter(), room)));
    }
    // A dashboard that only looks does not serve what waits.
    let is_served = app.setup().access == Access::ReadWrite || app.count(State::Running) > 0;
    let left = queue_s(app.rows(), app.slots()).filter(|_| is_served).map(duration);
    // It is no part of the queue that ends then.
    let left = |about: &str| match is_filtered {
        true => left.as_ref().map(|left| format!("queue {about}{left}")),
        false => left.as_ref().map(|left| format!("{about}{left} to go")),
    };
    let text = |states: Vec<String>, left: Option<String>, between: &str| {
        parts.iter().cloned().chain(states).chain(left).collect::<Vec<_>>().join(between)
    };
    let long = text(counts(app, |n, state| format!("{n} {}", state.name())), left("about "), " · ");
    // Signs as in the list say the same in less room.
    let sign = |n, state| format!("{}{n}", app.theme().state(Some(state)).0);
    let short = || text(counts(app, sign), left(""), "  ");
    let text = if width(&long) <= columns { long } else { short() };
    let mut line = Line::raw(fit(&text, columns));
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

/// What is said before the counts.
fn before(app: &App) -> Vec<String> {
    let marked = Some(app.marked().len()).filter(|&n| n > 0).map(|n| format!("{n} marked"));
    let unread = Some(app.unread()).filter(|&n| n > 0).map(|n| format!("reading {n} more …"));
    marked.into_iter().chain(unread).collect()
}

/// How many of the listed runs are in each state, none that is empty, as `text` says it.
fn counts(app: &App, text: impl Fn(usize, State) -> String) -> Vec<String> {
    let states =
        [State::Running, State::Queued, State::Failed, State::Lost, State::Stopped, State::Finished, State::Planned];
    let count = |state: State| app.shown().filter(|row| row.state == Some(state)).count();
    let counts = states.into_iter().map(|state| (count(state), state)).filter(|(n, _)| *n > 0);
    counts.map(|(n, state)| text(n, state)).collect()
}

/// `████░░░░░░`; full only when all is done.
pub(super) fn bar(share: f64, columns: usize) -> String {
    let full = (share.clamp(0.0, 1.0) * columns as f64 + 1e-9) as usize;
    "█".repeat(full) + &"░".repeat(columns - full)
}
