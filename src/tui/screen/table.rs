//! The table of runs: columns that fit, heads of groups, marks, and where its order comes from.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::first_line;
use super::runs::bar;
use crate::metric::Task;
use crate::run::State;
use crate::spec::MARK;
use crate::tui::app::App;
use crate::tui::field::Field;
use crate::tui::keys::Direction;
use crate::tui::list::{Group, Head, Sort};
use crate::tui::row::{Part, Row, Score, word};
use crate::tui::text::{duration, fit, pad, pad_left, value, width};
use crate::tui::theme::{BLUE, bold, dim};

/// Width of a column that is there because runs are sorted by it.
const SORTED: usize = 14;

/// A column of the table.
#[derive(Clone, Copy)]
struct Column {
    head: &'static str,
    width: usize,
    /// Columns with the lowest go first where there is no room.
    worth: u8,
    cell: fn(&App, &Row) -> Span<'static>,
    /// What runs are sorted by in its order.
    field: &'static str,
}

const fn column(
    (head, field): (&'static str, &'static str),
    (width, worth): (usize, u8),
    cell: fn(&App, &Row) -> Span<'static>,
) -> Column {
    Column { head, width, worth, cell, field }
}

const COLUMNS: &[Column] = &[
    column(("state", "state"), (10, 9), state),
    column(("arm", "arm"), (18, 9), |_, row| row.arm.clone().into()),
    column(("spec", "spec"), (9, 6), |_, row| row.spec.clone().into()),
    column(("fold", "fold"), (5, 7), |_, row| pad_left(&row.fold.to_string(), 4).into()),
    column(("seed", "seed"), (5, 5), |_, row| pad_left(&row.seed.to_string(), 4).into()),
    column(("progress", "progress"), (10, 2), progress),
    column(("epoch", "epoch"), (7, 3), epoch),
    column(("time", ""), (10, 4), time),
    column(("DSC", "score"), (11, 8), score),
    column(("device", "device"), (20, 1), |_, row| Span::styled(row.device.clone(), dim())),
];

/// Draws the table.
pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let shape = Shape::of(app, usize::from(area.width));
    let mut rows = area.rows();
    shape.head(app.list().sort()).style(dim()).render(rows.next().unwrap_or_default(), buffer);
    let lines = app.list().lines();
    let first = first_line(app.cursor(), lines.len(), usize::from(area.height).saturating_sub(1));
    for (index, area) in (first..lines.len()).zip(rows) {
        let chosen = index == app.cursor();
        let line = match (app.list().head_at(index), app.list().run_at(index)) {
            (Some(head), _) => group(app, head, chosen),
            (_, Some(place)) => shape.line(app, &app.rows()[place], chosen),
            _ => Line::default(),
        };
        line.render(area, buffer);
        if chosen {
            buffer.set_style(area, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

/// `▼ unet  12 runs: 2 running, 10 finished`.
fn group(app: &App, head: &Head, chosen: bool) -> Line<'static> {
    let sign = if head.folded { "▶" } else { "▼" };
    let marked = head.runs.iter().filter(|&&i| app.marked().contains(&app.rows()[i].name)).count();
    let marked = if marked > 0 { format!("  {marked} marked") } else { String::new() };
    let runs = if head.runs.len() == 1 { "run" } else { "runs" };
    let mut spans = vec![
        Span::raw(if chosen { "› " } else { "  " }),
        Span::styled(format!("{sign} {}", head.key), bold()),
        Span::styled(format!("  {} {runs}{marked}  ", head.runs.len()), dim()),
    ];
    for (state, count) in &head.counts {
        let (sign, style) = app.theme().state(*state);
        spans.push(Span::styled(format!("{sign} {count} {}  ", word(*state)), style));
    }
    Line::from(spans)
}

/// Columns with their widths, and the field that runs are sorted by if it is none of them.
struct Shape {
    columns: Vec<(&'static Column, usize)>,
    sorted: Option<Field>,
}

impl Shape {
    fn of(app: &App, room: usize) -> Self {
        let known = |field: &Field| COLUMNS.iter().any(|column| column.field == field.name);
        // A DSC is what the score of a segmentation is.
        let shown = |field: &Field| {
            known(field) || (field.name == "dsc" && app.rows().iter().all(|row| row.task == Task::Segmentation))
        };
        let sorted = app.list().sort().map(|sort| sort.field).filter(|field| !shown(field));
        let room = room.saturating_sub(if sorted.is_some() { SORTED + 1 } else { 0 });
        Self { columns: fitting(app, room), sorted }
    }

    fn head(&self, sort: Option<Sort>) -> Line<'static> {
        let arrow = |name: &str| match sort.filter(|sort| sort.field.name == name) {
            Some(sort) if sort.direction == Direction::Forward => "▲",
            Some(_) => "▼",
            None => "",
        };
        let mut spans = vec![Span::raw("  ")];
        for (column, width) in &self.columns {
            let sign = arrow(column.field);
            let sign = if column.field == "score" && self.sorted.is_none() {
                sign.to_owned() + arrow("dsc")
            } else {
                sign.into()
            };
            spans.push(Span::raw(pad(&(aligned(column) + &sign), *width) + " "));
        }
        if let Some(field) = self.sorted {
            spans.push(Span::raw(fit(field.name, SORTED - 1) + arrow(field.name)));
        }
        Line::from(spans)
    }

    fn line(&self, app: &App, row: &Row, chosen: bool) -> Line<'static> {
        let marked = app.marked().contains(&row.name);
        let sign = match (marked, chosen) {
            (true, _) => Span::styled("■ ", app.theme().text(BLUE).bold()),
            (false, true) => Span::raw("› "),
            (false, false) => Span::raw("  "),
        };
        let mut spans = vec![sign];
        for (column, width) in &self.columns {
            let mut cell = (column.cell)(app, row);
            if column.head == "spec" {
                cell.content = sized(&row.spec, *width).into();
            }
            spans.push(Span::styled(pad(&cell.content, *width) + " ", cell.style));
        }
        if let Some(field) = self.sorted {
            let part = row.part.filter(|_| field.is_score()).map_or("", Part::name);
            let text = field.number(row).map_or_else(|| field.text(row).into_owned(), |n| value(n) + " " + part);
            spans.push(Span::raw(fit(text.trim_end(), SORTED)));
        }
        Line::from(spans)
    }
}

fn aligned(column: &Column) -> String {
    match column.head {
        "fold" | "seed" => pad_left(column.head, 4),
        "epoch" => pad_left(column.head, 6),
        head => head.into(),
    }
}

/// Columns that fit, with the widths that use the room: what is left goes to the names.
fn fitting(app: &App, room: usize) -> Vec<(&'static Column, usize)> {
    // The head of a group says its spec.
    let one_spec = app.list().group() == Some(Group::Spec) || {
        let mut specs = app.shown().map(|row| &row.spec);
        let first = specs.next();
        specs.all(|spec| Some(spec) == first)
    };
    let mut columns: Vec<&Column> = COLUMNS.iter().filter(|column| !(one_spec && column.head == "spec")).collect();
    let needed = |columns: &[&Column]| 2 + columns.iter().map(|c| c.width + 1).sum::<usize>();
    while needed(&columns) > room && columns.len() > 2 {
        let least = columns.iter().map(|c| c.worth).min().unwrap_or(0);
        columns.retain(|column| column.worth > least);
    }
    let mut spare = room.saturating_sub(needed(&columns));
    let longest = |of: fn(&Row) -> &str| app.shown().map(|row| width(of(row))).max().unwrap_or(0);
    let mut grow = |head: &str, longest: usize| {
        let column = columns.iter().find(|column| column.head == head);
        let more = column.map_or(0, |column| longest.saturating_sub(column.width)).min(spare);
        spare -= more;
        more
    };
    let more = [("spec", grow("spec", longest(|row| &row.spec))), ("arm", grow("arm", longest(|row| &row.arm)))];
    let added = |column: &Column| more.iter().find(|(head, _)| *head == column.head).map_or(0, |(_, more)| *more);
    columns.iter().map(|column| (*column, column.width + added(column))).collect()
}

/// The name of a spec in at most `columns`, its profile last to go.
fn sized(spec: &str, columns: usize) -> String {
    let Some((name, profile)) = spec.rsplit_once(MARK).filter(|_| width(spec) > columns) else {
        return fit(spec, columns);
    };
    let profile = format!("{MARK}{profile}");
    match columns.saturating_sub(width(&profile)) {
        0 | 1 => fit(&profile, columns),
        room => fit(name, room) + &profile,
    }
}

fn state(app: &App, row: &Row) -> Span<'static> {
    let (sign, style) = app.theme().state(row.state);
    Span::styled(format!("{sign} {}", row.word()), style)
}

fn progress(_: &App, row: &Row) -> Span<'static> {
    let style = if row.state == Some(State::Running) { Style::new() } else { dim() };
    Span::styled(bar(row.progress, 10), style)
}

fn epoch(_: &App, row: &Row) -> Span<'static> {
    match row.state {
        Some(State::Planned | State::Queued) | None if row.epoch == 0 => {
            pad_left(&format!("–/{}", row.epochs), 7).into()
        }
        _ => pad_left(&format!("{}/{}", row.epoch, row.epochs), 7).into(),
    }
}

fn time(_: &App, row: &Row) -> Span<'static> {
    match (row.state, row.left_s) {
        (Some(State::Running), Some(left)) => format!("{} left", duration(left)).into(),
        (Some(State::Running), None) if row.progress > 0.0 => "1st epoch".into(),
        (Some(State::Running), None) => "starting".into(),
        _ if row.spent_s > 0.0 => format!("{} spent", duration(row.spent_s)).into(),
        _ => "".into(),
    }
}

fn score(_: &App, row: &Row) -> Span<'static> {
    let (Some(Score { task, value }), Some(part)) = (row.score, row.part) else { return "".into() };
    let (word, style) = (part.name(), if part == Part::Test { bold() } else { Style::new() });
    // The column's head speaks of a segmentation; a test score is bold.
    let word = if task == Task::Segmentation { word } else { task.main()[0].label };
    Span::styled(format!("{value:.3} {word}"), style)
}
