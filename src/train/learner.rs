//! A network with what changes its weights.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Device;

use super::{Adam, Batch, Sample, TrainError, Validation, mix, validate};
use crate::loss::Objective;
use crate::model::{Forward, Network};
use crate::plan::RunPlan;
use crate::spec::TrainConfig;

/// Network, objective and [`Adam`], which trains the weights of both, on an autodiff device.
pub struct Learner {
    /// The network.
    pub model: Network,
    /// What it is trained on.
    pub objective: Objective,
    /// Of both.
    pub optimizer: ModuleOptimizer,
    device: Device,
}

impl Learner {
    /// With random weights from the plan's seed; refuses a model that is no network or does not fit the loss.
    pub fn new(plan: &RunPlan, device: &Device) -> Result<Self, TrainError> {
        let device = device.clone().autodiff();
        device.seed(mix(&[plan.seed, 0x6d6f_6465]));
        let model = plan.model.build(&device);
        let model = model.ok_or_else(|| TrainError::Refused(format!("{} is no network", plan.model.name())))?;
        let objective = Objective::new(&plan.loss, &plan.edge, &plan.model, &device).map_err(TrainError::Refused)?;
        Ok(Self { model, objective, optimizer: Adam::for_network(), device })
    }

    /// One step of gradient descent: the batch's loss before it. A loss that is not finite changes no weight.
    pub fn step(&mut self, batch: &Batch, lr: f64, seed: u64) -> f64 {
        // Dropout's masks follow from the seed alone: a resumed run draws the same ones.
        self.device.seed(seed);
        let output = self.model.forward(batch.images(&self.device));
        let loss = self.objective.forward(output, &batch.truth(&self.device));
        let value = loss.clone().inner().into_scalar::<f64>();
        if value.is_finite() {
            let mut gradients = loss.backward();
            let of_model = GradientsParams::from_module(&mut gradients, &self.model);
            self.model = self.optimizer.step(lr, self.model.clone(), of_model);
            if let Some(smoothness) = self.objective.smoothness.take() {
                let of_smoothness = GradientsParams::from_module(&mut gradients, &smoothness);
                self.objective.smoothness = Some(self.optimizer.step(lr, smoothness, of_smoothness));
            }
        }
        value
    }

    /// Predicts and scores `samples` in batches of the recipe's size, without gradients.
    pub fn validate(&self, samples: &[Sample], config: &TrainConfig) -> Validation {
        let device = self.device.clone().inner();
        validate(&self.model.valid(), &self.objective.valid(), samples, (config, &device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::LossConfig;
    use crate::plane::Mask;
    use crate::spec::Spec;
    use image::{Rgb, RgbImage};

    /// A bright square on a dark ground.
    fn sample(left: usize) -> Sample {
        let reference = Mask::from_fn(32, 32, |x, y| (left..left + 12).contains(&x) && (8..20).contains(&y));
        let bright = |x, y| reference.get(x as usize, y as usize) == Some(&true);
        let image = RgbImage::from_fn(32, 32, |x, y| Rgb([if bright(x, y) { 200 } else { 20 }; 3]));
        Sample::new(left.to_string(), left.to_string(), image, reference)
    }

    fn plan(loss: LossConfig) -> RunPlan {
        use crate::dataset::fold::{Parts, Split};
        let spec = Spec::built_in("demo").expect("a name").expect("a spec");
        let part = |case: &str| vec![(case.to_owned(), case.to_owned())];
        let parts = Parts { train: part("a"), valid: part("b"), test: part("c"), ..Parts::default() };
        RunPlan {
            task: spec.task,
            schema: crate::plan::SCHEMA,
            spec: spec.name,
            arm: "net".to_owned(),
            fold: 0,
            seed: 1,
            dataset: spec.dataset,
            dataset_digest: String::new(),
            input_px: 32,
            model: toml::from_str("name = \"boundary-attention\"\nwidth = 0.03125").expect("a network"),
            edge: loss.edge(),
            loss,
            train: spec.train,
            postprocess: crate::postprocess::PostProcess::default(),
            split: Split::try_from(parts).expect("three subjects"),
        }
    }

    #[test]
    fn a_few_steps_lower_every_loss() {
        let samples = [sample(4), sample(14)];
        let device = Device::flex();
        for (name, loss) in crate::loss::tests::all() {
            let plan = plan(loss.clone());
            let mut learner = Learner::new(&plan, &device).expect("a network that fits");
            let batch = Batch::of(&samples.iter().collect::<Vec<_>>(), &loss.maps(), plan.train.normalise);
            let losses: Vec<f64> = (0..8).map(|step| learner.step(&batch, 3e-3, step)).collect();
            assert!(losses[7] < losses[0], "{name}: {losses:?}");
            assert!(learner.validate(&samples, &plan.train).loss.is_finite(), "{name}");
        }
    }
}
