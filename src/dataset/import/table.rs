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

/// Columns whose words may be classes.
const LABEL: [&str; 9] =
    ["class", "label", "diagnosis", "pathology", "malignant", "malignancy", "target", "tumour", "tumor"];

/// What a table says.
pub(super) struct Found {
    /// `None` if it says neither subjects nor classes.
    pub(super) table: Option<Table>,
    /// What its words for classes mean.
    pub(super) labels: BTreeMap<String, Class>,
    /// How to use a column whose words are no known classes.
    pub(super) note: Option<String>,
}

/// The first table that says, or may say, subjects or classes and in which a column names at least nine of ten of `images`.
pub(super) fn find(folder: &Path, listing: &Listing, images: &[String]) -> Option<Found> {
    let image = images.first().filter(|image| image.contains("{case}"))?;
    let root = Root::new(folder).ok()?;
    let files = root.files(&Patterns::try_from_texts(images).ok()?).ok()?;
    let names: BTreeSet<String> =
        files.iter().filter_map(|file| Some(file.path.file_name()?.to_str()?.to_owned())).collect();
    let file_pattern = image.rsplit('/').next()?;
    let mut found: Vec<Found> =
        listing.tables().iter().filter_map(|file| in_file(&root, file, file_pattern, &names)).collect();
    // one that only may say classes does not hide one that does
    found.sort_by_key(|found| found.table.is_none());
    found.into_iter().next()
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
    let unread = |at: &usize| class.is_none() && LABEL.contains(&header[*at].to_ascii_lowercase().as_str());
    let note = (0..header.len()).filter(unread).find_map(|at| note(&table, &header[at], &words(&at)));
    let says = table.subject.is_some() || table.class.is_some();
    (says || note.is_some()).then(|| Found {
        table: says.then_some(table),
        labels: class.map(|(_, labels)| labels).unwrap_or_default(),
        note,
    })
}

/// For a column of a few short words, such as 0 and 1.
fn note(table: &Table, column: &str, words: &BTreeSet<&str>) -> Option<String> {
    let plain = |word: &&str| (1..=16).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !(2..=4).contains(&words.len()) || !words.iter().all(plain) {
        return None;
    }
    let classes = ["benign", "malignant", "normal", "unknown"];
    let labels: Vec<String> = words.iter().zip(classes).map(|(word, class)| format!("{word} = \"{class}\"")).collect();
    Some(format!(
        "layout.table.class: column {column:?} of {} holds {}, which are no known classes; if they say it, give under \
         [layout.table] file = {:?}, key = {:?}, pattern = \"{}\", class = {column:?}, and in place of layout.class what they \
         mean, e.g. labels = {{ {} }}",
        table.file,
        words.iter().copied().collect::<Vec<_>>().join(", "),
        table.file,
        table.key,
        table.pattern,
        labels.join(", ")
    ))
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
