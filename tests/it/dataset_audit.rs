//! The audit of a data set: made copies are found, strangers are not; then the pairs of a real set.

use std::collections::BTreeSet;
use std::path::Path;

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma, RgbImage};
use seglab::dataset::audit::{
    Audit, IssueKind, PairKind, SplitParts, audit, corrections, html, straddles, text, whole,
};
use seglab::dataset::{Case, Class, DataRoots, Dataset, Manifest, Origin};
use tempfile::TempDir;

/// Ten women, each with one image.
const STRANGERS: usize = 10;

fn manifest(layout: &str) -> Manifest {
    let head = "name = \"made\"\ntitle = \"t\"\norigin = \"o\"\nlicence = \"l\"\n";
    Manifest::parse(&format!("{head}{layout}"), "made.toml").expect("a manifest")
}

fn phantoms() -> Vec<Case> {
    let layout = format!(
        "[layout]\nkind = \"phantom\"\nphantom = \"breast-us\"\nseed = 5\nsubjects = {STRANGERS}\nimages_per_subject = 1\nsize_px = 320\n"
    );
    Dataset::at(Origin { folder: None, manifest: manifest(&layout) }).expect("phantoms").cases
}

fn save(folder: &Path, class: &str, name: &str, image: &RgbImage, mask: &GrayImage) {
    let folder = folder.join(class);
    std::fs::create_dir_all(&folder).expect("a folder");
    image.save(folder.join(format!("{name}.png"))).expect("an image");
    mask.save(folder.join(format!("{name}_mask.png"))).expect("a mask");
}

fn gamma(image: &RgbImage) -> RgbImage {
    let mut image = image.clone();
    image
        .pixels_mut()
        .flat_map(|pixel| &mut pixel.0)
        .for_each(|v| *v = (255.0 * (f32::from(*v) / 255.0).powf(0.7)) as u8);
    image
}

/// Two crosses with a dotted line, and lines of letters.
fn annotated(image: &RgbImage) -> RgbImage {
    let mut image = image.clone();
    let mut dot = |x: u32, y: u32| image.put_pixel(x, y, image::Rgb([255; 3]));
    for at in [(100, 120), (190, 170)] {
        (0..13).for_each(|i| (dot(at.0 - 6 + i, at.1), dot(at.0, at.1 - 6 + i)).0);
    }
    (0..18).for_each(|i| dot(100 + 5 * i, 120 + 50 * i / 18));
    for (row, column) in (0..3).flat_map(|row| (0..12).map(move |column| (row, column))) {
        (0..9).for_each(|i| dot(20 + 9 * column, 260 + 16 * row + i));
        (0..5).for_each(|i| dot(20 + 9 * column + i, 264 + 16 * row));
    }
    image
}

fn crop(image: &RgbImage) -> RgbImage {
    imageops::crop_imm(image, 60, 40, 200, 190).to_image()
}

/// A folder as BUSI's: ten strangers, and changed copies of seven of them.
fn made() -> (TempDir, Dataset) {
    let folder = TempDir::new().expect("a folder");
    let originals: Vec<_> = phantoms().iter().map(|case| case.pixels().expect("drawn")).collect();
    let mask_of = |i: usize| {
        let reference = &originals[i].reference;
        GrayImage::from_fn(reference.width() as u32, reference.height() as u32, |x, y| {
            Luma([if reference.get(x as usize, y as usize) == Some(&true) { 255 } else { 0 }])
        })
    };
    for (i, pixels) in originals.iter().enumerate() {
        save(folder.path(), "benign", &format!("woman {i}"), &pixels.image, &mask_of(i));
    }
    let image = |i: usize| &originals[i].image;
    let blank = |image: &RgbImage| GrayImage::new(image.width(), image.height());
    save(folder.path(), "malignant", "exact 0", image(0), &mask_of(0));
    let mirrored = imageops::flip_horizontal(image(1));
    save(folder.path(), "benign", "mirrored 1", &mirrored, &imageops::flip_horizontal(&mask_of(1)));
    save(folder.path(), "benign", "brighter 2", &gamma(image(2)), &mask_of(2));
    save(folder.path(), "benign", "annotated 3", &annotated(image(3)), &mask_of(3));
    let smaller = imageops::resize(image(4), 210, 240, FilterType::Triangle);
    save(folder.path(), "benign", "resized 4", &smaller, &blank(&smaller));
    let part = crop(image(5));
    save(folder.path(), "benign", "cropped 5", &part, &blank(&part));
    let all = imageops::resize(
        &gamma(&imageops::flip_horizontal(&crop(&annotated(image(6))))),
        250,
        237,
        FilterType::Triangle,
    );
    save(folder.path(), "benign", "all 6", &all, &blank(&all));
    let manifest = manifest("classes = [\"benign\", \"malignant\"]\n[layout]\nkind = \"busi\"\n");
    let dataset = Dataset::at(Origin { folder: Some(folder.path().to_owned()), manifest }).expect("listable");
    (folder, dataset)
}

fn audited(dataset: &Dataset) -> Audit {
    audit(dataset, &dataset.origin.manifest.classes, &|_, _, _| {})
}

fn pairs(found: &Audit, kind: PairKind) -> BTreeSet<[&str; 2]> {
    found.pairs_of(kind).map(|pair| [pair.first.as_str(), pair.other.as_str()]).collect()
}

#[test]
fn copies_are_found_and_strangers_are_not() {
    let (_folder, dataset) = made();
    let found = audited(&whole(&dataset).expect("listable"));
    assert_eq!(pairs(&found, PairKind::Exact), [["exact 0", "woman 0"]].into());
    let copies = [
        ["all 6", "woman 6"],
        ["annotated 3", "woman 3"],
        ["brighter 2", "woman 2"],
        ["cropped 5", "woman 5"],
        ["mirrored 1", "woman 1"],
        ["resized 4", "woman 4"],
    ];
    assert_eq!(pairs(&found, PairKind::SameFrame), copies.into());
    assert!(pairs(&found, PairKind::NeighbourFrame).is_empty());
    assert_eq!(found.duplicate_groups.len(), 7);

    let of = |name: &str| found.pairs.iter().find(|pair| pair.first == name).expect("a pair");
    // column 0 of the crop is column 60 of the whole
    let map = &of("cropped 5").map;
    assert!((map.shift_x - 60.0).abs() < 0.5 && (map.shift_y - 40.0).abs() < 0.5, "{map:?}");
    assert!(of("mirrored 1").map.scale_x < 0.0 && of("mirrored 1").mask_dsc > Some(0.98));
    let kinds = |name: &str| found.issues.iter().filter(|i| i.case == name).map(|i| i.kind).collect::<Vec<_>>();
    assert!(kinds("exact 0").contains(&IssueKind::TwoLabels) && kinds("woman 0").contains(&IssueKind::TwoLabels));
    assert!(kinds("resized 4").contains(&IssueKind::EmptyMask) && kinds("resized 4").contains(&IssueKind::MasksDiffer));
    assert!(kinds("annotated 3").contains(&IssueKind::BurnedIn) && !kinds("woman 3").contains(&IssueKind::BurnedIn));

    the_report_is_readable_by_programs_and_people(&found, &dataset);
    a_split_may_not_separate_them(&found, &dataset);
}

fn the_report_is_readable_by_programs_and_people(found: &Audit, dataset: &Dataset) {
    let json = serde_json::to_value(found).expect("JSON");
    let group = json["duplicate_groups"].as_array().and_then(|g| g.iter().find(|g| g["kind"] == "exact")).expect("one");
    assert_eq!(group["cases"], serde_json::json!(["exact 0", "woman 0"]));
    assert_eq!(group["labels"], serde_json::json!(["benign", "malignant"]));
    assert!(
        json["issues"].as_array().expect("a list").iter().all(|i| i["case"].is_string() && i["detail"].is_string())
    );
    assert!(text(found, None).contains("duplicates: 14 cases in 7 groups (7 more than there are frames)"));
    let page = html(found, dataset, None);
    assert_eq!(page.matches("data:image/jpeg;base64,").count(), 14);
    assert!(!page.contains("http"), "nothing is loaded from elsewhere");
}

fn a_split_may_not_separate_them(found: &Audit, dataset: &Dataset) {
    let splits =
        r#"{"splits": [{"train": ["woman 1", "woman 2", "exact 0"], "test": ["mirrored 1", "brighter 2", "all 6"]}]}"#;
    let apart = straddles(&found.pairs, &SplitParts::parse(splits).expect("splits"));
    let named: Vec<_> =
        apart.iter().map(|s| (s.first.as_str(), s.first_part.as_str(), s.other_part.as_str())).collect();
    assert_eq!(named, [("brighter 2", "test", "train"), ("mirrored 1", "test", "train")]);

    // the list that it writes is the list that a manifest reads
    let list = seglab::dataset::curation::Curation::parse(&corrections(found).to_string(), "x.csv").expect("a list");
    let manifest = Manifest { curation: Some(list), ..dataset.origin.manifest.clone() };
    let curated = Dataset::at(Origin { manifest, ..dataset.origin.clone() }).expect("listable");
    let subject = |id: &str| curated.case(id).expect("a case").subject.clone();
    assert_eq!(subject("mirrored 1"), subject("woman 1"));
    let subjects: BTreeSet<&str> = curated.cases.iter().map(|case| case.subject.as_str()).collect();
    assert_eq!((curated.cases.len(), subjects.len()), (STRANGERS + 7, STRANGERS));
}

#[test]
fn identical_images_are_a_pair_even_without_a_keypoint() {
    let folder = TempDir::new().expect("a folder");
    let smooth = |shift: u32| RgbImage::from_fn(300, 280, |x, y| image::Rgb([((x + y + shift) / 4) as u8; 3]));
    let mask = GrayImage::from_fn(300, 280, |x, _| Luma([if x < 90 { 255 } else { 0 }]));
    for (name, shift) in [("a", 0), ("b", 0), ("c", 40), ("d", 0)] {
        save(folder.path(), "benign", name, &smooth(shift), &mask);
    }
    let manifest = manifest("classes = [\"benign\"]\n[layout]\nkind = \"busi\"\n");
    let dataset = Dataset::at(Origin { folder: Some(folder.path().to_owned()), manifest }).expect("listable");
    let found = audited(&dataset);
    assert_eq!(pairs(&found, PairKind::Exact), [["a", "b"], ["a", "d"], ["b", "d"]].into());
    assert_eq!(found.duplicate_groups.iter().map(|group| &group.cases).collect::<Vec<_>>(), [&["a", "b", "d"]]);
    let splits = SplitParts::parse(r#"[{"train": ["b", "c"], "val": ["d"]}]"#).expect("splits");
    assert_eq!(straddles(&found.pairs, &splits).len(), 1);
}

#[test]
fn a_split_of_another_set_is_refused_with_its_names() {
    let (_folder, dataset) = made();
    let check = |text: &str| SplitParts::parse(text).expect("splits")[0].check(&dataset);
    assert_eq!(check(r#"[{"train": ["woman 1"], "val": ["exact 0"]}]"#), Ok(()));
    let message = check(r#"[{"train": ["woman 1", "x1", "x2", "x3"], "val": ["x4"]}]"#).expect_err("four strangers");
    assert!(message.starts_with("4 names are no case of made: \"x1\", \"x2\", \"x3\", …; expected"), "{message}");
    assert!(check(r#"[{"train": [], "val": []}]"#).expect_err("empty").contains("a split without cases"));
}

/// Cases of BUSI that show a frame under two labels, as far as eyes can tell.
const TWO_LABELS: [[&str; 2]; 6] = [
    ["benign (131)", "malignant (51)"],
    ["benign (164)", "malignant (52)"],
    ["benign (399)", "malignant (93)"],
    ["benign (406)", "malignant (94)"],
    ["benign (433)", "malignant (145)"],
    ["benign (269)", "normal (1)"],
];

/// Needs BUSI below `SEGLAB_DATA`. All of it is looked at by `seglab dataset audit busi`; here are its 133 normal images,
/// the known pairs above, and a slow sweep.
#[test]
fn busi_holds_the_pairs_that_eyes_find() {
    let roots = DataRoots::new(None);
    let Ok(dataset) = Dataset::open("busi", &roots) else {
        println!("skipped: no busi/ below SEGLAB_DATA");
        return;
    };
    let mut dataset = whole(&dataset).expect("listable");
    let sweep = ["malignant (8)", "malignant (9)"];
    let known: BTreeSet<&str> = TWO_LABELS.iter().flatten().copied().chain(sweep).collect();
    dataset.cases.retain(|case| case.class == Class::Normal || known.contains(case.id.as_str()));
    let found = audited(&dataset);
    let groups = |class: &str| {
        let normal = |case: &String| case.starts_with(class);
        found.duplicate_groups.iter().filter(|group| group.cases.iter().all(normal)).count()
    };
    assert!((25..=29).contains(&groups("normal")), "{}", groups("normal"));
    let duplicates: BTreeSet<[&str; 2]> =
        pairs(&found, PairKind::Exact).union(&pairs(&found, PairKind::SameFrame)).copied().collect();
    assert!(TWO_LABELS.iter().all(|pair| duplicates.contains(pair)), "{duplicates:?}");
    assert_eq!(pairs(&found, PairKind::Exact), [["benign (433)", "malignant (145)"]].into());
    assert!(pairs(&found, PairKind::NeighbourFrame).contains(&sweep));
}
