//! ROC curves of classifiers, from the probabilities of their test cases.

use serde::Serialize;

use crate::metric::Verdict;
use crate::report::scores::ArmScores;

/// One seed's curve of an arm, the test parts of its folds together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Roc {
    /// Name in the spec.
    pub arm: String,
    /// Seed of the runs.
    pub seed: u64,
    /// Malignant cases.
    pub malignant: usize,
    /// Benign cases.
    pub benign: usize,
    /// From (0, 0) to (1, 1), threshold falling; empty without cases of either class.
    pub points: Vec<RocPoint>,
}

/// `(1 − specificity, sensitivity)` at one threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RocPoint(pub f64, pub f64);

pub(super) fn curves(arms: &[ArmScores]) -> Vec<Roc> {
    let mut curves = Vec::new();
    for arm in arms {
        let mut seeds: Vec<u64> = arm.runs.iter().map(|run| run.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        for seed in seeds {
            let own = arm.runs.iter().filter(|run| run.seed == seed).flat_map(|run| &run.scores);
            let verdicts: Vec<Verdict> = own.filter_map(|score| score.verdict).collect();
            if !verdicts.is_empty() {
                curves.push(Roc::of(&arm.arm, seed, verdicts));
            }
        }
    }
    curves
}

impl Roc {
    fn of(arm: &str, seed: u64, mut verdicts: Vec<Verdict>) -> Self {
        verdicts.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        let malignant = verdicts.iter().filter(|verdict| verdict.malignant).count();
        let benign = verdicts.len() - malignant;
        let mut points = Vec::new();
        if malignant > 0 && benign > 0 {
            points.push(RocPoint(0.0, 0.0));
            let (mut wrong, mut right) = (0, 0);
            // Cases of equal probability are called malignant together.
            for ties in verdicts.chunk_by(|a, b| a.probability == b.probability) {
                let positive = ties.iter().filter(|verdict| verdict.malignant).count();
                (right, wrong) = (right + positive, wrong + ties.len() - positive);
                points.push(RocPoint(wrong as f64 / benign as f64, right as f64 / malignant as f64));
            }
        }
        Self { arm: arm.to_owned(), seed, malignant, benign, points }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(probability: f64, malignant: bool) -> Verdict {
        Verdict { probability, malignant }
    }

    #[test]
    fn ties_are_one_slanted_step() {
        let cases = vec![verdict(0.9, true), verdict(0.5, true), verdict(0.5, false), verdict(0.1, false)];
        let roc = Roc::of("a", 1, cases);
        let expected = [(0.0, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 1.0)];
        assert_eq!(roc.points.iter().map(|p| (p.0, p.1)).collect::<Vec<_>>(), expected);
        // trapezes: 0.5 · (0.5 + 1)/2 + 0.5 · 1, the AUC with the tie counted half
        let area: f64 = roc.points.windows(2).map(|p| (p[1].0 - p[0].0) * (p[0].1 + p[1].1) / 2.0).sum();
        assert!((area - 0.875).abs() < 1e-12);
    }

    #[test]
    fn one_class_has_no_curve() {
        let roc = Roc::of("a", 1, vec![verdict(0.9, true)]);
        assert_eq!((roc.malignant, roc.benign, roc.points.len()), (1, 0, 0));
    }
}
