//! A finished run's network, as it was scored.

use burn::tensor::Device;

use super::pretrained::{best, refused};
use super::{Checkpoints, TrainError};
use crate::model::{Named, Network, torch_tensors};
use crate::plan::RunPlan;
use crate::run::State;
use crate::store::RunDir;

/// The network of a finished run, with the weights of the lowest validation loss.
#[derive(Debug)]
pub struct Trained {
    /// What the run is.
    pub plan: RunPlan,
    /// Epoch of the weights.
    pub epoch: u32,
    /// SHA-256 of the checkpoint's weights.
    pub sha256: String,
    pub(super) network: Network,
}

impl Trained {
    /// Of `run`, on `device` without autodiff; refuses a run that has not been scored, or keeps no weights.
    pub fn open(run: &RunDir, device: &Device) -> Result<Self, TrainError> {
        let plan = run.plan()?;
        if let Err(error) = run.scores() {
            return Err(match run.glance().state {
                // What is missing of it, and what helps.
                State::Finished => error.into(),
                _ => refused(&run.name(), "the run is not finished; \"seglab resume\" continues it"),
            });
        }
        let network = plan.model.build(device);
        let network = network.ok_or_else(|| {
            refused(
                &run.name(),
                &format!("{} judges pixels and keeps no weights; expected a network", plan.model.name()),
            )
        })?;
        let checkpoint = best(run)?;
        let network = Checkpoints::of(run).load_model(&checkpoint, network)?;
        Ok(Self { plan, epoch: checkpoint.epoch, sha256: checkpoint.model_sha256, network })
    }

    /// Its tensors under the names that PyTorch's layers would give them.
    pub fn torch_tensors(&self) -> Vec<Named> {
        torch_tensors(&self.network)
    }
}
