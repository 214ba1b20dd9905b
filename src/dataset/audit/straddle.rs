//! Pairs that a split separates: what the network is tested on, it has seen.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::pair::{Pair, PairKind};
use crate::dataset::Dataset;

/// A pair whose members are in two parts of a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Straddle {
    /// The split, from 0.
    pub fold: usize,
    /// One case.
    pub first: String,
    /// Its part: train, valid or test.
    pub first_part: String,
    /// The other case.
    pub other: String,
    /// Its part.
    pub other_part: String,
    /// How they are related.
    pub kind: PairKind,
}

/// Case ids of a split's parts; what is in none of them does not take part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitParts {
    /// Fitted to.
    pub train: Vec<String>,
    /// Chooses the epoch. nnU-Net's `val`, which it reports on, counts as this.
    #[serde(default, alias = "val")]
    pub valid: Vec<String>,
    /// Looked at once.
    #[serde(default)]
    pub test: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Own { splits: Vec<SplitParts> },
    NnUnet(Vec<SplitParts>),
}

impl SplitParts {
    /// The splits of a file: seglab's `splits.json`, an object with a list `splits`, or nnU-Net's `splits_final.json`, a
    /// list of `train` and `val`.
    pub fn parse(text: &str) -> Result<Vec<Self>, String> {
        match serde_json::from_str(text) {
            Ok(File::Own { splits } | File::NnUnet(splits)) => Ok(splits),
            Err(error) => Err(format!(
                "{error}; expected {{\"splits\": [{{\"train\": […], \"valid\": […], \"test\": […]}}, …]}} or a list of train and val"
            )),
        }
    }
}

impl SplitParts {
    /// Whether every case is one of `dataset`: a name that is not would be a pair that nobody looks for.
    pub fn check(&self, dataset: &Dataset) -> Result<(), String> {
        let known: HashSet<&str> = dataset.cases.iter().map(|case| case.id.as_str()).collect();
        let all = || self.train.iter().chain(&self.valid).chain(&self.test);
        let unknown: Vec<&String> = all().filter(|id| !known.contains(id.as_str())).collect();
        let name = &dataset.origin.manifest.name;
        if all().next().is_none() {
            return Err(format!("a split without cases; expected cases of {name}"));
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let named: Vec<String> = unknown.iter().take(3).map(|id| format!("{id:?}")).collect();
        let more = if unknown.len() > 3 { ", …" } else { "" };
        let (n, example) = (unknown.len(), dataset.cases.first().map_or("", |case| case.id.as_str()));
        Err(format!("{n} names are no case of {name}: {}{more}; expected names such as {example:?}", named.join(", ")))
    }
}

/// Pairs that the splits separate, split by split, in the order of `pairs`.
pub fn straddles(pairs: &[Pair], splits: &[SplitParts]) -> Vec<Straddle> {
    splits.iter().enumerate().flat_map(|(fold, parts)| of_split(pairs, fold, parts)).collect()
}

fn of_split(pairs: &[Pair], fold: usize, parts: &SplitParts) -> Vec<Straddle> {
    let named = [("train", &parts.train), ("valid", &parts.valid), ("test", &parts.test)];
    let part_of: HashMap<&str, &str> =
        named.into_iter().flat_map(|(part, ids)| ids.iter().map(move |id| (id.as_str(), part))).collect();
    let straddle = |pair: &Pair| {
        let (first, other) = (part_of.get(pair.first.as_str())?, part_of.get(pair.other.as_str())?);
        (first != other).then(|| Straddle {
            fold,
            first: pair.first.clone(),
            first_part: (*first).to_owned(),
            other: pair.other.clone(),
            other_part: (*other).to_owned(),
            kind: pair.kind,
        })
    };
    pairs.iter().filter_map(straddle).collect()
}
