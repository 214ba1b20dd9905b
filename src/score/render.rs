//! Scores as a table and as JSON.

use comfy_table::{CellAlignment, Table, presets};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use super::Scores;
use crate::metric::{Aggregate, CaseScore, Convention, METRICS, Metric, Tally, batch_mean};

/// Version of the JSON that [`Scores`] serialises to; it changes when a key changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// Cases of a batch, where a paper's figure may be a mean over batches: the batch size of P1 and P2.
pub const BATCH: usize = 8;

impl Scores {
    /// A table of every metric's mean, with the cases it stands on and those where it is undefined.
    pub fn text(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(self.header());
        for metric in METRICS {
            table.add_row(self.row(metric));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let notes = if self.conventions.is_empty() { "" } else { NOTES };
        let plural = if self.cases.len() == 1 { "" } else { "s" };
        format!("{} case{plural}, mean over cases\n{table}\n{notes}", self.cases.len())
    }

    fn header(&self) -> Vec<String> {
        let mut header = vec!["metric", "mean", "n", "undefined"];
        if self.before.is_some() {
            header.push("before");
        }
        header.extend(self.conventions.iter().map(|convention| convention.name()));
        if self.conventions.contains(&Convention::Paper) {
            header.push("batches");
        }
        header.into_iter().map(str::to_owned).collect()
    }

    fn row(&self, metric: &Metric) -> Vec<String> {
        let Aggregate { mean, n, undefined } = Aggregate::of(metric, &self.cases);
        let mut row = vec![head(metric), decimal(mean), n.to_string(), undefined.to_string()];
        if let Some(before) = &self.before {
            let before = Aggregate::of(metric, before);
            let cell = decimal(before.mean);
            row.push(if before.n == n { cell } else { format!("{cell} ({})", before.n) });
        }
        let readings = self.conventions.iter().map(|convention| convention.tally(metric, &self.cases));
        row.extend(readings.map(|tally| tally.map_or_else(|| decimal(None), |tally| reading(&tally))));
        if self.conventions.contains(&Convention::Paper) {
            row.push(decimal(batch_mean(metric, &self.cases, BATCH)));
        }
        row
    }
}

const NOTES: &str = "\
(n): the tool leaves cases out and averages over n. inf: a case is infinite, and the mean with it.
paper: all pixels as one image. batches: mean over batches of 8 cases, each pooled.
–: undefined, or not offered: the tool has no such metric, or another one under its name.
";

fn reading(tally: &Tally) -> String {
    let mean = if tally.infinite > 0 { "inf".to_owned() } else { decimal(tally.mean) };
    if tally.undefined > 0 { format!("{mean} ({})", tally.n) } else { mean }
}

fn decimal(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"))
}

fn head(metric: &Metric) -> String {
    if metric.unit.is_empty() { metric.label.to_owned() } else { format!("{} ({})", metric.label, metric.unit) }
}

/// `{"schema": 1, "cases": [{"case", metric: value, …}], "mean": {metric: {"mean", "n", "undefined"}}}` with one key
/// for each row of [`METRICS`]; `null` is undefined. After post-processing also `"before"`, which is as `"mean"`.
/// With conventions also `"conventions": {tool: {metric: {"mean", "n", "undefined", "infinite"}}}`, and with `paper`
/// among them `"batches": {metric: value}`.
impl Serialize for Scores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows: Vec<_> = self.cases.iter().map(Row).collect();
        let mut fields = serializer.serialize_struct("Scores", 6)?;
        fields.serialize_field("schema", &SCHEMA)?;
        fields.serialize_field("cases", &rows)?;
        fields.serialize_field("mean", &Means(&self.cases))?;
        if let Some(before) = &self.before {
            fields.serialize_field("before", &Means(before))?;
        }
        if !self.conventions.is_empty() {
            fields.serialize_field("conventions", &Conventions(self))?;
        }
        if self.conventions.contains(&Convention::Paper) {
            fields.serialize_field("batches", &Batches(&self.cases))?;
        }
        fields.end()
    }
}

struct Row<'a>(&'a CaseScore);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries = serializer.serialize_map(Some(1 + METRICS.len()))?;
        entries.serialize_entry("case", &self.0.case)?;
        for metric in METRICS {
            entries.serialize_entry(metric.name, &(metric.of)(self.0))?;
        }
        entries.end()
    }
}

struct Means<'a>(&'a [CaseScore]);

impl Serialize for Means<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(METRICS.iter().map(|metric| (metric.name, Aggregate::of(metric, self.0))))
    }
}

struct Conventions<'a>(&'a Scores);

impl Serialize for Conventions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Scores { cases, conventions, .. } = self.0;
        serializer.collect_map(conventions.iter().map(|convention| {
            let tallies = METRICS.iter().filter_map(|m| Some((m.name, convention.tally(m, cases)?)));
            (convention.name(), tallies.collect::<std::collections::BTreeMap<_, _>>())
        }))
    }
}

struct Batches<'a>(&'a [CaseScore]);

impl Serialize for Batches<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(METRICS.iter().map(|metric| (metric.name, batch_mean(metric, self.0, BATCH))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Mask;

    fn case(name: &str, prediction: &Mask) -> CaseScore {
        CaseScore::of(name, name, prediction, &Mask::from_fn(4, 4, |x, _| x < 2)).expect("same size")
    }

    fn scores() -> Scores {
        let half = Mask::from_fn(4, 4, |x, y| x < 2 && y < 2);
        let cases = vec![case("a", &half), case("b", &Mask::filled(4, 4, false))];
        Scores { cases, before: None, conventions: Convention::ALL.to_vec() }
    }

    #[test]
    fn json_has_a_key_for_each_metric_and_null_for_undefined() {
        let json = serde_json::to_value(scores()).expect("serialises");
        assert_eq!(json["schema"], 1);
        assert_eq!(json["cases"][0]["dsc"], 2.0 / 3.0);
        for metric in METRICS {
            assert!(json["cases"][1].get(metric.name).is_some(), "{}", metric.name);
            let mean = &json["mean"][metric.name];
            assert_eq!(mean["n"].as_u64().zip(mean["undefined"].as_u64()).map(|(n, none)| n + none), Some(2), "{mean}");
        }
        assert!(json["cases"][1]["hd95_px"].is_null());
    }

    #[test]
    fn the_table_says_its_n() {
        let text = scores().text();
        let precision = text.lines().find(|line| line.contains("Prec.")).expect("a row for each metric");
        let cells: Vec<&str> = precision.split_whitespace().collect();
        // undefined for MONAI, no metric of nnU-Net, 0 for Metrics Reloaded, pooled 1; one batch of both cases
        assert_eq!(cells, ["Prec.", "1.0000", "1", "1", "1.0000", "(1)", "–", "0.5000", "1.0000", "1.0000"], "{text}");
    }
}
