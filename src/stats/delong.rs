//! The variance of an AUC and of the difference of two, without resampling.

use std::collections::BTreeMap;

use serde::Serialize;

use super::distribution::{normal_cdf, normal_quantile};
use super::{Interval, Level};

/// A case and the score that ranks it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked<'a> {
    /// The case's identifier.
    pub case: &'a str,
    /// The subject that it belongs to.
    pub subject: &'a str,
    /// Malignant.
    pub positive: bool,
    /// Higher for positives, if the ranking is worth anything.
    pub score: f64,
}

/// How each case stands against those of the other class: for a positive the share of negatives below it, for a negative
/// the share of positives above it, ties counted half. The mean over either class is the AUC.
#[derive(Clone, Debug, PartialEq)]
pub struct Placements {
    by_case: BTreeMap<String, Placement>,
}

#[derive(Clone, Debug, PartialEq)]
struct Placement {
    subject: String,
    positive: bool,
    share: f64,
}

/// Two AUCs over the same cases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DeLong {
    /// AUC of the arm less that of the other.
    pub difference: f64,
    /// Its standard error.
    pub se: f64,
    /// Two-sided, normal.
    pub p: f64,
}

impl Placements {
    /// Of one ranking; `None` without cases of both classes, or if a case comes twice.
    pub fn of(cases: &[Ranked]) -> Option<Self> {
        let scores = |positive| cases.iter().filter(move |c| c.positive == positive).map(|c| c.score);
        let placement = |case: &Ranked| {
            let won = |other: f64| match case.score.partial_cmp(&other) {
                Some(std::cmp::Ordering::Equal) => 0.5,
                Some(order) => f64::from(u8::from(order.is_gt() == case.positive)),
                None => f64::NAN,
            };
            let share = scores(!case.positive).map(won).sum::<f64>() / scores(!case.positive).count() as f64;
            let placement = Placement { subject: case.subject.to_owned(), positive: case.positive, share };
            (case.case.to_owned(), placement)
        };
        let by_case: BTreeMap<_, _> = cases.iter().map(placement).collect();
        let fine = by_case.len() == cases.len() && !cases.is_empty();
        (fine && by_case.values().all(|placement| placement.share.is_finite())).then_some(Self { by_case })
    }

    /// Of the mean AUC of several rankings of the same cases (seeds); `None` if the cases differ, or without any.
    pub fn mean(rankings: &[Self]) -> Option<Self> {
        let (first, rest) = rankings.split_first()?;
        let mut mean = first.clone();
        for ranking in rest {
            mean = mean.combined(ranking, |sum, add| sum + add)?;
        }
        mean.by_case.values_mut().for_each(|placement| placement.share /= rankings.len() as f64);
        Some(mean)
    }

    /// Area under the ROC curve.
    pub fn auc(&self) -> f64 {
        let shares: Vec<f64> = self.by_case.values().filter(|p| p.positive).map(|p| p.share).collect();
        shares.iter().sum::<f64>() / shares.len() as f64
    }

    /// `AUC ± z·se`, cut at 0 and 1. `None` where [`se`](Self::se) is, and where it is 0: a ranking without a fault says
    /// nothing of its error.
    pub fn interval(&self, level: Level) -> Option<Interval> {
        let se = self.se().filter(|se| *se > 0.0)?;
        let reach = normal_quantile(level.upper())? * se;
        let auc = self.auc();
        Some(Interval { low: (auc - reach).max(0.0), high: (auc + reach).min(1.0) })
    }

    /// DeLong's standard error, subjects with several cases as clusters:
    ///
    /// `se² = S₁₀/m + S₀₁/n + 2·S₁₁/(m·n)`, `S₁₀ = I₁₀/((I₁₀ − 1)·m) · Σ_k (V₁₀(k) − m_k·θ)²`, S₀₁ alike,
    /// `S₁₁ = I/(I − 1) · Σ_k (V₁₀(k) − m_k·θ)(V₀₁(k) − n_k·θ)`,
    ///
    /// over I subjects k with m_k positives and n_k negatives, I₁₀ of them with a positive, V(k) the sum of the subject's
    /// placements and θ the AUC. With one case a subject this is DeLong's. `None` with fewer than two subjects in a class.
    /// Source: DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595; clusters: Obuchowski 1997, doi:10.2307/2533958.
    pub fn se(&self) -> Option<f64> {
        let auc = self.auc();
        // of each subject: Σ (V₁₀ − θ), Σ (V₀₁ − θ), and whether it has cases of the class
        let mut subjects: BTreeMap<&str, [Option<f64>; 2]> = BTreeMap::new();
        let mut cases = [0.0_f64; 2];
        for placement in self.by_case.values() {
            let class = usize::from(!placement.positive);
            cases[class] += 1.0;
            *subjects.entry(&placement.subject).or_default()[class].get_or_insert(0.0) += placement.share - auc;
        }
        let correction = |n: usize| (n > 1).then(|| n as f64 / (n as f64 - 1.0));
        let spread = |class: usize| -> Option<f64> {
            let sums: Vec<f64> = subjects.values().filter_map(|sums| sums[class]).collect();
            Some(correction(sums.len())? * sums.iter().map(|sum| sum * sum).sum::<f64>() / cases[class].powi(2))
        };
        let both = subjects.values().filter_map(|sums| Some(sums[0]? * sums[1]?)).sum::<f64>();
        let together = correction(subjects.len())? * 2.0 * both / (cases[0] * cases[1]);
        Some((spread(0)? + spread(1)? + together).max(0.0).sqrt())
    }

    /// DeLong's test of the difference to `other`; `None` if the cases differ or the difference has no error.
    /// Source: DeLong et al. 1988, eq. 5.
    pub fn less(&self, other: &Self) -> Option<DeLong> {
        let difference = self.combined(other, |a, b| a - b)?;
        let (se, difference) = (difference.se()?, difference.auc());
        let z = (se > 0.0).then(|| difference / se)?;
        Some(DeLong { difference, se, p: 2.0 * normal_cdf(-z.abs())? })
    }

    fn combined(&self, other: &Self, of: impl Fn(f64, f64) -> f64) -> Option<Self> {
        let one = |((case, a), (name, b)): ((&String, &Placement), (&String, &Placement))| {
            let same = case == name && a.subject == b.subject && a.positive == b.positive;
            same.then(|| (case.clone(), Placement { share: of(a.share, b.share), ..a.clone() }))
        };
        let pairs = (self.by_case.len() == other.by_case.len()).then(|| self.by_case.iter().zip(&other.by_case))?;
        Some(Self { by_case: pairs.map(one).collect::<Option<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

    fn ranked(scores: [f64; 5], subjects: [&'static str; 5]) -> Placements {
        let case = |i: usize| Ranked { case: NAMES[i], subject: subjects[i], positive: i < 2, score: scores[i] };
        Placements::of(&[0, 1, 2, 3, 4].map(case)).expect("both classes")
    }

    #[test]
    fn two_positives_and_three_negatives_by_hand() {
        // positives .8 .5, negatives .6 .4 .5: shares 1, (0 + 1 + ½)/3 = ½; ½, 1, ¾
        let placements = ranked([0.8, 0.5, 0.6, 0.4, 0.5], NAMES);
        assert_eq!(placements.auc(), 0.75);
        // S₁₀ = 2 · (1/4)² = 1/8 over m = 2; S₀₁ = (1/16 + 1/16)/2 over n = 3
        let expected = (1.0 / 16.0 + 1.0 / 48.0_f64).sqrt();
        assert!((placements.se().expect("two a class") - expected).abs() < 1e-14);
    }

    #[test]
    fn the_same_case_again_is_no_further_evidence() {
        let alone = ranked([0.8, 0.5, 0.6, 0.4, 0.5], NAMES);
        let again = ranked([0.8, 0.8, 0.6, 0.4, 0.5], ["p", "p", "c", "d", "e"]);
        assert_eq!(again.se(), None, "one subject with positives");
        let clustered = ranked([0.8, 0.5, 0.6, 0.4, 0.5], ["p", "q", "p", "d", "e"]);
        assert!(clustered.se() != alone.se() && clustered.auc() == alone.auc());
    }

    #[test]
    fn a_ranking_against_itself_has_no_test_and_a_perfect_one_no_interval() {
        let placements = ranked([0.8, 0.5, 0.6, 0.4, 0.5], NAMES);
        assert_eq!(placements.less(&placements), None);
        let perfect = ranked([0.9, 0.8, 0.1, 0.2, 0.3], NAMES);
        assert_eq!((perfect.auc(), perfect.interval(Level::P95)), (1.0, None));
        let mean = Placements::mean(&[placements.clone(), perfect.clone()]).expect("same cases");
        assert_eq!(mean.auc(), 0.875);
        let difference = perfect.less(&placements).expect("differs");
        assert!(difference.difference == 0.25 && difference.p > 0.3, "{difference:?}");
    }

    #[test]
    fn one_class_has_no_placements() {
        let case = |i: usize| Ranked { case: NAMES[i], subject: NAMES[i], positive: true, score: 0.5 };
        assert_eq!(Placements::of(&[0, 1].map(case)), None);
        assert_eq!(Placements::of(&[]), None);
    }
}
