//! Pseudo-subjects: cases that show the same frame may not be separated by a split, whoever they are said to be of.
//! Knows ids, not pixels: which cases belong together is for an audit or a curation list to say.

use std::collections::HashMap;

use super::Case;

/// Gives all cases of a group, and all cases that share a subject with one of them, the same [`Case::subject`]: that of
/// the first of them in the order of `cases`. Subjects are merged, never divided, and groups that overlap are one.
///
/// A group may name cases that are not among `cases`, because the manifest leaves their class out: they change nothing
/// themselves, but still tie the cases together that two groups tie to them.
pub fn pseudo_subjects(cases: &mut [Case], groups: &[Vec<String>]) {
    let mut names = Names::default();
    // a subject may be called like a case of another subject, and is still another thing
    let case = |id: &str| format!("case {id}");
    let subject = |name: &str| format!("subject {name}");
    for own in cases.iter() {
        names.join(case(&own.id), subject(&own.subject));
    }
    for group in groups {
        for pair in group.windows(2) {
            names.join(case(&pair[0]), case(&pair[1]));
        }
    }
    let mut subject_of: HashMap<usize, String> = HashMap::new();
    for own in cases {
        let set = names.set(case(&own.id));
        own.subject = subject_of.entry(set).or_insert_with(|| own.subject.clone()).clone();
    }
}

/// Disjoint sets of names.
#[derive(Default)]
struct Names {
    index: HashMap<String, usize>,
    sets: DisjointSets,
}

impl Names {
    fn join(&mut self, first: String, other: String) {
        let (first, other) = (self.number(first), self.number(other));
        self.sets.join(first, other);
    }

    fn set(&mut self, name: String) -> usize {
        let number = self.number(name);
        self.sets.find(number)
    }

    fn number(&mut self, name: String) -> usize {
        *self.index.entry(name).or_insert_with(|| self.sets.add())
    }
}

/// Union–find with path halving; the smallest member stands for its set, so that the result is free of the order.
#[derive(Default)]
pub(super) struct DisjointSets {
    parent: Vec<usize>,
}

impl DisjointSets {
    /// `n` sets of one member each: `0..n`.
    pub(super) fn of(n: usize) -> Self {
        Self { parent: (0..n).collect() }
    }

    /// The smallest member of the set of `member`.
    pub(super) fn find(&mut self, mut member: usize) -> usize {
        while self.parent[member] != member {
            self.parent[member] = self.parent[self.parent[member]];
            member = self.parent[member];
        }
        member
    }

    /// Makes one set of two.
    pub(super) fn join(&mut self, first: usize, other: usize) {
        let (first, other) = (self.find(first), self.find(other));
        self.parent[first.max(other)] = first.min(other);
    }

    fn add(&mut self) -> usize {
        self.parent.push(self.parent.len());
        self.parent.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{PhantomKind, phantom};

    /// Four cases `a0, a1, b0, b1` of the subjects `a` and `b`, then `c` and `d`, each its own subject.
    fn cases() -> Vec<Case> {
        let named = [("a0", "a"), ("a1", "a"), ("b0", "b"), ("b1", "b"), ("c", "c"), ("d", "d")];
        let drawn = phantom::cases(PhantomKind::BreastUs, 1, named.len(), 1, 32);
        let name =
            |(case, (id, subject)): (Case, (&str, &str))| Case { id: id.into(), subject: subject.into(), ..case };
        drawn.into_iter().zip(named).map(name).collect()
    }

    fn subjects(groups: &[&[&str]]) -> Vec<String> {
        let groups: Vec<Vec<String>> = groups.iter().map(|g| g.iter().map(|id| (*id).to_owned()).collect()).collect();
        let mut cases = cases();
        pseudo_subjects(&mut cases, &groups);
        cases.into_iter().map(|case| case.subject).collect()
    }

    #[test]
    fn without_groups_subjects_stay_what_they_are() {
        assert_eq!(subjects(&[]), ["a", "a", "b", "b", "c", "d"]);
    }

    #[test]
    fn a_group_merges_whole_subjects() {
        assert_eq!(subjects(&[&["b1", "a0"]]), ["a", "a", "a", "a", "c", "d"]);
    }

    #[test]
    fn groups_that_overlap_are_one_also_over_a_case_that_is_left_out() {
        assert_eq!(subjects(&[&["c", "left out"], &["left out", "d"]]), ["a", "a", "b", "b", "c", "c"]);
    }

    #[test]
    fn a_subject_called_like_a_foreign_case_is_not_that_case() {
        let mut cases = cases();
        cases[5].subject = "c".to_owned();
        cases[4].subject = "e".to_owned();
        pseudo_subjects(&mut cases, &[]);
        assert_eq!((cases[4].subject.as_str(), cases[5].subject.as_str()), ("e", "c"));
    }

    #[test]
    fn the_order_within_a_group_does_not_matter() {
        assert_eq!(subjects(&[&["d", "b0", "c"]]), subjects(&[&["c", "d", "b0"]]));
    }
}
