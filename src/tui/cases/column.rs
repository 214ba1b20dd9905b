//! The numbers of a case.

use crate::metric::{Better, CaseScore, Task};

/// A number of a case.
#[derive(Debug)]
pub struct Column {
    /// Its head.
    pub label: &'static str,
    /// Which end of it is the worst; for a size, the small one.
    pub better: Better,
    /// Decimals.
    pub digits: usize,
    /// Its value, `None` where undefined.
    pub of: fn(&CaseScore) -> Option<f64>,
}

const fn column(label: &'static str, better: Better, digits: usize, of: fn(&CaseScore) -> Option<f64>) -> Column {
    Column { label, better, digits, of }
}

const SEGMENTATION: &[Column] = &[
    column("DSC", Better::Higher, 3, |score| score.counts.dsc()),
    column("IoU", Better::Higher, 3, |score| score.counts.iou()),
    column("HD95 px", Better::Lower, 1, |score| score.hd95_px),
    column("area px", Better::Higher, 0, |score| Some((score.counts.tp + score.counts.fn_) as f64)),
    column("Sens.", Better::Higher, 3, |score| score.counts.sensitivity()),
    column("Prec.", Better::Higher, 3, |score| score.counts.precision()),
    column("ASSD px", Better::Lower, 1, |score| score.assd_px),
];

const CLASSIFICATION: &[Column] = &[
    column("error", Better::Lower, 3, |score| {
        score.verdict.map(|verdict| (verdict.probability - f64::from(u8::from(verdict.malignant))).abs())
    }),
    column("P(mal.)", Better::Higher, 3, |score| score.verdict.map(|verdict| verdict.probability)),
];

/// Those of a case that is scored as `task` asks.
pub(super) fn columns(task: Task) -> &'static [Column] {
    if task == Task::Segmentation { SEGMENTATION } else { CLASSIFICATION }
}
