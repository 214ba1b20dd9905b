//! Which number of ours stands beside a published column, and why none does.

use super::Sources;
use crate::audit::{Column, Measure, Part, Table, Unit};
use crate::metric::{Metric, Task};
use crate::report::document::provenance::Of;
use crate::stats::{Interval, Summary};

/// A number of ours, or why there is none.
#[derive(Default)]
pub(super) struct Ours {
    /// Its row in the registry; `None` for what is no metric.
    pub metric: Option<&'static Metric>,
    /// The number.
    pub value: Option<f64>,
    /// Of the number, by bootstrap over test cases.
    pub bca: Option<Interval>,
    /// Test cases with a value and without one; `None` for training.
    pub cases: Option<[usize; 2]>,
    /// Why there is no number.
    pub missing: Option<String>,
}

impl Ours {
    /// Of the arm `arm`, beside `column` of `table`.
    pub fn of(column: &Column, (table, arm): (&Table, &str), from: &Sources) -> Self {
        let own = unit(from.comparison.task);
        if table.unit != own {
            return Self::missing(format!("the paper classifies {}, these arms {}", name(table.unit), name(own)));
        }
        let Some(name) = metric_name(column.measure) else {
            return Self::missing("read off a curve by eye; runs keep their curves instead".to_owned());
        };
        match column.part {
            Part::Train => Self::of_training((name, epoch(table)), arm, from),
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
            (None, _) if metric.is_loss() && has_no_loss(arm, from) => Some(NO_LOSS.to_owned()),
            (None, Some(_)) if metric.is_loss() => Some("no run keeps the loss of each test case".to_owned()),
            (None, Some(_)) => Some("undefined in every test case".to_owned()),
            (None, None) => Some("no finished run with scores that have it".to_owned()),
        };
        // Of a classification the cases of the other class are not in it, which is no lack of theirs.
        let apart = !from.comparison.task.is_segmentation() && value.is_some();
        let cases = summary.map(|&Summary { n, undefined, .. }| [n, if apart { 0 } else { undefined }]);
        Self { metric: Some(metric), value, bca: summary.and_then(|summary| summary.bca), cases, missing }
    }

    /// Of the images that a network was trained on, mean over the arm's finished runs.
    fn of_training((name, of): (&'static str, Of), arm: &str, from: &Sources) -> Self {
        let metric = from.comparison.task.metric(name);
        let is_loss = name == metric_name(Measure::Loss).unwrap_or_default();
        let value = match is_loss {
            true => from.provenance.over_runs(arm, |run| run.loss_in_training(of)),
            false => from.provenance.over_runs(arm, |run| run.in_training(name, of)),
        };
        let reason = match metric {
            _ if is_loss && has_no_loss(arm, from) => NO_LOSS,
            _ if is_loss => "no finished run keeps a training loss",
            Some(metric) if metric.is_distance() => "distances are not measured on training images",
            _ => "training scores are not recorded",
        };
        let missing = value.is_none().then(|| reason.to_owned());
        Self { metric, value, missing, ..Self::default() }
    }

    fn missing(reason: String) -> Self {
        Self { missing: Some(reason), ..Self::default() }
    }
}

const NO_LOSS: &str = "nothing was trained by a loss";

/// Whether the arm is a model that no loss trains.
fn has_no_loss(arm: &str, from: &Sources) -> bool {
    from.comparison.arms.iter().any(|own| own.arm == arm && own.loss.is_empty())
}

/// Beside numbers that are the best of a curve stands the best of ours.
fn epoch(table: &Table) -> Of {
    if table.each_best { Of::Best } else { Of::Scored }
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
