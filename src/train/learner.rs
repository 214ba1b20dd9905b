//! A network with what changes its weights.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, FloatDType, activation};

use super::groups::Groups;
use super::{Adam, Adversary, LoadedBatch, Sample, Scene, Told, TrainError, Validation, mix, validate};
use crate::loss::Objective;
use crate::model::{Forward, Network};
use crate::native;
use crate::plan::RunPlan;
use crate::spec::{Precision, TrainConfig, Transfer};

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
    transfer: Transfer,
    groups: Groups,
    precision: Precision,
    device: Device,
}

impl Learner {
    /// With random weights from the plan's seed; refuses a model that is no network or does not fit the loss.
    pub fn new(plan: &RunPlan, device: &Device) -> Result<Self, TrainError> {
        let precision = plan.train.precision;
        if precision == Precision::Bf16 && !native::has_bf16(device) {
            let message = "train.precision = \"bf16\": this device has f32 alone; expected a device of libtorch";
            return Err(TrainError::Refused(format!("{message}: --device tch:cpu or tch:cuda:0")));
        }
        let device = device.clone().autodiff();
        device.seed(mix(&[plan.seed, 0x6d6f_6465]));
        let model = plan.model.build(&device);
        let model = model.ok_or_else(|| TrainError::Refused(format!("{} is no network", plan.model.name())))?;
        let objective = Objective::new(&plan.loss, &plan.edge, &plan.model, &device).map_err(TrainError::Refused)?;
        let adversary = plan.model.adversary().map(|config| Adversary::new(config, &device));
        let decay = plan.train.weight_decay;
        let optimizer = if adversary.is_some() { Adam::for_adversaries(decay) } else { Adam::for_network(decay) };
        let (transfer, groups) = (plan.transfer.clone(), Groups::default());
        Ok(Self { model, objective, adversary, optimizer, transfer, groups, precision, device })
    }

    /// Freezes and thaws stages for `epoch`, from 1; before its first step.
    pub fn enter(&mut self, epoch: u32) {
        (self.model, self.groups) = Groups::enter(&self.transfer, self.model.clone(), epoch);
    }

    /// Where it computes, with autodiff.
    pub fn training_device(&self) -> Device {
        self.device.clone()
    }

    /// One step of gradient descent: the batch's loss before it, without what an adversary adds, and its answers, still
    /// on the device: nothing here waits for them. Where the loss is not finite, neither are the weights any more.
    pub fn step(&mut self, batch: LoadedBatch, lr: f64, seed: u64) -> Told {
        // Dropout's masks follow from the seed alone: a resumed run draws the same ones.
        self.device.seed(seed);
        let LoadedBatch { images, truth, .. } = batch;
        let output = match self.precision {
            Precision::F32 => self.model.forward(images.clone()),
            Precision::Bf16 => self.model.forward(images.clone().cast(FloatDType::BF16)).in_single_precision(),
        };
        let prediction = output.logits.clone();
        let mut loss = self.objective.forward(output, &truth);
        let mut told = Told::of(loss.clone().inner(), prediction.clone().inner(), truth.target.clone().inner());
        if let Some(adversary) = &mut self.adversary {
            let scene = Scene { images, prediction: activation::sigmoid(prediction), reference: truth.target };
            loss = adversary.step(scene, loss, &mut self.optimizer, lr);
            // 0 · x is no number where x is none: what fails on either side is seen
            told.loss = told.loss + loss.clone().inner() * 0.0;
        }
        let mut gradients = loss.backward();
        for (scale, of_group) in self.groups.split(&mut gradients, &self.model) {
            self.model = self.optimizer.step(lr * scale, self.model.clone(), of_group);
        }
        if let Some(smoothness) = self.objective.smoothness.take() {
            let of_smoothness = GradientsParams::from_module(&mut gradients, &smoothness);
            self.objective.smoothness = Some(self.optimizer.step(lr, smoothness, of_smoothness));
        }
        told
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
    use crate::dataset::Normalise;
    use crate::loss::LossConfig;
    use crate::model::{slots, values};
    use crate::plane::Mask;
    use crate::spec::Spec;
    use crate::train::Batch;
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
            task: crate::metric::Task::Segmentation,
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
            transfer: crate::spec::Transfer::default(),
            postprocess: crate::postprocess::PostProcess::default(),
            subset: None,
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
            let losses: Vec<f64> = (0..8)
                .map(|step| learner.step(batch.load(&learner.training_device()), 3e-3, step).loss.into_scalar())
                .collect();
            assert!(losses[7] < losses[0], "{name}: {losses:?}");
            assert!(learner.validate(&samples, &plan.train).loss.is_finite(), "{name}");
        }
    }

    fn batch(samples: &[Sample]) -> Batch {
        let loss = LossConfig::default();
        Batch::of(&samples.iter().collect::<Vec<_>>(), &loss.maps(), Normalise::ZScore)
    }

    fn learner(transfer: &str) -> Learner {
        let transfer = toml::from_str(transfer).expect("a transfer");
        let plan = RunPlan { transfer, ..plan(LossConfig::default()) };
        Learner::new(&plan, &Device::flex()).expect("a network that fits")
    }

    /// Path and numbers of every tensor, running statistics up to date.
    fn tensors(learner: &Learner) -> Vec<(String, Vec<f32>)> {
        let _ = learner.model.valid();
        let slots = slots(&learner.model).into_iter().filter(|slot| !slot.shape.is_empty());
        slots.map(|slot| slot.path).zip(values(&learner.model)).collect()
    }

    #[test]
    fn a_frozen_stage_and_its_statistics_stand_still_bit_for_bit_until_it_thaws() {
        let samples = [sample(4), sample(14)];
        let batch = batch(&samples);
        let mut learner = learner("freeze = [{ stage = \"encoder\", until_epoch = 2 }]");
        let moved = |before: &[(String, Vec<f32>)], after: &[(String, Vec<f32>)]| -> Vec<bool> {
            let encoder = before.iter().zip(after).filter(|((path, _), _)| path.starts_with("encoder."));
            encoder.map(|(before, after)| before != after).collect()
        };
        let before = tensors(&learner);
        for epoch in [1, 2] {
            learner.enter(epoch);
            learner.step(batch.load(&learner.training_device()), 1e-3, u64::from(epoch));
        }
        let frozen = tensors(&learner);
        let still = moved(&before, &frozen);
        assert!(still.len() > 60 && still.iter().all(|moved| !moved), "{still:?}");
        assert_ne!(before, frozen, "the rest learns");
        learner.enter(3);
        learner.step(batch.load(&learner.training_device()), 1e-3, 3);
        let thawed = moved(&frozen, &tensors(&learner));
        assert!(thawed.iter().all(|moved| *moved), "{thawed:?}");
    }

    #[test]
    fn a_stage_at_half_the_rate_goes_half_as_far_in_adams_first_step() {
        let samples = [sample(4), sample(14)];
        let batch = batch(&samples);
        let stepped = |transfer| {
            let mut learner = learner(transfer);
            let before = tensors(&learner);
            learner.enter(1);
            learner.step(batch.load(&learner.training_device()), 1e-2, 1);
            (before, tensors(&learner))
        };
        // Tests beside this one draw from the device's source of weights, too.
        let mut pairs = (0..20).map(|_| ["", "lr_scale = { encoder = 0.5 }"].map(stepped));
        let [full, half] = pairs.find(|[full, half]| full.0 == half.0).expect("the same start");
        let mut seen = 0;
        for (((path, start), (_, full)), (_, half)) in full.0.iter().zip(&full.1).zip(&half.1) {
            if path.contains("running_") || !path.starts_with("encoder.") {
                assert_eq!(full, half, "{path}");
                continue;
            }
            seen += 1;
            for ((start, full), half) in start.iter().zip(full).zip(half) {
                let ratio_gap = 2.0 * (half - start) - (full - start);
                assert!(ratio_gap.abs() < 1e-6, "{path}: {start} {full} {half}");
            }
        }
        assert!(seen > 30, "{seen}");
    }

    #[test]
    fn what_is_counted_on_the_device_is_what_the_masks_say() {
        let samples = [sample(4), sample(14), sample(8)];
        let plan = plan(LossConfig::default());
        let config = TrainConfig { batch: 2, ..plan.train.clone() };
        // Tests beside this one draw from the device's source of weights, too, and some networks find nothing untrained.
        let mut validations = (0..20).map(|_| {
            let learner = Learner::new(&plan, &Device::flex()).expect("a network that fits");
            learner.validate(&samples, &config)
        });
        let finds = |found: &Validation| found.scores.iter().all(|score| score.counts.tp + score.counts.fp > 0);
        let found = validations.find(finds).expect("an untrained network that finds something");
        let cases: Vec<&str> = found.scores.iter().map(|score| score.case.as_str()).collect();
        assert_eq!(cases, ["4", "14", "8"]);
        for ((sample, counted), plane) in samples.iter().zip(&found.scores).zip(&found.probabilities) {
            let scored = crate::train::score(sample, plane);
            assert_eq!((counted.counts, counted.hd95_px), (scored.counts, None));
        }
    }

    #[test]
    fn a_few_steps_against_an_adversary_lower_the_loss_and_move_the_discriminator() {
        let samples = [sample(4), sample(14)];
        let mut plan = plan(LossConfig::L1 {});
        plan.model = toml::from_str("name = \"pix2pix\"\nwidth = 0.125\ndowns = 5").expect("a network");
        let mut learner = Learner::new(&plan, &Device::flex()).expect("a network that fits");
        let batch = batch(&samples);
        let opinion = |learner: &Learner| {
            let (images, masks) = (batch.images(&learner.device), batch.truth(&learner.device).target);
            let discriminator = &learner.adversary.as_ref().expect("an adversary").discriminator;
            discriminator.forward(images, masks).mean().into_scalar::<f32>()
        };
        let before = opinion(&learner);
        let losses: Vec<f64> = (0..24)
            .map(|step| learner.step(batch.load(&learner.training_device()), 2e-3, step).loss.into_scalar())
            .collect();
        assert!(losses[23] < 0.8 * losses[0], "{losses:?}");
        assert!((opinion(&learner) - before).abs() > 1e-3);
        // what is validated is the arm's loss alone, a mean distance of probabilities
        assert!((0.0..=1.0).contains(&learner.validate(&samples, &plan.train).loss));
    }
}
