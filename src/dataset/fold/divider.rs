//! From a division and a data set to splits.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::division::{Division, Testing};
use super::file::SplitsFile;
use super::partition;
use super::split::{Leak, Parts, Split, SplitError, second};
use super::stratum::{Dealt, Strata, Stratify, dealt, lesion_shares};
use crate::dataset::Dataset;

/// A division with all that it needs: every file is read, so that dealing is pure.
#[derive(Debug)]
pub struct Divider<'a> {
    division: &'a Division,
    dataset: &'a Dataset,
    shares: Vec<f64>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Folds { folds: usize, run: usize },
    Holdout(f64),
    Given(Given),
}

/// Splits that somebody else chose, and where they stand.
#[derive(Debug, PartialEq)]
pub(super) struct Given {
    pub place: String,
    pub splits: Vec<GivenParts>,
}

/// One of them: case ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenParts {
    pub train: Vec<String>,
    /// Empty if a share of `train` is to validate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub valid: Vec<String>,
    pub test: Vec<String>,
}

impl Given {
    /// The first `run` splits; all of them if absent.
    fn first(mut self, run: Option<usize>) -> Result<Self, SplitError> {
        let (splits, run) = (self.splits.len(), run.unwrap_or(self.splits.len()));
        self.splits.truncate(run);
        match run > splits {
            true => Err(SplitError::File { place: self.place, message: format!("{splits} splits, but run = {run}") }),
            false => Ok(self),
        }
    }
}

impl<'a> Divider<'a> {
    /// Reads what the division needs beside the cases: a file, or, for strata of sizes, every mask.
    pub fn new(division: &'a Division, dataset: &'a Dataset) -> Result<Self, SplitError> {
        division.check().map_err(SplitError::Unusable)?;
        let source = match &division.test {
            Testing::Folds { folds, run } => Source::Folds { folds: *folds, run: run.unwrap_or(*folds) },
            Testing::Holdout(share) => Source::Holdout(*share),
            Testing::File { path, run } => Source::Given(SplitsFile::read(path)?.into_given(path).first(*run)?),
            Testing::Published { run } => Source::Given(partition::of(dataset)?.first(*run)?),
        };
        let shares = match division.stratify {
            Stratify::Class => Vec::new(),
            Stratify::ClassSize => lesion_shares(&dataset.cases)?,
        };
        Ok(Self { division, dataset, shares, source })
    }

    /// One split per fold that is run, dealt as `leak` says.
    pub fn splits(&self, leak: Leak) -> Result<Vec<Split>, SplitError> {
        self.division.admits(leak).map_err(SplitError::Unusable)?;
        self.refuse_taken_names(leak)?;
        let all = dealt(&self.dataset.cases, &self.shares, leak);
        let seed = self.division.seed;
        match &self.source {
            Source::Folds { folds, run } => {
                let fold_of = Strata::of(&all).folds(*folds, seed);
                let tested = |fold: usize| all.iter().partition(|case| fold_of[case.unit.as_str()] == fold);
                (0..*run).map(|fold| self.carve(tested(fold), fold, leak)).collect()
            }
            Source::Holdout(share) => {
                let tested = Strata::of(&all).draw(*share, seed);
                let parts = all.iter().partition(|case| tested.contains(case.unit.as_str()));
                Ok(vec![self.carve(parts, 0, leak)?])
            }
            Source::Given(given) => {
                let place = |fold: usize| format!("{}: split {fold}", given.place);
                let file =
                    |fold, error: SplitError| SplitError::File { place: place(fold), message: error.to_string() };
                let split = |(fold, parts)| self.given(parts, &all, (fold, leak)).map_err(|error| file(fold, error));
                given.splits.iter().enumerate().map(split).collect()
            }
        }
    }

    /// A share of the cases that are not tested validates.
    fn carve(&self, (test, rest): (Vec<&Dealt>, Vec<&Dealt>), fold: usize, leak: Leak) -> Result<Split, SplitError> {
        let share = self.division.valid.ok_or_else(|| {
            SplitError::Unusable("no case validates: give valid, the share of the training cases that do".to_owned())
        })?;
        let seed = self.division.seed.wrapping_add(1 + fold as u64);
        let chosen = Strata::of(rest.iter().copied()).draw(share, seed);
        let (valid, train) = rest.iter().partition(|case| chosen.contains(case.unit.as_str()));
        self.split([train, valid, test], fold, leak)
    }

    /// As given; in the order of the data set.
    fn given(&self, given: &GivenParts, all: &[Dealt], (fold, leak): (usize, Leak)) -> Result<Split, SplitError> {
        let mut part_of: BTreeMap<&str, &'static str> = BTreeMap::new();
        for (part, names) in [("train", &given.train), ("valid", &given.valid), ("test", &given.test)] {
            for name in names {
                if self.dataset.case(name).is_none() {
                    let dataset = &self.dataset.origin.manifest.name;
                    return Err(SplitError::Unusable(format!("the data set {dataset} has no case \"{name}\"")));
                }
                if let Some(first) = part_of.insert(name, part) {
                    return Err(SplitError::Twice { case: name.clone(), first, second: part });
                }
            }
        }
        let of = |part: &str| all.iter().filter(|case| part_of.get(case.name.as_str()) == Some(&part)).collect();
        let [train, valid, test]: [Vec<&Dealt>; 3] = ["train", "valid", "test"].map(of);
        if self.division.valid.is_some() && !valid.is_empty() {
            return Err(SplitError::Unusable("says which cases validate: leave valid = share out".to_owned()));
        }
        if !valid.is_empty() {
            return self.split([train, valid, test], fold, leak);
        }
        // a subject on both sides is refused by the names of the file, before a share of train becomes valid
        Split::try_from(parts([&train, &[], &test], leak))?;
        self.carve((test, train), fold, leak)
    }

    fn split(&self, [train, valid, test]: [Vec<&Dealt>; 3], fold: usize, leak: Leak) -> Result<Split, SplitError> {
        for (part, cases) in [("train", &train), ("valid", &valid), ("test", &test)] {
            if cases.is_empty() {
                let units: BTreeSet<&str> =
                    [&train, &valid, &test].into_iter().flatten().map(|case| case.unit.as_str()).collect();
                return Err(SplitError::Empty { part, fold, subjects: units.len(), wanted: self.division.describe() });
            }
        }
        parts([&train, &valid, &test], leak).try_into()
    }

    /// A second copy may not be called like another case.
    fn refuse_taken_names(&self, leak: Leak) -> Result<(), SplitError> {
        let taken = |name: String| self.dataset.case(&name).is_some().then_some(name);
        let mut copies = self.dataset.cases.iter().filter(|_| leak == Leak::Doubled).map(|case| second(&case.id));
        copies.find_map(taken).map_or(Ok(()), |name| {
            Err(SplitError::Unusable(format!("leak = \"doubled\": the data set already has a case \"{name}\"")))
        })
    }
}

fn parts(parts: [&[&Dealt]; 3], leak: Leak) -> Parts {
    let pairs = |cases: &[&Dealt]| cases.iter().map(|case| (case.name.clone(), case.subject.clone())).collect();
    let [train, valid, test] = parts.map(pairs);
    Parts { leak, train, valid, test }
}
