//! Two arms over the same cases.

use serde::Serialize;

use super::sample::deviation;
use super::values::Shared;
use super::{
    Bootstrap, CaseValues, Inference, Interval, Refused, Sample, SignFlip, SignedRank, finite, holm, sign_flip,
    t_interval, wilcoxon,
};

/// The differences `arm − chosen` over the cases for which both have a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    /// One difference a case, cases of a subject together.
    pub differences: Sample,
    /// Cases that either arm names and either has no value for.
    pub dropped: usize,
}

impl Pairs {
    /// Pairs by case; refuses a case that belongs to two subjects.
    pub fn of(chosen: &CaseValues, arm: &CaseValues) -> Result<Self, Refused> {
        let shared = Shared::of(&[chosen, arm])?;
        let differences =
            Sample::grouped(shared.rows.iter().map(|(subject, values)| (*subject, values[1] - values[0])));
        Ok(Self { differences, dropped: shared.dropped })
    }
}

/// An arm against the chosen one. Differences are `arm − chosen`: positive where the arm's value is higher, which is
/// better or worse as the metric has it.
///
/// Mean difference, its intervals and the sign-flip test weigh every case the same; Wilcoxon and both effect sizes weigh
/// every subject the same, since ranks need one value a subject. With one case a subject there is no difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Paired {
    /// Pairs of cases.
    pub n: usize,
    /// Subjects of those.
    pub subjects: usize,
    /// Cases left out because either arm has no value.
    pub dropped: usize,
    /// Mean over cases; `None` without pairs.
    pub mean_difference: Option<f64>,
    /// Of the mean difference, see [`t_interval`].
    pub t: Option<Interval>,
    /// Of the mean difference, see [`Bootstrap::bca`].
    pub bca: Option<Interval>,
    /// See [`wilcoxon`].
    pub wilcoxon: Option<SignedRank>,
    /// Wilcoxon's p after Holm over the arms compared in one call.
    pub wilcoxon_holm: Option<f64>,
    /// See [`sign_flip()`](super::sign_flip()).
    pub sign_flip: Option<SignFlip>,
    /// The sign-flip test's p after Holm over the arms compared in one call.
    pub sign_flip_holm: Option<f64>,
    /// See [`d_z`].
    pub d_z: Option<f64>,
    /// See [`SignedRank::rank_biserial`].
    pub rank_biserial: Option<f64>,
}

/// Each of `arms` against `chosen`, in that order. Holm's family is the arms of this call, for each of the two tests by
/// itself: report the test that was chosen beforehand.
pub fn against(chosen: &CaseValues, arms: &[&CaseValues], inference: &Inference) -> Result<Vec<Paired>, Refused> {
    let pairs = arms.iter().map(|arm| Pairs::of(chosen, arm)).collect::<Result<Vec<_>, _>>()?;
    let mut rows: Vec<Paired> = pairs.iter().map(|pairs| compare(pairs, inference)).collect();
    let wilcoxon_holm = adjusted(rows.iter().map(|row| row.wilcoxon.map(|test| test.p)));
    let sign_flip_holm = adjusted(rows.iter().map(|row| row.sign_flip.map(|test| test.p)));
    for (row, (wilcoxon, sign_flip)) in rows.iter_mut().zip(wilcoxon_holm.into_iter().zip(sign_flip_holm)) {
        (row.wilcoxon_holm, row.sign_flip_holm) = (wilcoxon, sign_flip);
    }
    Ok(rows)
}

/// Cohen's d_z, `mean / sd` (n − 1) of the subjects' mean differences. `None` with fewer than two subjects or if all
/// have one difference.
/// Source: Lakens 2013, *Calculating and reporting effect sizes*, doi:10.3389/fpsyg.2013.00863.
pub fn d_z(differences: &Sample) -> Option<f64> {
    let means = differences.subject_means();
    let sd = differences.varies().then(|| deviation(&means))??;
    finite(means.iter().sum::<f64>() / means.len() as f64 / sd)
}

fn compare(pairs: &Pairs, inference: &Inference) -> Paired {
    let differences = &pairs.differences;
    let signed_rank = wilcoxon(differences);
    Paired {
        n: differences.n(),
        subjects: differences.subjects(),
        dropped: pairs.dropped,
        mean_difference: differences.mean(),
        t: t_interval(differences, inference.level),
        bca: Bootstrap::of(differences, inference.resampling).and_then(|b| b.bca(inference.level)),
        wilcoxon: signed_rank,
        wilcoxon_holm: None,
        sign_flip: sign_flip(differences, inference.resampling),
        sign_flip_holm: None,
        d_z: d_z(differences),
        rank_biserial: signed_rank.and_then(|test| test.rank_biserial()),
    }
}

/// A test that could not be made is no member of the family.
fn adjusted(p_values: impl Iterator<Item = Option<f64>>) -> Vec<Option<f64>> {
    let p_values: Vec<Option<f64>> = p_values.collect();
    let made: Vec<f64> = p_values.iter().flatten().copied().collect();
    let mut adjusted = holm(&made).unwrap_or_default().into_iter();
    p_values.iter().map(|p| p.and_then(|_| adjusted.next())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::CaseValue;

    fn arm(values: &[Option<f64>]) -> CaseValues {
        let names: Vec<String> = (0..values.len()).map(|i| format!("{i:03}")).collect();
        let value = |(name, value): (&String, &Option<f64>)| (name.clone(), *value);
        let cases: Vec<_> = names.iter().zip(values).map(value).collect();
        let cases = cases.iter().map(|(name, value)| CaseValue { case: name, subject: name, value: *value });
        CaseValues::of(cases).expect("finite")
    }

    #[test]
    fn the_difference_is_arm_less_chosen_and_says_what_it_dropped() {
        let chosen = arm(&[Some(0.5), Some(0.25), None, Some(0.5)]);
        let other = arm(&[Some(0.75), Some(0.75), Some(1.0), None]);
        let row = against(&chosen, &[&other], &Inference::default()).expect("same subjects")[0];
        assert_eq!((row.n, row.dropped, row.mean_difference), (2, 2, Some(0.375)));
        // differences 1/4 and 1/2: mean 3/8, sd √(1/32)
        assert!((row.d_z.expect("varies") - 0.375 * 32f64.sqrt()).abs() < 1e-14);
        assert_eq!(row.rank_biserial, Some(1.0));
    }

    #[test]
    fn holm_counts_only_the_tests_that_were_made() {
        let chosen = arm(&[Some(0.0); 6]);
        let better = arm(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6].map(Some));
        let rows = against(&chosen, &[&arm(&[None; 6]), &better, &chosen], &Inference::default()).expect("same");
        let raw = rows.iter().map(|row| row.wilcoxon.map(|test| test.p));
        assert_eq!(raw.collect::<Vec<_>>(), [None, Some(2.0 / 64.0), Some(1.0)]);
        let holm = rows.iter().map(|row| row.wilcoxon_holm);
        assert_eq!(holm.collect::<Vec<_>>(), [None, Some(4.0 / 64.0), Some(1.0)], "twice, not three times");
        let holm = rows.iter().map(|row| row.sign_flip_holm);
        assert_eq!(holm.collect::<Vec<_>>(), [None, Some(4.0 / 64.0), Some(1.0)]);
    }

    #[test]
    fn equal_arms_differ_by_nothing_and_have_no_effect_size() {
        let chosen = arm(&[Some(0.3), Some(0.6)]);
        let row = against(&chosen, &[&chosen], &Inference::default()).expect("same")[0];
        assert_eq!(
            (row.mean_difference, row.t, row.bca, row.d_z, row.rank_biserial),
            (Some(0.0), None, None, None, None)
        );
    }
}
