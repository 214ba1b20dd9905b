//! Every model that a spec can name, and the chosen one stage by stage.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use super::first_line;
use crate::model::{Kind, MODELS, Stage, Summary};
use crate::tui::app::App;
use crate::tui::models::INPUT_PX;
use crate::tui::prose::wrap;
use crate::tui::text::{count, pad, pad_left};
use crate::tui::theme::{VERMILLION, bold, dim};

/// Width of the list of names.
const LIST: u16 = 22;
/// Width of a number's column.
const NUMBER: usize = 9;
/// Batch that the memory of a training step is given for: that of both papers.
const BATCH: usize = 8;

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let [list, _, right] =
        Layout::horizontal([Constraint::Length(LIST), Constraint::Length(1), Constraint::Min(0)]).areas(area);
    names(app, list, buffer);
    let row = app.models().chosen();
    let [head, body] = Layout::vertical([Constraint::Length(3), Constraint::Min(0)]).areas(right);
    let about = format!("{}: {}", row.name, row.about);
    Paragraph::new(about).style(bold()).wrap(Wrap { trim: true }).render(head, buffer);
    match app.models().summary(row.name) {
        None => Line::styled("computing one image …", dim()).render(body, buffer),
        Some(Err(error)) => {
            let text = Paragraph::new(error.as_str()).style(app.theme().text(VERMILLION));
            text.wrap(Wrap { trim: true }).render(body, buffer);
        }
        Some(Ok(_)) if row.kind == Kind::Pixels => {
            Line::styled("judges each pixel by itself: no stages, no gradient", dim()).render(body, buffer);
        }
        Some(Ok(summary)) => stages(app, summary, body, buffer),
    }
}

fn names(app: &App, area: Rect, buffer: &mut Buffer) {
    let first = first_line(app.models().cursor(), MODELS.len(), usize::from(area.height));
    for ((place, row), area) in MODELS.iter().enumerate().skip(first).zip(area.rows()) {
        let chosen = place == app.models().cursor();
        let sign = if chosen { "› " } else { "  " };
        Line::raw(pad(&format!("{sign}{}", row.name), usize::from(area.width))).render(area, buffer);
        if chosen {
            buffer.set_style(area, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

fn stages(app: &App, summary: &Summary, area: Rect, buffer: &mut Buffer) {
    let columns = usize::from(area.width);
    let (numbers, shape) = if columns < 56 { (1, 0) } else { (3, 15) };
    let name = columns.saturating_sub(shape + numbers * NUMBER);
    let line = |stage: &str, output: &str, values: [String; 3]| {
        let values: String = values.iter().take(numbers).map(|value| pad_left(value, NUMBER)).collect();
        pad(stage, name) + &pad(output, shape) + &values
    };
    let mut rows = area.rows();
    let head = line("stage", "output", ["params".into(), "MACs".into(), "kept MiB".into()]);
    Line::styled(head, dim()).render(rows.next().unwrap_or_default(), buffer);
    let step = format!(
        "input 3×{INPUT_PX}×{INPUT_PX}; a training step of {BATCH} needs about {:.0} MiB",
        summary.step_mib(BATCH)
    );
    let step = wrap(&step, columns, 2);
    let room = usize::from(area.height).saturating_sub(4 + step.len());
    for stage in summary.stages.iter().skip(app.models().scroll()).take(room) {
        let output = stage.output.map_or_else(|| "–".to_owned(), |[_, c, h, w]| format!("{c}×{h}×{w}"));
        let text = line(&stage.name, &output, values(stage));
        Line::raw(text).render(rows.next().unwrap_or_default(), buffer);
    }
    let all = line("all", "", [count(summary.params as u64), giga(summary.macs), format!("{:.1}", summary.kept_mib)]);
    let below = summary.stages.len().saturating_sub(app.models().scroll() + room);
    let more = if below > 0 { format!("{below} stages below: PgDn") } else { String::new() };
    let last = [Span::styled(more, dim()), Span::styled(all, bold())];
    last.into_iter()
        .chain(step.into_iter().map(Span::raw))
        .zip(rows)
        .for_each(|(span, row)| Line::from(span).render(row, buffer));
}

fn values(stage: &Stage) -> [String; 3] {
    [count(stage.params as u64), giga(stage.macs), format!("{:.1}", stage.kept_mib)]
}

/// `40.2 G`, `7.5 M`.
fn giga(operations: u64) -> String {
    match operations as f64 {
        big if big >= 1e9 => format!("{:.1} G", big / 1e9),
        small => format!("{:.1} M", small / 1e6),
    }
}
