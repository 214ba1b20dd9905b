//! What stands above the audit's lines: counts, dates, and the parts of the split.

use std::collections::BTreeMap;

use super::app::{Access, App};
use super::audit::{Audit, Facts, Section};
use super::date::date;
use super::prose::{Said, Tone, say};
use super::text::clean;
use crate::audit::Certainty;
use crate::dataset::Class;
use crate::dataset::audit::PairKind;
use crate::report::{DivisionReport, Part};
use crate::store::KeptAudit;

/// The section's summary, in lines of at most `columns`.
pub fn head(app: &App, columns: usize) -> Vec<Said> {
    let audit = app.audit();
    let told = match audit.section() {
        Section::Published => of_tables(audit),
        section => match app.audited() {
            None => vec![(Tone::Dim, "no runs: no data set and no split to look at".to_owned())],
            Some(row) => match audit.facts().filter(|facts| facts.run == row.name) {
                None => vec![(Tone::Dim, "reading the data set …".to_owned())],
                Some(facts) if section == Section::Data => of_data(app, facts),
                Some(facts) => of_split(audit, facts, &format!("{} f{} s{}", row.arm, row.fold, row.seed)),
            },
        },
    };
    told.iter().flat_map(|(tone, text)| say(*tone, &clean(text), columns)).collect()
}

fn of_data(app: &App, facts: &Facts) -> Vec<Said> {
    let name = &facts.dataset;
    let mut told = match &facts.kept {
        Ok(Some(kept)) => of_report(kept, facts),
        Ok(None) => vec![(Tone::Head, format!("{name}: not audited yet; {}", how(app, name)))],
        Err(error) => vec![(Tone::Warning, error.clone())],
    };
    told.push(match &facts.curation {
        Some(curation) => (Tone::Dim, format!("curation applied: {curation}")),
        None => (Tone::Dim, "curation: the manifest names no list".to_owned()),
    });
    told.extend(facts.known.as_ref().err().map(|error| (Tone::Warning, error.clone())));
    told
}

/// How a report comes about here.
fn how(app: &App, name: &str) -> String {
    let command = format!("\"seglab dataset audit {name} --keep\"");
    match (app.audit().progress(), app.setup().access) {
        (Some(_), _) => "an audit is under way".to_owned(),
        (None, Access::ReadWrite) => format!("r does it here, in the background; elsewhere: {command}"),
        (None, Access::ReadOnly) => format!("read-only here; elsewhere: {command}"),
    }
}

fn of_report(kept: &KeptAudit, facts: &Facts) -> Vec<Said> {
    let audit = &kept.audit;
    let all: usize = audit.cases.values().sum();
    let digest = audit.digest.as_deref().map_or("none: a file could not be read", short);
    let first = format!(
        "{}: {all} cases ({}), audited {}, digest {digest}",
        audit.dataset,
        classes(&audit.cases),
        date(kept.written)
    );
    let count = |kind| audit.pairs_of(kind).count();
    let members: usize = audit.duplicate_groups.iter().map(|group| group.cases.len()).sum();
    let two = audit.duplicate_groups.iter().filter(|group| group.labels.len() > 1).count();
    let second = format!(
        "pairs: {} exact, {} same frame, {} neighbours; {members} duplicates in {}, {two} with two labels; {}",
        count(PairKind::Exact),
        count(PairKind::SameFrame),
        count(PairKind::NeighbourFrame),
        counted(audit.duplicate_groups.len(), "group"),
        counted(audit.issues.len(), "issue")
    );
    let mut told = vec![(Tone::Head, first), (Tone::Plain, second)];
    let now = facts.known.as_ref().map_or(all, BTreeMap::len);
    if now != all {
        told.push((Tone::Warning, format!("the folder holds {now} cases now: the report is of other files")));
    }
    told.extend(of_digests(audit.digest.as_deref(), facts));
    told
}

/// Whether the report is of the data that the run was planned on.
fn of_digests(audited: Option<&str>, facts: &Facts) -> Option<Said> {
    match (audited, &facts.planned) {
        (Some(audited), Some(planned)) if audited == planned => None,
        (Some(audited), Some(planned)) => {
            let (audited, planned) = (short(audited), short(planned));
            let text = format!("audited another state of the data: digest {audited}, this run's {planned}");
            Some((Tone::Warning, text))
        }
        (Some(_), None) if facts.known.is_ok() => {
            let text =
                "not compared with this run's digest: that is of the cases which the run takes, the report's of all";
            Some((Tone::Dim, text.to_owned()))
        }
        _ => None,
    }
}

fn short(digest: &str) -> &str {
    digest.get(..16).unwrap_or(digest)
}

fn of_split(audit: &Audit, facts: &Facts, run: &str) -> Vec<Said> {
    let division = match &facts.division {
        Ok(division) => division,
        Err(error) => return vec![(Tone::Warning, error.clone())],
    };
    let mut told = vec![(Tone::Head, format!("{run}: {} of {}", division.leak.describe(), facts.dataset))];
    told.extend(division.warning.iter().map(|warning| (Tone::Warning, warning.clone())));
    told.push(apart(audit, division));
    told.extend(division.parts.iter().map(|part| (Tone::Plain, of_part(part))));
    told
}

fn of_part(part: &Part) -> String {
    let gone = if part.gone > 0 { format!(", {} not in the folder any more", part.gone) } else { String::new() };
    let shares = part
        .classes
        .iter()
        .map(|(class, n)| format!("{} {n} ({:.0} %)", class.name(), 100.0 * *n as f64 / part.cases.max(1) as f64));
    let shares: Vec<String> = shares.collect();
    format!("{}: {} images, {} subjects: {}{gone}", part.name, part.cases, part.subjects, shares.join(", "))
}

/// What the split separates that belongs together.
fn apart(audit: &Audit, division: &DivisionReport) -> Said {
    let shared = match division.shared.len() {
        0 => "no subject is in two parts".to_owned(),
        1 => "1 subject is in more than one part".to_owned(),
        n => format!("{n} subjects are in more than one part"),
    };
    let tone = if division.shared.is_empty() && audit.straddles().is_empty() { Tone::Plain } else { Tone::Warning };
    let pairs = match audit.report() {
        None => "without a report of the data set nobody knows which pairs it separates".to_owned(),
        Some(_) => match audit.straddles().len() {
            0 => "it separates no pair of the report".to_owned(),
            1 => "it separates 1 pair of the report".to_owned(),
            n => format!("it separates {n} pairs of the report"),
        },
    };
    (tone, format!("{shared}; {pairs}"))
}

fn of_tables(audit: &Audit) -> Vec<Said> {
    let Some(findings) = audit.findings() else {
        return vec![(Tone::Dim, "reading the papers' tables: computing …".to_owned())];
    };
    let kinds = [Certainty::Impossible, Certainty::Implausible, Certainty::Conditional, Certainty::Remark];
    let count = |kind| findings.iter().filter(|f| f.certainty == kind).count();
    let counts = kinds.map(|kind| match kind {
        Certainty::Remark => counted(count(kind), kind.name()),
        kind => format!("{} {}", count(kind), kind.name()),
    });
    vec![
        (Tone::Head, format!("findings on the papers' tables: {}", counts.join(", "))),
        (Tone::Dim, "impossible is proven; implausible breaks a stated rule; conditional holds under some readings; remarks are a reader's".to_owned()),
    ]
}

fn classes(cases: &BTreeMap<Class, usize>) -> String {
    cases.iter().map(|(class, n)| format!("{} {n}", class.name())).collect::<Vec<_>>().join(", ")
}

/// `1 pair`, `2 pairs`.
pub fn counted(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
