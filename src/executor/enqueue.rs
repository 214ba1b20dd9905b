//! From a spec to runs that wait: the one way in which the command line and the dashboard start a training.

use super::place::places;
use crate::dataset::{DataRoots, Dataset, DatasetError, Finding, FindingKind, verify};
use crate::device::Choice;
use crate::plan::{PlanError, RunPlan, plan};
use crate::run::State;
use crate::spec::{Precision, Spec};
use crate::store::{RunDir, Store, StoreError, Watch};
use crate::train::{Sources, TrainError, check_masks};
use crate::weights::WeightsRoot;

/// A data set, and the runs that a spec plans on it.
#[derive(Debug)]
pub struct Prepared {
    /// The opened data set.
    pub dataset: Dataset,
    /// By fold, then seed, then arm; never empty.
    pub plans: Vec<RunPlan>,
}

/// Runs of a spec, in the order of its plans.
#[derive(Debug)]
pub struct Enqueued {
    /// All of them.
    pub runs: Vec<RunDir>,
    /// Those that were neither finished nor running, and wait now.
    pub waiting: usize,
}

/// Why a spec cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// The data set cannot be used.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Spec and data set make no runs.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Weights to begin with cannot be used.
    #[error(transparent)]
    Weights(#[from] TrainError),
    /// The store cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Files that cannot be decoded.
    #[error("{0}")]
    Files(String),
    /// The device is not there, or cannot do what the spec asks for.
    #[error("{0}")]
    Device(String),
}

/// Plans `spec`; reads the data set's bytes for its digest, writes nothing.
pub fn prepare(spec: &Spec, roots: &DataRoots, store: &Store) -> Result<Prepared, EnqueueError> {
    let dataset = Dataset::open(&spec.dataset, roots)?;
    let sources = Sources { store: store.clone(), root: WeightsRoot::from_env() };
    let plans = sources.pin(plan(spec, &dataset)?, &dataset)?;
    check_masks(&plans, store)?;
    Ok(Prepared { dataset, plans })
}

impl Prepared {
    /// Queues every run that is neither finished nor running; the caller sees to an executor.
    pub fn enqueue(&self, store: &Store, device: &Choice) -> Result<Enqueued, EnqueueError> {
        let runs = self.plans.iter().map(|plan| store.create(plan)).collect::<Result<Vec<_>, _>>()?;
        let mut watch = Watch::new(store.clone(), self.plans.first().map(|plan| plan.spec.as_str()));
        watch.catch_up()?;
        let is_done =
            |run: &&RunDir| watch.runs().any(|v| v.dir == **run && matches!(v.state, State::Finished | State::Running));
        let missing: Vec<&RunDir> = runs.iter().filter(|run| !is_done(run)).collect();
        let waiting = missing.len();
        if waiting > 0 {
            check_files(&self.dataset)?;
            self.check_precision(device)?;
        }
        for run in missing {
            run.write_origin(&self.dataset.origin)?;
            run.enqueue(device)?;
        }
        Ok(Enqueued { runs, waiting })
    }

    /// Wherever the queue sends the runs, their features can be computed as the spec says.
    fn check_precision(&self, device: &Choice) -> Result<(), EnqueueError> {
        if self.plans.iter().all(|plan| plan.train.precision != Precision::Bf16) {
            return Ok(());
        }
        let places = places(device).map_err(EnqueueError::Device)?;
        places.iter().find(|place| !place.device.has_bf16()).map_or(Ok(()), |place| {
            Err(EnqueueError::Device(format!(
                "train.precision = \"bf16\": device {} has f32 alone; expected --device tch:cpu or tch:cuda:0",
                place.device
            )))
        })
    }

    /// What to say of the spec whose subjects do not all take part, and of each arm whose protocol leaks, by name.
    pub fn warnings(&self) -> impl Iterator<Item = (&str, String)> {
        let subset = self.plans.first().and_then(|plan| Some((plan.spec.as_str(), plan.subset?)));
        let subset = subset.map(|(spec, subset)| (spec, format!("{subset} take part")));
        let first = self.plans.first().map(|plan| (plan.fold, plan.seed));
        let of_first = self.plans.iter().filter(move |plan| Some((plan.fold, plan.seed)) == first);
        subset.into_iter().chain(of_first.filter_map(|plan| Some((plan.arm.as_str(), plan.split.warning()?))))
    }
}

/// A file that cannot be decoded is found now, not in the middle of a training.
fn check_files(dataset: &Dataset) -> Result<(), EnqueueError> {
    let bad = |f: &&Finding| matches!(f.kind, FindingKind::Undecodable | FindingKind::MaskSize);
    let found = verify(dataset).findings;
    let details: Vec<&str> = found.iter().filter(bad).map(|f| f.detail.as_str()).collect();
    match details.first() {
        None => Ok(()),
        Some(first) => Err(EnqueueError::Files(format!(
            "{first}{}; \"seglab dataset verify {}\" lists all",
            if details.len() > 1 { format!(" (and {} more)", details.len() - 1) } else { String::new() },
            dataset.origin.manifest.name,
        ))),
    }
}
