//! Accuracies that are too often multiples of 1/n: then n things were classified, not pixels.

use std::collections::BTreeMap;

use super::measure::Measure;
use super::published::{Row, Table, Unit};
use super::{Certainty, Finding, Kind, Number};

/// Sizes of a test set that are looked for.
const SIZES: std::ops::RangeInclusive<u64> = 10..=1000;
/// A coincidence less likely than this, after counting every size that was tried, is reported.
const CHANCE: f64 = 1e-3;

/// One finding per accuracy column at most; the rule of thumb: probability of the coincidence below [`CHANCE`].
///
/// Of `k` different printed values, each hits a multiple of 1/n with probability `q = n·10⁻ᵈ` if its last digits are
/// arbitrary; `j` hits or more have the binomial tail probability, times the number of n tried (Bonferroni).
/// The idea is the GRIM test's (Brown and Heathers 2017), which asks the same of means of whole numbers.
pub fn findings(table: &Table) -> Vec<Finding> {
    if table.unit == Unit::Case {
        return Vec::new();
    }
    let accuracies = (0..table.columns.len()).filter(|&i| table.columns[i].measure == Measure::Accuracy);
    accuracies.filter_map(|i| finding(table, i)).collect()
}

fn finding(table: &Table, column: usize) -> Option<Finding> {
    // One row per printed value: a value that is repeated is no second coincidence.
    let rows: BTreeMap<String, &Row> = table.rows.iter().map(|row| (row.printed(column), row)).collect();
    let (chance, n) = SIZES
        .map(|n| (tail(&rows.values().map(|row| hit_and_chance(row, column, n)).collect::<Vec<_>>()), n))
        .min_by(|a, b| a.0.total_cmp(&b.0))?;
    let chance = chance * SIZES.count() as f64;
    let is_hit = |row: &&Row| numerator(row, column, n).is_some();
    let hits: Vec<&Row> = table.rows.iter().filter(is_hit).collect();
    if chance > CHANCE {
        return None;
    }
    let name = &table.columns[column].name;
    let different = rows.values().filter(|row| is_hit(row)).count();
    let whole = |row: &&Row| format!("{} {}/{n}", row.name, numerator(row, column, n).unwrap_or_default());
    let listed: Vec<String> = hits.iter().map(whole).collect();
    let message = format!(
        "{different} of {} different values of {name} are multiples of 1/{n} ({}); by chance this has a probability \
         of at most {}. They look like shares of {n} classified things, not of pixels (rule: probability \
         below {CHANCE}, all n from {} to {} counted).",
        rows.len(),
        listed.join(", "),
        scientific(chance),
        SIZES.start(),
        SIZES.end()
    );
    let numbers = hits.iter().map(|row| Number { column: name.clone(), printed: row.printed(column) }).collect();
    Some(Finding { numbers, ..Finding::of_table(table, Kind::Grain, Certainty::Implausible, message) })
}

/// Rounded up: `6e-5`.
fn scientific(chance: f64) -> String {
    let power = chance.log10().floor();
    format!("{:.0}e{power:.0}", (chance / 10f64.powf(power)).ceil())
}

fn numerator(row: &Row, column: usize, n: u64) -> Option<u64> {
    let nearest = (row.values[column] * n as f64).round();
    row.interval(column).holds(nearest / n as f64).then_some(nearest as u64)
}

fn hit_and_chance(row: &Row, column: usize, n: u64) -> (bool, f64) {
    let chance = n as f64 * 10f64.powi(-(row.decimals[column] as i32));
    (numerator(row, column, n).is_some(), chance.min(1.0))
}

/// Probability of at least as many hits, with the largest chance for each.
fn tail(values: &[(bool, f64)]) -> f64 {
    let hits = values.iter().filter(|(hit, _)| *hit).count();
    let chance = values.iter().fold(0.0, |most: f64, (_, chance)| most.max(*chance));
    // distribution[i]: probability of i hits so far
    let mut distribution = vec![0.0; values.len() + 1];
    distribution[0] = 1.0;
    for _ in values {
        for i in (0..distribution.len()).rev() {
            let one_less = if i > 0 { distribution[i - 1] } else { 0.0 };
            distribution[i] = distribution[i] * (1.0 - chance) + one_less * chance;
        }
    }
    distribution[hits..].iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_heads_or_more_of_three_are_even() {
        assert!((tail(&[(true, 0.5), (true, 0.5), (false, 0.5)]) - 0.5).abs() < 1e-12);
    }
}
