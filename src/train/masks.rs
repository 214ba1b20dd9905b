//! Masks in place of images, for a classifier that reads shapes.

use std::sync::Arc;

use burn::tensor::Device;
use image::{Rgb, RgbImage};
use rayon::prelude::*;

use super::{Checkpoints, Sample, Samples, Stored, TrainError, predict, predicted_mask};
use crate::metric::Task;
use crate::model::{Masks, ModelConfig, Network};
use crate::plan::RunPlan;
use crate::plane::{Mask, Plane};
use crate::store::{RunDir, Store};

/// `samples` as the model of `plan` reads them: images as they are, or the masks that it asks for.
pub fn as_read(samples: Samples, run: &RunDir, plan: &RunPlan, device: &Device) -> Result<Samples, TrainError> {
    let ModelConfig::MaskMlp(config) = &plan.model else { return Ok(samples) };
    let train = samples.held()?.iter().map(|sample| Sample::clone(sample)).collect();
    let parts = [train, samples.valid, samples.test];
    let [train, valid, test] = match &config.masks {
        Masks::Reference => parts.map(|part| painted(part, |sample| sample.reference.clone())),
        Masks::Run(name) => {
            let (source, network) = segmenter(name, run, plan, device)?;
            run.log(&format!("masks of {}", source.id()));
            parts.map(|part| predicted(part, &network, &source, device))
        }
    };
    let train = train.into_iter().map(|sample| Stored::Held(Arc::new(sample))).collect();
    Ok(Samples { train, valid, test })
}

/// Refuses a plan whose masks are of a run that is neither in the store nor among `plans`.
pub fn check_masks(plans: &[RunPlan], store: &Store) -> Result<(), TrainError> {
    for plan in plans {
        if let ModelConfig::MaskMlp(config) = &plan.model
            && let Masks::Run(name) = &config.masks
        {
            check_source(name, plan, (plans, store))?;
        }
    }
    Ok(())
}

fn check_source(name: &str, plan: &RunPlan, (plans, store): (&[RunPlan], &Store)) -> Result<(), TrainError> {
    let (spec, arm) = name.split_once('/').unwrap_or((name, ""));
    let segments = |source: &RunPlan| source.spec == spec && source.arm == arm && source.task == Task::Segmentation;
    if plans.iter().any(|source| segments(source) && same_question(source, plan)) {
        return Ok(());
    }
    let mut seen = Vec::new();
    for dir in store.runs_of(spec)? {
        let source = dir.plan()?;
        if segments(&source) && same_question(&source, plan) {
            return Ok(());
        }
        seen.extend(segments(&source).then(|| source.id().to_string()));
    }
    Err(TrainError::Refused(format!(
        "spec {}, arm \"{}\": model.masks = {{ run = \"{name}\" }}: {}; run spec \"{spec}\" first, or give this spec that \
         arm; \"seglab status\" lists the runs",
        plan.spec,
        plan.arm,
        expected("a run", plan, &seen),
    )))
}

fn expected(what: &str, plan: &RunPlan, seen: &[String]) -> String {
    format!(
        "expected {what} on the same data, {} px, seed {} and fold {} with the same split; found {}",
        plan.input_px,
        plan.seed,
        plan.fold,
        if seen.is_empty() { "none of that arm".to_owned() } else { seen.join(", ") }
    )
}

fn predicted(part: Vec<Sample>, network: &Network, source: &RunPlan, device: &Device) -> Vec<Sample> {
    let planes: Vec<Plane<f32>> = predict(network, &part, (&source.train, device));
    let mask = |plane: &Plane<f32>| predicted_mask(plane, &source.postprocess);
    let masks: Vec<Mask> = planes.par_iter().map(mask).collect();
    part.into_iter().zip(masks).map(|(sample, mask)| sample.showing(paint(&mask))).collect()
}

fn painted(part: Vec<Sample>, mask: impl Fn(&Sample) -> Mask) -> Vec<Sample> {
    part.into_iter()
        .map(|sample| {
            let image = paint(&mask(&sample));
            sample.showing(image)
        })
        .collect()
}

/// White where the mask is set, else black.
fn paint(mask: &Mask) -> RgbImage {
    let (width, height) = mask.size();
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        Rgb([if mask.get(x as usize, y as usize) == Some(&true) { 255 } else { 0 }; 3])
    })
}

/// The finished segmentation `name` = `spec/arm` that shares data, size, seed and split with `plan`, with its best
/// weights. Another split would let masks of cases that the segmentation was fitted to into the test part.
fn segmenter(name: &str, run: &RunDir, plan: &RunPlan, device: &Device) -> Result<(RunPlan, Network), TrainError> {
    let refused = |what: &str| {
        TrainError::Refused(format!("model.masks = {{ run = \"{name}\" }}: {what}; \"seglab status\" lists the runs"))
    };
    let (spec, arm) = name.split_once('/').ok_or_else(|| refused("expected \"spec/arm\""))?;
    let root = run.path().parent().and_then(|spec| spec.parent()).ok_or_else(|| refused("no store"))?;
    let mut seen = Vec::new();
    for dir in Store::new(root).runs_of(spec)? {
        let source = dir.plan()?;
        let segments = source.task == Task::Segmentation && source.arm == arm;
        if segments && same_question(&source, plan) && dir.scores().is_ok() {
            let network = source.model.build(device).ok_or_else(|| refused("a pixel classifier keeps no weights"))?;
            let checkpoints = Checkpoints::of(&dir);
            let best = checkpoints.newest()?.and_then(|newest| newest.schedule.best);
            let (_, epoch) = best.ok_or_else(|| refused("the run has no checkpoint"))?;
            return Ok((source, checkpoints.load_model(&checkpoints.state(epoch)?, network)?));
        }
        seen.extend(segments.then(|| source.id().to_string()));
    }
    Err(refused(&expected("a finished run", plan, &seen)))
}

fn same_question(source: &RunPlan, plan: &RunPlan) -> bool {
    let question = |plan: &RunPlan| (plan.dataset_digest.clone(), plan.input_px, plan.seed, plan.split.clone());
    question(source) == question(plan)
}
