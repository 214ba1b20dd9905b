//! A table with a title and notes, for a terminal and for Markdown.

use std::fmt::Write;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use unicode_width::UnicodeWidthStr;

use crate::markup;

/// Spaces around a cell.
const PADDING: usize = 2;

/// Rows of text; the first `left` columns are aligned to the left, numbers to the right.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    /// Above the table.
    pub title: String,
    /// Column heads.
    pub header: Vec<String>,
    /// As many cells as heads.
    pub rows: Vec<Vec<String>>,
    /// Columns of words, at the left.
    pub left: usize,
    /// Below the table, lines that end with a newline; may be empty.
    pub notes: String,
}

impl Grid {
    /// For a terminal of `columns`; a wider table goes on below itself, its words repeated.
    pub fn text(&self, columns: usize) -> String {
        let tables: Vec<String> = self.chunks(columns).iter().map(|shown| self.part(shown).table()).collect();
        format!("{}\n{}\n{}", self.title, tables.join("\n"), self.notes)
    }

    /// The same rows in as few tables of at most `columns` as there can be, about equally wide; the words are in all of
    /// them.
    pub(super) fn parts(&self, columns: usize) -> Vec<Self> {
        let fewest = self.chunks(columns);
        let narrower = (1..columns).rev().map(|columns| self.chunks(columns));
        let even = narrower.take_while(|chunks| chunks.len() == fewest.len()).last().unwrap_or(fewest);
        even.iter().map(|shown| self.part(shown)).collect()
    }

    /// The columns at these places.
    fn part(&self, shown: &[usize]) -> Self {
        let pick = |cells: &[String]| shown.iter().map(|&place| cells[place].clone()).collect();
        let rows = self.rows.iter().map(|row| pick(row)).collect();
        Self { title: self.title.clone(), header: pick(&self.header), rows, left: self.left, notes: String::new() }
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.header.clone()).add_rows(self.rows.clone());
        for column in table.column_iter_mut().skip(self.left) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.to_string()
    }

    /// Places of the columns of each part that fits; the words are in all of them.
    fn chunks(&self, columns: usize) -> Vec<Vec<usize>> {
        let width = |place: usize| {
            let cells = std::iter::once(&self.header).chain(&self.rows).map(|row| row[place].width());
            cells.max().unwrap_or(0) + PADDING
        };
        let words: Vec<usize> = (0..self.left.min(self.header.len())).collect();
        let taken: usize = words.iter().map(|&place| width(place)).sum();
        let mut chunks = vec![words.clone()];
        let mut used = taken;
        for place in words.len()..self.header.len() {
            let full = used + width(place) > columns;
            match chunks.last_mut() {
                Some(chunk) if !full || chunk.len() == words.len() => chunk.push(place),
                _ => {
                    chunks.push([&words[..], &[place]].concat());
                    used = taken;
                }
            }
            used += width(place);
        }
        chunks
    }

    /// For a README.
    pub fn markdown(&self) -> String {
        let row = |cells: &[String]| cells.iter().map(|cell| markup::cell(cell)).collect::<Vec<_>>().join(" | ");
        let mut out = format!("{}\n\n| {} |\n", self.title, row(&self.header));
        let (words, numbers) = (self.left.min(self.header.len()), self.header.len().saturating_sub(self.left));
        let _ = writeln!(out, "|{}{}", " --- |".repeat(words), " ---: |".repeat(numbers));
        for cells in &self.rows {
            let _ = writeln!(out, "| {} |", row(cells));
        }
        if !self.notes.is_empty() {
            let _ = write!(out, "\n{}", self.notes);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let rows = vec![row(["an arm", "0.1", "0.2", "0.3"])];
        Grid { title: "Title".to_owned(), header: row(["Arm", "A", "B", "C"]), rows, left: 1, notes: String::new() }
    }

    #[test]
    fn a_wide_table_goes_on_below_itself() {
        assert_eq!(grid().text(usize::MAX).lines().count(), 3);
        // 8 columns for the arm and 5 for each number
        let text = grid().text(18);
        assert_eq!(text.lines().count(), 1 + 2 * 2, "{text}");
        assert!(text.lines().all(|line| line.width() <= 18) && text.contains("0.3"), "{text}");
    }

    #[test]
    fn parts_are_about_equally_wide() {
        let heads = |columns| grid().parts(columns).iter().map(|part| part.header.join(" ")).collect::<Vec<_>>();
        assert_eq!(heads(23), ["Arm A B C"]);
        let wide = Grid {
            header: ["Arm", "A", "B", "C", "D"].map(str::to_owned).to_vec(),
            rows: vec![["an arm", "0.1", "0.2", "0.3", "0.4"].map(str::to_owned).to_vec()],
            ..grid()
        };
        // Three would fit into the first.
        assert_eq!(wide.parts(23).iter().map(|part| part.header.len()).collect::<Vec<_>>(), [3, 3]);
    }

    #[test]
    fn no_width_is_too_small_for_a_number() {
        assert_eq!(grid().text(0).matches("an arm").count(), 3);
    }
}
