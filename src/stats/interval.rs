//! Confidence levels and intervals; the t interval of a mean.

use serde::Serialize;

use super::distribution::t_quantile;
use super::{Resampling, Sample, finite};

/// A confidence level, strictly between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Level(f64);

impl Level {
    /// The usual one.
    pub const P95: Level = Level(0.95);

    /// `None` unless `level` is strictly between 0 and 1.
    pub fn new(level: f64) -> Option<Self> {
        (level > 0.0 && level < 1.0).then_some(Self(level))
    }

    /// As a number.
    pub fn get(self) -> f64 {
        self.0
    }

    /// `(1 + level)/2`: the share below the upper end of a two-sided interval.
    pub(super) fn upper(self) -> f64 {
        0.5 + self.0 / 2.0
    }
}

/// What intervals and random tests are asked with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Inference {
    /// Of every interval.
    pub level: Level,
    /// Of every bootstrap and Monte-Carlo test.
    pub resampling: Resampling,
}

impl Default for Inference {
    fn default() -> Self {
        Self { level: Level::P95, resampling: Resampling::default() }
    }
}

/// A two-sided confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Student's interval of the mean over cases, robust to cases coming in subjects:
///
/// `x̄ ± t·se`, `se² = G/(G − 1) · Σ_g (s_g − m_g·x̄)² / n²`, t the quantile with G − 1 degrees of freedom,
///
/// over G subjects with m_g cases of sum s_g, `n = Σ m_g`. With one case a subject this is the textbook
/// `x̄ ± t·sd/√n`. `None` with fewer than two subjects, and if all subjects have one mean: a sample without spread says
/// nothing of its error, and an interval of no width would claim the contrary.
///
/// Holds for means that are nearly normal; [`Summary`](super::Summary) says what that costs for few cases of a skewed
/// metric. Its ends may leave the metric's range.
///
/// Source: Liang & Zeger 1986 (the variance, there for regressions), Cameron & Miller 2015, *A practitioner's guide to
/// cluster-robust inference* (the factor and the degrees of freedom); `cov_type="cluster"` of statsmodels.
pub fn t_interval(sample: &Sample, level: Level) -> Option<Interval> {
    if sample.subjects() < 2 || !sample.varies() {
        return None;
    }
    let (mean, cases, subjects) = (sample.mean()?, sample.n() as f64, sample.subjects() as f64);
    let squares: f64 = sample.totals().iter().map(|total| (total.sum - total.count * mean).powi(2)).sum();
    let error = (subjects / (subjects - 1.0) * squares).sqrt() / cases;
    let half = t_quantile(sample.subjects() - 1, level.upper())? * error;
    Some(Interval { low: finite(mean - half)?, high: finite(mean + half)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_cases_by_hand() {
        // mean 1/2, standard error 1/2, t(1 df, 3/4) = 1
        let sample = Sample::independent(&[0.0, 1.0]).expect("finite");
        let interval = t_interval(&sample, Level::new(0.5).expect("a level")).expect("varies");
        assert!(interval.low.abs() < 1e-15 && (interval.high - 1.0).abs() < 1e-15, "{interval:?}");
    }

    #[test]
    fn copies_of_a_case_within_its_subject_teach_nothing() {
        let once = Sample::of([("a", 0.2), ("b", 0.9), ("c", 0.4)]).expect("finite");
        let twice = ["a", "b", "c"].into_iter().zip([0.2, 0.9, 0.4]).cycle().take(6);
        let twice = Sample::of(twice).expect("finite");
        let (once, twice) = (t_interval(&once, Level::P95), t_interval(&twice, Level::P95));
        let (once, twice) = (once.expect("varies"), twice.expect("varies"));
        assert!((once.low - twice.low).abs() < 1e-14 && (once.high - twice.high).abs() < 1e-14);
    }

    #[test]
    fn without_spread_there_is_no_interval() {
        for values in [&[][..], &[0.7], &[0.1; 130]] {
            assert_eq!(t_interval(&Sample::independent(values).expect("finite"), Level::P95), None);
        }
        let one_subject = Sample::of([("a", 0.0), ("a", 1.0)]).expect("finite");
        assert_eq!(t_interval(&one_subject, Level::P95), None);
        for level in [0.0, 1.0, f64::NAN, 95.0] {
            assert_eq!(Level::new(level), None);
        }
    }
}
