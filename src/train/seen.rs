//! Whether two lists of cases share an image, whatever their data sets call it.
//! Weak spot: an image that was saved anew has other bytes; `seglab dataset audit` finds such pairs, this does not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::dataset::read::sha256;
use crate::dataset::{Case, DatasetError, Picture};

/// Files that are read between two looks at the clock.
const CHUNK: usize = 64;
/// Longer comparisons are announced.
const PATIENCE: Duration = Duration::from_secs(1);

/// Compares images by where they are, then by what is in them; keeps the digests of files that it has read.
#[derive(Debug, Default)]
pub(super) struct Seen {
    digests: BTreeMap<PathBuf, [u8; 32]>,
}

/// Ids of a case that is tested and of one that was trained on, with the same image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub tested: String,
    pub trained: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    File(PathBuf),
    Phantom(String),
}

impl Seen {
    /// The first of `tested` whose image is also in `trained`. Slices of one volume have the same image here.
    pub fn first(&mut self, tested: &[&Case], trained: &[&Case]) -> Result<Option<Pair>, DatasetError> {
        let (tested, trained) = (keys(tested)?, keys(trained)?);
        let places: BTreeMap<&Key, &str> = trained.iter().map(|(key, id)| (key, *id)).collect();
        let same_place = tested.iter().find_map(|(key, id)| Some(pair(id, places.get(key)?)));
        if same_place.is_some() {
            return Ok(same_place);
        }
        let (tested, trained) = (files(&tested)?, files(&trained)?);
        let sizes: BTreeSet<u64> = tested.iter().map(|file| file.bytes).collect();
        let trained: Vec<&Measured> = trained.iter().filter(|file| sizes.contains(&file.bytes)).collect();
        let sizes: BTreeSet<u64> = trained.iter().map(|file| file.bytes).collect();
        let tested: Vec<&Measured> = tested.iter().filter(|file| sizes.contains(&file.bytes)).collect();
        self.read(tested.iter().chain(&trained).map(|file| file.path).collect())?;
        let contents: BTreeMap<_, &str> =
            trained.iter().filter_map(|file| Some((self.digests.get(file.path)?, file.id))).collect();
        let digest = |file: &Measured| self.digests.get(file.path);
        Ok(tested.iter().find_map(|file| Some(pair(file.id, contents.get(digest(file)?)?))))
    }

    /// Learns the digests of `paths`.
    fn read(&mut self, paths: BTreeSet<&PathBuf>) -> Result<(), DatasetError> {
        let unknown: Vec<&PathBuf> = paths.into_iter().filter(|path| !self.digests.contains_key(*path)).collect();
        let (began, mut said) = (Instant::now(), false);
        for chunk in unknown.chunks(CHUNK) {
            if !said && began.elapsed() > PATIENCE {
                eprintln!("seglab: compares {} images with those of the pretraining", unknown.len());
                said = true;
            }
            let digest = |path: &&PathBuf| Ok(((*path).clone(), sha256(path)?));
            self.digests.extend(chunk.par_iter().map(digest).collect::<Result<Vec<_>, DatasetError>>()?);
        }
        Ok(())
    }
}

fn pair(tested: &str, trained: &str) -> Pair {
    Pair { tested: tested.to_owned(), trained: trained.to_owned() }
}

fn keys<'a>(cases: &[&'a Case]) -> Result<Vec<(Key, &'a str)>, DatasetError> {
    let mut keys = Vec::new();
    for case in cases {
        match case.picture() {
            Picture::Phantom(drawing) => keys.push((Key::Phantom(drawing), case.id.as_str())),
            Picture::Files(files) => {
                for file in files {
                    keys.push((Key::File(canonical(file)?), case.id.as_str()));
                }
            }
        }
    }
    Ok(keys)
}

fn canonical(file: &Path) -> Result<PathBuf, DatasetError> {
    file.canonicalize().map_err(|error| DatasetError::file(file, error))
}

/// A file of a case; files of different lengths need not be read.
struct Measured<'a> {
    path: &'a PathBuf,
    id: &'a str,
    bytes: u64,
}

fn files<'a>(keys: &'a [(Key, &'a str)]) -> Result<Vec<Measured<'a>>, DatasetError> {
    let mut files = Vec::new();
    for (key, id) in keys {
        if let Key::File(path) = key {
            let bytes = path.metadata().map_err(|error| DatasetError::file(path, error))?.len();
            files.push(Measured { path, id, bytes });
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Dataset, Manifest, Origin};

    /// A folder in BUSI's layout with one image for each name, of these bytes.
    fn dataset(images: &[(&str, &str)]) -> (tempfile::TempDir, Dataset) {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("benign")).expect("a folder");
        std::fs::create_dir_all(folder.path().join("malignant")).expect("a folder");
        for (name, bytes) in images {
            let path = |end: &str| folder.path().join(format!("benign/{name}{end}.png"));
            std::fs::write(path(""), bytes).expect("written");
            std::fs::write(path("_mask"), "the same empty mask").expect("written");
        }
        let dataset = open(folder.path());
        (folder, dataset)
    }

    fn open(folder: &Path) -> Dataset {
        let text = "name = \"a\"\ntitle = \"\"\norigin = \"\"\nlicence = \"\"\n[layout]\nkind = \"busi\"\n";
        let manifest = Manifest::parse(text, "a.toml").expect("a manifest");
        Dataset::at(Origin { folder: Some(folder.to_owned()), manifest }).expect("images")
    }

    fn first(tested: &Dataset, trained: &Dataset) -> Option<(String, String)> {
        let [tested, trained] = [tested, trained].map(|dataset| dataset.cases.iter().collect::<Vec<_>>());
        let pair = Seen::default().first(&tested, &trained).expect("readable");
        pair.map(|pair| (pair.tested, pair.trained))
    }

    #[test]
    fn an_image_is_known_again_by_its_place_and_by_its_bytes_and_masks_do_not_count() {
        let (folder, one) = dataset(&[("benign (1)", "one"), ("benign (2)", "two")]);
        let (_other, other) = dataset(&[("benign (1)", "six"), ("benign (7)", "two")]);
        let (_third, third) = dataset(&[("benign (1)", "four"), ("benign (2)", "ten")]);
        let both = |tested: &str, trained: &str| Some((tested.to_owned(), trained.to_owned()));
        assert_eq!(first(&one, &open(folder.path())), both("benign (1)", "benign (1)"));
        assert_eq!(first(&one, &other), both("benign (2)", "benign (7)"));
        assert_eq!(first(&one, &third), None);
    }

    #[test]
    fn a_link_to_a_folder_is_that_folder_and_a_lost_file_is_named() {
        let (folder, one) = dataset(&[("benign (1)", "one")]);
        let elsewhere = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink(folder.path(), elsewhere.path().join("link")).expect("linked");
        let other = open(&elsewhere.path().join("link"));
        assert_eq!(first(&one, &other), Some(("benign (1)".to_owned(), "benign (1)".to_owned())));
        std::fs::remove_file(folder.path().join("benign/benign (1).png")).expect("removed");
        let cases: Vec<&Case> = one.cases.iter().collect();
        let error = Seen::default().first(&cases, &[]).expect_err("gone").to_string();
        assert!(error.contains("benign (1).png"), "{error}");
    }
}
