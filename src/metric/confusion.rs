//! Pixel counts and the ratios made of them.

use serde::{Deserialize, Serialize};

use crate::plane::Mask;

/// Pixels of one case by reference and prediction; positive = tumour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Tumour, predicted as tumour.
    pub tp: u64,
    /// Background, predicted as tumour.
    pub fp: u64,
    /// Tumour, predicted as background.
    #[serde(rename = "fn")]
    pub fn_: u64,
    /// Background, predicted as background.
    pub tn: u64,
}

impl Confusion {
    /// Counts over all pixels; `None` if the sizes differ.
    pub fn of(prediction: &Mask, reference: &Mask) -> Option<Self> {
        if prediction.size() != reference.size() {
            return None;
        }
        let mut counts = Self::default();
        for (&predicted, &actual) in prediction.values().iter().zip(reference.values()) {
            match (actual, predicted) {
                (true, true) => counts.tp += 1,
                (false, true) => counts.fp += 1,
                (true, false) => counts.fn_ += 1,
                (false, false) => counts.tn += 1,
            }
        }
        Some(counts)
    }

    /// Dice similarity coefficient `2·TP / (2·TP + FP + FN)`; `None` if both masks are empty. P1 eq. 8.
    /// Ours differs: MONAI by default also leaves out a prediction where the reference is empty, which is 0 here;
    /// medpy answers 0 where both are empty.
    pub fn dsc(&self) -> Option<f64> {
        ratio(&[self.tp, self.tp], &[self.fp, self.fn_])
    }

    /// Intersection over union of the tumour, `TP / (TP + FP + FN)`; `None` if both masks are empty.
    pub fn iou(&self) -> Option<f64> {
        ratio(&[self.tp], &[self.fp, self.fn_])
    }

    /// Mean of the IoU of tumour and of background; `None` if either is undefined. P1 eq. 11–12.
    pub fn miou(&self) -> Option<f64> {
        let background = ratio(&[self.tn], &[self.fp, self.fn_])?;
        Some((self.iou()? + background) / 2.0)
    }

    /// Recall `TP / (TP + FN)`; `None` if the reference is empty. P1 eq. 9.
    pub fn sensitivity(&self) -> Option<f64> {
        ratio(&[self.tp], &[self.fn_])
    }

    /// `TN / (TN + FP)`; `None` if the reference covers the image. P2's metric of the same name.
    pub fn specificity(&self) -> Option<f64> {
        ratio(&[self.tn], &[self.fp])
    }

    /// Positive predictive value `TP / (TP + FP)`; `None` if the prediction is empty. P1 eq. 10.
    pub fn precision(&self) -> Option<f64> {
        ratio(&[self.tp], &[self.fp])
    }

    /// Mean of sensitivity and specificity; `None` if either is undefined.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        Some((self.sensitivity()? + self.specificity()?) / 2.0)
    }

    /// Harmonic mean of precision and sensitivity, `2·TP / (2·TP + FP + FN)`; `None` if both masks are empty.
    /// On pixels it is the [`dsc`](Self::dsc); papers print both.
    pub fn f1(&self) -> Option<f64> {
        self.dsc()
    }

    /// Share of pixels that are right; `None` for an image without pixels. P2's "global accuracy".
    pub fn accuracy(&self) -> Option<f64> {
        ratio(&[self.tp, self.tn], &[self.fp, self.fn_])
    }
}

impl std::iter::Sum for Confusion {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, add| Self {
            tp: sum.tp.saturating_add(add.tp),
            fp: sum.fp.saturating_add(add.fp),
            fn_: sum.fn_.saturating_add(add.fn_),
            tn: sum.tn.saturating_add(add.tn),
        })
    }
}

/// `Σ part / (Σ part + Σ rest)`; `None` for 0/0. Wide sums: counts read from a file may be anything.
fn ratio(part: &[u64], rest: &[u64]) -> Option<f64> {
    let sum = |counts: &[u64]| counts.iter().map(|&count| u128::from(count)).sum::<u128>();
    let (part, whole) = (sum(part), sum(part) + sum(rest));
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counts() -> impl Strategy<Value = Confusion> {
        let count = || prop_oneof![Just(0), 0..50_u64, any::<u64>()];
        (count(), count(), count(), count()).prop_map(|(tp, fp, fn_, tn)| Confusion { tp, fp, fn_, tn })
    }

    const RATIOS: [fn(&Confusion) -> Option<f64>; 8] = [
        Confusion::dsc,
        Confusion::iou,
        Confusion::miou,
        Confusion::sensitivity,
        Confusion::specificity,
        Confusion::precision,
        Confusion::accuracy,
        Confusion::balanced_accuracy,
    ];

    proptest! {
        #[test]
        fn every_ratio_is_between_0_and_1(counts in counts()) {
            for of in RATIOS {
                prop_assert!(of(&counts).is_none_or(|value| (0.0..=1.0).contains(&value)));
            }
        }

        #[test]
        fn one_more_pixel_found_lowers_no_ratio(counts in counts()) {
            prop_assume!(counts.fn_ > 0 && counts.tp < u64::MAX);
            let better = Confusion { tp: counts.tp + 1, fn_: counts.fn_ - 1, ..counts };
            for of in RATIOS {
                prop_assert!(of(&counts).zip(of(&better)).is_none_or(|(before, after)| after >= before - 1e-12));
            }
        }

        #[test]
        fn prediction_and_reference_may_change_places_in_overlaps(counts in counts()) {
            let swapped = Confusion { fp: counts.fn_, fn_: counts.fp, ..counts };
            let overlaps = |c: &Confusion| (c.dsc(), c.iou(), c.miou(), c.accuracy());
            prop_assert_eq!(overlaps(&counts), overlaps(&swapped));
            prop_assert_eq!(counts.sensitivity(), swapped.precision());
        }

        #[test]
        fn dsc_and_iou_are_one_another(counts in counts()) {
            prop_assert_eq!(counts.dsc().is_some(), counts.iou().is_some());
            if let Some((dsc, iou)) = counts.dsc().zip(counts.iou()) {
                prop_assert!((dsc - 2.0 * iou / (1.0 + iou)).abs() < 1e-12);
            }
        }
    }

    /// TP 3, FP 1, FN 2, TN 4: by hand DSC 6/9, IoU 3/6, sensitivity 3/5, specificity 4/5, precision 3/4.
    const COUNTS: Confusion = Confusion { tp: 3, fp: 1, fn_: 2, tn: 4 };

    #[test]
    fn ratios_agree_with_a_count_by_hand() {
        assert_eq!(COUNTS.dsc(), Some(6.0 / 9.0));
        assert_eq!(COUNTS.iou(), Some(0.5));
        assert_eq!(COUNTS.miou(), Some((0.5 + 4.0 / 7.0) / 2.0));
        assert_eq!(COUNTS.sensitivity(), Some(0.6));
        assert_eq!(COUNTS.specificity(), Some(0.8));
        assert_eq!(COUNTS.precision(), Some(0.75));
        assert_eq!(COUNTS.accuracy(), Some(0.7));
        assert_eq!(COUNTS.balanced_accuracy(), Some((0.6 + 0.8) / 2.0));
        assert_eq!(COUNTS.f1(), Some(2.0 / (1.0 / 0.75 + 1.0 / 0.6)));
    }

    #[test]
    fn nothing_to_find_and_nothing_found_is_undefined() {
        let empty = Confusion { tn: 9, ..Confusion::default() };
        assert_eq!((empty.dsc(), empty.iou(), empty.miou()), (None, None, None));
        assert_eq!((empty.sensitivity(), empty.precision()), (None, None));
        assert_eq!((empty.specificity(), empty.accuracy()), (Some(1.0), Some(1.0)));
    }
}
