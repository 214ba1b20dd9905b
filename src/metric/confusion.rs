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
        ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn_)
    }

    /// Intersection over union of the tumour, `TP / (TP + FP + FN)`; `None` if both masks are empty.
    pub fn iou(&self) -> Option<f64> {
        ratio(self.tp, self.tp + self.fp + self.fn_)
    }

    /// Mean of the IoU of tumour and of background; `None` if either is undefined. P1 eq. 11–12.
    pub fn miou(&self) -> Option<f64> {
        let background = ratio(self.tn, self.tn + self.fp + self.fn_)?;
        Some((self.iou()? + background) / 2.0)
    }

    /// Recall `TP / (TP + FN)`; `None` if the reference is empty. P1 eq. 9.
    pub fn sensitivity(&self) -> Option<f64> {
        ratio(self.tp, self.tp + self.fn_)
    }

    /// `TN / (TN + FP)`; `None` if the reference covers the image. P2's metric of the same name.
    pub fn specificity(&self) -> Option<f64> {
        ratio(self.tn, self.tn + self.fp)
    }

    /// Positive predictive value `TP / (TP + FP)`; `None` if the prediction is empty. P1 eq. 10.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.tp, self.tp + self.fp)
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
        ratio(self.tp + self.tn, self.tp + self.fp + self.fn_ + self.tn)
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

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

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
