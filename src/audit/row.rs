//! One row: can its numbers be true together, and if not, what would one of them have to be?

use super::measure::{Interval, Measure, Part};
use super::published::{Aggregation, Row, Table, Unit};
use super::reading::{Question, Reading, SMALLER_PART};
use super::{Certainty, Finding, Kind, Number, Tried, Verdict};

/// At most one finding per part (training, test).
pub fn findings(table: &Table, row: &Row) -> Vec<Finding> {
    [Part::Train, Part::Test].into_iter().filter_map(|part| finding(table, row, part)).collect()
}

/// Columns of one part that counts of pixels or cases determine.
pub(super) fn columns_of(table: &Table, part: Part) -> Vec<usize> {
    let of_part = |i: &usize| table.columns[*i].part == part && table.columns[*i].measure.is_counted();
    (0..table.columns.len()).filter(of_part).collect()
}

fn finding(table: &Table, row: &Row, part: Part) -> Option<Finding> {
    let columns = columns_of(table, part);
    if columns.len() < 2 {
        return None;
    }
    let ask = |reading| Question { table, row, reading, columns: &columns };
    let readings = Reading::all(table, row, &columns);
    let tried: Vec<(Question, Verdict)> = readings.into_iter().map(|r| (ask(r), verdict(&ask(r)))).collect();
    let best = tried.iter().map(|(_, verdict)| *verdict).min()?;
    let (certainty, message) = match best {
        Verdict::Possible if tried.iter().all(|(_, v)| *v == Verdict::Possible) => return None,
        Verdict::Impossible => (Certainty::Impossible, impossible(&tried)),
        Verdict::Implausible => (Certainty::Implausible, conditional(&tried, best)),
        Verdict::Possible => (Certainty::Conditional, conditional(&tried, best)),
    };
    Some(Finding {
        row: Some(row.name.clone()),
        numbers: numbers(table, row, &columns),
        readings: tried.iter().map(|(q, v)| Tried { reading: q.reading.name(table.unit), verdict: *v }).collect(),
        ..Finding::of_table(table, Kind::Row, certainty, message)
    })
}

pub(super) fn numbers(table: &Table, row: &Row, columns: &[usize]) -> Vec<Number> {
    let number = |&i: &usize| Number { column: table.columns[i].name.clone(), printed: row.printed(i) };
    columns.iter().map(number).collect()
}

fn verdict(question: &Question) -> Verdict {
    if question.fails(Interval::RATIO) {
        Verdict::Impossible
    } else if question.table.unit == Unit::Pixel && question.fails(SMALLER_PART) {
        Verdict::Implausible
    } else {
        Verdict::Possible
    }
}

/// Why nothing can be: preferably one contradiction for all readings.
fn impossible(tried: &[(Question, Verdict)]) -> String {
    let everywhere = |columns: &[usize]| tried.iter().all(|(q, _)| q.about(columns).fails(Interval::RATIO));
    let core = minimal(&tried[0].0, everywhere);
    let is_shared = core.len() < tried[0].0.columns.len();
    let mut reasons: Vec<String> = Vec::new();
    for (question, _) in tried {
        let reason = if is_shared { reason(&question.about(&core)) } else { own_reason(question) };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    format!("{}.", reasons.join("; "))
}

/// What fails, and what remains.
fn conditional(tried: &[(Question, Verdict)], best: Verdict) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (question, verdict) in tried {
        let part = match verdict {
            Verdict::Possible => continue,
            Verdict::Implausible => large_tumour(question),
            Verdict::Impossible => own_reason(question),
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    let open = tried.iter().filter(|(_, verdict)| *verdict == best);
    let open: Vec<String> = open.map(|(q, _)| q.reading.name(q.table.unit)).collect();
    format!("{}. Possible only as {}.", parts.join("; "), open.join(" or "))
}

fn own_reason(question: &Question) -> String {
    let core = minimal(question, |columns| question.about(columns).fails(Interval::RATIO));
    reason(&question.about(&core))
}

/// Columns none of which can be left out without losing the contradiction; the later ones are tried first.
fn minimal(question: &Question, fails: impl Fn(&[usize]) -> bool) -> Vec<usize> {
    let mut core = question.columns.to_vec();
    for &i in question.columns.iter().rev() {
        let fewer: Vec<usize> = core.iter().copied().filter(|&j| j != i).collect();
        if fails(&fewer) {
            core = fewer;
        }
    }
    // A DSC is best explained by both of its parts, though one of them may be enough to rule it out.
    let parts = |i: usize| matches!(question.table.columns[i].measure, Measure::Sensitivity | Measure::Precision);
    let is_dsc = |i: usize| question.table.columns[i].measure == Measure::Dsc;
    if core.iter().all(|&i| is_dsc(i) || parts(i)) {
        core = question.columns.iter().copied().filter(|&i| core.contains(&i) || parts(i)).collect();
    }
    core
}

/// `one confusion matrix: with sensitivity 0.9435 and precision 0.8194, dsc is 0.8770 to 0.8773, not 0.9015`.
fn reason(question: &Question) -> String {
    let Question { table, row, columns, .. } = *question;
    let measure = |&&i: &&usize| COMPOSITE.iter().position(|m| *m == table.columns[i].measure);
    let Some(&odd) = columns.iter().min_by_key(|i| measure(i).unwrap_or(COMPOSITE.len())) else {
        return String::new();
    };
    let named = |&i: &usize| format!("{} {}", table.columns[i].name, row.printed(i));
    let others: Vec<String> = columns.iter().filter(|&&i| i != odd).map(named).collect();
    let range = in_words(question.range_of(odd), row.decimals[odd]);
    let (name, printed) = (&table.columns[odd].name, row.printed(odd));
    let reading = question.reading.name(table.unit);
    format!("{reading}: with {}, {name} is {range}, not {printed}", listed(&others))
}

/// `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The more a measure is made of others, the sooner it is the one explained.
const COMPOSITE: &[Measure] = &[Measure::Miou, Measure::Iou, Measure::Dsc, Measure::F1, Measure::Accuracy];

fn large_tumour(question: &Question) -> String {
    let reading = question.reading.name(question.table.unit);
    match question.reading.aggregation {
        Aggregation::Pooled => {
            let least = (100.0 * question.prevalence().low).floor();
            format!("{reading}: the tumour would cover at least {least} % of all pixels")
        }
        Aggregation::Mean => format!("{reading}: a tumour would cover more than half of some image"),
    }
}

/// Rounded outwards: what is said to be impossible is.
pub(super) fn in_words(range: Interval, decimals: u32) -> String {
    let unit = 10f64.powi(decimals as i32);
    let (low, high) = ((range.low * unit).floor() / unit, (range.high * unit).ceil() / unit);
    let digits = decimals as usize;
    match (low <= 0.0, high >= 1.0) {
        (true, _) => format!("at most {high:.digits$}"),
        (false, true) => format!("at least {low:.digits$}"),
        (false, false) => format!("{low:.digits$} to {high:.digits$}"),
    }
}
