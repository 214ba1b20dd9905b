//! Tables of one paper against each other, and the sizes that papers state.

use super::measure::Measure;
use super::published::{Count, Published, Row, Sum, Table};
use super::{Certainty, Finding, Kind, Number};

/// Fewer digits repeat by chance.
const DIGITS: u32 = 3;
/// So do single numbers.
const NUMBERS: usize = 2;

/// Rows that are made of two other models' numbers: rows of other tables, under two different names or for another
/// part (training, test), share two or more numbers of three or more digits with it each.
pub fn repeats(tables: &[Table]) -> Vec<Finding> {
    rows(tables).filter_map(|(table, row)| repeat(tables, (table, row))).collect()
}

fn rows(tables: &[Table]) -> impl Iterator<Item = (&Table, &Row)> {
    super::judged(tables).flat_map(|table| table.rows.iter().map(move |row| (table, row)))
}

fn repeat(tables: &[Table], own: (&Table, &Row)) -> Option<Finding> {
    let (table, row) = own;
    let elsewhere = |other: &(&Table, &Row)| other.0.id != table.id && other.0.paper == table.paper;
    let quoted: Vec<_> = rows(tables)
        .filter(elsewhere)
        .filter(|other| other.1.name != row.name)
        .map(|other| (other, shared(own, other)))
        .filter(|(_, shared)| shared.len() >= NUMBERS)
        .collect();
    let mut names: Vec<&str> = quoted.iter().map(|((_, other), _)| &*other.name).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() < 2 {
        return None;
    }
    let says = |((other_table, other), shared): &((&Table, &Row), Vec<(usize, usize)>)| {
        let one = |&(i, j): &(usize, usize)| {
            format!("{} {} = its {}", table.columns[i].name, row.printed(i), other_table.columns[j].name)
        };
        let pairs: Vec<String> = shared.iter().map(one).collect();
        format!("{}, {}: {}", other_table.source, other.name, pairs.join(", "))
    };
    let parts: Vec<String> = quoted.iter().map(says).collect();
    let message = format!(
        "One row repeats the numbers of {} different models: {} (rule: {NUMBERS} or more equal numbers of {DIGITS} or \
         more digits each).",
        names.len(),
        parts.join("; ")
    );
    let columns = quoted.iter().flat_map(|(_, shared)| shared.iter().map(|(i, _)| *i));
    let numbers = columns.map(|i| Number { column: table.columns[i].name.clone(), printed: row.printed(i) }).collect();
    let finding = Finding::of_table(table, Kind::Repeat, Certainty::Implausible, message);
    Some(Finding { row: Some(row.name.clone()), numbers, ..finding })
}

/// Columns of two rows with equal numbers of one quantity, whatever part they are of.
fn shared((table, row): (&Table, &Row), (other_table, other): (&Table, &Row)) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for i in 0..table.columns.len() {
        for j in 0..other_table.columns.len() {
            let same_quantity = table.columns[i].measure == other_table.columns[j].measure;
            let digits = row.decimals[i].min(other.decimals[j]) >= DIGITS;
            if same_quantity && digits && row.printed(i) == other.printed(j) {
                pairs.push((i, j));
            }
        }
    }
    pairs
}

/// One quantity of one model of one paper, twice, with two values. On pixels F1 is the DSC.
pub fn conflicts(tables: &[Table]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, (table, row)) in rows(tables).enumerate() {
        for (other_table, other) in rows(tables).skip(at + 1) {
            let same_model = row.name == other.name && table.paper == other_table.paper && table.id != other_table.id;
            if same_model {
                found.extend(conflict((table, row), (other_table, other)));
            }
        }
    }
    found
}

fn conflict((table, row): (&Table, &Row), (other_table, other): (&Table, &Row)) -> Option<Finding> {
    let quantity = |m: Measure| if m == Measure::F1 { Measure::Dsc } else { m };
    let mut numbers = Vec::new();
    let mut says = Vec::new();
    for (i, column) in table.columns.iter().enumerate() {
        for (j, twin) in other_table.columns.iter().enumerate() {
            let same = quantity(column.measure) == quantity(twin.measure) && column.part == twin.part;
            if same && row.interval(i).misses(other.interval(j)) {
                let (first, second) = (row.printed(i), other.printed(j));
                says.push(format!("{} {first} here, {} {second} in {}", column.name, twin.name, other_table.source));
                numbers.push(Number { column: column.name.clone(), printed: first });
            }
        }
    }
    let message = format!("{}. Possible only if one name stands for two models or tests.", says.join("; "));
    let finding = Finding::of_table(table, Kind::Conflict, Certainty::Conditional, message);
    (!says.is_empty()).then(|| Finding { row: Some(row.name.clone()), numbers, ..finding })
}

/// Counts, sums and readers' doubts.
pub fn notes(published: &Published) -> Vec<Finding> {
    let doubt = |d: &super::Doubt| Finding::note(Kind::Doubt, Certainty::Remark, &d.source, d.text.clone());
    let counts = published.counts.iter().filter_map(count);
    counts.chain(published.sums.iter().filter_map(sum)).chain(published.doubts.iter().map(doubt)).collect()
}

/// A claim that is a whole multiple of what its source has is the mark of duplicates.
fn count(count: &Count) -> Option<Finding> {
    let Count { what, claimed, expected, source, remark } = count;
    let is_multiple = *expected > 0 && claimed % expected == 0 && claimed > expected;
    let (certainty, says) = match is_multiple {
        _ if claimed == expected => return None,
        true => {
            (Certainty::Implausible, format!("exactly {} times as many (rule: whole multiple)", claimed / expected))
        }
        false => (Certainty::Conditional, "possible only if the two count different things".to_owned()),
    };
    let remark = if remark.is_empty() { String::new() } else { format!(" {remark}") };
    let message = format!("{what}: {claimed} claimed, {expected} in the source: {says}.{remark}");
    Some(Finding::note(Kind::Count, certainty, source, message))
}

fn sum(sum: &Sum) -> Option<Finding> {
    let added: u64 = sum.parts.iter().fold(0, |added, part| added.saturating_add(*part));
    let parts: Vec<String> = sum.parts.iter().map(u64::to_string).collect();
    let (certainty, says) = match added.cmp(&sum.total) {
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Less => {
            (Certainty::Conditional, format!("possible only if {} are left out", sum.total - added))
        }
        std::cmp::Ordering::Greater => (Certainty::Impossible, "more than there are".to_owned()),
    };
    let message = format!("{}: {} = {added}, not {}: {says}.", sum.what, parts.join(" + "), sum.total);
    Some(Finding::note(Kind::Sum, certainty, &sum.source, message))
}
