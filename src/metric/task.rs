//! What is asked of an image, and the metrics that judge the answers.

use serde::{Deserialize, Serialize};

use super::{CLASSIFICATION, METRICS, Metric, Shown};

/// What a model answers about an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Which pixels are tumour.
    #[default]
    Segmentation,
    /// Whether the tumour is malignant.
    Classification,
}

impl Task {
    /// The name in specs.
    pub fn name(self) -> &'static str {
        match self {
            Task::Segmentation => "segmentation",
            Task::Classification => "classification",
        }
    }

    /// Whether files leave it out, as they did when there was no other.
    pub fn is_segmentation(&self) -> bool {
        *self == Task::Segmentation
    }

    /// Its registry of metrics, in the order of tables.
    pub fn metrics(self) -> &'static [Metric] {
        match self {
            Task::Segmentation => METRICS,
            Task::Classification => CLASSIFICATION,
        }
    }

    /// Metrics that tables show unasked.
    pub fn shown(self) -> impl Iterator<Item = &'static Metric> + Clone {
        self.metrics().iter().filter(|metric| metric.shown == Shown::Always)
    }

    /// The row named `name`.
    pub fn metric(self, name: &str) -> Option<&'static Metric> {
        self.metrics().iter().find(|metric| metric.name == name)
    }

    /// The two that curves show; the first stands for the run where there is room for one.
    pub fn main(self) -> [&'static Metric; 2] {
        let names = match self {
            Task::Segmentation => ["dsc", "miou"],
            Task::Classification => ["auc", "balanced_accuracy"],
        };
        names.map(|name| self.metric(name).expect("a row of its registry"))
    }
}
