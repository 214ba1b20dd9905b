//! Metrics of a predicted mask against a reference: one registry, per-case scores, plain Rust.
//!
//! Every aggregate is computed from [`CaseScore`]s, and says over how many cases it stands.
//! An undefined value is `None`; it is counted and shown, never replaced.

mod confusion;
mod distance;
mod surface;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use confusion::Confusion;
pub use distance::{signed_distance, squared_distance_to};
pub use surface::{SurfaceDistances, directed_distances, surface_distances};

use crate::plane::Mask;

/// What one case yields; every number of every table is recomputed from these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseScore {
    /// The case's identifier.
    pub case: String,
    /// The patient (or group of indistinguishable images) that the case belongs to.
    pub subject: String,
    /// Pixel counts.
    pub counts: Confusion,
    /// Hausdorff distance in pixels.
    pub hd_px: Option<f64>,
    /// 95th percentile of both directions' surface distances, pooled, in pixels.
    pub hd95_px: Option<f64>,
    /// Average symmetric surface distance in pixels.
    pub assd_px: Option<f64>,
}

impl CaseScore {
    /// Scores `prediction` against `reference`; `None` if their sizes differ.
    pub fn of(case: &str, subject: &str, prediction: &Mask, reference: &Mask) -> Option<Self> {
        let counts = Confusion::of(prediction, reference)?;
        let distances = surface_distances(prediction, reference);
        Some(Self {
            case: case.to_owned(),
            subject: subject.to_owned(),
            counts,
            hd_px: distances.map(|d| d.hd_px),
            hd95_px: distances.map(|d| d.hd95_px),
            assd_px: distances.map(|d| d.assd_px),
        })
    }
}

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
    /// The value of one case, `None` where undefined.
    pub of: fn(&CaseScore) -> Option<f64>,
}

macro_rules! ratio {
    ($name:literal, $label:literal, $method:ident, $about:literal) => {
        Metric {
            name: $name,
            label: $label,
            unit: "",
            better: Better::Higher,
            about: $about,
            of: |s| s.counts.$method(),
        }
    };
}

macro_rules! distance {
    ($name:literal, $label:literal, $field:ident, $about:literal) => {
        Metric { name: $name, label: $label, unit: "px", better: Better::Lower, about: $about, of: |s| s.$field }
    };
}

/// All metrics, in the order of tables.
pub const METRICS: &[Metric] = &[
    ratio!("dsc", "DSC", dsc, "2TP/(2TP+FP+FN); undefined if both masks are empty"),
    ratio!("iou", "IoU", iou, "TP/(TP+FP+FN); undefined if both masks are empty"),
    ratio!("miou", "mIoU", miou, "mean IoU of tumour and background; undefined if both masks are empty or both full"),
    ratio!("sensitivity", "Sens.", sensitivity, "TP/(TP+FN); undefined if the reference is empty"),
    ratio!("specificity", "Spec.", specificity, "TN/(TN+FP); undefined if the reference is full"),
    ratio!("precision", "Prec.", precision, "TP/(TP+FP); undefined if the prediction is empty"),
    ratio!("accuracy", "Acc.", accuracy, "(TP+TN)/all; undefined for an image without pixels"),
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
];

/// The registry's row named `name`.
pub fn metric(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|m| m.name == name)
}

/// A mean over cases that says what it stands on.
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
    /// Per-case mean of `metric` over `scores`.
    pub fn of(metric: &Metric, scores: &[CaseScore]) -> Self {
        let values: Vec<f64> = scores.iter().filter_map(metric.of).collect();
        let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        Self { mean, n: values.len(), undefined: scores.len() - values.len() }
    }
}

/// Every metric's per-case mean over `scores`.
pub fn aggregate(scores: &[CaseScore]) -> BTreeMap<String, Aggregate> {
    METRICS.iter().map(|m| (m.name.to_owned(), Aggregate::of(m, scores))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_says_how_many_cases_have_no_value() {
        let tumour = Mask::from_fn(4, 4, |x, y| x < 2 && y < 2);
        let empty = Mask::filled(4, 4, false);
        let scores = [
            CaseScore::of("a", "a", &tumour, &tumour).expect("same size"),
            CaseScore::of("b", "b", &empty, &empty).expect("same size"),
        ];
        let dsc = aggregate(&scores)["dsc"];
        assert_eq!(dsc, Aggregate { mean: Some(1.0), n: 1, undefined: 1 });
    }

    #[test]
    fn metric_names_are_unique() {
        for (i, m) in METRICS.iter().enumerate() {
            assert!(METRICS[..i].iter().all(|other| other.name != m.name), "{}", m.name);
        }
    }
}
