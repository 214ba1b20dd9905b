//! Volumes in patient folders: NIfTI files and DICOM series, with masks. A case is a slice.
//! Weak spot: which slices show the tumour is in the masks, so that opening such a set decodes all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Listed;
use super::identity::{Identity, Person, Table};
use super::pairs::shared_keys;
use super::pattern::{Key, Names};
use super::patterns::Patterns;
use super::tree::{Found, Root};
use crate::dataset::volume::{Align, Format, Pictures, Reading, Scan, is_nifti};
use crate::dataset::{Case, Class, DatasetError, Source};

/// Which files are volumes, which are their masks, and which slices are cases.
///
/// Files that agree in all placeholders of `images` but `{slice}` are one volume: one file for NIfTI, one or more for
/// DICOM. Its slices are cases named `subject/series/slice 034`, counted from 0 in the volume's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volumes {
    /// E.g. `{subject}/t1.nii.gz`, or `{subject}/{series}/*.dcm`.
    pub images: Patterns,
    /// NIfTI files, e.g. `{subject}/mask.nii.gz`; or pictures, as many as slices. A picture belongs to the DICOM file of
    /// the same `{slice}`; without it in both patterns, the pictures' names must be in the order of the slices.
    pub masks: Patterns,
    /// Which slices are cases.
    #[serde(default, skip_serializing_if = "Slices::is_default")]
    pub slices: Slices,
    /// Which volume of a 4-D NIfTI file, image or mask, counted from 0; a mask with one volume is taken as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<usize>,
    /// Percentiles of a volume that become black and white.
    #[serde(default = "default_window", skip_serializing_if = "is_default_window")]
    pub window: [f64; 2],
    /// Values of a mask that are the tumour; all but 0 if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mask_labels: Vec<i32>,
    /// How masks meet images.
    #[serde(default, skip_serializing_if = "is_default_align")]
    pub align: Align,
    /// Of every case, where neither names nor a table say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// What words mean, besides the classes' own names in any case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, Class>,
    /// Subjects and classes that a CSV file knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
}

/// Which slices of a volume are cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slices {
    /// Those that show the tumour, as P2 took.
    #[default]
    Tumour,
    /// All; those without a tumour are of class normal.
    All,
}

impl Slices {
    fn is_default(&self) -> bool {
        *self == Self::Tumour
    }
}

fn default_window() -> [f64; 2] {
    [1.0, 99.0]
}

fn is_default_window(window: &[f64; 2]) -> bool {
    *window == default_window()
}

fn is_default_align(align: &Align) -> bool {
    *align == Align::default()
}

impl Volumes {
    pub(super) fn check(&self) -> Result<(), String> {
        let [low, high] = self.window;
        if !(0.0 <= low && low < high && high <= 100.0) {
            return Err(format!("window = [{low}, {high}]: expected two percentiles, 0 to 100, the lower first"));
        }
        shared_keys(&self.images, &self.masks)?;
        self.identity().check(&self.keys())
    }

    fn identity(&self) -> Identity<'_> {
        Identity { class: self.class, labels: &self.labels, table: self.table.as_ref() }
    }

    /// What the files of one volume agree in.
    fn keys(&self) -> Vec<Key> {
        self.images.keys().into_iter().filter(|key| *key != Key::Slice).collect()
    }

    pub(super) fn cases(&self, folder: &Path, format: Format) -> Result<Listed, DatasetError> {
        let root = Root::new(folder)?;
        let (scans, mut faults) = self.scans(&root, folder, format)?;
        // each volume's slices, in parallel; the order is that of the names
        let slices = scans.into_par_iter().map(|(person, scan)| self.slices_of(&person, &Arc::new(scan)));
        let mut cases = Vec::new();
        for slices in slices.collect::<Vec<_>>() {
            match slices {
                Ok(slices) => cases.extend(slices),
                Err(broken) => faults.push(broken),
            }
        }
        Ok(Listed { cases, faults })
    }

    fn scans(&self, root: &Root, folder: &Path, format: Format) -> Result<Scans, DatasetError> {
        let mut register = self.identity().open(root)?;
        let shared = shared_keys(&self.images, &self.masks).map_err(|message| DatasetError::file(folder, message))?;
        let shared: Vec<Key> = shared.into_iter().filter(|key| *key != Key::Slice).collect();
        let masks = grouped(root, &self.masks, &shared)?;
        let is_mask: BTreeSet<PathBuf> = masks.values().flatten().map(|file| file.path.clone()).collect();
        let (mut scans, mut faults) = (BTreeMap::new(), Vec::new());
        let mut with_image = BTreeSet::new();
        for (names, mut images) in grouped(root, &self.images, &self.keys())? {
            images.retain(|file| !is_mask.contains(&file.path));
            let Some(first) = images.first().map(|file| file.path.clone()) else { continue };
            with_image.insert(names.only(&shared));
            let masks = masks.get(&names.only(&shared)).cloned().unwrap_or_default();
            let person = register.person(&names).map_err(|message| DatasetError::file(&first, message));
            let scan = person.and_then(|person| {
                person.map(|person| Ok((self.checked(&person, images, masks, format)?, person))).transpose()
            });
            match scan {
                Ok(None) => {}
                Err(fault) => faults.push(fault),
                Ok(Some((_, person))) if scans.contains_key(&person.id) => {
                    let message = "another volume has the same name; add {series} or {case} to images";
                    faults.push(DatasetError::file(&first, message));
                }
                Ok(Some((scan, person))) => drop(scans.insert(person.id.clone(), (person, scan))),
            }
        }
        let alone = masks.iter().filter(|(names, _)| !with_image.contains(*names));
        faults.extend(
            alone.map(|(_, files)| {
                DatasetError::file(&files[0].path, format!("a mask without its image {}", self.images))
            }),
        );
        faults.extend(register.unseen().map(|message| DatasetError::file(folder, message)));
        Ok((scans.into_values().collect(), faults))
    }

    fn checked(
        &self,
        person: &Person,
        images: Vec<Found>,
        masks: Vec<Found>,
        format: Format,
    ) -> Result<Scan, DatasetError> {
        let fail = |message: String| Err(DatasetError::file(&images[0].path, message));
        if format == Format::Nifti && images.len() > 1 {
            return fail(format!("and {} are one volume; tell them apart in images", images[1].path.display()));
        }
        if masks.is_empty() && person.class != Class::Normal {
            return fail(format!("no mask; expected {} for it", self.masks));
        }
        self.scan(images, masks, format)
    }

    fn scan(&self, images: Vec<Found>, masks: Vec<Found>, format: Format) -> Result<Scan, DatasetError> {
        let numbered = [&self.images, &self.masks].iter().all(|patterns| patterns.keys().contains(&Key::Slice));
        let drawn = !masks.is_empty() && !masks.iter().any(|mask| is_nifti(&mask.path));
        let (masks, pictures) = match numbered && drawn && format == Format::Dicom {
            true => (of_files(&images, masks)?, Pictures::OfFiles),
            false => (paths(masks), Pictures::InOrder),
        };
        let mask_labels = self.mask_labels.clone();
        let reading = Reading { format, volume: self.volume, window: self.window, mask_labels, align: self.align };
        Ok(Scan { images: paths(images), masks, pictures, reading })
    }

    fn slices_of(&self, person: &Person, scan: &Arc<Scan>) -> Result<Vec<Case>, DatasetError> {
        let marked = scan.marked()?;
        let chosen = marked.into_iter().enumerate().filter(|(_, tumour)| *tumour || self.slices == Slices::All);
        let case = |(index, tumour): (usize, bool)| Case {
            id: format!("{}/slice {index:03}", person.id),
            subject: person.subject.clone(),
            class: if tumour { person.class } else { Class::Normal },
            source: Source::Slice { scan: Arc::clone(scan), index },
        };
        Ok(chosen.map(case).collect())
    }
}

/// The volumes with whose they are, and why others cannot be used.
type Scans = (Vec<(Person, Scan)>, Vec<DatasetError>);

fn grouped(root: &Root, patterns: &Patterns, keys: &[Key]) -> Result<BTreeMap<Names, Vec<Found>>, DatasetError> {
    let mut groups: BTreeMap<Names, Vec<Found>> = BTreeMap::new();
    for file in root.files(patterns)? {
        groups.entry(file.names.only(keys)).or_default().push(file);
    }
    Ok(groups)
}

fn paths(files: Vec<Found>) -> Vec<PathBuf> {
    files.into_iter().map(|file| file.path).collect()
}

/// For each image the picture with the same number of a slice.
fn of_files(images: &[Found], masks: Vec<Found>) -> Result<Vec<PathBuf>, DatasetError> {
    // one tool writes 7, another 007
    let number = |file: &Found| file.names.get(Key::Slice).unwrap_or_default().trim_start_matches('0').to_owned();
    let mut left: BTreeMap<String, PathBuf> = BTreeMap::new();
    for mask in masks {
        if let Some(other) = left.insert(number(&mask), mask.path.clone()) {
            return Err(DatasetError::file(&mask.path, format!("of the same slice as {}", other.display())));
        }
    }
    let mut paired = Vec::new();
    for image in images {
        let fail = || DatasetError::file(&image.path, "no mask picture with its {slice}; expected one for each file");
        paired.push(left.remove(&number(image)).ok_or_else(fail)?);
    }
    match left.into_values().next() {
        Some(mask) => Err(DatasetError::file(&mask, "a mask picture without a file with its {slice}")),
        None => Ok(paired),
    }
}
