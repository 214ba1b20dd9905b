//! Arms × metrics of a spec: what the finished runs say so far.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use super::first_line;
use super::run::wrapped_rows;
use crate::metric::Metric;
use crate::report::{ArmRow, Comparison, number};
use crate::tui::app::App;
use crate::tui::arms::{Arms, Sorting};
use crate::tui::text::{clean, count, fit, pad, pad_left, width};
use crate::tui::theme::{VERMILLION, bold, dim};

/// Width of a metric's column: a number, two marks.
const METRIC: usize = 8;

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let comparison = match app.arms().compared() {
        Some(Ok(comparison)) if Some(comparison.spec.as_str()) == app.spec() => comparison,
        Some(Err(error)) => {
            let text = Paragraph::new(error.to_owned()).style(app.theme().text(VERMILLION)).wrap(Wrap { trim: true });
            return text.render(area, buffer);
        }
        _ => {
            let text = if app.spec().is_some() { "reading scores …" } else { "no runs: nothing to compare" };
            return Line::styled(text, dim()).render(area, buffer);
        }
    };
    let notes = notes(app.arms(), comparison);
    let room = wrapped_rows(&notes, usize::from(area.width)).min(area.height / 3);
    let [head, table, below] =
        Layout::vertical([Constraint::Length(2), Constraint::Min(0), Constraint::Length(room)]).areas(area);
    let title = clean(&comparison.title());
    Paragraph::new(title).style(bold()).wrap(Wrap { trim: true }).render(head, buffer);
    arms(app, table, buffer);
    Paragraph::new(notes).style(dim()).wrap(Wrap { trim: true }).render(below, buffer);
}

fn arms(app: &App, area: Rect, buffer: &mut Buffer) {
    let room = usize::from(area.width);
    let shape = Shape::of(app.arms(), room);
    let mut rows = area.rows();
    shape.head(app.arms()).render(rows.next().unwrap_or_default(), buffer);
    let first = first_line(app.scroll(), app.arms().len(), usize::from(area.height).saturating_sub(1));
    for ((place, arm), row) in app.arms().rows().enumerate().skip(first).zip(rows) {
        shape.line(app.arms(), arm).render(row, buffer);
        if place == app.scroll() {
            buffer.set_style(row, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

/// Which columns are shown, and how wide.
struct Shape {
    arm: usize,
    loss: usize,
    params: usize,
    /// Place and metric.
    metrics: Vec<(usize, &'static Metric)>,
    more: (bool, bool),
}

impl Shape {
    fn of(arms: &Arms, room: usize) -> Self {
        let longest = |of: fn(&ArmRow) -> String| arms.rows().map(|arm| width(&of(arm)) + 2).max().unwrap_or(0);
        let arm = longest(ArmRow::label).clamp(6, if room < 100 { 19 } else { 40 });
        let loss = if room < 100 { 0 } else { longest(|arm| arm.loss.clone()).clamp(6, 24) };
        let params = if room < 120 { 0 } else { 9 };
        // Runs and n, and the signs that there is more at either side.
        let fixed = arm + loss + params + 6 + 5 + 2;
        let count = (room.saturating_sub(fixed) / METRIC).max(1);
        let first = (arms.column() + 1).saturating_sub(count);
        let all: Vec<(usize, &Metric)> = arms.columns().enumerate().collect();
        let metrics: Vec<_> = all.iter().copied().skip(first).take(count).collect();
        Self { arm, loss, params, more: (first > 0, first + metrics.len() < all.len()), metrics }
    }

    fn head(&self, arms: &Arms) -> Line<'static> {
        let mut fixed = pad("arm", self.arm) + &pad("loss", self.loss);
        fixed += &pad_left(if self.params > 0 { "params" } else { "" }, self.params);
        fixed += &pad_left("runs", 6);
        fixed += &pad_left("n", 5);
        let mut spans = vec![Span::styled(fixed, dim())];
        spans.push(Span::raw(if self.more.0 { "‹" } else { " " }));
        for (place, metric) in &self.metrics {
            let chosen = *place == arms.column();
            let sign = match arms.sorting() {
                Sorting::BestFirst if chosen => "▼",
                Sorting::BestLast if chosen => "▲",
                _ => " ",
            };
            let style = if chosen { Style::new().add_modifier(Modifier::REVERSED) } else { dim() };
            let label = pad_left(metric.label, METRIC - 3);
            spans.extend([Span::raw(" "), Span::styled(label + sign, style), Span::raw(" ")]);
        }
        spans.push(Span::raw(if self.more.1 { "›" } else { " " }));
        Line::from(spans)
    }

    fn line(&self, arms: &Arms, arm: &ArmRow) -> Line<'static> {
        let mut fixed = pad(&clean(&arm.label()), self.arm.saturating_sub(1)) + " ";
        fixed += &pad(&fit(&arm.loss, self.loss.saturating_sub(1)), self.loss);
        let params = if self.params > 0 && arm.params > 0 { count(arm.params) } else { String::new() };
        fixed += &pad_left(&params, self.params);
        fixed += &pad_left(&format!("{}/{}", arm.finished, arm.runs), 6);
        fixed += &pad_left(&arm.cases().to_string(), 5);
        let mut spans = vec![Span::raw(fixed + " ")];
        spans.extend(self.metrics.iter().map(|(_, metric)| cell(arms, arm, metric)));
        Line::from(spans)
    }
}

/// The mean with a star where it is the best, a dagger where cases are undefined.
fn cell(arms: &Arms, arm: &ArmRow, metric: &Metric) -> Span<'static> {
    let value = arm.value(metric);
    let best = arm.leak.is_none() && value.mean.is_some() && value.mean == arms.best(metric);
    let marks = format!("{}{}", if best { "*" } else { "" }, if value.undefined > 0 { "†" } else { "" });
    let text = pad_left(&number(metric, value.mean), METRIC - 2) + &pad(&marks, 2);
    Span::styled(text, if best { bold() } else { Style::new() })
}

/// What the marks mean, and what is missing.
fn notes(arms: &Arms, comparison: &Comparison) -> String {
    let mut notes = Vec::new();
    let finished = comparison.arms.iter().any(|arm| arm.finished > 0);
    if !finished {
        notes.push("no run of this spec has finished yet: values appear as runs do".to_owned());
    } else if !arms.is_complete() {
        notes.push("preliminary: only finished runs count, so arms may stand on different cases (runs, n)".to_owned());
    }
    if finished {
        notes.push("* best mean of the column; differences are not tested here. Distances in px.".to_owned());
    }
    notes.extend(comparison.leaks().lines().map(|line| format!("! {}", clean(line))));
    let undefined = comparison.footnotes();
    notes.extend(undefined.lines().map(|line| format!("† {}", clean(line))));
    notes.join("\n")
}
