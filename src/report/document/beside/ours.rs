//! Which number of ours stands beside a published column, and why none does.

use super::Sources;
use crate::audit::{Column, Measure, Part, Unit};
use crate::metric::{Metric, Task};
use crate::stats::Interval;

/// A number of ours, or why there is none.
#[derive(Default)]
pub(super) struct Ours {
    /// Its row in the registry; `None` for what is no metric.
    pub metric: Option<&'static Metric>,
    /// The number.
    pub value: Option<f64>,
    /// Of the number, by bootstrap over test cases.
    pub bca: Option<Interval>,
    /// Why there is no number.
    pub missing: Option<String>,
}

impl Ours {
    /// Of the arm `arm`, beside `column` of a table that counts `table`.
    pub fn of(column: &Column, (table, arm): (Unit, &str), from: &Sources) -> Self {
        let task = from.comparison.task;
        if table != unit(task) {
            return Self::missing(format!("the paper classifies {}, these arms {}", name(table), name(unit(task))));
        }
        let Some(name) = metric_name(column.measure) else {
            return Self::missing("read off a curve by eye; runs keep their curves instead".to_owned());
        };
        match column.part {
            Part::Train => Self::of_training((name, column.measure), arm, from),
            Part::Test => Self::of_test(name, arm, from),
        }
    }

    /// Of the test cases.
    fn of_test(name: &'static str, arm: &str, from: &Sources) -> Self {
        let Some(metric) = from.comparison.task.metric(name) else {
            return Self::missing(format!("{name} is not measured here"));
        };
        let summary = from.answers.summary(arm, metric);
        let value = summary.and_then(|summary| summary.mean);
        let missing = match (value, summary) {
            (Some(_), _) => None,
            (None, Some(_)) if metric.is_loss() => Some("no run keeps the loss of each test case".to_owned()),
            (None, Some(_)) => Some("undefined in every test case".to_owned()),
            (None, None) => Some("no finished run with scores that have it".to_owned()),
        };
        Self { metric: Some(metric), value, bca: summary.and_then(|summary| summary.bca), missing }
    }

    /// Of the images that a network was trained on, mean over the arm's finished runs.
    fn of_training((name, measure): (&'static str, Measure), arm: &str, from: &Sources) -> Self {
        let metric = from.comparison.task.metric(name);
        let of_epochs = match measure {
            Measure::Loss => from.provenance.over_runs(arm, |run| run.train_loss),
            _ => from.provenance.over_runs(arm, |run| run.train.get(name).copied()),
        };
        let missing = match (of_epochs, measure) {
            (Some(_), _) => None,
            (None, Measure::Loss) => Some("no finished run keeps a training loss".to_owned()),
            (None, _) => Some("training scores are not recorded".to_owned()),
        };
        Self { metric, value: of_epochs, bca: None, missing }
    }

    fn missing(reason: String) -> Self {
        Self { missing: Some(reason), ..Self::default() }
    }
}

/// What an answer to `task` classifies.
fn unit(task: Task) -> Unit {
    match task {
        Task::Segmentation => Unit::Pixel,
        Task::Classification => Unit::Case,
    }
}

fn name(unit: Unit) -> &'static str {
    match unit {
        Unit::Pixel => "pixels",
        Unit::Case => "cases",
    }
}

/// Key in the registry of what a column measures.
pub(in crate::report::document) fn metric_name(measure: Measure) -> Option<&'static str> {
    Some(match measure {
        Measure::Dsc => "dsc",
        Measure::Iou => "iou",
        Measure::Miou => "miou",
        Measure::Sensitivity => "sensitivity",
        Measure::Precision => "precision",
        Measure::Specificity => "specificity",
        Measure::Accuracy => "accuracy",
        Measure::F1 => "f1",
        Measure::RocAuc => "auc",
        Measure::Loss => "loss",
        Measure::Hausdorff => "hd_px",
        Measure::Prevalence | Measure::Epoch => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_but_shares_and_epochs_names_a_metric_or_the_loss() {
        let name = |column: &str| metric_name(Column::parse(column).expect("a column").measure);
        assert_eq!(name("global_accuracy"), Some("accuracy"));
        assert_eq!([name("test_loss"), name("train_loss")], [Some("loss"); 2]);
        assert_eq!([name("roc_auc"), name("hausdorff"), name("epoch")], [Some("auc"), Some("hd_px"), None]);
        for known in ["dsc", "iou", "miou", "sensitivity", "precision", "specificity", "accuracy", "f1", "roc_auc"] {
            assert!(Task::Segmentation.metric(name(known).expect("a metric")).is_some(), "{known}");
        }
    }
}
