//! What may be said of a classification beyond intervals and tests of means: Wilson and McNemar for shares of cases,
//! DeLong for the area under the curve.

use serde::Serialize;

use super::inference::Answer;
use super::scores::ArmScores;
use super::together::{Together, delong};
use crate::metric::{Metric, Task};
use crate::stats::{
    CaseValues, DeLong, Inference, Interval, McNemar, Pairs, Placements, Refused, holm, mcnemar, wilson,
};

/// Beside an arm's [`Summary`](crate::stats::Summary) and [`Paired`](crate::stats::Paired) values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Exact {
    /// Of a share of cases; `null` if subjects or seeds give several values.
    pub wilson: Option<Interval>,
    /// Of the area under the curve.
    pub delong: Option<Interval>,
    /// Arm and chosen arm on the cases that one has right and the other has not; `null` as for `wilson`.
    pub mcnemar: Option<McNemar>,
    /// Area under the arm's curve less that of the chosen arm.
    pub delong_test: Option<DeLong>,
    /// The test's p after Holm over the arms that were tested.
    pub holm: Option<f64>,
}

impl Exact {
    /// Of the two, the interval that the metric has.
    pub fn interval(&self) -> Option<Interval> {
        self.wilson.or(self.delong)
    }

    /// As columns; an empty one is undefined.
    pub(super) fn fields(&self) -> [String; 4] {
        let (low, high) = self.interval().map(|interval| (interval.low, interval.high)).unzip();
        [low, high, self.p(), self.holm].map(|value| value.map(|v| v.to_string()).unwrap_or_default())
    }

    /// Of the two, the p value that the metric has.
    pub fn p(&self) -> Option<f64> {
        self.mcnemar.map(|test| test.p).or(self.delong_test.map(|test| test.p))
    }
}

/// One for each of `arms`, tested against the arm at `chosen`.
pub(super) fn of_arms(
    metric: &Metric,
    arms: &[ArmScores],
    (chosen, inference): (usize, &Inference),
) -> Result<Vec<Exact>, Refused> {
    let mut rows = match metric.of_all {
        Some(of_all) => {
            let placements: Vec<_> =
                arms.iter().map(|arm| Together::of(of_all, &arm.runs).placements(metric)).collect();
            ranked(arms, &placements, (chosen, inference))
        }
        None => counted(metric, arms, (chosen, inference))?,
    };
    let made: Vec<f64> = rows.iter().filter_map(Exact::p).collect();
    let mut adjusted = holm(&made).unwrap_or_default().into_iter();
    rows.iter_mut().for_each(|row| row.holm = row.p().and_then(|_| adjusted.next()));
    Ok(rows)
}

fn ranked(
    arms: &[ArmScores],
    placements: &[Option<Placements>],
    (chosen, inference): (usize, &Inference),
) -> Vec<Exact> {
    let row = |(i, own): (usize, &Option<Placements>)| {
        let test =
            (i != chosen && !arms[i].leaks()).then(|| delong(own.as_ref(), placements.get(chosen)?.as_ref())).flatten();
        let interval = own.as_ref().and_then(|placements| placements.interval(inference.level));
        Exact { delong: interval, delong_test: test, ..Exact::default() }
    };
    placements.iter().enumerate().map(row).collect()
}

fn counted(
    metric: &Metric,
    arms: &[ArmScores],
    (chosen, inference): (usize, &Inference),
) -> Result<Vec<Exact>, Refused> {
    let values = arms.iter().map(|arm| arm.values(metric)).collect::<Result<Vec<CaseValues>, _>>()?;
    let row = |(i, own): (usize, &CaseValues)| {
        let pairs = values
            .get(chosen)
            .filter(|_| i != chosen && !arms[i].leaks())
            .map(|chosen| Pairs::of(chosen, own))
            .transpose()?;
        let test = pairs.and_then(|pairs| mcnemar(&pairs.differences));
        Ok(Exact { wilson: wilson(&own.sample(), inference.level), mcnemar: test, ..Exact::default() })
    };
    values.iter().enumerate().map(row).collect()
}

impl Answer {
    pub(super) fn row(&self) -> &'static Metric {
        let task = if self.is_exact() { Task::Classification } else { Task::Segmentation };
        task.metric(self.metric).expect("a row of the registry")
    }

    /// Whether any arm has what only a classification has.
    pub(super) fn is_exact(&self) -> bool {
        self.arms.iter().any(|arm| arm.exact.is_some())
    }
}
