//! What one case yields.

use serde::{Deserialize, Serialize};

use super::{Confusion, Probabilities, Surfaces, Verdict, boundary_counts, surface_distances};
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
    /// The arm's own loss of the case; `None` where nothing was trained by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// What the probabilities are worth; `None` where there is only a mask.
    pub probabilities: Option<Probabilities>,
    /// What was said of the case as a whole, in place of its pixels; `None` for a mask.
    #[serde(skip)]
    pub verdict: Option<Verdict>,
}

/// Pixels of the largest image, with room to spare.
const MOST_PIXELS: u64 = 1 << 40;

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
            loss: None,
            probabilities: None,
            verdict: None,
        })
    }

    /// Scores a classification: the confusion matrix counts the case, not pixels.
    pub fn judged(case: &str, subject: &str, verdict: Verdict) -> Self {
        let (case, subject) = (case.to_owned(), subject.to_owned());
        Self { case, subject, counts: verdict.counts(), verdict: Some(verdict), ..Self::default() }
    }

    /// With what the probabilities behind the mask are worth; unchanged if they do not fit `reference`.
    #[must_use]
    pub fn with_probabilities(self, probability: &Plane<f32>, reference: &Mask) -> Self {
        Self { probabilities: Probabilities::of(probability, reference), ..self }
    }

    /// What is wrong with a score that was read from a file, if anything: no masks yield it.
    pub fn check(&self) -> Result<(), String> {
        let Confusion { tp, fp, fn_, tn } = self.counts;
        let all = [tp, fp, fn_, tn].into_iter().fold(0, u64::saturating_add);
        let band = [self.boundary.tp, self.boundary.fp, self.boundary.fn_].into_iter().fold(0, u64::saturating_add);
        let distances = [self.hd_px, self.hd95_px, self.hd95_larger_px, self.assd_px];
        let wrong = [
            (all > MOST_PIXELS, "more pixels than an image has"),
            (band > all, "more pixels in the boundary than in the image"),
            (self.surfaces.near > self.surfaces.pixels, "more near surface pixels than surface pixels"),
            (distances.iter().flatten().any(|&px| !(0.0..=MOST_PIXELS as f64).contains(&px)), "no distance"),
            (self.probabilities.as_ref().is_some_and(|p| !p.are_of(all)), "no probabilities of these pixels"),
        ];
        wrong.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, what)| Err(format!("{}: {what}", self.case)))
    }

    /// All pixels of `scores` as if they were of one image. Distances are `None`: there is no distance between images.
    /// Probabilities are `None` unless every case has them.
    pub fn pooled<'a>(scores: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let sum = |of: fn(&Self) -> u64| scores.clone().map(of).fold(0, u64::saturating_add);
        let all: Option<Vec<&Probabilities>> = scores.clone().map(|score| score.probabilities.as_ref()).collect();
        Self {
            counts: scores.clone().map(|score| score.counts).sum(),
            boundary: scores.clone().map(|score| score.boundary).sum(),
            surfaces: Surfaces { near: sum(|s| s.surfaces.near), pixels: sum(|s| s.surfaces.pixels) },
            probabilities: all.map(|all| Probabilities::pooled(all.into_iter())),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metric::{METRICS, metric};

    fn case(probability: &Plane<f32>, reference: &Mask) -> CaseScore {
        let score = CaseScore::of("", "", &probability.map(|&p| p > 0.5), reference).expect("same size");
        score.with_probabilities(probability, reference)
    }

    proptest! {
        #[test]
        fn flips_and_turns_change_no_metric(
            (width, height) in (1..14_usize, 1..14_usize),
            pixels in proptest::collection::vec((0.0_f32..=1.0, any::<bool>()), 196),
        ) {
            let at = |x: usize, y: usize| pixels[y * 14 + x];
            let plane = Plane::from_fn(width, height, |x, y| at(x, y).0);
            let expected = case(&plane, &Mask::from_fn(width, height, |x, y| at(x, y).1));
            let flip = |x: usize, y: usize| at(width - 1 - x, y);
            let flipped = case(
                &Plane::from_fn(width, height, |x, y| flip(x, y).0),
                &Mask::from_fn(width, height, |x, y| flip(x, y).1),
            );
            let turn = |x: usize, y: usize| at(y, height - 1 - x);
            let turned = case(
                &Plane::from_fn(height, width, |x, y| turn(x, y).0),
                &Mask::from_fn(height, width, |x, y| turn(x, y).1),
            );
            for metric in METRICS {
                let value = (metric.of)(&expected);
                for moved in [&flipped, &turned] {
                    // sums of probabilities depend on their order in the last digits
                    let close = match (value, (metric.of)(moved)) {
                        (Some(a), Some(b)) => (a - b).abs() < 1e-12,
                        (a, b) => a == b,
                    };
                    prop_assert!(close, "{}", metric.name);
                }
                prop_assert!(value.is_none_or(|v| v >= 0.0 && (metric.unit == "px" || v <= 1.0)), "{}", metric.name);
            }
        }
    }

    #[test]
    fn pooling_weighs_pixels_and_a_mean_weighs_cases() {
        // a large tumour found, a small one missed: DSC 1 and 0, pooled 2·16 / (2·16 + 1)
        let large = Mask::filled(4, 4, true);
        let small = Mask::from_fn(4, 4, |x, y| (x, y) == (1, 1));
        let scores = [
            CaseScore::of("large", "a", &large, &large).expect("same size"),
            CaseScore::of("small", "b", &Mask::filled(4, 4, false), &small).expect("same size"),
        ];
        let pool = CaseScore::pooled(scores.iter());
        let value = |name: &str| (metric(name).expect("registered").of)(&pool);
        assert_eq!(value("dsc"), Some(32.0 / 33.0));
        assert_eq!(value("hd95_px"), None);
        // surfaces: 12 + 12 pixels of the large one, all near; 1 of the small one, not
        assert_eq!(value("nsd"), Some(24.0 / 25.0));
    }

    #[test]
    fn what_no_masks_yield_is_refused_by_name() {
        let mask = Mask::from_fn(4, 4, |x, _| x < 2);
        let probability = Plane::filled(4, 4, 0.25);
        let good = CaseScore::of("a", "s", &mask, &mask).expect("same size").with_probabilities(&probability, &mask);
        assert_eq!(good.check(), Ok(()));
        let bad: [fn(&mut CaseScore); 5] = [
            |score| score.counts.tp = u64::MAX,
            |score| score.boundary.tp = 17,
            |score| score.surfaces.near = score.surfaces.pixels + 1,
            |score| score.hd95_px = Some(-1.0),
            |score| score.probabilities.as_mut().expect("given").squared_error = -5.0,
        ];
        for spoil in bad {
            let mut score = good.clone();
            spoil(&mut score);
            assert!(score.check().is_err_and(|message| message.starts_with("a: ")), "{score:?}");
        }
    }

    #[test]
    fn a_pool_has_probabilities_only_if_every_case_has() {
        let mask = Mask::from_fn(2, 1, |x, _| x == 0);
        let probability = Plane::new(2, 1, vec![0.9, 0.2]).expect("two values");
        let bare = CaseScore::of("a", "a", &mask, &mask).expect("same size");
        let full = bare.clone().with_probabilities(&probability, &mask);
        assert_eq!(CaseScore::pooled([full.clone(), bare].iter()).probabilities, None);
        assert!(CaseScore::pooled([full.clone(), full].iter()).probabilities.is_some());
    }
}
