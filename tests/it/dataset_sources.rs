//! Real formats beside the tools that define them: NIfTI beside nibabel, DICOM beside pydicom, COCO beside pycocotools;
//! and real data sets beside what their sources say of them. Values: tests/golden/sources.py.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use seglab::dataset::{Case, Class, DataRoots, Dataset, Decoder, Manifest, Origin, verify};
use serde::Deserialize;

#[derive(Deserialize)]
struct Set {
    name: String,
    layout: String,
    #[serde(default)]
    classes: Vec<Class>,
    cases: Vec<Golden>,
}

#[derive(Deserialize)]
struct Golden {
    id: String,
    subject: String,
    class: Class,
    width: u32,
    height: u32,
    grey: String,
    mask: String,
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn sets() -> Vec<Set> {
    let text = std::fs::read_to_string(golden().join("sources.json")).expect("made by sources.py");
    serde_json::from_str(&text).expect("made by sources.py")
}

fn open(folder: &Path, layout: &str, classes: &[Class]) -> Result<Dataset, seglab::dataset::DatasetError> {
    let classes = match classes {
        [] => String::new(),
        named => {
            format!("classes = [{}]\n", named.iter().map(|c| format!("{:?}", c.name())).collect::<Vec<_>>().join(", "))
        }
    };
    let head = "name = \"golden\"\ntitle = \"golden\"\norigin = \"drawn\"\nlicence = \"as seglab\"\n";
    let manifest = Manifest::parse(&format!("{head}{classes}[layout]\n{layout}"), "golden.toml")?;
    Dataset::at(Origin { manifest, folder: Some(folder.to_owned()) })
}

/// One digit a pixel.
fn digits(values: &[bool]) -> String {
    values.iter().map(|set| if *set { '1' } else { '0' }).collect()
}

fn hex(case: &Case, decoder: &Decoder) -> (u32, u32, String, String) {
    let pixels = decoder.pixels(case).expect(&case.id);
    assert!(pixels.image.pixels().all(|pixel| pixel.0 == [pixel.0[0]; 3]), "{}: grey", case.id);
    let grey = pixels.image.pixels().map(|pixel| format!("{:02x}", pixel.0[0])).collect();
    (pixels.image.width(), pixels.image.height(), grey, digits(pixels.reference.values()))
}

#[test]
fn slices_and_shapes_are_those_of_the_reference_implementations() {
    for set in sets() {
        let dataset = open(&golden().join("sources").join(&set.name), &set.layout, &set.classes).expect(&set.name);
        let decoder = Decoder::default();
        let mut left: BTreeMap<&str, &Golden> = set.cases.iter().map(|case| (case.id.as_str(), case)).collect();
        assert_eq!(left.len(), set.cases.len());
        for case in &dataset.cases {
            let golden = left.remove(case.id.as_str()).unwrap_or_else(|| panic!("{}: {}", set.name, case.id));
            assert_eq!((&case.subject, case.class), (&golden.subject, golden.class), "{}: {}", set.name, case.id);
            let (width, height, grey, mask) = hex(case, &decoder);
            assert_eq!((width, height), (golden.width, golden.height), "{}: {}", set.name, case.id);
            assert_eq!(mask, golden.mask, "{}: {}", set.name, case.id);
            assert_eq!(grey, golden.grey, "{}: {}", set.name, case.id);
        }
        assert_eq!(left.keys().collect::<Vec<_>>(), Vec::<&&str>::new(), "{}: missing", set.name);
    }
}

/// Real images, where there are any.
fn real(name: &str) -> Option<Dataset> {
    let Some(data) = std::env::var_os("SEGLAB_DATA").map(PathBuf::from) else {
        println!("skipped {name}: SEGLAB_DATA names no folder");
        return None;
    };
    match Dataset::open(name, &DataRoots::new(Some(data))) {
        Ok(dataset) => Some(dataset),
        Err(error) => {
            println!("skipped {name}: {error}");
            None
        }
    }
}

#[test]
fn real_sets_are_as_their_sources_say() {
    let counts = |benign, malignant, normal, unknown| {
        let all = [
            (Class::Benign, benign),
            (Class::Malignant, malignant),
            (Class::Normal, normal),
            (Class::Unknown, unknown),
        ];
        all.into_iter().filter(|(_, n)| *n > 0).collect::<BTreeMap<Class, usize>>()
    };
    for (name, per_class, subjects) in [
        ("bus-uclm-320", counts(174, 90, 419, 0), 38),
        ("stu-128", counts(0, 0, 0, 42), 42),
        ("breast-dm-mini", counts(4, 20, 0, 0), 24),
        ("breast-dm-mini-jpg", counts(0, 25, 0, 0), 25),
    ] {
        let Some(dataset) = real(name) else { continue };
        let verification = verify(&dataset);
        assert_eq!(verification.findings, [], "{name}");
        assert_eq!(verification.per_class, per_class, "{name}");
        let found: BTreeSet<&str> = dataset.cases.iter().map(|case| case.subject.as_str()).collect();
        assert_eq!(found.len(), subjects, "{name}");
    }
}

#[test]
fn the_one_empty_mask_of_breast_dcedl_is_found() {
    let Some(dataset) = real("breast-dcedl-mini") else { return };
    let findings = verify(&dataset).findings;
    assert_eq!(dataset.cases.len(), 40);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(dataset.case("10004/slice 029").expect("named so").subject, "10004");
}

/// The digest of all 647 cases as it was before layouts were data; plans name it.
#[test]
fn the_digest_of_busi_is_what_it_was() {
    let Some(dataset) = real("busi") else { return };
    let digest = dataset.digest().expect("readable");
    assert_eq!(digest, "c23e826fe1ad6793b4ccc51eba3aa46b6b016cbe6c6639886af33424327070ab");
}
