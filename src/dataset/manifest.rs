//! The TOML file that describes a data set: what it is, where it comes from, how it is laid out.

use serde::{Deserialize, Serialize};

use super::fold::Partition;
use super::{Class, DatasetError, PhantomKind};
use crate::config;

/// A data set's description; one file in `datasets/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name on the command line and in specs; the file's stem.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// Folder below the data root; the name if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Where it comes from.
    pub origin: String,
    /// Under which terms.
    pub licence: String,
    /// What to cite.
    #[serde(default)]
    pub citation: String,
    /// Classes that take part; the others are left out.
    #[serde(default = "every_class")]
    pub classes: Vec<Class>,
    /// Cases per class that a complete copy has.
    #[serde(default)]
    pub expected: std::collections::BTreeMap<Class, usize>,
    /// The parts that it was published with, for `split = { published = true }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<Partition>,
    /// How files become cases.
    pub layout: Layout,
}

/// How files, or generators, become cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Layout {
    /// `benign/`, `malignant/`, `normal/` with `NAME.png`, `NAME_mask.png`, `NAME_mask_1.png` ….
    Busi {},
    /// Built-in images, drawn from a seed.
    Phantom {
        /// Which body.
        #[serde(rename = "phantom")]
        kind: PhantomKind,
        /// Everything follows from it.
        seed: u64,
        /// Patients.
        subjects: usize,
        /// Images of each patient.
        images_per_subject: usize,
        /// Columns and rows.
        size_px: usize,
    },
}

impl Layout {
    /// What the layout looks for, for error messages.
    pub fn expectation(&self) -> String {
        match self {
            Layout::Busi {} => "benign/, malignant/, normal/ with NAME.png and NAME_mask.png".to_owned(),
            Layout::Phantom { .. } => "subjects > 0 and images_per_subject > 0".to_owned(),
        }
    }
}

impl Manifest {
    /// Parses `text`; `place` is the file's name for messages.
    pub fn parse(text: &str, place: &str) -> Result<Self, DatasetError> {
        let manifest: Self = toml::from_str(text).map_err(|error| DatasetError::Manifest {
            place: config::place(place, text, &error),
            message: error.message().to_owned(),
        })?;
        manifest.check(place)?;
        Ok(manifest)
    }

    /// Folder below the data root.
    pub fn folder(&self) -> &str {
        self.folder.as_deref().unwrap_or(&self.name)
    }

    fn check(&self, place: &str) -> Result<(), DatasetError> {
        let fail = |message: String| Err(DatasetError::Manifest { place: place.to_owned(), message });
        if self.folder().is_empty() || self.folder().contains(['/', '\\']) || self.folder().starts_with('.') {
            return fail(format!("folder = {:?} must be a plain folder name", self.folder()));
        }
        if let Layout::Phantom { subjects, images_per_subject, size_px, .. } = self.layout {
            let cases = subjects.saturating_mul(images_per_subject);
            if !(1..=100_000).contains(&cases) || !(32..=1024).contains(&size_px) {
                return fail(format!("{cases} phantoms of {size_px} px: expected 1 to 100000 of 32 to 1024 px"));
            }
        }
        Ok(())
    }
}

fn every_class() -> Vec<Class> {
    Class::ALL.to_vec()
}
