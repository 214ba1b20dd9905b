//! The papers' numbers as lines: tables of their own, each with its verdicts and why it is no measure of ours.

use super::keys::Direction;
use super::prose::{Said, Tone, say};
use super::text::{clean, fit, pad, pad_left, width};
use crate::audit::Certainty;
use crate::report::{PrintedRow, PrintedTable};

/// Columns of a row's name.
const NAME: usize = 18;
/// Columns that are left for the names of arms.
const ARMS: usize = 10;

/// The column that is chosen in every table that has it, and how rows are sorted by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    column: usize,
    rank: Rank,
}

/// What is printed does not say whether more is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rank {
    #[default]
    Printed,
    LargestFirst,
    SmallestFirst,
}

impl Order {
    /// Chooses the next column of those that `tables` have.
    pub fn choose(&mut self, direction: Direction, tables: &[PrintedTable]) {
        let last = names(tables).len().saturating_sub(1);
        self.column = match direction {
            Direction::Forward => (self.column + 1).min(last),
            Direction::Backward => self.column.min(last).saturating_sub(1),
        };
    }

    /// Largest first, smallest first, as printed.
    pub fn sort(&mut self) {
        self.rank = match self.rank {
            Rank::Printed => Rank::LargestFirst,
            Rank::LargestFirst => Rank::SmallestFirst,
            Rank::SmallestFirst => Rank::Printed,
        };
    }

    /// The other way round.
    pub fn turn(&mut self) {
        self.rank = if self.rank == Rank::LargestFirst { Rank::SmallestFirst } else { Rank::LargestFirst };
    }

    /// What stands before the name of the chosen column.
    fn sign(self) -> &'static str {
        match self.rank {
            Rank::Printed => "›",
            Rank::LargestFirst => "▼",
            Rank::SmallestFirst => "▲",
        }
    }

    /// Rows without a number in column `place` come last.
    fn rows(self, table: &PrintedTable, place: usize) -> Vec<&PrintedRow> {
        let mut rows: Vec<&PrintedRow> = table.rows.iter().collect();
        let value = |row: &PrintedRow| row.cells.get(place).and_then(|cell| number(cell));
        if self.rank != Rank::Printed {
            rows.sort_by(|a, b| match (value(a), value(b)) {
                (Some(a), Some(b)) if self.rank == Rank::LargestFirst => b.total_cmp(&a),
                (Some(a), Some(b)) => a.total_cmp(&b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            });
        }
        rows
    }
}

/// Names of columns, each once.
fn names(tables: &[PrintedTable]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in tables.iter().flat_map(|table| &table.columns) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// What a cell begins with: some are means with a deviation behind.
fn number(cell: &str) -> Option<f64> {
    let end = cell.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(cell.len());
    cell[..end].parse().ok()
}

/// All lines, none wider than `columns`.
pub fn lines(tables: &[PrintedTable], order: Order, columns: usize) -> Vec<Said> {
    if tables.is_empty() {
        let text = "no row of the papers' tables is about a model or loss of these arms";
        return say(Tone::Dim, text, columns).collect();
    }
    let mut lines: Vec<Said> = Vec::new();
    for table in tables {
        if !lines.is_empty() {
            lines.push((Tone::Plain, String::new()));
        }
        let chosen = names(tables).get(order.column).copied().unwrap_or_default();
        lines.extend(of_table(table, (order, chosen), columns));
    }
    lines
}

fn of_table(table: &PrintedTable, (order, chosen): (Order, &str), columns: usize) -> Vec<Said> {
    let place = table.columns.iter().position(|name| name == chosen);
    let rows = place.map_or_else(|| table.rows.iter().collect(), |place| order.rows(table, place));
    let head = |name: &String| clean(&if name == chosen { order.sign().to_owned() + name } else { name.clone() });
    let heads: Vec<String> = table.columns.iter().map(head).collect();
    let title = format!("printed in {}: {}", table.source, table.title);
    let mut lines: Vec<Said> = say(Tone::Head, &clean(&title), columns).collect();
    let widths: Vec<usize> = table.columns.iter().map(|name| (width(name) + 2).max(8)).collect();
    let fits = NAME + widths.iter().sum::<usize>() + ARMS <= columns;
    if fits {
        let names = heads.iter().zip(&widths).map(|(name, &width)| pad_left(name, width));
        lines.push((Tone::Dim, pad("row", NAME) + &names.collect::<String>() + "  arms"));
    }
    for row in rows {
        match fits {
            true => lines.push(in_columns(row, &widths, columns)),
            false => lines.extend(in_words(row, &heads, columns)),
        }
        for (certainty, text) in &row.verdicts {
            let tone = if *certainty <= Certainty::Implausible { Tone::Warning } else { Tone::Dim };
            lines.extend(say(tone, &format!("{}: {}", certainty.name(), clean(text)), columns));
        }
    }
    let apart = format!("protocols not comparable because {}", table.apart.join("; "));
    lines.extend(say(Tone::Warning, &clean(&apart), columns).filter(|_| !table.apart.is_empty()));
    for (certainty, text) in &table.caveats {
        lines.extend(say(Tone::Dim, &format!("{}: {}", certainty.name(), clean(text)), columns));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[&str], rows: &[(&str, &[&str])]) -> PrintedTable {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let row = |(name, cells): &(&str, &[&str])| PrintedRow {
            name: (*name).to_owned(),
            cells: texts(cells),
            arms: vec!["arm".to_owned()],
            verdicts: Vec::new(),
        };
        PrintedTable {
            source: "P1 Table 1".to_owned(),
            title: "models".to_owned(),
            columns: texts(columns),
            rows: rows.iter().map(row).collect(),
            apart: Vec::new(),
            caveats: Vec::new(),
        }
    }

    #[test]
    fn rows_are_sorted_by_the_chosen_column_in_the_tables_that_have_it() {
        let models = table(&["DSC", "HD"], &[("a", &["0.8 ± 0.1", "9"]), ("b", &["–", "12.5"]), ("c", &["0.91", "7"])]);
        let tables = [models, table(&["HD"], &[("d", &["5"]), ("e", &["6"])])];
        let shown = |order: Order, columns: usize| -> String {
            let lines = lines(&tables, order, columns);
            let first = |(_, line): &Said| line.chars().next().filter(|c| ('a'..='e').contains(c));
            lines.iter().filter_map(first).collect()
        };
        let mut order = Order::default();
        assert_eq!(shown(order, 80), "abcde");
        order.sort();
        assert_eq!((shown(order, 80), shown(order, 40)), ("cabde".into(), "cabde".into()), "what lacks it comes last");
        order.choose(Direction::Forward, &tables);
        assert_eq!(shown(order, 80), "baced");
        order.turn();
        assert_eq!(shown(order, 80), "cabde");
        assert!(lines(&tables, order, 80).iter().any(|(_, line)| line.contains("▲HD")));
        order.choose(Direction::Forward, &tables);
        order.sort();
        assert_eq!(shown(order, 80), "abcde", "the last column stays, in the order of the paper");
    }
}
