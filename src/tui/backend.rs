//! ratatui's pictures as bytes for a slow line: what a blank cannot show is not said, and one escape code says all that
//! changes. Everything but the cells is crossterm's.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// Marks that a blank shows as well.
const SEEN_ON_BLANKS: Modifier = Modifier::REVERSED.union(Modifier::UNDERLINED).union(Modifier::CROSSED_OUT);
/// What SGR calls them.
const MARKS: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// A terminal that is written to through `W`.
#[derive(Debug)]
pub struct Sparing<W: Write>(CrosstermBackend<W>);

impl<W: Write> Sparing<W> {
    /// Writes to `writer`.
    pub fn new(writer: W) -> Self {
        Self(CrosstermBackend::new(writer))
    }
}

impl<W: Write> Write for Sparing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut self.0)
    }
}

impl<W: Write> Backend for Sparing<W> {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        self.0.write_all(codes(content).as_bytes())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.0.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.0.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.0.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        self.0.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.0.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.0)
    }
}

/// The codes that bring `content` onto a terminal whose attributes are the default ones, and leave them so.
fn codes<'a>(content: impl Iterator<Item = (u16, u16, &'a Cell)>) -> String {
    let (mut text, mut pen) = (String::new(), Pen::default());
    let mut next: Option<(u16, u16)> = None;
    for (x, y, cell) in content {
        match next {
            Some(place) if place == (x, y) => {}
            Some((_, row)) if row == y => text += &format!("\u{1b}[{}G", x + 1),
            _ => text += &format!("\u{1b}[{};{}H", y + 1, x + 1),
        }
        pen.become_that_of(cell, &mut text);
        text += cell.symbol();
        next = Some((x + cell.symbol().width().max(1) as u16, y));
    }
    if pen != Pen::default() {
        text += "\u{1b}[m";
    }
    text
}

/// How the terminal draws at the moment.
#[derive(Clone, Copy, Default, PartialEq)]
struct Pen {
    fg: Color,
    bg: Color,
    marks: Modifier,
}

impl Pen {
    fn become_that_of(&mut self, cell: &Cell, text: &mut String) {
        let wanted = Pen { fg: cell.fg, bg: cell.bg, marks: cell.modifier };
        if wanted == *self || cell.symbol() == " " && self.leaves_blanks_as(&wanted) {
            return;
        }
        // Bold and dim end together, so that losing a mark is beginning anew.
        let anew = !(self.marks - wanted.marks).is_empty();
        let from = if anew { Pen::default() } else { *self };
        let mut numbers: Vec<String> = if anew { vec![String::new()] } else { Vec::new() };
        let gained = MARKS.iter().filter(|(mark, _)| (wanted.marks - from.marks).contains(*mark));
        numbers.extend(gained.map(|(_, number)| number.to_string()));
        numbers.extend((wanted.fg != from.fg).then(|| colour(wanted.fg, 30)));
        numbers.extend((wanted.bg != from.bg).then(|| colour(wanted.bg, 40)));
        *text += &format!("\u{1b}[{}m", numbers.join(";"));
        *self = wanted;
    }

    fn leaves_blanks_as(&self, wanted: &Pen) -> bool {
        let seen = |pen: &Pen| pen.marks & SEEN_ON_BLANKS;
        // Reversed or underlined, the foreground shows.
        self.bg == wanted.bg && seen(self) == seen(wanted) && (seen(self).is_empty() || self.fg == wanted.fg)
    }
}

/// `first` is what SGR calls black: 30 in the foreground, 40 in the background.
fn colour(colour: Color, first: u8) -> String {
    let named = |place: u8| (first + place).to_string();
    let bright = |place: u8| (first + 60 + place).to_string();
    match colour {
        Color::Reset => named(9),
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(index) => format!("{};5;{index}", first + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", first + 8),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    const COLOURS: [Color; 6] =
        [Color::Reset, Color::Red, Color::LightBlue, Color::Indexed(77), Color::Rgb(213, 94, 0), Color::White];
    const SYMBOLS: [&str; 6] = [" ", " ", "a", "⠒", "│", "語"];

    /// Cells by a small generator of numbers.
    fn picture(seed: u32, (width, height): (u16, u16)) -> Buffer {
        let mut state = seed;
        let mut draw = |n: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize % n
        };
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        for y in 0..height {
            let mut x = 0;
            // The last column has no room for a wide one.
            while x + 1 < width {
                let marks = [Modifier::empty(), Modifier::BOLD, Modifier::DIM, Modifier::REVERSED | Modifier::BOLD];
                // Of a wide character that goes, the other half is the terminal's to clear, as it likes.
                let plain = y % 3 == 0;
                let (bg, symbols, kinds) = if plain { (Color::Reset, 6, 3) } else { (COLOURS[draw(2)], 5, 4) };
                let style = Style::new().fg(COLOURS[draw(6)]).bg(bg).add_modifier(marks[draw(kinds)]);
                let symbol = SYMBOLS[draw(symbols)];
                if draw(3) > 0 {
                    buffer.set_string(x, y, symbol, style);
                    x += symbol.width() as u16 - 1;
                }
                x += 1;
            }
        }
        buffer
    }

    fn as_seen(colour: Color) -> vt100::Color {
        match colour {
            Color::Red => vt100::Color::Idx(1),
            Color::LightBlue => vt100::Color::Idx(12),
            Color::White => vt100::Color::Idx(15),
            Color::Indexed(index) => vt100::Color::Idx(index),
            Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
            _ => vt100::Color::Default,
        }
    }

    fn assert_seen(screen: &vt100::Screen, buffer: &Buffer) {
        let mut hidden = 0;
        for (y, x) in (0..buffer.area.height).flat_map(|y| (0..buffer.area.width).map(move |x| (y, x))) {
            let (cell, seen) = (&buffer[(x, y)], screen.cell(y, x).expect("on the screen"));
            if hidden > 0 {
                hidden -= 1;
                continue;
            }
            hidden = cell.symbol().width().saturating_sub(1);
            let blank = cell.symbol() == " ";
            assert_eq!(seen.contents().trim_end(), cell.symbol().trim_end(), "{x}, {y}");
            assert_eq!(seen.bgcolor(), as_seen(cell.bg), "{x}, {y}");
            assert_eq!(seen.inverse(), cell.modifier.contains(Modifier::REVERSED), "{x}, {y}");
            if !blank || seen.inverse() {
                assert_eq!(seen.fgcolor(), as_seen(cell.fg), "{x}, {y}");
            }
            if !blank {
                let marks = (seen.bold(), seen.dim());
                assert_eq!(marks, (cell.modifier.contains(Modifier::BOLD), cell.modifier.contains(Modifier::DIM)));
            }
        }
    }

    #[test]
    fn a_terminal_shows_every_picture_after_any_other_one() {
        let size = (23, 9);
        let [rows, columns] = [size.1, size.0].map(|n| NonZeroU16::new(n).expect("some"));
        let mut parser = vt100::Parser::new(rows, columns, 0);
        let mut before = Buffer::empty(Rect::new(0, 0, size.0, size.1));
        for seed in 0..200 {
            let after = picture(seed, size);
            parser.process(codes(before.diff(&after).into_iter()).as_bytes());
            assert_seen(parser.screen(), &after);
            before = after;
        }
    }

    #[test]
    fn a_curve_that_moves_takes_fewer_bytes_than_with_crossterm() {
        let curve = |place: u16| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 4));
            for x in (0..40).filter(|x| x % 5 < 3) {
                buffer.set_string(x, (x / 3 + place) % 4, "⠒", Style::new().fg(Color::Rgb(213, 94, 0)));
            }
            buffer
        };
        let (before, after) = (curve(0), curve(1));
        let mut theirs = Vec::new();
        CrosstermBackend::new(&mut theirs).draw(before.diff(&after).into_iter()).expect("memory");
        let ours = codes(before.diff(&after).into_iter());
        assert!(ours.len() * 3 < theirs.len() * 2, "{} of {} bytes", ours.len(), theirs.len());
    }
}
