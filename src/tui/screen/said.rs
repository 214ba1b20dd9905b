//! Lines with a tone.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use crate::tui::prose::{Said, Tone};
use crate::tui::text::{fit, width};
use crate::tui::theme::{Theme, VERMILLION, bold, dim};

/// Draws `lines` from line `first` on, as far as there is room; the last row says how many are below.
pub fn draw(lines: &[Said], first: usize, theme: &Theme, (area, buffer): (Rect, &mut Buffer)) {
    let rows = usize::from(area.height);
    let first = first.min(lines.len().saturating_sub(rows));
    let below = lines.len() - first.min(lines.len());
    let more = if below > rows { format!(" {} more below ", below - rows) } else { String::new() };
    for (place, ((tone, text), row)) in lines.iter().skip(first).zip(area.rows()).enumerate() {
        // Text ends where the count begins.
        let room = usize::from(area.width).saturating_sub(if place + 1 == rows { width(&more) } else { 0 });
        Line::styled(fit(text, room), style(*tone, theme)).render(row, buffer);
    }
    if !more.is_empty() && rows > 0 {
        let width = (width(&more) as u16).min(area.width);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_where_the_count_of_those_below_begins() {
        let area = Rect::new(0, 0, 24, 2);
        let mut buffer = Buffer::empty(area);
        let lines = vec![(Tone::Plain, "abcdefghijklmnopqrstuvwx".to_owned()); 5];
        draw(&lines, 0, &Theme::default(), (area, &mut buffer));
        let rows: Vec<String> = buffer.content.chunks(24).map(|r| r.iter().map(|c| c.symbol()).collect()).collect();
        assert_eq!(rows, ["abcdefghijklmnopqrstuvwx", "abcdefghi… 3 more below "]);
    }
}
