//! A published table beside ours as a table.

use super::{Beside, BesideRow};
use crate::audit::Certainty;
use crate::metric::Task;
use crate::report::grid::Grid;
use crate::report::render::number;
use crate::report::{range, signed};

const NO_INTERVAL: &str = "BCa –: none over test cases for numbers of training, nor where resamples are not on both sides, as of equal cases\n";

impl Beside {
    /// With `label` as the name of each arm.
    pub(in crate::report::document) fn grid(&self, task: Task, label: &dyn Fn(&str) -> String) -> Grid {
        let header = ["Row", "Arm", "Column", "Published", "Ours", "BCa", "n", "Difference", "Auditor"];
        Grid {
            title: format!("{}: {}", self.source, self.title),
            header: header.map(str::to_owned).to_vec(),
            rows: self.rows.iter().map(|row| row.cells(task, label(&row.arm))).collect(),
            left: 3,
            notes: self.why_apart() + &self.why_missing() + self.why_no_interval() + &self.findings(),
        }
    }

    fn why_apart(&self) -> String {
        let mut notes = match self.comparable {
            true => "comparable: the same data and protocol\n".to_owned(),
            false => "not comparable: a difference is no measure of the networks alone\n".to_owned(),
        };
        self.apart.iter().for_each(|reason| notes += &format!("- {reason}\n"));
        if !self.no_arm.is_empty() {
            notes += &format!("no arm: {}\n", self.no_arm.join(", "));
        }
        notes
    }

    /// A line for each reason that a column has, with the arms if it is not so for all.
    fn why_missing(&self) -> String {
        let mut reasons: Vec<(&str, &str)> = Vec::new();
        let of_row = |row: &BesideRow| Some((row.column.clone(), row.missing.clone()?));
        for row in &self.rows {
            let own = row.missing.as_deref().map(|reason| (&*row.column, reason));
            reasons.extend(own.filter(|own| !reasons.contains(own)));
        }
        let line = |(column, reason): &(&str, &str)| {
            let is = |row: &&BesideRow| of_row(row).is_some_and(|(a, b)| (&*a, &*b) == (*column, *reason));
            let arms: Vec<&str> = self.rows.iter().filter(is).map(|row| &*row.arm).collect();
            let of_column = self.rows.iter().filter(|row| row.column == *column).count();
            let whose = if arms.len() < of_column { format!(" ({})", arms.join(", ")) } else { String::new() };
            format!("– beside {column}{whose}: {reason}\n")
        };
        reasons.iter().map(line).collect()
    }

    fn why_no_interval(&self) -> &'static str {
        let has_none = |row: &BesideRow| row.ours.is_some() && row.bca.is_none();
        if self.rows.iter().any(has_none) { NO_INTERVAL } else { "" }
    }

    fn findings(&self) -> String {
        let of_table = self.findings.iter().map(|(certainty, message)| format!("{}: {message}", certainty.name()));
        let of_rows = first_of_each(&self.rows).flat_map(|row| {
            let line =
                |(certainty, message): &(Certainty, String)| format!("{}, {}: {message}", row.row, certainty.name());
            row.findings.iter().map(line)
        });
        of_table.chain(of_rows).map(|line| format!("auditor, {line}\n")).collect()
    }
}

fn first_of_each(rows: &[BesideRow]) -> impl Iterator<Item = &BesideRow> {
    rows.iter().enumerate().filter(|(i, row)| rows[..*i].iter().all(|other| other.row != row.row)).map(|(_, row)| row)
}

impl BesideRow {
    fn cells(&self, task: Task, arm: String) -> Vec<String> {
        let dash = || "–".to_owned();
        let metric = self.metric(task);
        let value = |value: f64| metric.map_or_else(|| format!("{value:.3}"), |metric| number(metric, Some(value)));
        let difference = |value: f64| metric.map_or_else(|| format!("{value:+.3}"), |metric| signed(metric, value));
        let verdict = self.findings.first().map_or("nothing found", |(certainty, _)| certainty.name());
        vec![
            self.row.clone(),
            arm,
            self.column.clone(),
            self.printed.clone(),
            self.ours.map_or_else(dash, value),
            metric.zip(self.bca).map_or_else(dash, |(metric, own)| range(metric, Some(own))),
            self.cases(),
            self.difference.map_or_else(dash, difference),
            verdict.to_owned(),
        ]
    }

    /// `16, 8 undefined`.
    fn cases(&self) -> String {
        match (self.n, self.undefined) {
            (None, _) => "–".to_owned(),
            (Some(n), None | Some(0)) => n.to_string(),
            (Some(n), Some(undefined)) => format!("{n}, {undefined} undefined"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(arm: &str, column: &str, missing: Option<&str>) -> BesideRow {
        BesideRow {
            row: arm.to_owned(),
            arm: arm.to_owned(),
            column: column.to_owned(),
            printed: "0.5".to_owned(),
            published: 0.5,
            metric: None,
            ours: missing.is_none().then_some(0.25),
            bca: None,
            n: None,
            undefined: None,
            difference: missing.is_none().then_some(-0.25),
            missing: missing.map(str::to_owned),
            findings: Vec::new(),
        }
    }

    #[test]
    fn every_dash_says_why_once_and_for_whom() {
        let rows = vec![
            row("a", "x", Some("lost")),
            row("b", "x", None),
            row("a", "y", Some("no")),
            row("b", "y", Some("no")),
        ];
        let table = Beside {
            source: "P".into(),
            title: "t".into(),
            comparable: true,
            apart: Vec::new(),
            findings: Vec::new(),
            no_arm: Vec::new(),
            rows,
        };
        let grid = table.grid(Task::Segmentation, &str::to_owned);
        let lines: Vec<&str> = grid.notes.lines().filter(|line| line.starts_with('–')).collect();
        assert_eq!(lines, ["– beside x (a): lost", "– beside y: no"]);
        assert_eq!(grid.rows[1][4..8], ["0.250", "–", "–", "-0.250"].map(str::to_owned));
        assert_eq!(grid.notes.matches("BCa –: none over test cases").count(), 1);
    }

    #[test]
    fn a_number_says_on_how_many_cases_it_stands() {
        let of = |n, undefined| BesideRow { n, undefined, ..row("a", "x", None) }.cases();
        assert_eq!([of(Some(16), Some(8)), of(Some(24), Some(0)), of(None, None)], ["16, 8 undefined", "24", "–"]);
    }
}
