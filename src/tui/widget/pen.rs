//! How a curve gets onto cells: lines in Braille or characters, bands, marks of gaps.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::frame::Frame;
use crate::tui::point::{Point, decimate};
use crate::tui::theme::{Hue, Theme};

/// Lowest and highest value at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Epoch, step or seconds; ascending.
    pub x: f64,
    /// Lowest.
    pub low: f64,
    /// Highest.
    pub high: f64,
}

/// What draws a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pen {
    /// Two columns and four rows of dots in a character.
    Braille,
    /// A character in every cell that the curve meets.
    Mark(char),
}

/// Where to draw, and in which colour.
pub struct Canvas<'a> {
    /// Cells.
    pub plot: Rect,
    /// What they stand for.
    pub frame: Frame,
    /// Colours.
    pub theme: &'a Theme,
    /// The curve's own.
    pub hue: Hue,
}

impl Canvas<'_> {
    /// A line through `points`, broken at gaps.
    pub fn line(&self, points: &[Point], pen: Pen, faint: Modifier, buffer: &mut Buffer) {
        let style = Style::reset().fg(self.theme.hue(self.hue)).add_modifier(faint);
        match pen {
            Pen::Braille => self.braille(points, style, buffer),
            Pen::Mark(mark) => trace(points, &self.frame, (self.plot.width, self.plot.height), |x, y| {
                buffer[(self.plot.x + x, self.plot.y + y)].set_char(mark).set_style(style);
            }),
        }
    }

    fn braille(&self, points: &[Point], style: Style, buffer: &mut Buffer) {
        const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let plot = self.plot;
        let mut cells = vec![0u8; usize::from(plot.width) * usize::from(plot.height)];
        trace(points, &self.frame, (plot.width * 2, plot.height * 4), |x, y| {
            let index = usize::from(y / 4) * usize::from(plot.width) + usize::from(x / 2);
            cells[index] |= DOTS[usize::from(y % 4)][usize::from(x % 2)];
        });
        for (index, &dots) in cells.iter().enumerate().filter(|(_, dots)| **dots != 0) {
            let (x, y) = ((index % usize::from(plot.width)) as u16, (index / usize::from(plot.width)) as u16);
            let cell = &mut buffer[(plot.x + x, plot.y + y)];
            // Two curves in one character share its colour; their dots are both kept.
            let below = cell.symbol().chars().next().map_or(0, |c| u32::from(c).wrapping_sub(0x2800));
            let dots = u32::from(dots) | if below < 0x100 { below } else { 0 };
            cell.set_char(char::from_u32(0x2800 + dots).unwrap_or(' ')).set_style(style);
        }
    }

    /// Every cell between lowest and highest, which run straight from one place to the next as the line does.
    pub fn band(&self, band: &[Span], buffer: &mut Buffer) {
        let (low, high) = self.frame.x();
        let style = Style::reset().fg(self.theme.hue(self.hue)).add_modifier(Modifier::DIM);
        let inside = band.iter().filter(|span| (low..=high).contains(&span.x));
        let edges: Vec<(u16, (u16, u16))> = inside.filter_map(|span| self.edge(span)).collect();
        for (index, &(from, rows)) in edges.iter().enumerate() {
            let (next, next_rows) = edges.get(index + 1).copied().unwrap_or((from + 1, rows));
            for x in from..next.max(from + 1) {
                let share = f64::from(x - from) / f64::from((next - from).max(1));
                let between = |a: u16, b: u16| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u16;
                for y in between(rows.0, next_rows.0)..=between(rows.1, next_rows.1) {
                    buffer[(self.plot.x + x, self.plot.y + y)].set_char('░').set_style(style);
                }
            }
        }
    }

    /// Column, and the rows of highest and lowest; `None` where the highest is off the scale.
    fn edge(&self, span: &Span) -> Option<(u16, (u16, u16))> {
        let top = self.frame.row(span.high, self.plot.height)?;
        // Below what a logarithmic scale can show lies its lowest row.
        let bottom = self.frame.row(span.low, self.plot.height).unwrap_or(self.plot.height - 1);
        Some((self.frame.column(span.x, self.plot.width), (top, bottom)))
    }

    /// A cross at the foot of every gap, an arrow at the edge that an infinite value left by.
    pub fn gaps(&self, points: &[Point], buffer: &mut Buffer) {
        let (low, high) = self.frame.x();
        let style = Style::reset().fg(self.theme.hue(self.hue)).add_modifier(Modifier::BOLD);
        for point in points.iter().filter(|p| (low..=high).contains(&p.x)) {
            let (sign, row) = match point.y {
                Some(y) if self.frame.height(y).is_some() => continue,
                Some(y) if y == f64::INFINITY => ('▲', self.plot.y),
                Some(y) if !y.is_nan() => ('▼', self.plot.bottom() - 1),
                _ => ('×', self.plot.bottom() - 1),
            };
            let column = self.plot.x + self.frame.column(point.x, self.plot.width);
            buffer[(column, row)].set_char(sign).set_style(style);
        }
    }
}

/// Calls `set` with every dot of the curve on a grid of `width × height`, rows from the top.
fn trace(points: &[Point], frame: &Frame, (width, height): (u16, u16), mut set: impl FnMut(u16, u16)) {
    let dot = |(x, y): (f64, f64)| (frame.column(x, width), frame.row_at(y, height));
    let mut before: Option<(f64, f64)> = None;
    let points = decimate(points, usize::from(width));
    for (index, point) in points.iter().enumerate() {
        let here = point.y.and_then(|y| frame.height(y)).map(|y| (point.x, y));
        let alone = || points.get(index + 1).is_none_or(|next| next.y.and_then(|y| frame.height(y)).is_none());
        match (before, here) {
            (Some(from), Some(to)) => {
                if let Some((from, to)) = clipped(from, to, frame.x()) {
                    line(dot(from), dot(to), &mut set);
                }
            }
            // Twice as wide as a line: a point that stays alone would be hard to find.
            (None, Some(to)) if alone() && inside(to.0, frame.x()) => {
                let (x, y) = dot(to);
                [x.saturating_sub(1), x].into_iter().for_each(|x| set(x, y));
            }
            _ => {}
        }
        before = here;
    }
}

fn inside(x: f64, (low, high): (f64, f64)) -> bool {
    (low..=high).contains(&x)
}

/// The part of a line that lies within `low..=high`.
fn clipped(from: (f64, f64), to: (f64, f64), (low, high): (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
    if to.0 < low || from.0 > high {
        return None;
    }
    let at = |x: f64| (x, from.1 + (to.1 - from.1) * (x - from.0) / (to.0 - from.0));
    Some((if from.0 < low { at(low) } else { from }, if to.0 > high { at(high) } else { to }))
}

fn line(from: (u16, u16), to: (u16, u16), set: &mut impl FnMut(u16, u16)) {
    let (dx, dy) = (f64::from(to.0) - f64::from(from.0), f64::from(to.1) - f64::from(from.1));
    let steps = dx.abs().max(dy.abs()).max(1.0);
    for i in 0..=steps as u16 {
        let share = f64::from(i) / steps;
        set((f64::from(from.0) + dx * share).round() as u16, (f64::from(from.1) + dy * share).round() as u16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::plot::Scale;

    fn points(values: impl IntoIterator<Item = Option<f64>>) -> Vec<Point> {
        values.into_iter().enumerate().map(|(i, y)| Point { x: i as f64, y }).collect()
    }

    fn columns(points: &[Point], x: (f64, f64)) -> Vec<u16> {
        let frame = Frame::of(x, [0.0, 1.0].into_iter(), Scale::Linear).expect("values");
        let mut columns = Vec::new();
        trace(points, &frame, (11, 1), |x, _| columns.push(x));
        columns
    }

    #[test]
    fn a_gap_is_not_bridged() {
        let curve = points([Some(1.0), None, None, None, None, None, None, None, None, None, Some(1.0)]);
        assert_eq!(columns(&curve, (0.0, 10.0)), [0, 0, 9, 10]);
    }

    #[test]
    fn a_line_from_beyond_the_window_enters_at_its_edge() {
        assert_eq!(clipped((0.0, 0.0), (10.0, 1.0), (5.0, 20.0)), Some(((5.0, 0.5), (10.0, 1.0))));
        assert_eq!(clipped((0.0, 0.0), (10.0, 1.0), (2.0, 4.0)), Some(((2.0, 0.2), (4.0, 0.4))));
        assert_eq!(clipped((0.0, 0.0), (1.0, 1.0), (5.0, 20.0)), None);
        assert_eq!(columns(&points([Some(1.0); 3]), (5.0, 20.0)), Vec::<u16>::new());
    }
}
