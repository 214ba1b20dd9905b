//! What the comparison says in words: the chosen cell in full, and what the marks mean.

use std::collections::BTreeSet;

use super::app::App;
use super::arms::Column;
use super::prose::{Said, Tone, say};
use super::text::clean;
use crate::metric::Metric;
use crate::report::{Answer, Answers, ArmRow, Comparison, Unscored, number, probability, range, signed};

/// The chosen arm in the chosen metric, or in the first one.
pub fn cell(app: &App, comparison: &Comparison, columns: usize) -> Vec<Said> {
    let Some(arm) = app.arms().rows().nth(app.scroll()) else { return Vec::new() };
    let metric = match app.arms().chosen() {
        Column::Metric(metric) => Some(metric),
        _ => app.arms().metrics().next(),
    };
    let Some(metric) = metric else { return Vec::new() };
    let (versus, value) = (app.versus(), arm.value(metric));
    let undefined = if value.undefined > 0 { format!(", {} undefined", value.undefined) } else { String::new() };
    let mut own =
        format!("{}, {}: {}, {} cases{undefined}", arm.label(), metric.label, number(metric, value.mean), value.n);
    if let Some(Ok(answers)) = versus.answers(comparison)
        && let Some(summary) = answers.summary(&arm.arm, metric)
    {
        let percent = (1e4 * answers.level).round() / 100.0;
        let (t, bca) = (range(metric, summary.t), range(metric, summary.bca));
        own += &format!(" of {} subjects; {percent} % t {t}, BCa {bca}", summary.subjects);
    }
    let other = against(app, comparison, (arm, metric));
    let lines = say(Tone::Plain, &clean(&own), columns);
    lines.chain(say(Tone::Plain, &clean(&other), columns).filter(|_| !other.is_empty())).collect()
}

/// The test of one cell, or why there is none.
fn against(app: &App, comparison: &Comparison, (arm, metric): (&ArmRow, &Metric)) -> String {
    let versus = app.versus();
    let Some(reference) = versus.reference(comparison) else { return String::new() };
    let held = reference.label();
    if reference.arm == arm.arm {
        return "■ the arm that the others are held against".to_owned();
    }
    if arm.leak.is_some() {
        return "it leaks: no test of it would be about the same question".to_owned();
    }
    let contrast = match versus.answers(comparison) {
        None => return format!("against {held}: computing …"),
        Some(Err(error)) => return format!("against {held}: {error}"),
        Some(Ok(answers)) => answers.contrast(&arm.arm, metric),
    };
    let Some(contrast) = contrast else { return format!("against {held}: no finished run, no test") };
    let difference = contrast.difference.map_or_else(|| number(metric, None), |value| signed(metric, value));
    let interval = contrast.interval.map(|ends| format!(", BCa {}", range(metric, Some(ends)))).unwrap_or_default();
    let p = |p: Option<f64>| p.map_or_else(|| "–".to_owned(), probability);
    let cases = if contrast.same_cases { "" } else { "; its cases differ, so it has no mark" };
    format!(
        "less {held}: {difference}{interval}; p {}, after Holm {}; {} pairs, {} dropped{cases}",
        p(contrast.p),
        p(contrast.holm),
        contrast.pairs,
        contrast.dropped
    )
}

/// What the marks mean, what is missing, and who takes no part: first what is said of the arm under the cursor.
pub fn notes(app: &App, comparison: &Comparison, columns: usize) -> Vec<Said> {
    let mut notes: Vec<(Tone, String)> = Vec::new();
    let mut add = |tone, text: String| notes.push((tone, text));
    let unreadable = comparison.unreadable.iter();
    unreadable.for_each(|Unscored { run, reason }| add(Tone::Warning, format!("! {run} does not count: {reason}")));
    let finished = comparison.arms.iter().any(|arm| arm.finished > 0);
    let chosen = app.arms().rows().nth(app.scroll());
    chosen.iter().flat_map(|arm| warnings(arm, arm.unscored.len())).for_each(|line| add(Tone::Warning, line));
    if let Some(text) = stage(comparison) {
        add(Tone::Dim, text.to_owned());
    }
    let others = comparison.arms.iter().filter(|arm| chosen.is_none_or(|chosen| chosen.arm != arm.arm));
    others.flat_map(|arm| warnings(arm, 1)).for_each(|line| add(Tone::Warning, line));
    if finished {
        add(Tone::Dim, legend(app, comparison));
        let starred = app.arms().metrics().any(|metric| app.arms().best(metric).is_some());
        let star = if starred { "* best mean of the column. " } else { "" };
        let px = if app.arms().metrics().any(|metric| metric.unit == "px") { "Distances in px." } else { "" };
        add(Tone::Dim, format!("{star}{px}"));
    }
    comparison.footnotes().lines().for_each(|line| add(Tone::Dim, format!("{}{line}", dagger(comparison, line))));
    notes.iter().flat_map(|(tone, text)| say(*tone, &clean(text), columns)).collect()
}

/// How far the values can be trusted, if not all the way.
fn stage(comparison: &Comparison) -> Option<&'static str> {
    let all = |is: fn(&ArmRow) -> bool| comparison.arms.iter().all(is);
    let ended = all(|arm| arm.finished + arm.unscored.len() >= arm.runs);
    match (all(|arm| arm.finished == 0), all(|arm| arm.unscored.is_empty())) {
        (true, true) => Some("no run of this spec has finished yet: values appear as runs do"),
        (true, false) => Some("no finished run of this spec has scores that can be read: no values"),
        (false, true) if ended => None,
        (false, false) if ended => {
            Some("runs whose scores cannot be read do not count, so arms may stand on different cases (runs, n)")
        }
        (false, _) => Some("preliminary: only finished runs count, so arms may stand on different cases (runs, n)"),
    }
}

/// That `arm` leaks, and which of its finished runs do not count: `named` of them, with what helps.
fn warnings(arm: &ArmRow, named: usize) -> Vec<String> {
    let leak = arm.leak.map(|leak| leak.note(&arm.arm));
    let mut lines: Vec<String> = leak.iter().flat_map(|note| note.lines()).map(|line| format!("! {line}")).collect();
    let missing = arm.unscored.iter().take(named);
    lines.extend(missing.map(|Unscored { run, reason }| format!("! {}: {run} does not count: {reason}", arm.arm)));
    match arm.unscored.len().saturating_sub(named) {
        0 => {}
        1 => lines.push(format!("! {}: nor does 1 more run; choose the arm to see which", arm.arm)),
        more => lines.push(format!("! {}: nor do {more} more runs; choose the arm to see which", arm.arm)),
    }
    lines
}

/// The sign before a footnote that a cell of the table refers to.
fn dagger(comparison: &Comparison, line: &str) -> &'static str {
    let is_of = |arm: &ArmRow| line.starts_with(&format!("{}: ", arm.arm));
    let marked = |arm: &ArmRow| arm.metrics.values().any(|value| value.undefined > 0);
    if comparison.arms.iter().any(|arm| is_of(arm) && marked(arm)) { "† " } else { "" }
}

fn legend(app: &App, comparison: &Comparison) -> String {
    let versus = app.versus();
    let Some(reference) = versus.reference(comparison) else {
        return "no arm that does not leak has finished: no test possible".to_owned();
    };
    let able = comparison.arms.iter().filter(|arm| arm.finished > 0 && arm.leak.is_none()).count();
    if able < 2 {
        return format!("{} is the only arm without a leak that has finished: no test possible", reference.label());
    }
    match versus.answers(comparison) {
        None => format!("tests against {}: computing …", reference.label()),
        Some(Err(error)) => format!("no tests: {error}"),
        Some(Ok(answers)) => marks(app, comparison, answers),
    }
}

fn marks(app: &App, comparison: &Comparison, answers: &Answers) -> String {
    let of = |arm: &ArmRow, metric: &Metric| answers.contrast(&arm.arm, metric);
    let metrics = || app.arms().metrics();
    let tested =
        comparison.arms.iter().filter(|arm| metrics().any(|metric| of(arm, metric).is_some_and(|c| c.p.is_some())));
    let tested = tested.count();
    let pairs: BTreeSet<usize> =
        comparison.arms.iter().flat_map(|arm| metrics().filter_map(|m| of(arm, m)).map(|c| c.pairs)).collect();
    let pairs = match (pairs.first(), pairs.last()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most} pairs"),
        (Some(n), _) => format!("{n} pairs"),
        _ => "no pairs".to_owned(),
    };
    let delong = if metrics().any(|metric| metric.of_all.is_some()) { " (AUC: DeLong's)" } else { "" };
    let alpha = (1e4 * (1.0 - answers.level)).round() / 1e4;
    let apart = comparison
        .arms
        .iter()
        .filter(|arm| metrics().next().and_then(|metric| of(arm, metric)).is_some_and(|contrast| !contrast.same_cases));
    let apart: Vec<String> = apart.map(ArmRow::label).collect();
    let apart = match apart.is_empty() {
        true => String::new(),
        false => format!(" Other cases, so no mark: {}.", apart.join(", ")),
    };
    let by_signs = metrics().all(|metric| metric.of_all.is_none());
    let least = answers.metrics.iter().filter_map(Answer::least_holm).reduce(f64::min);
    let hopeless = least.filter(|least| by_signs && *least >= alpha);
    let hopeless = hopeless
        .map(|least| format!("With so few subjects no mark is possible: the least p after Holm is {least:.3}. "))
        .unwrap_or_default();
    format!(
        "{hopeless}▲ better, ▼ worse than ■ {}: sign-flip test of the mean difference{delong}, two-sided, p < {alpha} after Holm \
         over {} arm{} (not over metrics), {pairs}, all signs of up to 30 subjects, else {} random ones. It speaks of \
         other cases, not of training again.{apart}",
        answers.against,
        tested,
        if tested == 1 { "" } else { "s" },
        answers.resamples
    )
}
