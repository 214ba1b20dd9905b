//! One arm against the chosen one in one metric: which test speaks, and what it says.

use super::inference::{Answer, Answers, ArmAnswer};
use super::interval::shown_interval;
use crate::metric::{Better, Metric};
use crate::stats::{Interval, Null, Summary};

/// What a test says of an arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Better than the chosen arm.
    Better,
    /// Worse than it.
    Worse,
    /// Not told apart.
    Open,
}

/// An arm less the chosen one. The test is the one that goes with the mean that tables show: sign flips of the
/// differences, which weigh every case the same; DeLong's for the area under the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// Of the means; `None` without pairs.
    pub difference: Option<f64>,
    /// Of the difference, by bootstrap.
    pub interval: Option<Interval>,
    /// Cases for which both have a value.
    pub pairs: usize,
    /// Cases that either has, and either has no value for.
    pub dropped: usize,
    /// Whether both were scored on the same cases.
    pub same_cases: bool,
    /// Two-sided.
    pub p: Option<f64>,
    /// After Holm over the arms of the table.
    pub holm: Option<f64>,
    /// By the p value after Holm; `None` without a test, or on other cases.
    pub standing: Option<Standing>,
}

impl Answers {
    /// `arm` less the chosen one; `None` for the chosen arm itself and for one that leaks.
    pub fn contrast(&self, arm: &str, metric: &Metric) -> Option<Contrast> {
        let (own, chosen) = (self.row(arm, metric)?, self.row(&self.against, metric)?);
        let paired = own.paired?;
        let (p, holm) = match metric.of_all {
            Some(_) => own.exact.map_or((None, None), |exact| (exact.p(), exact.holm)),
            None => (paired.sign_flip.map(|test| test.p), paired.sign_flip_holm),
        };
        let union = paired.n + paired.dropped;
        let cases = |arm: &ArmAnswer| arm.summary.n + arm.summary.undefined;
        let same_cases = cases(own) == union && cases(chosen) == union;
        let standing = |p: f64| match paired.mean_difference {
            Some(difference) if p < 1.0 - self.level && difference != 0.0 => {
                let better = (difference > 0.0) == (metric.better == Better::Higher);
                if better { Standing::Better } else { Standing::Worse }
            }
            _ => Standing::Open,
        };
        Some(Contrast {
            difference: paired.mean_difference,
            interval: paired.bca,
            pairs: paired.n,
            dropped: paired.dropped,
            same_cases,
            p,
            holm,
            standing: holm.filter(|_| same_cases).map(standing),
        })
    }

    /// `arm` over cases.
    pub fn summary(&self, arm: &str, metric: &Metric) -> Option<&Summary> {
        self.row(arm, metric).map(|row| &row.summary)
    }

    /// Of the mean of `arm`: t, or BCa where t has none or leaves the metric's range, as in reports.
    pub fn interval(&self, arm: &str, metric: &Metric) -> Option<Interval> {
        shown_interval(self.summary(arm, metric)?, metric)
    }

    fn row(&self, arm: &str, metric: &Metric) -> Option<&ArmAnswer> {
        let answer = self.metrics.iter().find(|answer| answer.metric == metric.name)?;
        answer.arms.iter().find(|row| row.arm == arm)
    }
}

impl Answer {
    /// The least p of sign flips that any arm could have after Holm: if all subjects differed one way. 0 where signs
    /// are drawn; `None` where none is tested by them.
    pub fn least_holm(&self) -> Option<f64> {
        let flips = || self.arms.iter().filter_map(|arm| arm.paired.as_ref()?.sign_flip.as_ref());
        let least = flips().map(|flip| match flip.null {
            Null::Exact => 2.0_f64.powi(1 - flip.n.min(100) as i32),
            _ => 0.0,
        });
        let by_signs = self.row().of_all.is_none();
        Some((least.reduce(f64::min)? * flips().count() as f64).min(1.0)).filter(|_| by_signs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::metric;
    use crate::stats::{Paired, SignFlip};

    fn row(arm: &str, cases: usize, paired: Option<Paired>) -> ArmAnswer {
        let summary = Summary {
            n: cases,
            undefined: 0,
            subjects: cases,
            mean: Some(0.5),
            sd: None,
            median: None,
            q1: None,
            q3: None,
            t: None,
            bca: None,
        };
        let (runs, subjects_needed, pooled, before) = (None, None, None, None);
        ArmAnswer { arm: arm.into(), summary, runs, subjects_needed, pooled, before, paired, leak: None, exact: None }
    }

    fn standing(name: &'static str, (difference, holm, dropped): (f64, f64, usize)) -> Option<Standing> {
        let sign_flip = Some(SignFlip { n: 10, mean: difference, p: holm / 2.0, null: Null::Exact });
        let paired = Paired {
            n: 10,
            dropped,
            mean_difference: Some(difference),
            sign_flip,
            sign_flip_holm: Some(holm),
            ..Paired::default()
        };
        let arms = vec![row("a", 10, None), row("b", 10, Some(paired))];
        let answers = Answers {
            schema: 1,
            level: 0.95,
            resamples: 10_000,
            seed: 0,
            against: "a".into(),
            width: None,
            metrics: vec![Answer { metric: name, arms, ranks: None }],
        };
        assert_eq!(answers.contrast("a", metric(name).expect("registered")), None);
        answers.contrast("b", metric(name).expect("registered")).expect("paired").standing
    }

    #[test]
    fn better_is_as_the_metric_has_it_and_only_after_holm() {
        assert_eq!(standing("dsc", (0.1, 0.04, 0)), Some(Standing::Better));
        assert_eq!(standing("dsc", (-0.1, 0.04, 0)), Some(Standing::Worse));
        assert_eq!(standing("hd95_px", (-0.1, 0.04, 0)), Some(Standing::Better));
        assert_eq!(standing("dsc", (0.1, 0.06, 0)), Some(Standing::Open));
    }

    #[test]
    fn the_least_p_is_two_of_all_signs_for_each_arm_that_is_tested() {
        let paired = |n, null| {
            let sign_flip = Some(SignFlip { n, mean: 0.1, p: 0.1, null });
            Some(Paired { sign_flip, ..Paired::default() })
        };
        let of = |metric, null| {
            let arms = vec![row("a", 8, None), row("b", 8, paired(8, null)), row("c", 8, paired(6, null))];
            Answer { metric, arms, ranks: None }.least_holm()
        };
        assert_eq!(of("dsc", Null::Exact), Some(2.0 * 2.0 / 256.0));
        assert_eq!(of("dsc", Null::MonteCarlo), Some(0.0));
        assert_eq!(Answer { metric: "dsc", arms: vec![row("a", 8, None)], ranks: None }.least_holm(), None);
    }

    #[test]
    fn an_arm_on_other_cases_stands_nowhere() {
        assert_eq!(standing("dsc", (0.1, 0.001, 2)), None);
    }
}
