//! Do predicted and reference areas agree? Bland and Altman's bias and limits, over cases.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::metric::CaseScore;
use crate::report::scores::ArmScores;

/// Standard deviations between the bias and a limit of agreement: 95 % of a normal distribution.
const LIMIT: f64 = 1.96;

/// One arm's areas on the grid of its scores.
///
/// Source: Bland & Altman 1986, *Statistical methods for assessing agreement between two methods of clinical measurement*.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AreaAgreement {
    /// Name in the spec.
    pub arm: String,
    /// Cases; one that several runs scored counts once, with its mean.
    pub n: usize,
    /// Mean of predicted less reference area; `null` without cases.
    pub bias_px: Option<f64>,
    /// Standard deviation of the differences; `null` with fewer than two cases.
    pub sd_px: Option<f64>,
    /// `bias − 1.96 sd`.
    pub low_px: Option<f64>,
    /// `bias + 1.96 sd`.
    pub high_px: Option<f64>,
    /// Of each case; drawn, not written.
    #[serde(skip)]
    pub cases: Vec<AreaPair>,
}

/// A case's two areas.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AreaPair {
    /// TP + FP, in pixels.
    pub predicted_px: f64,
    /// TP + FN, in pixels.
    pub reference_px: f64,
}

impl AreaPair {
    /// Where Bland and Altman draw it: the mean of both areas, and predicted less reference.
    pub fn place(self) -> (f64, f64) {
        ((self.predicted_px + self.reference_px) / 2.0, self.predicted_px - self.reference_px)
    }
}

pub(super) fn areas(arms: &[ArmScores]) -> Vec<AreaAgreement> {
    arms.iter().map(|arm| AreaAgreement::of(&arm.arm, arm.runs.iter().flat_map(|run| &run.scores))).collect()
}

impl AreaAgreement {
    fn of<'a>(arm: &str, scores: impl Iterator<Item = &'a CaseScore>) -> Self {
        let mut by_case: BTreeMap<&str, Vec<AreaPair>> = BTreeMap::new();
        for score in scores {
            let counts = score.counts;
            let (predicted_px, reference_px) = ((counts.tp + counts.fp) as f64, (counts.tp + counts.fn_) as f64);
            by_case.entry(&score.case).or_default().push(AreaPair { predicted_px, reference_px });
        }
        let cases: Vec<AreaPair> = by_case.values().map(|pairs| mean(pairs)).collect();
        let differences: Vec<f64> = cases.iter().map(|pair| pair.place().1).collect();
        let n = cases.len() as f64;
        let bias_px = (!cases.is_empty()).then(|| differences.iter().sum::<f64>() / n);
        let sd_px = bias_px.filter(|_| cases.len() > 1).map(|bias| {
            let squares: f64 = differences.iter().map(|difference| (difference - bias).powi(2)).sum();
            (squares / (n - 1.0)).sqrt()
        });
        let limit = |side: f64| Some(bias_px? + side * LIMIT * sd_px?);
        Self { arm: arm.to_owned(), n: cases.len(), bias_px, sd_px, low_px: limit(-1.0), high_px: limit(1.0), cases }
    }
}

fn mean(pairs: &[AreaPair]) -> AreaPair {
    let over = |of: fn(&AreaPair) -> f64| pairs.iter().map(of).sum::<f64>() / pairs.len() as f64;
    AreaPair { predicted_px: over(|pair| pair.predicted_px), reference_px: over(|pair| pair.reference_px) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Confusion;

    fn score(case: &str, predicted: u64, reference: u64) -> CaseScore {
        let tp = predicted.min(reference);
        let counts = Confusion { tp, fp: predicted - tp, fn_: reference - tp, tn: 1 };
        CaseScore { case: case.into(), counts, ..CaseScore::default() }
    }

    #[test]
    fn limits_lie_1_96_standard_deviations_from_the_bias() {
        // differences 2, 4, 6 (c is scored by two seeds: 5 and 7): mean 4, sd 2
        let scores = [score("a", 12, 10), score("b", 14, 10), score("c", 15, 10), score("c", 17, 10)];
        let found = AreaAgreement::of("arm", scores.iter());
        assert_eq!((found.n, found.bias_px, found.sd_px), (3, Some(4.0), Some(2.0)));
        assert!((found.low_px.expect("two cases") - 0.08).abs() < 1e-12);
        assert!((found.high_px.expect("two cases") - 7.92).abs() < 1e-12);
        assert_eq!(found.cases[0].place(), (11.0, 2.0));
    }

    #[test]
    fn one_case_has_a_bias_and_no_limits_and_none_has_nothing() {
        let one = AreaAgreement::of("arm", [score("a", 3, 1)].iter());
        assert_eq!((one.bias_px, one.sd_px, one.low_px), (Some(2.0), None, None));
        let none = AreaAgreement::of("arm", [].iter());
        assert_eq!((none.n, none.bias_px, none.high_px), (0, None, None));
    }
}
