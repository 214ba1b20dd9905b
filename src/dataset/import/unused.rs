//! What a guess leaves out, so that nobody takes half a folder for all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::name::{Kind, Listing};
use crate::dataset::Dataset;

/// Most folders that are named one by one, and most files of each.
const FOLDERS: usize = 12;
const NAMED: usize = 3;

/// A note for each folder below `folder` that holds pictures or volumes which are in no case of `dataset`.
pub(super) fn notes(folder: &Path, listing: &Listing, dataset: &Dataset) -> Vec<String> {
    let used: BTreeSet<PathBuf> = dataset.cases.iter().flat_map(|case| case.files()).map(Path::to_path_buf).collect();
    let mut left: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let kinds = [Kind::Picture, Kind::Nifti, Kind::Dicom];
    for parts in kinds.into_iter().flat_map(|kind| listing.of_kind(kind)) {
        let path = parts.iter().fold(folder.to_owned(), |path, part| path.join(part));
        let Some((name, folders)) = parts.split_last().filter(|_| !used.contains(&path)) else { continue };
        left.entry(folders.join("/")).or_default().push(name);
    }
    let note = |(folder, names): (&String, &Vec<&str>)| {
        let place = if folder.is_empty() { "the folder itself".to_owned() } else { format!("{folder}/") };
        let first = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let more = if names.len() > NAMED { ", …" } else { "" };
        format!("layout: {} files in {place} are in no case: {first}{more}", names.len())
    };
    let mut notes: Vec<String> = left.iter().take(FOLDERS).map(note).collect();
    let others = left.values().skip(FOLDERS).map(Vec::len).sum::<usize>();
    if others > 0 {
        notes.push(format!("layout: {others} files in {} more folders are in no case", left.len() - FOLDERS));
    }
    notes
}
