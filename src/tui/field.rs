//! What a run can be filtered, sorted and copied by: every text and number of its row, by name.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::keys::Direction;
use super::row::{Part, Row, word};
use crate::metric::{CLASSIFICATION, METRICS};

/// A named text or number of a row.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// As people type it.
    pub name: &'static str,
    of: Of,
}

#[derive(Clone, Copy, Debug)]
enum Of {
    Text(for<'a> fn(&'a Row) -> Cow<'a, str>),
    Number(fn(&Row) -> Option<f64>),
    /// The task's main metric.
    Score,
    /// The metric of the field's name.
    Metric,
}

const fn text(name: &'static str, of: for<'a> fn(&'a Row) -> Cow<'a, str>) -> Field {
    Field { name, of: Of::Text(of) }
}

const fn number(name: &'static str, of: fn(&Row) -> Option<f64>) -> Field {
    Field { name, of: Of::Number(of) }
}

/// What the name of an arm that leaks begins with.
const LEAKS: &str = "[leaks] ";

/// All but the metrics.
const FIELDS: &[Field] = &[
    text("state", |row| word(row.state).into()),
    text("spec", |row| row.spec.as_str().into()),
    // Without the mark of a leak, as the spec names it.
    text("arm", |row| row.arm.strip_prefix(LEAKS).unwrap_or(&row.arm).into()),
    text("model", |row| row.model.as_str().into()),
    text("loss", |row| row.loss.as_str().into()),
    text("task", |row| row.task.name().into()),
    text("device", |row| row.device.as_str().into()),
    text("run", |row| row.name.as_str().into()),
    text("part", |row| row.part.map_or("", Part::name).into()),
    number("fold", |row| Some(row.fold as f64)),
    number("seed", |row| Some(row.seed as f64)),
    number("epoch", |row| Some(f64::from(row.epoch))),
    number("epochs", |row| Some(f64::from(row.epochs))),
    number("progress", |row| Some(row.progress)),
    number("left", |row| row.left_s),
    number("spent", |row| Some(row.spent_s).filter(|&spent| spent > 0.0)),
    Field { name: "score", of: Of::Score },
];

/// Every field; a metric of both tasks once.
pub fn fields() -> impl Iterator<Item = Field> {
    let of_labels = CLASSIFICATION.iter().filter(|metric| METRICS.iter().all(|other| other.name != metric.name));
    let metrics = METRICS.iter().chain(of_labels).map(|metric| Field { name: metric.name, of: Of::Metric });
    FIELDS.iter().copied().chain(metrics)
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Field {
    /// The field that people call `name`, in any case; a metric also without its unit.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let name = if name == "time" { "spent".to_owned() } else { name };
        let is = |field: &Field| field.name == name || field.name.strip_suffix("_px") == Some(&name);
        fields().find(is)
    }

    /// Whether it can be less or more.
    pub fn is_number(&self) -> bool {
        !matches!(self.of, Of::Text(_))
    }

    /// Whether it is over cases of a part: of the validation cases while a run goes on, of the test cases once it is over.
    pub fn is_score(&self) -> bool {
        matches!(self.of, Of::Score | Of::Metric)
    }

    /// Its number in `row`; `None` where there is none, or none that is finite.
    pub fn number(&self, row: &Row) -> Option<f64> {
        let number = match self.of {
            Of::Text(_) => None,
            Of::Number(of) => of(row),
            Of::Score => row.score.map(|score| score.value),
            Of::Metric => row.metrics.iter().find(|(name, _)| *name == self.name).map(|(_, value)| *value),
        };
        number.filter(|number| number.is_finite())
    }

    /// Its text in `row`: a number in full, nothing where there is none.
    pub fn text<'a>(&self, row: &'a Row) -> Cow<'a, str> {
        match self.of {
            Of::Text(of) => of(row),
            _ => self.number(row).map_or(Cow::Borrowed(""), |number| number.to_string().into()),
        }
    }

    /// Orders rows by it. A row without it comes last either way: it is neither the best nor the worst. Scores of test and
    /// of validation cases are not held against each other: those of the test cases come first either way.
    pub fn order(&self, direction: Direction, a: &Row, b: &Row) -> Ordering {
        let turn = |order: Ordering| if direction == Direction::Forward { order } else { order.reverse() };
        if let Of::Text(of) = self.of {
            return turn(of(a).cmp(&of(b)));
        }
        match (self.number(a), self.number(b)) {
            (Some(left), Some(right)) => {
                let part = |row: &Row| row.part.filter(|_| self.is_score());
                part(a).cmp(&part(b)).then(turn(left.total_cmp(&right)))
            }
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Task;
    use crate::tui::row::Score;

    #[test]
    fn names_are_unique_and_found() {
        let names: Vec<&str> = fields().map(|field| field.name).collect();
        let mut unique = names.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), names.len());
        assert_eq!(Field::named("DSC").map(|field| field.name), Some("dsc"));
        assert_eq!(Field::named("hd95").map(|field| field.name), Some("hd95_px"));
        assert_eq!(Field::named("colour"), None);
    }

    #[test]
    fn scores_of_one_part_follow_those_of_the_other() {
        let scored = |value: f64, part| Row {
            metrics: vec![("dsc", value)],
            score: Some(Score { task: Task::Segmentation, value }),
            part: Some(part),
            spent_s: value,
            ..Row::default()
        };
        let rows = [
            scored(0.9, Part::Valid),
            scored(0.7, Part::Test),
            scored(0.8, Part::Valid),
            scored(0.6, Part::Test),
            Row::default(),
        ];
        let sorted = |name: &str, direction| {
            let field = Field::named(name).expect("a field");
            let mut values: Vec<&Row> = rows.iter().collect();
            values.sort_by(|a, b| field.order(direction, a, b));
            values.into_iter().map(|row| row.score.map(|score| score.value)).collect::<Vec<_>>()
        };
        for name in ["score", "dsc"] {
            assert_eq!(sorted(name, Direction::Backward), [Some(0.7), Some(0.6), Some(0.9), Some(0.8), None]);
            assert_eq!(sorted(name, Direction::Forward), [Some(0.6), Some(0.7), Some(0.8), Some(0.9), None]);
        }
        let by_time = [Some(0.9), Some(0.8), Some(0.7), Some(0.6), None];
        assert_eq!(sorted("spent", Direction::Backward), by_time, "no score");
    }

    #[test]
    fn a_missing_number_is_last_in_both_directions() {
        let with = |value: f64| Row { metrics: vec![("dsc", value)], ..Row::default() };
        let (low, high, none, broken) = (with(0.1), with(0.9), Row::default(), with(f64::NAN));
        let dsc = Field::named("dsc").expect("a metric");
        assert_eq!(dsc.order(Direction::Forward, &low, &high), Ordering::Less);
        assert_eq!(dsc.order(Direction::Backward, &low, &high), Ordering::Greater);
        for missing in [&none, &broken] {
            for direction in [Direction::Forward, Direction::Backward] {
                assert_eq!(dsc.order(direction, missing, &low), Ordering::Greater);
            }
        }
    }
}
