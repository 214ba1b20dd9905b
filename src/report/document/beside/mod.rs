//! Published numbers beside ours: the difference, whether the two measure the same, and what the auditor says.

mod grid;
mod ours;

use serde::Serialize;

use super::Provenance;
use crate::audit::{Certainty, Column, Measure, Part, Table, findings_watched, published};
use crate::metric::{Metric, Task};
use crate::report::{Answers, Comparison, PrintedRow, PrintedTable, printed};
use crate::stats::Interval;
use ours::Ours;

pub(super) use ours::metric_name;

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
    /// Mean over test cases, or over runs of what their epochs of training had.
    pub ours: Option<f64>,
    /// Of ours, by bootstrap.
    pub bca: Option<Interval>,
    /// Test cases with a value; `null` for numbers of training.
    pub n: Option<usize>,
    /// Test cases without one.
    pub undefined: Option<usize>,
    /// Ours less published.
    pub difference: Option<f64>,
    /// Why there is none of ours; missing if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// What the auditor says of the row, the worst first.
    pub findings: Vec<(Certainty, String)>,
}

impl BesideRow {
    /// The metric's row in the registry of `task`.
    pub fn metric(&self, task: Task) -> Option<&'static Metric> {
        task.metric(self.metric?)
    }
}

/// A published table with rows about arms, and no number beside which one of ours could stand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unpaired {
    /// Paper and number.
    pub source: String,
    /// The caption, shortened.
    pub title: String,
    /// Why not, each reason once.
    pub reasons: Vec<String>,
}

/// Where ours come from.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub comparison: &'a Comparison,
    pub provenance: &'a Provenance,
    pub answers: &'a Answers,
}

const OWN_SCALE: &str = "a loss is each arm's own objective: those of different formulas are not on one scale";
const OF_TEST_LOSS: &str = "ours of test: the loss of the mask alone, without what side outputs and edge maps add";
const OF_SCORED: &str =
    "ours of training: over the images as they were trained on, of the epoch whose weights are scored; mean over runs";
const OF_BEST: &str =
    "ours of training: over the images as they were trained on, the best of any epoch; mean over runs";

/// Published numbers of the arms of a comparison, and the tables without any. Calls `table_done` for each published table
/// that the auditor reads.
pub(super) fn beside(from: Sources, table_done: &(dyn Fn() + Sync)) -> (Vec<Beside>, Vec<Unpaired>) {
    let published = published();
    // What the auditor finds takes seconds: only asked for where there is a table to say it of.
    if printed(from.comparison, published, &[]).is_empty() {
        return Default::default();
    }
    let tables = printed(from.comparison, published, &findings_watched(published, table_done));
    let of = |own: PrintedTable| Some(Beside::of(own.clone(), source_of(&own.source, &own.title)?, from).told(from));
    let (paired, others): (Vec<_>, Vec<_>) =
        tables.into_iter().filter_map(of).partition(|table| table.rows.iter().any(|row| row.ours.is_some()));
    (paired, others.into_iter().map(Unpaired::of).collect())
}

/// The published table of that name.
pub(super) fn source_of(source: &str, title: &str) -> Option<&'static Table> {
    published().tables.iter().find(|table| table.source == source && table.title == title)
}

impl Unpaired {
    fn of(table: Beside) -> Self {
        let mut reasons: Vec<String> = Vec::new();
        for reason in table.rows.into_iter().filter_map(|row| row.missing) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        Self { source: table.source, title: table.title, reasons }
    }
}

impl Beside {
    fn of(printed: PrintedTable, table: &Table, from: Sources) -> Self {
        let mut apart = printed.apart;
        let rows: Vec<BesideRow> = printed.rows.iter().flat_map(|row| BesideRow::all(row, table, from)).collect();
        // What is one of several patients is about no arm.
        let unmet = table.rows.iter().filter(|row| printed.rows.iter().all(|own| own.name != row.name));
        let no_arm = unmet.filter(|_| table.mean_row.is_none()).map(|row| row.name.clone()).collect();
        let has = |of: &dyn Fn(&Column) -> bool| {
            let is_of = |row: &BesideRow| table.columns.iter().any(|own| own.name == row.column && of(own));
            rows.iter().any(|row| row.ours.is_some() && is_of(row))
        };
        if has(&|column| column.measure == Measure::Loss) {
            apart.push(OWN_SCALE.to_owned());
        }
        if has(&|column| column.measure == Measure::Loss && column.part == Part::Test) {
            apart.push(OF_TEST_LOSS.to_owned());
        }
        if has(&|column| column.part == Part::Train) {
            apart.push(if table.each_best { OF_BEST } else { OF_SCORED }.to_owned());
        }
        let arms = from.comparison.arms.iter();
        let leaks = arms.filter(|arm| printed.rows.iter().any(|row| row.arms.contains(&arm.arm)));
        apart.extend(leaks.filter_map(|arm| Some(arm.leak?.note(&arm.arm).trim_end().to_owned())));
        Self {
            source: printed.source,
            title: printed.title,
            comparable: apart.is_empty(),
            apart,
            findings: printed.caveats,
            no_arm,
            rows,
        }
    }

    /// With how long and how wide the arms are, behind the name of their profile and before all other reasons.
    fn told(mut self, from: Sources) -> Self {
        if !self.comparable {
            let place = usize::from(from.comparison.reduced().is_some());
            self.apart.insert(place, from.provenance.extent(from.comparison.folds()));
        }
        self
    }
}

impl BesideRow {
    fn all(row: &PrintedRow, table: &Table, from: Sources) -> Vec<Self> {
        let values = table.rows.iter().find(|own| own.name == row.name).map_or(&[][..], |own| &own.values);
        let mut rows = Vec::new();
        for arm in &row.arms {
            for ((column, printed), published) in table.columns.iter().zip(&row.cells).zip(values) {
                let Ours { metric, value, bca, cases, missing } = Ours::of(column, (table, arm), &from);
                let (n, undefined) = cases.map(|[n, undefined]| (n, undefined)).unzip();
                rows.push(Self {
                    row: row.name.clone(),
                    arm: arm.clone(),
                    column: column.name.clone(),
                    printed: printed.clone(),
                    published: *published,
                    metric: metric.map(|metric| metric.name),
                    ours: value,
                    bca,
                    n,
                    undefined,
                    difference: value.map(|ours| ours - published),
                    missing,
                    findings: row.verdicts.clone(),
                });
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printed_table_is_found_again_by_its_source_and_title() {
        for table in &published().tables {
            assert_eq!(source_of(&table.source, &table.title).map(|own| &own.id), Some(&table.id));
        }
    }
}
