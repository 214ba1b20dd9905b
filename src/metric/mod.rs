//! Metrics of a predicted mask against a reference: one registry, per-case scores, plain Rust.
//!
//! Every aggregate is computed from [`CaseScore`]s, and says over how many cases it stands.
//! An undefined value is `None`; it is counted and shown, never replaced.

mod boundary;
mod case;
mod classification;
mod confusion;
mod convention;
mod distance;
mod probability;
mod shape;
mod surface;
mod task;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use boundary::boundary_counts;
pub use case::CaseScore;
pub use classification::{CLASSIFICATION, Verdict, Weighted};
pub use confusion::Confusion;
pub use convention::{Convention, Reading, Tally, batch_mean};
pub use distance::{signed_distance, squared_distance_to};
pub use probability::{Bin, Probabilities, Rank};
pub use shape::Shape;
pub use surface::{NSD_TOLERANCE_PX, SurfaceDistances, Surfaces, surface_distances};
pub use task::Task;

/// Which direction is an improvement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Overlap, rates.
    Higher,
    /// Distances, errors.
    Lower,
}

/// One row of the registry.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Key in JSON, CSV and on the command line.
    pub name: &'static str,
    /// Column head for people.
    pub label: &'static str,
    /// Unit, empty for ratios.
    pub unit: &'static str,
    /// Which direction is an improvement.
    pub better: Better,
    /// Formula and source in one line.
    pub about: &'static str,
    /// Whether tables show it unasked.
    pub shown: Shown,
    /// The value of one case, `None` where undefined; of all pixels together for a [pool](CaseScore::pooled).
    pub of: fn(&CaseScore) -> Option<f64>,
    /// The value of cases together, where it is no mean over cases; [`of`](Self::of) is then `None`.
    pub of_all: Option<OfAll>,
}

impl Metric {
    /// Whether it is of the probabilities of pixels, not of the mask.
    pub fn is_of_probabilities(&self) -> bool {
        matches!(self.name, "auc" | "ece" | "brier")
    }

    /// Whether it is a loss: its scale is the loss's own, so that arms are not held against each other by it.
    pub fn is_loss(&self) -> bool {
        self.name == LOSS.name
    }

    /// Whether it is a distance between surfaces, which takes longer to compute than what counts pixels.
    pub fn is_distance(&self) -> bool {
        self.unit == "px"
    }
}

/// A value of weighted cases together.
pub type OfAll = fn(&[Weighted]) -> Option<f64>;

/// Where a metric is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// In every table.
    Always,
    /// Where it is asked for, and in files.
    OnRequest,
}

macro_rules! ratio {
    ($name:literal, $label:literal, $shown:ident, $of:expr, $about:literal) => {
        Metric {
            name: $name,
            label: $label,
            unit: "",
            better: Better::Higher,
            about: $about,
            shown: Shown::$shown,
            of: $of,
            of_all: None,
        }
    };
}

macro_rules! error {
    ($name:literal, $label:literal, $of:expr, $about:literal) => {
        Metric { better: Better::Lower, ..ratio!($name, $label, OnRequest, $of, $about) }
    };
}

macro_rules! distance {
    ($name:literal, $label:literal, $field:ident, $about:literal) => {
        Metric {
            name: $name,
            label: $label,
            unit: "px",
            better: Better::Lower,
            about: $about,
            shown: Shown::Always,
            of: |s| s.$field,
            of_all: None,
        }
    };
}

/// All metrics of a segmentation, in the order of tables.
pub const METRICS: &[Metric] = &[
    ratio!("dsc", "DSC", Always, |s| s.counts.dsc(), "2TP/(2TP+FP+FN); undefined if both masks are empty"),
    ratio!("iou", "IoU", Always, |s| s.counts.iou(), "TP/(TP+FP+FN); undefined if both masks are empty"),
    ratio!(
        "miou",
        "mIoU",
        Always,
        |s| s.counts.miou(),
        "mean IoU of tumour and background; undefined if both masks are empty or both full"
    ),
    ratio!(
        "sensitivity",
        "Sens.",
        Always,
        |s| s.counts.sensitivity(),
        "TP/(TP+FN); undefined if the reference is empty"
    ),
    ratio!(
        "specificity",
        "Spec.",
        Always,
        |s| s.counts.specificity(),
        "TN/(TN+FP); undefined if the reference is full"
    ),
    ratio!("precision", "Prec.", Always, |s| s.counts.precision(), "TP/(TP+FP); undefined if the prediction is empty"),
    ratio!(
        "accuracy",
        "Acc.",
        Always,
        |s| s.counts.accuracy(),
        "(TP+TN)/all; mostly background; undefined for an image without pixels"
    ),
    ratio!(
        "balanced_accuracy",
        "Bal. acc.",
        OnRequest,
        |s| s.counts.balanced_accuracy(),
        "mean of sensitivity and specificity; undefined if either is"
    ),
    ratio!(
        "f1",
        "F1",
        OnRequest,
        |s| s.counts.f1(),
        "harmonic mean of precision and sensitivity; the DSC under another name; undefined if both masks are empty"
    ),
    ratio!(
        "auc",
        "ROC AUC",
        OnRequest,
        |s| s.probabilities.as_ref()?.auc,
        "chance that a tumour pixel ranks above a background pixel; undefined without probabilities, or if the reference is empty or full"
    ),
    distance!("hd_px", "HD", hd_px, "largest surface distance of both directions; undefined if either mask is empty"),
    distance!(
        "hd95_px",
        "HD95",
        hd95_px,
        "95th percentile of both directions' surface distances pooled (as medpy; MONAI: larger of the two percentiles); undefined if either mask is empty"
    ),
    distance!(
        "assd_px",
        "ASSD",
        assd_px,
        "mean of both directions' surface distances pooled (as medpy 0.5.2 and MONAI); undefined if either mask is empty"
    ),
    ratio!(
        "nsd",
        "NSD",
        OnRequest,
        |s| s.surfaces.nsd(),
        "share of both surfaces' pixels within 2 px of the other surface; 0 if one mask is empty, undefined if both are"
    ),
    ratio!(
        "boundary_iou",
        "Bd. IoU",
        OnRequest,
        |s| s.boundary.iou(),
        "IoU of the masks' boundary bands, 2 % of the diagonal wide; undefined if both masks are empty"
    ),
    ratio!(
        "boundary_dice",
        "Bd. Dice",
        OnRequest,
        |s| s.boundary.dsc(),
        "Dice of the masks' boundary bands, 2 % of the diagonal wide; undefined if both masks are empty"
    ),
    error!(
        "ece",
        "ECE",
        |s| s.probabilities.as_ref()?.ece(),
        "expected calibration error of the tumour's probability, 15 bins; undefined without probabilities"
    ),
    error!(
        "brier",
        "Brier",
        |s| s.probabilities.as_ref()?.brier(),
        "mean squared error of the tumour's probability; undefined without probabilities"
    ),
];

/// On request; its scale is the loss's own.
const LOSS: Metric = error!(
    "loss",
    "Loss",
    |s| s.loss,
    "the arm's own loss of the case's mask; arms of different losses do not compare; undefined where nothing was trained by one"
);

/// The segmentation's row named `name`.
pub fn metric(name: &str) -> Option<&'static Metric> {
    Task::Segmentation.metric(name)
}

/// A mean over cases, or a value of all of them, that says what it stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    /// Mean over the cases where the metric is defined; `None` if there is none.
    pub mean: Option<f64>,
    /// Cases with a value.
    pub n: usize,
    /// Cases without one.
    pub undefined: usize,
}

impl Aggregate {
    /// Per-case mean of `metric` over `scores`, or its value for all of them together.
    pub fn of(metric: &Metric, scores: &[CaseScore]) -> Self {
        if let Some(of_all) = metric.of_all {
            let mean = of_all(&scores.iter().map(|score| (score, 1.0)).collect::<Vec<_>>());
            let n = if mean.is_some() { scores.len() } else { 0 };
            return Self { mean, n, undefined: scores.len() - n };
        }
        let values: Vec<f64> = scores.iter().filter_map(metric.of).collect();
        let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        Self { mean, n: values.len(), undefined: scores.len() - values.len() }
    }
}

/// Every metric of `task` over `scores`.
pub fn aggregate(task: Task, scores: &[CaseScore]) -> BTreeMap<String, Aggregate> {
    task.metrics().iter().map(|m| (m.name.to_owned(), Aggregate::of(m, scores))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Mask;

    #[test]
    fn a_mean_says_how_many_cases_have_no_value() {
        let tumour = Mask::from_fn(4, 4, |x, y| x < 2 && y < 2);
        let empty = Mask::filled(4, 4, false);
        let scores = [
            CaseScore::of("a", "a", &tumour, &tumour).expect("same size"),
            CaseScore::of("b", "b", &empty, &empty).expect("same size"),
        ];
        let dsc = aggregate(Task::Segmentation, &scores)["dsc"];
        assert_eq!(dsc, Aggregate { mean: Some(1.0), n: 1, undefined: 1 });
    }

    #[test]
    fn metric_names_are_unique() {
        for registry in [METRICS, CLASSIFICATION] {
            for (i, m) in registry.iter().enumerate() {
                assert!(registry[..i].iter().all(|other| other.name != m.name), "{}", m.name);
            }
        }
    }
}
