//! A network with what changes its weights.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Device;

use super::{Adam, Batch, Sample, Validation, mix, validate};
use crate::loss::Objective;
use crate::model::{Network, Segmenter};
use crate::plan::RunPlan;

/// Network, objective and [`Adam`], on an autodiff device.
pub struct Learner {
    /// The network.
    pub model: Network,
    /// Its optimiser.
    pub optimizer: ModuleOptimizer,
    objective: Objective,
    device: Device,
}

impl Learner {
    /// With random weights from the plan's seed; `None` if the plan's model is no network.
    pub fn new(plan: &RunPlan, device: &Device) -> Option<Self> {
        let device = device.clone().autodiff();
        device.seed(mix(&[plan.seed, 0x6d6f_6465]));
        Some(Self {
            model: plan.model.build(&device)?,
            optimizer: Adam::for_network(),
            objective: Objective::new(&plan.loss, &plan.edge),
            device,
        })
    }

    /// One step of gradient descent: the batch's loss before it. A loss that is not finite changes no weight.
    pub fn step(&mut self, batch: &Batch, lr: f64, seed: u64) -> f64 {
        // Dropout's masks follow from the seed alone: a resumed run draws the same ones.
        self.device.seed(seed);
        let output = self.model.forward(batch.images(&self.device));
        let loss = self.objective.forward(output, &batch.truth(&self.device));
        let value = loss.clone().inner().into_scalar::<f64>();
        if value.is_finite() {
            let gradients = GradientsParams::from_grads(loss.backward(), &self.model);
            self.model = self.optimizer.step(lr, self.model.clone(), gradients);
        }
        value
    }

    /// Predicts and scores `samples`, `batch` at a time, without gradients.
    pub fn validate(&self, samples: &[Sample], batch: usize) -> Validation {
        let device = self.device.clone().inner();
        validate(&self.model.valid(), &self.objective, samples, (batch, &device))
    }
}
