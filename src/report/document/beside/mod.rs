//! Published numbers beside ours: the difference, whether the two measure the same, and what the auditor says.

use serde::Serialize;

use super::Provenance;
use crate::audit::{Certainty, Column, Measure, Part, Table, Unit, findings_watched, published};
use crate::metric::{Metric, Task};
use crate::report::{Answers, Comparison, PrintedRow, PrintedTable, printed};
use crate::stats::Interval;

/// One published table, as far as arms correspond to its rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Beside {
    /// Paper and number.
    pub source: String,
    /// The caption, shortened.
    pub title: String,
    /// Whether a difference measures the networks and nothing else.
    pub comparable: bool,
    /// Why not.
    pub apart: Vec<String>,
    /// What the auditor says of the table.
    pub findings: Vec<(Certainty, String)>,
    /// Rows of the table that no arm corresponds to.
    pub no_arm: Vec<String>,
    /// One for each published number of each arm.
    pub rows: Vec<BesideRow>,
}

/// A published number and ours.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BesideRow {
    /// Row as printed.
    pub row: String,
    /// The arm that it is about.
    pub arm: String,
    /// Column as printed.
    pub column: String,
    /// With all its digits.
    pub printed: String,
    /// As a number.
    pub published: f64,
    /// Ours; `null` if a test of ours does not measure it.
    pub metric: Option<&'static str>,
    /// Mean over cases; `null` without metric or cases.
    pub ours: Option<f64>,
    /// Of ours, by bootstrap.
    pub bca: Option<Interval>,
    /// Ours less published.
    pub difference: Option<f64>,
    /// What the auditor says of the row, the worst first.
    pub findings: Vec<(Certainty, String)>,
}

impl BesideRow {
    /// The metric's row in the registry of `task`.
    pub fn metric(&self, task: Task) -> Option<&'static Metric> {
        task.metric(self.metric?)
    }
}

/// Published numbers of the arms of `comparison`. Calls `table_done` for each published table that the auditor reads.
pub(super) fn beside(
    (comparison, provenance): (&Comparison, &Provenance),
    answers: &Answers,
    table_done: &(dyn Fn() + Sync),
) -> Vec<Beside> {
    let published = published();
    // What the auditor finds takes seconds: only asked for where there is a table to say it of.
    if printed(comparison, published, &[]).is_empty() {
        return Vec::new();
    }
    let tables = printed(comparison, published, &findings_watched(published, table_done));
    let of = |printed: PrintedTable| {
        let same = |table: &&Table| table.source == printed.source && table.title == printed.title;
        let of = |table| Beside::of(printed.clone(), table, (comparison, answers));
        published.tables.iter().find(same).map(of).map(|table| table.told(comparison, provenance))
    };
    tables.into_iter().filter_map(of).collect()
}

impl Beside {
    fn of(printed: PrintedTable, table: &Table, (comparison, answers): (&Comparison, &Answers)) -> Self {
        let mut apart = printed.apart;
        if unit(comparison.task) != table.unit {
            let (theirs, ours) = (unit_name(table.unit), unit_name(unit(comparison.task)));
            apart.push(format!("{} classifies {theirs}, these arms {ours}: no difference is given", table.source));
        }
        let rows = printed.rows.iter().flat_map(|row| BesideRow::all(row, table, (comparison, answers))).collect();
        let no_arm = table.rows.iter().filter(|row| printed.rows.iter().all(|own| own.name != row.name));
        let leaks = comparison.arms.iter().filter(|arm| printed.rows.iter().any(|row| row.arms.contains(&arm.arm)));
        apart.extend(leaks.filter_map(|arm| Some(arm.leak?.note(&arm.arm).trim_end().to_owned())));
        Self {
            source: printed.source,
            title: printed.title,
            comparable: apart.is_empty(),
            apart,
            findings: printed.caveats,
            no_arm: no_arm.map(|row| row.name.clone()).collect(),
            rows,
        }
    }

    /// With how long and how wide the arms are, behind the name of their profile and before all other reasons.
    fn told(mut self, comparison: &Comparison, provenance: &Provenance) -> Self {
        if !self.comparable {
            self.apart.insert(usize::from(comparison.reduced().is_some()), provenance.extent());
        }
        self
    }
}

impl BesideRow {
    fn all(row: &PrintedRow, table: &Table, (comparison, answers): (&Comparison, &Answers)) -> Vec<Self> {
        let values = table.rows.iter().find(|own| own.name == row.name).map_or(&[][..], |own| &own.values);
        let mut rows = Vec::new();
        for arm in &row.arms {
            for ((column, printed), published) in table.columns.iter().zip(&row.cells).zip(values) {
                let metric = metric_of(column, table.unit, comparison.task);
                let summary = metric.and_then(|metric| answers.summary(arm, metric));
                let ours = summary.and_then(|summary| summary.mean);
                rows.push(Self {
                    row: row.name.clone(),
                    arm: arm.clone(),
                    column: column.name.clone(),
                    printed: printed.clone(),
                    published: *published,
                    metric: metric.map(|metric| metric.name),
                    ours,
                    bca: summary.and_then(|summary| summary.bca),
                    difference: ours.map(|ours| ours - published),
                    findings: row.verdicts.clone(),
                });
            }
        }
        rows
    }
}

fn unit(task: Task) -> Unit {
    match task {
        Task::Segmentation => Unit::Pixel,
        Task::Classification => Unit::Case,
    }
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Pixel => "pixels",
        Unit::Case => "cases",
    }
}

/// Ours are of test cases; a loss is no metric.
fn metric_of(column: &Column, table: Unit, task: Task) -> Option<&'static Metric> {
    if column.part != Part::Test || table != unit(task) {
        return None;
    }
    let name = match column.measure {
        Measure::Dsc => "dsc",
        Measure::Iou => "iou",
        Measure::Miou => "miou",
        Measure::Sensitivity => "sensitivity",
        Measure::Precision => "precision",
        Measure::Specificity => "specificity",
        Measure::Accuracy => "accuracy",
        Measure::F1 => "f1",
        Measure::RocAuc => "auc",
        Measure::Prevalence | Measure::Loss => return None,
    };
    task.metric(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(column: &str, unit: Unit, task: Task) -> Option<&'static str> {
        metric_of(&Column::parse(column).expect("a column"), unit, task).map(|metric| metric.name)
    }

    #[test]
    fn a_column_meets_the_metric_of_its_quantity_on_test_cases_alone() {
        assert_eq!(metric("global_accuracy", Unit::Pixel, Task::Segmentation), Some("accuracy"));
        assert_eq!(metric("roc_auc", Unit::Pixel, Task::Segmentation), Some("auc"));
        assert_eq!(metric("train_miou", Unit::Pixel, Task::Segmentation), None);
        assert_eq!(metric("test_loss", Unit::Pixel, Task::Segmentation), None);
        assert_eq!(metric("accuracy", Unit::Case, Task::Segmentation), None);
        assert_eq!(metric("accuracy", Unit::Case, Task::Classification), Some("accuracy"));
    }

    #[test]
    fn every_printed_table_is_found_again_by_its_source_and_title() {
        let tables = &published().tables;
        for (i, table) in tables.iter().enumerate() {
            let same = |other: &&Table| other.source == table.source && other.title == table.title;
            assert_eq!(tables.iter().position(|other| same(&other)), Some(i), "{}", table.id);
        }
    }
}
