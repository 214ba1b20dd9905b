//! Values of cases in blocks of subjects, and what describes them without inference.

use std::collections::BTreeMap;

use super::finite;

/// Finite values in blocks: those of one subject stand together. No block is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    blocks: Vec<Vec<f64>>,
}

/// A subject's share in a mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Total {
    /// Sum of the subject's values.
    pub sum: f64,
    /// Number of its cases.
    pub count: f64,
}

impl Sample {
    /// `(subject, value)` pairs in any order; `None` if a value is not finite.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, f64)>) -> Option<Self> {
        let pairs: Vec<_> = pairs.into_iter().collect();
        pairs.iter().all(|(_, value)| value.is_finite()).then(|| Self::grouped(pairs))
    }

    /// Each value a subject of its own; `None` if a value is not finite.
    pub fn independent(values: &[f64]) -> Option<Self> {
        let blocks = values.iter().map(|&value| finite(value).map(|v| vec![v])).collect::<Option<_>>()?;
        Some(Self { blocks })
    }

    /// Blocks in the order of the subjects' names; the values are finite.
    pub(super) fn grouped<'a>(pairs: impl IntoIterator<Item = (&'a str, f64)>) -> Self {
        let mut by_subject: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (subject, value) in pairs {
            by_subject.entry(subject).or_default().push(value);
        }
        Self { blocks: by_subject.into_values().collect() }
    }

    /// Cases.
    pub fn n(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }

    /// Subjects.
    pub fn subjects(&self) -> usize {
        self.blocks.len()
    }

    /// Mean over cases (a subject with more cases weighs more); `None` without cases.
    pub fn mean(&self) -> Option<f64> {
        finite(self.values().sum::<f64>() / self.n() as f64)
    }

    /// Standard deviation over cases, `√(Σ(x − x̄)²/(n − 1))`, whatever the subjects; `None` for n < 2.
    pub fn sd(&self) -> Option<f64> {
        deviation(&self.values().collect::<Vec<_>>())
    }

    /// Quantile `p` in 0..=1 over cases, interpolated linearly between order statistics as NumPy does by default
    /// (type 7 of Hyndman & Fan 1996); `None` without cases or for p outside.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        let mut values: Vec<f64> = self.values().collect();
        values.sort_by(f64::total_cmp);
        quantile_of_sorted(&values, p)
    }

    /// Mean of each subject, in the order of their names.
    pub fn subject_means(&self) -> Vec<f64> {
        self.totals().iter().map(|total| total.sum / total.count).collect()
    }

    pub(super) fn totals(&self) -> Vec<Total> {
        let total = |block: &Vec<f64>| Total { sum: block.iter().sum(), count: block.len() as f64 };
        self.blocks.iter().map(total).collect()
    }

    /// Whether subjects differ by more than what rounding of their sums can make.
    pub(super) fn varies(&self) -> bool {
        let means = self.subject_means();
        let (low, high) = means.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), m| (l.min(*m), h.max(*m)));
        let largest = self.values().fold(0.0, |most: f64, value| most.max(value.abs()));
        high - low > f64::EPSILON * self.n() as f64 * largest
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        self.blocks.iter().flatten().copied()
    }
}

/// `√(Σ(x − x̄)²/(n − 1))`; `None` for n < 2. Exactly 0 if all are equal.
pub(super) fn deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    if values.iter().all(|value| *value == values[0]) {
        return Some(0.0); // the mean of equal values may be rounded away from them
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    finite((squares / (values.len() - 1) as f64).sqrt())
}

/// See [`Sample::quantile`]; `sorted` ascends.
pub(super) fn quantile_of_sorted(sorted: &[f64], p: f64) -> Option<f64> {
    if sorted.is_empty() || !(0.0..=1.0).contains(&p) {
        return None;
    }
    let place = p * (sorted.len() - 1) as f64;
    let (low, part) = (place.floor(), place - place.floor());
    let (below, above) = (sorted[low as usize], sorted[place.ceil() as usize]);
    // from the nearer side, as NumPy: so the result never leaves below..=above
    finite(if part < 0.5 { below + (above - below) * part } else { above - (above - below) * (1.0 - part) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_by_hand() {
        let sample = Sample::of([("b", 3.0), ("a", 1.0), ("b", 8.0)]).expect("finite");
        assert_eq!((sample.n(), sample.subjects()), (3, 2));
        assert_eq!((sample.mean(), sample.subject_means()), (Some(4.0), vec![1.0, 5.5]));
        assert_eq!(sample.sd(), Some(13f64.sqrt()));
        assert_eq!([0.0, 0.25, 0.5, 1.0].map(|p| sample.quantile(p)), [1.0, 2.0, 3.0, 8.0].map(Some));
    }

    #[test]
    fn nothing_has_no_mean_and_one_case_no_spread() {
        let (nothing, one) = (Sample::default(), Sample::independent(&[0.25]).expect("finite"));
        assert_eq!((nothing.mean(), nothing.sd(), nothing.quantile(0.5)), (None, None, None));
        assert_eq!((one.mean(), one.sd(), one.quantile(0.9)), (Some(0.25), None, Some(0.25)));
        assert_eq!((one.quantile(1.1), one.quantile(f64::NAN)), (None, None));
    }

    #[test]
    fn what_is_not_finite_is_refused() {
        assert_eq!(Sample::independent(&[0.0, f64::NAN]), None);
        assert_eq!(Sample::of([("a", f64::INFINITY)]), None);
    }

    #[test]
    fn equal_values_do_not_vary_though_their_mean_is_rounded() {
        let equal = Sample::independent(&[0.1; 130]).expect("finite");
        assert_ne!(equal.mean(), Some(0.1), "the sum of 130 tenths is rounded");
        assert_eq!((equal.sd(), equal.varies()), (Some(0.0), false));
        let subjects = Sample::of([("a", 0.1), ("a", 0.3), ("b", 0.3), ("b", 0.1), ("c", 0.2)]).expect("finite");
        assert!(!subjects.varies(), "every subject has mean 0.2");
    }
}
