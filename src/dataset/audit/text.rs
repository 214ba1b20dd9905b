//! The report for a terminal.

use std::fmt::Write;

use super::{Audit, Group, Issue, IssueKind, Pair, PairKind, Straddle};
use crate::dataset::Class;

/// All findings, with headings and counts; ends with a newline. Names are as the files have them: the caller makes them
/// printable.
pub fn text(audit: &Audit, straddles: Option<&[Straddle]>) -> String {
    let mut out = summary(audit);
    out += &groups("duplicates: the same frame", &audit.duplicate_groups);
    out += &groups("neighbours: frames of one sweep, with their duplicates", &audit.neighbour_groups);
    for (kind, heading) in IssueKind::ALL {
        let own: Vec<&Issue> = audit.issues.iter().filter(|issue| issue.kind == kind).collect();
        if !own.is_empty() {
            let _ = writeln!(out, "\n{heading}: {}", own.len());
            out.extend(own.iter().map(|issue| format!("  {}: {}\n", issue.case, issue.detail)));
        }
    }
    if let Some(straddles) = straddles {
        out += &straddling(straddles);
    }
    out
}

/// Counts, without names.
fn summary(audit: &Audit) -> String {
    let mut out = format!("{}: {} ({})\n", audit.dataset, of(audit.cases.values().sum(), "case"), classes(audit));
    if !audit.left_out.is_empty() {
        let names: Vec<&str> = audit.left_out.keys().map(|class| class.name()).collect();
        let _ = writeln!(out, "the manifest leaves {} out; they are looked at all the same", names.join(" and "));
    }
    let _ = writeln!(out, "digest: {}", audit.digest.as_deref().unwrap_or("none: a file cannot be read"));
    let count = |kind| audit.pairs_of(kind).count();
    let _ = writeln!(
        out,
        "pairs: {} of identical pixels, {} of the same frame, {} of neighbouring frames",
        count(PairKind::Exact),
        count(PairKind::SameFrame),
        count(PairKind::NeighbourFrame)
    );
    let members: usize = audit.duplicate_groups.iter().map(|group| group.cases.len()).sum();
    let groups = audit.duplicate_groups.len();
    let two = audit.duplicate_groups.iter().filter(|group| group.labels.len() > 1).count();
    let _ = writeln!(
        out,
        "duplicates: {} in {} ({} more than there are frames); {two} of the groups have two labels",
        of(members, "case"),
        of(groups, "group"),
        members - groups
    );
    out
}

fn classes(audit: &Audit) -> String {
    let class = |(class, n): (&Class, &usize)| format!("{} {n}", class.name());
    audit.cases.iter().map(class).collect::<Vec<_>>().join(", ")
}

fn groups(heading: &str, groups: &[Group]) -> String {
    let mut out = String::new();
    if !groups.is_empty() {
        let _ = writeln!(out, "\n{heading}: {}", of(groups.len(), "group"));
    }
    for group in groups {
        let two = if group.labels.len() > 1 { "   two labels" } else { "" };
        let _ = writeln!(out, "  {:<15} {}{two}", group.kind.name(), group.cases.join(" = "));
    }
    out
}

fn straddling(straddles: &[Straddle]) -> String {
    if straddles.is_empty() {
        return "\nthe split separates none of the pairs\n".to_owned();
    }
    let mut out = format!("\nthe split separates {}:\n", of(straddles.len(), "pair"));
    for pair in straddles {
        let (first, other) = ((&pair.first, &pair.first_part), (&pair.other, &pair.other_part));
        let _ = writeln!(
            out,
            "  fold {}: {} ({}) = {} ({}), {}",
            pair.fold,
            first.0,
            first.1,
            other.0,
            other.1,
            pair.kind.name()
        );
    }
    out
}

/// One line of evidence.
pub fn evidence(pair: &Pair) -> String {
    let mirrored = match (pair.map.scale_x < 0.0, pair.map.scale_y < 0.0) {
        (false, false) => "",
        (true, false) => ", mirrored",
        (false, true) => ", upside down",
        (true, true) => ", turned by 180°",
    };
    let masks = pair.mask_dsc.map(|dsc| format!(", masks DSC {dsc:.2}")).unwrap_or_default();
    format!(
        "{}: speckle {:.3}, anatomy {:.3}, overlap {:.2}, {} keypoints, scale {:.3}{mirrored}{masks}",
        pair.kind.name(),
        pair.speckle,
        pair.anatomy,
        pair.overlap,
        pair.keypoints,
        pair.map.scale()
    )
}

fn of(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
