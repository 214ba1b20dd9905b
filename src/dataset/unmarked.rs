//! Images that nobody has drawn a mask on: files and folders as they come, without a manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::volume::{Align, Format, Pictures, Reading, Scan, is_nifti};
use super::{Case, Class, DatasetError, Source, read::MaskRule};

const PICTURES: [&str; 4] = ["png", "jpg", "jpeg", "bmp"];
/// More files of a folder are refused.
const FILES: usize = 100_000;
/// As a manifest's, where it says nothing else.
const WINDOW: [f64; 2] = [1.0, 99.0];

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unmarked {
    /// In the order given, of a folder by name; each its own subject, of class unknown, its reference empty.
    pub cases: Vec<Case>,
    /// Files of folders that are no images, or masks of others.
    pub skipped: Vec<PathBuf>,
}

impl Unmarked {
    /// The images in `paths`: PNG, JPEG and BMP files; every slice of a NIfTI file; the DICOM files of a folder as the
    /// slices of one series; of a folder all of these, but not of folders in it. Two of one name are an error.
    pub fn find(paths: &[PathBuf]) -> Result<Self, DatasetError> {
        let mut found = Self::default();
        for path in paths {
            match path.is_dir() {
                true => found.folder(path)?,
                false if !found.file(path)? => {
                    let message = "no image; expected PNG, JPEG, BMP, NIfTI (.nii, .nii.gz), or a folder of .dcm files";
                    return Err(DatasetError::file(path, message));
                }
                false => {}
            }
        }
        found.check(paths)?;
        Ok(found)
    }

    fn folder(&mut self, folder: &Path) -> Result<(), DatasetError> {
        let entries = folder.read_dir().map_err(|error| DatasetError::file(folder, error))?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).take(FILES + 1).collect();
        if files.len() > FILES {
            return Err(DatasetError::file(folder, format!("more than {FILES} files")));
        }
        files.retain(|path| !path.is_dir() && !name(path).starts_with('.'));
        files.sort();
        let (series, others): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(|path| ends(path, "dcm"));
        if !series.is_empty() {
            self.volume(&name(folder), series, Format::Dicom)?;
        }
        let stems: BTreeSet<String> = others.iter().map(|path| stem(path)).collect();
        for path in others {
            if is_mask_of(&stem(&path), &stems) || !self.file(&path)? {
                self.skipped.push(path);
            }
        }
        Ok(())
    }

    /// Whether it is an image.
    fn file(&mut self, path: &Path) -> Result<bool, DatasetError> {
        if is_nifti(path) {
            let name = name(path);
            let stem = name.split(".nii").next().unwrap_or(&name);
            return self.volume(stem, vec![path.to_owned()], Format::Nifti).map(|()| true);
        }
        if ends(path, "dcm") {
            return self.volume(&stem(path), vec![path.to_owned()], Format::Dicom).map(|()| true);
        }
        let is_picture = PICTURES.iter().any(|end| ends(path, end));
        if is_picture {
            self.push(stem(path), Source::Files { image: path.to_owned(), masks: vec![], rule: MaskRule::default() });
        }
        Ok(is_picture)
    }

    fn volume(&mut self, name: &str, images: Vec<PathBuf>, format: Format) -> Result<(), DatasetError> {
        let (mask_labels, align) = (vec![], Align::default());
        let reading = Reading { format, volume: None, window: WINDOW, mask_labels, align };
        let scan = Arc::new(Scan { images, masks: vec![], pictures: Pictures::InOrder, reading });
        for index in 0..scan.marked()?.len() {
            self.push(format!("{name}/slice {index:03}"), Source::Slice { scan: Arc::clone(&scan), index });
        }
        Ok(())
    }

    fn push(&mut self, id: String, source: Source) {
        self.cases.push(Case { subject: id.clone(), id, class: Class::Unknown, source });
    }

    fn check(&self, paths: &[PathBuf]) -> Result<(), DatasetError> {
        let mut seen: BTreeMap<&str, &Case> = BTreeMap::new();
        for case in &self.cases {
            if let Some(first) = seen.insert(&case.id, case) {
                let places = [first, case].map(|case| case.files().first().map(|path| path.display().to_string()));
                let [first, second] = places.map(Option::unwrap_or_default);
                let message = format!("and {second} are both called \"{}\"; rename one", case.id);
                return Err(DatasetError::File { place: first, message });
            }
        }
        match (self.cases.is_empty(), paths.first()) {
            (true, Some(path)) => {
                Err(DatasetError::file(path, "no image in it; expected PNG, JPEG, BMP, NIfTI or DICOM"))
            }
            _ => Ok(()),
        }
    }
}

/// As BUSI names masks: `NAME_mask`, `NAME_mask_1` beside `NAME`.
fn is_mask_of(stem: &str, others: &BTreeSet<String>) -> bool {
    let Some((image, number)) = stem.rsplit_once("_mask") else { return false };
    let is_number = |text: &str| text.strip_prefix('_').is_some_and(|n| n.bytes().all(|byte| byte.is_ascii_digit()));
    (number.is_empty() || is_number(number)) && others.contains(image)
}

fn ends(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case(extension))
}

fn name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "image".to_owned())
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    fn picture(folder: &Path, name: &str, grey: u8) -> PathBuf {
        let path = folder.join(name);
        RgbImage::from_pixel(3, 2, Rgb([grey; 3])).save(&path).expect("an image");
        path
    }

    #[test]
    fn a_folder_and_single_files_are_cases_without_a_mask_and_the_rest_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("in");
        std::fs::create_dir_all(folder.join("deeper")).expect("folders");
        picture(&folder, "b.png", 7);
        picture(&folder, "a.PNG", 9);
        for name in ["a_mask.png", "a_mask_1.png", "e_mask.png", "a_masked.png"] {
            picture(&folder, name, 0);
        }
        picture(&folder.join("deeper"), "c.png", 1);
        std::fs::write(folder.join("notes.txt"), "no image").expect("written");
        std::fs::write(folder.join(".hidden.png"), "no image").expect("written");
        let single = picture(dir.path(), "d.png", 3);
        let found = Unmarked::find(&[single, folder.clone()]).expect("images");
        let ids: Vec<&str> = found.cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(ids, ["d", "a", "a_masked", "b", "e_mask"]);
        assert_eq!(found.skipped, ["a_mask.png", "a_mask_1.png", "notes.txt"].map(|name| folder.join(name)));
        let pixels = found.cases[1].pixels().expect("decodes");
        assert_eq!((pixels.image.get_pixel(2, 1).0, pixels.reference.area_px()), ([9; 3], 0));
        assert_eq!(pixels.reference.size(), (3, 2));
    }

    #[test]
    fn what_cannot_be_told_apart_or_read_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let (a, b) = (picture(dir.path(), "a.png", 1), picture(dir.path(), "a.bmp", 2));
        let error = Unmarked::find(&[a, b]).expect_err("two of one name").to_string();
        assert!(error.contains("a.png") && error.contains("a.bmp are both called \"a\""), "{error}");
        let text = dir.path().join("x.txt");
        std::fs::write(&text, "no image").expect("written");
        assert!(Unmarked::find(&[text]).expect_err("no image").to_string().contains("x.txt: no image; expected PNG"));
        let empty = dir.path().join("empty");
        std::fs::create_dir(&empty).expect("a folder");
        assert!(Unmarked::find(&[empty]).expect_err("nothing").to_string().contains("no image in it"));
        assert!(Unmarked::find(&[dir.path().join("gone.nii")]).is_err());
    }
}
