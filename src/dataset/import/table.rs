//! Finds the CSV file, and its columns, that name cases, patients and classes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::name::Listing;
use crate::dataset::layout::{Patterns, Root, Separator, Table};
use crate::dataset::{Class, read};

/// Most rows that are looked at.
const ROWS: usize = 100_000;
/// Columns that patients are found in.
const PATIENT: [&str; 8] = ["patient", "patient_id", "patientid", "subject", "subject_id", "pid", "case_id", "case"];

/// A table, and what its words for classes mean.
pub(super) struct Found {
    pub(super) table: Table,
    pub(super) labels: BTreeMap<String, Class>,
}

/// The first table that says subjects or classes and in which a column names at least nine of ten of `images`.
pub(super) fn find(folder: &Path, listing: &Listing, images: &[String]) -> Option<Found> {
    let image = images.first().filter(|image| image.contains("{case}"))?;
    let root = Root::new(folder).ok()?;
    let files = root.files(&Patterns::try_from_texts(images).ok()?).ok()?;
    let names: BTreeSet<String> =
        files.iter().filter_map(|file| Some(file.path.file_name()?.to_str()?.to_owned())).collect();
    let file_pattern = image.rsplit('/').next()?;
    listing.tables().iter().find_map(|file| in_file(&root, file, file_pattern, &names))
}

fn in_file(root: &Root, file: &str, file_pattern: &str, names: &BTreeSet<String>) -> Option<Found> {
    let content = read::bytes(&root.file(file).ok()?).ok()?;
    let first_line = content.split(|byte| *byte == b'\n').next()?;
    let separators = [(b';', Separator::Semicolon), (b'\t', Separator::Tab), (b',', Separator::Comma)];
    let (byte, separator) = separators.into_iter().find(|(byte, _)| first_line.contains(byte)).unwrap_or(separators[2]);
    let mut builder = csv::ReaderBuilder::new();
    let mut reader = builder.delimiter(byte).trim(csv::Trim::All).from_reader(content.as_slice());
    let header: Vec<String> = reader.headers().ok()?.iter().map(str::to_owned).collect();
    let rows: Vec<csv::StringRecord> = reader.records().take(ROWS).collect::<Result<_, _>>().ok()?;
    let column = |at: usize| rows.iter().map(move |row| row.get(at).unwrap_or_default());
    let (stem, ending) = file_pattern.rsplit_once('.')?;
    let with_ending = |value: &str| format!("{value}.{ending}");
    let (key, pattern) = (0..header.len()).find_map(|at| {
        let whole = column(at).filter(|value| names.contains(*value)).count();
        let stems = column(at).filter(|value| names.contains(&with_ending(value))).count();
        let enough = |found: usize| 10 * found >= 9 * names.len() && found > 0;
        let pattern = if enough(whole) { Some(file_pattern) } else { enough(stems).then_some(stem) };
        pattern.map(|pattern| (at, pattern))
    })?;
    let words = |at: &usize| column(*at).collect::<BTreeSet<&str>>();
    let class = (0..header.len()).find_map(|at| Some((at, labels(&words(&at))?)));
    let patient = |at: &usize| PATIENT.contains(&header[*at].to_ascii_lowercase().as_str()) && *at != key;
    let table = Table {
        file: file.to_owned(),
        key: header[key].clone(),
        pattern: Patterns::try_from_texts(&[pattern.to_owned()]).ok()?.first()?,
        subject: (0..header.len()).find(patient).map(|at| header[at].clone()),
        class: class.as_ref().map(|(at, _)| header[*at].clone()),
        only: BTreeMap::new(),
        separator,
    };
    if table.subject.is_none() && table.class.is_none() {
        return None;
    }
    Some(Found { table, labels: class.map(|(_, labels)| labels).unwrap_or_default() })
}

/// What the words of a column mean, if all are classes; without those that need no explanation.
fn labels(words: &BTreeSet<&str>) -> Option<BTreeMap<String, Class>> {
    let known = |word: &&str| Class::ALL.iter().any(|class| class.name().eq_ignore_ascii_case(word));
    let letter = |word: &str| match word {
        "B" | "b" => Some(Class::Benign),
        "M" | "m" => Some(Class::Malignant),
        "N" | "n" => Some(Class::Normal),
        _ => None,
    };
    let others = words.iter().filter(|word| !known(word)).map(|word| Some(((*word).to_owned(), letter(word)?)));
    (!words.is_empty()).then(|| others.collect())?
}
