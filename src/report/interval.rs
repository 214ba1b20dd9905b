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

/// Whether a metric can be anywhere in the interval: ratios from 0 to 1, pixels from 0, a loss at any number.
pub(super) fn is_inside(interval: &Interval, metric: &Metric) -> bool {
    if metric.is_loss() {
        return true;
    }
    let most = if metric.unit.is_empty() { 1.0 } else { f64::INFINITY };
    interval.low >= 0.0 && interval.high <= most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Task, metric};

    #[test]
    fn a_loss_may_be_below_0_and_above_1() {
        let loss = Task::Segmentation.metric("loss").expect("a metric");
        let t = Interval { low: -0.2, high: 1.7 };
        assert!(is_inside(&t, loss));
        let bca = Some(Interval { low: 0.1, high: 1.2 });
        let (mean, none) = (Some(0.75), None);
        let summary = Summary {
            n: 8,
            undefined: 0,
            subjects: 8,
            mean,
            sd: none,
            median: none,
            q1: none,
            q3: none,
            t: Some(t),
            bca,
        };
        assert_eq!(shown_interval(&summary, loss), Some(t));
        assert_eq!(shown_interval(&summary, metric("dsc").expect("a metric")), summary.bca);
    }

    #[test]
    fn an_interval_beyond_what_a_metric_can_be_is_known() {
        let inside = |low, high, name| is_inside(&Interval { low, high }, metric(name).expect("a metric"));
        assert!(inside(0.0, 1.0, "dsc") && inside(0.0, 40.0, "hd95_px"));
        assert!(!inside(0.9, 1.006, "dsc") && !inside(-0.7, 40.0, "hd95_px"));
    }
}
