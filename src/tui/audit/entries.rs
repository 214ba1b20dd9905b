//! What was found as the lines of a list.

use std::collections::HashMap;

use super::{Audit, Entry, Item};
use crate::audit::Finding;
use crate::dataset::audit::{Audit as Report, Group, PairKind};
use crate::tui::evidence;
use crate::tui::text::clean;

impl Audit {
    /// Duplicates before neighbours, then issues.
    pub(super) fn of_data(&self) -> Vec<Entry> {
        let Some(report) = self.report() else { return Vec::new() };
        let same = |kind: PairKind| kind != PairKind::NeighbourFrame;
        let mut entries = self.of_groups(report, (&report.duplicate_groups[..], 0), same);
        let neighbours = (&report.neighbour_groups[..], report.duplicate_groups.len());
        entries.extend(self.of_groups(report, neighbours, |kind| !same(kind)));
        let issues = report.issues.iter().enumerate();
        entries.extend(issues.map(|(i, issue)| {
            let text = clean(&format!("{:<15} {}: {}", issue.kind.name(), issue.case, issue.detail));
            Entry { item: Item::Issue(i), text }
        }));
        entries
    }

    /// Each group's pairs of a kind; a group of more than two has a line of its own above them.
    fn of_groups(
        &self,
        report: &Report,
        (groups, first): (&[Group], usize),
        is_wanted: impl Fn(PairKind) -> bool,
    ) -> Vec<Entry> {
        let members = groups.iter().enumerate();
        let members = members.flat_map(|(i, group)| group.cases.iter().map(move |id| (id.as_str(), i)));
        let group_of: HashMap<&str, usize> = members.collect();
        let mut pairs: Vec<Vec<Entry>> = vec![Vec::new(); groups.len()];
        for (i, pair) in report.pairs.iter().enumerate().filter(|(_, pair)| is_wanted(pair.kind)) {
            if let Some(&group) = group_of.get(pair.first.as_str()) {
                pairs[group].push(Entry { item: Item::Pair(i), text: clean(&evidence::of_pair(self, pair)) });
            }
        }
        let mut entries = Vec::new();
        for ((i, group), pairs) in groups.iter().enumerate().zip(pairs) {
            if group.cases.len() > 2 {
                entries.push(Entry { item: Item::Group(first + i), text: clean(&evidence::of_group(group)) });
            }
            entries.extend(pairs);
        }
        entries
    }

    /// Subjects in more than one part, then pairs that are apart.
    pub(super) fn of_split(&self) -> Vec<Entry> {
        let Some(Ok(division)) = self.facts().map(|facts| &facts.division) else { return Vec::new() };
        let shared = division.shared.iter().enumerate().map(|(i, shared)| {
            let cases: Vec<String> = shared.cases.iter().map(|(id, part)| format!("{id} ({part})")).collect();
            let text = clean(&format!("{:<15} {}: {}", "subject", shared.subject, cases.join(", ")));
            Entry { item: Item::Shared(i), text }
        });
        let pairs = self.straddles.iter().enumerate().map(|(i, pair)| {
            let (first, other) = ((&pair.first, &pair.first_part), (&pair.other, &pair.other_part));
            let kind = pair.kind.name();
            let text = format!("{kind:<15} {} ({}) = {} ({})", first.0, first.1, other.0, other.1);
            Entry { item: Item::Straddle(i), text: clean(&text) }
        });
        shared.chain(pairs).collect()
    }

    /// What is sure comes first.
    pub(super) fn of_tables(&self) -> Vec<Entry> {
        let findings = self.findings().unwrap_or_default().iter().enumerate();
        let entry = |(i, finding): (usize, &Finding)| {
            let certainty = finding.certainty.name();
            let place = match &finding.row {
                Some(row) => format!("{}, {row}", finding.source),
                None => finding.source.clone(),
            };
            let text = clean(&format!("{certainty:<15} {place}: {}", finding.message));
            Entry { item: Item::Finding(i), text }
        };
        let mut entries: Vec<Entry> = findings.map(entry).collect();
        let sure = |entry: &Entry| match entry.item {
            Item::Finding(i) => self.findings().map(|findings| findings[i].certainty),
            _ => None,
        };
        entries.sort_by_key(sure);
        entries
    }
}
