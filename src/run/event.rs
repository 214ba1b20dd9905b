//! What a worker says; one JSON object a line in `events.jsonl`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::metric::Aggregate;

/// Per-metric values over an epoch's cases; `None` where undefined.
pub type EpochScores = BTreeMap<String, Option<f64>>;

/// Something that happened in a run. A reader skips kinds that it does not know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A worker began, or began again at `epoch`.
    Started {
        /// Unix time.
        at_s: f64,
        /// Worker's version.
        version: String,
        /// Where it computes, e.g. `flex (2 threads)`.
        device: String,
        /// Trainable numbers; 0 for pixel classifiers.
        params: u64,
        /// At most this many.
        epochs: u32,
        /// Steps of one epoch.
        steps_per_epoch: u32,
        /// Completed epochs that this worker starts from.
        epoch: u32,
    },
    /// A step of gradient descent.
    Step {
        /// From 1, over all epochs.
        step: u64,
        /// Mean loss of the batch; `None` if not finite.
        loss: Option<f64>,
    },
    /// An epoch and its validation.
    Epoch {
        /// From 1.
        epoch: u32,
        /// Steps so far.
        step: u64,
        /// Learning rate that the epoch used.
        lr: f64,
        /// Mean over the epoch's steps.
        train_loss: Option<f64>,
        /// Mean over the validation cases.
        valid_loss: Option<f64>,
        /// Per-case means over the training images as they were trained on: augmented, each by the network of its step.
        /// Absent from older runs, and where nothing is trained step by step.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        train: EpochScores,
        /// Per-case means over the validation cases.
        valid: EpochScores,
        /// Duration with validation.
        elapsed_s: f64,
        /// Training images a second, without validation.
        images_per_s: f64,
        /// Of which the steps stood waiting for batches; absent where there are none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waited_s: Option<f64>,
    },
    /// What an epoch's [`valid`](Self::Epoch) leaves out: distances take longer, and are measured beside the next epoch.
    Distances {
        /// From 1.
        epoch: u32,
        /// Per-case means over the validation cases, in px.
        valid: EpochScores,
    },
    /// A checkpoint is complete on disk.
    Saved {
        /// Completed epochs in it.
        epoch: u32,
        /// Has the lowest validation loss so far.
        best: bool,
    },
    /// The best weights met the test cases; per-case scores are in `scores.json`.
    Scored {
        /// Test cases.
        cases: usize,
        /// Per-case means.
        test: BTreeMap<String, Aggregate>,
    },
    /// All done.
    Finished {
        /// Unix time.
        at_s: f64,
    },
    /// Ended on request; can be resumed.
    Stopped {
        /// Unix time.
        at_s: f64,
        /// Completed epochs.
        epoch: u32,
    },
    /// Ended by an error.
    Failed {
        /// Unix time.
        at_s: f64,
        /// What happened, and what helps.
        reason: String,
        /// The step at which the loss was no number; `None` for any other error.
        step: Option<u64>,
    },
    /// Written by a newer version.
    #[serde(other)]
    Unknown,
}
