//! From images to masks and scores, without gradients.

use std::sync::mpsc::sync_channel;

use burn::tensor::{Device, Tensor, activation};

use super::{Batch, LoadedBatch, Sample};
use crate::loss::Objective;
use crate::metric::{CaseScore, Confusion, Verdict};
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
    /// Pixel counts or verdicts in the samples' order; no distances.
    pub scores: Vec<CaseScore>,
    /// Probabilities in the samples' order.
    pub probabilities: Vec<Plane<f32>>,
}

/// Predicts `samples` with `network`, which must live on `device` without autodiff, and counts there.
///
/// Batches are made ahead, and a batch's answers are read while the next one is computed: the device does not wait.
pub fn validate(
    network: &Network,
    objective: &Objective,
    samples: &[Sample],
    (config, device): (&TrainConfig, &Device),
) -> Validation {
    let maps = objective.maps();
    let mut found = Validation { loss: 0.0, scores: Vec::new(), probabilities: Vec::new() };
    std::thread::scope(|scope| {
        let (send, ready) = sync_channel(1);
        scope.spawn(move || {
            for chunk in samples.chunks(config.batch) {
                let batch = Batch::of(&chunk.iter().collect::<Vec<_>>(), maps, config.normalise);
                if send.send((chunk, batch.load(device))).is_err() {
                    return;
                }
            }
        });
        let mut unread: Option<Answers> = None;
        for (chunk, batch) in ready {
            let next = Answers::of((network, objective), chunk, batch);
            if let Some(answers) = unread.replace(next) {
                answers.read(&mut found);
            }
        }
        if let Some(answers) = unread {
            answers.read(&mut found);
        }
    });
    found.loss /= samples.len() as f64;
    found
}

/// What a network makes of a batch, still on the device.
struct Answers<'a> {
    samples: &'a [Sample],
    loss: Tensor<1>,
    probabilities: Tensor<4>,
    /// True positives and predicted positives of each image, `[2 B]`. Sums of ones are exact up to 2²⁴ pixels.
    counts: Tensor<1>,
}

impl<'a> Answers<'a> {
    fn of((network, objective): (&Network, &Objective), samples: &'a [Sample], batch: LoadedBatch) -> Self {
        let output = network.forward(batch.images);
        let probabilities = activation::sigmoid(output.logits.clone());
        let mask = probabilities.clone().greater_elem(THRESHOLD).float();
        let sum = |pixels: Tensor<4>| pixels.sum_dims(&[1, 2, 3]).reshape([batch.size]);
        let counts = Tensor::cat(vec![sum(mask.clone() * batch.truth.target.clone()), sum(mask)], 0);
        Self { samples, loss: objective.forward(output, &batch.truth), probabilities, counts }
    }

    fn read(self, found: &mut Validation) {
        let size = self.samples.len();
        found.loss += self.loss.into_scalar::<f64>() * size as f64;
        let counts: Vec<u64> = self.counts.into_data().iter::<f64>().map(|count| count as u64).collect();
        let planes = planes_of(self.probabilities);
        for (place, (sample, plane)) in self.samples.iter().zip(&planes).enumerate() {
            let counted = || CaseScore {
                case: sample.case.clone(),
                subject: sample.subject.clone(),
                counts: confusion(sample, (counts[place], counts[size + place])),
                ..CaseScore::default()
            };
            found.scores.push(judged(sample, plane).unwrap_or_else(counted));
        }
        found.probabilities.extend(planes);
    }
}

fn confusion(sample: &Sample, (tp, predicted): (u64, u64)) -> Confusion {
    let (pixels, actual) = (sample.reference.values().len() as u64, sample.reference.area_px() as u64);
    Confusion { tp, fp: predicted - tp, fn_: actual - tp, tn: pixels - actual - (predicted - tp) }
}

/// Probabilities of `samples`, in their order.
pub fn predict(network: &Network, samples: &[Sample], (config, device): (&TrainConfig, &Device)) -> Vec<Plane<f32>> {
    let batch = |chunk: &[Sample]| Batch::of(&chunk.iter().collect::<Vec<_>>(), &[], config.normalise);
    let chunks = samples.chunks(config.batch).map(batch);
    chunks.flat_map(|batch| planes(network.forward(batch.images(device)).logits)).collect()
}

/// What a network makes of the test part, in the samples' order.
#[derive(Debug)]
pub struct Tested {
    /// Probabilities.
    pub planes: Vec<Plane<f32>>,
    /// The [loss of each mask](Objective::of_masks).
    pub losses: Vec<f64>,
}

/// Predicts `samples` with `network`, which must live on `device` without autodiff.
pub fn test(
    network: &Network,
    objective: &Objective,
    samples: &[Sample],
    (config, device): (&TrainConfig, &Device),
) -> Tested {
    let mut tested = Tested { planes: Vec::new(), losses: Vec::new() };
    for chunk in samples.chunks(config.batch) {
        let batch = Batch::of(&chunk.iter().collect::<Vec<_>>(), objective.maps(), config.normalise).load(device);
        let logits = network.forward(batch.images).logits;
        tested.losses.extend(objective.of_masks(&logits, &batch.truth).into_data().iter::<f64>());
        tested.planes.extend(planes(logits));
    }
    tested
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
    planes_of(activation::sigmoid(logits))
}

fn planes_of(probabilities: Tensor<4>) -> Vec<Plane<f32>> {
    let [_, _, height, width] = probabilities.dims();
    let values: Vec<f32> = probabilities.into_data().iter::<f32>().collect();
    let planes = values.chunks(height * width).map(|chunk| Plane::new(width, height, chunk.to_vec()));
    planes.map(|plane| plane.expect("a chunk is a plane")).collect()
}
