//! The papers' numbers as lines: tables of their own, each with its verdicts and why it is no measure of ours.

use super::prose::{Said, Tone, say};
use super::text::{clean, fit, pad, pad_left, width};
use crate::audit::Certainty;
use crate::report::{PrintedRow, PrintedTable};

/// Columns of a row's name.
const NAME: usize = 18;
/// Columns that are left for the names of arms.
const ARMS: usize = 10;

/// All lines, none wider than `columns`.
pub fn lines(tables: &[PrintedTable], columns: usize) -> Vec<Said> {
    if tables.is_empty() {
        let text = "no row of the papers' tables is about a model or loss of these arms";
        return say(Tone::Dim, text, columns).collect();
    }
    let mut lines: Vec<Said> = Vec::new();
    for table in tables {
        if !lines.is_empty() {
            lines.push((Tone::Plain, String::new()));
        }
        lines.extend(of_table(table, columns));
    }
    lines
}

fn of_table(table: &PrintedTable, columns: usize) -> Vec<Said> {
    let head = format!("printed in {}: {}", table.source, table.title);
    let mut lines: Vec<Said> = say(Tone::Head, &clean(&head), columns).collect();
    let widths: Vec<usize> = table.columns.iter().map(|name| (width(name) + 2).max(8)).collect();
    let fits = NAME + widths.iter().sum::<usize>() + ARMS <= columns;
    if fits {
        let names = table.columns.iter().zip(&widths).map(|(name, &width)| pad_left(&clean(name), width));
        lines.push((Tone::Dim, pad("row", NAME) + &names.collect::<String>() + "  arms"));
    }
    for row in &table.rows {
        match fits {
            true => lines.push(in_columns(row, &widths, columns)),
            false => lines.extend(in_words(row, &table.columns, columns)),
        }
        for (certainty, text) in &row.verdicts {
            let tone = if *certainty <= Certainty::Implausible { Tone::Warning } else { Tone::Dim };
            lines.extend(say(tone, &format!("{}: {}", word(*certainty), clean(text)), columns));
        }
    }
    let apart = format!("protocols not comparable because {}", table.apart.join("; "));
    lines.extend(say(Tone::Warning, &clean(&apart), columns).filter(|_| !table.apart.is_empty()));
    for (certainty, text) in &table.caveats {
        lines.extend(say(Tone::Dim, &format!("{}: {}", word(*certainty), clean(text)), columns));
    }
    lines
}

fn in_columns(row: &PrintedRow, widths: &[usize], columns: usize) -> Said {
    let cells: String = row.cells.iter().zip(widths).map(|(cell, &width)| pad_left(cell, width)).collect();
    let name = pad(&fit(&clean(&row.name), NAME - 1), NAME);
    (Tone::Plain, fit(&format!("{name}{cells}  {}", arms(row)), columns))
}

/// Where there is no room for a table: each number after its column's name.
fn in_words(row: &PrintedRow, names: &[String], columns: usize) -> Vec<Said> {
    let cells: Vec<String> = names.iter().zip(&row.cells).map(|(name, cell)| format!("{name} {cell}")).collect();
    let text = format!("{} (arms: {}): {}", clean(&row.name), arms(row), clean(&cells.join(", ")));
    say(Tone::Plain, &text, columns).collect()
}

fn arms(row: &PrintedRow) -> String {
    row.arms.iter().map(|arm| clean(arm)).collect::<Vec<_>>().join(", ")
}

/// How sure the auditor is.
pub fn word(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Impossible => "impossible",
        Certainty::Implausible => "implausible",
        Certainty::Conditional => "conditional",
        Certainty::Remark => "remark",
    }
}
