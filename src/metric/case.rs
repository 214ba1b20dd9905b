//! What one case yields.

use serde::{Deserialize, Serialize};

use super::{Confusion, Probabilities, Surfaces, boundary_counts, surface_distances};
use crate::plane::{Mask, Plane};

/// The score of one case; every number of every table is recomputed from these.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CaseScore {
    /// The case's identifier.
    pub case: String,
    /// The patient (or group of indistinguishable images) that the case belongs to.
    pub subject: String,
    /// Pixel counts.
    pub counts: Confusion,
    /// Pixel counts of the two masks' bands along their boundaries.
    pub boundary: Confusion,
    /// Nearness of the two surfaces.
    pub surfaces: Surfaces,
    /// Hausdorff distance in pixels.
    pub hd_px: Option<f64>,
    /// 95th percentile of both directions' surface distances, pooled, in pixels.
    pub hd95_px: Option<f64>,
    /// The larger of the two directions' 95th percentiles in pixels.
    pub hd95_larger_px: Option<f64>,
    /// Average symmetric surface distance in pixels.
    pub assd_px: Option<f64>,
    /// What the probabilities are worth; `None` where there is only a mask.
    pub probabilities: Option<Probabilities>,
}

impl CaseScore {
    /// Scores `prediction` against `reference`; `None` if their sizes differ.
    pub fn of(case: &str, subject: &str, prediction: &Mask, reference: &Mask) -> Option<Self> {
        let (surfaces, distances) = surface_distances(prediction, reference)?;
        Some(Self {
            case: case.to_owned(),
            subject: subject.to_owned(),
            counts: Confusion::of(prediction, reference)?,
            boundary: boundary_counts(prediction, reference)?,
            surfaces,
            hd_px: distances.map(|d| d.hd_px),
            hd95_px: distances.map(|d| d.hd95_px),
            hd95_larger_px: distances.map(|d| d.hd95_larger_px),
            assd_px: distances.map(|d| d.assd_px),
            probabilities: None,
        })
    }

    /// With what the probabilities behind the mask are worth; unchanged if they do not fit `reference`.
    #[must_use]
    pub fn with_probabilities(self, probability: &Plane<f32>, reference: &Mask) -> Self {
        Self { probabilities: Probabilities::of(probability, reference), ..self }
    }

    /// All pixels of `scores` as if they were of one image. Distances are `None`: there is no distance between images.
    /// Probabilities are `None` unless every case has them.
    pub fn pooled(scores: &[Self]) -> Self {
        let sum = |of: fn(&Self) -> u64| scores.iter().map(of).sum();
        let all: Option<Vec<&Probabilities>> = scores.iter().map(|score| score.probabilities.as_ref()).collect();
        Self {
            counts: scores.iter().map(|score| score.counts).sum(),
            boundary: scores.iter().map(|score| score.boundary).sum(),
            surfaces: Surfaces { near: sum(|s| s.surfaces.near), pixels: sum(|s| s.surfaces.pixels) },
            probabilities: all.map(|all| Probabilities::pooled(all.into_iter())),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::metric;

    #[test]
    fn pooling_weighs_pixels_and_a_mean_weighs_cases() {
        // a large tumour found, a small one missed: DSC 1 and 0, pooled 2·16 / (2·16 + 1)
        let large = Mask::filled(4, 4, true);
        let small = Mask::from_fn(4, 4, |x, y| (x, y) == (1, 1));
        let scores = [
            CaseScore::of("large", "a", &large, &large).expect("same size"),
            CaseScore::of("small", "b", &Mask::filled(4, 4, false), &small).expect("same size"),
        ];
        let pool = CaseScore::pooled(&scores);
        let value = |name: &str| (metric(name).expect("registered").of)(&pool);
        assert_eq!(value("dsc"), Some(32.0 / 33.0));
        assert_eq!(value("hd95_px"), None);
        // surfaces: 12 + 12 pixels of the large one, all near; 1 of the small one, not
        assert_eq!(value("nsd"), Some(24.0 / 25.0));
    }

    #[test]
    fn a_pool_has_probabilities_only_if_every_case_has() {
        let mask = Mask::from_fn(2, 1, |x, _| x == 0);
        let probability = Plane::new(2, 1, vec![0.9, 0.2]).expect("two values");
        let bare = CaseScore::of("a", "a", &mask, &mask).expect("same size");
        let full = bare.clone().with_probabilities(&probability, &mask);
        assert_eq!(CaseScore::pooled(&[full.clone(), bare]).probabilities, None);
        assert!(CaseScore::pooled(&[full.clone(), full]).probabilities.is_some());
    }
}
