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
    if points.len() <= 4 * columns {
        return points.to_vec();
    }
    Thinned::of(points, columns).points()
}

/// A curve in equal parts, of which the telling points are kept; it may go on.
struct Thinned {
    begin: f64,
    width: f64,
    columns: usize,
    parts: Vec<(usize, Part)>,
    /// Where the last part ends.
    end: f64,
}

impl Thinned {
    fn of(points: &[Point], columns: usize) -> Self {
        let [begin, end] = [points.first(), points.last()].map(|point| point.map_or(0.0, |point| point.x));
        // The last point is part of the last part.
        let width = ((end - begin) / columns as f64).max(f64::MIN_POSITIVE) * (1.0 + f64::EPSILON * 4.0);
        let mut thinned = Self { begin, width, columns, parts: Vec::with_capacity(2 * columns), end: begin };
        points.iter().for_each(|point| thinned.push(*point));
        thinned
    }

    #[inline]
    fn push(&mut self, point: Point) {
        if point.x < self.end
            && let Some((_, part)) = self.parts.last_mut()
        {
            return part.push(point);
        }
        let mut place = ((point.x - self.begin) / self.width) as usize;
        while place >= 2 * self.columns {
            self.halve();
            place /= 2;
        }
        match self.parts.last_mut() {
            Some((own, part)) if *own == place => part.push(point),
            _ => self.parts.push((place, Part::of(point))),
        }
        self.end = self.begin + (place + 1) as f64 * self.width;
    }

    /// Twice as much in each part.
    fn halve(&mut self) {
        self.width *= 2.0;
        let mut halved: Vec<(usize, Part)> = Vec::with_capacity(2 * self.columns);
        for (place, part) in self.parts.drain(..) {
            match halved.last_mut() {
                Some((own, before)) if *own == place / 2 => part.points().for_each(|point| before.push(point)),
                _ => halved.push((place / 2, part)),
            }
        }
        self.parts = halved;
    }

    fn points(&self) -> Vec<Point> {
        self.parts.iter().flat_map(|(_, part)| part.points()).collect()
    }
}

/// The telling points of a part of a curve.
#[derive(Clone, Copy)]
struct Part {
    first: Point,
    low: Option<(f64, Point)>,
    high: Option<(f64, Point)>,
    gap: Option<Point>,
    last: Point,
}

impl Part {
    fn of(point: Point) -> Self {
        let mut part = Self { first: point, low: None, high: None, gap: None, last: point };
        part.push(point);
        part
    }

    #[inline]
    fn push(&mut self, point: Point) {
        self.last = point;
        let Some(y) = point.value() else {
            self.gap = self.gap.or(Some(point));
            return;
        };
        if self.low.is_none_or(|(low, _)| y < low) {
            self.low = Some((y, point));
        }
        if self.high.is_none_or(|(high, _)| y > high) {
            self.high = Some((y, point));
        }
    }

    /// Each once, in their order.
    fn points(&self) -> impl Iterator<Item = Point> + use<> {
        let of = |value: Option<(f64, Point)>| value.map_or(self.first, |(_, point)| point);
        let mut points = [self.first, of(self.low), of(self.high), self.gap.unwrap_or(self.first), self.last];
        points.sort_unstable_by(|a, b| a.x.total_cmp(&b.x));
        (0..points.len()).filter(move |&i| i == 0 || points[i].x != points[i - 1].x).map(move |i| points[i])
    }
}

/// The points within `window` and one beyond each of its ends, thinned; and how many of those within are gaps.
pub fn within(points: impl Iterator<Item = Point>, window: Option<(f64, f64)>) -> (Vec<Point>, usize) {
    let (low, high) = window.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
    let (mut kept, mut gaps, mut before) = (Kept::All(Vec::new()), 0, None);
    for point in points {
        if point.x < low {
            before = Some(point);
            continue;
        }
        before.take().into_iter().for_each(|point| kept.push(point));
        kept.push(point);
        if point.x > high {
            break;
        }
        gaps += usize::from(point.value().is_none());
    }
    before.take().into_iter().for_each(|point| kept.push(point));
    let kept = match kept {
        Kept::All(points) => points,
        Kept::Thinned(thinned) => thinned.points(),
    };
    (decimate(&kept, COLUMNS), gaps)
}

/// Never all of a long run at once.
enum Kept {
    All(Vec<Point>),
    Thinned(Thinned),
}

impl Kept {
    #[inline]
    fn push(&mut self, point: Point) {
        match self {
            Kept::All(points) if points.len() < 16 * COLUMNS => points.push(point),
            Kept::All(points) => {
                let mut thinned = Thinned::of(points, COLUMNS);
                thinned.push(point);
                *self = Kept::Thinned(thinned);
            }
            Kept::Thinned(thinned) => thinned.push(point),
        }
    }
}

/// Exponential moving average in which the past weighs `weight`, without the bias of its beginning:
/// `s_i = w·s_{i-1} + (1 − w)·y_i`, shown as `s_i / (1 − wⁱ)`. A gap stays one, and counts for nothing.
pub fn smoothed(points: impl Iterator<Item = Point>, weight: f64) -> impl Iterator<Item = Point> {
    let (mut sum, mut past) = (0.0, 1.0);
    points.map(move |point| {
        let y = point.value().map(|y| {
            sum = weight * sum + (1.0 - weight) * y;
            // Later on, the beginning weighs nothing any more.
            if past > f64::EPSILON / 2.0 {
                past *= weight;
                return sum / (1.0 - past);
            }
            sum
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
