//! Published tables as typed data: TOML in, an unknown key is an error with its line, sizes are bounded.

use serde::Deserialize;

use super::measure::{Column, Interval};
use super::raw::{RawTable, plain};
use crate::config::{self, within};

/// A file longer than this is not a list of tables.
pub const MAX_BYTES: usize = 1 << 20;
/// Rows of all tables together: each costs a search of some milliseconds.
pub(super) const MAX_ROWS: usize = 200;

/// Tables, counts and remarks about one or more papers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Tables in the file's order.
    #[serde(default, rename = "table")]
    pub tables: Vec<Table>,
    /// Sizes that a paper states beside those that its source has.
    #[serde(default, rename = "count")]
    pub counts: Vec<Count>,
    /// Parts that should add up.
    #[serde(default, rename = "sum")]
    pub sums: Vec<Sum>,
    /// What a reader doubts and no rule can find.
    #[serde(default, rename = "doubt")]
    pub doubts: Vec<Doubt>,
    /// How each paper measured.
    #[serde(default, rename = "protocol")]
    pub protocols: Vec<Protocol>,
}

/// One table of a paper.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "RawTable")]
pub struct Table {
    /// Unique in the file.
    pub id: String,
    /// The caption, shortened.
    pub title: String,
    /// Paper and number.
    pub source: String,
    /// The source's first word: tables of one paper are compared with each other.
    pub paper: String,
    /// What the columns are.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
    /// What is classified.
    pub unit: Unit,
    /// What is known of the images.
    pub images: Images,
    /// How one number may have come from many images.
    pub aggregation: Vec<Aggregation>,
    /// What `miou` may mean.
    pub miou: Vec<Miou>,
    /// What `f1` may mean.
    pub f1: Vec<F1>,
    /// Whether all rows were measured on the same cases.
    pub one_test_set: bool,
    /// Whether each number is the best of many images or epochs by itself: nothing follows from two of them.
    pub each_best: bool,
    /// Name of the row that is the mean of the others.
    pub mean_row: Option<String>,
    /// Number of classified units, where the paper says it.
    pub n: Option<u64>,
    /// Tables whose rows of the same name are the same models on the same cases.
    pub with: Vec<String>,
}

impl Table {
    /// With the columns of the tables that it belongs with: what they count and it does not have itself.
    pub fn joined(&self, tables: &[Self]) -> Self {
        let mut joined = self.clone();
        for other in tables.iter().filter(|table| self.with.contains(&table.id)) {
            for (j, column) in other.columns.iter().enumerate() {
                let known = joined.columns.iter().any(|c| (c.measure, c.part) == (column.measure, column.part));
                if !known && column.measure.is_counted() {
                    joined.append(other, j);
                }
            }
        }
        joined
    }

    /// Column `j` of `other`, unless a row has no counterpart there.
    fn append(&mut self, other: &Self, j: usize) {
        let twin = |name: &str| other.rows.iter().find(|row| row.name == name);
        let Some(twins) = self.rows.iter().map(|row| twin(&row.name)).collect::<Option<Vec<_>>>() else { return };
        let name = format!("{} ({})", other.columns[j].name, other.source);
        self.columns.push(Column { name, ..other.columns[j].clone() });
        for (row, twin) in self.rows.iter_mut().zip(twins) {
            row.values.push(twin.values[j]);
            row.decimals.push(twin.decimals[j]);
        }
    }
}

/// One row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The first column.
    pub name: String,
    /// As published.
    pub values: Vec<f64>,
    /// Digits after the point as printed: TOML does not keep trailing zeros.
    pub decimals: Vec<u32>,
}

impl Row {
    /// The number of column `i` as it was printed.
    pub fn printed(&self, i: usize) -> String {
        format!("{:.*}", self.decimals[i] as usize, self.values[i])
    }

    /// What the number of column `i` can have been before it was rounded.
    pub fn interval(&self, i: usize) -> Interval {
        Interval::printed(self.values[i], self.decimals[i])
    }
}

/// What the confusion matrix counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Pixels: a tumour is the smaller part of its image.
    #[default]
    Pixel,
    /// Images or patients: any share of them may be positive.
    Case,
}

/// Whether there were images without a tumour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Images {
    /// Perhaps; and where nothing was drawn and nothing predicted, a tool may have counted 0 or 1. Enough of those
    /// move a mean anywhere: means over images are not judged.
    #[default]
    Any,
    /// Perhaps; where nothing was drawn and nothing predicted, overlaps were left out of the mean.
    EmptyLeftOut,
    /// The paper says that there were none.
    WithTumour,
}

/// How a row's numbers came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aggregation {
    /// All from one confusion matrix.
    Pooled,
    /// Each the mean of its values per image (or batch, or patient).
    Mean,
}

/// What a column `miou` may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Miou {
    /// IoU of the tumour.
    Tumour,
    /// Mean of tumour and background.
    TwoClass,
}

/// What a column `f1` may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum F1 {
    /// Of the positive class; on pixels the DSC.
    Tumour,
    /// Some average over the classes; taken as saying nothing about the other columns.
    ClassAverage,
}

/// A size that a paper states.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// What is counted.
    pub what: String,
    /// By the paper.
    pub claimed: u64,
    /// By its source.
    pub expected: u64,
    /// Who says either.
    pub source: String,
    /// What would follow, in a reader's words.
    #[serde(default)]
    pub remark: String,
}

/// Parts and their total.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// What is counted.
    pub what: String,
    /// Sizes of the parts.
    pub parts: Vec<u64>,
    /// Size of the whole.
    pub total: u64,
    /// Who says so.
    pub source: String,
}

/// A reader's remark: read, not computed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doubt {
    /// Where it can be read.
    pub source: String,
    /// What is doubted, and why.
    pub text: String,
}

/// On what, and how, a paper measured.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// First word of its tables' sources.
    pub paper: String,
    /// Manifest name of its data set; absent if nobody else has it.
    #[serde(default)]
    pub dataset: Option<String>,
    /// Key of the loss of its own network, in its abstract and its tables of networks; absent if it names none.
    #[serde(default)]
    pub loss: Option<String>,
    /// In words.
    pub text: String,
}

/// Why a file of published numbers cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {message}")]
pub struct PublishedError {
    place: String,
    message: String,
}

impl Published {
    /// Parses and checks `text`; `place` is the file's name for messages.
    pub fn parse(text: &str, place: &str) -> Result<Self, PublishedError> {
        let fail = |place: String, message: String| PublishedError { place, message };
        if text.len() > MAX_BYTES {
            return Err(fail(place.to_owned(), format!("{} bytes: expected at most {MAX_BYTES}", text.len())));
        }
        let published: Self = toml::from_str(text)
            .map_err(|error| fail(config::place(place, text, &error), error.message().to_owned()))?;
        published.check().map_err(|message| fail(place.to_owned(), message))?;
        Ok(published)
    }

    fn check(&self) -> Result<(), String> {
        let rows: usize = self.tables.iter().map(|table| table.rows.len()).sum();
        within("rows of all tables", rows as f64, 0.0, MAX_ROWS as f64)?;
        within("counts, sums, doubts and protocols", self.notes() as f64, 0.0, MAX_ROWS as f64)?;
        for (i, table) in self.tables.iter().enumerate() {
            if self.tables[..i].iter().any(|other| other.id == table.id) {
                return Err(format!("two tables are named {:?}", table.id));
            }
        }
        for table in &self.tables {
            self.belongs(table)?;
        }
        let count_texts = self.counts.iter().flat_map(|c| [&c.what, &c.source, &c.remark]);
        let sum_texts = self.sums.iter().flat_map(|s| [&s.what, &s.source]);
        let doubt_texts = self.doubts.iter().flat_map(|d| [&d.source, &d.text]);
        let protocol_texts =
            self.protocols.iter().flat_map(|p| [&p.paper, &p.text].into_iter().chain(&p.dataset).chain(&p.loss));
        let texts = count_texts.chain(sum_texts).chain(doubt_texts).chain(protocol_texts);
        texts.map(String::as_str).try_for_each(plain)
    }

    /// How `paper` measured, if the file says it.
    pub fn protocol_of(&self, paper: &str) -> Option<&Protocol> {
        self.protocols.iter().find(|protocol| protocol.paper == paper)
    }

    /// A table that is joined exists, and has every row.
    fn belongs(&self, table: &Table) -> Result<(), String> {
        for id in &table.with {
            let Some(other) = self.tables.iter().find(|other| other.id == *id) else {
                return Err(format!("table {:?}: with = {id:?}: no table of that name", table.id));
            };
            let missing = table.rows.iter().find(|row| other.rows.iter().all(|twin| twin.name != row.name));
            if let Some(row) = missing {
                return Err(format!("table {:?}: with = {id:?}, which has no row {:?}", table.id, row.name));
            }
        }
        Ok(())
    }

    fn notes(&self) -> usize {
        self.counts.len() + self.sums.len() + self.doubts.len() + self.protocols.len()
    }
}
