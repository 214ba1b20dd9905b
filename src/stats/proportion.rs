//! Shares of independent cases: Wilson's interval and McNemar's test.

use serde::Serialize;

use super::distribution::normal_quantile;
use super::{Interval, Level, Sample};

/// Wilson's score interval of a share of `n` cases, each 0 or 1:
///
/// `(p̂ + z²/2n ± z·√(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n)`.
///
/// Never empty and never outside 0..=1, also where all cases are 0 or all are 1. `None` without cases, if a value is
/// neither, or if a subject has several cases: those are not independent.
/// Source: Wilson 1927, doi:10.1080/01621459.1927.10502953; Brown, Cai and DasGupta 2001, doi:10.1214/ss/1009213286.
pub fn wilson(sample: &Sample, level: Level) -> Option<Interval> {
    let values = independent(sample, &[0.0, 1.0])?;
    let n = values.len() as f64;
    let share = values.iter().sum::<f64>() / n;
    let z = normal_quantile(level.upper())?;
    let middle = share + z * z / (2.0 * n);
    let reach = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let end = |end: f64| (end / (1.0 + z * z / n)).clamp(0.0, 1.0);
    Some(Interval { low: end(middle - reach), high: end(middle + reach) })
}

/// McNemar's test of two arms over the same cases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct McNemar {
    /// Cases that only the arm has right.
    pub better: usize,
    /// Cases that only the chosen arm has right.
    pub worse: usize,
    /// Two-sided, exact.
    pub p: f64,
}

/// The exact test of McNemar: of the cases that one arm has right and the other has not, each arm has half. `differences`
/// are −1, 0 or 1; `p = min(1, 2·P(X ≤ min(better, worse)))`, X binomial with one half. 1 if there is no such case.
/// `None` without cases, if a difference is another number, or if a subject has several cases.
/// Source: McNemar 1947, doi:10.1007/BF02295996; the exact form as `statsmodels` has it.
pub fn mcnemar(differences: &Sample) -> Option<McNemar> {
    let values = independent(differences, &[-1.0, 0.0, 1.0])?;
    let count = |value: f64| values.iter().filter(|difference| **difference == value).count();
    let (better, worse) = (count(1.0), count(-1.0));
    Some(McNemar { better, worse, p: (2.0 * at_most(better.min(worse), better + worse)).min(1.0) })
}

/// `P(X ≤ k)` of n fair coins. In logarithms: 2ⁿ overflows from n = 1024 on.
fn at_most(k: usize, n: usize) -> f64 {
    let mut term = -(n as f64) * std::f64::consts::LN_2;
    let mut sum = term.exp();
    for i in 0..k {
        term += ((n - i) as f64 / (i + 1) as f64).ln();
        sum += term.exp();
    }
    sum
}

/// The values, if all are `allowed` and each is of another subject.
fn independent(sample: &Sample, allowed: &[f64]) -> Option<Vec<f64>> {
    let values = (sample.n() == sample.subjects()).then(|| sample.subject_means())?;
    let fine = !values.is_empty() && values.iter().all(|value| allowed.contains(value));
    fine.then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::independent(values).expect("finite")
    }

    #[test]
    fn ten_of_ten_is_not_certain() {
        // (1 + z²/20 ± z²/20) / (1 + z²/10) with z² = 3.8415: 0.7225 … 1
        let interval = wilson(&sample(&[1.0; 10]), Level::P95).expect("binary");
        assert!((interval.low - 0.7224672).abs() < 1e-6 && interval.high == 1.0, "{interval:?}");
    }

    #[test]
    fn one_and_five_discordant_cases_by_hand() {
        // 2 · (1 + 6) / 64
        let test = mcnemar(&sample(&[1.0, -1.0, -1.0, -1.0, -1.0, -1.0, 0.0])).expect("binary");
        assert_eq!((test.better, test.worse), (1, 5));
        assert!((test.p - 14.0 / 64.0).abs() < 1e-14);
        assert_eq!(mcnemar(&sample(&[0.0; 4])).expect("binary").p, 1.0);
    }

    #[test]
    fn two_thousand_coins_do_not_underflow() {
        assert!((at_most(1000, 2000) - 0.508_919_6).abs() < 1e-6, "{}", at_most(1000, 2000));
    }

    #[test]
    fn what_is_no_independent_share_is_refused() {
        let twice = Sample::of([("a", 1.0), ("a", 0.0), ("b", 1.0)]).expect("finite");
        assert_eq!((wilson(&twice, Level::P95), mcnemar(&twice)), (None, None));
        assert_eq!(wilson(&sample(&[0.5, 1.0]), Level::P95), None);
        assert_eq!(wilson(&sample(&[]), Level::P95), None);
    }
}
