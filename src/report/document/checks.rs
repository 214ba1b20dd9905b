//! What is known of the data and the splits behind the numbers: subjects in two parts, and the kept data audit.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::dataset::audit::{Audit, IssueKind, PairKind, SplitParts, straddles};
use crate::dataset::fold::Parts;
use crate::store::RunView;

/// Lines for the notes of tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checks {
    /// How many splits there are, and who is in two parts of one.
    pub splits: String,
    /// What the kept audit of the data set counts; that there is none, if there is none.
    pub data: String,
}

impl Checks {
    /// Of `runs`, which belong to one table.
    pub(super) fn of(runs: &[&RunView]) -> Self {
        let mut known = Vec::new();
        for run in runs {
            run.plan.split.clone().share(&mut known);
        }
        let parts: Vec<Parts> = known.into_iter().map(Parts::from).collect();
        Self { splits: of_splits(&parts), data: of_data(runs, &parts) }
    }

    /// Both, each with a newline.
    pub fn notes(&self) -> String {
        format!("split audit: {}\ndata audit: {}\n", self.splits, self.data)
    }
}

fn of_splits(splits: &[Parts]) -> String {
    let all = || splits.iter().flat_map(|parts| parts.train.iter().chain(&parts.valid).chain(&parts.test));
    let images: BTreeSet<&String> = all().map(|(case, _)| case).collect();
    let subjects: BTreeSet<&String> = all().map(|(_, subject)| subject).collect();
    let shared: Vec<usize> = splits.iter().map(shared).filter(|n| *n > 0).collect();
    let found = match shared.iter().max() {
        None => "no subject is in two parts".to_owned(),
        Some(most) => format!("in {} of them up to {most} subjects are in more than one part", shared.len()),
    };
    format!("{} of {} images of {} subjects: {found}", counted(splits.len(), "split"), images.len(), subjects.len())
}

/// Subjects in more than one part.
fn shared(parts: &Parts) -> usize {
    let mut of_subject: BTreeMap<&String, BTreeSet<usize>> = BTreeMap::new();
    for (place, part) in [&parts.train, &parts.valid, &parts.test].into_iter().enumerate() {
        for (_, subject) in part {
            of_subject.entry(subject).or_default().insert(place);
        }
    }
    of_subject.values().filter(|places| places.len() > 1).count()
}

fn of_data(runs: &[&RunView], splits: &[Parts]) -> String {
    let Some(run) = runs.first() else { return "no runs".to_owned() };
    let dataset = &run.plan.dataset;
    match run.dir.store().audit(dataset) {
        Ok(Some(kept)) => format!("{}; {}", counts(&kept.audit), separated(&kept.audit, splits)),
        Ok(None) => format!("none is kept; \"seglab dataset audit {dataset} --keep\" makes one"),
        // The message has a path, which is another one on another machine.
        Err(_) => {
            format!("the kept one cannot be read; \"seglab dataset audit {dataset} --keep\" makes another")
        }
    }
}

fn counts(audit: &Audit) -> String {
    let pairs = |kind| audit.pairs_of(kind).count();
    let issue = |(kind, heading): (IssueKind, &str)| {
        let n = audit.issues.iter().filter(|issue| issue.kind == kind).count();
        (n > 0).then(|| format!("{heading}: {n}"))
    };
    let pairs = format!(
        "pairs of identical pixels: {}, of the same frame: {}, of neighbouring frames: {}",
        pairs(PairKind::Exact),
        pairs(PairKind::SameFrame),
        pairs(PairKind::NeighbourFrame)
    );
    let found = std::iter::once(pairs).chain(IssueKind::ALL.into_iter().filter_map(issue)).collect::<Vec<_>>();
    format!("{} of {}: {}", counted(audit.cases.values().sum(), "case"), audit.dataset, found.join("; "))
}

/// Pairs with their members in two parts of a split.
fn separated(audit: &Audit, splits: &[Parts]) -> String {
    let ids = |part: &[(String, String)]| part.iter().map(|(case, _)| case.clone()).collect();
    let parts = |own: &Parts| SplitParts { train: ids(&own.train), valid: ids(&own.valid), test: ids(&own.test) };
    let apart = straddles(&audit.pairs, &splits.iter().map(parts).collect::<Vec<_>>());
    let pairs: BTreeSet<(&str, &str)> = apart.iter().map(|own| (own.first.as_str(), own.other.as_str())).collect();
    match pairs.len() {
        0 => "no split separates a pair".to_owned(),
        n => format!("a split separates {} of them", counted(n, "pair")),
    }
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(cases: &[(&str, &str)]) -> Vec<(String, String)> {
        cases.iter().map(|(case, subject)| ((*case).to_owned(), (*subject).to_owned())).collect()
    }

    #[test]
    fn a_subject_in_two_parts_is_counted_once() {
        let honest = Parts {
            train: part(&[("a", "1")]),
            valid: part(&[("b", "2")]),
            test: part(&[("c", "3")]),
            ..Parts::default()
        };
        assert_eq!(
            of_splits(std::slice::from_ref(&honest)),
            "1 split of 3 images of 3 subjects: no subject is in two parts"
        );
        let leaking = Parts { test: part(&[("c", "1"), ("d", "1"), ("e", "2")]), ..honest.clone() };
        assert_eq!(
            of_splits(&[honest, leaking]),
            "2 splits of 5 images of 3 subjects: in 1 of them up to 2 subjects are in more than one part"
        );
    }
}
