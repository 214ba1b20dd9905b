//! How a data set is divided: into folds, into a part held out, or as a file or the publisher says.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::split::Leak;
use super::stratum::Stratify;

/// How a data set is divided; by subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Keys", into = "Keys")]
pub struct Division {
    /// Which cases are tested.
    pub test: Testing,
    /// Share of the subjects outside the test part that validate, 0 < share < 1; `None` where a file or the publisher
    /// says which.
    pub valid: Option<f64>,
    /// Seed of the division; apart from the training's seeds, so that all of them see the same split.
    pub seed: u64,
    /// By what the parts are alike.
    pub stratify: Stratify,
}

/// Where the test parts come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Testing {
    /// `folds` equal folds, each the test part once; `run` of them are run, from fold 0.
    Folds {
        /// How many; `folds = 5` holds a fifth out.
        folds: usize,
        /// All if absent.
        run: Option<usize>,
    },
    /// One test part: this share of the subjects, 0 < share < 1.
    Holdout(f64),
    /// The splits of a file, see [`SplitsFile`]; `run` of them, from the first.
    File {
        /// Relative to the working directory.
        path: PathBuf,
        /// All if absent.
        run: Option<usize>,
    },
    /// The parts that the data set was published with, see [`Partition`](super::Partition); `run` of the splits.
    Published {
        /// All if absent.
        run: Option<usize>,
    },
}

/// A division as it is written; one of the first four keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folds: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    holdout: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    published: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid: Option<f64>,
    #[serde(default)]
    seed: u64,
    #[serde(default, skip_serializing_if = "Stratify::is_default")]
    stratify: Stratify,
}

impl TryFrom<Keys> for Division {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let Keys { folds, holdout, file, published, run, valid, seed, stratify } = keys;
        let test = match (folds, holdout, file, published) {
            (Some(folds), None, None, None) => Testing::Folds { folds, run },
            (None, Some(share), None, None) => Testing::Holdout(share),
            (None, None, Some(path), None) => Testing::File { path, run },
            (None, None, None, Some(true)) => Testing::Published { run },
            _ => return Err("split: expected one of folds, holdout, file, published = true".to_owned()),
        };
        if run.is_some() && matches!(test, Testing::Holdout(_)) {
            return Err("split: holdout is one split; run goes with folds, file and published".to_owned());
        }
        let division = Self { test, valid, seed, stratify };
        division.check().map(|()| division)
    }
}

impl From<Division> for Keys {
    fn from(division: Division) -> Keys {
        let Division { test, valid, seed, stratify } = division;
        let keys = Keys { valid, seed, stratify, ..Keys::default() };
        match test {
            Testing::Folds { folds, run } => Keys { folds: Some(folds), run, ..keys },
            Testing::Holdout(share) => Keys { holdout: Some(share), ..keys },
            Testing::File { path, run } => Keys { file: Some(path), run, ..keys },
            Testing::Published { run } => Keys { published: Some(true), run, ..keys },
        }
    }
}

impl Division {
    /// What is wrong with the numbers, if anything.
    pub fn check(&self) -> Result<(), String> {
        match self.test {
            Testing::Folds { folds, run } if folds < 2 || !(1..=folds).contains(&run.unwrap_or(folds)) => {
                let run = run.unwrap_or(folds);
                return Err(format!("folds = {folds}, run = {run}: expected folds ≥ 2 and 1 ≤ run ≤ folds"));
            }
            Testing::Holdout(share) => within_01("holdout", share)?,
            Testing::File { run: Some(0), .. } | Testing::Published { run: Some(0) } => {
                return Err("run = 0: expected at least 1".to_owned());
            }
            _ => {}
        }
        match (self.valid, &self.test) {
            (Some(share), _) => within_01("valid", share),
            (None, Testing::Folds { .. } | Testing::Holdout(_)) => {
                Err("split: missing valid, the share of the other subjects that validate".to_owned())
            }
            (None, Testing::File { .. } | Testing::Published { .. }) => Ok(()),
        }
    }

    /// Whether a protocol that leaks in this way can be made of it.
    pub fn admits(&self, leak: Leak) -> Result<(), String> {
        match (&self.test, leak) {
            (Testing::File { .. } | Testing::Published { .. }, Leak::Doubled) => {
                Err("leak = \"doubled\" deals copies of images; expected a split by folds or holdout".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// In words, for messages and files: `folds = 5, valid = 0.15, seed = 0`.
    pub fn describe(&self) -> String {
        let test = match &self.test {
            Testing::Folds { folds, .. } => format!("folds = {folds}"),
            Testing::Holdout(share) => format!("holdout = {share}"),
            Testing::File { path, .. } => path.display().to_string(),
            Testing::Published { .. } => "the published partition".to_owned(),
        };
        let valid = self.valid.map_or_else(String::new, |share| format!(", valid = {share}"));
        let size = if self.stratify.is_default() { "" } else { ", by class and size" };
        format!("{test}{valid}, seed = {}{size}", self.seed)
    }
}

fn within_01(key: &str, share: f64) -> Result<(), String> {
    let inside = share > 0.0 && share < 1.0;
    if inside { Ok(()) } else { Err(format!("{key} = {share}: expected 0 < {key} < 1")) }
}
