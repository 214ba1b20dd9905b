//! Curation lists: corrections of a data set that anybody can read, check and cite, apart from its files.
//!
//! A CSV file `case,action,other,reason,source` beside the manifest that names it:
//!
//! | action | other | what happens |
//! | --- | --- | --- |
//! | `exclude` | empty | the case does not take part |
//! | `relabel` | `benign`, `malignant` or `normal` | the case has that class |
//! | `same-as` | a case | both have one subject, so that no split separates them |
//!
//! `reason` and `source` are for people; a reason is required. Nothing is guessed: an unknown case, action or class, or
//! two corrections of one thing, is an error that names the line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Case, Class, DatasetError, pseudo_subjects};

/// First line of a list.
const HEADER: [&str; 5] = ["case", "action", "other", "reason", "source"];
/// Most bytes of a list.
const LARGEST_BYTES: usize = 16 << 20;

/// A manifest's key `curation`: the name of a list until the data set is opened, then the list itself, so that another
/// process, elsewhere and later, applies the same one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Curation {
    /// A file beside the manifest.
    Named(String),
    /// What it says.
    Read(Vec<Correction>),
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The case's id.
    pub case: String,
    /// What happens to it.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub source: String,
    /// Line in the file, from 1.
    pub line: u64,
}

/// What a correction does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// The case does not take part.
    Exclude,
    /// The case has this class.
    Relabel(Class),
    /// The case shows the same frame, or patient, as this one.
    SameAs(String),
}

impl Curation {
    /// The lines of a list; `place` is the file's name for messages.
    pub fn parse(text: &str, place: &str) -> Result<Self, DatasetError> {
        let fail = |line: u64, message: String| file_error(&format!("{place}:{line}"), message);
        if text.len() > LARGEST_BYTES {
            return Err(file_error(place, format!("{} bytes, at most {LARGEST_BYTES}", text.len())));
        }
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let mut lines = reader.records();
        match lines.next() {
            Some(Ok(header)) if header.iter().eq(HEADER) => {}
            _ => return Err(fail(1, format!("expected the header {}", HEADER.join(",")))),
        }
        let mut corrections = Vec::new();
        for record in lines {
            let record = record.map_err(|error| {
                fail(error.position().map_or(0, csv::Position::line), format!("{error}; expected {}", HEADER.join(",")))
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            corrections.push(Correction::parse(&record, line).map_err(|message| fail(line, message))?);
        }
        Ok(Self::Read(corrections))
    }

    /// Applies the corrections to all cases of the folder; `place` is the list's name for messages.
    pub(super) fn apply(&self, cases: &mut Vec<Case>, place: &str) -> Result<(), DatasetError> {
        let Self::Read(corrections) = self else {
            return Err(file_error(place, "the curation list was not read"));
        };
        let known: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        let mut settled: BTreeMap<(&str, &'static str), u64> = BTreeMap::new();
        for own in corrections {
            let fail = |message: String| Err(file_error(&format!("{place}:{}", own.line), message));
            let same_as = if let Action::SameAs(other) = &own.action { Some(other) } else { None };
            if let Some(unknown) = std::iter::once(&own.case).chain(same_as).find(|id| !known.contains(id.as_str())) {
                return fail(format!("no case \"{unknown}\" in the data set"));
            }
            if same_as.is_none()
                && let Some(line) = settled.insert((&own.case, own.action.name()), own.line)
            {
                return fail(format!("\"{}\": line {line} says {} already", own.case, own.action.name()));
            }
        }
        let groups: Vec<Vec<String>> = corrections.iter().filter_map(Correction::tie).collect();
        pseudo_subjects(cases, &groups);
        for own in corrections {
            match own.action {
                Action::Exclude => cases.retain(|case| case.id != own.case),
                Action::Relabel(class) => {
                    cases.iter_mut().filter(|case| case.id == own.case).for_each(|case| case.class = class);
                }
                Action::SameAs(_) => {}
            }
        }
        Ok(())
    }
}

impl Correction {
    fn parse(record: &csv::StringRecord, line: u64) -> Result<Self, String> {
        let field = |i: usize| record.get(i).unwrap_or_default().trim();
        let [case, action, other, reason, source] = [0, 1, 2, 3, 4].map(field);
        if case.is_empty() || reason.is_empty() {
            return Err("case and reason may not be empty".to_owned());
        }
        let action = match (action, other) {
            ("exclude", "") => Action::Exclude,
            ("exclude", _) => return Err(format!("exclude with other = \"{other}\": expected nothing")),
            ("relabel", _) => match Class::ALL.into_iter().find(|class| class.name() == other) {
                Some(class) => Action::Relabel(class),
                None => return Err(format!("relabel with other = \"{other}\": expected benign, malignant or normal")),
            },
            ("same-as", "") => return Err("same-as without other: expected a case".to_owned()),
            ("same-as", _) if other == case => return Err(format!("\"{case}\" same-as itself")),
            ("same-as", _) => Action::SameAs(other.to_owned()),
            _ => return Err(format!("action \"{action}\": expected exclude, relabel or same-as")),
        };
        Ok(Self { case: case.to_owned(), action, reason: reason.to_owned(), source: source.to_owned(), line })
    }

    fn tie(&self) -> Option<Vec<String>> {
        if let Action::SameAs(other) = &self.action { Some(vec![self.case.clone(), other.clone()]) } else { None }
    }
}

impl Action {
    /// The name in a list.
    pub fn name(&self) -> &'static str {
        match self {
            Action::Exclude => "exclude",
            Action::Relabel(_) => "relabel",
            Action::SameAs(_) => "same-as",
        }
    }
}

impl fmt::Display for Curation {
    /// The file: what [`Curation::parse`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let corrections: &[Correction] = if let Self::Read(corrections) = self { corrections } else { &[] };
        let rows = corrections.iter().map(|own| {
            let other = match &own.action {
                Action::Exclude => "",
                Action::Relabel(class) => class.name(),
                Action::SameAs(other) => other,
            };
            [own.case.as_str(), own.action.name(), other, &own.reason, &own.source]
        });
        for row in std::iter::once(HEADER).chain(rows) {
            writer.write_record(row).map_err(|_| fmt::Error)?;
        }
        let bytes = writer.into_inner().map_err(|_| fmt::Error)?;
        f.write_str(&String::from_utf8(bytes).map_err(|_| fmt::Error)?)
    }
}

fn file_error(place: &str, message: impl ToString) -> DatasetError {
    DatasetError::File { place: place.to_owned(), message: message.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{PhantomKind, phantom};

    fn cases() -> Vec<Case> {
        phantom::cases(PhantomKind::BreastUs, 1, 4, 1, 32)
    }

    fn applied(rows: &str) -> Result<Vec<Case>, String> {
        let mut cases = cases();
        let curation = Curation::parse(&format!("case,action,other,reason,source\n{rows}"), "x.csv");
        curation.and_then(|list| list.apply(&mut cases, "x.csv")).map_err(|error| error.to_string())?;
        Ok(cases)
    }

    #[test]
    fn each_action_does_what_it_says() {
        let rows =
            "us-000-0,exclude,,a needle,me\nus-001-0,relabel,benign,biopsy,\nus-003-0,same-as,us-001-0,twice,me\n";
        let cases = applied(rows).expect("a list");
        let seen: Vec<_> = cases.iter().map(|c| (c.id.as_str(), c.subject.as_str(), c.class)).collect();
        let expected = [
            ("us-001-0", "us-001", Class::Benign),
            ("us-002-0", "us-002", Class::Benign),
            ("us-003-0", "us-001", Class::Malignant),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn an_excluded_case_still_ties_its_copies_together() {
        let rows = "us-000-0,same-as,us-001-0,twice,\nus-001-0,same-as,us-002-0,twice,\nus-001-0,exclude,,text,\n";
        let cases = applied(rows).expect("a list");
        assert_eq!(cases[0].subject, cases[1].subject);
    }

    #[test]
    fn every_error_names_its_line() {
        let wrong = [
            ("nobody,exclude,,why,\n", "x.csv:2: no case \"nobody\" in the data set"),
            ("us-000-0,same-as,nobody,why,\n", "x.csv:2: no case \"nobody\" in the data set"),
            ("us-000-0,drop,,why,\n", "x.csv:2: action \"drop\": expected exclude, relabel or same-as"),
            ("us-000-0,exclude,,,\n", "x.csv:2: case and reason may not be empty"),
            ("us-000-0,exclude,us-001-0,why,\n", "x.csv:2: exclude with other = \"us-001-0\": expected nothing"),
            (
                "us-000-0,relabel,odd,why,\n",
                "x.csv:2: relabel with other = \"odd\": expected benign, malignant or normal",
            ),
            ("us-000-0,same-as,us-000-0,why,\n", "x.csv:2: \"us-000-0\" same-as itself"),
            ("us-000-0,exclude,,why,\nus-000-0,exclude,,why,\n", "x.csv:3: \"us-000-0\": line 2 says exclude already"),
        ];
        for (rows, message) in wrong {
            assert_eq!(applied(rows).expect_err(rows), message);
        }
        assert!(applied("us-000-0,exclude,,why\n").expect_err("four fields").starts_with("x.csv:2: "));
        assert!(Curation::parse("case,action\n", "x.csv").expect_err("a header").to_string().starts_with("x.csv:1: "));
    }

    #[test]
    fn a_list_reads_back_as_written() {
        let text = "case,action,other,reason,source\n\"a, b\",same-as,c,\"says \"\"so\"\"\",me\n";
        let curation = Curation::parse(text, "x.csv").expect("a list");
        assert_eq!(curation.to_string(), text);
    }
}
