//! Which interval stands beside a mean, and how.

use super::render::number;
use crate::metric::Metric;
use crate::stats::{Interval, Summary};

/// `low … high`.
pub fn range(metric: &Metric, interval: Option<Interval>) -> String {
    let ends = |Interval { low, high }| format!("{} … {}", number(metric, Some(low)), number(metric, Some(high)));
    interval.map_or_else(|| number(metric, None), ends)
}

/// Of the mean: t, or BCa where t has none or leaves the metric's range.
pub(super) fn shown_interval(summary: &Summary, metric: &Metric) -> Option<Interval> {
    summary.t.filter(|own| is_inside(own, metric)).or(summary.bca)
}

/// Whether a metric can be anywhere in the interval: ratios from 0 to 1, pixels from 0.
pub(super) fn is_inside(interval: &Interval, metric: &Metric) -> bool {
    let most = if metric.unit.is_empty() { 1.0 } else { f64::INFINITY };
    interval.low >= 0.0 && interval.high <= most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::metric;

    #[test]
    fn an_interval_beyond_what_a_metric_can_be_is_known() {
        let inside = |low, high, name| is_inside(&Interval { low, high }, metric(name).expect("a metric"));
        assert!(inside(0.0, 1.0, "dsc") && inside(0.0, 40.0, "hd95_px"));
        assert!(!inside(0.9, 1.006, "dsc") && !inside(-0.7, 40.0, "hd95_px"));
    }
}
