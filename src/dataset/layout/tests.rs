//! Layouts on folders of empty files: who belongs to whom, and what is refused.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::dataset::{Class, Source};
use std::ffi::OsStr;

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

fn cases(folder: &Path) -> Result<Vec<Case>, DatasetError> {
    let listed = Layout::Busi {}.cases(folder)?;
    DatasetError::of("busi", listed.faults).map_or(Ok(listed.cases), Err)
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
    assert!(message(&benign).contains("benign (1).png: no mask; expected {class}/{case}_mask.png or"));
}

#[test]
fn a_mask_without_its_image_is_refused() {
    let folder = folder(&["benign/", "malignant/a_mask_1.png"]);
    assert!(message(&folder).ends_with("a_mask_1.png: a mask without its image {class}/{case}.png"));
}

#[test]
fn all_that_is_missing_is_named_at_once() {
    let names = ["benign/a.png", "benign/b.png", "malignant/c_mask.png", "malignant/d.png", "malignant/d_mask.png"];
    let folder = folder(&names);
    let message = message(&folder);
    assert!(message.starts_with("busi: 3 files are wrong; \"seglab dataset verify busi\" lists all\n"), "{message}");
    for fault in ["a.png: no mask", "b.png: no mask", "c_mask.png: a mask without"] {
        assert!(message.contains(fault), "{message}");
    }
    assert_eq!(Layout::Busi {}.cases(folder.path()).expect("listable").cases.len(), 1);
}

#[test]
fn one_name_in_two_classes_is_refused() {
    let folder = folder(&["benign/a.png", "benign/a_mask.png", "malignant/a.png", "malignant/a_mask.png"]);
    assert!(message(&folder).contains("malignant/a.png: \"a\" is also"));
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
