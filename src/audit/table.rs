//! Rows of one table against each other: the share of positives that all of them imply, and the row of means.

use super::measure::{Interval, Measure, Part};
use super::published::{Aggregation, Row, Table, Unit};
use super::reading::{Question, Reading};
use super::row::{columns_of, in_words, numbers};
use super::{Certainty, Finding, Kind, Tried, Verdict};

/// What the rows say together.
pub fn findings(table: &Table) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    if table.one_test_set {
        found.extend(balance(table));
        found.extend(whole_counts(table));
    }
    found.extend(mean_row(table));
    found
}

/// One test set has one share of positives: read as one confusion matrix each, the rows' ranges of it must meet.
/// Rows that are impossible by themselves do not take part.
fn balance(table: &Table) -> Option<Finding> {
    let columns = columns_of(table, Part::Test);
    let first = table.rows.first()?;
    let mut tried = Vec::new();
    let mut message = None;
    for reading in Reading::all(table, first, &columns) {
        let apart = apart(table, reading, &columns);
        let verdict = if apart.is_some() { Verdict::Impossible } else { Verdict::Possible };
        tried.push(Tried { reading: reading.name(table.unit), verdict });
        message = message.or(apart);
    }
    let message = message?;
    let open: Vec<&str> = tried.iter().filter(|t| t.verdict == Verdict::Possible).map(|t| &*t.reading).collect();
    let (certainty, rest) = match open.is_empty() {
        true => (Certainty::Impossible, String::new()),
        false => (Certainty::Conditional, format!(" Possible only as {}.", open.join(" or "))),
    };
    Some(Finding { readings: tried, ..Finding::of_table(table, Kind::Balance, certainty, message + &rest) })
}

/// Two rows whose shares of positives exclude each other.
fn apart(table: &Table, reading: Reading, columns: &[usize]) -> Option<String> {
    let ask = |row| Question { table, row, reading, columns };
    if reading.aggregation == Aggregation::Mean || ask(table.rows.first()?).informative() < 2 {
        return None;
    }
    let alone = table.rows.iter().filter(|row| table.mean_row.as_ref() != Some(&row.name));
    let shares = alone.filter(|row| !ask(row).fails(Interval::RATIO)).map(|row| (row, ask(row).prevalence()));
    let shares: Vec<(&Row, Interval)> = shares.collect();
    let most = shares.iter().max_by(|a, b| a.1.low.total_cmp(&b.1.low))?;
    let least = shares.iter().min_by(|a, b| a.1.high.total_cmp(&b.1.high))?;
    let what = if table.unit == Unit::Pixel { "the tumour's share of all pixels" } else { "the share of positives" };
    let says = |(row, share): &(&Row, Interval)| format!("{} for {}", in_words(*share, 3), row.name);
    let one = reading.name(table.unit);
    (most.1.low > least.1.high)
        .then(|| format!("As {one}, {what} would be {} but {}, on one test set.", says(most), says(least)))
}

/// With n units, sensitivity, specificity and accuracy are ratios of whole numbers.
fn whole_counts(table: &Table) -> Vec<Finding> {
    let Some(n) = table.n.filter(|_| table.unit == Unit::Case && table.aggregation == [Aggregation::Pooled]) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut common: Option<Vec<u64>> = None;
    for row in &table.rows {
        let positives: Vec<u64> = (1..n).filter(|&positives| is_countable(table, row, [positives, n])).collect();
        if positives.is_empty() {
            let message = format!("No whole numbers of right answers among {n} units give these numbers.");
            let finding = Finding::of_table(table, Kind::Balance, Certainty::Impossible, message);
            let numbers = numbers(table, row, &columns_of(table, Part::Test));
            found.push(Finding { row: Some(row.name.clone()), numbers, ..finding });
            continue;
        }
        let both = |known: Vec<u64>| known.into_iter().filter(|k| positives.contains(k)).collect();
        common = Some(common.map_or(positives.clone(), both));
    }
    if common.is_some_and(|common| common.is_empty()) {
        let message = format!("No number of positives among {n} units is possible for all rows.");
        found.push(Finding::of_table(table, Kind::Balance, Certainty::Impossible, message));
    }
    found
}

/// Whether whole TP and TN round to the row's sensitivity, specificity and accuracy.
fn is_countable(table: &Table, row: &Row, [positives, n]: [u64; 2]) -> bool {
    let counts = |measure: Measure, of: u64| {
        let column = table.columns.iter().position(|c| c.measure == measure && c.part == Part::Test);
        let range = column.map_or(Interval::RATIO, |i| row.interval(i));
        let of = of as f64;
        ((range.low * of - 1e-9).ceil().max(0.0), (range.high * of + 1e-9).floor().min(of))
    };
    let (tp, tn) = (counts(Measure::Sensitivity, positives), counts(Measure::Specificity, n - positives));
    let right = counts(Measure::Accuracy, n);
    let some = |(low, high): (f64, f64)| low <= high;
    some(tp) && some(tn) && some((right.0.max(tp.0 + tn.0), right.1.min(tp.1 + tn.1)))
}

/// The mean of rounded numbers is known to the mean of their half units.
fn mean_row(table: &Table) -> Option<Finding> {
    let name = table.mean_row.as_ref()?;
    let row = table.rows.iter().find(|row| row.name == *name)?;
    let others: Vec<&Row> = table.rows.iter().filter(|row| row.name != *name).collect();
    if others.is_empty() {
        return None;
    }
    let n = others.len() as f64;
    let mean = |i: usize| Interval {
        low: others.iter().map(|row| row.interval(i).low).sum::<f64>() / n,
        high: others.iter().map(|row| row.interval(i).high).sum::<f64>() / n,
    };
    let columns = (0..table.columns.len()).filter(|&i| table.columns[i].measure.is_ratio());
    let odd: Vec<usize> = columns.filter(|&i| mean(i).misses(row.interval(i))).collect();
    let says = |&i: &usize| {
        let decimals = row.decimals[i] + 1;
        format!("{} {} is {} over the {n} rows", table.columns[i].name, row.printed(i), in_words(mean(i), decimals))
    };
    let message = format!("{}; possible only as a weighted mean.", odd.iter().map(says).collect::<Vec<_>>().join("; "));
    let finding = Finding::of_table(table, Kind::MeanRow, Certainty::Conditional, message);
    let numbers = numbers(table, row, &odd);
    (!odd.is_empty()).then(|| Finding { row: Some(row.name.clone()), numbers, ..finding })
}
