//! The parts of one fold, and the rule that they keep: a subject is in one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::dataset::{Case, DatasetError};

/// What a protocol keeps together when it deals cases to the parts. All but [`Leak::None`] put cases of one subject on
/// both sides of the test, and their scores measure memory along with skill. They exist to show by how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Leak {
    /// Subjects stay whole: patients, or groups of duplicates where a data set names no patients.
    #[default]
    None,
    /// Images are dealt one by one, whoever they are of.
    Images,
    /// Each image is there twice, `NAME` and `NAME #2`, and all of them are dealt one by one.
    ///
    /// Source: P1 counts 874 benign and 420 malignant images, twice what BUSI has, and splits them at random.
    Doubled,
}

impl Leak {
    /// All, honest first.
    pub const ALL: [Leak; 3] = [Leak::None, Leak::Images, Leak::Doubled];

    /// Whether the test is on unknown subjects.
    pub fn is_none(&self) -> bool {
        *self == Leak::None
    }

    /// The value of the key `leak`.
    pub fn name(self) -> &'static str {
        match self {
            Leak::None => "none",
            Leak::Images => "images",
            Leak::Doubled => "doubled",
        }
    }

    /// How it deals, for people.
    pub fn describe(self) -> &'static str {
        match self {
            Leak::None => "split by subject",
            Leak::Images => "split by image",
            Leak::Doubled => "every image twice, split by image",
        }
    }

    /// What to say wherever scores are said that were made so: `known` of `test` images are no test.
    pub fn warning(self, known: usize, test: usize) -> String {
        format!("protocol leaks ({}): {known} of {test} test images are of subjects also in training", self.describe())
    }

    /// The name of an arm in tables: one that leaks never stands there as if it did not, also where the end is cut off.
    pub fn label(self, arm: &str) -> String {
        if self.is_none() { arm.to_owned() } else { format!("[leaks] {arm}") }
    }
}

/// What the name of an image's second copy ends with.
const SECOND: &str = " #2";

/// The name of an image's second copy.
pub(super) fn second(case: &str) -> String {
    format!("{case}{SECOND}")
}

/// The case of the data set that a name in a split is of; another one only for the second copy of a doubled case.
pub fn original(name: &str, leak: Leak) -> &str {
    if leak == Leak::Doubled { name.strip_suffix(SECOND).unwrap_or(name) } else { name }
}

/// Case ids of the three parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Split {
    /// Shared: the runs of a spec differ in arm and seed more than in their split, and a store has many runs.
    parts: Arc<Parts>,
}

/// What a split looks like in a file: for each part, `[case, subject]` pairs; the subjects are the true ones, also
/// where the split does not keep them together. `Eq`, so that a shared one is known to equal itself unread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    /// Says that subjects may be in two parts; without it they may not.
    #[serde(default, skip_serializing_if = "Leak::is_none")]
    pub leak: Leak,
    /// Fitted to.
    pub train: Vec<(String, String)>,
    /// Chooses the epoch and lowers the learning rate.
    pub valid: Vec<(String, String)>,
    /// Looked at once.
    pub test: Vec<(String, String)>,
}

/// Why a split cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum SplitError {
    /// Subjects in two parts.
    #[error("{}: the test would be on known patients", in_two_parts(.0))]
    Leak(Vec<InTwoParts>),
    /// A case that is listed more than once.
    #[error("case \"{case}\" is in {first} and again in {second}: expected each case once")]
    Twice {
        /// The case.
        case: String,
        /// One part.
        first: &'static str,
        /// The same or another part.
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
    /// A file of parts that cannot be read, or does not fit the data set.
    #[error("{place}: {message}")]
    File {
        /// The file.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// A mask whose size the strata need cannot be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Folds or fractions that make no split.
    #[error("{0}")]
    Unusable(String),
}

/// A subject that is in two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InTwoParts {
    /// The patient.
    pub subject: String,
    /// One part.
    pub first: &'static str,
    /// Another part.
    pub second: &'static str,
}

/// Most subjects that a message names.
const NAMED: usize = 5;

fn in_two_parts(found: &[InTwoParts]) -> String {
    let one = |f: &InTwoParts| format!("subject \"{}\" is in {} and in {}", f.subject, f.first, f.second);
    let named: Vec<String> = found.iter().take(NAMED).map(one).collect();
    let more = found.len().saturating_sub(NAMED);
    named.join("; ") + &if more > 0 { format!("; and {more} more") } else { String::new() }
}

impl Split {
    /// Train, valid, test; refuses a subject in two of them.
    pub fn new(train: &[&Case], valid: &[&Case], test: &[&Case]) -> Result<Self, SplitError> {
        let ids = |cases: &[&Case]| cases.iter().map(|c| (c.id.clone(), c.subject.clone())).collect();
        Parts { leak: Leak::None, train: ids(train), valid: ids(valid), test: ids(test) }.try_into()
    }

    /// Takes the place of its equal among `known`, or joins them.
    pub fn share(&mut self, known: &mut Vec<Split>) {
        match known.iter().find(|split| *split == self) {
            Some(split) => self.parts = Arc::clone(&split.parts),
            None => known.push(self.clone()),
        }
    }

    /// Whether subjects were kept together, and if not, why not.
    pub fn leak(&self) -> Leak {
        self.parts.leak
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

    /// Test cases whose subject is also in the training part; none unless the split leaks. A subject that is in the
    /// validation part alone does not count: it chooses an epoch, no weight is fitted to it.
    pub fn in_training(&self) -> BTreeSet<&str> {
        let trained: BTreeSet<&str> = self.parts.train.iter().map(|(_, subject)| subject.as_str()).collect();
        let known = self.parts.test.iter().filter(|(_, subject)| trained.contains(subject.as_str()));
        known.map(|(case, _)| case.as_str()).collect()
    }

    /// What to say wherever the split's scores are said; `None` for an honest one.
    pub fn warning(&self) -> Option<String> {
        (!self.leak().is_none()).then(|| self.leak().warning(self.in_training().len(), self.parts.test.len()))
    }
}

impl TryFrom<Parts> for Split {
    type Error = SplitError;

    fn try_from(parts: Parts) -> Result<Self, SplitError> {
        let mut cases: BTreeMap<&str, &'static str> = BTreeMap::new();
        let mut subjects: BTreeMap<&str, &'static str> = BTreeMap::new();
        let mut shared: Vec<InTwoParts> = Vec::new();
        for (name, part) in [("train", &parts.train), ("valid", &parts.valid), ("test", &parts.test)] {
            for (case, subject) in part {
                if let Some(first) = cases.insert(case, name) {
                    return Err(SplitError::Twice { case: case.clone(), first, second: name });
                }
                let first = *subjects.entry(subject).or_insert(name);
                if first != name && !shared.iter().any(|known| known.subject == *subject) {
                    shared.push(InTwoParts { subject: subject.clone(), first, second: name });
                }
            }
        }
        if parts.leak.is_none() && !shared.is_empty() {
            return Err(SplitError::Leak(shared));
        }
        Ok(Self { parts: Arc::new(parts) })
    }
}

impl From<Split> for Parts {
    fn from(split: Split) -> Parts {
        Arc::unwrap_or_clone(split.parts)
    }
}
