//! The layout of BUSI: one folder per class, masks beside their images. Reads folder listings, no pixels.
//! File names are untrusted: they end up on a terminal and in reports.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};

use super::{Case, Class, DatasetError, Source};

/// Cases of `benign/`, `malignant/` and, if it is there, `normal/` below `folder`; sorted within a class by name.
///
/// `NAME.png` is an image, `NAME_mask.png`, `NAME_mask_1.png` … are its masks. A normal image may lack a mask, any
/// other may not. BUSI names no patients: each case is its own subject.
pub(super) fn cases(folder: &Path) -> Result<Vec<Case>, DatasetError> {
    let root = folder.canonicalize().map_err(|error| file_error(folder, error))?;
    let mut cases: BTreeMap<String, Case> = BTreeMap::new();
    for class in Class::ALL {
        let class_folder = folder.join(class.name());
        if class == Class::Normal && !class_folder.exists() {
            continue;
        }
        for case in class_cases(&root, &class_folder, class)? {
            if let Some(first) = cases.insert(case.id.clone(), case) {
                let message = format!("\"{}\" is also in {}/", first.id, first.class.name());
                return Err(file_error(&class_folder, message));
            }
        }
    }
    Ok(cases.into_values().collect())
}

fn class_cases(root: &Path, folder: &Path, class: Class) -> Result<Vec<Case>, DatasetError> {
    if !folder.is_dir() {
        return Err(file_error(folder, "no such folder; expected benign/, malignant/ and, optionally, normal/"));
    }
    refuse_outside(root, folder)?;
    let (images, masks) = listing(root, folder)?;
    if let Some((name, files)) = masks.iter().find(|(name, _)| !images.contains_key(*name)) {
        return Err(file_error(&files[0].1, format!("a mask without its image {name}.png")));
    }
    images.into_iter().map(|(name, image)| case(name, image, &masks, class)).collect()
}

/// Masks by the name of their image, with their numbers: `NAME_mask.png` is 0, `NAME_mask_2.png` is 2.
type Masks = BTreeMap<String, Vec<(u32, PathBuf)>>;

fn case(name: String, image: PathBuf, masks: &Masks, class: Class) -> Result<Case, DatasetError> {
    let mut masks = masks.get(&name).cloned().unwrap_or_default();
    if masks.is_empty() && class != Class::Normal {
        return Err(file_error(&image, format!("no mask; expected {name}_mask.png beside it")));
    }
    masks.sort();
    let masks = masks.into_iter().map(|(_, path)| path).collect();
    Ok(Case { subject: name.clone(), id: name, class, source: Source::Files { image, masks } })
}

fn listing(root: &Path, folder: &Path) -> Result<(BTreeMap<String, PathBuf>, Masks), DatasetError> {
    let mut images = BTreeMap::new();
    let mut masks = Masks::new();
    for entry in folder.read_dir().map_err(|error| file_error(folder, error))? {
        let entry = entry.map_err(|error| file_error(folder, error))?;
        let Some(stem) = png_stem(folder, &entry.file_name())? else { continue };
        let path = plain_file(root, &entry)?;
        match mask_of(&stem) {
            Some((name, number)) => masks.entry(name.to_owned()).or_default().push((number, path)),
            None => drop(images.insert(stem, path)),
        }
    }
    Ok((images, masks))
}

/// The name before `.png`; `None` for other files and for hidden ones, such as those that macOS leaves behind.
fn png_stem(folder: &Path, file_name: &OsStr) -> Result<Option<String>, DatasetError> {
    let printable = |name: &&str| !name.chars().any(|c| c.is_control() || reorders_text(c));
    let Some(name) = file_name.to_str().filter(printable) else {
        return Err(file_error(folder, format!("the file name {file_name:?} is not printable UTF-8")));
    };
    let png = name.rsplit_once('.').filter(|(stem, ending)| !stem.is_empty() && ending.eq_ignore_ascii_case("png"));
    Ok(png.filter(|_| !name.starts_with('.')).map(|(stem, _)| stem.to_owned()))
}

/// Bidirectional controls can make one name look like another.
fn reorders_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `("benign (4)", 1)` of `benign (4)_mask_1`; `None` for an image.
fn mask_of(stem: &str) -> Option<(&str, u32)> {
    if let Some(name) = stem.strip_suffix("_mask") {
        return Some((name, 0));
    }
    let (name, number) = stem.rsplit_once("_mask_")?;
    Some((name, number.parse().ok()?))
}

fn plain_file(root: &Path, entry: &DirEntry) -> Result<PathBuf, DatasetError> {
    let path = entry.path();
    let kind = entry.file_type().map_err(|error| file_error(&path, error))?;
    if kind.is_symlink() {
        refuse_outside(root, &path)?;
    }
    if !path.is_file() {
        return Err(file_error(&path, "not a file"));
    }
    Ok(path)
}

/// A link that leads out of the data set could show any file of the machine in a report.
fn refuse_outside(root: &Path, path: &Path) -> Result<(), DatasetError> {
    let target = path.canonicalize().map_err(|error| file_error(path, error))?;
    if target.starts_with(root) {
        return Ok(());
    }
    Err(file_error(path, format!("a link out of {}", root.display())))
}

fn file_error(path: &Path, message: impl ToString) -> DatasetError {
    DatasetError::File { place: path.display().to_string(), message: message.to_string() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    /// A folder with the named empty files; a name that ends in `/` is a folder.
    fn folder(names: &[&str]) -> TempDir {
        let folder = TempDir::new().expect("temporary folder");
        for name in names {
            let path = folder.path().join(name);
            if name.ends_with('/') {
                fs::create_dir_all(path).expect("temporary folder");
            } else {
                fs::create_dir_all(path.parent().expect("inside the folder")).expect("temporary folder");
                fs::write(path, []).expect("temporary file");
            }
        }
        folder
    }

    fn message(folder: &TempDir) -> String {
        cases(folder.path()).expect_err("refused").to_string()
    }

    #[test]
    fn masks_belong_to_their_image_in_the_order_of_their_numbers() {
        let folder = folder(&[
            "benign/benign (4).png",
            "benign/benign (4)_mask_10.png",
            "benign/benign (4)_mask_2.png",
            "benign/benign (4)_mask.png",
            "benign/Thumbs.db",
            "benign/._benign (4).png",
            "malignant/",
        ]);
        let cases = cases(folder.path()).expect("complete");
        assert_eq!(cases.len(), 1);
        assert_eq!((cases[0].id.as_str(), cases[0].subject.as_str()), ("benign (4)", "benign (4)"));
        assert_eq!(cases[0].class, Class::Benign);
        let Source::Files { masks, .. } = &cases[0].source else { panic!("files") };
        let names: Vec<_> = masks.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["benign (4)_mask.png", "benign (4)_mask_2.png", "benign (4)_mask_10.png"]);
    }

    #[test]
    fn only_a_normal_image_may_lack_its_mask() {
        let normal = folder(&["benign/", "malignant/", "normal/normal (1).png"]);
        assert_eq!(cases(normal.path()).expect("no tumour, no mask")[0].class, Class::Normal);
        let benign = folder(&["benign/benign (1).png", "malignant/"]);
        assert!(message(&benign).ends_with("benign (1).png: no mask; expected benign (1)_mask.png beside it"));
    }

    #[test]
    fn a_mask_without_its_image_is_refused() {
        let folder = folder(&["benign/", "malignant/a_mask_1.png"]);
        assert!(message(&folder).ends_with("a_mask_1.png: a mask without its image a.png"));
    }

    #[test]
    fn a_missing_class_folder_is_named() {
        assert!(message(&folder(&["benign/"])).contains("malignant: no such folder"));
        assert!(message(&folder(&["malignant/"])).contains("benign: no such folder"));
    }

    #[test]
    fn one_name_in_two_classes_is_refused() {
        let folder = folder(&["benign/a.png", "benign/a_mask.png", "malignant/a.png", "malignant/a_mask.png"]);
        assert!(message(&folder).ends_with("malignant: \"a\" is also in benign/"));
    }

    #[cfg(unix)]
    #[test]
    fn hostile_names_are_refused_and_escaped() {
        use std::os::unix::ffi::OsStrExt;
        for (name, escaped) in [
            (&b"a\x1b[2J.png"[..], "\"a\\u{1b}[2J.png\""),
            (b"a\nb.png", "\"a\\nb.png\""),
            (b"a\xff.png", "\"a\\xFF.png\""),
            ("a\u{202e}gnp.png".as_bytes(), "\"a\\u{202e}gnp.png\""),
        ] {
            let folder = folder(&["benign/", "malignant/"]);
            fs::write(folder.path().join("benign").join(OsStr::from_bytes(name)), []).expect("temporary file");
            let message = message(&folder);
            assert!(message.contains(escaped), "{message:?}");
            assert!(!message.contains(char::is_control), "{message:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_inside_the_data_set() {
        use std::os::unix::fs::symlink;
        let outside = folder(&["secret.png"]);
        let folder = folder(&["benign/a.png", "malignant/"]);
        symlink(folder.path().join("benign/a.png"), folder.path().join("benign/a_mask.png")).expect("link");
        assert_eq!(cases(folder.path()).expect("inside").len(), 1);
        symlink(outside.path().join("secret.png"), folder.path().join("benign/b.png")).expect("link");
        assert!(message(&folder).contains("b.png: a link out of"));
    }

    #[test]
    fn a_folder_named_like_an_image_is_refused() {
        assert!(message(&folder(&["benign/a.png/", "malignant/"])).ends_with("a.png: not a file"));
    }
}
