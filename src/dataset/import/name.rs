//! From file names to patterns: what is the same in all names stays, what differs becomes a placeholder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::dataset::fold::Part;
use crate::dataset::layout::printable;
use crate::dataset::{Class, DatasetError};

/// Most files that are looked at, and how deep.
const FILES: usize = 200_000;
const DEPTH: usize = 8;

/// Words that say that a file or folder holds masks.
const MASK_WORDS: [&str; 16] = [
    "mask",
    "masks",
    "gt",
    "groundtruth",
    "label",
    "labels",
    "labelstr",
    "labelsts",
    "seg",
    "segs",
    "segmentation",
    "segmentations",
    "roi",
    "annotation",
    "annotations",
    "lesion",
];

/// What a file is by its ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Picture,
    Nifti,
    Dicom,
    Table,
    Json,
}

/// What a file is by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Image,
    Mask,
}

/// Whether folders that are called train, valid or test hold one set or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parts {
    Together,
    Apart,
}

impl Kind {
    fn of(name: &str) -> Option<(Kind, usize)> {
        let lower = name.to_ascii_lowercase();
        let endings = [
            (".png", Kind::Picture),
            (".bmp", Kind::Picture),
            (".jpg", Kind::Picture),
            (".jpeg", Kind::Picture),
            (".nii.gz", Kind::Nifti),
            (".nii", Kind::Nifti),
            (".dcm", Kind::Dicom),
            (".csv", Kind::Table),
            (".json", Kind::Json),
        ];
        let ending = endings.iter().find(|(ending, _)| lower.ends_with(ending) && lower.len() > ending.len());
        ending.map(|(ending, kind)| (*kind, ending.len()))
    }
}

/// The files of a folder that may belong to a data set.
pub(super) struct Listing {
    files: BTreeMap<Kind, Vec<Vec<String>>>,
}

impl Listing {
    pub(super) fn of(folder: &Path) -> Result<Self, DatasetError> {
        let mut files: BTreeMap<Kind, Vec<Vec<String>>> = BTreeMap::new();
        let mut left = FILES;
        let mut open = vec![(folder.to_owned(), Vec::<String>::new())];
        while let Some((folder, parts)) = open.pop() {
            for entry in folder.read_dir().map_err(|error| DatasetError::file(&folder, error))? {
                let entry = entry.map_err(|error| DatasetError::file(&folder, error))?;
                let many = || DatasetError::file(&folder, format!("more than {FILES} files"));
                left = left.checked_sub(1).ok_or_else(many)?;
                let Some(name) = entry.file_name().to_str().filter(|name| printable(name)).map(str::to_owned) else {
                    continue;
                };
                // links are not followed: a guess should not wander
                let kind = entry.file_type().map_err(|error| DatasetError::file(&folder, error))?;
                if name.starts_with(['.', '{']) || name == "__MACOSX" || name.contains(['*', '{', '}']) {
                    continue;
                }
                let below: Vec<String> = parts.iter().cloned().chain([name.clone()]).collect();
                if kind.is_dir() && below.len() < DEPTH {
                    open.push((entry.path(), below));
                } else if let Some((kind, _)) = Kind::of(&name).filter(|_| kind.is_file()) {
                    files.entry(kind).or_default().push(below);
                }
            }
        }
        files.values_mut().for_each(|files| files.sort());
        Ok(Self { files })
    }

    pub(super) fn of_kind(&self, kind: Kind) -> &[Vec<String>] {
        self.files.get(&kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// Tables in the folder itself.
    pub(super) fn tables(&self) -> Vec<String> {
        self.of_kind(Kind::Table).iter().filter(|parts| parts.len() == 1).map(|parts| parts.join("/")).collect()
    }

    pub(super) fn json_files(&self) -> Vec<String> {
        self.of_kind(Kind::Json).iter().filter(|parts| parts.len() <= 2).map(|parts| parts.join("/")).collect()
    }

    /// Folders with pictures in them.
    pub(super) fn picture_folders(&self) -> BTreeSet<String> {
        let folders = self.of_kind(Kind::Picture).iter().map(|parts| parts[..parts.len() - 1].join("/"));
        folders.filter(|folder| !folder.is_empty()).take(FILES).collect()
    }

    /// Patterns of the files of `kind` and `role`, those of most files first.
    pub(super) fn patterns(&self, kind: Kind, role: Role, parts: Parts) -> Vec<String> {
        let files: Vec<&Vec<String>> = self.of_kind(kind).iter().filter(|parts| role_of(parts) == role).collect();
        let mut groups: BTreeMap<(usize, String, String, String), Vec<&Vec<String>>> = BTreeMap::new();
        for file in files {
            groups.entry(shape(file, parts)).or_default().push(file);
        }
        let mut patterns: Vec<(usize, String)> =
            groups.values().map(|files| (files.len(), pattern(files, kind, role))).collect();
        patterns.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        patterns.dedup_by(|a, b| a.1 == b.1);
        patterns.into_iter().map(|(_, pattern)| pattern).collect()
    }
}

/// What files must share to have one pattern: depth, ending, the folder that says what they are, and the mask's affix or
/// the image's channel.
fn shape(file: &[String], parts: Parts) -> (usize, String, String, String) {
    let (name, folders) = file.split_last().expect("a file has a name");
    let ending = Kind::of(name).map_or("", |(_, length)| &name[name.len() - length..]).to_ascii_lowercase();
    let says = |folder: &&String| telling(folder) && (parts == Parts::Apart || Part::of(folder).is_none());
    let says = folders.iter().filter(says).cloned().collect::<Vec<_>>().join("/");
    let unnumbered =
        |(start, text): (bool, &str)| format!("{start}{}", text.trim_end_matches(|c: char| c.is_ascii_digit()));
    let affix = channel(file).map(str::to_owned).or_else(|| affix(stem(name)).map(unnumbered));
    (file.len(), ending, says, affix.unwrap_or_default())
}

/// Whether a folder's name says what is in it rather than who.
fn telling(folder: &str) -> bool {
    let lower = folder.to_ascii_lowercase();
    is_mask_word(&lower)
        || ["image", "images", "imagestr", "imagests", "img", "imgs", "original", "pictures", "pred"]
            .contains(&lower.as_str())
        || Part::of(folder).is_some()
}

fn is_mask_word(lower: &str) -> bool {
    lower.split(['_', '-', ' ']).any(|word| MASK_WORDS.contains(&word))
}

fn role_of(parts: &[String]) -> Role {
    let (name, folders) = parts.split_last().expect("a file has a name");
    let masks = folders.iter().any(|folder| is_mask_word(&folder.to_ascii_lowercase())) || affix(stem(name)).is_some();
    if masks { Role::Mask } else { Role::Image }
}

/// The folder of images of nnU-Net and of the Medical Segmentation Decathlon.
fn is_decathlon(folder: &str) -> bool {
    ["imagestr", "imagests"].contains(&folder.to_ascii_lowercase().as_str())
}

/// nnU-Net's number of a channel, `_0000`, at the end of an image's stem.
fn channel(file: &[String]) -> Option<&str> {
    let (name, folders) = file.split_last()?;
    let stem = stem(name);
    let suffix = stem.get(stem.len().checked_sub(5)?..).filter(|_| stem.len() > 5)?;
    let digits = suffix.strip_prefix('_')?.bytes().all(|byte| byte.is_ascii_digit());
    (digits && folders.iter().any(|folder| is_decathlon(folder))).then_some(suffix)
}

pub(super) fn stem(name: &str) -> &str {
    Kind::of(name).map_or(name, |(_, length)| &name[..name.len() - length])
}

/// The part of a stem that says mask: `(true, "mask_")` at its start, `(false, "_mask_1")` at its end, all of it included.
fn affix(stem: &str) -> Option<(bool, &str)> {
    let lower = stem.to_ascii_lowercase();
    let words: Vec<(usize, &str)> = lower
        .split(['_', '-', ' '])
        .scan(0, |at, word| {
            let start = *at;
            *at += word.len() + 1;
            Some((start, word))
        })
        .collect();
    let digits = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    let (first, last) = (words.first()?, words.last()?);
    if lower.len() != stem.len() {
        return None;
    }
    if MASK_WORDS.contains(&first.1) {
        return Some((true, &stem[..(first.1.len() + 1).min(stem.len())]));
    }
    let numbered = words.len() > 2 && digits(last.1) && MASK_WORDS.contains(&words[words.len() - 2].1);
    let word = if numbered { words[words.len() - 2] } else { *last };
    (words.len() > 1 && MASK_WORDS.contains(&word.1)).then(|| (false, &stem[word.0 - 1..]))
}

fn pattern(files: &[&Vec<String>], kind: Kind, role: Role) -> String {
    let depth = files[0].len();
    let mut levels = Vec::new();
    let names_at = |level: usize| files.iter().map(|file| file[level].as_str()).collect::<BTreeSet<&str>>();
    let are_parts = |names: &BTreeSet<&str>| names.len() > 1 && names.iter().all(|name| Part::of(name).is_some());
    let in_parts = (0..depth - 1).find(|level| are_parts(&names_at(*level)));
    let mut placeholders = ["{subject}", "{series}"].into_iter().take(if in_parts.is_some() { 1 } else { 2 });
    for level in 0..depth - 1 {
        let names = names_at(level);
        let one = names.len() == 1;
        levels.push(match names.first() {
            Some(_) if in_parts == Some(level) => "{series}".to_owned(),
            Some(_) if is_class(&names) => "{class}".to_owned(),
            Some(name) if one && (telling(name) || kind == Kind::Picture) => (*name).to_owned(),
            _ => placeholders.next().unwrap_or("*").to_owned(),
        });
    }
    let in_patient = levels.iter().any(|level| level == "{subject}");
    levels.push(file_pattern(files, kind, role, in_patient));
    levels.join("/")
}

fn is_class(names: &BTreeSet<&str>) -> bool {
    names.iter().all(|name| Class::ALL.iter().any(|class| class.name().eq_ignore_ascii_case(name)))
}

fn file_pattern(files: &[&Vec<String>], kind: Kind, role: Role, in_patient: bool) -> String {
    let names: BTreeSet<&str> = files.iter().filter_map(|parts| parts.last()).map(String::as_str).collect();
    let first = *names.first().expect("a group has files");
    let ending = &first[stem(first).len()..];
    if kind == Kind::Dicom {
        return format!("*{ending}");
    }
    // one name in every patient's folder
    if names.len() == 1 && in_patient {
        return first.to_owned();
    }
    let stems: BTreeSet<&str> = names.iter().map(|name| stem(name)).collect();
    if let Some(channel) = channel(files[0]) {
        return format!("{}{channel}{ending}", placeholder(&stems, 0, channel.len()));
    }
    match affix(stem(first)).filter(|_| role == Role::Mask) {
        Some((true, prefix)) => format!("{prefix}{}{ending}", placeholder(&stems, prefix.len(), 0)),
        Some((false, suffix)) => {
            let word = suffix.trim_end_matches(|c: char| c.is_ascii_digit());
            let number = if word.len() < suffix.len() { "{n}" } else { "" };
            format!("{}{word}{number}{ending}", placeholder(&stems, 0, suffix.len()))
        }
        None => {
            // masks of the Medical Segmentation Decathlon are called as the images are
            let whole = role == Role::Mask || files[0].iter().any(|folder| is_decathlon(folder));
            let prefix = if whole { "" } else { common_prefix(&stems) };
            format!("{prefix}{}{ending}", placeholder(&stems, prefix.len(), 0))
        }
    }
}

/// `{class}_{case}` or `{subject}_{case}` where all names have such a part, else `{case}`.
fn placeholder(stems: &BTreeSet<&str>, from_start: usize, from_end: usize) -> &'static str {
    let cores = stems.iter().filter_map(|stem| stem.get(from_start..stem.len().saturating_sub(from_end)));
    let heads: Option<Vec<&str>> = cores.map(|core| core.split_once('_').map(|(head, _)| head)).collect();
    let Some(heads) = heads.filter(|heads| !heads.is_empty()) else { return "{case}" };
    let distinct: BTreeSet<&str> = heads.iter().copied().collect();
    match distinct.len() {
        _ if is_class(&distinct) => "{class}_{case}",
        2.. if 2 * distinct.len() <= heads.len() => "{subject}_{case}",
        _ => "{case}",
    }
}

/// The letters and separators that all stems begin with, up to the last separator.
fn common_prefix<'a>(stems: &BTreeSet<&'a str>) -> &'a str {
    let (Some(first), Some(last)) = (stems.first(), stems.last()) else { return "" };
    let same =
        first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b && (a.is_ascii_alphabetic() || *a == b'_')).count();
    if stems.len() < 2 { "" } else { first[..same].rfind('_').map_or("", |at| &first[..=at]) }
}
