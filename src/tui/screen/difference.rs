//! Two plans side by side: only what differs, key by key.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{first_line, said};
use crate::report::Difference;
use crate::tui::app::App;
use crate::tui::prose::{Said, Tone, say};
use crate::tui::text::{clean, fit, pad, width};
use crate::tui::theme::{VERMILLION, bold, dim};
use crate::tui::versus::Pair;

/// Between two columns.
const GAP: &str = " │ ";

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let Some(pair) = &app.versus().pair else {
        return Line::styled("no two plans chosen: mark two runs with Space, then d", dim()).render(area, buffer);
    };
    match &pair.found {
        None => Line::styled("reading plans …", dim()).render(area, buffer),
        Some(Err(error)) => Line::styled(clean(error), app.theme().text(VERMILLION)).render(area, buffer),
        Some(Ok(found)) if found.is_empty() => {
            let text = format!("{} and {}: the plans do not differ", pair.labels[0], pair.labels[1]);
            Line::styled(text, bold()).render(area, buffer);
        }
        Some(Ok(found)) => table(app, (pair, found), area, buffer),
    }
}

fn table(app: &App, (pair, found): (&Pair, &[Difference]), area: Rect, buffer: &mut Buffer) {
    let cursor = app.scroll().min(found.len().saturating_sub(1));
    let chosen = full(&found[cursor], usize::from(area.width));
    let below = (chosen.len() as u16).min(area.height / 3);
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(below)]).areas(area);
    let [key, left, right] = widths(found, usize::from(area.width));
    let count = if found.len() == 1 { "1 key".to_owned() } else { format!("{} keys", found.len()) };
    let titles = [pad(&format!("{count} differ"), key), pad(&pair.labels[0], left), fit(&pair.labels[1], right)];
    Line::styled(titles.join(GAP), bold()).render(head, buffer);
    let first = first_line(cursor, found.len(), usize::from(body.height));
    for ((place, one), row) in found.iter().enumerate().skip(first).zip(body.rows()) {
        let values = [pad(&clean(&one.left), left), fit(&clean(&one.right), right)].join(GAP);
        let spans = vec![Span::styled(pad(&clean(&one.key), key), dim()), GAP.into(), values.into()];
        Line::from(spans).render(row, buffer);
        if place == cursor {
            buffer.set_style(row, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
    said::draw(&chosen, 0, app.theme(), (foot, buffer));
}

/// The chosen line without anything cut off.
fn full(one: &Difference, columns: usize) -> Vec<Said> {
    let text = clean(&format!("{}: {} │ {}", one.key, one.left, one.right));
    say(Tone::Dim, &text, columns).collect()
}

/// Of key, left and right.
fn widths(found: &[Difference], columns: usize) -> [usize; 3] {
    let longest = |of: fn(&Difference) -> &str| found.iter().map(|one| width(of(one))).max().unwrap_or(0);
    let key = longest(|one| &one.key).clamp(14, (columns / 3).max(14));
    let rest = columns.saturating_sub(key + 2 * width(GAP));
    [key, rest / 2, rest - rest / 2]
}
