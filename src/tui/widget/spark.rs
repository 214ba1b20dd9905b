//! A row of bars, the newest at the right; a second without a value is a blank, not a zero.

use std::collections::VecDeque;

/// Seconds that are kept: more than the widest terminal shows.
const KEPT: usize = 300;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Values of the last minutes, one a second.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    values: VecDeque<Option<f64>>,
    newest_s: f64,
}

impl History {
    /// Adds the value at `at_s`; the seconds since the one before it stay empty.
    pub fn push(&mut self, at_s: f64, value: Option<f64>) {
        let missed = if self.values.is_empty() { 0.0 } else { at_s - self.newest_s - 1.0 };
        let missed = missed.round().clamp(0.0, KEPT as f64) as usize;
        self.values.extend(std::iter::repeat_n(None, missed));
        self.values.push_back(value.filter(|value| value.is_finite()));
        self.values.drain(..self.values.len().saturating_sub(KEPT));
        self.newest_s = at_s;
    }

    /// Mean of the newest `count` seconds, as far as they have values.
    pub fn mean(&self, count: usize) -> Option<f64> {
        let newest = self.values.iter().rev().take(count).flatten();
        let (sum, n) = newest.fold((0.0, 0), |(sum, n), value| (sum + value, n + 1));
        (n > 0).then(|| sum / f64::from(n))
    }

    /// The newest `columns` seconds as bars of a scale from 0 to `top`.
    pub fn bars(&self, columns: usize, top: f64) -> String {
        let newest = self.values.iter().skip(self.values.len().saturating_sub(columns));
        let bar = |value: &f64| BARS[((value / top).clamp(0.0, 1.0) * (BARS.len() - 1) as f64).round() as usize];
        newest.map(|value| value.as_ref().map_or(' ', bar)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_without_a_value_are_blanks() {
        let mut history = History::default();
        history.push(10.0, Some(0.0));
        history.push(11.1, Some(1.0));
        history.push(14.0, None);
        history.push(15.0, Some(2.0));
        assert_eq!(history.bars(9, 1.0), "▁█   █");
        assert_eq!(history.bars(2, 1.0), " █");
        assert_eq!((history.mean(1), history.mean(2), history.mean(9)), (Some(2.0), Some(2.0), Some(1.0)));
    }

    #[test]
    fn neither_a_long_pause_nor_an_odd_clock_takes_memory() {
        let mut history = History::default();
        for at_s in [0.0, 1e12, 5.0, f64::NAN, 6.0] {
            history.push(at_s, Some(f64::NAN));
            assert!(history.values.len() <= KEPT);
        }
        assert_eq!((history.mean(9), History::default().bars(5, 1.0)), (None, String::new()));
    }
}
