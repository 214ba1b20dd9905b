//! All runs: a line each, and below, where there is room, the chosen one at a glance.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{first_line, run};
use crate::metric::Task;
use crate::run::State;
use crate::tui::app::App;
use crate::tui::row::{Part, Row, Score, queue_s};
use crate::tui::text::{duration, fit, pad, pad_left};
use crate::tui::theme::{VERMILLION, bold, dim};

/// The glance at the chosen run needs this many rows.
const GLANCE: u16 = 9;

/// A column of the table.
struct Column {
    head: &'static str,
    width: usize,
    /// Columns with the lowest go first where there is no room.
    worth: u8,
    cell: fn(&App, &Row) -> Span<'static>,
}

const COLUMNS: &[Column] = &[
    Column { head: "state", width: 10, worth: 9, cell: state },
    Column { head: "arm", width: 18, worth: 9, cell: |_, row| row.arm.clone().into() },
    Column { head: "spec", width: 14, worth: 2, cell: |_, row| row.spec.clone().into() },
    Column { head: "fold", width: 4, worth: 4, cell: |_, row| pad_left(&row.fold.to_string(), 4).into() },
    Column { head: "seed", width: 4, worth: 3, cell: |_, row| pad_left(&row.seed.to_string(), 4).into() },
    Column { head: "progress", width: 10, worth: 5, cell: progress },
    Column { head: "epoch", width: 7, worth: 7, cell: epoch },
    Column { head: "time", width: 10, worth: 6, cell: time },
    Column { head: "DSC", width: 11, worth: 8, cell: score },
    Column { head: "device", width: 20, worth: 1, cell: |_, row| Span::styled(row.device.clone(), dim()) },
];

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let [counts, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    if app.rows().is_empty() {
        return hints(app).into_iter().zip(area.rows()).for_each(|(line, row)| line.render(row, buffer));
    }
    summary(app, usize::from(area.width)).render(counts, buffer);
    let wanted = app.shown().len() as u16 + 2;
    let glance = body.height.saturating_sub(wanted.min(body.height / 2).max(7));
    let glance = if glance < GLANCE { 0 } else { glance };
    let [list, below] = Layout::vertical([Constraint::Min(0), Constraint::Length(glance)]).areas(body);
    table(app, list, buffer);
    if let Some(detail) = app.detail().filter(|_| glance > 0) {
        run::glance(app, detail, below, buffer);
    }
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
    let alive = app.count(State::Running) + app.count(State::Queued) > 0;
    let left = queue_s(app.rows(), app.setup().slots).filter(|_| alive);
    parts.extend(left.map(|left| format!("about {} to go", duration(left))));
    if app.shown().len() < app.rows().len() || !app.filter().is_empty() {
        parts.push(format!("\"{}\": {} of {}", app.filter(), app.shown().len(), app.rows().len()));
    }
    let mut line = Line::raw(fit(&parts.join(" · "), columns));
    if let Some(first) = app.broken().first() {
        let more = format!("  {} unreadable, e.g. {first}", app.broken().len());
        let room = columns.saturating_sub(line.width());
        line.push_span(Span::styled(fit(&more, room), app.theme().text(VERMILLION)));
    }
    line
}

fn table(app: &App, area: Rect, buffer: &mut Buffer) {
    let columns = fitting(app, usize::from(area.width));
    let mut rows = area.rows();
    let head = columns.iter().map(|(column, width)| Span::raw(pad(&aligned(column), *width) + " "));
    let head = Line::from([Span::raw("  ")].into_iter().chain(head).collect::<Vec<_>>()).style(dim());
    head.render(rows.next().unwrap_or_default(), buffer);
    let room = usize::from(area.height).saturating_sub(1);
    let first = first_line(app.cursor(), app.shown().len(), room);
    for ((index, row), area) in app.shown().enumerate().skip(first).zip(rows) {
        let chosen = index == app.cursor();
        line(app, row, &columns, chosen).render(area, buffer);
        if chosen {
            buffer.set_style(area, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

fn aligned(column: &Column) -> String {
    if matches!(column.head, "fold" | "seed" | "epoch") {
        pad_left(column.head, column.width)
    } else {
        column.head.into()
    }
}

fn line(app: &App, row: &Row, columns: &[(&Column, usize)], chosen: bool) -> Line<'static> {
    let mark = if app.marked().contains(&row.name) { "■" } else { " " };
    let mut spans = vec![Span::raw(if chosen { "›" } else { " " }), Span::raw(mark)];
    for (column, width) in columns {
        let cell = (column.cell)(app, row);
        spans.push(Span::styled(pad(&cell.content, *width) + " ", cell.style));
    }
    Line::from(spans)
}

/// Columns that fit, with the widths that use the room: what is left goes to the names.
fn fitting(app: &App, room: usize) -> Vec<(&'static Column, usize)> {
    let one_spec = app.rows().windows(2).all(|pair| pair[0].spec == pair[1].spec);
    let mut columns: Vec<&Column> = COLUMNS.iter().filter(|column| !(one_spec && column.head == "spec")).collect();
    let needed = |columns: &[&Column]| 2 + columns.iter().map(|c| c.width + 1).sum::<usize>();
    while needed(&columns) > room && columns.len() > 2 {
        let least = columns.iter().map(|c| c.worth).min().unwrap_or(0);
        columns.retain(|column| column.worth > least);
    }
    let spare = room.saturating_sub(needed(&columns));
    let longest = app.rows().iter().map(|row| crate::tui::text::width(&row.arm)).max().unwrap_or(0);
    let grow = |column: &Column| if column.head == "arm" { spare.min(longest.saturating_sub(column.width)) } else { 0 };
    columns.into_iter().map(|column| (column, column.width + grow(column))).collect()
}

fn state(app: &App, row: &Row) -> Span<'static> {
    let (sign, style) = app.theme().state(row.state());
    let word = if row.stopping { "stopping" } else { row.state().name() };
    Span::styled(format!("{sign} {word}"), style)
}

fn progress(_: &App, row: &Row) -> Span<'static> {
    let style = if row.state() == State::Running { Style::new() } else { dim() };
    Span::styled(bar(row.progress, 10), style)
}

/// `████░░░░░░`; full only when all is done.
pub(super) fn bar(share: f64, columns: usize) -> String {
    let full = (share.clamp(0.0, 1.0) * columns as f64 + 1e-9) as usize;
    "█".repeat(full) + &"░".repeat(columns - full)
}

fn epoch(_: &App, row: &Row) -> Span<'static> {
    match row.state() {
        State::Planned | State::Queued if row.epoch == 0 => pad_left(&format!("–/{}", row.epochs), 7).into(),
        _ => pad_left(&format!("{}/{}", row.epoch, row.epochs), 7).into(),
    }
}

fn time(_: &App, row: &Row) -> Span<'static> {
    match (row.state(), row.left_s) {
        (State::Running, Some(left)) => format!("{} left", duration(left)).into(),
        (State::Running, None) if row.progress > 0.0 => "1st epoch".into(),
        (State::Running, None) => "starting".into(),
        _ if row.spent_s > 0.0 => format!("{} spent", duration(row.spent_s)).into(),
        _ => "".into(),
    }
}

fn score(_: &App, row: &Row) -> Span<'static> {
    let Some(Score { task, value, part }) = row.score else { return "".into() };
    let (word, style) = match part {
        Part::Test => ("test", bold()),
        Part::Valid => ("valid", Style::new()),
    };
    // The column's head speaks of a segmentation; a test score is bold.
    let word = if task == Task::Segmentation { word } else { task.main()[0].label };
    Span::styled(format!("{value:.3} {word}"), style)
}
