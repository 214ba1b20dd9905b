//! Scores of two folders of mask files, whichever tool wrote them.
//! Knows folders, files and the metric registry; not data sets, not networks.
//! Weak spot: files pair by name alone; a file renamed to another case's name is scored as that case.

mod render;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

pub use render::{BATCH, SCHEMA};

use crate::dataset::DatasetError;
use crate::dataset::read::{mask_from_file, probability_from_file};
use crate::metric::{CaseScore, Convention};
use crate::plane::Mask;
use crate::postprocess::PostProcess;

const EXTENSIONS: [&str; 3] = ["png", "jpg", "jpeg"];
/// Formats that hold masks elsewhere: to skip one would leave its case out unsaid.
const FOREIGN: [&str; 16] =
    ["bmp", "tif", "tiff", "gif", "webp", "pgm", "pbm", "ppm", "npy", "npz", "nii", "gz", "nrrd", "mha", "dcm", "mat"];
const NAMES_SHOWN: usize = 5;

/// Per-case scores of two folders, sorted by case.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// One for each pair of files; a case is its own subject.
    pub cases: Vec<CaseScore>,
    /// The same before post-processing, if there was any.
    pub before: Option<Vec<CaseScore>>,
    /// Other tools' readings to show beside.
    pub conventions: Vec<Convention>,
}

/// What the predictions are, and what is done to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoreOptions {
    /// What a predicted file holds.
    pub predicted: Predicted,
    /// Changes to the predicted masks before they are scored.
    pub postprocess: PostProcess,
    /// Other tools' readings to show beside.
    pub conventions: Vec<Convention>,
}

/// What a predicted file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Predicted {
    /// Tumour where luma > 127.
    #[default]
    Mask,
    /// The tumour's probability, black 0 and white 1; tumour where it is above one half.
    Probability,
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

/// Scores each file of `predictions` against the mask of the same name in `references`.
///
/// A file is a PNG or JPEG (extension in any case); its name without extension is its case; in a mask, tumour is where
/// luma > 127. Sub-folders, hidden files and files that hold no image are not looked at. A file without a partner is an
/// error, as is one above 64 MiB or 16384 px a side.
pub fn score_folders(predictions: &Path, references: &Path, options: &ScoreOptions) -> Result<Scores, ScoreError> {
    let (predicted, expected) = (mask_files(predictions)?, mask_files(references)?);
    check_pairs((predictions, &predicted), (references, &expected))?;
    let pairs: Vec<_> = predicted.iter().zip(expected.values()).collect();
    let scored: Vec<_> = pairs
        .par_iter()
        .map(|((case, prediction), reference)| score_case(case, prediction, reference, options))
        .collect();
    // in order, so that the first bad case is named, not the quickest
    let scored = scored.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (cases, before): (Vec<_>, Vec<_>) = scored.into_iter().unzip();
    let before = (!options.postprocess.is_none()).then_some(before);
    Ok(Scores { cases, before, conventions: options.conventions.clone() })
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

/// The score after post-processing and the one before.
fn score_case(
    case: &str,
    prediction: &Path,
    reference: &Path,
    options: &ScoreOptions,
) -> Result<(CaseScore, CaseScore), ScoreError> {
    let reference = mask_from_file(reference)?;
    let (prediction, probability) = match options.predicted {
        Predicted::Mask => (mask_from_file(prediction)?, None),
        Predicted::Probability => {
            let probability = probability_from_file(prediction)?;
            (probability.map(|&p| p > 0.5), Some(probability))
        }
    };
    let score = |prediction: &Mask| -> Result<CaseScore, ScoreError> {
        let score = CaseScore::of(case, case, prediction, &reference).ok_or_else(|| ScoreError::Size {
            case: case.to_owned(),
            prediction: size(prediction),
            reference: size(&reference),
        })?;
        Ok(match &probability {
            Some(probability) => score.with_probabilities(probability, &reference),
            None => score,
        })
    };
    Ok((score(&options.postprocess.apply(&prediction))?, score(&prediction)?))
}

fn size(mask: &Mask) -> String {
    format!("{}×{}", mask.width(), mask.height())
}
