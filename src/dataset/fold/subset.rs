//! Some of a data set's subjects, for comparisons that shall be quick.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::split::Leak;
use super::stratum::{Strata, dealt};
use crate::dataset::Dataset;

/// How many subjects take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subset {
    /// That take part.
    pub subjects: usize,
    /// That the data set has.
    pub of: usize,
}

impl Subset {
    /// Leaves `subjects` of the subjects of `dataset`, by class in proportion, in an order that `seed` shuffles; all if
    /// there are no more, which is no subset.
    pub fn take(subjects: usize, seed: u64, dataset: &mut Dataset) -> Option<Self> {
        let of = dataset.cases.iter().map(|case| &case.subject).collect::<BTreeSet<_>>().len();
        if subjects >= of {
            return None;
        }
        let units = dealt(&dataset.cases, &[], Leak::None);
        let taken = Strata::of(&units).first(subjects, seed);
        dataset.cases.retain(|case| taken.contains(case.subject.as_str()));
        Some(Self { subjects, of })
    }
}

impl fmt::Display for Subset {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} of {} subjects", self.subjects, self.of)
    }
}
