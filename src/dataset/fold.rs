//! Which cases train, validate and test. No subject is ever in two parts: a [`Split`] that exists does not leak.

use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use super::{Case, Class};

/// Case ids of the three parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Split {
    parts: Parts,
}

/// What a split looks like in a file: for each part, `[case, subject]` pairs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    /// Fitted to.
    pub train: Vec<(String, String)>,
    /// Chooses the epoch and lowers the learning rate.
    pub valid: Vec<(String, String)>,
    /// Looked at once.
    pub test: Vec<(String, String)>,
}

/// Why a split cannot be built.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// A subject in two parts.
    #[error("subject \"{subject}\" is in {first} and in {second}: the test would be on known patients")]
    Leak {
        /// The patient.
        subject: String,
        /// One part.
        first: &'static str,
        /// Another part.
        second: &'static str,
    },
    /// A part without cases.
    #[error("the {part} part of fold {fold} is empty: {subjects} subjects are too few for {wanted}")]
    Empty {
        /// The part.
        part: &'static str,
        /// The fold, from 0.
        fold: usize,
        /// Subjects in the data set.
        subjects: usize,
        /// What was asked for.
        wanted: String,
    },
    /// Folds or fractions that make no split.
    #[error("{0}")]
    Unusable(String),
}

impl Split {
    /// Train, valid, test; refuses a subject in two of them.
    pub fn new(train: &[&Case], valid: &[&Case], test: &[&Case]) -> Result<Self, SplitError> {
        let ids = |cases: &[&Case]| cases.iter().map(|c| (c.id.clone(), c.subject.clone())).collect();
        Parts { train: ids(train), valid: ids(valid), test: ids(test) }.try_into()
    }

    /// Ids of the cases that the network is fitted to.
    pub fn train(&self) -> impl ExactSizeIterator<Item = &str> {
        self.parts.train.iter().map(|(case, _)| case.as_str())
    }

    /// Ids of the cases that choose the epoch.
    pub fn valid(&self) -> impl ExactSizeIterator<Item = &str> {
        self.parts.valid.iter().map(|(case, _)| case.as_str())
    }

    /// A subject of `other`'s test part that this split trains or chooses an epoch on, if any.
    pub fn trained_on<'a>(&self, other: &'a Self) -> Option<&'a str> {
        let seen = |subject: &String| self.parts.train.iter().chain(&self.parts.valid).any(|(_, own)| own == subject);
        other.parts.test.iter().map(|(_, subject)| subject).find(|subject| seen(subject)).map(String::as_str)
    }

    /// Ids of the cases that are scored at the end.
    pub fn test(&self) -> impl ExactSizeIterator<Item = &str> {
        self.parts.test.iter().map(|(case, _)| case.as_str())
    }
}

impl TryFrom<Parts> for Split {
    type Error = SplitError;

    fn try_from(parts: Parts) -> Result<Self, SplitError> {
        let mut seen: BTreeMap<&str, &'static str> = BTreeMap::new();
        for (name, part) in [("train", &parts.train), ("valid", &parts.valid), ("test", &parts.test)] {
            for (_, subject) in part {
                match seen.insert(subject, name) {
                    Some(first) if first != name => {
                        return Err(SplitError::Leak { subject: subject.clone(), first, second: name });
                    }
                    _ => {}
                }
            }
        }
        Ok(Self { parts })
    }
}

impl From<Split> for Parts {
    fn from(split: Split) -> Parts {
        split.parts
    }
}

/// How a data set is divided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Division {
    /// Equal folds; each is the test part once. `folds = 5` holds a fifth out.
    pub folds: usize,
    /// How many of the folds are run, from fold 0; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<usize>,
    /// Share of the subjects outside the test part that validate, 0 < share < 1.
    pub valid: f64,
    /// Seed of the division; apart from the training's seeds, so that all of them see the same split.
    #[serde(default)]
    pub seed: u64,
}

impl Division {
    /// How many folds are run.
    pub fn run(&self) -> usize {
        self.run.unwrap_or(self.folds)
    }

    /// One split per fold that is run; by subject, stratified by class.
    pub fn splits(&self, cases: &[Case]) -> Result<Vec<Split>, SplitError> {
        self.check()?;
        let fold_of = self.fold_of_subjects(cases);
        (0..self.run()).map(|fold| self.split(cases, &fold_of, fold)).collect()
    }

    fn check(&self) -> Result<(), SplitError> {
        if self.folds < 2 || self.run() < 1 || self.run() > self.folds {
            return Err(SplitError::Unusable(format!(
                "folds = {}, run = {}: expected folds ≥ 2 and 1 ≤ run ≤ folds",
                self.folds,
                self.run()
            )));
        }
        if !(self.valid > 0.0 && self.valid < 1.0) {
            return Err(SplitError::Unusable(format!("valid = {}: expected 0 < valid < 1", self.valid)));
        }
        Ok(())
    }

    /// Subjects of each class are shuffled and dealt to the folds in turn.
    fn fold_of_subjects<'a>(&self, cases: &'a [Case]) -> BTreeMap<&'a str, usize> {
        let mut dealt = 0;
        let mut fold_of = BTreeMap::new();
        for (_, mut subjects) in subjects_by_class(cases) {
            shuffle(&mut subjects, self.seed);
            for subject in subjects {
                fold_of.insert(subject, dealt % self.folds);
                dealt += 1;
            }
        }
        fold_of
    }

    fn split(&self, cases: &[Case], fold_of: &BTreeMap<&str, usize>, fold: usize) -> Result<Split, SplitError> {
        let (test, rest): (Vec<_>, Vec<_>) = cases.iter().partition(|c| fold_of[c.subject.as_str()] == fold);
        let valid_subjects = self.valid_subjects(&rest, fold);
        let (valid, train): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|c| valid_subjects.contains(c.subject.as_str()));
        for (part, cases) in [("train", &train), ("valid", &valid), ("test", &test)] {
            if cases.is_empty() {
                let wanted = format!("folds = {}, valid = {}", self.folds, self.valid);
                return Err(SplitError::Empty { part, fold, subjects: fold_of.len(), wanted });
            }
        }
        Split::new(&train, &valid, &test)
    }

    fn valid_subjects<'a>(&self, rest: &[&'a Case], fold: usize) -> BTreeSet<&'a str> {
        let mut chosen = BTreeSet::new();
        for (_, mut subjects) in subjects_by_class(rest.iter().copied()) {
            shuffle(&mut subjects, self.seed.wrapping_add(1 + fold as u64));
            let n = (subjects.len() as f64 * self.valid).round() as usize;
            chosen.extend(subjects.into_iter().take(n));
        }
        chosen
    }
}

/// A subject with cases of several classes counts as its most serious one.
fn subjects_by_class<'a>(cases: impl IntoIterator<Item = &'a Case>) -> BTreeMap<Class, Vec<&'a str>> {
    let mut class_of: BTreeMap<&str, Class> = BTreeMap::new();
    for case in cases {
        let class = class_of.entry(&case.subject).or_insert(case.class);
        if case.class == Class::Malignant || *class == Class::Normal {
            *class = case.class;
        }
    }
    let mut by_class: BTreeMap<Class, Vec<&str>> = BTreeMap::new();
    for (subject, class) in class_of {
        by_class.entry(class).or_default().push(subject);
    }
    by_class
}

/// Fisher–Yates from a portable generator, so that a split is the same on every machine.
pub fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for i in (1..items.len()).rev() {
        let j = (u128::from(rng.next_u64()) * (i as u128 + 1)) >> 64;
        items.swap(i, j as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{PhantomKind, phantom};

    fn cases(subjects: usize) -> Vec<Case> {
        phantom::cases(PhantomKind::BreastUs, 1, subjects, 3, 64)
    }

    fn division(folds: usize) -> Division {
        Division { folds, run: None, valid: 0.2, seed: 7 }
    }

    #[test]
    fn every_case_is_tested_exactly_once() {
        let cases = cases(20);
        let splits = division(5).splits(&cases).expect("20 subjects suffice");
        let mut tested: Vec<&str> = splits.iter().flat_map(Split::test).collect();
        tested.sort_unstable();
        let mut all: Vec<&str> = cases.iter().map(|c| c.id.as_str()).collect();
        all.sort_unstable();
        assert_eq!(tested, all);
    }

    #[test]
    fn the_parts_cover_all_cases_and_share_no_subject() {
        let cases = cases(20);
        for split in division(4).splits(&cases).expect("20 subjects suffice") {
            let ids: BTreeSet<&str> = split.train().chain(split.valid()).chain(split.test()).collect();
            assert_eq!(ids.len(), cases.len());
            assert_eq!(split.train().len() + split.valid().len() + split.test().len(), cases.len());
        }
    }

    #[test]
    fn classes_are_spread_over_the_folds() {
        let cases = cases(40);
        for split in division(5).splits(&cases).expect("40 subjects suffice") {
            let malignant = split.test().filter(|id| cases.iter().any(|c| c.id == *id && c.class == Class::Malignant));
            let share = malignant.count() as f64 / split.test().len() as f64;
            assert!((0.25..=0.75).contains(&share), "{share}");
        }
    }

    #[test]
    fn a_subject_in_two_parts_is_refused_also_from_a_file() {
        let cases = cases(2);
        let (one, same) = (&cases[0], &cases[1]);
        assert_eq!(one.subject, same.subject);
        let leak = Split::new(&[one], &[], &[same]).expect_err("same subject");
        assert!(matches!(leak, SplitError::Leak { first: "train", second: "test", .. }));
        let text = "train = [[\"a\", \"p\"]]\nvalid = []\ntest = [[\"b\", \"p\"]]\n";
        assert!(toml::from_str::<Split>(text).is_err());
    }

    #[test]
    fn too_few_subjects_name_the_empty_part() {
        let error = division(5).splits(&cases(3)).expect_err("fold 3 has no subject");
        assert!(error.to_string().contains("is empty"), "{error}");
    }
}
