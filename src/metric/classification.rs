//! Metrics of a classification: benign (negative) or malignant (positive), over cases.
//!
//! Shares of cases are means of a 0 or 1 a case, undefined for cases that they do not speak of: so everything that holds
//! for means over cases holds for them. The others are of all cases together ([`Metric::of_all`]).

use super::{Better, CaseScore, Confusion, LOSS, Metric, Shown};

/// A case is called malignant where its probability is above one half.
pub const THRESHOLD: f64 = 0.5;

/// What a classifier says of a case, and what it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Of malignancy, 0..=1.
    pub probability: f64,
    /// What the reference says.
    pub malignant: bool,
}

impl Verdict {
    /// The case as the only one of a confusion matrix.
    pub(super) fn counts(self) -> Confusion {
        let mut counts = Confusion::default();
        *(match (self.probability > THRESHOLD, self.malignant) {
            (true, true) => &mut counts.tp,
            (true, false) => &mut counts.fp,
            (false, true) => &mut counts.fn_,
            (false, false) => &mut counts.tn,
        }) = 1;
        counts
    }

    fn squared_error(self) -> f64 {
        (self.probability - f64::from(u8::from(self.malignant))).powi(2)
    }
}

/// A case and how often it counts: once, or as often as a bootstrap drew it.
pub type Weighted<'a> = (&'a CaseScore, f64);

const RATE: Metric = Metric {
    name: "",
    label: "",
    unit: "",
    better: Better::Higher,
    about: "",
    shown: Shown::Always,
    of: |_| None,
    of_all: None,
};

/// All metrics of a classification, in the order of tables. P2 Table 4 has the first three.
pub const CLASSIFICATION: &[Metric] = &[
    Metric {
        name: "accuracy",
        label: "Acc.",
        about: "share of cases called right, (TP+TN)/all",
        of: |s| s.counts.accuracy(),
        ..RATE
    },
    Metric {
        name: "sensitivity",
        label: "Sens.",
        about: "share of malignant cases called malignant, TP/(TP+FN); undefined without malignant cases",
        of: |s| s.counts.sensitivity(),
        ..RATE
    },
    Metric {
        name: "specificity",
        label: "Spec.",
        about: "share of benign cases called benign, TN/(TN+FP); undefined without benign cases",
        of: |s| s.counts.specificity(),
        ..RATE
    },
    Metric {
        name: "precision",
        label: "Prec.",
        about: "share of cases called malignant that are, TP/(TP+FP); undefined if none is called so",
        of_all: Some(|cases| Counts::of(cases).precision()),
        ..RATE
    },
    Metric {
        name: "f1",
        label: "F1",
        about: "2TP/(2TP+FP+FN); undefined if no case is malignant and none is called so",
        of_all: Some(|cases| Counts::of(cases).f1()),
        ..RATE
    },
    Metric {
        name: "balanced_accuracy",
        label: "Bal. acc.",
        about: "mean of sensitivity and specificity; undefined if either is",
        of_all: Some(|cases| Counts::of(cases).balanced_accuracy()),
        ..RATE
    },
    Metric {
        name: "auc",
        label: "AUC",
        about: "chance that a malignant case ranks above a benign one, ties counted half; undefined without both",
        of_all: Some(auc),
        ..RATE
    },
    Metric {
        name: "brier",
        label: "Brier",
        better: Better::Lower,
        about: "mean squared error of the probability of malignancy",
        of: |s| Some(s.verdict?.squared_error()),
        ..RATE
    },
    LOSS,
];

/// A confusion matrix of weighted cases.
#[derive(Default)]
struct Counts {
    tp: f64,
    fp: f64,
    fn_: f64,
    tn: f64,
}

impl Counts {
    fn of(cases: &[Weighted]) -> Self {
        cases.iter().fold(Self::default(), |sum, (case, weight)| {
            let add = |count: u64| count as f64 * weight;
            let Confusion { tp, fp, fn_, tn } = case.counts;
            Self { tp: sum.tp + add(tp), fp: sum.fp + add(fp), fn_: sum.fn_ + add(fn_), tn: sum.tn + add(tn) }
        })
    }

    fn precision(&self) -> Option<f64> {
        ratio(self.tp, self.tp + self.fp)
    }

    fn f1(&self) -> Option<f64> {
        ratio(2.0 * self.tp, 2.0 * self.tp + self.fp + self.fn_)
    }

    fn balanced_accuracy(&self) -> Option<f64> {
        Some((ratio(self.tp, self.tp + self.fn_)? + ratio(self.tn, self.tn + self.fp)?) / 2.0)
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// Area under the ROC curve (Mann and Whitney): exact, over the probabilities as they are.
fn auc(cases: &[Weighted]) -> Option<f64> {
    let verdict = |(case, weight): &Weighted| case.verdict.map(|verdict| (verdict, *weight));
    let mut ranked: Vec<(Verdict, f64)> = cases.iter().map(verdict).collect::<Option<_>>()?;
    ranked.sort_by(|a, b| a.0.probability.total_cmp(&b.0.probability));
    let (mut won, mut positives, mut negatives) = (0.0, 0.0, 0.0);
    for ties in ranked.chunk_by(|a, b| a.0.probability == b.0.probability) {
        let weight = |malignant| ties.iter().filter(|(v, _)| v.malignant == malignant).map(|(_, w)| w).sum::<f64>();
        let (positive, negative) = (weight(true), weight(false));
        won += positive * (negatives + negative / 2.0);
        (positives, negatives) = (positives + positive, negatives + negative);
    }
    ratio(won, positives * negatives)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Aggregate, Task};

    fn cases(rows: &[(f64, bool)]) -> Vec<CaseScore> {
        let case = |(i, &(probability, malignant)): (usize, &(f64, bool))| {
            CaseScore::judged(&i.to_string(), &i.to_string(), Verdict { probability, malignant })
        };
        rows.iter().enumerate().map(case).collect()
    }

    fn value(name: &str, cases: &[CaseScore]) -> Aggregate {
        Aggregate::of(Task::Classification.metric(name).expect("registered"), cases)
    }

    #[test]
    fn six_cases_by_hand() {
        // called malignant: .9 (is), .6 (is not); called benign: .5 (is malignant), .4 .2 .2 (are not)
        let cases = cases(&[(0.9, true), (0.6, false), (0.5, true), (0.4, false), (0.2, false), (0.2, false)]);
        let mean = |name| value(name, &cases).mean.expect("defined");
        assert_eq!((mean("accuracy"), mean("sensitivity"), mean("specificity")), (4.0 / 6.0, 0.5, 0.75));
        assert_eq!((mean("precision"), mean("f1"), mean("balanced_accuracy")), (0.5, 0.5, 0.625));
        // of 2 · 4 pairs only (.5, .6) is lost
        assert_eq!(mean("auc"), 7.0 / 8.0);
        assert!((mean("brier") - (0.01 + 0.36 + 0.25 + 0.16 + 0.04 + 0.04) / 6.0).abs() < 1e-12);
        assert_eq!((value("sensitivity", &cases).n, value("auc", &cases).n), (2, 6));
    }

    #[test]
    fn one_class_alone_has_no_ranking_and_nothing_called_malignant_no_precision() {
        let benign = cases(&[(0.1, false), (0.3, false)]);
        for name in ["auc", "balanced_accuracy", "precision", "f1", "sensitivity"] {
            assert_eq!(value(name, &benign), Aggregate { mean: None, n: 0, undefined: 2 }, "{name}");
        }
        assert_eq!(value("specificity", &benign).mean, Some(1.0));
    }

    #[test]
    fn a_case_that_counts_twice_is_the_case_twice() {
        let own = cases(&[(0.9, true), (0.6, false), (0.5, true), (0.5, false)]);
        let weighted: Vec<Weighted> = own.iter().zip([2.0, 0.0, 1.0, 3.0]).collect();
        let repeated: Vec<Weighted> = [0, 0, 2, 3, 3, 3].map(|i| (&own[i], 1.0)).to_vec();
        for metric in CLASSIFICATION.iter().filter_map(|metric| metric.of_all) {
            assert_eq!(metric(&weighted), metric(&repeated));
        }
    }
}
