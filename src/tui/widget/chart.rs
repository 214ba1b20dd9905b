//! Curves that keep their spikes and show their gaps.
//! ratatui's own chart draws undefined values at the top and keeps no spikes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::widgets::Widget;

use super::frame::Frame;
use super::pen::{Canvas, Pen, Span};
use crate::tui::plot::{Axis, Scale};
use crate::tui::point::Point;
use crate::tui::text;
use crate::tui::theme::{Hue, Theme, bold, dim};

/// One line of a chart.
pub struct Curve<'a> {
    /// In the legend.
    pub label: String,
    /// Ascending.
    pub points: &'a [Point],
    /// Drawn faintly below: the values before smoothing, or what stands on fewer runs.
    pub faint: &'a [Point],
    /// Lowest and highest, where the curve is a mean.
    pub band: &'a [Span],
    /// Colour.
    pub hue: Hue,
    /// What draws it where colours or Braille are missing.
    pub mark: char,
    /// Whether it is drawn by its mark in any case, since another curve has its colour.
    pub pen: Option<Pen>,
}

impl Curve<'_> {
    fn pen(&self, theme: &Theme) -> Pen {
        self.pen.unwrap_or(if theme.is_rich() { Pen::Braille } else { Pen::Mark(self.mark) })
    }
}

/// Curves over a common axis.
pub struct Chart<'a> {
    /// What is measured, with its unit and what was done to it.
    pub title: String,
    /// What the axis counts.
    pub axis: Axis,
    /// The part of it that is drawn.
    pub window: (f64, f64),
    /// Of the values.
    pub scale: Scale,
    /// Drawn in this order, the last on top.
    pub curves: Vec<Curve<'a>>,
    /// A place worth a mark, with its name.
    pub mark: Option<(f64, String)>,
    /// Place of the crosshair.
    pub cross: Option<f64>,
    /// Shown instead while there is nothing to draw.
    pub empty: &'a str,
    /// Glyphs and colours.
    pub theme: &'a Theme,
}

impl Widget for Chart<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.width < 12 || area.height < 3 {
            return;
        }
        let rows = self.head(area, buffer);
        let area = Rect { y: area.y + rows - 1, height: area.height - (rows - 1), ..area };
        let Some(frame) = self.frame() else {
            let positive = self.scale == Scale::Log && self.points().any(|p| p.value().is_some());
            let empty = if positive { "nothing above 0: no place on a log scale, y for linear" } else { self.empty };
            buffer.set_stringn(area.x + 2, area.y + 1, empty, usize::from(area.width) - 2, dim());
            return;
        };
        let labels = frame.labels(area.height - 2);
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
        self.body(plot, frame, buffer);
        self.foot(plot, frame, buffer);
    }
}

impl Chart<'_> {
    /// Title and legend; the rows that they take. Values at a crosshair are not cut while there is room for a row more.
    fn head(&self, area: Rect, buffer: &mut Buffer) -> u16 {
        let end = area.right();
        let most = if self.cross.is_some() { area.height / 3 } else { 1 };
        let mut rows = 1;
        let title = text::fit(&self.title, usize::from(area.width));
        let (mut x, _) = buffer.set_stringn(area.x, area.y, title, usize::from(area.width), bold());
        // Curves without a name have their legend elsewhere.
        for curve in self.curves.iter().filter(|curve| !curve.label.is_empty()) {
            let sign = match curve.pen(self.theme) {
                Pen::Braille => '─',
                Pen::Mark(mark) => mark,
            };
            let label = format!("  {sign} {}", curve.label);
            if text::width(&label) > usize::from(end - x) && x > area.x && rows < most {
                (x, rows) = (area.x, rows + 1);
            }
            let label = text::fit(&label, usize::from(end - x));
            let row = area.y + rows - 1;
            x = buffer.set_stringn(x, row, label, usize::from(end - x), self.theme.text(curve.hue)).0;
        }
        rows
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.curves.iter().flat_map(|c| c.points.iter().chain(c.faint))
    }

    /// What the data span within the window; `None` without a value there.
    fn frame(&self) -> Option<Frame> {
        let inside = |x: f64| (self.window.0..=self.window.1).contains(&x);
        let points = self.points().filter(|p| inside(p.x)).filter_map(Point::value);
        let bands = self.curves.iter().flat_map(|c| c.band).filter(|span| inside(span.x));
        Frame::of(self.window, points.chain(bands.flat_map(|span| [span.low, span.high])), self.scale)
    }

    fn body(&self, plot: Rect, frame: Frame, buffer: &mut Buffer) {
        let canvas = |curve: &Curve| Canvas { plot, frame, theme: self.theme, hue: curve.hue };
        self.curves.iter().for_each(|curve| canvas(curve).band(curve.band, buffer));
        let column = |x: f64| plot.x + frame.column(x, plot.width);
        let mut rule = |x: f64, sign: &str, style| {
            (plot.y..plot.bottom()).for_each(|row| buffer.set_string(column(x), row, sign, style));
        };
        if let Some((x, _)) = self.seen_mark() {
            rule(*x, "┊", dim());
        }
        if let Some(x) = self.seen_cross() {
            rule(x, "│", bold());
        }
        for curve in &self.curves {
            let faint = match curve.pen(self.theme) {
                Pen::Braille => Pen::Braille,
                Pen::Mark(_) => Pen::Mark('·'),
            };
            canvas(curve).line(curve.faint, faint, Modifier::DIM, buffer);
        }
        for curve in &self.curves {
            canvas(curve).line(curve.points, curve.pen(self.theme), Modifier::empty(), buffer);
        }
        for curve in &self.curves {
            canvas(curve).gaps(curve.points, buffer);
            canvas(curve).gaps(curve.faint, buffer);
        }
    }

    fn seen_mark(&self) -> Option<&(f64, String)> {
        self.mark.as_ref().filter(|(x, _)| (self.window.0..=self.window.1).contains(x))
    }

    fn seen_cross(&self) -> Option<f64> {
        self.cross.filter(|x| (self.window.0..=self.window.1).contains(x))
    }

    fn foot(&self, plot: Rect, frame: Frame, buffer: &mut Buffer) {
        let (row, width) = (plot.bottom(), usize::from(plot.width));
        let unit = if self.axis == Axis::Time { self.axis.name().to_owned() } else { format!("{}s", self.axis.name()) };
        let last = format!("{} {unit}", self.axis.number(self.window.1));
        buffer.set_stringn(plot.x, row, self.axis.number(self.window.0), width, dim());
        if text::width(&last) < width {
            buffer.set_string(plot.right() - text::width(&last) as u16, row, &last, dim());
        }
        let cross = self.seen_cross().map(|x| (x, format!("{} {}", self.axis.name(), self.axis.number(x))));
        let Some((x, label)) = cross.or_else(|| self.seen_mark().cloned()) else { return };
        let column = frame.column(x, plot.width);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::ground::Ground;
    use crate::tui::theme::{BLUE, Colour, Glyphs};

    fn points(values: impl IntoIterator<Item = Option<f64>>) -> Vec<Point> {
        values.into_iter().enumerate().map(|(i, y)| Point { x: i as f64, y }).collect()
    }

    fn chart<'a>(points: &'a [Point], theme: &'a Theme) -> Chart<'a> {
        let curve = Curve { label: "train".into(), points, faint: &[], band: &[], hue: BLUE, mark: 'x', pen: None };
        Chart {
            title: "loss".into(),
            axis: Axis::Epoch,
            window: (0.0, points.last().map_or(1.0, |p| p.x)),
            scale: Scale::Linear,
            curves: vec![curve],
            mark: Some((2.0, "best 2".into())),
            cross: None,
            empty: "nothing",
            theme,
        }
    }

    const PLAIN: Theme = Theme { glyphs: Glyphs::Ascii, colour: Colour::None, ground: Ground::Dark };

    fn drawn(chart: Chart, (width, height): (u16, u16)) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        chart.render(area, &mut buffer);
        let line = |row: &[ratatui::buffer::Cell]| row.iter().map(|c| c.symbol()).collect::<String>();
        let lines = buffer.content.chunks(usize::from(width.max(1))).map(|row| line(row).trim_end().to_owned());
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn undefined_curves_of_any_size_are_no_panic() {
        let huge = [Some(1e308), Some(-1e308), None, Some(f64::MIN_POSITIVE), Some(f64::INFINITY), Some(f64::NAN)];
        for curve in [points([]), points([None; 3]), points([Some(1.0)]), points([Some(0.5); 9]), points(huge)] {
            for size in [(0, 0), (1, 1), (12, 3), (13, 4), (40, 9), (200, 50)] {
                for scale in [Scale::Linear, Scale::Log] {
                    for window in [(0.0, 2.0), (0.0, 0.0), (f64::NAN, 1.0), (2.0, 0.5)] {
                        drawn(Chart { scale, window, cross: Some(1.0), ..chart(&curve, &PLAIN) }, size);
                    }
                }
            }
        }
    }

    #[test]
    fn axes_carry_numbers_and_the_best_epoch() {
        let points = points([Some(1.0), Some(0.5), Some(0.25), Some(0.75), Some(0.5)]);
        insta::assert_snapshot!(drawn(chart(&points, &PLAIN), (30, 7)), @r"
        loss  x train
        1.00┤x           ┊
            │ xx         ┊     xx
            │   xx       ┊   xx  xxx
            │     xxxx   ┊ xx       xx
        0.25┤         xxxxx
             0    best 2 ▲    4 epochs
        ");
    }

    #[test]
    fn gaps_and_infinite_values_are_marked_where_they_are() {
        let points = points([Some(1.0), Some(0.5), None, Some(0.75), Some(f64::INFINITY), Some(0.5), Some(0.5)]);
        let text = drawn(Chart { mark: None, ..chart(&points, &PLAIN) }, (30, 7));
        let lines: Vec<&str> = text.lines().collect();
        let place = |line: &str, sign: char| line.chars().position(|c| c == sign);
        // 24 columns of plot after a margin of 6 for 0 to 6: 2 is at 8 of 0..=24, 4 at 16.
        assert_eq!((place(lines[5], '×'), place(lines[1], '▲')), (Some(5 + 8), Some(5 + 16)), "{text}");
    }

    #[test]
    fn the_crosshair_names_its_place() {
        let points = points([Some(1.0), Some(0.5), Some(0.25), Some(0.75), Some(0.5)]);
        let text = drawn(Chart { cross: Some(1.0), ..chart(&points, &PLAIN) }, (40, 7));
        assert!(text.contains("▲ epoch 1"), "{text}");
        assert!(!text.contains("best"), "{text}");
    }

    #[test]
    fn a_band_lies_between_its_ends() {
        let points = points([Some(0.5); 3]);
        let band = [0.0, 1.0, 2.0].map(|x| Span { x, low: 0.25, high: 0.75 });
        let mut chart = chart(&points, &PLAIN);
        chart.curves[0].band = &band;
        chart.mark = None;
        let text = drawn(chart, (20, 7));
        assert_eq!(text.lines().filter(|line| line.contains('░')).count(), 4, "{text}");
    }
}
