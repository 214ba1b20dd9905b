//! Scores of two folders of mask files, whichever tool wrote them.
//! Knows folders, files and the metric registry; not data sets, not networks.
//! Weak spot: files pair by name alone; a file renamed to another case's name is scored as that case.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use comfy_table::{CellAlignment, Table, presets};
use rayon::prelude::*;
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use crate::dataset::DatasetError;
use crate::dataset::read::mask_from_file;
use crate::metric::{Aggregate, CaseScore, METRICS, Metric};
use crate::plane::Mask;

/// Version of the JSON that [`Scores`] serialises to; it changes when a key changes its meaning or goes.
pub const SCHEMA: u32 = 1;

const EXTENSIONS: [&str; 3] = ["png", "jpg", "jpeg"];
/// Formats that hold masks elsewhere: to skip one would leave its case out unsaid.
const FOREIGN: [&str; 16] =
    ["bmp", "tif", "tiff", "gif", "webp", "pgm", "pbm", "ppm", "npy", "npz", "nii", "gz", "nrrd", "mha", "dcm", "mat"];
const NAMES_SHOWN: usize = 5;

/// Per-case scores of two folders, sorted by case.
///
/// Serialises to `{"schema": 1, "cases": [{"case", metric: value, …}], "mean": {metric: {"mean", "n", "undefined"}}}`
/// with one key for each row of [`METRICS`]; `null` is undefined.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// One for each pair of files; a case is its own subject.
    pub cases: Vec<CaseScore>,
}

/// Why two folders cannot be scored.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    /// A folder that cannot be listed.
    #[error("{place}: cannot list the folder: {message}")]
    Folder {
        /// The folder.
        place: String,
        /// The system's words.
        message: String,
    },
    /// A folder without masks.
    #[error("{place}: no mask found; expected PNG or JPEG files")]
    Empty {
        /// The folder.
        place: String,
    },
    /// A mask in a format that is not read.
    #[error("{place}: not read; masks are PNG or JPEG files, convert it or move it away")]
    Foreign {
        /// The file.
        place: String,
    },
    /// Two files of one folder that name the same case.
    #[error("{place}: the case \"{case}\" has two files, {first} and {second}; keep one")]
    Twice {
        /// The folder.
        place: String,
        /// The case.
        case: String,
        /// Earlier file.
        first: String,
        /// Later file.
        second: String,
    },
    /// Files without a partner of the same name.
    #[error("the folders differ: {message}. Files pair by name without extension")]
    Unpaired {
        /// How many, which ones, and where.
        message: String,
    },
    /// A file that cannot be read or decoded.
    #[error(transparent)]
    File(#[from] DatasetError),
    /// Two masks of one case that differ in size.
    #[error("{case}: the prediction is {prediction} px, the reference {reference} px")]
    Size {
        /// The case.
        case: String,
        /// `width×height` of the prediction.
        prediction: String,
        /// `width×height` of the reference.
        reference: String,
    },
}

/// Scores each mask file of `predictions` against the one of the same name in `references`.
///
/// A mask is a PNG or JPEG (extension in any case), tumour where luma > 127; a file's name without extension is its
/// case. Sub-folders, hidden files and files that hold no image are not looked at. A file without a partner is an
/// error, as is one above 64 MiB or 16384 px a side.
pub fn score_folders(predictions: &Path, references: &Path) -> Result<Scores, ScoreError> {
    let (predicted, expected) = (mask_files(predictions)?, mask_files(references)?);
    check_pairs((predictions, &predicted), (references, &expected))?;
    let pairs: Vec<_> = predicted.iter().zip(expected.values()).collect();
    let cases: Vec<_> =
        pairs.par_iter().map(|((case, prediction), reference)| score_case(case, prediction, reference)).collect();
    // in order, so that the first bad case is named, not the quickest
    Ok(Scores { cases: cases.into_iter().collect::<Result<_, _>>()? })
}

impl Scores {
    /// A table of every metric's mean, with the cases it stands on and those where it is undefined.
    pub fn text(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(["metric", "mean", "n", "undefined"]);
        for metric in METRICS {
            let Aggregate { mean, n, undefined } = Aggregate::of(metric, &self.cases);
            let mean = mean.map_or_else(|| "–".to_owned(), |mean| format!("{mean:.4}"));
            table.add_row([head(metric), mean, n.to_string(), undefined.to_string()]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        format!("{} cases, mean over cases\n{table}\n", self.cases.len())
    }
}

impl Serialize for Scores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows: Vec<_> = self.cases.iter().map(Row).collect();
        let mut fields = serializer.serialize_struct("Scores", 3)?;
        fields.serialize_field("schema", &SCHEMA)?;
        fields.serialize_field("cases", &rows)?;
        fields.serialize_field("mean", &Means(&self.cases))?;
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

fn head(metric: &Metric) -> String {
    if metric.unit.is_empty() { metric.label.to_owned() } else { format!("{} ({})", metric.label, metric.unit) }
}

/// The folder's mask files by case.
fn mask_files(folder: &Path) -> Result<BTreeMap<String, PathBuf>, ScoreError> {
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in listing(folder)? {
        let extension = lossy(path.extension()).to_lowercase();
        if FOREIGN.contains(&extension.as_str()) {
            return Err(ScoreError::Foreign { place: path.display().to_string() });
        }
        if !EXTENSIONS.contains(&extension.as_str()) {
            continue;
        }
        let case = lossy(path.file_stem());
        if let Some(first) = files.get(&case) {
            let (first, second) = (lossy(first.file_name()), lossy(path.file_name()));
            return Err(ScoreError::Twice { place: folder.display().to_string(), case, first, second });
        }
        files.insert(case, path);
    }
    if files.is_empty() {
        return Err(ScoreError::Empty { place: folder.display().to_string() });
    }
    Ok(files)
}

/// Everything but sub-folders and hidden files, sorted.
fn listing(folder: &Path) -> Result<Vec<PathBuf>, ScoreError> {
    let entries = fs::read_dir(folder).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
    let entries = entries
        .map_err(|error| ScoreError::Folder { place: folder.display().to_string(), message: error.to_string() })?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| !path.is_dir() && !lossy(path.file_name()).starts_with('.'));
    paths.sort();
    Ok(paths)
}

fn lossy(name: Option<&std::ffi::OsStr>) -> String {
    name.unwrap_or_default().to_string_lossy().into_owned()
}

type Folder<'a> = (&'a Path, &'a BTreeMap<String, PathBuf>);

fn check_pairs(predictions: Folder, references: Folder) -> Result<(), ScoreError> {
    let messages = [
        lonely(references, predictions, "references without a prediction"),
        lonely(predictions, references, "predictions without a reference"),
    ];
    let messages: Vec<String> = messages.into_iter().flatten().collect();
    if messages.is_empty() { Ok(()) } else { Err(ScoreError::Unpaired { message: messages.join("; ") }) }
}

fn lonely(have: Folder, lack: Folder, what: &str) -> Option<String> {
    let names: Vec<String> = have
        .1
        .iter()
        .filter(|(case, _)| !lack.1.contains_key(*case))
        .map(|(_, path)| lossy(path.file_name()))
        .collect();
    let shown = names.iter().take(NAMES_SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if names.len() > NAMES_SHOWN { ", …" } else { "" };
    (!names.is_empty()).then(|| format!("{} {what} in {} ({shown}{more})", names.len(), lack.0.display()))
}

fn score_case(case: &str, prediction: &Path, reference: &Path) -> Result<CaseScore, ScoreError> {
    let (prediction, reference) = (mask_from_file(prediction)?, mask_from_file(reference)?);
    CaseScore::of(case, case, &prediction, &reference).ok_or_else(|| ScoreError::Size {
        case: case.to_owned(),
        prediction: size(&prediction),
        reference: size(&reference),
    })
}

fn size(mask: &Mask) -> String {
    format!("{}×{}", mask.width(), mask.height())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(name: &str, prediction: &Mask) -> CaseScore {
        CaseScore::of(name, name, prediction, &Mask::from_fn(4, 4, |x, _| x < 2)).expect("same size")
    }

    fn scores() -> Scores {
        let half = Mask::from_fn(4, 4, |x, y| x < 2 && y < 2);
        Scores { cases: vec![case("a", &half), case("b", &Mask::filled(4, 4, false))] }
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
        assert_eq!(cells, ["Prec.", "1.0000", "1", "1"], "{text}");
    }
}
