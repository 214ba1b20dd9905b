//! From images to masks and scores, without gradients.

use burn::tensor::{Device, Tensor, activation};
use rayon::prelude::*;

use super::{Batch, Sample};
use crate::loss::Objective;
use crate::metric::{CaseScore, Verdict};
use crate::model::{Forward, Network};
use crate::plane::{Mask, Plane};
use crate::postprocess::PostProcess;
use crate::spec::TrainConfig;

/// A pixel is tumour where its probability is above one half.
pub const THRESHOLD: f32 = 0.5;

/// What a network makes of a set of samples.
#[derive(Debug)]
pub struct Validation {
    /// Mean objective over the samples.
    pub loss: f64,
    /// Scores in the samples' order.
    pub scores: Vec<CaseScore>,
    /// Probabilities in the samples' order.
    pub probabilities: Vec<Plane<f32>>,
}

/// Predicts and scores `samples` with `network`, which must live on `device` without autodiff.
pub fn validate(
    network: &Network,
    objective: &Objective,
    samples: &[Sample],
    (config, device): (&TrainConfig, &Device),
) -> Validation {
    let mut loss = 0.0;
    let mut probabilities = Vec::with_capacity(samples.len());
    for chunk in samples.chunks(config.batch) {
        let batch = Batch::of(&chunk.iter().collect::<Vec<_>>(), objective.maps(), config.normalise);
        let output = network.forward(batch.images(device));
        probabilities.extend(planes(output.logits.clone()));
        let mean = objective.forward(output, &batch.truth(device)).into_scalar::<f32>();
        loss += f64::from(mean) * batch.size() as f64;
    }
    let scores = samples.par_iter().zip(&probabilities).map(|(sample, plane)| score(sample, plane)).collect();
    Validation { loss: loss / samples.len() as f64, scores, probabilities }
}

/// Probabilities of `samples`, in their order.
pub fn predict(network: &Network, samples: &[Sample], (config, device): (&TrainConfig, &Device)) -> Vec<Plane<f32>> {
    let batch = |chunk: &[Sample]| Batch::of(&chunk.iter().collect::<Vec<_>>(), &[], config.normalise);
    let chunks = samples.chunks(config.batch).map(batch);
    chunks.flat_map(|batch| planes(network.forward(batch.images(device)).logits)).collect()
}

/// Scores one prediction as it is: its mask, or the class.
pub fn score(sample: &Sample, probability: &Plane<f32>) -> CaseScore {
    if let Some(score) = judged(sample, probability) {
        return score;
    }
    score_mask(sample, &probability.map(|&p| p > THRESHOLD))
}

/// Scores one prediction, its mask after `process`, and its probabilities.
pub fn score_fully(sample: &Sample, probability: &Plane<f32>, process: &PostProcess) -> CaseScore {
    if let Some(score) = judged(sample, probability) {
        return score;
    }
    score_mask(sample, &predicted_mask(probability, process)).with_probabilities(probability, &sample.reference)
}

/// The mask that is scored.
pub fn predicted_mask(probability: &Plane<f32>, process: &PostProcess) -> Mask {
    process.apply(&probability.map(|&p| p > THRESHOLD))
}

/// The score of a class, where that is what is asked.
fn judged(sample: &Sample, probability: &Plane<f32>) -> Option<CaseScore> {
    let verdict = Verdict { probability: f64::from(*probability.get(0, 0)?), malignant: sample.malignant? };
    Some(CaseScore::judged(&sample.case, &sample.subject, verdict))
}

fn score_mask(sample: &Sample, prediction: &Mask) -> CaseScore {
    CaseScore::of(&sample.case, &sample.subject, prediction, &sample.reference).expect("both have the input's size")
}

fn planes(logits: Tensor<4>) -> Vec<Plane<f32>> {
    let [_, _, height, width] = logits.dims();
    let values: Vec<f32> = activation::sigmoid(logits).into_data().iter::<f32>().collect();
    let planes = values.chunks(height * width).map(|chunk| Plane::new(width, height, chunk.to_vec()));
    planes.map(|plane| plane.expect("a chunk is a plane")).collect()
}
