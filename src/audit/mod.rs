//! Can a published row be true? Given printed metrics, which combinations no confusion matrix can produce.
//!
//! Knows tables of numbers and their arithmetic; nothing of runs, files and terminals. What is *impossible* is proven,
//! with rounding taken into account, under every reading that a table lists (one confusion matrix or means over
//! images, mIoU of the tumour or of both classes, …). What is *implausible* breaks a stated rule of thumb.
//! Weak spot: all columns of a part are taken as measured on the same predictions, by the textbook formulas without
//! smoothing terms; a table that mixes soft and thresholded predictions is reported as if its numbers were wrong.

mod across;
mod grain;
mod measure;
mod nearest;
mod published;
mod raw;
mod reading;
mod render;
mod row;
mod search;
mod shape;
mod slice;
mod table;

use std::sync::OnceLock;

use serde::Serialize;

pub use measure::{Column, Interval, Measure, Part};
pub use published::{
    Aggregation, Count, Doubt, F1, Images, MAX_BYTES, Miou, Protocol, Published, PublishedError, Row, Sum, Table, Unit,
};
pub use render::{Format, render};

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Proven: under no reading that the table lists can the numbers be true together.
    Impossible,
    /// Not proven, but against a rule that the message states.
    Implausible,
    /// True under some readings only; the message says which.
    Conditional,
    /// A reader's remark; nothing was computed.
    Remark,
}

impl Certainty {
    /// As it is written in files and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Impossible => "impossible",
            Self::Implausible => "implausible",
            Self::Conditional => "conditional",
            Self::Remark => "remark",
        }
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Numbers of one row against each other.
    Row,
    /// Rows that cannot share one test set.
    Balance,
    /// A row of means against the rows it is the mean of.
    MeanRow,
    /// Accuracies that are all multiples of 1/n.
    Grain,
    /// One row made of two other models' numbers.
    Repeat,
    /// Two values of one quantity of one model.
    Conflict,
    /// A size against its source.
    Count,
    /// Parts against their total.
    Sum,
    /// A reader's doubt.
    Doubt,
}

/// One thing that is odd.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Table's id; absent if it is about the paper.
    pub table: Option<String>,
    /// Row's name; absent if it is about the table.
    pub row: Option<String>,
    /// What it is about.
    pub kind: Kind,
    /// How sure it is.
    pub certainty: Certainty,
    /// The numbers concerned, as printed.
    pub numbers: Vec<Number>,
    /// Readings that were tried, and what came of each.
    pub readings: Vec<Tried>,
    /// In words.
    pub message: String,
    /// Where the numbers are printed.
    pub source: String,
}

/// A number of a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Number {
    /// Column's name.
    pub column: String,
    /// With all its digits.
    pub printed: String,
}

/// What came of a reading.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tried {
    /// E.g. `mean over images, mIoU of the tumour`.
    pub reading: String,
    /// Whether the numbers can be true under it.
    pub verdict: Verdict,
}

/// Whether numbers can be true together; worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing speaks against it.
    Possible,
    /// Only if a tumour covers more than half of an image.
    Implausible,
    /// Proven not to be.
    Impossible,
}

/// What the two papers publish; built in.
pub fn published() -> &'static Published {
    static BUILT_IN: OnceLock<Published> = OnceLock::new();
    let text = include_str!("../../baselines/published.toml");
    BUILT_IN.get_or_init(|| Published::parse(text, "published.toml").expect("a test parses the built-in file"))
}

/// Everything that is odd about `of`: table by table, then across tables, counts, and readers' remarks last.
/// Takes seconds for some ten inconsistent rows; for the built-in tables only the first time.
pub fn findings(of: &Published) -> Vec<Finding> {
    findings_watched(of, &|| ())
}

/// The same; calls `table_done` after each table, not at all where the answer is known from before.
pub fn findings_watched(of: &Published, table_done: &(dyn Fn() + Sync)) -> Vec<Finding> {
    static BUILT_IN: OnceLock<Vec<Finding>> = OnceLock::new();
    let find = || find(of, table_done);
    if std::ptr::eq(of, published()) { BUILT_IN.get_or_init(find).clone() } else { find() }
}

fn find(published: &Published, table_done: &(dyn Fn() + Sync)) -> Vec<Finding> {
    let mut found = Vec::new();
    for table in judged(&published.tables) {
        let joined = table.joined(&published.tables);
        found.extend(joined.rows.iter().flat_map(|row| row::findings(&joined, row)));
        found.extend(table::findings(table));
        found.extend(grain::findings(table));
        table_done();
    }
    found.extend(across::repeats(&published.tables));
    found.extend(across::conflicts(&published.tables));
    found.extend(across::notes(published));
    found
}

/// Tables whose numbers can be held against each other.
fn judged(tables: &[Table]) -> impl Iterator<Item = &Table> {
    tables.iter().filter(|table| !table.each_best)
}

impl Finding {
    /// A finding about the paper, without table and numbers.
    fn note(kind: Kind, certainty: Certainty, source: &str, message: String) -> Self {
        let source = source.to_owned();
        Self { table: None, row: None, kind, certainty, numbers: Vec::new(), readings: Vec::new(), message, source }
    }

    /// A finding about `table`.
    fn of_table(table: &Table, kind: Kind, certainty: Certainty, message: String) -> Self {
        Self { table: Some(table.id.clone()), ..Self::note(kind, certainty, &table.source, message) }
    }
}

#[cfg(test)]
mod tests;
