//! Rows and tables as text for the clipboard: one line a row, tabs between the cells, numbers in full.

use super::arms::Arms;
use super::field::Field;
use super::row::{Part, Row};
use super::text::clean;
use crate::report::ArmRow;

/// Terminals refuse longer texts, some of them without a word.
const LIMIT_BYTES: usize = 100_000;

/// Columns of a copied run; then what the score is, and every metric that is known of any run.
const COLUMNS: [&str; 12] =
    ["run", "spec", "arm", "model", "loss", "fold", "seed", "state", "epoch", "epochs", "device", "score"];

/// A text, and what to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Whole lines, at most 100 KB.
    pub text: String,
    /// What was copied.
    pub notice: String,
}

/// One run.
pub fn run(row: &Row) -> Copied {
    let metrics: Vec<&str> = row.metrics.iter().map(|(name, _)| *name).collect();
    let text = run_head(&metrics) + "\n" + &run_line(row, &metrics) + "\n";
    Copied { text, notice: format!("copied the row of {} and its head", row.arm) }
}

/// Runs, with a head.
pub fn runs<'a>(rows: impl Iterator<Item = &'a Row> + Clone) -> Option<Copied> {
    let mut metrics: Vec<&str> = Vec::new();
    for (name, _) in rows.clone().flat_map(|row| &row.metrics) {
        if !metrics.contains(name) {
            metrics.push(name);
        }
    }
    table(run_head(&metrics), rows.map(|row| run_line(row, &metrics)).collect())
}

/// The arm at `place` of the comparison's order, with a head.
pub fn arm(arms: &Arms, place: usize) -> Option<Copied> {
    let row = arms.rows().nth(place)?;
    let text = format!("{}\n{}\n", arm_head(arms), arm_line(arms, row));
    Some(Copied { text, notice: format!("copied the row of {} and its head", clean(&row.label())) })
}

/// The comparison, with a head.
pub fn arms(arms: &Arms) -> Option<Copied> {
    table(arm_head(arms), arms.rows().map(|row| arm_line(arms, row)).collect())
}

fn table(head: String, lines: Vec<String>) -> Option<Copied> {
    let (mut text, mut kept) = (head + "\n", 0);
    for line in &lines {
        if text.len() + line.len() + 1 > LIMIT_BYTES {
            break;
        }
        text = text + line + "\n";
        kept += 1;
    }
    let notice = match lines.len() {
        0 => return None,
        all if kept < all => format!("copied the first {kept} of {all} rows: no more than {} KB", LIMIT_BYTES / 1000),
        1 => "copied 1 row and its head".to_owned(),
        all => format!("copied {all} rows and their head"),
    };
    Some(Copied { text, notice })
}

fn run_head(metrics: &[&str]) -> String {
    COLUMNS.iter().chain(&["scored"]).chain(metrics).copied().collect::<Vec<_>>().join("\t")
}

fn run_line(row: &Row, metrics: &[&str]) -> String {
    let of = |name: &&str| Field::named(name).map(|field| clean(&field.text(row))).unwrap_or_default();
    let scored = match row.score.map(|score| score.part) {
        Some(Part::Test) => "test",
        Some(Part::Valid) => "valid",
        None => "",
    };
    let cells = COLUMNS.iter().map(of).chain([scored.to_owned()]).chain(metrics.iter().map(of));
    cells.collect::<Vec<_>>().join("\t")
}

fn arm_head(arms: &Arms) -> String {
    let fixed = ["arm", "model", "loss", "params", "finished", "runs", "n"].map(str::to_owned);
    let metrics = arms.metrics().flat_map(|metric| [metric.name.to_owned(), format!("{} undefined", metric.name)]);
    fixed.into_iter().chain(metrics).collect::<Vec<_>>().join("\t")
}

fn arm_line(arms: &Arms, row: &ArmRow) -> String {
    let numbers = [row.params, row.finished as u64, row.runs as u64, row.cases() as u64].map(|n| n.to_string());
    let values = arms.metrics().flat_map(|metric| {
        let value = row.value(metric);
        [value.mean.map_or(String::new(), |mean| mean.to_string()), value.undefined.to_string()]
    });
    let names = [clean(&row.label()), clean(&row.model), clean(&row.loss)];
    names.into_iter().chain(numbers).chain(values).collect::<Vec<_>>().join("\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(i: usize) -> Row {
        let metrics = if i == 0 { vec![("dsc", 0.1 + 0.2)] } else { vec![("hd95_px", 3.0)] };
        Row { name: format!("s/r{i}"), arm: clean("a\tb\u{1b}\n"), fold: i, metrics, ..Row::default() }
    }

    #[test]
    fn every_line_has_the_heads_cells_and_numbers_are_whole() {
        let rows = [row(0), row(1)];
        let copied = runs(rows.iter()).expect("two rows");
        let cells: Vec<Vec<&str>> = copied.text.lines().map(|line| line.split('\t').collect()).collect();
        assert_eq!(cells.iter().map(Vec::len).collect::<Vec<_>>(), [15, 15, 15]);
        let dsc = cells[0].iter().position(|head| *head == "dsc").expect("a column");
        assert_eq!((cells[1][dsc], cells[2][dsc]), ("0.30000000000000004", ""));
        assert!(!copied.text.contains('\u{1b}'));
    }

    #[test]
    fn a_long_table_ends_with_a_whole_line_and_says_so() {
        let rows: Vec<Row> = (0..5000).map(row).collect();
        let copied = runs(rows.iter()).expect("rows");
        assert!(copied.text.len() <= LIMIT_BYTES && copied.text.ends_with('\n'));
        let kept = copied.text.lines().count() - 1;
        assert!(
            kept < 5000 && copied.notice.starts_with(&format!("copied the first {kept} of 5000")),
            "{}",
            copied.notice
        );
        assert_eq!(runs(rows[..0].iter()), None);
    }
}
