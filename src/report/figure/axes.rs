//! Axes: two of numbers, or numbers across and names down.

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::canvas::{Area, Drawn, FAMILY};
use super::style::{TEXT_PX, short, text_px, words};

/// Numbers across and up.
type Chart<'a, B> = ChartContext<'a, B, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// No quantity that is drawn gets near it.
const LARGEST: f64 = 1e15;

/// One axis.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// What it counts, with unit.
    pub label: String,
    /// Lowest.
    pub low: f64,
    /// Highest; above `low`.
    pub high: f64,
}

impl Axis {
    /// Of all `values`, with some room around them; from 0 to 1 if there is none.
    pub fn around(label: &str, values: impl Iterator<Item = f64>) -> Self {
        let finite = values.filter(|value| value.abs() < LARGEST);
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
        let size = low.abs().max(high.abs());
        // Labels cannot count in steps that the numbers do not resolve.
        let room = if high - low > 1e-9 * size { 0.05 * (high - low) } else { 0.5 * size.max(1e-3) };
        Self { label: label.to_owned(), low: low - room, high: high + room }
    }

    /// No lower than `least`, no higher than `most`.
    pub fn within(self, least: f64, most: f64) -> Self {
        let (low, high) = (self.low.max(least), self.high.min(most));
        if low < high { Self { low, high, ..self } } else { Self { low: least, high: most, ..self } }
    }
}

impl Axis {
    /// Writes the numbers at up to `labels` ticks with as many decimals as their step of 1, 2 or 5 · 10ᵏ has.
    fn ticks(&self, labels: usize) -> impl Fn(&f64) -> String + use<> {
        let least = (self.high - self.low) / (labels + 1) as f64;
        let power = least.log10().floor();
        // From 5 · 10ᵏ the next step is 10ᵏ⁺¹.
        let power = if least > 5.0 * 10f64.powf(power) { power + 1.0 } else { power };
        let decimals = (-power).clamp(0.0, 9.0) as usize;
        // A zero that was rounded keeps no sign.
        move |value| format!("{:.decimals$}", if value.abs() < least / 2.0 { 0.0 } else { *value })
    }
}

/// Axes on an area: turns numbers into pixels of it.
pub(super) struct Axes<'a, B: DrawingBackend> {
    chart: Chart<'a, B>,
    base: (i32, i32),
    x: (f64, f64),
    y: (f64, f64),
}

impl<'a, B: DrawingBackend> Axes<'a, B> {
    /// Draws the axes and a faint grid.
    pub fn new(area: &'a Area<B>, x: &Axis, y: &Axis) -> Drawn<B, Self> {
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .x_label_area_size(46)
            .y_label_area_size(66)
            .build_cartesian_2d(x.low..x.high, y.low..y.high)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_labels(7)
            .y_labels(7)
            .x_label_formatter(&x.ticks(7))
            .y_label_formatter(&y.ticks(7))
            .x_desc(&x.label)
            .y_desc(&y.label)
            .label_style((FAMILY, TEXT_PX))
            .axis_desc_style((FAMILY, TEXT_PX))
            .draw()?;
        Ok(Self { chart, base: area.get_base_pixel(), x: (x.low, x.high), y: (y.low, y.high) })
    }

    /// Draws `names` from the top; the middle of the i-th is at height `i + 0.5` from the top, see [`row`](Self::row).
    pub fn named(area: &'a Area<B>, x: &Axis, names: &[String]) -> Drawn<B, Self> {
        let room = names.iter().map(|name| text_px(name)).max().unwrap_or(0) + 16;
        let rows = names.len().max(1) as f64;
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .x_label_area_size(46)
            .y_label_area_size(room)
            .build_cartesian_2d(x.low..x.high, 0.0..rows)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .disable_y_mesh()
            .disable_y_axis()
            .x_labels(9)
            .x_label_formatter(&x.ticks(9))
            .x_desc(&x.label)
            .label_style((FAMILY, TEXT_PX))
            .axis_desc_style((FAMILY, TEXT_PX))
            .draw()?;
        let axes = Self { chart, base: area.get_base_pixel(), x: (x.low, x.high), y: (0.0, rows) };
        for (i, name) in names.iter().enumerate() {
            let (left, y) = axes.pixel(x.low, axes.row(i));
            area.draw(&Text::new(short(name), (left - 8, y), words(HPos::Right)))?;
        }
        Ok(axes)
    }

    /// Draws the axis of numbers alone; what stands across is for the caller to name.
    pub fn groups(area: &'a Area<B>, x: &Axis, y: &Axis) -> Drawn<B, Self> {
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .x_label_area_size(46)
            .y_label_area_size(66)
            .build_cartesian_2d(x.low..x.high, y.low..y.high)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .disable_x_mesh()
            .disable_x_axis()
            .y_labels(9)
            .y_label_formatter(&y.ticks(9))
            .y_desc(&y.label)
            .label_style((FAMILY, TEXT_PX))
            .axis_desc_style((FAMILY, TEXT_PX))
            .draw()?;
        Ok(Self { chart, base: area.get_base_pixel(), x: (x.low, x.high), y: (y.low, y.high) })
    }

    /// Height of the i-th name.
    pub fn row(&self, i: usize) -> f64 {
        self.y.1 - i as f64 - 0.5
    }

    /// The pixel of the area; numbers beyond an axis are at its end.
    pub fn pixel(&self, x: f64, y: f64) -> (i32, i32) {
        let inside = (x.clamp(self.x.0, self.x.1), y.clamp(self.y.0, self.y.1));
        let (column, row) = self.chart.backend_coord(&inside);
        (column - self.base.0, row - self.base.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_have_the_decimals_of_their_step() {
        let tick = |(low, high): (f64, f64), value: f64| Axis { label: String::new(), low, high }.ticks(7)(&value);
        assert_eq!([tick((0.0, 1.0), 0.2), tick((1.0, 12.0), 4.0), tick((-500.0, 2e3), 1e3)], ["0.2", "4", "1000"]);
        assert_eq!([tick((0.61, 0.64), 0.615), tick((-2.0, 2.0), -1e-17)], ["0.615", "0.0"]);
    }

    #[test]
    fn an_axis_has_a_length_whatever_the_values() {
        for values in [
            vec![],
            vec![f64::NAN],
            vec![0.5],
            vec![0.0],
            vec![-3.0, -3.0],
            vec![f64::INFINITY, 1.0],
            vec![1e14, 1e14 + 0.1],
            vec![1e308, -1e308],
        ] {
            let axis = Axis::around("", values.iter().copied());
            assert!(
                axis.high - axis.low > 1e-9 * axis.high.abs() && axis.low.is_finite() && axis.high.is_finite(),
                "{values:?}"
            );
            let cut = axis.within(0.0, 1.0);
            assert!(cut.low < cut.high && cut.low >= 0.0 && cut.high <= 1.0, "{values:?}");
        }
    }
}
