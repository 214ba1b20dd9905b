//! Data sets: cases with an image, an expert's masks, a class and a subject.
//! A data set is a TOML manifest; its layout says how files (or built-in phantoms) become cases.
//! Knows files and pixels; not tensors, not training.

pub mod audit;
mod case;
mod checksum;
mod crop;
pub mod curation;
pub mod fold;
mod import;
mod layout;
mod manifest;
mod normalise;
pub mod phantom;
pub mod read;
mod root;
mod shape;
pub mod sheet;
mod subject;
mod unmarked;
mod verify;
pub mod volume;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use case::Picture;
use case::Source;
pub use case::{Case, Decoder, Pixels};
pub use crop::Crop;
pub use import::{Import, import};
use layout::Listed;
pub use layout::{Coco, Layout, Pairs, Pattern, Patterns, Separator, Slices, Table, Volumes};
pub use manifest::Manifest;
pub use normalise::Normalise;
pub use phantom::PhantomKind;
pub use root::{DATA_ENV, DataRoots, is_drawn, manifests};
pub use subject::pseudo_subjects;
pub use unmarked::Unmarked;
pub use verify::{Finding, FindingKind, Quartiles, Sizes, Verification, verify, verify_with};
pub use volume::Align;

/// What a case shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// A benign tumour.
    Benign,
    /// A malignant tumour.
    Malignant,
    /// No tumour; the reference is empty.
    Normal,
    /// A tumour; whether benign or malignant is not known.
    Unknown,
}

impl Class {
    /// All classes, in the order of tables.
    pub const ALL: [Class; 4] = [Class::Benign, Class::Malignant, Class::Normal, Class::Unknown];

    /// Whether it says which kind of tumour the case shows.
    pub fn is_tumour(self) -> bool {
        matches!(self, Class::Benign | Class::Malignant)
    }

    /// The name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Class::Benign => "benign",
            Class::Malignant => "malignant",
            Class::Normal => "normal",
            Class::Unknown => "unknown",
        }
    }
}

/// What another process needs to open the same data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The data set's own folder, absolute; `None` for phantoms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// The manifest as it was read.
    pub manifest: Manifest,
}

/// Cases in a fixed order, sorted by id.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// What the manifest says, and where the files are.
    pub origin: Origin,
    /// Never empty.
    pub cases: Vec<Case>,
}

/// Why a data set cannot be used. Each message names the place and the command that helps.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DatasetError {
    /// No manifest of that name.
    #[error("no data set \"{name}\"; known: {known}. Add datasets/{name}.toml, or run \"seglab dataset list\"")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The manifest does not parse.
    #[error("{place}: {message}")]
    Manifest {
        /// File, with line where known.
        place: String,
        /// What is wrong and what is allowed.
        message: String,
    },
    /// The folder is not where it was looked for.
    #[error(
        "{name}: no folder {folder}; looked in {looked}. Give --data DIR or set SEGLAB_DATA to a folder that holds {folder}/ (where to get it: {origin})"
    )]
    NoRoot {
        /// The data set.
        name: String,
        /// The folder's name.
        folder: String,
        /// Where it was looked for.
        looked: String,
        /// The manifest's origin.
        origin: String,
    },
    /// A folder without cases.
    #[error("{place}: no case found; expected {expected}")]
    Empty {
        /// The folder.
        place: String,
        /// What the layout expects there.
        expected: String,
    },
    /// A file that cannot be read or decoded.
    #[error("{place}: {message}")]
    File {
        /// The file.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// Several files that make no case.
    #[error("{name}: {} files are wrong; \"seglab dataset verify {name}\" lists all\n  {}", faults.len(), some(faults))]
    Several {
        /// The data set.
        name: String,
        /// What is wrong with each.
        faults: Vec<DatasetError>,
    },
    /// A mask of another size than its image.
    #[error("{case}: mask {mask} is {mask_width}×{mask_height} px, its image {width}×{height}")]
    MaskSize {
        /// The case.
        case: String,
        /// The mask's file.
        mask: String,
        /// Mask columns.
        mask_width: usize,
        /// Mask rows.
        mask_height: usize,
        /// Image columns.
        width: usize,
        /// Image rows.
        height: usize,
    },
}

impl Dataset {
    /// Opens the data set that the manifest `name` describes; reads folder listings, no pixels.
    pub fn open(name: &str, roots: &DataRoots) -> Result<Self, DatasetError> {
        Self::at(Origin::find(name, roots)?)
    }

    /// The data set as far as its files make cases, and what is wrong with the others; for [`verify`] only.
    pub fn open_faulty(name: &str, roots: &DataRoots) -> Result<(Self, Vec<DatasetError>), DatasetError> {
        Self::listed(Origin::find(name, roots)?)
    }

    /// The data set at a known place; reads folder listings, no pixels.
    pub fn at(origin: Origin) -> Result<Self, DatasetError> {
        let (dataset, faults) = Self::listed(origin)?;
        match DatasetError::of(&dataset.origin.manifest.name, faults) {
            None => Ok(dataset),
            Some(error) => Err(error),
        }
    }

    fn listed(mut origin: Origin) -> Result<(Self, Vec<DatasetError>), DatasetError> {
        origin.manifest.read_curation()?;
        let Origin { manifest, folder } = &origin;
        let Listed { mut cases, mut faults } =
            manifest.layout.cases(folder.as_deref().unwrap_or(Path::new(manifest.folder())))?;
        if let Some(curation) = &manifest.curation {
            // the list may name a case that is not there because of a fault
            faults.extend(curation.apply(&mut cases, &format!("curation of {}", manifest.name)).err());
        }
        cases.retain(|case| manifest.classes.contains(&case.class));
        cases.sort_by_cached_key(|case| natural(&case.id));
        if let Some(crop) = manifest.crop {
            cases.iter_mut().for_each(|case| case.source = Source::Cropped(crop, Box::new(case.source.clone())));
        }
        if cases.is_empty() {
            return Err(DatasetError::of(&manifest.name, faults).unwrap_or_else(|| origin.empty()));
        }
        Ok((Self { origin, cases }, faults))
    }

    /// The case named `id`.
    pub fn case(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.id == id)
    }

    /// SHA-256 over every case's id, subject, class and file bytes (or phantom parameters), in order.
    pub fn digest(&self) -> Result<String, DatasetError> {
        use rayon::prelude::*;
        // a volume is a file of many cases
        let volumes: BTreeSet<&PathBuf> = self.cases.iter().flat_map(|case| case.source.volumes()).collect();
        let volumes: BTreeMap<&PathBuf, [u8; 32]> =
            volumes.into_par_iter().map(|path| Ok((path, read::sha256(path)?))).collect::<Result<_, DatasetError>>()?;
        let parts = self.cases.par_iter().map(|case| case.digest(&volumes));
        let parts: Vec<[u8; 32]> = parts.collect::<Result<_, _>>()?;
        Ok(hex(&Sha256::digest(parts.concat())))
    }
}

impl Origin {
    fn find(name: &str, roots: &DataRoots) -> Result<Self, DatasetError> {
        let manifest = root::find(name)?;
        let folder = manifest.layout.has_files().then(|| roots.folder_of(&manifest)).transpose()?;
        Ok(Self { folder, manifest })
    }

    fn empty(&self) -> DatasetError {
        let help = self
            .folder
            .as_ref()
            .map(|folder| format!(" in {0}; \"seglab dataset import {0}\" says what is there", folder.display()));
        let expected = self.manifest.layout.expectation() + &help.unwrap_or_default();
        DatasetError::Empty { place: self.manifest.name.clone(), expected }
    }
}

/// The first of `faults`, a line each.
fn some(faults: &[DatasetError]) -> String {
    faults.iter().take(5).map(DatasetError::to_string).collect::<Vec<_>>().join("\n  ")
}

impl DatasetError {
    /// All `faults` of the data set `name` as one error; `None` without any.
    fn of(name: &str, mut faults: Vec<Self>) -> Option<Self> {
        match faults.len() {
            0 | 1 => faults.pop(),
            _ => Some(DatasetError::Several { name: name.to_owned(), faults }),
        }
    }

    /// What is wrong with the file or folder at `place`.
    pub(crate) fn file(place: &Path, message: impl ToString) -> Self {
        DatasetError::File { place: place.display().to_string(), message: message.to_string().trim_end().to_owned() }
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Sort key in which `benign (9)` comes before `benign (10)`. Zeros alone, as in `us-000-1`, are no number to it: the
/// order of cases stays as it is, because every split follows from it.
fn natural(id: &str) -> Vec<(String, u64)> {
    let mut key = vec![(String::new(), 0u64)];
    for c in id.chars() {
        let last = key.last_mut().expect("never empty");
        match c.to_digit(10) {
            Some(digit) => last.1 = last.1.saturating_mul(10).saturating_add(u64::from(digit)),
            None if last.1 > 0 => key.push((c.to_string(), 0)),
            None => last.0.push(c),
        }
    }
    key
}
