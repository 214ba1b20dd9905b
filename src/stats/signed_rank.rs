//! Wilcoxon's signed-rank test on paired differences.

use serde::Serialize;

use super::distribution::normal_cdf;
use super::{Null, Sample};

/// Up to here the null distribution is enumerated. The limit of `scipy.stats.wilcoxon`, so that an untied p value is the
/// one a reader gets there; and 2⁵⁰ outcomes are still counted exactly in a double.
const EXACT: usize = 50;

/// Two-sided, with what it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SignedRank {
    /// Subjects whose difference is not zero; only these count.
    pub n: usize,
    /// Sum of the ranks of positive differences.
    pub w_plus: f64,
    /// Sum of the ranks of negative differences.
    pub w_minus: f64,
    /// Two-sided p value.
    pub p: f64,
    /// Exact up to 50 subjects, ties or not; else normal.
    #[serde(rename = "method")]
    pub null: Null,
}

impl SignedRank {
    /// Matched-pairs rank-biserial correlation `(W₊ − W₋)/(W₊ + W₋)`, in −1..=1: the share of rank sums for a positive
    /// difference less the share against. `None` if every difference is zero.
    /// Source: Kerby 2014, *The simple difference formula*.
    pub fn rank_biserial(&self) -> Option<f64> {
        super::finite((self.w_plus - self.w_minus) / (self.w_plus + self.w_minus))
    }
}

/// Is the distribution of the subjects' mean differences symmetric about zero?
///
/// Zero differences are dropped, equal magnitudes share their mean rank. Up to 50 subjects p is exact given the ties:
/// `min(1, 2·min(P(W ≤ W₊), P(W ≥ W₊)))` over all 2ⁿ signs. Beyond, `p = 2Φ(−|z|)` with
/// `z = (W₊ − n(n + 1)/4) / √((n(n + 1)(2n + 1) − Σ(t³ − t)/2)/24)` over groups of t equal magnitudes, without a
/// continuity correction. p = 1 if every difference is zero; `None` without subjects.
///
/// Equals `scipy.stats.wilcoxon` (`zero_method="wilcox"`, `correction=False`). Ours differs: with ties or zeros and 14 to
/// 50 subjects SciPy falls back to the normal approximation, ours stays exact.
///
/// Source: Wilcoxon 1945; ties by Lehmann 1975, *Nonparametrics*.
pub fn wilcoxon(differences: &Sample) -> Option<SignedRank> {
    if differences.subjects() == 0 {
        return None;
    }
    let mut nonzero: Vec<f64> = differences.subject_means().into_iter().filter(|d| *d != 0.0).collect();
    nonzero.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let groups: Vec<&[f64]> = nonzero.chunk_by(|a, b| a.abs() == b.abs()).collect();
    let ranks = doubled_midranks(&groups);
    let doubled = |positive: bool| -> u64 {
        ranks.iter().zip(&nonzero).filter(|(_, d)| (**d > 0.0) == positive).map(|(rank, _)| rank).sum()
    };
    let (plus, minus) = (doubled(true), doubled(false));
    let exact = nonzero.len() <= EXACT;
    let p = if exact { exact_p(&ranks, plus) } else { normal_p(&groups, plus as f64 / 2.0)? };
    let null = if exact { Null::Exact } else { Null::Normal };
    Some(SignedRank { n: nonzero.len(), w_plus: plus as f64 / 2.0, w_minus: minus as f64 / 2.0, p, null })
}

/// Twice the mean rank, so that it stays whole.
fn doubled_midranks(groups: &[&[f64]]) -> Vec<u64> {
    let mut before = 0;
    let mut ranks = Vec::new();
    for group in groups {
        let last = before + group.len();
        ranks.extend(std::iter::repeat_n((before + 1 + last) as u64, group.len()));
        before = last;
    }
    ranks
}

/// Counts the sign patterns by their doubled rank sum, one rank after the other.
fn exact_p(ranks: &[u64], plus: u64) -> f64 {
    let total: u64 = ranks.iter().sum();
    let mut patterns = vec![0.0; total as usize + 1];
    patterns[0] = 1.0;
    for &rank in ranks {
        for sum in (rank as usize..patterns.len()).rev() {
            patterns[sum] += patterns[sum - rank as usize];
        }
    }
    // the distribution is symmetric: the smaller tail is the one up to the smaller of both rank sums
    let tail: f64 = patterns.iter().take(plus.min(total - plus) as usize + 1).sum();
    (2.0 * tail / f64::powi(2.0, ranks.len() as i32)).min(1.0)
}

fn normal_p(groups: &[&[f64]], w_plus: f64) -> Option<f64> {
    let n = groups.iter().map(|group| group.len()).sum::<usize>() as f64;
    let ties: f64 = groups.iter().map(|group| group.len() as f64).map(|t| t * t * t - t).sum();
    let variance = (n * (n + 1.0) * (2.0 * n + 1.0) - ties / 2.0) / 24.0;
    let z = (w_plus - n * (n + 1.0) / 4.0) / variance.sqrt();
    Some(2.0 * normal_cdf(-z.abs())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(differences: &[f64]) -> SignedRank {
        wilcoxon(&Sample::independent(differences).expect("finite")).expect("subjects")
    }

    #[test]
    fn five_differences_of_one_sign_have_p_1_in_16() {
        let test = of(&[0.1, 0.2, 0.3, 0.4, 0.5]);
        assert_eq!((test.w_plus, test.w_minus, test.p, test.null), (15.0, 0.0, 2.0 / 32.0, Null::Exact));
        assert_eq!(test.rank_biserial(), Some(1.0));
    }

    #[test]
    fn ties_share_ranks_and_zeros_are_dropped() {
        // |1|, |1|, |−2|: ranks 1.5, 1.5, 3; W₊ = 3, as often at most as at least: 5 of 8 signs, so p is capped
        let test = of(&[0.0, 1.0, -2.0, 1.0, 0.0]);
        assert_eq!((test.n, test.w_plus, test.w_minus, test.p), (3, 3.0, 3.0, 1.0));
        // ranks 2, 2, 2 all positive: 1 of 8 signs on either side
        assert_eq!(of(&[1.0, 1.0, 1.0]).p, 0.25);
    }

    #[test]
    fn equal_arms_have_p_1_and_no_effect() {
        let test = of(&[0.0; 60]);
        assert_eq!((test.n, test.p, test.null, test.rank_biserial()), (0, 1.0, Null::Exact, None));
        assert_eq!(wilcoxon(&Sample::default()), None);
    }

    #[test]
    fn beyond_50_subjects_the_approximation_takes_over_smoothly() {
        let differences: Vec<f64> = (1..=51).map(|i| if i % 3 == 0 { -f64::from(i) } else { f64::from(i) }).collect();
        let (exact, beyond) = (of(&differences[..50]), of(&differences));
        assert_eq!((exact.null, beyond.null), (Null::Exact, Null::Normal));
        let groups: Vec<&[f64]> = differences[..50].chunks(1).collect();
        let normal = normal_p(&groups, exact.w_plus).expect("a number");
        assert!((0.02..0.03).contains(&exact.p) && (exact.p - normal).abs() < 1e-3, "{} {normal}", exact.p);
    }

    #[test]
    fn several_cases_of_a_subject_are_one_difference() {
        let cases = Sample::of([("a", 0.3), ("a", -0.1), ("b", 0.2), ("c", 0.4)]).expect("finite");
        assert_eq!(wilcoxon(&cases).expect("subjects").n, 3);
    }
}
