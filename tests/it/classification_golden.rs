//! Metrics and statistics of a classification against scikit-learn, statsmodels and DeLong elsewhere;
//! `tests/golden/classification.py` says how the values were made.

use std::collections::BTreeMap;

use seglab::metric::{Aggregate, CLASSIFICATION, CaseScore, Verdict};
use seglab::stats::{Level, Placements, Ranked, Sample, mcnemar, wilson};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    rankings: Vec<Ranking>,
    shares: Vec<Share>,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Ranking {
    truth: Vec<bool>,
    p: Vec<u32>,
    other: Vec<u32>,
    subject: Vec<usize>,
    metrics: BTreeMap<String, Option<f64>>,
    se: Option<f64>,
    clustered_se: Option<f64>,
    difference: Option<Difference>,
}

#[derive(Deserialize)]
struct Difference {
    difference: f64,
    se: f64,
    p: f64,
}

#[derive(Deserialize)]
struct Share {
    n: usize,
    successes: usize,
    level: f64,
    interval: [f64; 2],
}

#[derive(Deserialize)]
struct Test {
    better: usize,
    worse: usize,
    p: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/classification.json")).expect("golden values")
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

impl Ranking {
    fn scores(&self) -> Vec<CaseScore> {
        let case = |(i, (&malignant, &p)): (usize, (&bool, &u32))| {
            CaseScore::judged(&i.to_string(), &i.to_string(), Verdict { probability: f64::from(p) / 1024.0, malignant })
        };
        self.truth.iter().zip(&self.p).enumerate().map(case).collect()
    }

    fn placements(&self, p: &[u32], subject: impl Fn(usize) -> usize) -> Placements {
        let names: Vec<[String; 2]> =
            (0..p.len()).map(|i| [i, subject(i)].map(|number| format!("{number:03}"))).collect();
        let case = |(i, [case, subject]): (usize, &'_ [String; 2])| Ranked {
            case: Box::leak(case.clone().into_boxed_str()),
            subject: Box::leak(subject.clone().into_boxed_str()),
            positive: self.truth[i],
            score: f64::from(p[i]),
        };
        Placements::of(&names.iter().enumerate().map(case).collect::<Vec<_>>()).expect("both classes")
    }
}

#[test]
fn every_metric_agrees_with_scikit_learn() {
    for ranking in golden().rankings {
        let scores = ranking.scores();
        assert_eq!(ranking.metrics.len(), CLASSIFICATION.len());
        for metric in CLASSIFICATION {
            let (own, expected) = (Aggregate::of(metric, &scores).mean, ranking.metrics[metric.name]);
            let agree = own.zip(expected).map_or(own == expected, |(own, expected)| close(own, expected));
            assert!(agree, "{}: {own:?}, scikit-learn {expected:?}", metric.name);
        }
    }
}

#[test]
fn delong_agrees_with_confidenceinterval_and_clusters_with_obuchowski() {
    for ranking in golden().rankings {
        let alone = ranking.placements(&ranking.p, |i| i);
        assert!(close(alone.auc(), ranking.metrics["auc"].expect("both classes")));
        if let Some(se) = ranking.se {
            // that package keeps midranks in single precision
            assert!((alone.se().expect("two a class") - se).abs() < 1e-7, "{:?} {se}", alone.se());
        }
        let clustered = ranking.placements(&ranking.p, |i| ranking.subject[i]).se();
        assert_eq!(clustered.is_some(), ranking.clustered_se.is_some());
        assert!(clustered.zip(ranking.clustered_se).is_none_or(|(own, expected)| (own - expected).abs() < 1e-10));
    }
}

#[test]
fn delongs_test_agrees_with_the_covariance_of_placements() {
    let mut tested = 0;
    for ranking in golden().rankings {
        let (own, other) = (ranking.placements(&ranking.p, |i| i), ranking.placements(&ranking.other, |i| i));
        let Some(expected) = ranking.difference else { continue };
        let found = own.less(&other).expect("a difference");
        assert!(close(found.difference, expected.difference));
        assert!((found.se - expected.se).abs() < 1e-10 && (found.p - expected.p).abs() < 1e-10, "{found:?}");
        tested += 1;
    }
    assert!(tested >= 30, "{tested}");
}

#[test]
fn wilson_and_mcnemar_agree_with_statsmodels() {
    let golden = golden();
    let sample = |parts: &[(f64, usize)]| {
        let values: Vec<f64> = parts.iter().flat_map(|&(value, n)| std::iter::repeat_n(value, n)).collect();
        Sample::independent(&values).expect("finite")
    };
    for Share { n, successes, level, interval: [low, high] } in golden.shares {
        let level = Level::new(level).expect("a level");
        let own = wilson(&sample(&[(1.0, successes), (0.0, n - successes)]), level).expect("a share");
        assert!((own.low - low).abs() < 1e-9 && (own.high - high).abs() < 1e-9, "{successes}/{n}: {own:?}");
    }
    for Test { better, worse, p } in golden.tests {
        let own = mcnemar(&sample(&[(1.0, better), (-1.0, worse), (0.0, 10)])).expect("a table");
        assert_eq!((own.better, own.worse), (better, worse));
        assert!((own.p - p).abs() < 1e-10, "{better} {worse}: {} {p}", own.p);
    }
}
