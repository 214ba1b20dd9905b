//! From pairs to groups: connected components, without chains of frames that drift apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::agreement::agreement;
use super::case::Examined;
use super::map::Map;
use super::pair::{Found, PairKind};
use crate::dataset::subject::DisjointSets;
use crate::dataset::{Case, Class};

/// Cases that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Their ids, in the order of the data set; at least two.
    pub cases: Vec<String>,
    /// The loosest kind among their pairs.
    pub kind: PairKind,
    /// The classes they have, each once; more than one is an error of the data set.
    pub labels: Vec<Class>,
}

/// Groups of cases that show the same frame.
pub(super) fn duplicates(cases: &[Case], pairs: &[Found]) -> Vec<Group> {
    let pairs: Vec<&Found> = pairs.iter().filter(|pair| pair.is_duplicate()).collect();
    components(cases, &pairs)
}

/// Groups that neighbouring frames tie together, with the duplicates of their members.
pub(super) fn neighbours(cases: &[Case], pairs: &[Found]) -> Vec<Group> {
    let all: Vec<&Found> = pairs.iter().collect();
    components(cases, &all).into_iter().filter(|group| group.kind == PairKind::NeighbourFrame).collect()
}

fn components(cases: &[Case], pairs: &[&Found]) -> Vec<Group> {
    let mut sets = DisjointSets::of(cases.len());
    pairs.iter().for_each(|pair| sets.join(pair.first, pair.other));
    let mut members: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut kinds: BTreeMap<usize, PairKind> = BTreeMap::new();
    for pair in pairs {
        let set = sets.find(pair.first);
        members.entry(set).or_default().extend([pair.first, pair.other]);
        let kind = kinds.entry(set).or_insert(pair.kind);
        *kind = pair.kind.max(*kind);
    }
    let group = |(set, members): (usize, BTreeSet<usize>)| Group {
        cases: members.iter().map(|&i| cases[i].id.clone()).collect(),
        kind: kinds[&set],
        labels: members.iter().map(|&i| cases[i].class).collect::<BTreeSet<_>>().into_iter().collect(),
    };
    members.into_iter().map(group).collect()
}

/// `pairs` such that all members of a group of duplicates agree with each other.
///
/// In a slow sweep each frame may be taken for the next, and the first would be grouped with the last. Pairs are
/// therefore joined in the order of their agreement, and a pair that would bring two images together which show the
/// same place, and differ, becomes a neighbouring frame. Two crops that share nothing do not contradict each other.
pub(super) fn unchained(examined: &[Examined], pairs: Vec<Found>) -> Vec<Found> {
    let mut pairs = pairs;
    let mut order: Vec<usize> = (0..pairs.len()).filter(|&i| pairs[i].is_duplicate()).collect();
    order.sort_by(|&a, &b| {
        pairs[a].kind.cmp(&pairs[b].kind).then(pairs[b].agreement.fine.total_cmp(&pairs[a].agreement.fine))
    });
    let known: HashMap<(usize, usize), Map> =
        pairs.iter().filter(|p| p.is_duplicate()).map(|p| ((p.first, p.other), p.agreement.map)).collect();
    let mut groups: Vec<Option<BTreeMap<usize, Map>>> =
        (0..examined.len()).map(|i| Some(BTreeMap::from([(i, Map::IDENTITY)]))).collect();
    let mut group_of: Vec<usize> = (0..examined.len()).collect();
    for i in order {
        let Found { first, other, agreement, .. } = pairs[i];
        let (into, from) = (group_of[first], group_of[other]);
        if into == from {
            continue;
        }
        let (Some(a), Some(b)) = (&groups[into], &groups[from]) else { unreachable!("a group has members") };
        // maps lead from the group's first member; along this pair they lead from one group to the other
        let across = a[&first].then(&agreement.map).then(&b[&other].inverse());
        if contradict(examined, &known, (a, b), &across) {
            pairs[i].kind = PairKind::NeighbourFrame;
            continue;
        }
        let moved = groups[from].take().unwrap_or_default();
        let Some(a) = &mut groups[into] else { unreachable!("a group has members") };
        for (member, map) in moved {
            a.insert(member, across.then(&map));
            group_of[member] = into;
        }
    }
    pairs
}

/// Whether a member of one group and a member of the other show the same place, and differ.
fn contradict(
    examined: &[Examined],
    known: &HashMap<(usize, usize), Map>,
    (a, b): (&BTreeMap<usize, Map>, &BTreeMap<usize, Map>),
    across: &Map,
) -> bool {
    a.iter().any(|(&x, from_x)| {
        b.iter().any(|(&y, to_y)| {
            let map = from_x.inverse().then(across).then(to_y);
            let (first, other, map) = if x < y { (x, y, map) } else { (y, x, map.inverse()) };
            let unsettled = !known.contains_key(&(first, other)) && map.is_plausible(4.0);
            let frames = (&examined[first].frame, &examined[other].frame);
            let (Some(first), Some(other)) = frames else { return false };
            unsettled && agreement(&first.values(), &other.values(), map).is_contradiction()
        })
    })
}
