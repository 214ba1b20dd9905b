//! Curves that keep their spikes and show their gaps.
//! ratatui's own chart draws undefined values at the top and keeps no spikes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use crate::tui::text;
use crate::tui::theme::{Hue, Theme, bold, dim};

/// A value at a place; `None` is a gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Step or epoch; ascending.
    pub x: f64,
    /// Finite.
    pub y: Option<f64>,
}

/// First, lowest, highest and last point of each of `columns` equal parts: drawn at that width, it is the whole curve.
pub fn decimate(points: &[Point], columns: usize) -> Vec<Point> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    if points.len() <= 4 * columns {
        return points.to_vec();
    }
    let part = |p: &Point| ((p.x - first.x) / (last.x - first.x) * columns as f64).min(columns as f64 - 1.0) as usize;
    points.chunk_by(|a, b| part(a) == part(b)).flat_map(extremes).collect()
}

fn extremes(part: &[Point]) -> Vec<Point> {
    let defined = || (0..part.len()).filter(|&i| part[i].y.is_some());
    let by_value = |a: &usize, b: &usize| part[*a].y.partial_cmp(&part[*b].y).unwrap_or(std::cmp::Ordering::Equal);
    let lowest_highest = [defined().min_by(by_value), defined().max_by(by_value)];
    let mut kept: Vec<usize> = lowest_highest.into_iter().flatten().chain([0, part.len() - 1]).collect();
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter().map(|i| part[i]).collect()
}

/// One line of a chart.
pub struct Curve<'a> {
    /// In the legend.
    pub label: &'static str,
    /// Ascending.
    pub points: &'a [Point],
    /// Colour.
    pub hue: Hue,
    /// What draws it where colours or Braille are missing.
    pub mark: char,
}

/// Curves over a common axis.
pub struct Chart<'a> {
    /// What is measured.
    pub title: &'static str,
    /// What the axis counts.
    pub unit: &'static str,
    /// Drawn in this order, the last on top.
    pub curves: Vec<Curve<'a>>,
    /// A place worth a mark, with its name.
    pub mark: Option<(f64, &'static str)>,
    /// Shown instead while there is nothing to draw.
    pub empty: &'static str,
    /// Glyphs and colours.
    pub theme: &'a Theme,
}

/// Data coordinates of the plot's corners.
#[derive(Clone, Copy)]
struct Frame {
    x: (f64, f64),
    y: (f64, f64),
}

impl Widget for Chart<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.width < 12 || area.height < 3 {
            return;
        }
        self.head(area, buffer);
        let Some(frame) = self.frame() else {
            buffer.set_stringn(area.x + 2, area.y + 1, self.empty, usize::from(area.width) - 2, dim());
            return;
        };
        let labels = self.value_labels(frame.y, area.height - 2);
        let margin = labels.iter().map(|(_, label)| text::width(label)).max().unwrap_or(0) as u16 + 1;
        if margin + 8 > area.width {
            return;
        }
        let plot = Rect::new(area.x + margin, area.y + 1, area.width - margin, area.height - 2);
        for row in 0..plot.height {
            buffer.set_string(plot.x - 1, plot.y + row, "│", dim());
        }
        for (row, label) in labels {
            buffer.set_string(area.x, plot.y + row, text::pad_left(&label, usize::from(margin) - 1) + "┤", dim());
        }
        self.mark_place(plot, frame, buffer);
        for curve in &self.curves {
            match self.theme.is_rich() {
                true => braille(curve, self.theme, (plot, frame), buffer),
                false => characters(curve, self.theme, (plot, frame), buffer),
            }
        }
        self.foot(plot, frame, buffer);
    }
}

impl Chart<'_> {
    fn head(&self, area: Rect, buffer: &mut Buffer) {
        let end = area.right();
        let (mut x, _) = buffer.set_stringn(area.x, area.y, self.title, usize::from(area.width), bold());
        for curve in &self.curves {
            let sign = if self.theme.is_rich() { '─' } else { curve.mark };
            let label = format!("  {sign} {}", curve.label);
            x = buffer.set_stringn(x, area.y, label, usize::from(end - x), self.theme.text(curve.hue)).0;
        }
    }

    /// What the data span; `None` without a value.
    fn frame(&self) -> Option<Frame> {
        let points = || self.curves.iter().flat_map(|c| c.points.iter());
        let x = span(points().filter(|p| p.y.is_some()).map(|p| p.x))?;
        let y = span(points().filter_map(|p| p.y))?;
        Some(Frame { x, y })
    }

    /// Row and text of the labels on the left: top, bottom, and the middle if there is room.
    fn value_labels(&self, (low, high): (f64, f64), rows: u16) -> Vec<(u16, String)> {
        let middle = if rows >= 7 && rows % 2 == 1 { vec![rows / 2] } else { Vec::new() };
        let last = rows - 1;
        let places = [0].into_iter().chain(middle).chain((last > 0).then_some(last));
        let of = |row: u16| high - (high - low) * f64::from(row) / f64::from(last.max(1));
        places.map(|row| (row, number(of(row), high - low))).collect()
    }

    fn mark_place(&self, plot: Rect, frame: Frame, buffer: &mut Buffer) {
        let Some((x, _)) = self.mark.filter(|(x, _)| (frame.x.0..=frame.x.1).contains(x)) else { return };
        let column = plot.x + cell(x, frame.x, plot.width);
        for row in plot.y..plot.bottom() {
            buffer.set_string(column, row, "┊", dim());
        }
    }

    fn foot(&self, plot: Rect, frame: Frame, buffer: &mut Buffer) {
        let (row, width) = (plot.bottom(), usize::from(plot.width));
        let last = format!("{:.0} {}", frame.x.1, self.unit);
        buffer.set_stringn(plot.x, row, format!("{:.0}", frame.x.0), width, dim());
        if text::width(&last) < width {
            buffer.set_string(plot.right() - text::width(&last) as u16, row, &last, dim());
        }
        let Some((x, name)) = self.mark.filter(|(x, _)| (frame.x.0..=frame.x.1).contains(x)) else { return };
        let column = cell(x, frame.x, plot.width);
        let label = format!("{name} {x:.0}");
        let size = text::width(&label) as u16;
        // Beside the mark, on the side that has room; the numbers at the ends stay.
        let room_right = plot.width.saturating_sub(text::width(&last) as u16 + 1);
        if column + 2 + size <= room_right {
            buffer.set_string(plot.x + column, row, format!("▲ {label}"), bold());
        } else if column >= size + 5 && column < room_right {
            buffer.set_string(plot.x + column - size - 1, row, format!("{label} ▲"), bold());
        } else if column >= size + 8 && size + 3 + (text::width(&last) as u16) < plot.width {
            buffer.set_string(plot.x + room_right - size - 1, row, &label, bold());
        }
    }
}

/// Lowest and highest; widened where they are equal.
fn span(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let room = if low == high { (low.abs() * 0.1).max(1e-6) } else { 0.0 };
    (low <= high).then_some((low - room, high + room))
}

/// `value` with as many decimals as its neighbours in a span of `range` need.
fn number(value: f64, range: f64) -> String {
    let decimals = (1.0 - range.log10().floor()).clamp(0.0, 6.0);
    if value.abs() >= 1e5 || range < 1e-5 { format!("{value:.1e}") } else { format!("{value:.*}", decimals as usize) }
}

/// Place of `value` among `count` cells that span `low..=high`.
fn cell(value: f64, (low, high): (f64, f64), count: u16) -> u16 {
    let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
    (share * f64::from(count.saturating_sub(1))).round() as u16
}

/// Calls `set` with every dot of the curve on a grid of `width × height`, rows from the top.
fn trace(points: &[Point], frame: Frame, (width, height): (u16, u16), mut set: impl FnMut(u16, u16)) {
    let dot = |p: &Point| {
        let row = cell(p.y?, frame.y, height);
        p.y.map(|_| (cell(p.x, frame.x, width), height - 1 - row))
    };
    let mut before = None;
    for point in decimate(points, usize::from(width)) {
        let here = dot(&point);
        match (before, here) {
            (Some(from), Some(to)) => line(from, to, &mut set),
            // Twice as wide as a line: a point that stays alone would be hard to find.
            (None, Some((x, y))) => [x.saturating_sub(1), x].into_iter().for_each(|x| set(x, y)),
            _ => {}
        }
        before = here;
    }
}

fn line(from: (u16, u16), to: (u16, u16), set: &mut impl FnMut(u16, u16)) {
    let (dx, dy) = (f64::from(to.0) - f64::from(from.0), f64::from(to.1) - f64::from(from.1));
    let steps = dx.abs().max(dy.abs()).max(1.0);
    for i in 0..=steps as u16 {
        let share = f64::from(i) / steps;
        set((f64::from(from.0) + dx * share).round() as u16, (f64::from(from.1) + dy * share).round() as u16);
    }
}

/// Two columns and four rows of dots in a character.
fn braille(curve: &Curve, theme: &Theme, (plot, frame): (Rect, Frame), buffer: &mut Buffer) {
    const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
    let mut cells = vec![0u8; usize::from(plot.width) * usize::from(plot.height)];
    trace(curve.points, frame, (plot.width * 2, plot.height * 4), |x, y| {
        let index = usize::from(y / 4) * usize::from(plot.width) + usize::from(x / 2);
        cells[index] |= DOTS[usize::from(y % 4)][usize::from(x % 2)];
    });
    for (index, &dots) in cells.iter().enumerate().filter(|(_, dots)| **dots != 0) {
        let (x, y) = ((index % usize::from(plot.width)) as u16, (index / usize::from(plot.width)) as u16);
        let cell = &mut buffer[(plot.x + x, plot.y + y)];
        // Two curves in one character share its colour; their dots are both kept.
        let below = cell.symbol().chars().next().map_or(0, |c| u32::from(c).wrapping_sub(0x2800));
        let dots = u32::from(dots) | if below < 0x100 { below } else { 0 };
        cell.set_char(char::from_u32(0x2800 + dots).unwrap_or(' ')).set_style(Style::reset().fg(theme.hue(curve.hue)));
    }
}

/// The curve's own character in every cell that it meets.
fn characters(curve: &Curve, theme: &Theme, (plot, frame): (Rect, Frame), buffer: &mut Buffer) {
    trace(curve.points, frame, (plot.width, plot.height), |x, y| {
        let style = Style::reset().fg(theme.hue(curve.hue));
        buffer[(plot.x + x, plot.y + y)].set_char(curve.mark).set_style(style);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{BLUE, Colour, Glyphs};

    fn points(values: impl IntoIterator<Item = Option<f64>>) -> Vec<Point> {
        values.into_iter().enumerate().map(|(i, y)| Point { x: i as f64, y }).collect()
    }

    fn drawn(points: &[Point], (width, height): (u16, u16)) -> Buffer {
        let theme = Theme { glyphs: Glyphs::Ascii, colour: Colour::None };
        let curve = Curve { label: "train", points, hue: BLUE, mark: 'x' };
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let mark = Some((2.0, "best"));
        Chart { title: "loss", unit: "epoch", curves: vec![curve], mark, empty: "nothing", theme: &theme }
            .render(area, &mut buffer);
        buffer
    }

    #[test]
    fn a_spike_of_one_point_among_a_million_stays() {
        let curve = points((0..1_000_000).map(|i| Some(if i == 654_321 { 9.0 } else { 0.1 })));
        let kept = decimate(&curve, 80);
        assert!(kept.len() <= 320, "{}", kept.len());
        assert!(kept.contains(&Point { x: 654_321.0, y: Some(9.0) }));
        assert!(kept.is_sorted_by(|a, b| a.x < b.x));
    }

    #[test]
    fn decimating_twice_keeps_the_spike_and_the_ends() {
        let curve = points((0..100_000).map(|i| (i != 70_000).then(|| if i == 5 { -3.0 } else { 1.0 })));
        let kept = decimate(&decimate(&curve, 2048), 60);
        assert!(kept.iter().any(|p| p.y == Some(-3.0)));
        assert_eq!((kept[0].x, kept[kept.len() - 1].x), (0.0, 99_999.0));
    }

    #[test]
    fn a_gap_is_not_bridged() {
        let mut dots = Vec::new();
        let frame = Frame { x: (0.0, 10.0), y: (0.0, 1.0) };
        let curve = points([Some(1.0), None, None, None, None, None, None, None, None, None, Some(1.0)]);
        trace(&curve, frame, (11, 1), |x, _| dots.push(x));
        assert_eq!(dots, [0, 0, 9, 10]);
    }

    #[test]
    fn undefined_curves_of_any_size_are_no_panic() {
        let huge = [Some(1e308), Some(-1e308), None, Some(f64::MIN_POSITIVE)];
        for curve in [points([]), points([None; 3]), points([Some(1.0)]), points([Some(0.5); 9]), points(huge)] {
            for size in [(0, 0), (1, 1), (12, 3), (13, 4), (40, 9), (200, 50)] {
                drawn(&curve, size);
            }
        }
    }

    #[test]
    fn axes_carry_numbers_and_the_best_epoch() {
        let buffer = drawn(&points([Some(1.0), Some(0.5), Some(0.25), Some(0.75), Some(0.5)]), (30, 7));
        let lines: Vec<String> = buffer
            .content
            .chunks(30)
            .map(|row| row.iter().map(|c| c.symbol()).collect::<String>().trim_end().to_owned())
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        loss  x train
        1.00┤x           ┊
            │ xx         ┊     xx
            │   xx       ┊   xx  xxx
            │     xxxx   ┊ xx       xx
        0.25┤         xxxxx
             0    best 2 ▲     4 epoch
        ");
    }
}
