//! Lines with a tone.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use crate::tui::prose::{Said, Tone};
use crate::tui::theme::{Theme, VERMILLION, bold, dim};

/// Draws `lines` from line `first` on, as far as there is room; the last row says how many are below.
pub fn draw(lines: &[Said], first: usize, theme: &Theme, (area, buffer): (Rect, &mut Buffer)) {
    let rows = usize::from(area.height);
    let first = first.min(lines.len().saturating_sub(rows));
    let below = lines.len() - first.min(lines.len());
    for ((tone, text), row) in lines.iter().skip(first).zip(area.rows()) {
        Line::styled(text.as_str(), style(*tone, theme)).render(row, buffer);
    }
    if below > rows && rows > 0 {
        let more = format!(" {} more below ", below - rows);
        let width = (crate::tui::text::width(&more) as u16).min(area.width);
        let place = Rect::new(area.right() - width, area.bottom() - 1, width, 1);
        Line::styled(more, dim()).render(place, buffer);
    }
}

fn style(tone: Tone, theme: &Theme) -> Style {
    match tone {
        Tone::Head => bold(),
        Tone::Plain => Style::new(),
        Tone::Dim => dim(),
        Tone::Warning => theme.text(VERMILLION),
    }
}
