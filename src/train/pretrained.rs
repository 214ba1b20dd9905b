//! Weights at the start of a run: which they are, when a plan is made; into the network, when it trains.

use std::collections::BTreeMap;

use burn::tensor::Device;

use super::leak::{refuse_image, refuse_subject};
use super::seen::Seen;
use super::{Checkpoint, Checkpoints, TrainError};
use crate::dataset::{Dataset, Normalise};
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

/// What plans before have told.
#[derive(Default)]
struct Pinned {
    digests: BTreeMap<String, String>,
    seen: Seen,
    tried: Vec<(Weights, String)>,
}

const INSPECT: &str = "\"seglab weights inspect FILE\" lists what is in it";

impl Sources {
    /// Fills in which weights each of `plans` begins with, by their digest; what cannot be used is found now, not by a
    /// worker. A run's weights bring the input that they were trained on. `dataset` is that of the plans.
    pub fn pin(&self, mut plans: Vec<RunPlan>, dataset: &Dataset) -> Result<Vec<RunPlan>, TrainError> {
        let mut pinned = Pinned::default();
        for plan in &mut plans {
            let named =
                |error: TrainError| TrainError::Refused(format!("spec {}, arm \"{}\": {error}", plan.spec, plan.arm));
            let found = self.pin_one(plan, dataset, &mut pinned).map_err(named)?;
            if let Some((weights, normalise)) = found {
                plan.transfer.weights = Some(weights);
                plan.train.normalise = normalise;
            }
        }
        Ok(plans)
    }

    /// The weights of `plan` with their digest, and the input that they bring.
    fn pin_one(
        &self,
        plan: &RunPlan,
        dataset: &Dataset,
        pinned: &mut Pinned,
    ) -> Result<Option<(Weights, Normalise)>, TrainError> {
        let Some(mut weights) = plan.transfer.weights.clone() else { return Ok(None) };
        let mut normalise = plan.train.normalise;
        let found = match weights.file.clone() {
            Some(file) => self.digest_of(&file, &mut pinned.digests)?,
            None => {
                let (run, checkpoint) = self.pin_run(plan, &mut weights)?;
                self.refuse_leak((plan, dataset), &weights, &mut pinned.seen)?;
                normalise = plan.model.normalise().unwrap_or(run.train.normalise);
                checkpoint.model_sha256
            }
        };
        check_digest(&weights, &found)?;
        weights.sha256 = Some(found);
        let key = (weights.clone(), plan.arm.clone());
        if !pinned.tried.contains(&key) {
            let network =
                plan.model.build(&Device::flex()).ok_or_else(|| refused(plan.model.name(), "is no network"))?;
            self.put(network, &weights)?;
            pinned.tried.push(key);
        }
        Ok(Some((weights, normalise)))
    }

    /// Puts the weights that `plan` names into `network`; says what was loaded, `None` if it names none.
    pub fn begin(&self, network: Network, plan: &RunPlan) -> Result<(Network, Option<Import>), TrainError> {
        match &plan.transfer.weights {
            None => Ok((network, None)),
            Some(weights) => self.put(network, weights).map(|(network, import)| (network, Some(import))),
        }
    }

    fn put(&self, network: Network, weights: &Weights) -> Result<(Network, Import), TrainError> {
        if weights.sha256.is_none() {
            return Err(refused("weights", "the plan does not say which (no sha256); run the spec again to plan anew"));
        }
        let (network, import) = match (&weights.file, &weights.run) {
            (Some(file), _) => {
                let path = self.root.file(file)?;
                check_digest(weights, &sha256(&path)?)?;
                let wrong = |error: String| refused(&path.display().to_string(), &format!("{error}; {INSPECT}"));
                import(network, &open(&path)?, weights.convention).map_err(wrong)?
            }
            (None, Some(run)) => self.run_into(network, run, weights)?,
            (None, None) => return Err(refused("weights", "neither file nor run")),
        };
        match import.gaps().filter(|_| !weights.partial) {
            Some(gaps) => Err(refused(
                weights.file.as_deref().or(weights.run.as_deref()).unwrap_or_default(),
                &format!("{}: {gaps}; {}", import.headline(), ways_out(&import, weights)),
            )),
            None => Ok((network, import)),
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

fn ways_out(import: &Import, weights: &Weights) -> String {
    let width = match import.architecture.filter(|_| !import.mismatched.is_empty()) {
        Some(_) => "torchvision's weights need width = 1.0; ",
        None => "",
    };
    let inspect = weights.file.as_ref().map_or(String::new(), |_| format!("; {INSPECT}"));
    format!("{width}weights = {{ …, partial = true }} allows it{inspect}")
}

/// The checkpoint of the lowest validation loss of a run.
pub(super) fn best(run: &RunDir) -> Result<Checkpoint, TrainError> {
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

pub(super) fn refused(name: &str, why: &str) -> TrainError {
    TrainError::Refused(format!("weights {name}: {why}"))
}
