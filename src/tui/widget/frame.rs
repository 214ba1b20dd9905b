//! Data coordinates of a plot: what its corners stand for, and the numbers beside them.

use crate::tui::plot::Scale;

/// What a plot spans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    x: (f64, f64),
    /// On a logarithmic scale: of the decimal logarithms.
    y: (f64, f64),
    scale: Scale,
}

impl Frame {
    /// `x` and all `values` that have a place on `scale`; `None` without one.
    pub fn of(x: (f64, f64), values: impl Iterator<Item = f64>, scale: Scale) -> Option<Self> {
        Some(Self { x: span([x.0, x.1].into_iter())?, y: span(values.filter_map(|y| on(scale, y)))?, scale })
    }

    /// Left and right end.
    pub fn x(&self) -> (f64, f64) {
        self.x
    }

    /// Column of `x` among `count`.
    pub fn column(&self, x: f64, count: u16) -> u16 {
        cell(x, self.x, count)
    }

    /// Row of a value among `count` from the top; `None` where the scale has no place for it.
    pub fn row(&self, y: f64, count: u16) -> Option<u16> {
        Some(self.row_at(self.height(y)?, count))
    }

    /// Row of a [`height`](Self::height).
    pub fn row_at(&self, height: f64, count: u16) -> u16 {
        count.saturating_sub(1) - cell(height, self.y, count)
    }

    /// The value as the rows spread it.
    pub fn height(&self, y: f64) -> Option<f64> {
        on(self.scale, y)
    }

    /// Row and text of the labels on the left: top, bottom, and the middle if there is room.
    pub fn labels(&self, rows: u16) -> Vec<(u16, String)> {
        let (low, high) = self.y;
        let middle = if rows >= 7 && rows % 2 == 1 { vec![rows / 2] } else { Vec::new() };
        let last = rows.saturating_sub(1);
        let places = [0].into_iter().chain(middle).chain((last > 0).then_some(last));
        // The ends are what they are: rounding made a zero there "-0.000000".
        let of = |row: u16| match row {
            0 => high + 0.0,
            row if row == last => low + 0.0,
            row => high - (high - low) * f64::from(row) / f64::from(last),
        };
        places.map(|row| (row, self.label(of(row)))).collect()
    }

    fn label(&self, height: f64) -> String {
        match self.scale {
            Scale::Linear => number(height, self.y.1 - self.y.0),
            Scale::Log => power(10f64.powf(height), self.y.1 - self.y.0),
        }
    }
}

fn on(scale: Scale, y: f64) -> Option<f64> {
    match scale {
        Scale::Linear => Some(y),
        Scale::Log => Some(y.log10()),
    }
    .filter(|y| y.is_finite())
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
    // What is not zero does not read as zero.
    let of_value = if value == 0.0 { 0.0 } else { -value.abs().log10().floor() };
    let decimals = (1.0 - range.log10().floor()).max(of_value).clamp(0.0, 6.0);
    if value.abs() >= 1e5 || range < 1e-5 { format!("{value:.1e}") } else { format!("{value:.*}", decimals as usize) }
}

/// `value` among others that differ by `decades`.
fn power(value: f64, decades: f64) -> String {
    match decades {
        _ if !(1e-3..1e5).contains(&value) => format!("{value:.1e}"),
        0.0..0.5 => number(value, value * decades),
        _ => number(value, value),
    }
}

/// Place of `value` among `count` cells that span `low..=high`.
fn cell(value: f64, (low, high): (f64, f64), count: u16) -> u16 {
    let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
    (share * f64::from(count.saturating_sub(1))).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decade_is_as_high_as_another_on_a_log_scale() {
        let frame = Frame::of((0.0, 1.0), [0.01, 1.0].into_iter(), Scale::Log).expect("values");
        assert_eq!([1.0, 0.1, 0.01].map(|y| frame.row(y, 21)), [Some(0), Some(10), Some(20)]);
        assert_eq!([0.0, -1.0, f64::NAN, f64::INFINITY].map(|y| frame.row(y, 21)), [None; 4]);
        let labels = frame.labels(21);
        assert_eq!(labels.iter().map(|(_, label)| label.as_str()).collect::<Vec<_>>(), ["1.0", "0.10", "0.010"]);
    }

    #[test]
    fn values_without_a_place_make_no_frame() {
        assert_eq!(Frame::of((0.0, 1.0), [0.0, -3.0].into_iter(), Scale::Log), None);
        assert_eq!(Frame::of((0.0, 1.0), [f64::NAN].into_iter(), Scale::Linear), None);
    }
}
