//! What runs will take: from what runs of this store have taken, and by nothing else.
//! Weak spot: scoring the test cases is not counted, and early stopping may end a run sooner.

use crate::model::{Kind, ModelConfig, Summary};
use crate::run::RunRecord;
use crate::store::RunView;

/// The newest epochs of a run that its pace is of.
const EPOCHS: usize = 5;

/// What one arm of a spec asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// Network or pixel classifier.
    pub model: ModelConfig,
    /// Side of the images.
    pub input_px: usize,
    /// Images a step.
    pub batch: usize,
    /// At most.
    pub epochs: u32,
    /// Images an epoch.
    pub train: usize,
    /// Images after each epoch.
    pub valid: usize,
}

/// The pace of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Its name.
    pub run: String,
    /// What it did; `epochs` are those that are measured.
    pub work: Work,
    /// Where.
    pub device: String,
    /// Training images.
    pub images_per_s: f64,
    /// Seconds for a validation image.
    pub valid_s: f64,
    /// Seconds of an epoch.
    pub epoch_s: f64,
    /// Unix time.
    pub started_s: f64,
}

/// Identifies what one image costs: the model as TOML, and the side of the image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CostKey {
    /// The model's table.
    pub model: String,
    /// Side of the image.
    pub input_px: usize,
}

impl CostKey {
    /// Of `model` at `input_px`.
    pub fn of(model: &ModelConfig, input_px: usize) -> Self {
        Self { model: toml::to_string(model).unwrap_or_default(), input_px }
    }
}

/// What an estimate rests on.
#[derive(Clone, Debug, PartialEq)]
pub enum Basis {
    /// A run of the same model, size and batch.
    Same,
    /// A run of something else, by operations.
    Scaled,
    /// The operations of this model or of the measured one are not counted yet.
    Counting(CostKey),
    /// No run to go by.
    Nothing,
}

/// What one run of an arm takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Seconds, if they can be told.
    pub run_s: Option<f64>,
    /// Training images a second.
    pub images_per_s: Option<f64>,
    /// What they rest on.
    pub basis: Basis,
    /// The run that was measured, and where.
    pub from: Option<(String, String)>,
}

impl Measured {
    /// The pace of `run`; `None` before its first epoch.
    pub fn of(run: &RunView) -> Option<Self> {
        let (plan, record) = (&run.plan, &run.record);
        let work = Work {
            model: plan.model.clone(),
            input_px: plan.input_px,
            batch: plan.train.batch,
            epochs: record.epoch(),
            train: plan.split.train().len(),
            valid: plan.split.valid().len(),
        };
        let (images_per_s, epoch_s) = pace(record)?;
        let valid_s = (epoch_s - work.train as f64 / images_per_s).max(0.0) / work.valid.max(1) as f64;
        let started_s = record.started_s.unwrap_or(0.0);
        Some(Self {
            run: run.dir.name(),
            work,
            device: record.device.clone(),
            images_per_s,
            valid_s,
            epoch_s,
            started_s,
        })
    }
}

/// Images a second and seconds an epoch, over the newest epochs.
fn pace(record: &RunRecord) -> Option<(f64, f64)> {
    let newest = &record.curve[record.curve.len().saturating_sub(EPOCHS)..];
    let mean = |of: fn(&crate::run::EpochPoint) -> f64| newest.iter().map(of).sum::<f64>() / newest.len() as f64;
    let (images_per_s, epoch_s) = (mean(|point| point.images_per_s), mean(|point| point.elapsed_s));
    let usable = |number: f64| number.is_finite() && number > 0.0;
    (usable(images_per_s) && usable(epoch_s)).then_some((images_per_s, epoch_s))
}

/// What a run of `work` takes, by the newest of `known` that is most like it; `macs` are the operations of one image.
pub fn estimate(work: &Work, known: &[Measured], macs: &dyn Fn(&CostKey) -> Option<u64>) -> Estimate {
    let newest = known.iter().max_by(|a, b| a.started_s.total_cmp(&b.started_s));
    let here = |run: &Measured| newest.is_some_and(|newest| newest.device == run.device);
    let like = |run: &Measured| {
        let (same_model, same_px) = (run.work.model.name() == work.model.name(), run.work.input_px == work.input_px);
        (here(run), same_model, same_px, run.work.batch == work.batch)
    };
    let nearest = |a: &&Measured, b: &&Measured| like(a).cmp(&like(b)).then(a.started_s.total_cmp(&b.started_s));
    let same = |run: &&Measured| {
        let (own, other) = (&run.work, work);
        (&own.model, own.input_px, own.batch) == (&other.model, other.input_px, other.batch)
    };
    let kind = work.model.row().kind;
    if kind == Kind::Pixels {
        // Its time is no multiple of its images: only the same amount of them tells.
        let run = known.iter().filter(same).filter(|run| run.work.train == work.train).max_by(nearest);
        return run.map_or_else(nothing, |run| of(run, None, Some(run.epoch_s)));
    }
    if let Some(run) = known.iter().filter(same).max_by(nearest) {
        return of(run, Some(run.images_per_s), Some(total(work, run, 1.0)));
    }
    let is_network = |run: &&Measured| run.work.model.row().kind == Kind::Network;
    let Some(run) = known.iter().filter(is_network).max_by(nearest) else { return nothing() };
    let keys = [CostKey::of(&work.model, work.input_px), CostKey::of(&run.work.model, run.work.input_px)];
    let counts = keys.each_ref().map(macs);
    match counts {
        [Some(own), Some(measured)] if own > 0 && measured > 0 => {
            let factor = own as f64 / measured as f64;
            let scaled = of(run, Some(run.images_per_s / factor), Some(total(work, run, factor)));
            Estimate { basis: Basis::Scaled, ..scaled }
        }
        _ => match keys.into_iter().zip(counts).find(|(_, count)| count.is_none()) {
            Some((key, _)) => Estimate { basis: Basis::Counting(key), ..of(run, None, None) },
            None => nothing(),
        },
    }
}

fn of(run: &Measured, images_per_s: Option<f64>, run_s: Option<f64>) -> Estimate {
    Estimate { run_s, images_per_s, basis: Basis::Same, from: Some((run.run.clone(), run.device.clone())) }
}

fn nothing() -> Estimate {
    Estimate { run_s: None, images_per_s: None, basis: Basis::Nothing, from: None }
}

/// Seconds of all epochs, where an image costs `factor` times what it cost in `run`.
fn total(work: &Work, run: &Measured, factor: f64) -> f64 {
    let epoch = work.train as f64 / run.images_per_s + work.valid as f64 * run.valid_s;
    f64::from(work.epochs) * epoch * factor
}

/// Operations of one image that a count has found.
pub fn macs_of(summary: &Result<Summary, String>) -> u64 {
    summary.as_ref().map_or(0, |summary| summary.macs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(name: &str, train: usize) -> Work {
        let model = ModelConfig::named(name).expect("a model");
        Work { model, input_px: 64, batch: 8, epochs: 10, train, valid: 20 }
    }

    fn measured(name: &str, run: &str, started_s: f64) -> Measured {
        Measured {
            run: run.into(),
            work: work(name, 100),
            device: "flex (2 threads)".into(),
            images_per_s: 50.0,
            valid_s: 0.01,
            epoch_s: 2.2,
            started_s,
        }
    }

    fn unknown(_: &CostKey) -> Option<u64> {
        None
    }

    /// 200 images at 50 a second and 20 at 0.01 s, ten times: 10 · (4 + 0.2).
    #[test]
    fn the_same_network_takes_its_images_over_its_pace() {
        let known = [measured("unet", "s/old", 1.0), measured("unet", "s/new", 2.0), measured("cnn", "s/cnn", 3.0)];
        let estimate = estimate(&work("unet", 200), &known, &unknown);
        assert!(estimate.run_s.is_some_and(|s| (s - 42.0).abs() < 1e-9), "{estimate:?}");
        assert_eq!((estimate.basis, estimate.from.map(|(run, _)| run)), (Basis::Same, Some("s/new".into())));
    }

    #[test]
    fn another_network_is_scaled_by_its_operations_once_they_are_counted() {
        let known = [measured("unet", "s/unet", 1.0)];
        let asked = work("cnn", 100);
        let key = CostKey::of(&asked.model, 64);
        assert_eq!(estimate(&asked, &known, &unknown).basis, Basis::Counting(key.clone()));
        let macs = |asked: &CostKey| Some(if *asked == key { 300 } else { 100 });
        let scaled = estimate(&asked, &known, &macs);
        assert_eq!(scaled.basis, Basis::Scaled);
        assert!(scaled.run_s.is_some_and(|s| (s - 66.0).abs() < 1e-9), "{scaled:?}");
    }

    #[test]
    fn nothing_is_known_without_a_run() {
        assert_eq!(estimate(&work("unet", 100), &[], &unknown), nothing());
        let svm = [measured("svm", "s/svm", 1.0)];
        assert_eq!(estimate(&work("unet", 100), &svm, &unknown), nothing(), "an SVM says nothing of a network");
        assert_eq!(estimate(&work("svm", 101), &svm, &unknown), nothing(), "nor of itself on other data");
        assert_eq!(estimate(&work("svm", 100), &svm, &unknown).run_s, Some(2.2));
    }
}
