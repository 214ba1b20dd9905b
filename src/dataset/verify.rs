//! Reads every file of a data set once and says what is wrong with it, before a training does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::read::MaskRule;
use super::{Case, Class, Dataset, DatasetError, Decoder, Origin, Source, checksum, read};

/// What a data set holds, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// Cases found, in the classes that take part.
    pub cases: usize,
    /// Cases found per class.
    pub per_class: BTreeMap<Class, usize>,
    /// Everything that is wrong, in the order of the cases; empty if all is well.
    pub findings: Vec<Finding>,
    /// Mask files with values other than 0 and 255, as scaling or JPEG leave behind; a pixel is set above 127.
    pub grey_masks: usize,
    /// Image sizes; `None` if no image could be decoded.
    pub sizes: Option<Sizes>,
    /// Share of the image that the tumour covers, 0..=1, over the cases with a tumour.
    pub mask_area: Option<Quartiles>,
    /// [`Dataset::digest`]; `None` if a file could not be read.
    pub digest: Option<String>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The case's id; `None` if the whole data set is meant.
    pub case: Option<String>,
    /// What is wrong.
    pub kind: FindingKind,
    /// One line for people, which names the file or the numbers.
    pub detail: String,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Another number of cases than the manifest expects.
    Count,
    /// Another number of subjects than the manifest expects.
    Subjects,
    /// A file that is not the one in the manifest's list of digests, or cases that are not those of its digest.
    Digest,
    /// A file that makes no case: its image, mask or row is missing, or its volume cannot be read.
    NoCase,
    /// A file that cannot be read or decoded.
    Undecodable,
    /// A mask of another size than its image.
    MaskSize,
    /// A tumour class, but no tumour in the reference.
    EmptyMask,
    /// The normal class, but a tumour in the reference.
    UnexpectedMask,
}

/// Smallest and largest image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Fewest columns.
    pub min_width_px: u32,
    /// Most columns.
    pub max_width_px: u32,
    /// Fewest rows.
    pub min_height_px: u32,
    /// Most rows.
    pub max_height_px: u32,
}

/// Five numbers of a distribution; between two values the quartiles are interpolated linearly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quartiles {
    /// Smallest value.
    pub min: f64,
    /// A quarter is below.
    pub q1: f64,
    /// Half is below.
    pub median: f64,
    /// Three quarters are below.
    pub q3: f64,
    /// Largest value.
    pub max: f64,
}

/// Decodes every case; a bad file is a finding, never a failure.
pub fn verify(dataset: &Dataset) -> Verification {
    verify_with(dataset, &|_| {})
}

/// [`verify`], which tells `progress` after each case how many are done.
pub fn verify_with(dataset: &Dataset, progress: &(dyn Fn(usize) + Sync)) -> Verification {
    let decoder = Decoder::default();
    let done = AtomicUsize::new(0);
    let examine = |case: &Case| {
        let examined = examine(case, &decoder);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        examined
    };
    let examined: Vec<Examined> = dataset.cases.par_iter().map(examine).collect();
    let per_class = per_class(&dataset.cases);
    let shares = examined.iter().zip(&dataset.cases).filter(|(_, case)| case.class != Class::Normal);
    let whole = [count_finding(dataset, &per_class), subjects_finding(dataset)].into_iter().flatten();
    let digest = dataset.digest().ok();
    let whole = whole.chain(content_finding(dataset, digest.as_deref()));
    let whole: Vec<Finding> = whole.chain(digest_findings(dataset)).collect();
    Verification {
        cases: dataset.cases.len(),
        per_class,
        grey_masks: examined.iter().map(|case| case.grey_masks).sum(),
        sizes: Sizes::of(examined.iter().filter_map(|case| case.size)),
        mask_area: Quartiles::of(shares.filter_map(|(case, _)| case.mask_share).collect()),
        findings: whole.into_iter().chain(examined.into_iter().filter_map(|case| case.finding)).collect(),
        digest,
    }
}

impl Verification {
    /// With what [`Dataset::open_faulty`] could not make cases of, before all else.
    pub fn with_faults(mut self, faults: &[DatasetError]) -> Self {
        let finding =
            |fault: &DatasetError| Finding { case: None, kind: FindingKind::NoCase, detail: fault.to_string() };
        self.findings.splice(0..0, faults.iter().map(finding));
        self
    }
}

#[derive(Default)]
struct Examined {
    size: Option<(u32, u32)>,
    mask_share: Option<f64>,
    grey_masks: usize,
    finding: Option<Finding>,
}

fn examine(case: &Case, decoder: &Decoder) -> Examined {
    let finding = |kind, detail| Some(Finding { case: Some(case.id.clone()), kind, detail });
    let pixels = match decoder.pixels(case) {
        Ok(pixels) => pixels,
        Err(error) => {
            let size = matches!(error, DatasetError::MaskSize { .. });
            let kind = if size { FindingKind::MaskSize } else { FindingKind::Undecodable };
            return Examined { finding: finding(kind, error.to_string()), ..Examined::default() };
        }
    };
    let area_px = pixels.reference.area_px();
    let finding = match (case.class, area_px) {
        (Class::Normal, 1..) => {
            finding(FindingKind::UnexpectedMask, format!("{}: {area_px} px are set, expected none", case.id))
        }
        (Class::Benign | Class::Malignant | Class::Unknown, 0) => {
            finding(FindingKind::EmptyMask, format!("{}: no pixel is set in the mask of a tumour", case.id))
        }
        _ => None,
    };
    Examined {
        size: Some(pixels.image.dimensions()),
        mask_share: Some(area_px as f64 / pixels.reference.values().len() as f64),
        grey_masks: grey_masks(case),
        finding,
    }
}

fn grey_masks(case: &Case) -> usize {
    let Source::Files { masks, rule: MaskRule::Half, .. } = &case.source else { return 0 };
    let grey = |luma: &image::GrayImage| luma.iter().any(|value| !matches!(value, 0 | 255));
    masks.iter().filter_map(|path| read::luma(path).ok()).filter(grey).count()
}

fn per_class(cases: &[Case]) -> BTreeMap<Class, usize> {
    let mut per_class = BTreeMap::new();
    for case in cases {
        *per_class.entry(case.class).or_default() += 1;
    }
    per_class
}

/// `busi: 778 cases, expected 780 (benign 435 ≠ 437)`; classes that the manifest leaves out are not counted.
fn count_finding(dataset: &Dataset, per_class: &BTreeMap<Class, usize>) -> Option<Finding> {
    let manifest = &dataset.origin.manifest;
    let counted = manifest.expected.iter().filter(|(class, _)| manifest.classes.contains(class));
    let counted: Vec<_> =
        counted.map(|(class, &expected)| (class, per_class.get(class).copied().unwrap_or(0), expected)).collect();
    let wrong: Vec<String> = counted
        .iter()
        .filter(|(_, found, expected)| found != expected)
        .map(|(class, found, expected)| format!("{} {found} ≠ {expected}", class.name()))
        .collect();
    let found: usize = counted.iter().map(|(_, found, _)| found).sum();
    let expected: usize = counted.iter().map(|(.., expected)| expected).sum();
    let detail = format!("{}: {found} cases, expected {expected} ({})", manifest.name, wrong.join(", "));
    (!wrong.is_empty()).then_some(Finding { case: None, kind: FindingKind::Count, detail })
}

fn subjects_finding(dataset: &Dataset) -> Option<Finding> {
    let manifest = &dataset.origin.manifest;
    let expected = manifest.expected_subjects?;
    let found = dataset.cases.iter().map(|case| &case.subject).collect::<BTreeSet<_>>().len();
    let detail = format!("{}: {found} subjects, expected {expected}", manifest.name);
    (found != expected).then_some(Finding { case: None, kind: FindingKind::Subjects, detail })
}

/// Names, subjects, classes or bytes that are not those of the copy whose digest the manifest holds.
fn content_finding(dataset: &Dataset, found: Option<&str>) -> Option<Finding> {
    let Origin { manifest, .. } = &dataset.origin;
    let (found, expected) = (found?, manifest.digest.as_deref()?);
    let detail = format!(
        "{}: digest {found}, expected {expected}: a file, name or class is not that of the known copy (from {})",
        manifest.name, manifest.origin
    );
    (found != expected).then_some(Finding { case: None, kind: FindingKind::Digest, detail })
}

fn digest_findings(dataset: &Dataset) -> Vec<Finding> {
    let Origin { manifest, folder } = &dataset.origin;
    let Some((folder, list)) = folder.as_ref().zip(manifest.sha256.as_ref()) else { return vec![] };
    let finding = |detail| Finding { case: None, kind: FindingKind::Digest, detail };
    match checksum::wrong(folder, list) {
        Ok(wrong) => wrong.into_iter().map(finding).collect(),
        Err(error) => vec![finding(error.to_string())],
    }
}

impl Sizes {
    fn of(sizes: impl Iterator<Item = (u32, u32)>) -> Option<Self> {
        sizes.map(|(width, height)| Self::one(width, height)).reduce(|a, b| Self {
            min_width_px: a.min_width_px.min(b.min_width_px),
            max_width_px: a.max_width_px.max(b.max_width_px),
            min_height_px: a.min_height_px.min(b.min_height_px),
            max_height_px: a.max_height_px.max(b.max_height_px),
        })
    }

    fn one(width: u32, height: u32) -> Self {
        Self { min_width_px: width, max_width_px: width, min_height_px: height, max_height_px: height }
    }
}

impl Quartiles {
    /// `None` without values.
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        let at = |share: f64| {
            let position = share * last as f64;
            let below = position as usize;
            let above = (below + 1).min(last);
            values[below] + (values[above] - values[below]) * (position - below as f64)
        };
        Some(Self { min: at(0.0), q1: at(0.25), median: at(0.5), q3: at(0.75), max: at(1.0) })
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use image::{GrayImage, Luma};
    use tempfile::TempDir;

    use super::*;
    use crate::dataset::{DataRoots, Layout, Manifest, Origin, phantom, root::DATA_ENV};

    fn manifest() -> Manifest {
        let text = include_str!("../../datasets/busi.toml");
        let mut manifest = Manifest::parse(text, "busi").expect("built in");
        manifest.classes = Class::ALL.to_vec();
        manifest.digest = None;
        manifest
    }

    fn square(path: PathBuf, side_px: u32, value: u8) {
        std::fs::create_dir_all(path.parent().expect("in a folder")).expect("temporary folder");
        GrayImage::from_pixel(side_px, side_px, Luma([value])).save(path).expect("temporary image");
    }

    fn open(folder: &Path) -> Dataset {
        Dataset::at(Origin { manifest: manifest(), folder: Some(folder.to_owned()) }).expect("listable")
    }

    #[test]
    fn each_fault_is_found_once_and_nothing_panics() {
        let folder = TempDir::new().expect("temporary folder");
        let path = |name: &str| folder.path().join(name);
        for (name, mask_px, value) in [("good", 8, 255), ("empty", 8, 0), ("size", 9, 255), ("cut", 8, 200)] {
            square(path(&format!("benign/{name}.png")), 8, 90);
            square(path(&format!("benign/{name}_mask.png")), mask_px, value);
        }
        square(path("malignant/grey.png"), 4, 90);
        square(path("malignant/grey_mask.png"), 4, 128);
        square(path("normal/lump.png"), 4, 90);
        square(path("normal/lump_mask.png"), 4, 255);
        std::fs::write(path("benign/cut.png"), b"\x89PNG\r\n\x1a\n").expect("temporary file");

        let verification = verify(&open(folder.path()));
        let found: Vec<_> = verification.findings.iter().map(|f| (f.case.as_deref(), f.kind)).collect();
        assert_eq!(
            found,
            [
                (None, FindingKind::Count),
                (Some("cut"), FindingKind::Undecodable),
                (Some("empty"), FindingKind::EmptyMask),
                (Some("lump"), FindingKind::UnexpectedMask),
                (Some("size"), FindingKind::MaskSize),
            ]
        );
        let count = "busi: 6 cases, expected 780 (benign 4 ≠ 437, malignant 1 ≠ 210, normal 1 ≠ 133)";
        assert_eq!(verification.findings[0].detail, count);
        assert_eq!(verification.grey_masks, 1);
        assert_eq!(verification.sizes.map(|s| (s.min_width_px, s.max_height_px)), Some((4, 8)));
        assert_eq!(verification.digest.map(|digest| digest.len()), Some(64));
    }

    #[test]
    fn another_content_than_the_digest_of_the_manifest_is_found() {
        let folder = TempDir::new().expect("temporary folder");
        square(folder.path().join("benign/a.png"), 8, 90);
        square(folder.path().join("benign/a_mask.png"), 8, 255);
        let mut manifest = manifest();
        manifest.expected.clear();
        let dataset = |digest| {
            let manifest = Manifest { digest, ..manifest.clone() };
            Dataset::at(Origin { manifest, folder: Some(folder.path().to_owned()) }).expect("listable")
        };
        let known = dataset(None).digest().expect("readable");
        assert_eq!(verify(&dataset(Some(known.clone()))).findings, []);
        square(folder.path().join("benign/a.png"), 8, 91);
        let findings = verify(&dataset(Some(known.clone()))).findings;
        assert_eq!(findings.iter().map(|finding| finding.kind).collect::<Vec<_>>(), [FindingKind::Digest]);
        assert!(findings[0].detail.contains(&format!("expected {known}")), "{findings:?}");
    }

    #[test]
    fn what_makes_no_case_is_found_beside_the_faults_of_the_cases() {
        let folder = TempDir::new().expect("temporary folder");
        for name in ["a.png", "b.png", "empty.png"] {
            square(folder.path().join("benign").join(name), 8, 90);
        }
        square(folder.path().join("benign/empty_mask.png"), 8, 0);
        let manifest = Manifest { expected: BTreeMap::new(), ..manifest() };
        let origin = Origin { manifest, folder: Some(folder.path().to_owned()) };
        let (dataset, faults) = Dataset::listed(origin.clone()).expect("one case");
        let findings = verify(&dataset).with_faults(&faults).findings;
        let kinds: Vec<FindingKind> = findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [FindingKind::NoCase, FindingKind::NoCase, FindingKind::EmptyMask]);
        assert!(findings[1].detail.contains("b.png: no mask"), "{findings:?}");
        // a training does not take what is left
        assert!(Dataset::at(origin).expect_err("refused").to_string().starts_with("busi: 2 files are wrong"));
    }

    #[test]
    fn quartiles_interpolate() {
        let quartiles = Quartiles::of(vec![4.0, 1.0, 3.0, 2.0]).expect("four values");
        assert_eq!((quartiles.min, quartiles.q1, quartiles.median), (1.0, 1.75, 2.5));
        assert_eq!((quartiles.q3, quartiles.max), (3.25, 4.0));
        assert_eq!(Quartiles::of(vec![]), None);
    }

    #[test]
    fn built_in_phantoms_are_whole() {
        for name in ["breast-us", "breast-mri"] {
            let mut dataset = Dataset::open(name, &DataRoots::new(None)).expect("built in");
            let Layout::Phantom { kind, seed, subjects, images_per_subject, .. } = dataset.origin.manifest.layout
            else {
                panic!("{name} is not built in");
            };
            dataset.cases = phantom::cases(kind, seed, subjects, images_per_subject, 32);
            let verification = verify(&dataset);
            assert_eq!(verification.findings, []);
            assert_eq!(serde_json::to_value(&verification).expect("plain data")["findings"], serde_json::json!([]));
        }
    }

    /// Real images, where there are any: `SEGLAB_DATA` names the folder that holds `busi/`.
    #[test]
    fn busi_is_as_published() {
        let Some(data) = std::env::var_os(DATA_ENV).map(PathBuf::from).filter(|data| data.join("busi").is_dir()) else {
            println!("skipped: {DATA_ENV} names no folder with busi/");
            return;
        };
        let roots = DataRoots::new(Some(data.clone()));
        let dataset = Dataset::open("busi", &roots).expect("a copy of BUSI");
        let verification = verify(&dataset);
        assert_eq!(verification.findings, []);
        assert_eq!(verification.per_class, BTreeMap::from([(Class::Benign, 437), (Class::Malignant, 210)]));
        assert_eq!(open(&data.join("busi")).cases.len(), 780);

        let case = dataset.case("benign (346)").expect("one of 437");
        let first = read::mask_from_file(&data.join("busi/benign/benign (346)_mask.png")).expect("decodes");
        let second = read::mask_from_file(&data.join("busi/benign/benign (346)_mask_1.png")).expect("decodes");
        let area_px = case.pixels().expect("decodes").reference.area_px();
        assert!(area_px > first.area_px().max(second.area_px()));
        assert!(area_px <= first.area_px() + second.area_px());
    }
}
