//! The TOML file that describes a data set: what it is, where it comes from, how it is laid out.

use serde::{Deserialize, Serialize};

use super::curation::Curation;
use super::fold::Partition;
use super::{Class, Crop, DatasetError, Layout, root};
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
    /// Corrections: the name of a list beside this file, or the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curation: Option<Curation>,
    /// The parts that it was published with, for `split = { published = true }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<Partition>,
    /// Subjects that a complete copy has, over all classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_subjects: Option<usize>,
    /// The part of each image that is kept; all of it if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<Crop>,
    /// A list of SHA-256 digests and paths below the folder, as `sha256sum` writes it; read by `dataset verify`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// [`super::Dataset::digest`] of a complete copy; compared by `dataset verify`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// How files become cases.
    pub layout: Layout,
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

    /// Puts the curation list itself where there is but its name.
    pub(super) fn read_curation(&mut self) -> Result<(), DatasetError> {
        if let Some(Curation::Named(name)) = &self.curation {
            self.curation = Some(root::curation(name)?);
        }
        Ok(())
    }

    fn check(&self, place: &str) -> Result<(), DatasetError> {
        let fail = |message: String| Err(DatasetError::Manifest { place: place.to_owned(), message });
        if self.folder().is_empty() || self.folder().contains(['/', '\\']) || self.folder().starts_with('.') {
            return fail(format!("folder = {:?} must be a plain folder name", self.folder()));
        }
        if let Some(Curation::Named(name)) = &self.curation
            && (name.is_empty() || name.contains(['/', '\\']) || name.starts_with('.') || !name.ends_with(".csv"))
        {
            return fail(format!("curation = {name:?} must be a plain file name that ends in .csv"));
        }
        let is_digest =
            |text: &String| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if let Some(digest) = self.digest.as_ref().filter(|digest| !is_digest(digest)) {
            return fail(format!("digest = {digest:?} must be the 64 digits, 0-9 and a-f, that dataset verify prints"));
        }
        if let Some(Err(message)) = self.partition.as_ref().map(Partition::check) {
            return fail(format!("partition: {message}"));
        }
        self.layout.check().or_else(|message| fail(format!("layout: {message}")))
    }
}

/// Without [`Class::Unknown`], which a manifest must ask for.
fn every_class() -> Vec<Class> {
    vec![Class::Benign, Class::Malignant, Class::Normal]
}
