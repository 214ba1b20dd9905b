//! The parts that a data set was published with: a CSV file in its folder, named by the manifest, such as BUS-BRA's
//! `5-fold-cv.csv` with the columns `ID` (`bus_0001-l`) and `kFold` (1 to 5); or folders that are called after the parts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::divider::{Given, GivenParts};
use super::split::SplitError;
use crate::dataset::layout::{Key, Names};
use crate::dataset::{Dataset, Pattern, read};

/// Where a data set's publisher says which case is in which part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// CSV with a header, in the data set's folder; either this or `ids`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// Where a case's id holds its part, as `{series}`: `{series}/{case}` for `{series}/images/{case}.png`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Pattern>,
    /// Column of the cases.
    #[serde(default = "case_column")]
    pub case: String,
    /// How that column names the case `{case}`, e.g. `bus_{case}`.
    #[serde(default = "case_pattern")]
    pub pattern: String,
    /// Column of the parts: `train`, `valid`, `test` (also `training`, `val`, `validation`, `testing`), in any case; or
    /// whole numbers, which are folds: each is the test part once.
    #[serde(default = "part_column")]
    pub part: String,
}

/// A part by the words that publishers use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::dataset) enum Part {
    Train,
    Valid,
    Test,
}

impl Part {
    /// The part that `word` names, in upper or lower case.
    pub(in crate::dataset) fn of(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "train" | "training" => Part::Train,
            "valid" | "val" | "validation" => Part::Valid,
            "test" | "testing" => Part::Test,
            _ => return None,
        })
    }
}

impl Partition {
    /// The parts that ids name, at the place that `ids` says.
    pub(in crate::dataset) fn of_ids(ids: Pattern) -> Self {
        Self { file: String::new(), ids: Some(ids), case: case_column(), pattern: case_pattern(), part: part_column() }
    }

    /// Whether exactly one of `file` and `ids` says the parts.
    pub(in crate::dataset) fn check(&self) -> Result<(), String> {
        match &self.ids {
            None if self.file.is_empty() => {
                Err("expected file = \"parts.csv\", or ids = \"{series}/{case}\" for folders called train, valid, test"
                    .into())
            }
            Some(_) if !self.file.is_empty() => Err("file and ids both say the parts; remove one".to_owned()),
            Some(pattern) if !pattern.keys().contains(&Key::Series) => {
                Err(format!("ids = \"{pattern}\": expected {{series}} in it, which stands for the part"))
            }
            _ => Ok(()),
        }
    }
}

fn case_column() -> String {
    "case".to_owned()
}

fn case_pattern() -> String {
    "{case}".to_owned()
}

fn part_column() -> String {
    "part".to_owned()
}

/// The published splits. Rows of cases that the data set leaves out are ignored; a case without a row is an error.
pub(super) fn of(dataset: &Dataset) -> Result<Given, SplitError> {
    let manifest = &dataset.origin.manifest;
    let Some(partition) = &manifest.partition else {
        let known = "folds, holdout and file are the other ways to split";
        return Err(SplitError::Unusable(format!("{} was published without a partition; {known}", manifest.name)));
    };
    if let Some(pattern) = partition.ids.as_ref() {
        return by_id(dataset, pattern);
    }
    let path = inside(dataset.origin.folder.as_deref(), &partition.file)?;
    let place = path.display().to_string();
    let fail = |message: String| SplitError::File { place: place.clone(), message };
    let parts = rows(&path, partition).map_err(fail)?;
    let part_of = |id: &str| {
        parts.get(id).ok_or_else(|| fail(format!("no row of case \"{id}\" in column \"{}\"", partition.case)))
    };
    let cases: Vec<(&str, &str)> =
        dataset.cases.iter().map(|case| Ok((&*case.id, &**part_of(&case.id)?))).collect::<Result<_, SplitError>>()?;
    let splits = if cases.iter().all(|(_, part)| part.parse::<u32>().is_ok()) { folds(&cases) } else { named(&cases) };
    splits.map(|splits| Given { place: place.clone(), splits }).map_err(fail)
}

fn by_id(dataset: &Dataset, pattern: &Pattern) -> Result<Given, SplitError> {
    let place = format!("partition of {}", dataset.origin.manifest.name);
    let fail = |message: String| SplitError::File { place: place.clone(), message };
    let found: Vec<(&str, Names)> = dataset
        .cases
        .iter()
        .map(|case| Ok((&*case.id, pattern.fit(&case.id).ok_or_else(|| fail(unfit(&case.id, pattern)))?)))
        .collect::<Result<_, SplitError>>()?;
    let cases: Vec<(&str, &str)> =
        found.iter().map(|(id, names)| (*id, names.get(Key::Series).unwrap_or_default())).collect();
    named(&cases).map(|splits| Given { place: place.clone(), splits }).map_err(fail)
}

fn unfit(id: &str, pattern: &Pattern) -> String {
    format!("case \"{id}\" is not of the form ids = \"{pattern}\"")
}

/// The file's path; it may not lead out of the data set's folder.
fn inside(folder: Option<&Path>, file: &str) -> Result<PathBuf, SplitError> {
    let plain = !file.is_empty() && Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
    let resolved = |folder: &Path| Some((folder.canonicalize().ok()?, folder.join(file).canonicalize().ok()?));
    match folder.filter(|_| plain).and_then(resolved) {
        Some((root, path)) if path.starts_with(&root) => Ok(path),
        _ => {
            let place = folder.map_or_else(|| "partition".to_owned(), |folder| folder.display().to_string());
            let message = format!("no file {file:?}, which the manifest names as partition, inside this folder");
            Err(SplitError::File { place, message })
        }
    }
}

/// Part by case id.
fn rows(path: &Path, partition: &Partition) -> Result<BTreeMap<String, String>, String> {
    let content = read::bytes(path).map_err(|error| error.to_string())?;
    let mut reader = csv::Reader::from_reader(&content[..]);
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |name: &str| {
        let found = header.iter().position(|head| head.trim_start_matches('\u{feff}').trim() == name);
        found.ok_or_else(|| format!("no column \"{name}\"; columns: {}", header.iter().collect::<Vec<_>>().join(", ")))
    };
    let (case, part) = (column(&partition.case)?, column(&partition.part)?);
    let pattern = &partition.pattern;
    let around =
        pattern.split_once("{case}").ok_or_else(|| format!("pattern {pattern:?}: expected a {{case}} in it"))?;
    let mut rows = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cell = |at: usize| record.get(at).unwrap_or_default().trim().to_owned();
        let named = cell(case);
        let Some(id) = named.strip_prefix(around.0).and_then(|id| id.strip_suffix(around.1)) else {
            return Err(format!("\"{named}\" in column \"{}\": expected {pattern:?}", partition.case));
        };
        if let Some(first) = rows.insert(id.to_owned(), cell(part)).filter(|first| *first != cell(part)) {
            return Err(format!("case \"{id}\" is in {first} and in {}", cell(part)));
        }
    }
    Ok(rows)
}

fn folds(cases: &[(&str, &str)]) -> Result<Vec<GivenParts>, String> {
    let names: BTreeSet<u32> = cases.iter().filter_map(|(_, part)| part.parse().ok()).collect();
    if names.len() < 2 {
        return Err(format!("{} fold, expected at least 2", names.len()));
    }
    let one = |fold: &u32| {
        let (test, train): (Vec<_>, Vec<_>) = cases.iter().partition(|(_, part)| part.parse() == Ok(*fold));
        GivenParts { train: ids(&train), valid: Vec::new(), test: ids(&test) }
    };
    Ok(names.iter().map(one).collect())
}

fn ids(cases: &[&(&str, &str)]) -> Vec<String> {
    cases.iter().map(|(id, _)| (*id).to_owned()).collect()
}

fn named(cases: &[(&str, &str)]) -> Result<Vec<GivenParts>, String> {
    let mut parts = GivenParts::default();
    for (id, part) in cases {
        let list = match Part::of(part) {
            Some(Part::Train) => &mut parts.train,
            Some(Part::Valid) => &mut parts.valid,
            Some(Part::Test) => &mut parts.test,
            None => {
                return Err(format!("case \"{id}\": part \"{part}\", expected train, valid, test or a fold's number"));
            }
        };
        list.push((*id).to_owned());
    }
    Ok(vec![parts])
}
