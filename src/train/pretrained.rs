//! Weights at the start of a run: which they are, when a plan is made; into the network, when it trains.

use std::collections::BTreeMap;

use burn::tensor::Device;

use super::seen::Seen;
use super::{Checkpoint, Checkpoints, TrainError};
use crate::dataset::fold::original;
use crate::dataset::{Case, Dataset};
use crate::model::{Import, Mismatch, Network, fill, import, slots, values};
use crate::plan::RunPlan;
use crate::run::State;
use crate::spec::Weights;
use crate::store::{RunDir, Store, Watch};
use crate::weights::{WeightsRoot, open, sha256};

/// More runs, each beginning with the weights of another, are refused.
const LONGEST_CHAIN: usize = 8;

/// Where weights are found.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Finished runs.
    pub store: Store,
    /// Files.
    pub root: WeightsRoot,
}

impl Sources {
    /// Fills in which weights each of `plans` begins with, by their digest; what cannot be used is found now, not by a
    /// worker. A run's weights bring the input that they were trained on. `dataset` is that of the plans.
    pub fn pin(&self, mut plans: Vec<RunPlan>, dataset: &Dataset) -> Result<Vec<RunPlan>, TrainError> {
        let mut digests = BTreeMap::new();
        let mut seen = Seen::default();
        let mut tried: Vec<(Weights, String)> = Vec::new();
        for plan in &mut plans {
            let Some(mut weights) = plan.transfer.weights.clone() else { continue };
            let found = match weights.file.clone() {
                Some(file) => self.digest_of(&file, &mut digests)?,
                None => {
                    let (run, checkpoint) = self.pin_run(plan, &mut weights)?;
                    self.refuse_leak((plan, dataset), &weights, &mut seen)?;
                    plan.train.normalise = plan.model.normalise().unwrap_or(run.train.normalise);
                    checkpoint.model_sha256
                }
            };
            check_digest(&weights, &found)?;
            weights.sha256 = Some(found);
            plan.transfer.weights = Some(weights.clone());
            let key = (weights, plan.arm.clone());
            if !tried.contains(&key) {
                let network =
                    plan.model.build(&Device::flex()).ok_or_else(|| refused(plan.model.name(), "is no network"))?;
                self.begin(network, plan)?;
                tried.push(key);
            }
        }
        Ok(plans)
    }

    /// Puts the weights that `plan` names into `network`; says what was loaded, `None` if it names none.
    pub fn begin(&self, network: Network, plan: &RunPlan) -> Result<(Network, Option<Import>), TrainError> {
        let Some(weights) = &plan.transfer.weights else { return Ok((network, None)) };
        if weights.sha256.is_none() {
            return Err(refused("weights", "the plan does not say which (no sha256); run the spec again to plan anew"));
        }
        let (network, import) = match (&weights.file, &weights.run) {
            (Some(file), _) => {
                let path = self.root.file(file)?;
                check_digest(weights, &sha256(&path)?)?;
                import(network, &open(&path)?, weights.convention).map_err(|error| refused(file, &error))?
            }
            (None, Some(run)) => self.run_into(network, run, weights)?,
            (None, None) => return Err(refused("weights", "neither file nor run")),
        };
        match import.gaps().filter(|_| !weights.partial) {
            Some(gaps) => Err(refused(
                weights.file.as_deref().or(weights.run.as_deref()).unwrap_or_default(),
                &format!("{}: {gaps}; weights = {{ …, partial = true }} allows it", import.headline()),
            )),
            None => Ok((network, Some(import))),
        }
    }

    fn digest_of(&self, file: &str, known: &mut BTreeMap<String, String>) -> Result<String, TrainError> {
        if let Some(digest) = known.get(file) {
            return Ok(digest.clone());
        }
        let digest = sha256(&self.root.file(file)?)?;
        known.insert(file.to_owned(), digest.clone());
        Ok(digest)
    }

    /// Which run `weights` means for `plan`, written into it.
    fn pin_run(&self, plan: &RunPlan, weights: &mut Weights) -> Result<(RunPlan, Checkpoint), TrainError> {
        let name = weights.run.clone().unwrap_or_default();
        let (run, pretraining) = self.choose(&name, plan)?;
        weights.run = Some(run.name());
        let checkpoint = best(&run)?;
        Ok((pretraining, checkpoint))
    }

    fn choose(&self, name: &str, plan: &RunPlan) -> Result<(RunDir, RunPlan), TrainError> {
        let (spec, key) = name.split_once('/').unwrap_or((name, ""));
        let mut watch = Watch::new(self.store.clone(), Some(spec));
        watch.catch_up()?;
        let named = |view: &&crate::store::RunView| view.dir.id().as_str() == key || view.plan.arm == key;
        let found: Vec<_> = watch.runs().filter(named).collect();
        let finished: Vec<_> = found.iter().filter(|view| view.state == State::Finished).collect();
        let twin = finished.iter().find(|view| (view.plan.fold, view.plan.seed) == (plan.fold, plan.seed));
        match (twin, finished.as_slice()) {
            (Some(view), _) | (None, [view]) => Ok((view.dir.clone(), view.plan.clone())),
            (None, []) => Err(refused(
                name,
                &format!(
                    "no finished run of that name in {} ({} unfinished); run the spec {spec:?} first, or drop the arm's \"weights\" key",
                    self.store.root().display(),
                    found.len()
                ),
            )),
            (None, several) => {
                let names: Vec<String> = several.iter().map(|view| view.dir.name()).collect();
                Err(refused(
                    name,
                    &format!("none has fold {} and seed {}; choose one of {}", plan.fold, plan.seed, names.join(", ")),
                ))
            }
        }
    }

    /// A network that was trained on a subject, or on an image, must not be tested on it, through however many runs.
    fn refuse_leak(
        &self,
        (plan, dataset): (&RunPlan, &Dataset),
        weights: &Weights,
        seen: &mut Seen,
    ) -> Result<(), TrainError> {
        // An arm that leaks on purpose says so wherever its scores are told.
        if !plan.split.leak().is_none() {
            return Ok(());
        }
        let (mut next, mut after) = (weights.run.clone(), plan.clone());
        for _ in 0..LONGEST_CHAIN {
            let Some(name) = next else { return Ok(()) };
            let (run, pretraining) = self.choose(&name, &after)?;
            refuse_subject(plan, &run, &pretraining)?;
            if pretraining.dataset_digest != plan.dataset_digest {
                refuse_image((plan, dataset), (&run, &pretraining), seen)?;
            }
            next = pretraining.transfer.weights.clone().and_then(|weights| weights.run);
            after = pretraining;
        }
        match next {
            None => Ok(()),
            Some(name) => Err(refused(&name, &format!("a chain of more than {LONGEST_CHAIN} runs"))),
        }
    }

    fn run_into(&self, network: Network, name: &str, weights: &Weights) -> Result<(Network, Import), TrainError> {
        let (spec, id) = name.split_once('/').unwrap_or((name, ""));
        let run = self.store.runs_of(spec)?.into_iter().find(|run| run.id().as_str() == id);
        let run = run.ok_or_else(|| refused(name, &format!("no such run in {}", self.store.root().display())))?;
        let checkpoint = best(&run)?;
        check_digest(weights, &checkpoint.model_sha256)?;
        let source = run.plan()?.model.build(&Device::flex()).ok_or_else(|| refused(name, "is no network"))?;
        let source = Checkpoints::of(&run).load_model(&checkpoint, source)?;
        Ok(transplant(network, &source))
    }
}

/// Subjects are told by their names in data sets of one name or one content.
fn refuse_subject(plan: &RunPlan, run: &RunDir, pretraining: &RunPlan) -> Result<(), TrainError> {
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
fn refuse_image(
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

const ELSEWHERE: &str = "pretrain on the same fold or on other data";

fn cases<'a, 'b>(dataset: &'a Dataset, names: impl Iterator<Item = &'b str>, plan: &RunPlan) -> Vec<&'a Case> {
    let by_id: BTreeMap<&str, &Case> = dataset.cases.iter().map(|case| (case.id.as_str(), case)).collect();
    names.filter_map(|name| by_id.get(original(name, plan.split.leak())).copied()).collect()
}

/// The checkpoint of the lowest validation loss of a run.
fn best(run: &RunDir) -> Result<Checkpoint, TrainError> {
    let checkpoints = Checkpoints::of(run);
    let newest = checkpoints.newest()?.ok_or_else(|| refused(&run.name(), "no checkpoint in it"))?;
    let (_, epoch) = newest.schedule.best.ok_or_else(|| refused(&run.name(), "no epoch was completed"))?;
    checkpoints.state(epoch)
}

/// The tensors of `source` into those of `network` at the same path.
fn transplant(network: Network, source: &Network) -> (Network, Import) {
    let tensors =
        |network: &Network| slots(network).into_iter().filter(|slot| !slot.shape.is_empty()).collect::<Vec<_>>();
    let (targets, mut import, mut numbers) = (tensors(&network), Import::default(), BTreeMap::new());
    for (slot, values) in tensors(source).into_iter().zip(values(source)) {
        match targets.iter().find(|target| target.path == slot.path) {
            None => import.skipped.push((slot.path, "the network has no such tensor".to_owned())),
            Some(target) if target.shape != slot.shape => {
                let (path, network) = (slot.path.clone(), target.shape.clone());
                import.mismatched.push(Mismatch { name: slot.path, path, file: slot.shape, network });
            }
            Some(_) => {
                import.loaded.push((slot.path.clone(), slot.path.clone()));
                numbers.insert(slot.path, values);
            }
        }
    }
    let settled = |path: &String| numbers.contains_key(path) || import.mismatched.iter().any(|m| m.path == *path);
    import.missing = targets.into_iter().map(|slot| slot.path).filter(|path| !settled(path)).collect();
    (fill(network, numbers), import)
}

fn check_digest(weights: &Weights, found: &str) -> Result<(), TrainError> {
    let name = weights.file.as_deref().or(weights.run.as_deref()).unwrap_or_default();
    match &weights.sha256 {
        Some(expected) if expected != found => {
            Err(refused(name, &format!("its SHA-256 is {found}, expected {expected}: other weights than planned")))
        }
        _ => Ok(()),
    }
}

fn refused(name: &str, why: &str) -> TrainError {
    TrainError::Refused(format!("weights {name}: {why}"))
}
