//! Tables of means that were kept without the report they came from: `arm,…,metric,mean,n,undefined` as
//! `seglab compare --format csv` writes them. They name neither runs nor plans, so they are held against the runs of their
//! spec that the store has.

use std::collections::BTreeMap;
use std::path::Path;

use super::check::{Checked, bounded};
use crate::report::{Comparison, by_task};
use crate::run::State;
use crate::store::{RunView, Store, Watch};

/// The end of a file of a spec whose arms answer both questions.
const TASKS: [&str; 2] = ["-segmentation", "-classification"];

pub(super) fn check_means(path: &Path, store: &Store) -> Checked {
    match checked(path, store) {
        Ok(checked) => checked,
        Err(reason) => Checked::unchecked(path, reason),
    }
}

fn checked(path: &Path, store: &Store) -> Result<Checked, String> {
    let rows = rows(path)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let stem = TASKS.iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(&stem);
    let mut watch = Watch::new(store.clone(), Some(stem));
    watch.catch_up().map_err(|error| error.to_string())?;
    let runs: Vec<&RunView> = watch.runs().filter(|run| run.state == State::Finished).collect();
    if runs.is_empty() {
        let root = store.root().display();
        return Err(format!("not recomputed: no scores kept, and {root} has no finished runs of {stem}"));
    }
    let mut again = BTreeMap::new();
    for (_, runs) in by_task(&runs) {
        let comparison = Comparison::of(stem, &runs);
        if let Some(missing) = comparison.missing().lines().next() {
            return Err(missing.to_owned());
        }
        for arm in &comparison.arms {
            let of = |(metric, value): (&String, &_)| ((arm.arm.clone(), metric.clone()), *value);
            again.extend(arm.metrics.iter().map(of));
        }
    }
    let mut checked = Checked { unchecked: None, ..Checked::unchecked(path, "") };
    for row in rows {
        let Some(own) = again.get(&(row.arm.clone(), row.metric.clone())) else {
            checked.differences.push(format!("{} {}: no such run in the store", row.arm, row.metric));
            continue;
        };
        checked.numbers += 3;
        let same = match (row.mean, own.mean) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1e-3),
            (a, b) => a == b,
        };
        if !same || (row.n, row.undefined) != (own.n, own.undefined) {
            let text = |mean: Option<f64>| mean.map_or_else(|| "undefined".to_owned(), |mean| mean.to_string());
            let there = format!("{} (n = {}, {} undefined)", text(row.mean), row.n, row.undefined);
            let again = format!("{} (n = {}, {} undefined)", text(own.mean), own.n, own.undefined);
            checked.differences.push(format!("{} {}: {there}, again {again}", row.arm, row.metric));
        }
    }
    Ok(checked)
}

struct Row {
    arm: String,
    metric: String,
    mean: Option<f64>,
    n: usize,
    undefined: usize,
}

fn rows(path: &Path) -> Result<Vec<Row>, String> {
    let bytes = bounded(path)?;
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let head = reader.headers().map_err(|error| error.to_string())?.clone();
    let place = |name: &str| {
        let lacks = || format!("no column {name}: not a table of \"seglab compare --format csv\"");
        head.iter().position(|own| own == name).ok_or_else(lacks)
    };
    let (arm, metric, mean) = (place("arm")?, place("metric")?, place("mean")?);
    let (n, undefined) = (place("n")?, place("undefined")?);
    let mut rows = Vec::new();
    for (line, record) in reader.records().enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        let text = |place: usize| record.get(place).unwrap_or_default();
        let wrong = |what: &str| format!("row {}: {what} is no number", line + 1);
        let count = |place: usize, what: &str| text(place).parse::<usize>().map_err(|_| wrong(what));
        let value = match text(mean) {
            "" => None,
            own => Some(own.parse::<f64>().map_err(|_| wrong("mean"))?),
        };
        let (arm, metric) = (text(arm).to_owned(), text(metric).to_owned());
        rows.push(Row { arm, metric, mean: value, n: count(n, "n")?, undefined: count(undefined, "undefined")? });
    }
    Ok(rows)
}
