//! What is dealt as one, and which of those are alike: every part shall have some of each kind.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::shuffle;
use super::split::{Leak, second};
use crate::dataset::{Case, Class, DatasetError, Decoder};

/// By what subjects are alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stratify {
    /// By class. A subject with cases of several classes counts as its most serious one.
    #[default]
    #[serde(rename = "class")]
    Class,
    /// By class and, within a class, by the lesion's size in thirds: subjects are ranked by the median share of the image
    /// that their masks cover (cases without a lesion left out; 0 if all are), ties by name, and cut into three groups of
    /// equal size. **Choice:** thirds, since a fifth of a third of BUSI's 210 malignant cases is still 14.
    #[serde(rename = "class+size")]
    ClassSize,
}

impl Stratify {
    /// Whether it is the default.
    pub fn is_default(&self) -> bool {
        *self == Stratify::default()
    }
}

/// Groups by size within a class.
const THIRDS: usize = 3;

/// Share of the image that each case's masks cover, 0..=1; decodes every case.
pub(super) fn lesion_shares(cases: &[Case]) -> Result<Vec<f64>, DatasetError> {
    let decoder = Decoder::default();
    let share = |case: &Case| -> Result<f64, DatasetError> {
        let reference = decoder.pixels(case)?.reference;
        Ok(reference.area_px() as f64 / reference.values().len() as f64)
    };
    cases.par_iter().map(share).collect()
}

/// A case as a protocol deals it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Dealt {
    /// Name in the split.
    pub name: String,
    /// Whose it truly is.
    pub subject: String,
    /// Dealt as one: the subject, unless the protocol leaks.
    pub unit: String,
    class: Class,
    share: Option<f64>,
}

/// The cases as `leak` deals them, in their order; `shares` are one a case, or none where sizes do not matter.
pub(super) fn dealt(cases: &[Case], shares: &[f64], leak: Leak) -> Vec<Dealt> {
    let mut dealt = Vec::with_capacity(cases.len());
    for (i, case) in cases.iter().enumerate() {
        let named = |name: String| Dealt {
            unit: if leak.is_none() { case.subject.clone() } else { name.clone() },
            name,
            subject: case.subject.clone(),
            class: case.class,
            share: shares.get(i).copied(),
        };
        dealt.push(named(case.id.clone()));
        dealt.extend((leak == Leak::Doubled).then(|| named(second(&case.id))));
    }
    dealt
}

/// Units by class, then by size.
pub(super) struct Strata<'a>(Vec<Vec<Vec<&'a str>>>);

impl<'a> Strata<'a> {
    pub(super) fn of(cases: impl IntoIterator<Item = &'a Dealt>) -> Self {
        let mut units: BTreeMap<&str, (Class, Vec<f64>)> = BTreeMap::new();
        let mut sized = false;
        for case in cases {
            let (class, shares) = units.entry(&case.unit).or_insert((case.class, Vec::new()));
            if seriousness(case.class) > seriousness(*class) {
                *class = case.class;
            }
            sized |= case.share.is_some();
            shares.extend(case.share.filter(|&share| share > 0.0));
        }
        let mut by_class: BTreeMap<Class, Vec<(&str, f64)>> = BTreeMap::new();
        for (unit, (class, shares)) in units {
            by_class.entry(class).or_default().push((unit, median(shares)));
        }
        Self(by_class.into_values().map(|units| if sized { thirds(units) } else { vec![names(&units)] }).collect())
    }

    /// Units of each stratum are shuffled and dealt to the folds in turn.
    pub(super) fn folds(self, folds: usize, seed: u64) -> BTreeMap<&'a str, usize> {
        let mut fold_of = BTreeMap::new();
        for mut stratum in self.0.into_iter().flatten() {
            shuffle(&mut stratum, seed);
            for unit in stratum {
                fold_of.insert(unit, fold_of.len() % folds);
            }
        }
        fold_of
    }

    /// `count` units, of each class as many as its share: the first of an order in which the shuffled units of every class
    /// are spread evenly, so that fewer are among more.
    pub(super) fn first(self, count: usize, seed: u64) -> BTreeSet<&'a str> {
        let mut order: Vec<(f64, &str)> = Vec::new();
        for class in self.0 {
            let mut units: Vec<&str> = class.into_iter().flatten().collect();
            shuffle(&mut units, seed);
            let n = units.len() as f64;
            order.extend(units.into_iter().enumerate().map(|(i, unit)| ((i as f64 + 0.5) / n, unit)));
        }
        order.sort_by(|a, b| a.0.total_cmp(&b.0)); // stable: ties stay in the order of classes
        order.into_iter().take(count).map(|(_, unit)| unit).collect()
    }

    /// `share` of the units of each class, rounded; within a class as evenly over the sizes as whole units allow.
    pub(super) fn draw(self, share: f64, seed: u64) -> BTreeSet<&'a str> {
        let mut drawn = BTreeSet::new();
        for class in self.0 {
            let (mut seen, mut taken) = (0, 0);
            for mut stratum in class {
                shuffle(&mut stratum, seed);
                seen += stratum.len();
                let due = (seen as f64 * share).round() as usize;
                drawn.extend(stratum.into_iter().take(due - taken));
                taken = due;
            }
        }
        drawn
    }
}

/// A tumour of unknown nature is more than none, and says less than one of a known.
fn seriousness(class: Class) -> u8 {
    match class {
        Class::Normal => 0,
        Class::Unknown => 1,
        Class::Benign => 2,
        Class::Malignant => 3,
    }
}

fn thirds(mut units: Vec<(&str, f64)>) -> Vec<Vec<&str>> {
    units.sort_by(|a, b| a.1.total_cmp(&b.1)); // stable: ties stay in the order of names
    let n = units.len();
    (0..THIRDS).map(|third| names(&units[third * n / THIRDS..(third + 1) * n / THIRDS])).collect()
}

fn names<'a>(units: &[(&'a str, f64)]) -> Vec<&'a str> {
    units.iter().map(|(unit, _)| *unit).collect()
}

/// 0 without values.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (n, middle) = (values.len(), values.len() / 2);
    match n {
        0 => 0.0,
        _ if n % 2 == 1 => values[middle],
        _ => 0.5 * (values[middle - 1] + values[middle]),
    }
}
