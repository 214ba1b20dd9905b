//! One line of the audit in full: the cases it is about, what they are labelled, where the split puts them, and why.

use super::audit::{Audit, Facts, Item};
use super::prose::{Said, Tone, say};
use super::text::clean;
use crate::audit::{Finding, Verdict};
use crate::dataset::audit::{Audit as Report, Group, IssueKind, Pair, evidence};
use crate::dataset::fold::{Leak, original};

/// A pair in one line; whether the split separates it.
pub fn of_pair(audit: &Audit, pair: &Pair) -> String {
    let [first, other] = [&pair.first, &pair.other].map(|id| part(audit.facts(), id));
    let apart = match (first, other) {
        (Some(first), Some(other)) if first != other => format!("   {first} | {other}"),
        _ => String::new(),
    };
    let labels = [&pair.first, &pair.other].map(|id| label(audit.facts(), id));
    let two = if labels[0] != labels[1] { "   two labels" } else { "" };
    format!("{:<15} {} = {}{two}{apart}", pair.kind.name(), pair.first, pair.other)
}

/// A group in one line.
pub fn of_group(group: &Group) -> String {
    let two = if group.labels.len() > 1 { "   two labels" } else { "" };
    format!("{:<15} group of {}: {}{two}", group.kind.name(), group.cases.len(), group.cases.join(" = "))
}

/// Ids in the data set of the cases that `item` is about.
pub fn cases(audit: &Audit, item: Item) -> Vec<String> {
    let leak = audit.facts().and_then(|facts| facts.division.as_ref().ok()).map_or(Leak::None, |found| found.leak);
    let mut ids: Vec<String> = match (item, audit.report()) {
        (Item::Group(i), Some(report)) => group(report, i).map(|group| group.cases.clone()).unwrap_or_default(),
        (Item::Pair(i), Some(report)) => {
            report.pairs.get(i).map(|pair| vec![pair.first.clone(), pair.other.clone()]).unwrap_or_default()
        }
        (Item::Issue(i), Some(report)) => {
            report.issues.get(i).map(|issue| vec![issue.case.clone()]).unwrap_or_default()
        }
        (Item::Straddle(i), _) => {
            audit.straddles().get(i).map(|pair| vec![pair.first.clone(), pair.other.clone()]).unwrap_or_default()
        }
        (Item::Shared(i), _) => {
            let shared = audit.facts().and_then(|facts| facts.division.as_ref().ok()?.shared.get(i));
            let ids = shared.into_iter().flat_map(|shared| &shared.cases);
            ids.map(|(id, _)| original(id, leak).to_owned()).collect()
        }
        _ => Vec::new(),
    };
    ids.dedup();
    ids
}

/// `item` in full, in lines of at most `columns`.
pub fn lines(audit: &Audit, item: Item, columns: usize) -> Vec<Said> {
    let mut lines = match (item, audit.report()) {
        (Item::Finding(i), _) => audit.findings().and_then(|found| found.get(i)).map(|f| of_finding(f, columns)),
        (Item::Issue(i), Some(report)) => report.issues.get(i).map(|issue| {
            let heading =
                IssueKind::ALL.iter().find(|(kind, _)| *kind == issue.kind).map_or("", |(_, heading)| *heading);
            say(Tone::Head, &clean(&format!("{heading}: {}", issue.detail)), columns).collect()
        }),
        (Item::Group(i), Some(report)) => {
            group(report, i).map(|group| say(Tone::Head, &clean(&of_group(group)), columns).collect())
        }
        (Item::Pair(i), Some(report)) => report.pairs.get(i).map(|pair| why(pair, columns)),
        (Item::Straddle(i), Some(report)) => straddling(audit, report, i).map(|pair| why(pair, columns)),
        (Item::Shared(i), _) => Some(shared(audit, i, columns)),
        _ => None,
    }
    .unwrap_or_default();
    for id in cases(audit, item) {
        lines.extend(of_case(audit, &id, columns));
    }
    lines
}

fn group(report: &Report, place: usize) -> Option<&Group> {
    report.duplicate_groups.iter().chain(&report.neighbour_groups).nth(place)
}

fn straddling<'a>(audit: &Audit, report: &'a Report, place: usize) -> Option<&'a Pair> {
    let straddle = audit.straddles().get(place)?;
    report.pairs.iter().find(|pair| pair.first == straddle.first && pair.other == straddle.other)
}

fn why(pair: &Pair, columns: usize) -> Vec<Said> {
    say(Tone::Head, &clean(&evidence(pair)), columns).collect()
}

fn shared(audit: &Audit, place: usize, columns: usize) -> Vec<Said> {
    let Some(Ok(division)) = audit.facts().map(|facts| &facts.division) else { return Vec::new() };
    let Some(shared) = division.shared.get(place) else { return Vec::new() };
    let images: Vec<String> = shared.cases.iter().map(|(id, part)| format!("{id} in {part}")).collect();
    let text = format!("subject {} is in more than one part: {}", shared.subject, images.join(", "));
    say(Tone::Warning, &clean(&text), columns).collect()
}

/// Label, subject, part, size, and all else that is wrong with it.
fn of_case(audit: &Audit, id: &str, columns: usize) -> Vec<Said> {
    let facts = audit.facts();
    let mut text = format!("{id}: {}", label(facts, id).unwrap_or("not in the folder any more"));
    let known = facts.and_then(|facts| facts.known.as_ref().ok()?.get(id));
    match known.map(|known| &known.subject) {
        Some(Some(subject)) if subject != id => text += &format!(", subject {subject}"),
        Some(None) => text += ", takes no part (left out or excluded)",
        _ => {}
    }
    if let Some(part) = part(facts, id) {
        text += &format!(", in {part}");
    }
    let seen = audit.sight().and_then(|sight| sight.cases.iter().find(|(own, _)| own == id));
    match seen.map(|(_, seen)| seen) {
        Some(Ok(seen)) => {
            text += &format!(", {}×{} px, reference {} px", seen.size.0, seen.size.1, seen.reference_px);
        }
        Some(Err(error)) => text += &format!(", {error}"),
        None => {}
    }
    let mut lines: Vec<Said> = say(Tone::Plain, &clean(&text), columns).collect();
    let issues = audit.report().into_iter().flat_map(|report| &report.issues).filter(|issue| issue.case == id);
    for issue in issues {
        let text = format!("  {}: {}", issue.kind.name(), issue.detail);
        lines.extend(say(Tone::Dim, &clean(&text), columns));
    }
    lines
}

fn label(facts: Option<&Facts>, id: &str) -> Option<&'static str> {
    facts?.known.as_ref().ok()?.get(id).map(|known| known.class.name())
}

fn part(facts: Option<&Facts>, id: &str) -> Option<&'static str> {
    facts?.division.as_ref().ok()?.part_of.get(id).copied()
}

fn of_finding(finding: &Finding, columns: usize) -> Vec<Said> {
    let place = match &finding.row {
        Some(row) => format!("{}, row {row}", finding.source),
        None => finding.source.clone(),
    };
    let sure = finding.certainty.name();
    let mut lines: Vec<Said> = say(Tone::Head, &clean(&format!("{sure}: {place}")), columns).collect();
    if !finding.numbers.is_empty() {
        let numbers: Vec<String> = finding.numbers.iter().map(|n| format!("{} {}", n.column, n.printed)).collect();
        lines.extend(say(Tone::Plain, &clean(&format!("printed: {}", numbers.join(", "))), columns));
    }
    lines.extend(say(Tone::Plain, &clean(&finding.message), columns));
    for tried in &finding.readings {
        let verdict = match tried.verdict {
            Verdict::Possible => "possible",
            Verdict::Implausible => "implausible",
            Verdict::Impossible => "impossible",
        };
        lines.extend(say(Tone::Dim, &clean(&format!("read as {}: {verdict}", tried.reading)), columns));
    }
    lines
}
