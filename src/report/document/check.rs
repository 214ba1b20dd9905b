//! A report against the per-case scores that it was made of: every number again, and which differ.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::golden::{self, check_golden};
use super::means::check_means;
use super::shown::{Shown, check_page};
use super::{Asked, Document, Progress, SCHEMA};
use crate::metric::Task;
use crate::report::by_task;
use crate::stats::{Inference, Level, Resampling};
use crate::store::{RunView, Store, Watch};

/// Larger files are no report.
const LIMIT_BYTES: u64 = 256 << 20;
/// Numbers that differ by less come from another machine's last digits.
const TOLERANCE: f64 = 1e-9;

/// What became of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The file.
    pub path: PathBuf,
    /// Numbers that were made again.
    pub numbers: usize,
    /// Tables of a page that were made again; figures and captions are not read.
    pub tables: Option<usize>,
    /// What differs, `place: there, again`.
    pub differences: Vec<String>,
    /// Why nothing could be made again.
    pub unchecked: Option<String>,
    /// Why it was not read, which says nothing against it.
    pub unread: Option<&'static str>,
}

impl Checked {
    /// Of nothing yet.
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), numbers: 0, tables: None, differences: Vec::new(), unchecked: None, unread: None }
    }

    /// Whether every number was made again and is the same, or the file is not one to be read.
    pub fn holds(&self) -> bool {
        self.unchecked.is_none() && self.differences.is_empty()
    }

    pub(super) fn unchecked(path: &Path, reason: impl ToString) -> Self {
        Self { unchecked: Some(reason.to_string()), ..Self::new(path) }
    }
}

/// Checks every report (`*.json`, and the files made from it) in `folder` against the runs in `store`, every golden table
/// against the scores beside it, and every other table of means (`*.csv` of `compare`) against the store; sorted by name,
/// the page last. A table in Markdown that belongs to none of them is listed as unchecked.
pub fn check(folder: &Path, store: &Store, progress: Progress) -> std::io::Result<Vec<Checked>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let (mut checked, mut shown, mut page) = (Vec::new(), Vec::new(), None);
    for (done, path) in paths.iter().enumerate() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        progress(&name, done, paths.len());
        match kind(&name, &|name| folder.join(name).exists()) {
            Kind::Golden => checked.extend(check_golden(path)),
            Kind::Report => checked.extend(check_report(path, store, &mut shown)),
            Kind::Means => checked.push(check_means(path, store)),
            Kind::Loose => checked.push(Checked::unchecked(path, "not recomputed: no scores kept")),
            // Its reports may come later.
            Kind::Page => page = Some(path),
            Kind::Other => {}
        }
    }
    checked.extend(page.map(|path| check_page(path, &shown)));
    Ok(checked)
}

/// What a file of a folder of reports is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Says what made a golden table.
    Golden,
    /// A report's JSON.
    Report,
    /// A table of means without scores.
    Means,
    /// A table that nothing can make again.
    Loose,
    /// The report as one page.
    Page,
    /// Part of one of the others, or no table.
    Other,
}

fn kind(name: &str, exists: &dyn Fn(&str) -> bool) -> Kind {
    let Some((stem, end)) = name.rsplit_once('.') else { return Kind::Other };
    let base = ["-published", "-subjects"].iter().find_map(|part| stem.strip_suffix(part)).unwrap_or(stem);
    let is_part = exists(&format!("{stem}{}", golden::END)) || exists(&format!("{base}.json"));
    match end {
        _ if name.ends_with(golden::END) => Kind::Golden,
        _ if name.ends_with(golden::SCORES) => Kind::Other,
        _ if name == "index.html" => Kind::Page,
        "json" => Kind::Report,
        "csv" if !is_part => Kind::Means,
        "md" if !is_part && !name.eq_ignore_ascii_case("readme.md") => Kind::Loose,
        _ => Kind::Other,
    }
}

/// What of a report has to be known to make it again.
#[derive(Deserialize)]
struct Known {
    schema: u32,
    spec: String,
    task: Task,
    statistics: KnownStatistics,
    provenance: KnownProvenance,
}

#[derive(Deserialize)]
struct KnownStatistics {
    level: f64,
    resamples: usize,
    seed: u64,
    against: String,
}

#[derive(Deserialize)]
struct KnownProvenance {
    runs: Vec<KnownRun>,
    left_out: Vec<String>,
}

#[derive(Deserialize)]
struct KnownRun {
    id: String,
}

fn check_report(path: &Path, store: &Store, shown: &mut Vec<Shown>) -> Vec<Checked> {
    let (text, known) = match read(path) {
        Ok(read) => read,
        Err(reason) => return vec![Checked::unchecked(path, reason)],
    };
    match again(&known, store) {
        Err(reason) => vec![Checked::unchecked(path, reason)],
        Ok(document) => {
            let mut checked = vec![compared(path, &text, &document)];
            checked.extend(texts(path, &document));
            shown.push(Shown::of(&document));
            checked
        }
    }
}

fn read(path: &Path) -> Result<(Value, Known), String> {
    let bytes = bounded(path)?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| format!("no JSON: {error}"))?;
    let known: Known =
        serde_json::from_value(value.clone()).map_err(|error| format!("no report of \"seglab report\": {error}"))?;
    match known.schema {
        SCHEMA => Ok((value, known)),
        other => Err(format!("schema {other}, expected {SCHEMA}: made by another version")),
    }
}

pub(super) fn bounded(path: &Path) -> Result<Vec<u8>, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?;
    match size.is_file() && size.len() <= LIMIT_BYTES {
        true => fs::read(path).map_err(|error| error.to_string()),
        false => Err(format!("no file of at most {} MiB", LIMIT_BYTES >> 20)),
    }
}

/// The document of the runs that the report names, whatever else the store has by now.
fn again(known: &Known, store: &Store) -> Result<Document, String> {
    let runs = &known.provenance.runs;
    let mut watch = Watch::new(store.clone(), Some(&known.spec));
    watch.catch_up().map_err(|error| error.to_string())?;
    let there: Vec<&RunView> = watch.runs().collect();
    let missing: Vec<&str> =
        runs.iter().map(|run| &*run.id).filter(|id| !there.iter().any(|own| is(own, id))).collect();
    if let Some(first) = missing.first() {
        let (n, root) = (missing.len(), store.root().display());
        return Err(format!("{n} of its {} runs are not in {root}, e.g. {}/{first}", runs.len(), known.spec));
    }
    let left_out = &known.provenance.left_out;
    let named = |run: &RunView| runs.iter().any(|own| is(run, &own.id)) || left_out.iter().any(|id| is(run, id));
    let own: Vec<&RunView> = there.into_iter().filter(|run| named(run)).collect();
    let tables = by_task(&own);
    let (_, own) = tables.iter().find(|(task, _)| *task == known.task).ok_or("names no run of its task")?;
    let statistics = &known.statistics;
    let level = Level::new(statistics.level).ok_or("its level is no level")?;
    let resampling = Resampling { resamples: statistics.resamples.min(1_000_000), seed: statistics.seed };
    // Where all arms leak, the first one stood in, and nobody may ask for it.
    let honest = |arm: &String| own.iter().any(|run| run.plan.arm == *arm && run.plan.split.leak().is_none());
    let against = Some(statistics.against.clone()).filter(honest);
    let asked = Asked { against, inference: Inference { level, resampling } };
    let document = Document::of(&known.spec, own, &asked, &|| ()).map_err(|error| error.to_string())?;
    Ok(document.and_unreadable(&watch.broken))
}

fn is(run: &RunView, id: &str) -> bool {
    run.dir.id().as_str() == id
}

fn compared(path: &Path, text: &Value, document: &Document) -> Checked {
    let mut checked = Checked::new(path);
    // Through text, so that both are what a reader gets.
    match serde_json::from_str::<Value>(&document.json()) {
        Ok(again) => walk("", (text, &again), &mut checked),
        Err(error) => checked.unchecked = Some(error.to_string()),
    }
    checked
}

fn walk(place: &str, (there, again): (&Value, &Value), checked: &mut Checked) {
    match (there, again) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let of = |side: &serde_json::Map<String, Value>| side.get(key).cloned().unwrap_or(Value::Null);
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                walk(&place, (&of(a), &of(b)), checked);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, pair) in a.iter().zip(b).enumerate() {
                walk(&format!("{place}[{}]", name(pair.0).map_or_else(|| i.to_string(), str::to_owned)), pair, checked);
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            checked.numbers += 1;
            if !close(a.as_f64(), b.as_f64()) {
                checked.differences.push(format!("{place}: {a}, again {b}"));
            }
        }
        (there, again) => {
            if there != again {
                checked.differences.push(format!("{place}: {}, again {}", short(there), short(again)));
            }
        }
    }
}

/// What names an element better than its place.
fn name(element: &Value) -> Option<&str> {
    ["arm", "metric", "id"].iter().find_map(|key| element.get(key)?.as_str())
}

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    let near = |a: f64, b: f64| a == b || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1e-3);
    a.zip(b).map_or(a == b, |(a, b)| near(a, b))
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 { text.chars().take(59).chain(['…']).collect() } else { text }
}

/// The files made from the JSON, line by line.
fn texts(path: &Path, document: &Document) -> Vec<Checked> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let others = document.texts().into_iter().filter(|(end, _)| *end != ".json");
    let beside = others.map(|(end, text)| (path.with_file_name(format!("{stem}{end}")), text));
    beside.filter(|(path, _)| path.exists()).map(|(path, text)| lines(&path, &text, 0)).collect()
}

/// Line by line; the numbers of the first `uncounted` lines do not follow from scores.
pub(super) fn lines(path: &Path, again: &str, uncounted: usize) -> Checked {
    let there = match bounded(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(reason) => return Checked::unchecked(path, reason),
    };
    let mut checked = Checked::new(path);
    let count = |text: &str| text.lines().count();
    if count(&there) != count(again) {
        checked.differences.push(format!("{} lines, again {}", count(&there), count(again)));
    }
    for (i, (own, other)) in there.lines().zip(again.lines()).enumerate() {
        let numbers = own.split(|c: char| !c.is_ascii_digit() && c != '.').filter(|n| is_number(n));
        checked.numbers += if i < uncounted { 0 } else { numbers.count() };
        if own != other {
            let cut = |line: &str| line.chars().take(160).collect::<String>();
            checked.differences.push(format!("line {}: {}, again {}", i + 1, cut(own), cut(other)));
        }
    }
    checked
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differences(there: Value, again: Value) -> (usize, Vec<String>) {
        let mut checked = Checked::new(Path::new("x"));
        walk("", (&there, &again), &mut checked);
        (checked.numbers, checked.differences)
    }

    #[test]
    fn a_file_is_checked_by_what_lies_beside_it() {
        let there = ["a.golden.json", "a.scores.csv", "b.json"];
        let kind = |name: &str| kind(name, &|other| there.contains(&other));
        assert_eq!([kind("a.golden.json"), kind("b.json")], [Kind::Golden, Kind::Report]);
        let parts = ["a.scores.csv", "a.csv", "a.md", "b-published.csv", "b.md", "README.md", "x"];
        assert!(parts.iter().all(|name| kind(name) == Kind::Other));
        assert_eq!([kind("c.csv"), kind("c.md"), kind("index.html")], [Kind::Means, Kind::Loose, Kind::Page]);
    }

    #[test]
    fn a_changed_number_is_named_by_its_place() {
        let there = json!({"arms": [{"arm": "unet", "mean": 0.5, "n": 3}]});
        let again = json!({"arms": [{"arm": "unet", "mean": 0.6, "n": 3}]});
        assert_eq!(differences(there, again), (2, vec!["arms[unet].mean: 0.5, again 0.6".to_owned()]));
    }

    #[test]
    fn last_digits_do_not_count_and_undefined_is_no_number() {
        let there = json!({"a": 0.1 + 0.2, "b": null, "c": 1e-12});
        assert_eq!(differences(there.clone(), json!({"a": 0.3, "b": null, "c": 0.0})), (2, vec![]));
        let (_, found) = differences(there, json!({"a": 0.3, "b": 0.0, "c": 0.0}));
        assert_eq!(found, ["b: null, again 0.0"]);
    }

    #[test]
    fn a_missing_key_and_a_shorter_list_differ() {
        assert_eq!(differences(json!({"a": 1}), json!({})).1, ["a: 1, again null"]);
        assert_eq!(differences(json!([1]), json!([1, 2])).1, [": [1], again [1,2]"]);
    }
}
