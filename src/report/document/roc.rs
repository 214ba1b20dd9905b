//! ROC curves: of classifiers over test cases, of segmentations over the pixels of test cases.

use serde::Serialize;

use crate::metric::{CaseScore, Probabilities, Rank, Verdict};
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

/// An arm's curve over all pixels of its test cases, folds and seeds together: the one whose area tables call pooled.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PixelRoc {
    /// Name in the spec.
    pub arm: String,
    /// Pixels of tumours.
    pub tumour: u64,
    /// Pixels of background.
    pub background: u64,
    /// Area under the curve; `None` without pixels of either kind.
    pub auc: Option<f64>,
    /// From (0, 0) to (1, 1), threshold falling, a point a bin of logits; empty without pixels of either kind, or where
    /// a run keeps only masks.
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

/// One for each arm.
pub(super) fn over_pixels(arms: &[ArmScores]) -> Vec<PixelRoc> {
    let curve = |arm: &ArmScores| {
        let pool = CaseScore::pooled(arm.runs.iter().flat_map(|run| &run.scores));
        PixelRoc::of(&arm.arm, &pool.probabilities.unwrap_or_default())
    };
    arms.iter().map(curve).collect()
}

impl PixelRoc {
    fn of(arm: &str, pool: &Probabilities) -> Self {
        let sum = |of: fn(&Rank) -> u64| pool.ranks.iter().map(of).fold(0, u64::saturating_add);
        let (tumour, background) = (sum(|rank| rank.1), sum(|rank| rank.2));
        let mut points = Vec::new();
        if tumour > 0 && background > 0 {
            points.push(RocPoint(0.0, 0.0));
            let (mut right, mut wrong) = (0.0, 0.0);
            for &Rank(_, positive, negative) in pool.ranks.iter().rev() {
                (right, wrong) = (right + positive as f64, wrong + negative as f64);
                points.push(RocPoint(wrong / background as f64, right / tumour as f64));
            }
        }
        Self { arm: arm.to_owned(), tumour, background, auc: pool.auc, points }
    }
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

    fn area(points: &[RocPoint]) -> f64 {
        points.windows(2).map(|p| (p[1].0 - p[0].0) * (p[0].1 + p[1].1) / 2.0).sum()
    }

    #[test]
    fn the_area_under_a_curve_of_pixels_is_the_one_that_tables_print() {
        let ranks = vec![Rank(-9, 1, 70), Rank(-2, 4, 20), Rank(0, 5, 5), Rank(11, 40, 5)];
        let case = Probabilities { ranks, ..Probabilities::default() };
        let roc = PixelRoc::of("a", &Probabilities::pooled([&case, &case].into_iter()));
        assert_eq!((roc.tumour, roc.background, roc.points.len()), (100, 200, 5));
        assert_eq!(roc.points[1], RocPoint(0.05, 0.8));
        let auc = roc.auc.expect("both kinds of pixels");
        assert!((area(&roc.points) - auc).abs() < 1e-12, "{auc}");
        // Σ tumour · (background below + half of the same bin) over 50 · 100 pairs
        let won = 1.0 * 35.0 + 4.0 * 80.0 + 5.0 * 92.5 + 40.0 * 97.5;
        assert!((auc - won / 5000.0).abs() < 1e-12);
    }

    #[test]
    fn masks_alone_have_no_curve() {
        let roc = PixelRoc::of("a", &Probabilities::default());
        assert_eq!((roc.auc, roc.points.len(), roc.tumour), (None, 0, 0));
    }

    #[test]
    fn one_class_has_no_curve() {
        let roc = Roc::of("a", 1, vec![verdict(0.9, true)]);
        assert_eq!((roc.malignant, roc.benign, roc.points.len()), (1, 0, 0));
    }
}
