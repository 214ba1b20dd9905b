//! The list of runs as it is asked for: filter, order, groups, and the lines that these leave.

use std::collections::{BTreeMap, BTreeSet};

use super::field::Field;
use super::keys::Direction;
use super::query::Query;
use super::row::Row;
use crate::run::State;

/// Fields that a key goes through, in the order of the table's columns.
const CYCLE: &[&str] = &["state", "arm", "spec", "fold", "seed", "progress", "epoch", "spent", "score", "device"];

/// By what, and which way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sort {
    /// The field.
    pub field: Field,
    /// Forward: the least first.
    pub direction: Direction,
}

impl Sort {
    /// As people mean it: names from A, numbers from the most.
    pub fn by(field: Field) -> Self {
        let direction = if field.is_number() { Direction::Backward } else { Direction::Forward };
        Self { field, direction }
    }
}

/// What runs of one group have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The spec.
    Spec,
    /// The arm.
    Arm,
    /// The fold.
    Fold,
}

impl Group {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Spec, Self::Arm, Self::Fold];

    /// As people type it.
    pub fn name(self) -> &'static str {
        match self {
            Group::Spec => "spec",
            Group::Arm => "arm",
            Group::Fold => "fold",
        }
    }

    /// The group that people call `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name() == name)
    }

    fn key(self, row: &Row) -> (usize, String) {
        match self {
            Group::Spec => (0, row.spec.clone()),
            Group::Arm => (0, row.arm.clone()),
            Group::Fold => (row.fold, format!("fold {}", row.fold)),
        }
    }
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// Above the runs of a group.
    Head(Head),
    /// Place of a run among all rows.
    Run(usize),
}

/// What is said of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// What its runs have in common.
    pub key: String,
    /// Whether its runs are not shown.
    pub folded: bool,
    /// Places of its runs among all rows.
    pub runs: Vec<usize>,
    /// How many are in which state; none that is empty.
    pub counts: Vec<(Option<State>, usize)>,
}

/// The list; [`arrange`](Self::arrange) brings it up to date.
#[derive(Clone, Debug, Default)]
pub struct List {
    filter: String,
    query: Query,
    sort: Option<Sort>,
    group: Option<Group>,
    folded: BTreeSet<String>,
    visible: Vec<usize>,
    lines: Vec<Line>,
}

impl List {
    /// Filters, orders and groups `rows`.
    pub fn arrange(&mut self, rows: &[Row]) {
        self.visible = (0..rows.len()).filter(|&i| self.query.matches(&rows[i])).collect();
        if let Some(Sort { field, direction }) = self.sort {
            self.visible.sort_by(|&a, &b| field.order(direction, &rows[a], &rows[b]));
        }
        let Some(group) = self.group else {
            self.lines = self.visible.iter().map(|&i| Line::Run(i)).collect();
            return;
        };
        let mut groups: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
        self.visible.iter().for_each(|&i| groups.entry(group.key(&rows[i])).or_default().push(i));
        self.visible = groups.values().flatten().copied().collect();
        self.lines.clear();
        for ((_, key), runs) in groups {
            let folded = self.folded.contains(&key);
            let shown: Vec<Line> = runs.iter().filter(|_| !folded).map(|&i| Line::Run(i)).collect();
            self.lines.push(Line::Head(Head { key, folded, counts: counts(&runs, rows), runs }));
            self.lines.extend(shown);
        }
    }

    /// Runs that the filter lets through, folded ones too, as places among all rows.
    pub fn visible(&self) -> &[usize] {
        &self.visible
    }

    /// What is drawn, line by line.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Place of the run on a line; `None` on a head.
    pub fn run_at(&self, line: usize) -> Option<usize> {
        match self.lines.get(line)? {
            Line::Run(place) => Some(*place),
            Line::Head(_) => None,
        }
    }

    /// The head on a line.
    pub fn head_at(&self, line: usize) -> Option<&Head> {
        match self.lines.get(line)? {
            Line::Head(head) => Some(head),
            Line::Run(_) => None,
        }
    }

    /// The line of the head called `key`.
    pub fn line_of_head(&self, key: &str) -> Option<usize> {
        self.lines.iter().position(|line| matches!(line, Line::Head(head) if head.key == key))
    }

    /// The line of a run, or of the head that hides it.
    pub fn line_of(&self, place: usize) -> Option<usize> {
        let is = |line: &Line| match line {
            Line::Run(run) => *run == place,
            Line::Head(head) => head.folded && head.runs.contains(&place),
        };
        self.lines.iter().position(is)
    }

    /// The filter as typed.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Terms of it that are not understood.
    pub fn faults(&self) -> &[String] {
        self.query.faults()
    }

    /// Another filter.
    pub fn set_filter(&mut self, filter: String) {
        self.query = Query::parse(&filter);
        self.filter = filter;
    }

    /// By what it is sorted.
    pub fn sort(&self) -> Option<Sort> {
        self.sort
    }

    /// Another order.
    pub fn set_sort(&mut self, sort: Option<Sort>) {
        self.sort = sort;
    }

    /// The next field of the table's columns; after the last, the order of the queue again.
    pub fn next_sort(&mut self) {
        let place = self.sort.and_then(|sort| CYCLE.iter().position(|name| *name == sort.field.name));
        let next = if self.sort.is_none() { Some(0) } else { place.map(|place| place + 1) };
        self.sort = next.and_then(|next| Field::named(CYCLE.get(next)?)).map(Sort::by);
    }

    /// The other way round.
    pub fn turn(&mut self) {
        self.sort = self.sort.map(|sort| {
            let forward = sort.direction == Direction::Forward;
            Sort { direction: if forward { Direction::Backward } else { Direction::Forward }, ..sort }
        });
    }

    /// What groups have in common.
    pub fn group(&self) -> Option<Group> {
        self.group
    }

    /// Other groups, all of them open.
    pub fn set_group(&mut self, group: Option<Group>) {
        self.group = group;
        self.folded.clear();
    }

    /// By spec, arm, fold, and not at all.
    pub fn next_group(&mut self) {
        let next = self.group.map_or(0, |group| group as usize + 1);
        self.set_group(Group::ALL.get(next).copied());
    }

    /// Folds or opens the group called `key`.
    pub fn fold(&mut self, key: &str) {
        if !self.folded.remove(key) {
            self.folded.insert(key.to_owned());
        }
    }

    /// Folds every group, or opens them all if every one is folded.
    pub fn fold_all(&mut self) {
        let heads =
            |line: &Line| if let Line::Head(head) = line { Some((head.key.clone(), head.folded)) } else { None };
        let heads: Vec<(String, bool)> = self.lines.iter().filter_map(heads).collect();
        let all = heads.iter().all(|(_, folded)| *folded);
        self.folded = if all { BTreeSet::new() } else { heads.into_iter().map(|(key, _)| key).collect() };
    }
}

fn counts(runs: &[usize], rows: &[Row]) -> Vec<(Option<State>, usize)> {
    let mut counts: BTreeMap<Option<State>, usize> = BTreeMap::new();
    runs.iter().for_each(|&i| *counts.entry(rows[i].state).or_default() += 1);
    counts.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(arm: &str, fold: usize, dsc: f64) -> Row {
        let metrics = vec![("dsc", dsc)];
        Row { name: format!("s/{arm}-{fold}"), arm: arm.into(), fold, metrics, ..Row::default() }
    }

    fn rows() -> Vec<Row> {
        vec![row("b", 10, 0.2), row("a", 9, 0.9), row("b", 9, 0.5), row("a", 10, 0.1)]
    }

    fn shown(list: &List) -> Vec<String> {
        let line = |line: &Line| match line {
            Line::Run(place) => place.to_string(),
            Line::Head(head) => format!("{}:{}", head.key, head.runs.len()),
        };
        list.lines().iter().map(line).collect()
    }

    #[test]
    fn a_list_is_sorted_within_its_groups_and_folds_are_numbers() {
        let mut list = List::default();
        list.set_sort(Field::named("dsc").map(Sort::by));
        list.arrange(&rows());
        assert_eq!(shown(&list), ["1", "2", "0", "3"]);
        list.set_group(Some(Group::Fold));
        list.arrange(&rows());
        assert_eq!(shown(&list), ["fold 9:2", "1", "2", "fold 10:2", "0", "3"]);
        list.fold("fold 9");
        list.arrange(&rows());
        assert_eq!(shown(&list), ["fold 9:2", "fold 10:2", "0", "3"]);
        assert_eq!((list.line_of(2), list.line_of(3), list.visible().len()), (Some(0), Some(3), 4));
    }

    #[test]
    fn orders_and_groups_come_round() {
        let mut list = List::default();
        for name in CYCLE {
            list.next_sort();
            assert_eq!(list.sort().map(|sort| sort.field.name), Some(*name));
        }
        list.next_sort();
        assert_eq!(list.sort(), None);
        for group in [Some(Group::Spec), Some(Group::Arm), Some(Group::Fold), None] {
            list.next_group();
            assert_eq!(list.group(), group);
        }
    }

    #[test]
    fn folding_all_twice_opens_all() {
        let mut list = List::default();
        list.set_group(Some(Group::Arm));
        for lines in [6, 2, 6] {
            list.arrange(&rows());
            assert_eq!(list.lines().len(), lines);
            list.fold_all();
        }
    }
}
