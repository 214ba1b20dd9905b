//! Points of curves, smoothed, cut to a window and thinned without losing a spike or a gap.

/// Columns that no terminal exceeds; curves are kept at this resolution.
pub const COLUMNS: usize = 2048;

/// A value at a place; a value that is none, or not finite, is a gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Epoch, step or seconds; ascending.
    pub x: f64,
    /// The value.
    pub y: Option<f64>,
}

impl Point {
    /// The value, if it has a place among numbers.
    pub fn value(&self) -> Option<f64> {
        self.y.filter(|y| y.is_finite())
    }
}

/// First, lowest, highest and last point and the first gap of each of `columns` equal parts: drawn at that width, it is
/// the whole curve.
pub fn decimate(points: &[Point], columns: usize) -> Vec<Point> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    if points.len() <= 4 * columns {
        return points.to_vec();
    }
    let part = |p: &Point| ((p.x - first.x) / (last.x - first.x) * columns as f64).min(columns as f64 - 1.0) as usize;
    points.chunk_by(|a, b| part(a) == part(b)).flat_map(telling).collect()
}

fn telling(part: &[Point]) -> impl Iterator<Item = Point> {
    let defined = || (0..part.len()).filter(|&i| part[i].value().is_some());
    let by_value = |a: &usize, b: &usize| part[*a].y.partial_cmp(&part[*b].y).unwrap_or(std::cmp::Ordering::Equal);
    let gap = part.iter().position(|p| p.value().is_none());
    let last = part.len() - 1;
    let mut kept = [Some(0), defined().min_by(by_value), defined().max_by(by_value), gap, Some(last)];
    kept.sort_unstable();
    let again = |i: usize| i > 0 && kept[i] == kept[i - 1];
    (0..kept.len()).filter(|&i| !again(i)).filter_map(|i| kept[i]).map(|i| part[i]).collect::<Vec<_>>().into_iter()
}

/// The points within `window` and one beyond each of its ends, thinned; and how many of those within are gaps.
pub fn within(points: impl Iterator<Item = Point>, window: Option<(f64, f64)>) -> (Vec<Point>, usize) {
    let (low, high) = window.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
    let (mut kept, mut gaps, mut before) = (Vec::new(), 0, None);
    for point in points {
        if point.x < low {
            before = Some(point);
            continue;
        }
        kept.extend(before.take());
        kept.push(point);
        if point.x > high {
            break;
        }
        gaps += usize::from(point.value().is_none());
        // Never all of a long run at once.
        if kept.len() > 16 * COLUMNS {
            kept = decimate(&kept, COLUMNS);
        }
    }
    kept.extend(before.take());
    (if kept.len() > 4 * COLUMNS { decimate(&kept, COLUMNS) } else { kept }, gaps)
}

/// Exponential moving average in which the past weighs `weight`, without the bias of its beginning:
/// `s_i = w·s_{i-1} + (1 − w)·y_i`, shown as `s_i / (1 − wⁱ)`. A gap stays one, and counts for nothing.
pub fn smoothed(points: impl Iterator<Item = Point>, weight: f64) -> impl Iterator<Item = Point> {
    let (mut sum, mut past) = (0.0, 1.0);
    points.map(move |point| {
        let y = point.value().map(|y| {
            sum = weight * sum + (1.0 - weight) * y;
            past *= weight;
            sum / (1.0 - past)
        });
        Point { y, ..point }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: impl IntoIterator<Item = Option<f64>>) -> Vec<Point> {
        values.into_iter().enumerate().map(|(i, y)| Point { x: i as f64, y }).collect()
    }

    #[test]
    fn a_spike_of_one_point_among_a_million_stays() {
        let curve = points((0..1_000_000).map(|i| Some(if i == 654_321 { 9.0 } else { 0.1 })));
        let kept = decimate(&curve, 80);
        assert!(kept.len() <= 320, "{}", kept.len());
        assert!(kept.contains(&Point { x: 654_321.0, y: Some(9.0) }));
        assert!(kept.is_sorted_by(|a, b| a.x < b.x));
        assert!(within(curve.into_iter(), None).0.contains(&Point { x: 654_321.0, y: Some(9.0) }));
    }

    #[test]
    fn decimating_twice_keeps_the_spike_the_gap_and_the_ends() {
        let curve = points((0..100_000).map(|i| (i != 70_001).then(|| if i == 5 { -3.0 } else { 1.0 })));
        let (kept, gaps) = within(curve.into_iter(), None);
        let kept = decimate(&kept, 60);
        assert!(kept.iter().any(|p| p.y == Some(-3.0)));
        assert!(kept.contains(&Point { x: 70_001.0, y: None }));
        assert_eq!((kept[0].x, kept[kept.len() - 1].x, gaps), (0.0, 99_999.0, 1));
    }

    #[test]
    fn a_window_keeps_its_points_and_one_beyond_each_end() {
        let curve = points((0..100).map(|i| (i != 12).then_some(1.0)));
        let (kept, gaps) = within(curve.into_iter(), Some((10.0, 13.0)));
        assert_eq!(kept.iter().map(|p| p.x).collect::<Vec<_>>(), [9.0, 10.0, 11.0, 12.0, 13.0, 14.0]);
        assert_eq!(gaps, 1);
    }

    #[test]
    fn a_window_of_a_million_steps_is_exact_where_it_is_narrow() {
        let curve = points((0..1_000_000).map(|i| Some(f64::from(i % 977))));
        let (kept, _) = within(curve.iter().copied(), Some((500_000.0, 500_999.0)));
        assert_eq!(kept, curve[499_999..=501_000]);
    }

    #[test]
    fn smoothing_weighs_the_past_and_leaves_gaps() {
        // 4; then (0.6·(0.4·4) + 0.4·8) / (1 − 0.36) = 6.5
        let smooth: Vec<_> = smoothed(points([Some(4.0), None, Some(8.0)]).into_iter(), 0.6).map(|p| p.y).collect();
        assert_eq!(smooth[..2], [Some(4.0), None]);
        assert!((smooth[2].expect("a value") - 6.5).abs() < 1e-12);
    }
}
