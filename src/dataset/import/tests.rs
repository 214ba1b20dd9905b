//! Folders as people have them, and what is understood of them.

use image::{GrayImage, Luma};
use tempfile::TempDir;

use super::*;

fn folder(files: &[(&str, u8)]) -> TempDir {
    let folder = TempDir::new().expect("temporary folder");
    for (name, value) in files {
        let path = folder.path().join("set").join(name);
        std::fs::create_dir_all(path.parent().expect("in a folder")).expect("temporary folder");
        GrayImage::from_pixel(4, 3, Luma([*value])).save(path).expect("temporary image");
    }
    folder
}

/// `images`, `masks`, cases, subjects.
fn understood(folder: &TempDir) -> (String, String, usize, usize) {
    let import = import(&folder.path().join("set"), "set").expect("understood");
    let manifest = &import.dataset.origin.manifest;
    let Layout::Pairs(pairs) = &manifest.layout else { panic!("{:?}", manifest.layout) };
    // what is written reads back
    let text = import.to_toml().expect("plain data");
    assert_eq!(&Manifest::parse(&text, "set.toml").expect(&text), manifest);
    let subjects = manifest.expected_subjects.expect("counted");
    (pairs.images.to_string(), pairs.masks.to_string(), import.dataset.cases.len(), subjects)
}

#[test]
fn folders_for_classes_with_masks_beside_images() {
    let files = [
        ("benign/benign (1).png", 9),
        ("benign/benign (1)_mask.png", 255),
        ("benign/benign (1)_mask_1.png", 255),
        ("malignant/malignant (1).png", 9),
        ("malignant/malignant (1)_mask.png", 255),
    ];
    let expected = "{class}/{case}_mask.png or {class}/{case}_mask_{n}.png".to_owned();
    assert_eq!(understood(&folder(&files)), ("{class}/{case}.png".to_owned(), expected, 2, 2));
}

#[test]
fn prefixes_of_images_and_masks_and_a_table() {
    let set = folder(&[
        ("Images/bus_0001-l.png", 9),
        ("Images/bus_0001-r.png", 9),
        ("Images/bus_0002-l.png", 9),
        ("Masks/mask_0001-l.png", 255),
        ("Masks/mask_0001-r.png", 255),
        ("Masks/mask_0002-l.png", 255),
    ]);
    let table = "ID,Case,Pathology\nbus_0001-l,1,benign\nbus_0001-r,1,benign\nbus_0002-l,2,malignant\n";
    std::fs::write(set.path().join("set/bus_data.csv"), table).expect("temporary file");
    let (images, masks) = ("Images/bus_{case}.png".to_owned(), "Masks/mask_{case}.png".to_owned());
    assert_eq!(understood(&set), (images, masks, 3, 2));
    let found = import(&set.path().join("set"), "set").expect("understood");
    assert_eq!(found.dataset.origin.manifest.expected, BTreeMap::from([(Class::Benign, 2), (Class::Malignant, 1)]));
}

#[test]
fn patients_in_names_dim_masks_and_no_classes_are_noted() {
    let set = folder(&[
        ("img/A_1.png", 9),
        ("img/A_2.png", 9),
        ("img/B_1.png", 9),
        ("img/B_2.png", 9),
        ("gt/A_1.png", 1),
        ("gt/A_2.png", 1),
        ("gt/B_1.png", 1),
        ("gt/B_2.png", 1),
    ]);
    assert_eq!(understood(&set).3, 2);
    let notes = import(&set.path().join("set"), "set").expect("understood").notes;
    for key in ["layout.class", "layout.images", "layout.mask_values", "origin"] {
        assert!(notes.iter().any(|note| note.starts_with(key)), "{key}: {notes:?}");
    }
}

#[test]
fn volumes_series_and_annotations() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sources");
    for (set, kind, cases) in
        [("nifti", "Nifti(", 80), ("nifti4d", "Nifti(", 2), ("dicom", "Dicom(", 16), ("coco", "Coco(", 24)]
    {
        let found = import(&golden.join(set), set).expect(set).dataset;
        assert!(format!("{:?}", found.origin.manifest.layout).starts_with(kind), "{set}");
        assert_eq!(found.cases.len(), cases, "{set}");
    }
}

#[test]
fn another_version_of_the_masks_is_left_alone() {
    let set = folder(&[("images/1.png", 9), ("masks/1.png", 255), ("masks_orig/1.png", 255)]);
    assert_eq!(understood(&set).1, "masks/{case}.png");
}

#[test]
fn files_that_no_case_uses_are_counted_by_folder() {
    let mut files = vec![("images/1.png", 9), ("masks/1.png", 255), ("overlay.png", 9)];
    files.extend([
        ("masks_orig/1.png", 255),
        ("masks_orig/2.png", 255),
        ("masks_orig/3.png", 255),
        ("masks_orig/4.png", 255),
    ]);
    let found = import(&folder(&files).path().join("set"), "set");
    let import = found.expect("understood");
    for note in [
        "layout: 1 files in the folder itself are in no case: overlay.png",
        "layout: 4 files in masks_orig/ are in no case: 1.png, 2.png, 3.png, …",
    ] {
        assert!(import.notes.iter().any(|own| own == note), "{note}: {:?}", import.notes);
        assert!(import.to_toml().expect("plain data").contains(&format!("# unsure: {note}\n")));
    }
    assert!(!import.notes.iter().any(|note| note.contains("images/")), "{:?}", import.notes);
}

#[test]
fn a_folder_without_masks_says_what_is_looked_for() {
    let message =
        import(&folder(&[("a.png", 1), ("b.png", 2)]).path().join("set"), "set").expect_err("no masks").to_string();
    assert!(message.contains("no case found; expected pictures, NIfTI or DICOM files with masks"), "{message}");
    assert!(import(TempDir::new().expect("temporary folder").path(), "set").is_err());
    let lone = folder(&[("images/a.png", 1), ("images/b.png", 1), ("masks/a.png", 255)]);
    assert!(import(&lone.path().join("set"), "set").expect_err("b has no mask").to_string().contains("b.png: no mask"));
    // nor does a JSON file that is no COCO hide it
    std::fs::write(lone.path().join("set/dataset.json"), r#"{"numTraining": 2}"#).expect("temporary file");
    assert!(import(&lone.path().join("set"), "set").expect_err("b has no mask").to_string().contains("b.png: no mask"));
}

#[test]
fn folders_of_nnu_net() {
    let files: Vec<(String, u8)> = (0..3)
        .flat_map(|i| {
            let channels = [0, 1].map(|channel| (format!("imagesTr/case_{i:03}_{channel:04}.png"), 9));
            channels.into_iter().chain([(format!("labelsTr/case_{i:03}.png"), 1)])
        })
        .collect();
    let files: Vec<(&str, u8)> = files.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let set = folder(&files);
    let patterns = ("imagesTr/{case}_0000.png".to_owned(), "labelsTr/{case}.png".to_owned());
    assert_eq!(understood(&set), (patterns.0, patterns.1, 3, 3));
    let found = import(&set.path().join("set"), "set").expect("understood");
    assert_eq!(found.dataset.cases[0].id, "case_000");
    // the other channel
    assert!(found.notes.iter().any(|note| note.starts_with("layout: 3 files in imagesTr/")), "{:?}", found.notes);
}

#[test]
fn folders_of_parts_are_one_set_with_its_partition() {
    let parts = [("train", 3), ("val", 1), ("test", 2)];
    // each part counts from 0
    let files: Vec<(String, u8)> = parts
        .iter()
        .flat_map(|(part, n)| (0..*n).map(move |i| (part, i)))
        .flat_map(|(part, i)| [(format!("{part}/images/{i}.png"), 9), (format!("{part}/masks/{i}.png"), 255)])
        .collect();
    let files: Vec<(&str, u8)> = files.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let set = folder(&files);
    let patterns = ("{series}/images/{case}.png".to_owned(), "{series}/masks/{case}.png".to_owned());
    assert_eq!(understood(&set), (patterns.0, patterns.1, 6, 6));
    let manifest = import(&set.path().join("set"), "set").expect("understood").dataset.origin.manifest;
    let ids = manifest.partition.expect("parts").ids.expect("by id");
    assert_eq!(ids.to_string(), "{series}/{case}");
}

#[test]
fn a_part_without_masks_takes_none_of_another_part() {
    let files = [("train/images/1.png", 9), ("train/masks/1.png", 255), ("test/images/1.png", 9)];
    let found = import(&folder(&files).path().join("set"), "set").expect("understood");
    assert_eq!(found.dataset.cases.len(), 1);
    assert!(found.dataset.cases[0].files().iter().all(|file| !file.to_string_lossy().contains("/test/")));
    assert!(found.notes.iter().any(|note| note == "layout: 1 files in test/images/ are in no case: 1.png"));
}

#[test]
fn few_folders_and_numbers_for_classes_are_noted() {
    let names = ["a/1", "a/2", "b/1", "b/2"];
    let files: Vec<(String, u8)> =
        names.iter().flat_map(|name| [(format!("{name}.png"), 9), (format!("{name}_mask.png"), 255)]).collect();
    let files: Vec<(&str, u8)> = files.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let notes = import(&folder(&files).path().join("set"), "set").expect("understood").notes;
    assert!(notes.iter().any(|note| note.starts_with("layout.images: 2 folders (a, b) are taken")), "{notes:?}");
    let set = folder(&[("images/1.png", 9), ("images/2.png", 9), ("masks/1.png", 255), ("masks/2.png", 255)]);
    std::fs::write(set.path().join("set/t.csv"), "image,label\n1.png,0\n2.png,1\n").expect("temporary file");
    let notes = import(&set.path().join("set"), "set").expect("understood").notes;
    let says = "class = \"label\", and in place of layout.class what they mean, e.g. labels = { 0 = \"benign\", 1 = \"malignant\" }";
    assert!(notes.iter().any(|note| note.starts_with("layout.table.class") && note.ends_with(says)), "{notes:?}");
}
