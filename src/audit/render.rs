//! Findings as text of 80 columns, Markdown or JSON.

use std::fmt::Write;

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::{Certainty, Finding, Published, Table};

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a terminal of 80 columns.
    Text,
    /// For a README.
    Markdown,
    /// The contract; see [`render`].
    Json,
}

/// Version of the JSON output.
const SCHEMA: u32 = 1;
const COLUMNS: usize = 80;

/// Findings in `format`, ending with a newline. JSON is
/// `{"schema": 1, "tables": [{"id", "title", "source", "rows", "findings"}], "findings": [{"table", "row", "kind",
/// "certainty", "numbers": [{"column", "printed"}], "readings": [{"reading", "verdict"}], "message", "source"}]}`:
/// `rows` and a table's `findings` are numbers of them; `table` and `row` are null where a finding is of neither;
/// `kind` is row, balance, mean_row, grain, repeat, conflict, count, sum or doubt; `certainty` is impossible (proven),
/// implausible (against the rule in the message), conditional (true under some readings only) or remark (read, not
/// computed); `verdict` is possible, implausible or impossible. Keys may be added within schema 1.
pub fn render(published: &Published, findings: &[Finding], format: Format) -> String {
    match format {
        Format::Text => text(published, findings),
        Format::Markdown => markdown(published, findings),
        Format::Json => json(published, findings),
    }
}

/// In the order in which they are shown.
const SECTIONS: &[(Certainty, &str, &str)] = &[
    (
        Certainty::Impossible,
        "Impossible",
        "proven: no confusion matrix, and no set of them averaged, gives the numbers",
    ),
    (Certainty::Implausible, "Implausible", "not proven, but against a rule"),
    (Certainty::Conditional, "Conditional", "possible under some readings only"),
    (Certainty::Remark, "Remarks", "of a reader; not computed"),
];

/// What "tumour larger than its background" findings rest on, said once.
const RULE: &str = "Implausible in a row: only with a tumour that covers more than half of an image.";

fn text(published: &Published, findings: &[Finding]) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", summary(published, findings));
    for (certainty, title, about) in SECTIONS {
        let own: Vec<&Finding> = findings.iter().filter(|f| f.certainty == *certainty).collect();
        if own.is_empty() {
            continue;
        }
        out += "\n";
        wrap(&mut out, &format!("{}: {about}", title.to_uppercase()), 0);
        if *certainty == Certainty::Implausible {
            wrap(&mut out, RULE, 0);
        }
        for finding in own {
            out += "\n";
            wrap(&mut out, &head(finding), 0);
            if finding.row.is_some() && !finding.numbers.is_empty() {
                wrap(&mut out, &printed(finding), 4);
            }
            wrap(&mut out, &finding.message, 4);
        }
    }
    out
}

fn markdown(published: &Published, findings: &[Finding]) -> String {
    let mut out = format!("{}\n", summary(published, findings));
    for (certainty, title, about) in SECTIONS {
        let own: Vec<&Finding> = findings.iter().filter(|f| f.certainty == *certainty).collect();
        if own.is_empty() {
            continue;
        }
        let rule = if *certainty == Certainty::Implausible { format!(". {RULE}") } else { String::new() };
        let _ = write!(out, "\n## {title}: {about}{rule}\n\n| where | numbers | what |\n| --- | --- | --- |\n");
        for finding in own {
            let cells = [head(finding), printed(finding), finding.message.clone()].map(|cell| cell.replace('|', "\\|"));
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
    }
    out
}

#[derive(Serialize)]
struct Contract<'a> {
    schema: u32,
    tables: Vec<TableRow<'a>>,
    findings: &'a [Finding],
}

#[derive(Serialize)]
struct TableRow<'a> {
    id: &'a str,
    title: &'a str,
    source: &'a str,
    rows: usize,
    findings: usize,
}

impl<'a> TableRow<'a> {
    fn of(table: &'a Table, findings: usize) -> Self {
        Self { id: &table.id, title: &table.title, source: &table.source, rows: table.rows.len(), findings }
    }
}

fn json(published: &Published, findings: &[Finding]) -> String {
    let count = |id: &str| findings.iter().filter(|f| f.table.as_deref() == Some(id)).count();
    let contract = Contract {
        schema: SCHEMA,
        tables: published.tables.iter().map(|table| TableRow::of(table, count(&table.id))).collect(),
        findings,
    };
    serde_json::to_string_pretty(&contract).expect("numbers and strings") + "\n"
}

fn summary(published: &Published, findings: &[Finding]) -> String {
    let rows: usize = published.tables.iter().map(|table| table.rows.len()).sum();
    let count = |certainty| findings.iter().filter(|f| f.certainty == certainty).count();
    let counts: Vec<String> = SECTIONS
        .iter()
        .map(|(certainty, title, _)| format!("{} {}", count(*certainty), title.to_lowercase()))
        .collect();
    format!("{} tables, {rows} rows: {}", published.tables.len(), counts.join(", "))
}

fn head(finding: &Finding) -> String {
    match &finding.row {
        Some(row) => format!("{}, {row}", finding.source),
        None => finding.source.clone(),
    }
}

fn printed(finding: &Finding) -> String {
    let numbers: Vec<String> = finding.numbers.iter().map(|n| format!("{} {}", n.column, n.printed)).collect();
    numbers.join(", ")
}

/// Lines of at most [`COLUMNS`], broken at spaces; a longer word stands alone, cut.
fn wrap(out: &mut String, text: &str, indent: usize) {
    let room = COLUMNS - indent;
    let mut line = String::new();
    let mut flush = |line: &mut String| {
        let _ = writeln!(out, "{:indent$}{line}", "");
        line.clear();
    };
    for word in text.split_whitespace().flat_map(|word| pieces(word, room)) {
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            flush(&mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += &word;
    }
    flush(&mut line);
}

/// No character is wider than two columns.
fn pieces(word: &str, room: usize) -> Vec<String> {
    if word.width() <= room {
        return vec![word.to_owned()];
    }
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(room / 2).map(|piece| piece.iter().collect()).collect()
}
