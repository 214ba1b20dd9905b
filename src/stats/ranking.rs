//! Would the arms come in the same order on other cases?

use serde::Serialize;

use super::bootstrap::resampled;
use super::sample::quantile_of_sorted;
use super::values::Shared;
use super::{CaseValues, Inference, Interval, Refused};

/// Which mean is ranked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Best {
    /// Overlap, rates.
    Highest,
    /// Distances, errors.
    Lowest,
}

/// How arms rank by their means, over bootstrap resamples of the subjects.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankStability {
    /// Cases for which every arm has a value; only these count.
    pub n: usize,
    /// Subjects of those.
    pub subjects: usize,
    /// Cases left out because an arm has no value.
    pub dropped: usize,
    /// Resamples drawn.
    pub resamples: usize,
    /// In the order given.
    pub arms: Vec<ArmRank>,
}

/// One arm's place among the others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ArmRank {
    /// Rank on the cases themselves: 1 is best, equal means share the mean of their ranks.
    pub rank: f64,
    /// Share of the resamples in which the arm is first; k arms that tie for first take 1/k each. Sums to 1.
    pub first: f64,
    /// Mean rank over the resamples.
    pub mean_rank: f64,
    /// Percentile interval of the rank over the resamples.
    pub interval: Interval,
}

/// Draws subjects with all their cases, ranks the arms by their mean over those cases, and again. All arms see the same
/// resample, so that cases hard for all move no rank. `None` without arms, with fewer than two subjects, or without
/// resamples; refuses a case that belongs to two subjects.
///
/// A share of firsts is no probability of being the best network: it leaves out how training varies.
///
/// Source: Wiesenfarth et al. 2021, arXiv:1910.05121 (ranking variability by bootstrap).
pub fn rank_stability(
    arms: &[&CaseValues],
    best: Best,
    inference: &Inference,
) -> Result<Option<RankStability>, Refused> {
    let shared = Shared::of(arms)?;
    let totals = by_subject(&shared);
    let resampling = inference.resampling;
    if arms.is_empty() || totals.len() < 2 || resampling.resamples == 0 {
        return Ok(None);
    }
    let ranked = |weights: &[f64]| ranks(&means(&totals, weights), best);
    let observed = ranked(&vec![1.0; totals.len()]);
    let drawn = resampled(totals.len(), resampling, ranked);
    let arms: Option<Vec<ArmRank>> = (0..arms.len()).map(|arm| arm_rank(arm, &observed, &drawn, inference)).collect();
    let (n, subjects) = (shared.rows.len(), totals.len());
    let stability =
        |arms| RankStability { n, subjects, dropped: shared.dropped, resamples: resampling.resamples, arms };
    Ok(arms.map(stability))
}

/// A subject's number of cases and its sum for each arm.
struct Row {
    cases: f64,
    sums: Vec<f64>,
}

fn by_subject(shared: &Shared) -> Vec<Row> {
    let mut rows: Vec<&(&str, Vec<f64>)> = shared.rows.iter().collect();
    rows.sort_by_key(|(subject, _)| *subject);
    let row = |cases: &[&(&str, Vec<f64>)]| {
        let sum = |arm: usize| cases.iter().map(|(_, values)| values[arm]).sum();
        Row { cases: cases.len() as f64, sums: (0..cases[0].1.len()).map(sum).collect() }
    };
    rows.chunk_by(|a, b| a.0 == b.0).map(row).collect()
}

fn means(totals: &[Row], weights: &[f64]) -> Vec<f64> {
    let arms = totals.first().map_or(0, |row| row.sums.len());
    let (mut sums, mut cases) = (vec![0.0; arms], 0.0);
    for (row, weight) in totals.iter().zip(weights) {
        cases += weight * row.cases;
        sums.iter_mut().zip(&row.sums).for_each(|(sum, own)| *sum += weight * own);
    }
    sums.into_iter().map(|sum| sum / cases).collect()
}

/// Twice `1 + number better + half the number of others that are equal`: whole, and small, since there are ten thousand
/// times as many.
fn ranks(means: &[f64], best: Best) -> Box<[u32]> {
    let better = |a: f64, b: f64| if best == Best::Highest { a > b } else { a < b };
    let rank = |own: &f64| {
        let ahead = means.iter().filter(|other| better(**other, *own)).count();
        let equal = means.iter().filter(|other| *other == own).count();
        (2 * ahead + equal + 1) as u32
    };
    means.iter().map(rank).collect()
}

fn arm_rank(arm: usize, observed: &[u32], drawn: &[Box<[u32]>], inference: &Inference) -> Option<ArmRank> {
    let rank = |twice: &[u32]| f64::from(twice[arm]) / 2.0;
    let first = |twice: &[u32]| {
        let lead = twice.iter().min();
        let tied = twice.iter().filter(|rank| Some(*rank) == lead).count() as f64;
        if Some(&twice[arm]) == lead { 1.0 / tied } else { 0.0 }
    };
    let mut own: Vec<f64> = drawn.iter().map(|twice| rank(twice)).collect();
    own.sort_by(f64::total_cmp);
    let (upper, resamples) = (inference.level.upper(), drawn.len() as f64);
    Some(ArmRank {
        rank: rank(observed),
        first: drawn.iter().map(|twice| first(twice)).sum::<f64>() / resamples,
        mean_rank: own.iter().sum::<f64>() / resamples,
        interval: Interval { low: quantile_of_sorted(&own, 1.0 - upper)?, high: quantile_of_sorted(&own, upper)? },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::CaseValue;

    fn arm(values: &[f64]) -> CaseValues {
        let names: Vec<String> = (0..values.len()).map(|i| format!("{i:03}")).collect();
        let cases = names.iter().zip(values).map(|(name, v)| CaseValue { case: name, subject: name, value: Some(*v) });
        CaseValues::of(cases).expect("finite")
    }

    fn stability(arms: &[&CaseValues], best: Best) -> RankStability {
        rank_stability(arms, best, &Inference::default()).expect("same subjects").expect("enough cases")
    }

    #[test]
    fn an_arm_that_is_better_on_every_case_is_always_first() {
        let (good, bad) = (arm(&[0.9, 0.8, 0.7]), arm(&[0.8, 0.7, 0.1]));
        let ranking = stability(&[&bad, &good], Best::Highest);
        let always =
            |rank| ArmRank { rank, first: 2.0 - rank, mean_rank: rank, interval: Interval { low: rank, high: rank } };
        assert_eq!(ranking.arms, [always(2.0), always(1.0)]);
        let ranking = stability(&[&bad, &good], Best::Lowest);
        assert_eq!(ranking.arms, [always(1.0), always(2.0)]);
    }

    #[test]
    fn equal_arms_share_the_first_place() {
        let (one, worse) = (arm(&[0.9, 0.8, 0.7]), arm(&[0.3, 0.2, 0.1]));
        let ranking = stability(&[&one, &one, &worse], Best::Highest);
        let seen: Vec<_> = ranking.arms.iter().map(|arm| (arm.rank, arm.first, arm.mean_rank)).collect();
        assert_eq!(seen, [(1.5, 0.5, 1.5), (1.5, 0.5, 1.5), (3.0, 0.0, 3.0)]);
    }

    #[test]
    fn two_opposite_cases_leave_it_open() {
        // resamples: first case twice (¼), second twice (¼), both (½, a tie)
        let ranking = stability(&[&arm(&[1.0, 0.0]), &arm(&[0.0, 1.0])], Best::Highest);
        assert!((ranking.arms[0].first - 0.5).abs() < 0.02, "{ranking:?}");
        assert_eq!((ranking.arms[0].interval.low, ranking.arms[0].interval.high), (1.0, 2.0));
    }

    #[test]
    fn too_few_cases_rank_nothing() {
        let inference = Inference::default();
        assert_eq!(rank_stability(&[], Best::Highest, &inference), Ok(None));
        assert_eq!(rank_stability(&[&arm(&[0.5])], Best::Highest, &inference), Ok(None));
    }
}
