//! What a column of a published table is, and what a printed number says: an interval, not a point.

use serde::Serialize;

/// Numbers between two bounds, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Interval {
    /// Everything a ratio can be.
    pub const RATIO: Self = Self { low: 0.0, high: 1.0 };

    /// What rounds to `value` at `decimals`: half a unit of the last digit to both sides, cut to `0..=1`.
    /// A printed 0.8645 is `[0.86445, 0.86455]`; both ends count, so that it does not matter how ties are rounded.
    pub fn printed(value: f64, decimals: u32) -> Self {
        let half = 0.5 * 10f64.powi(-(decimals as i32));
        Self { low: (value - half).max(0.0), high: (value + half).min(1.0) }
    }

    /// Whether no number is in both, by more than rounding in the arithmetic could explain.
    pub(super) fn misses(self, other: Self) -> bool {
        self.low > other.high + SLACK || other.low > self.high + SLACK
    }

    pub(super) fn holds(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    pub(super) fn middle(self) -> f64 {
        0.5 * (self.low + self.high)
    }

    pub(super) fn width(self) -> f64 {
        self.high - self.low
    }
}

/// Far above the arithmetic's error (some 1e-15), far below a unit of any printed digit.
pub(super) const SLACK: f64 = 1e-11;

/// Quantities that pixel counts determine, and those that they do not.
/// The first eight, in this order, are the coordinates of `shape::Ranges`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// `2TP/(2TP+FP+FN)`; F1 on pixels.
    Dsc,
    /// `TP/(TP+FP+FN)` of the tumour.
    Iou,
    /// Mean of the IoU of tumour and background.
    Miou,
    /// `TP/(TP+FN)`.
    Sensitivity,
    /// `TP/(TP+FP)`.
    Precision,
    /// `TN/(TN+FP)`.
    Specificity,
    /// `(TP+TN)/all`.
    Accuracy,
    /// `(TP+FN)/all`: the tumour's share. Never printed; what rules out tumours larger than their background.
    Prevalence,
    /// F1, of the tumour or averaged over classes.
    F1,
    /// Area under the ROC curve; not a function of counts at one threshold.
    RocAuc,
    /// A training loss; any number from 0.
    Loss,
    /// Hausdorff distance; any number from 0, in whatever unit the paper has.
    Hausdorff,
    /// Number of an epoch.
    Epoch,
}

impl Measure {
    /// Whether counts at one threshold determine it.
    pub fn is_counted(self) -> bool {
        self.is_ratio() && self != Self::RocAuc
    }

    /// Whether it lies within `0..=1`.
    pub fn is_ratio(self) -> bool {
        !matches!(self, Self::Loss | Self::Hausdorff | Self::Epoch)
    }
}

/// Number of coordinates.
pub(super) const COORDINATES: usize = 8;

/// Column names that a file may use.
const COLUMNS: &[(&str, Measure)] = &[
    ("dsc", Measure::Dsc),
    ("f1", Measure::F1),
    ("iou", Measure::Iou),
    ("miou", Measure::Miou),
    ("sensitivity", Measure::Sensitivity),
    ("precision", Measure::Precision),
    ("specificity", Measure::Specificity),
    ("accuracy", Measure::Accuracy),
    ("global_accuracy", Measure::Accuracy),
    ("roc_auc", Measure::RocAuc),
    ("loss", Measure::Loss),
    ("hausdorff", Measure::Hausdorff),
    ("epoch", Measure::Epoch),
];

/// Which cases a column was measured on; numbers of two parts say nothing about each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Cases the model was trained on.
    Train,
    /// Cases it was tested on; where a column does not say.
    Test,
}

/// A column: its name in the file, split into what and on what.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// As in the file, e.g. `train_miou`.
    pub name: String,
    /// The quantity.
    pub measure: Measure,
    /// The cases.
    pub part: Part,
}

impl Column {
    /// `dsc`, `test_dsc` or `train_dsc`; an error that lists the known names otherwise.
    pub fn parse(name: &str) -> Result<Self, String> {
        let (part, bare) = match (name.strip_prefix("train_"), name.strip_prefix("test_")) {
            (Some(bare), _) => (Part::Train, bare),
            (_, Some(bare)) => (Part::Test, bare),
            (None, None) => (Part::Test, name),
        };
        match COLUMNS.iter().find(|(known, _)| *known == bare) {
            Some(&(_, measure)) => Ok(Self { name: name.to_owned(), measure, part }),
            None => {
                let known: Vec<&str> = COLUMNS.iter().map(|(known, _)| *known).collect();
                Err(format!("column {name:?}: expected {}, or one of them after train_ or test_", known.join(", ")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_number_is_half_a_unit_to_both_sides() {
        let dsc = Interval::printed(0.8645, 4);
        assert!((dsc.low - 0.86445).abs() < 1e-12 && (dsc.high - 0.86455).abs() < 1e-12);
        assert_eq!(Interval::printed(1.0, 2).high, 1.0);
    }

    #[test]
    fn a_column_names_a_quantity_and_a_part() {
        let column = Column::parse("train_miou").expect("known");
        assert_eq!((column.measure, column.part), (Measure::Miou, Part::Train));
        assert!(Column::parse("dcs").expect_err("typo").contains("dsc, f1"));
    }
}
