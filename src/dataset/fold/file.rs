//! Splits as a file that people read, and that other tools and later experiments use again.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::divider::{Given, GivenParts};
use super::split::{Split, SplitError};
use crate::dataset::read;

/// Version of `splits.json`.
const SCHEMA: u32 = 1;

/// `splits.json`. Two formats are read, told apart by their first character; cases are named by their ids.
///
/// **seglab's**, an object; `valid` may be missing, and a share of `train` validates then:
/// ```json
/// { "schema": 1, "dataset": "busi", "division": "folds = 5, valid = 0.15, seed = 0",
///   "splits": [ { "train": ["benign (1)", …], "valid": ["benign (4)", …], "test": ["benign (2)", …] }, … ] }
/// ```
/// `dataset` and `division` tell people where it comes from. They are not compared with anything: subjects are always
/// those of the data set that is split, and one that they find in two parts is refused.
///
/// **nnU-Net's** `splits_final.json`, a list of folds `{ "train": […], "val": […] }`. nnU-Net reports its scores on
/// `val`: it becomes the test part, and a share of `train` validates. Written so, the validation part goes back into
/// `train`; read again with the same `valid`, `seed` and strata it is drawn the same.
/// Source: nnU-Net (v2), documentation/manual_data_splits.md.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitsFile {
    schema: u32,
    #[serde(default)]
    dataset: String,
    #[serde(default)]
    division: String,
    splits: Vec<GivenParts>,
}

/// The format that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// Three parts, and where they come from.
    Seglab,
    /// Two parts.
    NnUnet,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NnUnetFold {
    train: Vec<String>,
    val: Vec<String>,
}

impl SplitsFile {
    /// Of `splits` of the data set named `dataset`; `division` says how they were made.
    pub fn of(dataset: &str, division: String, splits: &[Split]) -> Self {
        let splits = splits.iter().map(|split| GivenParts {
            train: split.train().map(str::to_owned).collect(),
            valid: split.valid().map(str::to_owned).collect(),
            test: split.test().map(str::to_owned).collect(),
        });
        Self { schema: SCHEMA, dataset: dataset.to_owned(), division, splits: splits.collect() }
    }

    /// The text of the file.
    pub fn to_json(&self, format: Exchange) -> String {
        let text = match format {
            Exchange::Seglab => serde_json::to_string_pretty(self),
            Exchange::NnUnet => {
                let fold = |parts: &GivenParts| {
                    let train = parts.train.iter().chain(&parts.valid).cloned().collect();
                    NnUnetFold { train, val: parts.test.clone() }
                };
                serde_json::to_string_pretty(&self.splits.iter().map(fold).collect::<Vec<_>>())
            }
        };
        text.expect("strings and lists") + "\n"
    }

    /// Reads either format, at most 64 MiB.
    pub fn read(path: &Path) -> Result<Self, SplitError> {
        let content = read::bytes(path)?;
        let fail = |message: String| SplitError::File { place: path.display().to_string(), message };
        let text = std::str::from_utf8(&content).map_err(|error| fail(error.to_string()))?;
        let is_list = text.trim_start().starts_with('[');
        let read = if is_list { Self::from_nn_unet(text) } else { serde_json::from_str(text) };
        let file = read.map_err(|error| {
            fail(format!("{error}; expected seglab's {{\"schema\": 1, \"splits\": […]}} or nnU-Net's [{{\"train\": […], \"val\": […]}}]"))
        })?;
        match (file.schema, file.splits.len()) {
            (SCHEMA, 1..) => Ok(file),
            (SCHEMA, _) => Err(fail("no splits".to_owned())),
            (other, _) => Err(fail(format!("schema {other}, expected {SCHEMA}"))),
        }
    }

    fn from_nn_unet(text: &str) -> serde_json::Result<Self> {
        let folds: Vec<NnUnetFold> = serde_json::from_str(text)?;
        let parts = |fold: NnUnetFold| GivenParts { train: fold.train, valid: Vec::new(), test: fold.val };
        let splits = folds.into_iter().map(parts).collect();
        Ok(Self { schema: SCHEMA, dataset: String::new(), division: String::new(), splits })
    }

    pub(super) fn into_given(self, path: &Path) -> Given {
        Given { place: path.display().to_string(), splits: self.splits }
    }
}
