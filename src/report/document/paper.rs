//! A document as Markdown and as LaTeX.

use std::fmt::Write;

use super::Document;
use super::layout::{PROVENANCE, Reach, Section};
use crate::markup;
use crate::report::grid::Grid;

const PREAMBLE: &str = "% Needs \\usepackage{booktabs}, \\usepackage{float}, \\usepackage{graphicx} and \\usepackage{longtable}; \\input this file.\n";
/// Rows and lines of notes that a float has room for; a page cuts off what is below.
const FLOAT_LINES: usize = 36;
/// Letters of a row that can be read where a table is made as narrow as a line; what is wider goes on below.
const READABLE: usize = 120;
/// A long table that is wider than the line stands out to both sides, not to the right alone.
const GLUE: &str = "\\LTleft=0pt plus 1fill minus 1fill\\LTright=\\LTleft";
/// Letters of a line of notes.
const LINE: usize = 100;

impl Document {
    /// For a README or an issue.
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n", self.spec);
        for warning in self.warnings() {
            let _ = write!(out, "\n**{warning}**\n");
        }
        out += &written(&self.on_paper().collect::<Vec<_>>());
        out + "\n" + &self.elsewhere() + "\n"
    }

    /// What follows from the scores, without what made it.
    pub(super) fn tables(&self) -> String {
        let warnings: String = self.warnings().iter().map(|warning| format!("\n**{warning}**\n")).collect();
        let sections: Vec<Section> = self.on_paper().filter(|section| section.title != PROVENANCE).collect();
        warnings + &written(&sections)
    }

    /// Tables with booktabs, to be read into a document.
    pub fn tex(&self) -> String {
        let mut out = format!("% {}\n{PREAMBLE}", markup::tex(&self.spec).replace('\n', " "));
        for grid in self.on_paper().flat_map(|section| section.grids) {
            let _ = write!(out, "\n{}", tex(&grid));
        }
        out
    }

    fn on_paper(&self) -> impl Iterator<Item = Section> {
        self.sections().into_iter().filter(|section| section.reach == Reach::Everywhere)
    }

    fn elsewhere(&self) -> String {
        let shown: Vec<&str> = self.task.metrics().iter().map(|metric| metric.name).collect();
        let subjects = if self.subjects.is_empty() { "" } else { ", and -subjects.csv every subject of every arm" };
        format!(
            "The CSV and JSON files beside this one have intervals, tests and ranks of {}{subjects}.",
            shown.join(", ")
        )
    }
}

fn written(sections: &[Section]) -> String {
    let grids =
        |section: &Section| section.grids.iter().map(|grid| format!("\n{}", grid.markdown())).collect::<String>();
    sections.iter().map(|section| format!("\n## {}\n{}", section.title, grids(section))).collect()
}

fn tex(grid: &Grid) -> String {
    let notes: usize = grid.notes.lines().map(|line| line.chars().count().div_ceil(LINE)).sum();
    let parts = grid.parts(READABLE);
    let rows: usize = parts.iter().map(|part| part.rows.len() + 1).sum();
    if rows + notes > FLOAT_LINES { long(grid, &parts) } else { float(grid, &parts) }
}

/// Over as many pages as it takes, in smaller letters.
fn long(grid: &Grid, parts: &[Grid]) -> String {
    let mut out = format!("{{\\scriptsize\\setlength{{\\tabcolsep}}{{2pt}}{GLUE}%\n");
    for (place, part) in parts.iter().enumerate() {
        let head = format!("\\toprule\n{} \\\\\n\\midrule\n", row(&part.header));
        let (number, more) = if place == 0 { ("", "") } else { ("\\addtocounter{table}{-1}\n", ", further columns") };
        let _ = write!(
            out,
            "{number}\\begin{{longtable}}{{{}}}\n\\caption{{{}{more}}}\\\\\n\
             {head}\\endfirsthead\n{head}\\endhead\n\\bottomrule\n\\endfoot\n",
            columns(part),
            markup::tex(&grid.title)
        );
        part.rows.iter().for_each(|cells| out += &format!("{} \\\\\n", row(cells)));
        out += "\\end{longtable}\n";
    }
    let notes: Vec<String> = grid.notes.lines().map(markup::tex).collect();
    if !notes.is_empty() {
        let _ = write!(out, "\n\\noindent\\raggedright {}\\par\n", notes.join("\\\\\n"));
    }
    out + "}\n"
}

/// Columns of words to the left, of numbers to the right.
fn columns(grid: &Grid) -> String {
    let words = grid.left.min(grid.header.len());
    "l".repeat(words) + &"r".repeat(grid.header.len() - words)
}

fn row(cells: &[String]) -> String {
    cells.iter().map(|cell| markup::tex(cell)).collect::<Vec<_>>().join(" & ")
}

/// One float of all parts, at its place ([H]), since long tables would overtake it; what is wider than the line is made
/// smaller.
fn float(grid: &Grid, parts: &[Grid]) -> String {
    let mut out = format!("\\begin{{table}}[H]\n\\centering\\small\n\\caption{{{}}}\n", markup::tex(&grid.title));
    for (place, part) in parts.iter().enumerate() {
        let below = if place == 0 { "" } else { "\n\\medskip\n" };
        let _ = write!(
            out,
            "{below}\\resizebox{{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}}{{!}}{{%\n\
             \\begin{{tabular}}{{{}}}\n\\toprule\n{} \\\\\n\\midrule\n",
            columns(part),
            row(&part.header)
        );
        part.rows.iter().for_each(|cells| out += &format!("{} \\\\\n", row(cells)));
        out += "\\bottomrule\n\\end{tabular}}\n";
    }
    let notes: Vec<String> = grid.notes.lines().map(markup::tex).collect();
    if !notes.is_empty() {
        let _ = write!(out, "\n\\smallskip\\raggedright\\footnotesize {}\n", notes.join("\\\\\n"));
    }
    out + "\\end{table}\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_a_float_with_rules_and_escaped_cells() {
        let cells = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let (header, rows) = (cells(["Arm", "DSC"]), vec![cells(["a_b", "0.5 … 0.6"])]);
        let grid = Grid { title: "5 %".into(), header, rows, left: 1, notes: "n & m\n".into() };
        let text = tex(&grid);
        assert!(text.contains("\\caption{5 \\%}") && text.contains("\\begin{tabular}{lr}"), "{text}");
        assert!(text.contains("\\midrule\na\\_b & 0.5 \\,\\ldots\\, 0.6 \\\\\n\\bottomrule"), "{text}");
        assert!(text.contains("\\footnotesize n \\& m"), "{text}");
    }

    #[test]
    fn a_table_too_wide_to_be_read_goes_on_below_under_one_number() {
        let cells = |name: &str| (0..9).map(|i| format!("{name} {i} {}", "x".repeat(20))).collect::<Vec<_>>();
        let of = |rows| {
            tex(&Grid {
                title: "T".into(),
                header: cells("head"),
                rows: vec![cells("cell"); rows],
                left: 1,
                ..Grid::default()
            })
        };
        let (few, many) = (of(2), of(30));
        assert_eq!((few.matches("\\begin{tabular}").count(), few.matches("\\caption{T}").count()), (3, 1), "{few}");
        // The words stand in every part, every number in one.
        assert_eq!((few.matches("cell 0 ").count(), few.matches("cell 8 ").count()), (2 * 3, 2), "{few}");
        assert_eq!(many.matches("\\begin{longtable}").count(), many.matches("table}{-1}").count() + 1, "{many}");
        assert_eq!(many.matches("T, further columns").count(), many.matches("table}{-1}").count(), "{many}");
    }

    #[test]
    fn a_table_longer_than_a_page_goes_on_over_pages() {
        let cells = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let rows = |n| vec![cells(["a_b", "0.5"]); n];
        let of = |n, notes: String| {
            tex(&Grid { title: "5 %".into(), header: cells(["Arm", "DSC"]), rows: rows(n), left: 1, notes })
        };
        let text = of(100, "n & m\nmore\n".into());
        assert!(text.contains("\\begin{longtable}{lr}\n\\caption{5 \\%}\\\\\n\\toprule\nArm & DSC \\\\"), "{text}");
        assert_eq!((text.matches("a\\_b & 0.5").count(), text.matches("table}").count()), (100, 2), "{text}");
        assert_eq!(text.matches('{').count(), text.matches('}').count(), "{text}");
        assert!(text.contains("n \\& m\\\\\nmore\\par"), "{text}");
        assert!(of(3, "x".repeat(5000)).contains("longtable") && !of(3, String::new()).contains("longtable"));
    }
}
