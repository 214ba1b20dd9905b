//! What a worker with libtorch must do as the lab's own backend does.

#![allow(deprecated, reason = "burn's binding to libtorch; it is the GPU path that builds everywhere")]

use burn::tensor::Device;
use image::{Rgb, RgbImage};

use super::{Batch, Checkpoints, Learner, Sample, Schedule};
use crate::dataset::Normalise;
use crate::dataset::fold::{Parts, Split};
use crate::loss::LossConfig;
use crate::metric::Task;
use crate::model::{Kind, MODELS};
use crate::plan::{RunPlan, SCHEMA};
use crate::plane::Mask;
use crate::postprocess::PostProcess;
use crate::spec::{Precision, Spec, TrainConfig, Transfer};
use crate::store::Store;

/// A bright square on a dark ground.
fn sample(left: usize, px: usize) -> Sample {
    let reference = Mask::from_fn(px, px, |x, y| (left..left + px / 3).contains(&x) && (px / 4..px / 2).contains(&y));
    let bright = |x, y| reference.get(x as usize, y as usize) == Some(&true);
    let image = RgbImage::from_fn(px as u32, px as u32, |x, y| Rgb([if bright(x, y) { 200 } else { 20 }; 3]));
    Sample::new(left.to_string(), left.to_string(), image, reference)
}

fn plan(model: &str, px: usize, precision: Precision) -> RunPlan {
    let spec = Spec::built_in("demo").expect("a name").expect("a spec");
    let part = |case: &str| vec![(case.to_owned(), case.to_owned())];
    let parts = Parts { train: part("a"), valid: part("b"), test: part("c"), ..Parts::default() };
    let loss = LossConfig::default();
    RunPlan {
        task: Task::Segmentation,
        schema: SCHEMA,
        spec: spec.name,
        arm: "net".to_owned(),
        fold: 0,
        seed: 1,
        dataset: spec.dataset,
        dataset_digest: String::new(),
        input_px: px,
        model: toml::from_str(model).expect("a network"),
        edge: loss.edge(),
        loss,
        train: TrainConfig { precision, ..spec.train },
        transfer: Transfer::default(),
        postprocess: PostProcess::default(),
        subset: None,
        split: Split::try_from(parts).expect("three subjects"),
    }
}

fn batch(px: usize) -> Batch {
    let samples = [sample(4, px), sample(14, px)];
    Batch::of(&samples.iter().collect::<Vec<_>>(), &LossConfig::default().maps(), Normalise::ZScore)
}

fn losses(learner: &mut Learner, batch: &Batch, steps: u64) -> Vec<f64> {
    let batch = batch.load(&learner.training_device());
    (0..steps).map(|step| learner.step(batch.clone(), 1e-3, step).loss.into_scalar()).collect()
}

#[test]
fn a_checkpoint_of_one_device_continues_on_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan("name = \"unet\"\nwidth = 0.0625", 32, Precision::F32);
    let run = Store::new(folder.path()).create(&plan).expect("a run");
    let checkpoints = Checkpoints::of(&run);
    let batch = batch(32);
    let schedule = Schedule::new(&plan.train);
    let mut began = Learner::new(&plan, &Device::flex()).expect("a network");
    losses(&mut began, &batch, 3);
    checkpoints.save((1, 3), &schedule, &began).expect("saved");
    let checkpoint = checkpoints.newest().expect("whole").expect("one");
    let elsewhere = Learner::new(&plan, &Device::libtorch()).expect("a network");
    let mut elsewhere = checkpoints.load(&checkpoint, elsewhere).expect("loaded");
    let (there, here) = (losses(&mut elsewhere, &batch, 4), losses(&mut began, &batch, 4));
    for (there, here) in there.iter().zip(&here) {
        assert!((there - here).abs() < 1e-3 * here, "{there} {here}");
    }
    checkpoints.save((2, 7), &schedule, &elsewhere).expect("saved");
    let checkpoint = checkpoints.newest().expect("whole").expect("one");
    let back = Learner::new(&plan, &Device::flex()).expect("a network");
    let mut back = checkpoints.load(&checkpoint, back).expect("loaded");
    assert!((losses(&mut back, &batch, 1)[0] - losses(&mut elsewhere, &batch, 1)[0]).abs() < 1e-3);
}

#[test]
fn half_the_bits_follow_the_same_losses() {
    let batch = batch(64);
    let of = |precision| {
        let plan = plan("name = \"unet\"\nwidth = 0.125", 64, precision);
        Learner::new(&plan, &Device::libtorch()).expect("a network")
    };
    let [mut single, mut half] = [Precision::F32, Precision::Bf16].map(of);
    // Tests beside this one draw from the device's source of weights, too.
    half.model = single.model.clone();
    let (single, half) = (losses(&mut single, &batch, 20), losses(&mut half, &batch, 20));
    assert!(single[19] < 0.9 * single[0], "{single:?}");
    for (step, (single, half)) in single.iter().zip(&half).enumerate() {
        // eight bits of mantissa: 0.4 % a rounding
        assert!((single - half).abs() < 0.05 * single, "step {step}: {single} {half}");
    }
    assert_ne!(single, half);
}

#[test]
fn every_network_trains_in_both_precisions() {
    let batch = batch(96);
    for row in MODELS.iter().filter(|row| row.kind == Kind::Network && row.task == Task::Segmentation) {
        let depth = if row.name == "pix2pix" { "downs = 5" } else { "" };
        for precision in [Precision::F32, Precision::Bf16] {
            let plan = plan(&format!("name = \"{}\"\nwidth = 0.0625\n{depth}\n", row.name), 96, precision);
            let mut learner = Learner::new(&plan, &Device::libtorch()).expect("a network");
            let losses = losses(&mut learner, &batch, 2);
            assert!(losses.iter().all(|loss| loss.is_finite()), "{} {precision:?}: {losses:?}", row.name);
        }
    }
}

#[test]
fn half_the_bits_on_flex_are_refused_with_what_helps() {
    let plan = plan("name = \"unet\"\nwidth = 0.0625", 32, Precision::Bf16);
    let error = Learner::new(&plan, &Device::flex()).err().expect("refused").to_string();
    assert!(error.contains("train.precision = \"bf16\"") && error.contains("--device tch:cpu"), "{error}");
}
