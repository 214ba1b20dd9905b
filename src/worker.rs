//! `seglab worker <run-dir>`: takes the run's lock, trains, scores, and has the last word.

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{GrayImage, ImageFormat};

use rayon::prelude::*;

use crate::dataset::Dataset;
use crate::device::DeviceName;
use crate::metric::{Aggregate, CaseScore, Task, aggregate};
use crate::pixel::{PixelConfig, PixelModel};
use crate::plan::RunPlan;
use crate::plane::{Mask, Plane};
use crate::postprocess::PostProcess;
use crate::run::{EpochScores, Event};
use crate::store::{EpochMask, RunDir, StoreError};
use crate::train::{
    Cache, ChosenDevice, Journal, Outcome, Sample, Samples, Tested, TrainError, Training, Validation, as_read, choose,
    fit, load, now_s, predicted_mask, score, score_fully, test,
};
use crate::version::VERSION;

/// Images that a pixel classifier predicts between two looks for a request to stop.
const PIXEL_CHUNK: usize = 16;

/// How a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The run is finished.
    Finished,
    /// Stopped on request.
    Stopped,
    /// Failed; the reason is in the events and the log.
    Failed,
    /// Another worker is at it.
    Busy,
}

/// Executes the run at `run` on `device` to its end, or to the next request to stop.
pub fn work(run: &RunDir, device: DeviceName) -> Result<Ending, StoreError> {
    let Some(_lock) = run.lock()? else { return Ok(Ending::Busy) };
    // Its own session: closing the terminal that started it is not its end.
    let _ = rustix::process::setsid();
    run.write_device(device)?;
    run.dequeue()?;
    if run.stop_requested() {
        run.clear_stop()?;
        return Ok(Ending::Stopped);
    }
    let ended = catch_unwind(AssertUnwindSafe(|| execute(run, device)));
    let ended = ended.unwrap_or_else(|_| Err(TrainError::Refused("the worker panicked; see worker.log".to_owned())));
    let (event, ending) = match ended {
        Ok(Ended::Finished) => (Event::Finished { at_s: now_s() }, Ending::Finished),
        Ok(Ended::Stopped(epoch)) => (Event::Stopped { at_s: now_s(), epoch }, Ending::Stopped),
        Err(error) => {
            run.log(&format!("failed: {error}"));
            let step = if let TrainError::NotFinite { step, .. } = error { Some(step) } else { None };
            (Event::Failed { at_s: now_s(), reason: error.to_string(), step }, Ending::Failed)
        }
    };
    Journal::open(run, |_| true)?.say_durably(&event)?;
    run.clear_stop()?;
    Ok(ending)
}

fn execute(run: &RunDir, device: DeviceName) -> Result<Ended, TrainError> {
    let chosen = choose(device).map_err(TrainError::Refused)?;
    let plan = run.plan()?;
    let dataset = Dataset::at(run.origin()?)?;
    let digest = dataset.digest()?;
    if digest != plan.dataset_digest {
        let message = format!(
            "{}: digest {} is not the planned {}: the data have changed; run the spec again to plan anew",
            plan.dataset,
            &digest[..12],
            &plan.dataset_digest[..plan.dataset_digest.len().min(12)]
        );
        return Err(TrainError::Refused(message));
    }
    let cache = Cache::new(run.cache_path()).map_err(TrainError::Refused)?;
    // What a worker that died has left may be of an older version.
    cache.clear();
    let left_out = dataset.cases.iter().filter(|case| !case.class.is_tumour()).count();
    if plan.task == Task::Classification && left_out > 0 {
        run.log(&format!("{left_out} cases that are neither benign nor malignant are left out"));
    }
    let samples = load(&dataset, (&plan.split, plan.task), plan.input_px, cache)?;
    let samples = as_read(samples, run, &plan, &chosen.device)?;
    if samples.train.is_empty() || samples.valid.is_empty() || samples.test.is_empty() {
        return Err(TrainError::Refused("plan.toml: a part of the split is empty".to_owned()));
    }
    let parts = [samples.train.len(), samples.valid.len(), samples.test.len()];
    run.log(&format!("train {}, valid {}, test {} cases at {} px", parts[0], parts[1], parts[2], plan.input_px));
    if let Some(warning) = plan.split.warning() {
        run.log(&warning);
    }
    match plan.model.pixels() {
        Some(config) => classify_pixels(run, &plan, config, &samples),
        None => train(run, &plan, (&samples, &chosen)),
    }
}

/// What `execute` comes to, if nothing fails.
enum Ended {
    Finished,
    Stopped(u32),
}

fn train(run: &RunDir, plan: &RunPlan, (samples, chosen): (&Samples, &ChosenDevice)) -> Result<Ended, TrainError> {
    let mut training = Training::new(run, plan, &chosen.device)?;
    let (epoch, step) = training.progress();
    let mut measured = false;
    let mut journal = Journal::open(run, |event| {
        measured |= matches!(event, Event::Distances { epoch: at, .. } if *at == epoch);
        is_before(event, epoch, step)
    })?;
    if !measured {
        training.measure_again();
    }
    let steps_per_epoch = samples.train.len().div_ceil(plan.train.batch) as u32;
    journal.say_durably(&started(plan.train.epochs, &chosen.label, (training.params(), steps_per_epoch), epoch))?;
    if epoch > 0 {
        run.log(&format!("continues after epoch {epoch} on {}", chosen.label));
    }
    if let Some(best) = training.best_epoch() {
        // The checkpoint may be newer than the last event about it.
        for (epoch, best) in [(best, true), (epoch, best == epoch)] {
            journal.say(&Event::Saved { epoch, best })?;
        }
    }
    let shown = shown_case(&samples.valid);
    preview_case(run, &samples.valid[shown])?;
    let ended = fit(&mut training, samples, &mut journal, |epoch, validation: &Validation| match plan.task {
        Task::Segmentation => preview_prediction(run, epoch, &validation.probabilities[shown]),
        Task::Classification => Ok(()),
    })?;
    match ended {
        Outcome::Stopped(epoch) => Ok(Ended::Stopped(epoch)),
        Outcome::Trained(network) => {
            let tested = test(&network, &training.objective(), &samples.test, (&plan.train, &chosen.device));
            finish(run, plan, &mut journal, (&samples.test, &tested))
        }
    }
}

/// The pixel classifiers have no epochs: trained and validated at once, shown as one epoch.
fn classify_pixels(
    run: &RunDir,
    plan: &RunPlan,
    config: &dyn PixelConfig,
    samples: &Samples,
) -> Result<Ended, TrainError> {
    let mut journal = Journal::open(run, |event| is_before(event, 0, 0))?;
    let label = format!("cpu ({} threads)", rayon::current_num_threads());
    journal.say_durably(&started(1, &label, (0, 1), 0))?;
    let shown = shown_case(&samples.valid);
    preview_case(run, &samples.valid[shown])?;
    let began = std::time::Instant::now();
    let held = samples.held()?;
    let training: Vec<_> = held.iter().map(|s| (&s.image, &s.reference)).collect();
    run.log(&format!("{}: trains on {} pixels", plan.model.name(), config.pixels()));
    let model = PixelModel::fit(config, &training, plan.seed);
    let model = model.map_err(|error| TrainError::Refused(format!("{}: {error}", plan.model.name())))?;
    let images_per_s = training.len() as f64 / began.elapsed().as_secs_f64();
    run.log(&format!("trained in {:.1} s", began.elapsed().as_secs_f64()));
    let Some(planes) = predict_pixels(run, &model, &samples.valid) else { return Ok(Ended::Stopped(0)) };
    preview_prediction(run, 1, &planes[shown])?;
    let valid = means(&samples.valid, &planes);
    let elapsed_s = began.elapsed().as_secs_f64();
    journal.say_durably(&Event::Epoch {
        epoch: 1,
        step: 1,
        lr: 0.0,
        train_loss: None,
        valid_loss: None,
        train: Default::default(),
        valid,
        elapsed_s,
        images_per_s,
        waited_s: None,
    })?;
    match predict_pixels(run, &model, &samples.test) {
        Some(planes) => finish(run, plan, &mut journal, (&samples.test, &Tested { planes, losses: Vec::new() })),
        None => Ok(Ended::Stopped(0)),
    }
}

/// Probabilities of `samples`, with a line in the log every few images; `None` if it was asked to stop.
fn predict_pixels(run: &RunDir, model: &PixelModel, samples: &[Sample]) -> Option<Vec<Plane<f32>>> {
    let mut planes = Vec::with_capacity(samples.len());
    for chunk in samples.chunks(PIXEL_CHUNK) {
        if run.stop_requested() {
            return None;
        }
        planes.par_extend(chunk.par_iter().map(|sample| model.predict(&sample.image)));
        run.log(&format!("predicted {} of {} images", planes.len(), samples.len()));
    }
    Some(planes)
}

fn finish(
    run: &RunDir,
    plan: &RunPlan,
    journal: &mut Journal,
    (samples, tested): (&[Sample], &Tested),
) -> Result<Ended, TrainError> {
    let planes = &tested.planes;
    let score_all = |process: &PostProcess| -> Vec<CaseScore> {
        let scored = samples.par_iter().zip(planes).enumerate();
        let scored = scored.map(|(place, (sample, plane))| {
            let loss = tested.losses.get(place).copied().filter(|loss| loss.is_finite());
            CaseScore { loss, ..score_fully(sample, plane, process) }
        });
        scored.collect()
    };
    let scores = score_all(&plan.postprocess);
    if !plan.postprocess.is_none() {
        run.write_raw_scores(&score_all(&PostProcess::default()))?;
    }
    if plan.task == Task::Segmentation {
        keep_predictions(run, &plan.postprocess, planes);
    }
    run.write_scores(&scores)?;
    run.log(&format!("scored {} test cases", scores.len()));
    journal.say_durably(&Event::Scored { cases: scores.len(), test: aggregate(plan.task, &scores) })?;
    Ok(Ended::Finished)
}

/// The masks as they are scored, to be looked at. A full disk must not end a run because of them.
fn keep_predictions(run: &RunDir, process: &PostProcess, planes: &[Plane<f32>]) {
    let masks: Vec<Mask> = planes.par_iter().map(|plane| predicted_mask(plane, process)).collect();
    match run.write_predictions(&masks) {
        Ok(kept) if kept < masks.len() => run.log(&format!("masks of {kept} of {} test cases are kept", masks.len())),
        Ok(_) => {}
        Err(error) => run.log(&format!("no predicted masks are kept: {error}")),
    }
}

fn means(samples: &[Sample], planes: &[Plane<f32>]) -> EpochScores {
    let scores: Vec<_> = samples.par_iter().zip(planes).map(|(sample, plane)| score(sample, plane)).collect();
    Task::Segmentation.shown().map(|m| (m.name.to_owned(), Aggregate::of(m, &scores).mean)).collect()
}

fn started(epochs: u32, device: &str, (params, steps_per_epoch): (u64, u32), epoch: u32) -> Event {
    Event::Started {
        at_s: now_s(),
        version: VERSION.to_owned(),
        device: device.to_owned(),
        params,
        epochs,
        steps_per_epoch,
        epoch,
    }
}

/// Whether an event is part of a run that continues after `epoch` and `step`.
fn is_before(event: &Event, epoch: u32, step: u64) -> bool {
    match event {
        Event::Step { step: at, .. } => *at <= step,
        Event::Epoch { epoch: at, .. } | Event::Distances { epoch: at, .. } | Event::Saved { epoch: at, .. } => {
            *at <= epoch
        }
        Event::Scored { .. } => false,
        _ => true,
    }
}

/// The first validation case with a tumour: the same in every epoch and every arm.
fn shown_case(valid: &[Sample]) -> usize {
    valid.iter().position(|s| s.reference.area_px() > 0).unwrap_or(0)
}

fn preview_case(run: &RunDir, sample: &Sample) -> Result<(), TrainError> {
    let reference: &Mask = &sample.reference;
    run.write_preview("case.txt", sample.case.as_bytes())?;
    write_grey(run, "image.png", &image::imageops::grayscale(&sample.image))?;
    write_grey(run, "reference.png", &grey(&reference.map(|&set| if set { 255 } else { 0 })))
}

fn preview_prediction(run: &RunDir, epoch: u32, probability: &Plane<f32>) -> Result<(), TrainError> {
    run.append_epoch_mask(&EpochMask::of(epoch, &predicted_mask(probability, &PostProcess::default())))?;
    write_grey(run, "prediction.png", &grey(&probability.map(|&p| (p * 255.0).round() as u8)))
}

fn grey(plane: &Plane<u8>) -> GrayImage {
    let (width, height) = (plane.width() as u32, plane.height() as u32);
    GrayImage::from_raw(width, height, plane.values().to_vec()).expect("one byte per pixel")
}

fn write_grey(run: &RunDir, name: &str, image: &GrayImage) -> Result<(), TrainError> {
    let mut png = std::io::Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png).map_err(|error| TrainError::Refused(format!("{name}: {error}")))?;
    Ok(run.write_preview(name, png.get_ref())?)
}
