//! The training loop.

use std::time::{Duration, Instant};

use burn::module::Module;
use burn::tensor::Device;

use super::measuring::Measuring;
use super::unread::{StepRead, Unread};
use super::{
    Batches, Checkpoint, Checkpoints, Journal, Learner, Sample, Samples, Schedule, Sources, Stored, TrainError,
    Validation, Verdict, mix,
};
use crate::loss::Objective;
use crate::metric::{Aggregate, CaseScore, Task};
use crate::model::{Network, trainable};
use crate::plan::RunPlan;
use crate::run::{EpochScores, Event};
use crate::store::RunDir;
use crate::weights::WeightsRoot;

/// A request to stop is looked for this often.
const STOP_CHECK: Duration = Duration::from_millis(200);

/// How a training ended without an error.
#[derive(Debug)]
pub enum Outcome {
    /// The weights with the lowest validation loss.
    Trained(Box<Network>),
    /// On request, after this many epochs.
    Stopped(u32),
}

/// A training under way.
pub struct Training<'a> {
    run: &'a RunDir,
    plan: &'a RunPlan,
    learner: Learner,
    schedule: Schedule,
    checkpoints: Checkpoints,
    epoch: u32,
    step: u64,
    looked_for_stop: Instant,
    lacks_distances: bool,
}

/// Trains until the last epoch, early stopping or a request to stop; `after_epoch` sees each epoch, from 1, and its
/// validation.
pub fn fit(
    training: &mut Training,
    samples: &Samples,
    journal: &mut Journal,
    after_epoch: impl FnMut(u32, &Validation) -> Result<(), TrainError>,
) -> Result<Outcome, TrainError> {
    std::thread::scope(|scope| {
        let mut measuring = Measuring::new(scope, &samples.valid, training.plan.task);
        if training.lacks_distances {
            let validation = training.validate(&samples.valid)?;
            measuring.begin(training.epoch, validation.probabilities);
        }
        let trained = epochs(training, samples, (journal, &mut measuring), after_epoch);
        // Whatever ended it, the last epoch's distances are known.
        let said = measuring.end(journal);
        match trained.and_then(|stopped| said.map(|()| stopped))? {
            Some(epoch) => Ok(Outcome::Stopped(epoch)),
            None => training.best().map(|network| Outcome::Trained(Box::new(network))),
        }
    })
}

/// The epoch in which it was asked to stop, if it was.
fn epochs(
    training: &mut Training,
    samples: &Samples,
    (journal, measuring): (&mut Journal, &mut Measuring),
    mut after_epoch: impl FnMut(u32, &Validation) -> Result<(), TrainError>,
) -> Result<Option<u32>, TrainError> {
    while !training.schedule.ended(&training.plan.train, training.epoch) {
        let began = Instant::now();
        let Some(pass) = training.epoch(&samples.train, journal)? else {
            return Ok(Some(training.epoch));
        };
        measuring.end(journal)?;
        let trained = began.elapsed().as_secs_f64();
        let validation = training.validate(&samples.valid)?;
        after_epoch(training.epoch + 1, &validation)?;
        training.epoch += 1;
        let lr = training.schedule.lr;
        let verdict = training.schedule.update(&training.plan.train, training.epoch, validation.loss);
        journal.say_durably(&Event::Epoch {
            epoch: training.epoch,
            step: training.step,
            lr,
            train_loss: Some(pass.sum / pass.scores.len() as f64),
            valid_loss: Some(validation.loss),
            train: means(training.plan.task, &pass.scores),
            valid: means(training.plan.task, &validation.scores),
            elapsed_s: began.elapsed().as_secs_f64(),
            images_per_s: samples.train.len() as f64 / trained,
            waited_s: Some(pass.waited_s),
        })?;
        training.save()?;
        training.note(lr, verdict);
        journal.say_durably(&Event::Saved { epoch: training.epoch, best: verdict.best })?;
        measuring.begin(training.epoch, validation.probabilities);
    }
    Ok(None)
}

/// What one pass over the training part comes to.
#[derive(Default)]
struct Pass {
    /// Of the images' losses.
    sum: f64,
    /// Of the images, as they were trained on.
    scores: Vec<CaseScore>,
    /// How long steps waited for batches.
    waited_s: f64,
}

impl<'a> Training<'a> {
    /// At the start, or at the run's newest checkpoint. `device` is without autodiff.
    pub fn new(run: &'a RunDir, plan: &'a RunPlan, device: &Device) -> Result<Self, TrainError> {
        let training = Self {
            run,
            plan,
            learner: Learner::new(plan, device)?,
            schedule: Schedule::new(&plan.train),
            checkpoints: Checkpoints::of(run),
            epoch: 0,
            step: 0,
            looked_for_stop: Instant::now(),
            lacks_distances: false,
        };
        match training.checkpoints.newest()? {
            Some(checkpoint) => training.at(&checkpoint),
            None => training.begun(),
        }
    }

    /// With the weights that the plan names.
    fn begun(mut self) -> Result<Self, TrainError> {
        let sources = Sources { store: self.run.store(), root: WeightsRoot::from_env() };
        let (model, import) = sources.begin(self.learner.model, self.plan)?;
        self.learner.model = model;
        if let Some(import) = import {
            self.run.log(&import.headline());
        }
        Ok(self)
    }

    fn at(mut self, checkpoint: &Checkpoint) -> Result<Self, TrainError> {
        self.learner = self.checkpoints.load(checkpoint, self.learner)?;
        self.schedule = checkpoint.schedule.clone();
        (self.epoch, self.step) = (checkpoint.epoch, checkpoint.step);
        Ok(self)
    }

    /// The newest epoch's distances were never said: they are measured again.
    pub fn measure_again(&mut self) {
        self.lacks_distances = self.epoch > 0 && self.plan.task == Task::Segmentation;
    }

    /// What the arm is trained on, without gradients.
    pub fn objective(&self) -> Objective {
        self.learner.objective.valid()
    }

    /// Completed epochs and steps.
    pub fn progress(&self) -> (u32, u64) {
        (self.epoch, self.step)
    }

    /// Epoch of the lowest validation loss so far.
    pub fn best_epoch(&self) -> Option<u32> {
        self.schedule.best.map(|(_, epoch)| epoch)
    }

    /// Trainable numbers.
    pub fn params(&self) -> u64 {
        trainable(&self.learner.model) as u64
    }

    /// One pass over the training part, or `None` if it was asked to stop.
    fn epoch(&mut self, samples: &[Stored], journal: &mut Journal) -> Result<Option<Pass>, TrainError> {
        let plan = self.plan;
        self.learner.enter(self.epoch + 1);
        std::thread::scope(|scope| {
            let mut pass = Pass::default();
            let mut unread = Unread::new(plan.task);
            let mut batches = Batches::start(scope, samples, (plan, self.learner.training_device()), self.epoch + 1);
            for batch in batches.by_ref() {
                let batch = batch?;
                if self.stop_requested() {
                    return Ok(None);
                }
                self.step += 1;
                let told = self.learner.step(batch, self.schedule.lr, mix(&[plan.seed, self.step, 0x7374_6570]));
                unread.push(self.step, told);
                if unread.is_due() {
                    self.note_steps(&mut unread, (&mut pass, journal))?;
                }
            }
            self.note_steps(&mut unread, (&mut pass, journal))?;
            Ok(Some(Pass { waited_s: batches.waited().as_secs_f64(), ..pass }))
        })
    }

    /// Reads the last steps, says their losses, and adds them up; one that is not finite is the error.
    fn note_steps(&self, unread: &mut Unread, (pass, journal): (&mut Pass, &mut Journal)) -> Result<(), TrainError> {
        for StepRead { step, loss, scores } in unread.read() {
            journal.say(&Event::Step { step, loss: Some(loss).filter(|l| l.is_finite()) })?;
            self.check_finite("the training loss", (step, loss))?;
            pass.sum += loss * scores.len() as f64;
            pass.scores.extend(scores);
        }
        Ok(())
    }

    fn validate(&self, samples: &[Sample]) -> Result<Validation, TrainError> {
        let validation = self.learner.validate(samples, &self.plan.train);
        self.check_finite("the validation loss", (self.step, validation.loss))?;
        Ok(validation)
    }

    /// What people look for in the log.
    fn note(&self, lr: f64, verdict: Verdict) {
        if verdict.best {
            self.run.log(&format!("epoch {}: lowest validation loss so far", self.epoch));
        }
        if self.schedule.lr < lr {
            self.run.log(&format!("epoch {}: learning rate falls to {:e}", self.epoch, self.schedule.lr));
        }
        if verdict.stop && self.epoch < self.plan.train.epochs {
            self.run.log(&format!("epoch {}: the validation loss stands still, training ends early", self.epoch));
        }
    }

    fn save(&self) -> Result<(), TrainError> {
        self.checkpoints.save((self.epoch, self.step), &self.schedule, &self.learner)
    }

    fn best(&self) -> Result<Network, TrainError> {
        let epoch = self.best_epoch().ok_or_else(|| TrainError::Refused("no epoch was completed".to_owned()))?;
        let checkpoint = self.checkpoints.state(epoch)?;
        Ok(self.checkpoints.load_model(&checkpoint, self.learner.model.clone())?.valid())
    }

    fn check_finite(&self, what: &'static str, (step, value): (u64, f64)) -> Result<(), TrainError> {
        match value.is_finite() {
            true => Ok(()),
            false => Err(TrainError::NotFinite { what, value, step, epoch: self.epoch + 1 }),
        }
    }

    fn stop_requested(&mut self) -> bool {
        if self.looked_for_stop.elapsed() < STOP_CHECK {
            return false;
        }
        self.looked_for_stop = Instant::now();
        self.run.stop_requested()
    }
}

fn means(task: Task, scores: &[CaseScore]) -> EpochScores {
    let counted = task.shown().filter(|metric| !metric.is_distance());
    counted.map(|m| (m.name.to_owned(), Aggregate::of(m, scores).mean)).collect()
}
