//! The values that means are means of, for drawings that show each case.

use std::collections::BTreeMap;

use crate::metric::Task;
use crate::report::scores::ArmScores;

/// One arm's values by metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmCases {
    /// Name in the spec.
    pub arm: String,
    values: BTreeMap<&'static str, Vec<f64>>,
}

impl ArmCases {
    pub(super) fn of(arm: &ArmScores, task: Task) -> Self {
        let mut values = BTreeMap::new();
        for metric in task.shown().chain(task.metric("brier")).filter(|metric| metric.of_all.is_none()) {
            let mut by_case: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
            for score in arm.runs.iter().flat_map(|run| &run.scores) {
                by_case.entry(&score.case).or_default().extend((metric.of)(score));
            }
            let defined = by_case.into_values().filter(|own| !own.is_empty());
            values.insert(metric.name, defined.map(|own| own.iter().sum::<f64>() / own.len() as f64).collect());
        }
        Self { arm: arm.arm.clone(), values }
    }

    /// Of the metric `name`, a value a case where it is defined, in the order of the cases' names; the mean where several
    /// runs scored the case.
    pub fn values(&self, name: &str) -> &[f64] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }
}
