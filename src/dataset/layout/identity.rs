//! Who and what a case is: its id, subject and class, from names, from a table, or fixed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::pattern::{Key, Names, Pattern};
use super::tree::{Root, printable};
use crate::dataset::{Class, DatasetError, read};

/// Most rows of a table.
const ROWS: usize = 1_000_000;

/// A CSV file with a header, one row a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Path below the data set's folder.
    pub file: String,
    /// The column that names the case.
    pub key: String,
    /// What `key` holds, in the placeholders of `images`.
    #[serde(default = "Table::plain_key", skip_serializing_if = "Table::is_plain_key")]
    pub pattern: Pattern,
    /// The column that names the subject; what `images` says if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The column that names the class; what `images` says if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Column and the values of the rows that take part; the others' images are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub only: BTreeMap<String, Vec<String>>,
    /// Between two fields.
    #[serde(default, skip_serializing_if = "Separator::is_comma")]
    pub separator: Separator,
}

/// What separates the fields of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Separator {
    /// `,`
    #[default]
    Comma,
    /// `;`
    Semicolon,
    /// Tabulator.
    Tab,
}

impl Separator {
    fn is_comma(&self) -> bool {
        *self == Self::Comma
    }

    fn byte(self) -> u8 {
        match self {
            Separator::Comma => b',',
            Separator::Semicolon => b';',
            Separator::Tab => b'\t',
        }
    }
}

impl Table {
    fn plain_key() -> Pattern {
        Pattern::try_from("{case}".to_owned()).expect("a built-in pattern")
    }

    fn is_plain_key(pattern: &Pattern) -> bool {
        *pattern == Self::plain_key()
    }
}

/// Where a layout's classes and subjects come from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity<'a> {
    pub(super) class: Option<Class>,
    pub(super) labels: &'a BTreeMap<String, Class>,
    pub(super) table: Option<&'a Table>,
}

/// [`Identity`] with its table read.
pub(super) struct Register<'a> {
    identity: Identity<'a>,
    keys: Vec<Key>,
    rows: BTreeMap<Names, Row>,
}

struct Row {
    line: u64,
    subject: Option<String>,
    class: Option<String>,
    takes_part: bool,
    seen: bool,
}

/// Id, subject, class.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) subject: String,
    pub(super) class: Class,
}

impl<'a> Identity<'a> {
    /// Whether every case can have an id and a class, given what `images` names; the message names the keys to edit.
    pub(super) fn check(&self, images: &[Key]) -> Result<(), String> {
        if ![Key::Subject, Key::Series, Key::Case, Key::Slice].iter().any(|key| images.contains(key)) {
            return Err("images names no case: expected {case}, {subject}, {series} or {slice} in it".to_owned());
        }
        let by_table = self.table.is_some_and(|table| table.class.is_some());
        if self.class.is_none() && !by_table && !images.contains(&Key::Class) {
            return Err("no class: put {class} into images, give table.class, or class = \"unknown\"".to_owned());
        }
        let Some(table) = self.table else { return Ok(()) };
        match table.pattern.keys().iter().find(|key| !images.contains(key)) {
            Some(_) => Err(format!("table.pattern = \"{}\" has a placeholder that images has not", table.pattern)),
            None if table.pattern.keys().is_empty() => Err("table.pattern has no placeholder".to_owned()),
            None => Ok(()),
        }
    }

    pub(super) fn open(self, root: &Root) -> Result<Register<'a>, DatasetError> {
        let rows = self.table.map(|table| rows(root, table)).transpose()?.unwrap_or_default();
        let keys = self.table.map(|table| table.pattern.keys()).unwrap_or_default();
        Ok(Register { identity: self, keys, rows })
    }
}

impl Register<'_> {
    /// Who `names` are; `None` if the table leaves them out. A case without a subject is its own.
    pub(super) fn person(&mut self, names: &Names) -> Result<Option<Person>, String> {
        let id = id(names);
        let row = match self.identity.table {
            None => None,
            Some(table) => match self.rows.get_mut(&names.only(&self.keys)) {
                None => return Err(format!("\"{id}\" is not in {}, column \"{}\"", table.file, table.key)),
                Some(row) => {
                    row.seen = true;
                    Some(&*row)
                }
            },
        };
        if row.is_some_and(|row| !row.takes_part) {
            return Ok(None);
        }
        let class = match row.and_then(|row| row.class.as_deref()).or(names.get(Key::Class)) {
            Some(word) => self.identity.class_of(word)?,
            None => self.identity.class.ok_or("no class")?,
        };
        let subject = row.and_then(|row| row.subject.as_deref()).or(names.get(Key::Subject)).unwrap_or(&id).to_owned();
        Ok(Some(Person { id, subject, class }))
    }

    /// The rows that no image was found for, as messages.
    pub(super) fn unseen(&self) -> impl Iterator<Item = String> {
        let file = self.identity.table.map(|table| table.file.as_str()).unwrap_or_default();
        let unseen = self.rows.iter().filter(|(_, row)| row.takes_part && !row.seen);
        unseen.map(move |(names, row)| format!("{file}:{}: no image for \"{}\"", row.line, id(names)))
    }
}

impl Identity<'_> {
    pub(super) fn class_of(&self, word: &str) -> Result<Class, String> {
        let known = Class::ALL.iter().find(|class| class.name().eq_ignore_ascii_case(word)).copied();
        self.labels.get(word).copied().or(known).ok_or_else(|| {
            format!("{word:?} is no class; add it, e.g. labels = {{ {word:?} = \"benign\" }} (or malignant, normal)")
        })
    }
}

/// `patient/series/slice 034`: subject, series, case and slice as far as they are named.
fn id(names: &Names) -> String {
    let parts = [Key::Subject, Key::Series, Key::Case].into_iter().filter_map(|key| names.get(key).map(str::to_owned));
    let slice = names.get(Key::Slice).map(|slice| format!("slice {slice:0>3}"));
    parts.chain(slice).collect::<Vec<_>>().join("/")
}

fn rows(root: &Root, table: &Table) -> Result<BTreeMap<Names, Row>, DatasetError> {
    let path = root.file(&table.file)?;
    let fail = |message: String| DatasetError::file(&path, message);
    let content = read::bytes(&path)?;
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&content);
    let mut builder = csv::ReaderBuilder::new();
    let mut reader = builder.delimiter(table.separator.byte()).trim(csv::Trim::All).from_reader(text);
    let header = reader.headers().map_err(|error| fail(error.to_string()))?.clone();
    let column = |name: &String| {
        let known = || header.iter().collect::<Vec<_>>().join(", ");
        header
            .iter()
            .position(|field| field == name)
            .ok_or_else(|| fail(format!("no column {name:?} among {}", known())))
    };
    let key = column(&table.key)?;
    let subject = table.subject.as_ref().map(column).transpose()?;
    let class = table.class.as_ref().map(column).transpose()?;
    let only: Vec<(usize, &Vec<String>)> =
        table.only.iter().map(|(name, values)| Ok((column(name)?, values))).collect::<Result<_, DatasetError>>()?;
    let mut rows = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| fail(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |column: usize| record.get(column).unwrap_or_default();
        if let Some(odd) = record.iter().find(|field| !printable(field)) {
            return Err(fail(format!("line {line}: {odd:?} is not printable")));
        }
        let Some(names) = table.pattern.fit(field(key)) else {
            return Err(fail(format!("line {line}: {:?} is not of the form \"{}\"", field(key), table.pattern)));
        };
        let named = |column: Option<usize>| column.map(field).filter(|text| !text.is_empty()).map(str::to_owned);
        let takes_part = only.iter().all(|(column, values)| values.iter().any(|value| value == field(*column)));
        let row = Row { line, subject: named(subject), class: named(class), takes_part, seen: false };
        if rows.insert(names, row).is_some() || rows.len() > ROWS {
            return Err(fail(format!("line {line}: {:?} again, or more than {ROWS} rows", field(key))));
        }
    }
    Ok(rows)
}
