//! A document as Markdown and as LaTeX.

use std::fmt::Write;

use super::Document;
use super::layout::{PROVENANCE, Reach, Section};
use crate::markup;
use crate::report::grid::Grid;

const PREAMBLE: &str = "% Needs \\usepackage{booktabs} and \\usepackage{graphicx}; \\input this file.\n";

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
        format!("The CSV and JSON files beside this one have intervals, tests and ranks of {}.", shown.join(", "))
    }
}

fn written(sections: &[Section]) -> String {
    let grids =
        |section: &Section| section.grids.iter().map(|grid| format!("\n{}", grid.markdown())).collect::<String>();
    sections.iter().map(|section| format!("\n## {}\n{}", section.title, grids(section))).collect()
}

/// One float; a table wider than the line is made smaller.
fn tex(grid: &Grid) -> String {
    let (words, numbers) = (grid.left.min(grid.header.len()), grid.header.len().saturating_sub(grid.left));
    let row = |cells: &[String]| cells.iter().map(|cell| markup::tex(cell)).collect::<Vec<_>>().join(" & ");
    let mut out = format!(
        "\\begin{{table}}[htbp]\n\\centering\\small\n\\caption{{{}}}\n\
         \\resizebox{{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}}{{!}}{{%\n\
         \\begin{{tabular}}{{{}{}}}\n\\toprule\n{} \\\\\n\\midrule\n",
        markup::tex(&grid.title),
        "l".repeat(words),
        "r".repeat(numbers),
        row(&grid.header)
    );
    grid.rows.iter().for_each(|cells| out += &format!("{} \\\\\n", row(cells)));
    out += "\\bottomrule\n\\end{tabular}}\n";
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
}
