//! Curves of very many points, thinned by looking at each value once: parts are found by bisection, not point by point.

use super::point::{COLUMNS, Point};

/// A curve that is read by number: places ascend.
pub struct Dense<X, Y> {
    /// Its points.
    pub len: usize,
    /// Place of a point.
    pub x: X,
    /// Value of a point.
    pub y: Y,
}

impl<X: Fn(usize) -> f64, Y: Fn(usize) -> Option<f64>> Dense<X, Y> {
    /// As [`within`](super::point::within): the points within `window` and one beyond each of its ends, of [`COLUMNS`]
    /// equal parts the first, lowest, highest and last one and the first gap; and how many within are gaps.
    pub fn within(&self, window: Option<(f64, f64)>) -> (Vec<Point>, usize) {
        let (low, high) = window.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let first = bisect(0, self.len, |i| (self.x)(i) < low);
        let beyond = bisect(first, self.len, |i| (self.x)(i) <= high);
        let (begin, end) = (first.saturating_sub(1), (beyond + 1).min(self.len));
        if begin >= end {
            return (Vec::new(), 0);
        }
        let few = end - begin <= 4 * COLUMNS;
        let width = ((self.x)(end - 1) - (self.x)(begin)) / COLUMNS as f64;
        let (mut points, mut gaps, mut at) = (Vec::new(), 0, begin);
        for column in 1..=COLUMNS {
            let stop = match column == COLUMNS || few {
                true => end,
                false => bisect(at, end, |i| (self.x)(i) < (self.x)(begin) + column as f64 * width),
            };
            if few {
                points.extend((at..stop).map(|i| self.point(i)));
                gaps += (first..beyond).filter(|&i| self.value(i).is_none()).count();
                break;
            }
            gaps += self.part(at, stop, &mut points);
            at = stop;
        }
        // The ones beyond the ends are no gaps of the window.
        let outside = (begin..first).chain(beyond..end).filter(|&i| !few && self.value(i).is_none()).count();
        (points, gaps - outside)
    }

    fn value(&self, i: usize) -> Option<f64> {
        (self.y)(i).filter(|y| y.is_finite())
    }

    fn point(&self, i: usize) -> Point {
        Point { x: (self.x)(i), y: self.value(i) }
    }

    /// Adds the telling points of `at..stop`; how many are gaps.
    fn part(&self, at: usize, stop: usize, points: &mut Vec<Point>) -> usize {
        if at >= stop {
            return 0;
        }
        let (mut low, mut high) = ((f64::INFINITY, at), (f64::NEG_INFINITY, at));
        let (mut gaps, mut gap) = (0, at);
        for i in at..stop {
            let Some(y) = self.value(i) else {
                gap = if gaps == 0 { i } else { gap };
                gaps += 1;
                continue;
            };
            low = if y < low.0 { (y, i) } else { low };
            high = if y > high.0 { (y, i) } else { high };
        }
        let mut telling = [at, low.1, high.1, gap, stop - 1];
        telling.sort_unstable();
        let new = (0..telling.len()).filter(|&n| n == 0 || telling[n] != telling[n - 1]);
        points.extend(new.map(|n| self.point(telling[n])));
        gaps
    }
}

/// The first of `low..high` for which `before` does not hold, if it holds up to there.
fn bisect(mut low: usize, mut high: usize, before: impl Fn(usize) -> bool) -> usize {
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::point::within;

    fn value(i: usize) -> Option<f64> {
        (i % 1_009 != 3).then(|| if i == 654_321 { 9.0 } else { (i as f64 * 0.37).sin() })
    }

    fn both(len: usize, window: Option<(f64, f64)>) -> [(Vec<Point>, usize); 2] {
        let points = (0..len).map(|i| Point { x: i as f64, y: value(i) });
        [Dense { len, x: |i| i as f64, y: value }.within(window), within(points, window)]
    }

    #[test]
    fn few_points_are_the_same_as_one_by_one() {
        for window in [None, Some((10.5, 2_000.0)), Some((-5.0, 3.0)), Some((3.2, 3.4)), Some((9e9, 1e10))] {
            for len in [0, 1, 2, 5_000] {
                let [dense, single] = both(len, window);
                assert_eq!(dense, single, "{len} {window:?}");
            }
        }
    }

    #[test]
    fn of_many_points_no_extreme_no_gap_and_no_end_is_lost() {
        for window in [None, Some((200_000.0, 800_000.5)), Some((654_000.0, 670_000.0))] {
            let [(dense, gaps), (single, expected)] = both(1_000_000, window);
            assert_eq!(gaps, expected, "{window:?}");
            let ends = |points: &[Point]| [points.first().copied(), points.last().copied()];
            assert_eq!(ends(&dense), ends(&single), "{window:?}");
            let most = |points: &[Point]| points.iter().filter_map(Point::value).fold(f64::MIN, f64::max);
            let least = |points: &[Point]| points.iter().filter_map(Point::value).fold(f64::MAX, f64::min);
            assert_eq!((most(&dense), least(&dense)), (most(&single), least(&single)), "{window:?}");
            assert!(dense.is_sorted_by(|a, b| a.x < b.x) && dense.len() <= 5 * COLUMNS, "{}", dense.len());
        }
    }

    #[test]
    fn what_does_not_ascend_is_no_panic() {
        let odd = |i: usize| [f64::NAN, 3.0, -1.0, f64::INFINITY][i % 4];
        Dense { len: 50_000, x: odd, y: value }.within(Some((0.0, 2.0)));
        Dense { len: 50_000, x: |_| 1.0, y: |_| None }.within(None);
    }
}
