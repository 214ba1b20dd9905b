//! How files, or generators, become cases. Most data sets are data of one layout, [`Pairs`]: a TOML file, no code.

mod coco;
mod identity;
mod pairs;
mod pattern;
mod patterns;
mod tree;
mod volumes;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use self::coco::Coco;
pub use self::identity::{Separator, Table};
pub use self::pairs::Pairs;
pub use self::pattern::Pattern;
pub(super) use self::pattern::{Key, Names};
pub use self::patterns::Patterns;
pub(super) use self::tree::{Root, printable};
pub use self::volumes::{Slices, Volumes};
use super::volume::Format;
use super::{Case, DatasetError, PhantomKind, phantom};

/// How files, or generators, become cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Layout {
    /// `benign/`, `malignant/`, `normal/` with `NAME.png`, `NAME_mask.png`, `NAME_mask_1.png` …: [`Pairs`] by another
    /// name.
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
    /// Images with masks in files of their own.
    Pairs(Pairs),
    /// Images with polygons or run lengths in a JSON file.
    Coco(Coco),
    /// NIfTI volumes with NIfTI masks.
    Nifti(Volumes),
    /// DICOM series with NIfTI masks or pictures.
    Dicom(Volumes),
}

/// The cases of a folder, and why other files of it make none.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) cases: Vec<Case>,
    pub(super) faults: Vec<DatasetError>,
}

impl Layout {
    /// Whether the cases lie in files.
    pub fn has_files(&self) -> bool {
        !matches!(self, Layout::Phantom { .. })
    }

    /// What the layout looks for, for error messages.
    pub fn expectation(&self) -> String {
        match self {
            Layout::Busi {} => "benign/, malignant/, normal/ with NAME.png and NAME_mask.png".to_owned(),
            Layout::Phantom { .. } => "subjects > 0 and images_per_subject > 0".to_owned(),
            Layout::Pairs(pairs) => format!("{} with {}", pairs.images, pairs.masks),
            Layout::Coco(coco) => format!("images in {}", coco.annotations),
            Layout::Nifti(volumes) | Layout::Dicom(volumes) => {
                format!("{} with {}, and a slice that shows the tumour", volumes.images, volumes.masks)
            }
        }
    }

    /// The values of the keys, and whether they go together.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Layout::Busi {} => Ok(()),
            Layout::Phantom { subjects, images_per_subject, size_px, .. } => {
                let cases = subjects.saturating_mul(*images_per_subject);
                if (1..=100_000).contains(&cases) && (32..=1024).contains(size_px) {
                    return Ok(());
                }
                Err(format!("{cases} phantoms of {size_px} px: expected 1 to 100000 of 32 to 1024 px"))
            }
            Layout::Pairs(pairs) => pairs.check(),
            Layout::Coco(coco) => coco.check(),
            Layout::Nifti(volumes) | Layout::Dicom(volumes) => volumes.check(),
        }
    }

    /// The cases below `folder`; reads folder listings and tables, and of pixels only volumes' masks.
    pub(super) fn cases(&self, folder: &Path) -> Result<Listed, DatasetError> {
        match self {
            Layout::Busi {} => Pairs::busi().cases(folder),
            Layout::Phantom { kind, seed, subjects, images_per_subject, size_px } => {
                let cases = phantom::cases(*kind, *seed, *subjects, *images_per_subject, *size_px);
                Ok(Listed { cases, faults: vec![] })
            }
            Layout::Pairs(pairs) => pairs.cases(folder),
            Layout::Coco(coco) => coco.cases(folder),
            Layout::Nifti(volumes) => volumes.cases(folder, Format::Nifti),
            Layout::Dicom(volumes) => volumes.cases(folder, Format::Dicom),
        }
    }
}

#[cfg(test)]
mod tests;
