//! A network must not be tested on what it was pretrained on.

use std::collections::BTreeMap;

use super::TrainError;
use super::pretrained::refused;
use super::seen::Seen;
use crate::dataset::fold::original;
use crate::dataset::{Case, Dataset};
use crate::plan::RunPlan;
use crate::store::RunDir;

const ELSEWHERE: &str = "pretrain on the same fold or on other data";

/// Subjects are told by their names in data sets of one name or one content.
pub(super) fn refuse_subject(plan: &RunPlan, run: &RunDir, pretraining: &RunPlan) -> Result<(), TrainError> {
    let same = pretraining.dataset == plan.dataset || pretraining.dataset_digest == plan.dataset_digest;
    match pretraining.split.trained_on(&plan.split).filter(|_| same) {
        None => Ok(()),
        Some(subject) => Err(refused(
            &run.name(),
            &format!(
                "it was trained on subject {subject:?}, a test subject of {} (fold {}); {ELSEWHERE}",
                plan.arm, plan.fold
            ),
        )),
    }
}

/// Another data set may list the same images under other names.
pub(super) fn refuse_image(
    (plan, dataset): (&RunPlan, &Dataset),
    (run, pretraining): (&RunDir, &RunPlan),
    seen: &mut Seen,
) -> Result<(), TrainError> {
    let unknown = |error: &dyn std::fmt::Display| {
        let message = format!("its images cannot be compared with the test images of {}: {error}", plan.arm);
        refused(&run.name(), &message)
    };
    let other = run.origin().map_err(|error| unknown(&error))?;
    let other = Dataset::at(other).map_err(|error| unknown(&error))?;
    let tested = cases(dataset, plan.split.test(), plan);
    let trained = cases(&other, pretraining.split.train().chain(pretraining.split.valid()), pretraining);
    match seen.first(&tested, &trained).map_err(|error| unknown(&error))? {
        None => Ok(()),
        Some(pair) => Err(refused(
            &run.name(),
            &format!(
                "it was trained on case {:?} of {}, whose image is that of {:?}, a test case of {} (fold {}); {ELSEWHERE}",
                pair.trained, pretraining.dataset, pair.tested, plan.arm, plan.fold
            ),
        )),
    }
}

fn cases<'a, 'b>(dataset: &'a Dataset, names: impl Iterator<Item = &'b str>, plan: &RunPlan) -> Vec<&'a Case> {
    let by_id: BTreeMap<&str, &Case> = dataset.cases.iter().map(|case| (case.id.as_str(), case)).collect();
    names.filter_map(|name| by_id.get(original(name, plan.split.leak())).copied()).collect()
}
