//! Metrics of all cases together: an arm's value over its runs, and what other cases could have shown.

use std::collections::{BTreeMap, BTreeSet};

use super::scores::RunScores;
use crate::metric::{Aggregate, CaseScore, Metric, Weighted};
use crate::stats::{Bootstrap, DeLong, Inference, Paired, Placements, Ranked, Summary};

type OfAll = fn(&[Weighted]) -> Option<f64>;

/// An arm's cases by seed: the test parts of all folds of a seed together, so that each case is there once a seed. The
/// value is the mean over seeds. Choice: folds are ranked together; the models of the folds must mean the same by a
/// probability, or the AUC falls.
pub(super) struct Together<'a> {
    of_all: OfAll,
    seeds: Vec<Vec<&'a CaseScore>>,
}

impl<'a> Together<'a> {
    /// The cases of `runs`.
    pub fn of(of_all: OfAll, runs: &'a [RunScores]) -> Self {
        let mut seeds: BTreeMap<u64, Vec<&CaseScore>> = BTreeMap::new();
        for run in runs {
            seeds.entry(run.seed).or_default().extend(&run.scores);
        }
        Self { of_all, seeds: seeds.into_values().collect() }
    }

    /// The value, and over how many cases it stands.
    pub fn aggregate(&self) -> Aggregate {
        let cases = self.cases().len();
        match self.value(|_| 1.0) {
            Some(mean) => Aggregate { mean: Some(mean), n: cases, undefined: 0 },
            None => Aggregate { mean: None, n: 0, undefined: cases },
        }
    }

    /// The value with its bootstrap interval; there is no spread of a single case.
    pub fn summary(&self, inference: &Inference) -> Summary {
        let Aggregate { mean, n, undefined } = self.aggregate();
        let subjects = self.subjects();
        let bca = self.bootstrap(&subjects, inference, |weight| self.value(weight));
        let subjects = subjects.len();
        Summary { n, undefined, subjects, mean, sd: None, median: None, q1: None, q3: None, t: None, bca }
    }

    /// This arm less `chosen`, over the cases that both have.
    pub fn less(&self, chosen: &Self, inference: &Inference) -> Paired {
        let (own, others) = (self.cases(), chosen.cases());
        let shared: BTreeSet<&str> = own.intersection(&others).copied().collect();
        let (arm, chosen) = (self.only(&shared), chosen.only(&shared));
        let difference = |weight: &dyn Fn(&CaseScore) -> f64| Some(arm.value(weight)? - chosen.value(weight)?);
        let subjects = arm.subjects();
        Paired {
            n: shared.len(),
            subjects: subjects.len(),
            dropped: own.union(&others).count() - shared.len(),
            mean_difference: difference(&|_| 1.0),
            bca: self.bootstrap(&subjects, inference, |weight| difference(&weight)),
            ..Paired::default()
        }
    }

    /// DeLong's placements, if the metric is the area under the curve.
    pub fn placements(&self, metric: &Metric) -> Option<Placements> {
        let ranked = |case: &&'a CaseScore| {
            let verdict = case.verdict?;
            let (positive, score) = (verdict.malignant, verdict.probability);
            Some(Ranked { case: &case.case, subject: &case.subject, positive, score })
        };
        let of_seed = |seed: &Vec<&'a CaseScore>| Placements::of(&seed.iter().map(ranked).collect::<Option<Vec<_>>>()?);
        let seeds: Option<Vec<Placements>> =
            (metric.name == "auc").then(|| self.seeds.iter().map(of_seed).collect()).flatten();
        Placements::mean(&seeds?)
    }

    fn bootstrap(
        &self,
        subjects: &BTreeMap<&str, usize>,
        inference: &Inference,
        of: impl Fn(&dyn Fn(&CaseScore) -> f64) -> Option<f64> + Sync,
    ) -> Option<crate::stats::Interval> {
        let drawn = |weights: &[f64]| of(&|case: &CaseScore| weights[subjects[case.subject.as_str()]]);
        Bootstrap::of_statistic(subjects.len(), inference.resampling, drawn)?.bca(inference.level)
    }

    fn value(&self, weight: impl Fn(&CaseScore) -> f64) -> Option<f64> {
        let of_seed =
            |seed: &Vec<&CaseScore>| (self.of_all)(&seed.iter().map(|&case| (case, weight(case))).collect::<Vec<_>>());
        let values: Vec<f64> = self.seeds.iter().filter_map(of_seed).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    fn only(&self, cases: &BTreeSet<&str>) -> Self {
        let kept = |seed: &Vec<&'a CaseScore>| {
            seed.iter().copied().filter(|case| cases.contains(case.case.as_str())).collect()
        };
        Self { of_all: self.of_all, seeds: self.seeds.iter().map(kept).collect() }
    }

    fn cases(&self) -> BTreeSet<&'a str> {
        self.seeds.iter().flatten().map(|case| case.case.as_str()).collect()
    }

    /// Place of each subject in the order of their names.
    fn subjects(&self) -> BTreeMap<&'a str, usize> {
        let names: BTreeSet<&str> = self.seeds.iter().flatten().map(|case| case.subject.as_str()).collect();
        names.into_iter().zip(0..).collect()
    }
}

/// DeLong's test of `arm` against `chosen`.
pub(super) fn delong(arm: Option<&Placements>, chosen: Option<&Placements>) -> Option<DeLong> {
    arm?.less(chosen?)
}
