//! One arm's values of one metric, a value per case; and the cases that several arms share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Sample;

/// Sums of cubes of this over any number of cases are still finite.
const LARGEST: f64 = 1e90;

/// What one run says of one case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CaseValue<'a> {
    /// The case's identifier.
    pub case: &'a str,
    /// The subject that the case belongs to.
    pub subject: &'a str,
    /// `None` where the metric is undefined.
    pub value: Option<f64>,
}

/// Why values are no sample.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    /// Not a number, infinite or absurdly large: an undefined value must say so by `None`.
    #[error("case {case}: value {value:e}, expected a number within ±1e90, or none where undefined")]
    NotFinite {
        /// The case.
        case: String,
        /// Its value.
        value: f64,
    },
    /// One case, two subjects: resampling by subject would split it.
    #[error("case {case}: subject {second}, elsewhere {first}; expected one subject a case")]
    TwoSubjects {
        /// The case.
        case: String,
        /// Its subject where it was first met.
        first: String,
        /// Its subject elsewhere.
        second: String,
    },
}

/// One arm's values of one metric: each case once, whatever the number of runs that scored it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CaseValues {
    /// Ascending; apart from the values, since there are as many for each metric of each arm.
    cases: Arc<[Named]>,
    values: Vec<Option<f64>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Named {
    case: String,
    subject: String,
}

impl CaseValues {
    /// Collects `values` in any order. A case that several runs (seeds) scored counts once, with the mean of its defined
    /// values; it is undefined if it is so in every run. Counting it once a seed would make n, and with it every
    /// significance, as large as one likes.
    pub fn of<'a>(values: impl IntoIterator<Item = CaseValue<'a>>) -> Result<Self, Refused> {
        let mut found: BTreeMap<&str, (&str, Vec<f64>)> = BTreeMap::new();
        for CaseValue { case, subject, value } in values {
            let (first, defined) = found.entry(case).or_insert((subject, Vec::new()));
            one_subject(case, first, subject)?;
            if let Some(value) = value {
                let small = value.abs() <= LARGEST; // false for NaN
                defined.extend(small.then_some(value));
                small.then_some(()).ok_or_else(|| Refused::NotFinite { case: case.to_owned(), value })?;
            }
        }
        let named = |(case, (subject, _)): (&&str, &(&str, Vec<f64>))| Named {
            case: (*case).to_owned(),
            subject: (*subject).to_owned(),
        };
        let mean =
            |defined: &Vec<f64>| (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64);
        let values = found.values().map(|(_, defined)| mean(defined)).collect();
        Ok(Self { cases: found.iter().map(named).collect(), values })
    }

    /// The same, with the names of `other` in place of its own where they are equal: names take more room than values.
    #[must_use]
    pub fn sharing_names(self, other: &Self) -> Self {
        let cases = if self.cases == other.cases { Arc::clone(&other.cases) } else { self.cases };
        Self { cases, ..self }
    }

    /// The defined values.
    pub fn sample(&self) -> Sample {
        let entries = self.cases.iter().zip(&self.values);
        Sample::grouped(entries.filter_map(|(named, value)| Some((named.subject.as_str(), (*value)?))))
    }

    /// Cases without a value.
    pub fn undefined(&self) -> usize {
        self.values.iter().filter(|value| value.is_none()).count()
    }

    fn get(&self, case: &str) -> Option<(&str, Option<f64>)> {
        let place = self.cases.binary_search_by(|named| named.case.as_str().cmp(case)).ok()?;
        Some((&self.cases[place].subject, self.values[place]))
    }
}

/// The cases for which every arm has a value.
pub(super) struct Shared<'a> {
    /// Subject and one value an arm, in the order of the arms.
    pub rows: Vec<(&'a str, Vec<f64>)>,
    /// Cases that some arm names and some arm has no value for.
    pub dropped: usize,
}

impl<'a> Shared<'a> {
    /// Intersects `arms`; refuses a case that is one subject's in one arm and another's in another.
    pub fn of(arms: &[&'a CaseValues]) -> Result<Self, Refused> {
        let cases: BTreeSet<&str> = arms.iter().flat_map(|arm| &*arm.cases).map(|named| named.case.as_str()).collect();
        let mut rows = Vec::new();
        for case in &cases {
            let entries: Vec<(&'a str, Option<f64>)> = arms.iter().filter_map(|arm| arm.get(case)).collect();
            let Some((first, _)) = entries.first().copied() else { continue };
            for (subject, _) in &entries {
                one_subject(case, first, subject)?;
            }
            let values: Vec<f64> = entries.iter().filter_map(|(_, value)| *value).collect();
            if values.len() == arms.len() {
                rows.push((first, values));
            }
        }
        let dropped = cases.len() - rows.len();
        Ok(Self { rows, dropped })
    }
}

fn one_subject(case: &str, first: &str, second: &str) -> Result<(), Refused> {
    let refused = || Refused::TwoSubjects { case: case.to_owned(), first: first.to_owned(), second: second.to_owned() };
    (first == second).then_some(()).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(case: &'a str, subject: &'a str, value: Option<f64>) -> CaseValue<'a> {
        CaseValue { case, subject, value }
    }

    #[test]
    fn two_seeds_of_a_case_are_one_value() {
        let seeds = [value("a", "s", Some(1.0)), value("a", "s", Some(0.5)), value("b", "t", None)];
        let values = CaseValues::of(seeds).expect("fine");
        assert_eq!((values.sample().n(), values.sample().mean(), values.undefined()), (1, Some(0.75), 1));
    }

    #[test]
    fn names_are_shared_where_they_are_the_same_and_nothing_else_changes() {
        let of = |case, number| CaseValues::of([value(case, "s", Some(number))]).expect("fine");
        let (first, second, other) = (of("a", 1.0), of("a", 2.0), of("b", 3.0));
        let (shared, apart) = (second.clone().sharing_names(&first), other.clone().sharing_names(&first));
        assert!(Arc::ptr_eq(&shared.cases, &first.cases) && !Arc::ptr_eq(&apart.cases, &first.cases));
        assert_eq!((shared, apart), (second, other));
    }

    #[test]
    fn what_is_not_finite_is_refused_by_name() {
        for wrong in [f64::NAN, f64::INFINITY, 1e91] {
            let refused = CaseValues::of([value("a", "s", Some(wrong))]).expect_err("refused");
            assert!(refused.to_string().starts_with("case a: value"), "{refused}");
        }
    }

    #[test]
    fn a_case_has_one_subject_within_an_arm_and_across_arms() {
        assert!(CaseValues::of([value("a", "s", None), value("a", "t", None)]).is_err());
        let one = CaseValues::of([value("a", "s", Some(0.0))]).expect("fine");
        let other = CaseValues::of([value("a", "t", Some(0.0))]).expect("fine");
        assert!(Shared::of(&[&one, &other]).is_err());
    }

    #[test]
    fn a_case_missing_in_one_arm_is_dropped_and_counted() {
        let one = CaseValues::of([value("a", "s", Some(1.0)), value("b", "s", Some(2.0)), value("c", "s", None)]);
        let other = CaseValues::of([value("a", "s", Some(3.0)), value("c", "s", Some(4.0)), value("d", "s", None)]);
        let (one, other) = (one.expect("fine"), other.expect("fine"));
        let shared = Shared::of(&[&one, &other]).expect("same subjects");
        assert_eq!((shared.rows, shared.dropped), (vec![("s", vec![1.0, 3.0])], 3));
    }
}
