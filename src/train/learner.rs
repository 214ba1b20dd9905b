//! A network with what changes its weights.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, activation};

use super::{Adam, Adversary, Batch, Sample, Scene, TrainError, Validation, mix, validate};
use crate::loss::Objective;
use crate::model::{Forward, Network};
use crate::plan::RunPlan;

/// Network, objective, adversary and [`Adam`], which trains the weights of all, on an autodiff device.
pub struct Learner {
    /// The network.
    pub model: Network,
    /// What it is trained on.
    pub objective: Objective,
    /// What it is trained against, if anything.
    pub adversary: Option<Adversary>,
    /// Of all three.
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
        let adversary = plan.model.adversary().map(|config| Adversary::new(config, &device));
        let optimizer = if adversary.is_some() { Adam::for_adversaries() } else { Adam::for_network() };
        Ok(Self { model, objective, adversary, optimizer, device })
    }

    /// One step of gradient descent: the batch's loss before it, without what an adversary adds. A loss that is not finite
    /// changes no weight of the network.
    pub fn step(&mut self, batch: &Batch, lr: f64, seed: u64) -> f64 {
        // Dropout's masks follow from the seed alone: a resumed run draws the same ones.
        self.device.seed(seed);
        let (images, truth) = (batch.images(&self.device), batch.truth(&self.device));
        let output = self.model.forward(images.clone());
        let prediction = output.logits.clone();
        let mut loss = self.objective.forward(output, &truth);
        let mut value = loss.clone().inner().into_scalar::<f64>();
        if let (true, Some(adversary)) = (value.is_finite(), &mut self.adversary) {
            let scene = Scene { images, prediction: activation::sigmoid(prediction), reference: truth.target };
            loss = adversary.step(scene, loss, &mut self.optimizer, lr);
            let total = loss.clone().inner().into_scalar::<f64>();
            value = if total.is_finite() { value } else { total };
        }
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

    /// Predicts and scores `samples`, `batch` at a time, without gradients.
    pub fn validate(&self, samples: &[Sample], batch: usize) -> Validation {
        let device = self.device.clone().inner();
        validate(&self.model.valid(), &self.objective.valid(), samples, (batch, &device))
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
        let parts = Parts { train: part("a"), valid: part("b"), test: part("c") };
        RunPlan {
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
            let mut learner = Learner::new(&plan(loss.clone()), &device).expect("a network that fits");
            let batch = Batch::of(&samples.iter().collect::<Vec<_>>(), &loss.maps());
            let losses: Vec<f64> = (0..8).map(|step| learner.step(&batch, 3e-3, step)).collect();
            assert!(losses[7] < losses[0], "{name}: {losses:?}");
            assert!(learner.validate(&samples, 2).loss.is_finite(), "{name}");
        }
    }

    #[test]
    fn a_few_steps_against_an_adversary_lower_the_loss_and_move_the_discriminator() {
        let samples = [sample(4), sample(14)];
        let mut plan = plan(LossConfig::L1 {});
        plan.model = toml::from_str("name = \"pix2pix\"\nwidth = 0.125\ndowns = 5").expect("a network");
        let mut learner = Learner::new(&plan, &Device::flex()).expect("a network that fits");
        let batch = Batch::of(&samples.iter().collect::<Vec<_>>(), &[]);
        let opinion = |learner: &Learner| {
            let (images, masks) = (batch.images(&learner.device), batch.truth(&learner.device).target);
            let discriminator = &learner.adversary.as_ref().expect("an adversary").discriminator;
            discriminator.forward(images, masks).mean().into_scalar::<f32>()
        };
        let before = opinion(&learner);
        let losses: Vec<f64> = (0..12).map(|step| learner.step(&batch, 2e-3, step)).collect();
        assert!(losses[11] < 0.8 * losses[0], "{losses:?}");
        assert!((opinion(&learner) - before).abs() > 1e-3);
        // what is validated is the arm's loss alone, a mean distance of probabilities
        assert!((0.0..=1.0).contains(&learner.validate(&samples, 2).loss));
    }
}
