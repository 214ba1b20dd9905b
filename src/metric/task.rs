//! What is asked of an image, and the metrics that judge the answers.

use serde::{Deserialize, Serialize};

use super::{CLASSIFICATION, LOSS, METRICS, Metric, Shown};

static OF_SEGMENTATIONS: [Metric; METRICS.len() + 1] = with_loss(METRICS);
static OF_CLASSIFICATIONS: [Metric; CLASSIFICATION.len() + 1] = with_loss(CLASSIFICATION);

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

    /// What a run's test cases are judged by, in the order of tables: the metrics, and last the arm's own loss.
    pub fn metrics(self) -> &'static [Metric] {
        match self {
            Task::Segmentation => &OF_SEGMENTATIONS,
            Task::Classification => &OF_CLASSIFICATIONS,
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

const fn with_loss<const N: usize>(metrics: &[Metric]) -> [Metric; N] {
    let mut all = [LOSS; N];
    let mut i = 0;
    while i < metrics.len() {
        all[i] = metrics[i];
        i += 1;
    }
    all
}
