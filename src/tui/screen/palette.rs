//! The palette, over the screen that it was opened on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::first_line;
use crate::tui::app::App;
use crate::tui::palette::{Entry, Palette};
use crate::tui::text::{pad, width};
use crate::tui::theme::{bold, dim};

/// Most lines and columns that it takes.
const SIZE: (u16, u16) = (14, 76);

/// Draws what is typed, and the lines that this leaves.
pub fn draw(app: &App, palette: &Palette, area: Rect, buffer: &mut Buffer) {
    let entries = palette.entries(app.screen());
    let wanted = (entries.len().max(1) as u16).saturating_add(2);
    let place = Rect { height: SIZE.0.min(area.height).min(wanted), width: SIZE.1.min(area.width), ..area };
    Clear.render(place, buffer);
    let columns = usize::from(place.width);
    let mut rows = place.rows();
    let text = Line::from(vec![Span::styled(format!(":{}", palette.text()), bold()), Span::raw("█")]);
    text.render(rows.next().unwrap_or_default(), buffer);
    let room = usize::from(place.height).saturating_sub(2);
    let first = first_line(palette.cursor(), entries.len(), room);
    if entries.is_empty() {
        Line::styled("nothing is called that", dim()).render(rows.next().unwrap_or_default(), buffer);
    }
    for ((index, entry), row) in entries.iter().enumerate().skip(first).take(room).zip(&mut rows) {
        line(entry, columns, index == palette.cursor()).render(row, buffer);
        if index == palette.cursor() {
            buffer.set_style(row, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
    Line::styled("─".repeat(columns), dim()).render(rows.next().unwrap_or_default(), buffer);
}

fn line(entry: &Entry, columns: usize, chosen: bool) -> Line<'static> {
    let key = pad(&entry.key, 10);
    let place = pad(&entry.place, 18.min(columns / 4));
    let title = columns.saturating_sub(width(&key) + width(&place) + 4);
    let sign = if chosen { "› " } else { "  " };
    Line::from(vec![
        Span::raw(sign),
        Span::raw(pad(&entry.title, title) + " "),
        Span::styled(key + " ", bold()),
        Span::styled(place, dim()),
    ])
}
