//! Cells, rows and tables as text for the clipboard: one line a row, tabs between the cells, numbers in full.

use super::arms::{Arms, Column};
use super::audit::Audit;
use super::cases::Cases;
use super::field::Field;
use super::prose::Said;
use super::row::{Part, Row};
use super::text::clean;
use super::versus::Pair;
use crate::metric::CaseScore;
use crate::report::{Answers, ArmRow, Difference};

/// Terminals refuse longer texts, some of them without a word.
const LIMIT_BYTES: usize = 100_000;

/// Columns of a copied run; then what the score is, and every metric that is known of any run.
const COLUMNS: [&str; 12] =
    ["run", "spec", "arm", "model", "loss", "fold", "seed", "state", "epoch", "epochs", "device", "score"];

/// A text, and what to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Whole lines, at most 100 KB; a cell is without an end of line.
    pub text: String,
    /// What was copied.
    pub notice: String,
}

/// What `field` says of a run; `None` where it says nothing.
pub fn run_cell(row: &Row, field: Field) -> Option<Copied> {
    cell(field.name, &row.arm, &field.text(row))
}

/// One run.
pub fn run(row: &Row) -> Copied {
    let metrics: Vec<&str> = row.metrics.iter().map(|(name, _)| *name).collect();
    let text = run_head(&metrics) + "\n" + &run_line(row, &Fields::of(&metrics)) + "\n";
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
    let fields = Fields::of(&metrics);
    table(run_head(&metrics), rows, |row| run_line(row, &fields))
}

/// The chosen column of the arm at `place` of the comparison's order; `None` where it is undefined.
pub fn arm_cell(arms: &Arms, place: usize) -> Option<Copied> {
    let row = arms.rows().nth(place)?;
    let (name, text) = match arms.chosen() {
        Column::Arm => ("the name", row.label()),
        Column::Runs => ("runs", format!("{}/{}", row.finished, row.runs)),
        Column::Cases => ("n", row.cases().to_string()),
        Column::Metric(metric) => (metric.label, row.value(metric).mean?.to_string()),
        Column::Loss => ("loss", row.loss.clone()),
        Column::Params => ("params", Some(row.params).filter(|&params| params > 0)?.to_string()),
    };
    cell(name, &row.label(), &text)
}

/// The arm at `place` of the comparison's order, with a head.
pub fn arm(arms: &Arms, place: usize, answers: Option<&Answers>) -> Option<Copied> {
    let row = arms.rows().nth(place)?;
    let text = format!("{}\n{}\n", arm_head(arms, answers), arm_line(arms, answers, row));
    Some(Copied { text, notice: format!("copied the row of {} and its head", clean(&row.label())) })
}

/// The comparison, with a head.
pub fn arms(arms: &Arms, answers: Option<&Answers>) -> Option<Copied> {
    table(arm_head(arms, answers), arms.rows(), |row| arm_line(arms, answers, row))
}

/// The chosen column of the case under the cursor; `None` where it is undefined.
pub fn case_cell(cases: &Cases) -> Option<Copied> {
    let (score, column) = (cases.chosen()?, &cases.columns()[cases.column()]);
    cell(column.label, &score.case, &(column.of)(score)?.to_string())
}

/// The case under the cursor, with a head.
pub fn case(cases: &Cases) -> Option<Copied> {
    let score = cases.chosen()?;
    let text = format!("{}\n{}\n", case_head(cases), case_line(cases, score));
    Some(Copied { text, notice: format!("copied the row of {} and its head", clean(&score.case)) })
}

/// The shown cases in their order, with a head.
pub fn cases(cases: &Cases) -> Option<Copied> {
    table(case_head(cases), cases.rows(), |(_, score)| case_line(cases, score))
}

/// The audit's line under the cursor.
pub fn finding(audit: &Audit) -> Option<Copied> {
    lines(audit.chosen().into_iter(), |entry| entry.text.clone())
}

/// The audit's shown lines.
pub fn findings(audit: &Audit) -> Option<Copied> {
    lines(audit.shown(), |entry| entry.text.clone())
}

/// The key at `place` in which two plans differ, with a head.
pub fn difference(pair: &Pair, place: usize) -> Option<Copied> {
    let found = pair.found.as_ref()?.as_ref().ok()?;
    table(pair_head(pair), found.get(place.min(found.len().saturating_sub(1))).into_iter(), pair_line)
}

/// Every key in which two plans differ, with a head.
pub fn differences(pair: &Pair) -> Option<Copied> {
    table(pair_head(pair), pair.found.as_ref()?.as_ref().ok()?.iter(), pair_line)
}

/// A block of text as it is drawn.
pub fn block(drawn: Vec<Said>) -> Option<Copied> {
    lines(drawn.into_iter(), |(_, text)| text.trim_end().to_owned())
}

fn cell(name: &str, of: &str, text: &str) -> Option<Copied> {
    let text = clean(text);
    let notice = format!("copied {name} of {}: {text}", clean(of));
    (!text.is_empty() && text.len() <= LIMIT_BYTES).then_some(Copied { text, notice })
}

fn table<R>(head: String, rows: impl Iterator<Item = R>, line: impl Fn(R) -> String) -> Option<Copied> {
    let (text, kept, all) = cut(head + "\n", rows, line);
    let notice = match all {
        0 => return None,
        all if kept < all => format!("copied the first {kept} of {all} rows: no more than {} KB", LIMIT_BYTES / 1000),
        1 => "copied 1 row and its head".to_owned(),
        all => format!("copied {all} rows and their head"),
    };
    Some(Copied { text, notice })
}

fn lines<R>(rows: impl Iterator<Item = R>, line: impl Fn(R) -> String) -> Option<Copied> {
    let (text, kept, all) = cut(String::new(), rows, line);
    let notice = match all {
        0 => return None,
        all if kept < all => format!("copied the first {kept} of {all} lines: no more than {} KB", LIMIT_BYTES / 1000),
        1 => "copied 1 line".to_owned(),
        all => format!("copied {all} lines"),
    };
    Some(Copied { text, notice })
}

/// `text` and as many whole lines after it as terminals take; how many they are, of how many. The others are not made.
fn cut<R>(mut text: String, mut rows: impl Iterator<Item = R>, line: impl Fn(R) -> String) -> (String, usize, usize) {
    let mut kept = 0;
    while let Some(row) = rows.next() {
        let line = line(row);
        if text.len() + line.len() + 1 > LIMIT_BYTES {
            return (text, kept, kept + 1 + rows.count());
        }
        text.push_str(&line);
        text.push('\n');
        kept += 1;
    }
    (text, kept, kept)
}

/// The fields of a copied run, found once for all runs.
struct Fields {
    fixed: Vec<Option<Field>>,
    metrics: Vec<Option<Field>>,
}

impl Fields {
    fn of(metrics: &[&str]) -> Self {
        let found = |names: &[&str]| names.iter().map(|name| Field::named(name)).collect();
        Self { fixed: found(&COLUMNS), metrics: found(metrics) }
    }
}

fn run_head(metrics: &[&str]) -> String {
    COLUMNS.iter().chain(&["scored"]).chain(metrics).copied().collect::<Vec<_>>().join("\t")
}

fn run_line(row: &Row, fields: &Fields) -> String {
    let of = |field: &Option<Field>| field.map(|field| clean(&field.text(row))).unwrap_or_default();
    let scored = row.part.map_or("", Part::name);
    let cells = fields.fixed.iter().map(of).chain([scored.to_owned()]).chain(fields.metrics.iter().map(of));
    cells.collect::<Vec<_>>().join("\t")
}

/// With `answers` each mean has its interval and its test.
fn arm_head(arms: &Arms, answers: Option<&Answers>) -> String {
    let fixed = ["arm", "model", "loss", "params", "finished", "runs", "n"].map(str::to_owned);
    let tests = |name: &str| {
        let heads = answers.map(|answers| {
            let (level, against) = ((1e4 * answers.level).round() / 1e2, clean(&answers.against));
            [format!("{name} {level} % low"), format!("{name} high"), format!("{name} p (Holm) against {against}")]
        });
        heads.into_iter().flatten()
    };
    let means = |name: &str| [name.to_owned(), format!("{name} undefined")];
    let metrics = arms.metrics().flat_map(|metric| means(metric.name).into_iter().chain(tests(metric.name)));
    fixed.into_iter().chain(metrics).collect::<Vec<_>>().join("\t")
}

fn arm_line(arms: &Arms, answers: Option<&Answers>, row: &ArmRow) -> String {
    let numbers = [row.params, row.finished as u64, row.runs as u64, row.cases() as u64].map(|n| n.to_string());
    let values = arms.metrics().flat_map(|metric| {
        let value = row.value(metric);
        let number = |number: Option<f64>| number.map_or(String::new(), |number| number.to_string());
        let tests = answers.map(|answers| {
            let interval = answers.interval(&row.arm, metric);
            let holm = answers.contrast(&row.arm, metric).and_then(|contrast| contrast.holm);
            [number(interval.map(|ends| ends.low)), number(interval.map(|ends| ends.high)), number(holm)]
        });
        [number(value.mean), value.undefined.to_string()].into_iter().chain(tests.into_iter().flatten())
    });
    let names = [clean(&row.label()), clean(&row.model), clean(&row.loss)];
    names.into_iter().chain(numbers).chain(values).collect::<Vec<_>>().join("\t")
}

fn case_head(cases: &Cases) -> String {
    let names = match cases.part() {
        Part::Test => ["case", "subject"],
        Part::Valid => ["epoch", "validation case"],
    };
    names.into_iter().chain(cases.columns().iter().map(|column| column.label)).collect::<Vec<_>>().join("\t")
}

fn case_line(cases: &Cases, score: &CaseScore) -> String {
    let value = |of: fn(&CaseScore) -> Option<f64>| of(score).map_or(String::new(), |value| value.to_string());
    let values = cases.columns().iter().map(|column| value(column.of));
    [clean(&score.case), clean(&score.subject)].into_iter().chain(values).collect::<Vec<_>>().join("\t")
}

fn pair_head(pair: &Pair) -> String {
    let [left, right] = &pair.labels;
    format!("key\t{}\t{}", clean(left), clean(right))
}

fn pair_line(one: &Difference) -> String {
    [&one.key, &one.left, &one.right].map(|text| clean(text)).join("\t")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Task;
    use crate::plane::Mask;

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

    #[test]
    fn a_cell_is_its_text_alone_and_nothing_where_it_is_undefined() {
        let field = |name| Field::named(name).expect("a field");
        assert_eq!(run_cell(&row(0), field("dsc")).map(|copied| copied.text), Some("0.30000000000000004".into()));
        assert_eq!(run_cell(&row(1), field("dsc")), None);
        assert_eq!(run_cell(&row(1), field("run")).map(|copied| copied.text), Some("s/r1".into()));
    }

    #[test]
    fn cases_are_copied_in_their_order_with_every_number_in_full() {
        let mask = |set: usize| Mask::from_fn(10, 1, |x, _| x < set);
        let score =
            |case: &str, prediction| CaseScore::of(case, "p\t7", &mask(prediction), &mask(3)).expect("same size");
        let mut shown = Cases::new(Part::Test);
        shown.set("s/a".into(), Task::Segmentation, Ok(vec![score("good", 4), score("missed", 0)]));
        let copied = cases(&shown).expect("two cases");
        let cells: Vec<Vec<&str>> = copied.text.lines().map(|line| line.split('\t').collect()).collect();
        assert!(cells.iter().all(|line| line.len() == 2 + shown.columns().len()), "{cells:?}");
        assert_eq!((cells[1][0], cells[2][..3].to_vec()), ("missed", vec!["good", "p 7", "0.8571428571428571"]));
        let hd95 = cells[0].iter().position(|head| *head == "HD95 px").expect("a column");
        assert_eq!(cells[1][hd95], "", "no distance to an empty mask");
        assert_eq!(case(&shown).map(|copied| copied.text.lines().count()), Some(2));
        assert_eq!(case_cell(&shown).map(|copied| copied.text), Some("0".into()));
        let none = Cases::new(Part::Test);
        assert_eq!((cases(&none), case_cell(&none)), (None, None));
    }

    #[test]
    fn two_plans_are_copied_under_their_labels() {
        let one = |key: &str| Difference { key: key.into(), left: "1\t2".into(), right: "3".into() };
        let mut pair = Pair { names: Default::default(), labels: ["a f0".into(), "b f0".into()], found: None };
        assert_eq!(differences(&pair), None);
        pair.found = Some(Ok(vec![one("loss.name"), one("train.lr")]));
        assert_eq!(
            differences(&pair).map(|copied| copied.text),
            Some("key\ta f0\tb f0\nloss.name\t1 2\t3\ntrain.lr\t1 2\t3\n".into())
        );
        assert_eq!(difference(&pair, 9).map(|copied| copied.text), Some("key\ta f0\tb f0\ntrain.lr\t1 2\t3\n".into()));
    }
}
