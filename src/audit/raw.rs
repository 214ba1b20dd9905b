//! Tables as their file has them, and the checks on the way to [`Table`].

use serde::Deserialize;

use super::measure::Column;
use super::published::{Aggregation, F1, Images, MAX_ROWS, Miou, Row, Table, Unit};
use crate::config::within;

const MAX_COLUMNS: usize = 16;

/// A table as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTable {
    id: String,
    title: String,
    source: String,
    columns: Vec<String>,
    rows: Vec<RawRow>,
    decimals: u32,
    #[serde(default)]
    unit: Unit,
    #[serde(default)]
    images: Images,
    #[serde(default = "either_aggregation")]
    aggregation: Vec<Aggregation>,
    #[serde(default = "either_miou")]
    miou: Vec<Miou>,
    #[serde(default = "either_f1")]
    f1: Vec<F1>,
    #[serde(default)]
    one_test_set: bool,
    #[serde(default)]
    each_best: bool,
    #[serde(default)]
    mean_row: Option<String>,
    #[serde(default)]
    n: Option<u64>,
    #[serde(default)]
    with: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRow {
    name: String,
    values: Vec<f64>,
    /// Where a row is printed with other digits than its table.
    #[serde(default)]
    decimals: Option<Vec<u32>>,
}

fn either_aggregation() -> Vec<Aggregation> {
    vec![Aggregation::Pooled, Aggregation::Mean]
}

fn either_miou() -> Vec<Miou> {
    vec![Miou::Tumour, Miou::TwoClass]
}

fn either_f1() -> Vec<F1> {
    vec![F1::Tumour, F1::ClassAverage]
}

impl TryFrom<RawTable> for Table {
    type Error = String;

    fn try_from(raw: RawTable) -> Result<Self, String> {
        raw.check_sizes()?;
        let id = &raw.id;
        let of_table = |message: String| format!("table {id:?}: {message}");
        let columns: Result<Vec<_>, _> = raw.columns.iter().map(|name| Column::parse(name)).collect();
        let columns = columns.map_err(of_table)?;
        let rows: Result<Vec<_>, _> = raw.rows.into_iter().map(|row| row.check(&columns, raw.decimals)).collect();
        let rows = rows.map_err(of_table)?;
        if let Some(name) = raw.mean_row.as_ref().filter(|name| rows.iter().all(|row| row.name != **name)) {
            return Err(of_table(format!("mean_row = {name:?}: no row of that name")));
        }
        let paper = raw.source.split_whitespace().next().unwrap_or_default().to_owned();
        let RawTable {
            id,
            title,
            source,
            unit,
            images,
            aggregation,
            miou,
            f1,
            one_test_set,
            each_best,
            mean_row,
            n,
            with,
            ..
        } = raw;
        Ok(Self {
            id,
            title,
            source,
            paper,
            columns,
            rows,
            unit,
            images,
            aggregation,
            miou,
            f1,
            one_test_set,
            each_best,
            mean_row,
            n,
            with,
        })
    }
}

impl RawTable {
    fn check_sizes(&self) -> Result<(), String> {
        for text in [&self.id, &self.title, &self.source] {
            plain(text)?;
        }
        let id = &self.id;
        let of_table = |message: String| format!("table {id:?}: {message}");
        within("columns", self.columns.len() as f64, 1.0, MAX_COLUMNS as f64).map_err(of_table)?;
        within("rows", self.rows.len() as f64, 1.0, MAX_ROWS as f64).map_err(of_table)?;
        within("decimals", f64::from(self.decimals), 0.0, 9.0).map_err(of_table)?;
        within("n", self.n.unwrap_or(1) as f64, 1.0, 1e5).map_err(of_table)?;
        if self.aggregation.is_empty() || self.miou.is_empty() || self.f1.is_empty() {
            return Err(of_table("aggregation, miou or f1 is empty: expected at least one reading".to_owned()));
        }
        Ok(())
    }
}

impl RawRow {
    fn check(self, columns: &[Column], decimals: u32) -> Result<Row, String> {
        plain(&self.name)?;
        let name = &self.name;
        let decimals = self.decimals.unwrap_or_else(|| vec![decimals; columns.len()]);
        if self.values.len() != columns.len() || decimals.len() != columns.len() {
            let (values, decimals, columns) = (self.values.len(), decimals.len(), columns.len());
            return Err(format!("row {name:?}: {values} values and {decimals} decimals, expected {columns}"));
        }
        for ((&value, &decimals), column) in self.values.iter().zip(&decimals).zip(columns) {
            let high = if column.measure.is_ratio() { 1.0 } else { 1e6 };
            within(&format!("row {name:?}, {}", column.name), value, 0.0, high)?;
            within(&format!("row {name:?}, decimals"), f64::from(decimals), 0.0, 9.0)?;
        }
        Ok(Row { name: self.name, values: self.values, decimals })
    }
}

/// Names and sentences are shown on terminals: no control characters, nothing that reorders text.
pub(super) fn plain(text: &str) -> Result<(), String> {
    let reorders = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match text.chars().find(|&c| c.is_control() || reorders(c)) {
        Some(c) => Err(format!("{text:?} has the character {c:?}: expected printable text")),
        None if text.len() > 1000 => Err(format!("a text of {} bytes: expected at most 1000", text.len())),
        None => Ok(()),
    }
}
