//! How other tools read the same case scores: what they answer where a metric is undefined, and what they average.

use serde::Serialize;

use super::{CaseScore, Metric};

/// Whose rules a mean follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Convention {
    /// MONAI 1.6.1 with its defaults: overlap is undefined where the reference is empty, HD and ASSD are infinite
    /// where one mask is (HD95 undefined), and HD95 is the larger of the two directions' percentiles.
    Monai,
    /// nnU-Net 2.8.1 `compute_metrics_on_folder`: DSC and IoU alone, undefined where both masks are empty.
    Nnunet,
    /// Metrics Reloaded's reference code (`pairwise_measures.py`, commit 5e7bd85): the DSC is 1 where both masks are
    /// empty, precision 0 where only the prediction is. Its distances are not offered: where one mask is empty they
    /// are those to a pixel that happens to be there.
    MetricsReloaded,
    /// One confusion matrix over all pixels of all cases, as formulas without an index of the image read.
    Paper,
}

/// What a tool makes of one case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// A value, maybe infinite.
    Value(f64),
    /// Left out of the mean.
    Undefined,
}

/// A tool's mean over cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    /// `None` if no case has a value, or if one is infinite and the mean with it.
    pub mean: Option<f64>,
    /// Cases with a value.
    pub n: usize,
    /// Cases left out.
    pub undefined: usize,
    /// Cases whose value is infinite.
    pub infinite: usize,
}

impl Convention {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Monai, Self::Nnunet, Self::MetricsReloaded, Self::Paper];

    /// Its key.
    pub fn name(self) -> &'static str {
        match self {
            Self::Monai => "monai",
            Self::Nnunet => "nnunet",
            Self::MetricsReloaded => "metrics-reloaded",
            Self::Paper => "paper",
        }
    }

    /// The mean of `metric` by these rules; `None` if the tool has no such metric, or another one under its name.
    pub fn tally(self, metric: &Metric, scores: &[CaseScore]) -> Option<Tally> {
        if self == Self::Paper {
            let mean = (metric.of)(&CaseScore::pooled(scores.iter()));
            let n = if mean.is_some() { scores.len() } else { 0 };
            // a distance has no meaning between images
            return (metric.unit != "px").then(|| Tally { mean, n, undefined: scores.len() - n, infinite: 0 });
        }
        let readings = scores.iter().map(|score| self.read(metric, score)).collect::<Option<Vec<_>>>()?;
        let values: Vec<f64> =
            readings.iter().filter_map(|r| if let Reading::Value(value) = r { Some(*value) } else { None }).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        Some(Tally {
            mean: Some(mean).filter(|mean| mean.is_finite()),
            n: values.len(),
            undefined: scores.len() - values.len(),
            infinite: values.iter().filter(|value| value.is_infinite()).count(),
        })
    }

    /// What the tool makes of one case; `None` if it has no such metric, or reads no single cases.
    pub fn read(self, metric: &Metric, score: &CaseScore) -> Option<Reading> {
        let value = (metric.of)(score).map_or(Reading::Undefined, Reading::Value);
        match self {
            Self::Monai => monai(metric.name, score, value),
            Self::Nnunet => ["dsc", "iou"].contains(&metric.name).then_some(value),
            Self::MetricsReloaded => metrics_reloaded(metric.name, score, value),
            Self::Paper => None,
        }
    }
}

fn monai(metric: &str, score: &CaseScore, value: Reading) -> Option<Reading> {
    let (prediction, reference) = present(score);
    let reading = match metric {
        "dsc" | "iou" if !reference => Reading::Undefined,
        "hd_px" | "assd_px" if prediction != reference => Reading::Value(f64::INFINITY),
        "hd95_px" => score.hd95_larger_px.map_or(Reading::Undefined, Reading::Value),
        "dsc" | "iou" | "sensitivity" | "specificity" | "precision" | "accuracy" | "balanced_accuracy" | "f1"
        | "hd_px" | "assd_px" | "nsd" => value,
        _ => return None,
    };
    Some(reading)
}

fn metrics_reloaded(metric: &str, score: &CaseScore, value: Reading) -> Option<Reading> {
    let (prediction, reference) = present(score);
    let reading = match metric {
        "dsc" | "f1" if !prediction && !reference => Reading::Value(1.0),
        "precision" if !prediction && reference => Reading::Value(0.0),
        "dsc" | "f1" | "iou" | "sensitivity" | "specificity" | "precision" | "accuracy" | "balanced_accuracy" => value,
        _ => return None,
    };
    Some(reading)
}

/// Whether prediction and reference hold a pixel.
fn present(score: &CaseScore) -> (bool, bool) {
    let counts = &score.counts;
    (counts.tp + counts.fp > 0, counts.tp + counts.fn_ > 0)
}

/// Mean over batches of `size` cases in order, each batch pooled into one image, the last one as it is: what a
/// training loop prints that computes a metric on a batch. `None` if no batch has a value.
pub fn batch_mean(metric: &Metric, scores: &[CaseScore], size: usize) -> Option<f64> {
    let batches: Vec<f64> =
        scores.chunks(size.max(1)).filter_map(|batch| (metric.of)(&CaseScore::pooled(batch.iter()))).collect();
    (!batches.is_empty()).then(|| batches.iter().sum::<f64>() / batches.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::metric;
    use crate::plane::Mask;

    fn scores() -> [CaseScore; 3] {
        let tumour = Mask::from_fn(6, 6, |x, y| x < 3 && y < 3);
        let empty = Mask::filled(6, 6, false);
        let of = |case, prediction, reference| CaseScore::of(case, case, prediction, reference).expect("same size");
        [of("found", &tumour, &tumour), of("none", &empty, &empty), of("invented", &tumour, &empty)]
    }

    fn tally(convention: Convention, name: &str) -> Tally {
        convention.tally(metric(name).expect("registered"), &scores()).expect("the tool has it")
    }

    #[test]
    fn the_same_three_cases_have_four_dice_scores() {
        assert_eq!(tally(Convention::Monai, "dsc").mean, Some(1.0));
        assert_eq!(tally(Convention::Nnunet, "dsc").mean, Some(1.0 / 2.0));
        assert_eq!(tally(Convention::MetricsReloaded, "dsc").mean, Some(2.0 / 3.0));
        assert_eq!(tally(Convention::Paper, "dsc").mean, Some(18.0 / 27.0));
        assert_eq!(batch_mean(metric("dsc").expect("registered"), &scores(), 2), Some(0.5));
    }

    #[test]
    fn an_infinite_distance_is_said() {
        let hd = tally(Convention::Monai, "hd_px");
        assert_eq!((hd.mean, hd.n, hd.undefined, hd.infinite), (None, 2, 1, 1));
    }

    #[test]
    fn what_a_tool_lacks_is_not_made_up() {
        let hd95 = metric("hd95_px").expect("registered");
        for convention in [Convention::Nnunet, Convention::MetricsReloaded, Convention::Paper] {
            assert!(convention.tally(hd95, &scores()).is_none(), "{convention:?}");
        }
        let auc = Convention::Paper.tally(metric("auc").expect("registered"), &scores()).expect("it can be pooled");
        assert_eq!((auc.mean, auc.n, auc.undefined), (None, 0, 3), "there are no probabilities");
    }
}
