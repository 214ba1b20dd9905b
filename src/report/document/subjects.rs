//! Means over the cases of each subject: what a reader asks who thinks of patients, not of slices.
//! Knows scores; that a published table has other patients, and pairs no row with them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Document;
use super::beside::{metric_name, source_of};
use super::layout::plain;
use crate::audit::Table;
use crate::metric::{CaseScore, Metric, Task, metric};
use crate::report::grid::Grid;
use crate::report::scores::ArmScores;
use crate::report::{csv_of, number};

/// What P2 Table 2 prints of each patient.
const SHOWN: [&str; 3] = ["dsc", "precision", "specificity"];
/// Rows of a table; the file of subjects has all.
const MOST_ROWS: usize = 60;
/// Columns of a table of several arms.
const MOST_ARMS: usize = 12;

/// One arm's subjects, by name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArmSubjects {
    /// Name in the spec.
    pub arm: String,
    /// Those with test cases.
    pub subjects: Vec<SubjectMeans>,
}

/// One subject.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubjectMeans {
    /// Its name in the data set.
    pub subject: String,
    /// Test cases; one that several runs scored counts once.
    pub cases: usize,
    /// By metric, over the cases where it is defined; `null` where it is in none.
    pub means: BTreeMap<&'static str, Option<f64>>,
}

/// Of all arms; nothing where no arm has more cases than subjects, since its cases are its subjects.
pub(super) fn by_subject(arms: &[ArmScores]) -> Vec<ArmSubjects> {
    let all: Vec<ArmSubjects> = arms.iter().map(ArmSubjects::of).collect();
    let several = all.iter().flat_map(|arm| &arm.subjects).any(|own| own.cases > 1);
    if several { all } else { Vec::new() }
}

impl ArmSubjects {
    fn of(arm: &ArmScores) -> Self {
        let mut by_name: BTreeMap<&str, BTreeMap<&str, Vec<&CaseScore>>> = BTreeMap::new();
        for score in arm.runs.iter().flat_map(|run| &run.scores) {
            by_name.entry(&score.subject).or_default().entry(&score.case).or_default().push(score);
        }
        let of = |(subject, cases): (&str, BTreeMap<&str, Vec<&CaseScore>>)| SubjectMeans {
            subject: subject.to_owned(),
            cases: cases.len(),
            means: shown().map(|metric| (metric.name, mean_over(cases.values(), metric))).collect(),
        };
        Self { arm: arm.arm.clone(), subjects: by_name.into_iter().map(of).collect() }
    }

    fn values(&self, metric: &Metric) -> Vec<f64> {
        let mut values: Vec<f64> = self.subjects.iter().filter_map(|own| own.value(metric)).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    fn find(&self, subject: &str) -> Option<&SubjectMeans> {
        let place = self.subjects.binary_search_by(|own| own.subject.as_str().cmp(subject)).ok()?;
        self.subjects.get(place)
    }
}

impl SubjectMeans {
    fn value(&self, metric: &Metric) -> Option<f64> {
        self.means.get(metric.name).copied().flatten()
    }
}

fn shown() -> impl Iterator<Item = &'static Metric> {
    SHOWN.into_iter().filter_map(metric)
}

/// Over cases, of the mean over the runs that scored the case.
fn mean_over<'a>(cases: impl Iterator<Item = &'a Vec<&'a CaseScore>>, metric: &Metric) -> Option<f64> {
    let of_case = |runs: &Vec<&CaseScore>| mean(runs.iter().filter_map(|score| (metric.of)(score)));
    mean(cases.filter_map(of_case))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0usize), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / n as f64)
}

/// Of sorted values.
fn median(sorted: &[f64]) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    Some((sorted[last / 2] + sorted[last.div_ceil(2)]) / 2.0)
}

/// A column of the table of subjects.
struct Column<'a> {
    head: String,
    arm: &'a ArmSubjects,
    metric: &'static Metric,
}

impl Document {
    /// A row a subject, the worst first, and the range of published patients beside ours; none where cases are subjects.
    pub(super) fn one_by_one(&self) -> Vec<Grid> {
        if self.subjects.is_empty() { Vec::new() } else { [vec![self.each_subject()], self.other_patients()].concat() }
    }

    /// Each metric of one arm; of several, the first metric of each arm.
    fn columns(&self) -> Vec<Column<'_>> {
        match (&self.subjects[..], metric(SHOWN[0])) {
            ([arm], _) => shown().map(|metric| Column { head: metric.label.to_owned(), arm, metric }).collect(),
            (arms, Some(metric)) => {
                arms.iter().take(MOST_ARMS).map(|arm| Column { head: self.label(&arm.arm), arm, metric }).collect()
            }
            _ => Vec::new(),
        }
    }

    fn each_subject(&self) -> Grid {
        let columns = self.columns();
        let names = worst_first(&columns);
        let cells = |of: &dyn Fn(&Column) -> Option<f64>| {
            columns.iter().map(|column| number(column.metric, of(column))).collect::<Vec<_>>()
        };
        let row = |name: &&str| {
            let cases = columns.iter().filter_map(|column| column.arm.find(name)).map(|own| own.cases).max();
            let values = cells(&|column| column.arm.find(name)?.value(column.metric));
            [vec![plain(name), cases.unwrap_or(0).to_string()], values].concat()
        };
        let mut rows: Vec<Vec<String>> = names.iter().take(MOST_ROWS).map(row).collect();
        let means = cells(&|column| mean(column.arm.values(column.metric).into_iter()));
        rows.push([vec!["mean over subjects".to_owned(), String::new()], means].concat());
        let head = columns.iter().map(|column| column.head.clone());
        Grid {
            title: self.title_of_subjects(),
            header: ["Subject", self.head_of_cases()].map(str::to_owned).into_iter().chain(head).collect(),
            rows,
            left: 1,
            notes: self.notes_of_subjects(&columns, names.len()),
        }
    }

    /// Arms may have other test cases of a subject, and there is one column for all of them.
    fn head_of_cases(&self) -> &'static str {
        if self.subjects.len() > 1 { "Cases, at most" } else { "Cases" }
    }

    fn title_of_subjects(&self) -> String {
        let label = metric(SHOWN[0]).map_or(SHOWN[0], |metric| metric.label);
        match &self.subjects[..] {
            [arm] => format!("{}: mean over the test cases of each subject", self.label(&arm.arm)),
            _ => format!("{label}: mean over the test cases of each subject"),
        }
    }

    fn notes_of_subjects(&self, columns: &[Column], subjects: usize) -> String {
        let mut notes = "–: undefined in all its cases, or no test case of the arm\n".to_owned();
        if let Some(first) = columns.first() {
            notes = format!("the lowest {} of {} first\n{notes}", first.metric.label, first.arm.arm);
        }
        if subjects > MOST_ROWS {
            notes += &format!("{} subjects more are not shown\n", subjects - MOST_ROWS);
        }
        if self.subjects.len() > MOST_ARMS {
            notes += &format!("the first {MOST_ARMS} of {} arms\n", self.subjects.len());
        }
        notes
    }

    /// One for each arm that stands beside the mean row of a published table of patients.
    fn other_patients(&self) -> Vec<Grid> {
        let tables = self.published.iter().filter_map(|own| Some((own, source_of(&own.source, &own.title)?)));
        let of = |(own, table): (&super::Beside, &Table)| {
            let is_mean = |row: &&super::BesideRow| Some(&row.row) == table.mean_row.as_ref();
            let arms: BTreeSet<&str> = own.rows.iter().filter(is_mean).map(|row| &*row.arm).collect();
            let own = self.subjects.iter().filter(|arm| arms.contains(&*arm.arm));
            own.map(|arm| beside_patients(table, arm, &self.label(&arm.arm))).collect::<Vec<_>>()
        };
        tables.flat_map(of).collect()
    }

    /// One row an arm and subject, of all; `None` where cases are subjects.
    pub(super) fn subjects_csv(&self) -> Option<String> {
        let mut rows =
            vec![["arm", "subject", "cases"].into_iter().chain(SHOWN).map(str::to_owned).collect::<Vec<_>>()];
        for arm in &self.subjects {
            rows.extend(arm.subjects.iter().map(|own| {
                let words = vec![arm.arm.clone(), own.subject.clone(), own.cases.to_string()];
                let field = |metric: &Metric| own.value(metric).map(|value| value.to_string()).unwrap_or_default();
                [words, shown().map(field).collect()].concat()
            }));
        }
        (rows.len() > 1).then(|| csv_of(rows))
    }
}

/// Names of all subjects by the first column, those without a value last.
fn worst_first<'a>(columns: &[Column<'a>]) -> Vec<&'a str> {
    let names: BTreeSet<&str> =
        columns.iter().flat_map(|column| &column.arm.subjects).map(|own| own.subject.as_str()).collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    let key = |name: &str| {
        let value = columns.first().and_then(|first| first.arm.find(name)?.value(first.metric));
        value.unwrap_or(f64::INFINITY)
    };
    names.sort_by(|a, b| key(a).total_cmp(&key(b)));
    names
}

/// Lowest, median, highest and mean of either's patients.
fn beside_patients(table: &Table, arm: &ArmSubjects, label: &str) -> Grid {
    let of_mean = |name: &str| Some(name) == table.mean_row.as_deref();
    let patients: Vec<_> = table.rows.iter().filter(|row| !of_mean(&row.name)).collect();
    let mut header = vec![String::new()];
    let mut rows: Vec<Vec<String>> = ["lowest", "median", "highest", "mean"].map(|name| vec![name.to_owned()]).to_vec();
    for (place, column) in table.columns.iter().enumerate() {
        let Some(metric) = metric_name(column.measure).and_then(|name| Task::Segmentation.metric(name)) else {
            continue;
        };
        header.extend([format!("{}, {}", metric.label, table.source), format!("{}, ours", metric.label)]);
        let mut theirs: Vec<f64> = patients.iter().map(|row| row.values[place]).collect();
        theirs.sort_by(f64::total_cmp);
        let printed = table.rows.iter().find(|row| of_mean(&row.name)).map(|row| row.values[place]);
        let ours = arm.values(metric);
        let pairs = [
            (theirs.first().copied(), ours.first().copied()),
            (median(&theirs), median(&ours)),
            (theirs.last().copied(), ours.last().copied()),
            (printed, mean(ours.iter().copied())),
        ];
        for (row, (theirs, ours)) in rows.iter_mut().zip(pairs) {
            row.extend([number(metric, theirs), number(metric, ours)]);
        }
    }
    Grid {
        title: format!(
            "{}: its {} patients beside the {} of {label}",
            table.source,
            patients.len(),
            arm.subjects.len()
        ),
        header,
        rows,
        left: 1,
        notes: "other patients: no row of theirs is one of ours, only ranges and means stand beside each other\n"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Confusion;
    use crate::report::scores::RunScores;

    fn score(case: &str, subject: &str, tp: u64) -> CaseScore {
        let counts = Confusion { tp, fp: 0, fn_: 10 - tp, tn: 90 };
        CaseScore { case: case.into(), subject: subject.into(), counts, ..CaseScore::default() }
    }

    fn arm(scores: Vec<Vec<CaseScore>>) -> ArmScores {
        let runs = scores.into_iter().zip(1..).map(|(scores, seed)| RunScores { seed, scores }).collect();
        let (before, leak, known) = (None, None, Default::default());
        ArmScores { arm: "a".into(), task: Task::Segmentation, runs, before, leak, known }
    }

    #[test]
    fn a_subjects_mean_is_over_its_cases_and_a_cases_over_its_runs() {
        // p: case 1 by two seeds, DSC 2·5/15 and 2·10/20, case 2 none found, DSC 0; q: nothing to find, nothing found
        let empty = CaseScore { counts: Confusion { tn: 100, ..Confusion::default() }, ..score("3", "q", 0) };
        let first = vec![score("1", "p", 5), score("2", "p", 0), empty];
        let found = by_subject(&[arm(vec![first, vec![score("1", "p", 10)]])]);
        let [p, q] = &found[0].subjects[..] else { panic!("{found:?}") };
        assert_eq!((p.cases, q.cases, q.means["dsc"]), (2, 1, None));
        assert!((p.means["dsc"].expect("defined") - ((2.0 / 3.0 + 1.0) / 2.0 + 0.0) / 2.0).abs() < 1e-12);
        // precision of a prediction of nothing is undefined: case 1 alone
        assert_eq!(p.means["precision"], Some(1.0));
    }

    #[test]
    fn where_cases_are_subjects_there_is_no_table_of_them() {
        assert!(by_subject(&[arm(vec![vec![score("1", "p", 5), score("2", "q", 5)]])]).is_empty());
    }

    #[test]
    fn ranges_stand_beside_those_of_other_patients() {
        let table = source_of(
            "P2 Table 2",
            "Segmentation of the 20 test patients (boundary-attention network, focal-boundary-dice)",
        );
        let of = ArmSubjects::of(&arm(vec![vec![score("1", "p", 10), score("2", "q", 5), score("3", "q", 5)]]));
        let grid = beside_patients(table.expect("published"), &of, "a");
        // DSC of q: 2·5/15; printed: 0.67 to 0.96, half of them up to (0.82 + 0.83)/2
        assert_eq!(grid.rows[0][..3], ["lowest", "0.670", "0.667"].map(str::to_owned));
        assert_eq!(grid.rows[1][..3], ["median", "0.825", "0.833"].map(str::to_owned));
        assert_eq!(grid.rows[2][..3], ["highest", "0.960", "1.000"].map(str::to_owned));
        assert_eq!(grid.rows[3][..3], ["mean", "0.820", "0.833"].map(str::to_owned));
        assert_eq!((grid.header.len(), grid.title.contains("20 patients")), (7, true));
    }
}
