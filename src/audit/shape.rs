//! All confusion matrices of one image, as a cube: exact ranges of every measure over a box of it.
//!
//! Coordinates are sensitivity `s`, precision `p` and the background's IoU `b`, each in `0..=1`. With TP = 1:
//! FP = 1/p − 1, FN = 1/s − 1, e = FP + FN, TN = b·e/(1 − b). All measures are of degree 0, so this loses nothing:
//!
//! | measure | formula | in s | in p | in b |
//! | --- | --- | --- | --- | --- |
//! | DSC | 2sp/(s + p) | ↑ | ↑ | |
//! | IoU | DSC/(2 − DSC) | ↑ | ↑ | |
//! | mIoU | (IoU + b)/2 | ↑ | ↑ | ↑ |
//! | accuracy | 1 − 1/(DSC/(2(1 − DSC)) + 1/(1 − b)), as (FP + FN)/all = 1/(1/e + 1/(1 − b)), e = 2(1 − DSC)/DSC | ↑ | ↑ | ↑ |
//! | specificity | b/(b + (1 − b)φ), φ = FP/e = s(1 − p)/(s(1 − p) + p(1 − s)) | ↓ | ↑ | ↑ |
//! | prevalence | 1/(s + (1 + s/p − 2s)/(1 − b)) | linear below | ↑ | ↓ |
//!
//! Each is monotone in each coordinate, so its range over a box is reached at corners: no overestimate, and sound.
//! Where a formula is 0/0 (no error at all, nothing hit at all) its range is everything it tends to near there; so the
//! cube is *closed*. It then also holds the images on which a ratio is undefined, whatever is put for it, 0, 1 or the
//! mean of the other images (which is what leaving it out amounts to): an empty prediction is s = 0 with any p; an
//! empty reference p = 0 with any s. Neither mask having any pixel is (s, p, b) = (1, 1, 1) or (0, 0, 1), or, left out
//! of the overlaps, any point with accuracy and specificity 1: [`Image::Blank`].
//! Not in it: references that cover the whole image.

use super::measure::{COORDINATES, Interval, Measure};

/// A value or range per measure, in the order of [`Measure`].
pub type Ranges = [Interval; COORDINATES];

/// Whether an image has anything to find.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Image {
    /// Tumour or prediction has pixels.
    Drawn,
    /// Neither has; its accuracy is 1, its overlaps are left out of the means: as if they were another image's.
    Blank,
}

/// A box of confusion matrices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Sensitivity.
    pub s: Interval,
    /// Precision.
    pub p: Interval,
    /// IoU of the background.
    pub b: Interval,
    /// What kind of image.
    pub image: Image,
}

impl Cell {
    /// Every image.
    pub const ALL: Self = Self { s: Interval::RATIO, p: Interval::RATIO, b: Interval::RATIO, image: Image::Drawn };

    /// The ranges of all measures.
    pub fn ranges(&self) -> Ranges {
        let Self { s, p, b, image } = *self;
        let dsc = Interval { low: harmonic(s.low, p.low), high: harmonic(s.high, p.high) };
        let iou = Interval { low: dsc.low / (2.0 - dsc.low), high: dsc.high / (2.0 - dsc.high) };
        let miou = Interval { low: 0.5 * (iou.low + b.low), high: 0.5 * (iou.high + b.high) };
        let sure = Interval { low: 1.0, high: 1.0 };
        let (specificity, accuracy) = match image {
            Image::Blank => (sure, sure),
            Image::Drawn => {
                (self.specificity(), Interval { low: accuracy(dsc.low, b.low), high: accuracy(dsc.high, b.high) })
            }
        };
        [dsc, iou, miou, s, p, specificity, accuracy, self.prevalence()]
    }

    /// Falls with φ, and φ rises with s and falls with p.
    fn specificity(&self) -> Interval {
        let share = |s: f64, p: f64, else_: f64| quotient(s * (1.0 - p), s * (1.0 - p) + p * (1.0 - s), else_);
        let (least, most) = (share(self.s.low, self.p.high, 0.0), share(self.s.high, self.p.low, 1.0));
        let of = |b: f64, share: f64, else_: f64| quotient(b, b + (1.0 - b) * share, else_);
        Interval { low: of(self.b.low, most, 0.0), high: of(self.b.high, least, 1.0) }
    }

    /// `1/(s + (1 + s/p − 2s)/(1 − b))`: the denominator is linear in s, falls with p, rises with b.
    fn prevalence(&self) -> Interval {
        let all = |s: f64, p: f64, b: f64, else_: f64| {
            let errors = (1.0 + quotient(s, p, else_) - 2.0 * s).max(0.0);
            s + quotient(errors, 1.0 - b, else_)
        };
        let Self { s, p, b, .. } = *self;
        let least = all(s.low, p.high, b.low, 0.0).min(all(s.high, p.high, b.low, 0.0));
        let most = all(s.low, p.low, b.high, f64::INFINITY).max(all(s.high, p.low, b.high, f64::INFINITY));
        Interval { low: 1.0 / most.max(1.0), high: 1.0 / least.max(1.0) }
    }

    /// Two halves across the longest side; `b` is left whole where no measure needs it.
    pub fn halves(&self, needs: Needs) -> [Self; 2] {
        let widest = self.s.width().max(self.p.width());
        let (mut first, mut second) = (*self, *self);
        let (a, b) = if needs == Needs::Background && self.b.width() > widest {
            (&mut first.b, &mut second.b)
        } else if self.s.width() >= self.p.width() {
            (&mut first.s, &mut second.s)
        } else {
            (&mut first.p, &mut second.p)
        };
        let middle = a.middle();
        (a.high, b.low) = (middle, middle);
        [first, second]
    }

    /// The matrix in the middle.
    pub fn centre(&self) -> Self {
        let point = |side: Interval| Interval { low: side.middle(), high: side.middle() };
        Self { s: point(self.s), p: point(self.p), b: point(self.b), image: self.image }
    }

    pub(super) fn width(&self) -> f64 {
        self.s.width().max(self.p.width()).max(self.b.width())
    }
}

/// Whether the background matters to any of the measures looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// mIoU, specificity, accuracy or prevalence is bounded.
    Background,
    /// Only the tumour's overlaps are.
    Overlap,
}

/// Measures that pixels outside of both masks bear on.
pub const BACKGROUND: &[Measure] = &[Measure::Miou, Measure::Specificity, Measure::Accuracy, Measure::Prevalence];

impl Needs {
    /// What `printed` leaves free is not needed.
    pub fn of(printed: &Ranges) -> Self {
        let bounded = |m: Measure| printed[m as usize] != Interval::RATIO;
        if BACKGROUND.iter().any(|m| bounded(*m)) { Self::Background } else { Self::Overlap }
    }
}

/// `2sp/(s + p)`, and 0 where nothing is hit.
fn harmonic(s: f64, p: f64) -> f64 {
    quotient(2.0 * s * p, s + p, 0.0)
}

/// Infinite terms are meant: without error, or with a background that is right throughout, accuracy is 1.
pub(super) fn accuracy(dsc: f64, b: f64) -> f64 {
    1.0 - 1.0 / (dsc / (2.0 * (1.0 - dsc)) + 1.0 / (1.0 - b))
}

pub(super) fn quotient(above: f64, below: f64, undefined: f64) -> f64 {
    if above == 0.0 && below == 0.0 { undefined } else { above / below }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Confusion;
    use proptest::prelude::*;

    fn values(c: Confusion) -> [Option<f64>; COORDINATES] {
        let all = c.tp + c.fp + c.fn_ + c.tn;
        let prevalence = Some((c.tp + c.fn_) as f64 / all as f64);
        [c.dsc(), c.iou(), c.miou(), c.sensitivity(), c.precision(), c.specificity(), c.accuracy(), prevalence]
    }

    fn around(value: f64, width: f64) -> Interval {
        Interval { low: (value - width).max(0.0), high: (value + width).min(1.0) }
    }

    proptest! {
        /// The formulas in s, p and b are those of `metric::Confusion`, and a box holds what its matrices yield.
        #[test]
        fn a_box_around_a_matrix_holds_its_measures(
            tp in 0u64..2000, fp in 0u64..300, fn_ in 0u64..300, tn in 1u64..3000, width in prop_oneof![Just(0.0), 0.0..0.3]
        ) {
            prop_assume!(tp + fn_ > 0);
            let c = Confusion { tp, fp, fn_, tn };
            let b = tn as f64 / (tn + fp + fn_) as f64;
            let cell = Cell {
                s: around(c.sensitivity().expect("tumour"), width),
                p: c.precision().map_or(Interval::RATIO, |p| around(p, width)),
                b: around(b, width),
                image: Image::Drawn,
            };
            for (i, (range, value)) in cell.ranges().into_iter().zip(values(c)).enumerate() {
                // Where nothing is wrong or nothing is hit, a range is wide on purpose: it must still hold the value.
                if let Some(value) = value {
                    let measured = Interval { low: value, high: value };
                    prop_assert!(!range.misses(measured), "measure {i}: {value} not in {range:?}");
                    if width == 0.0 && tp > 0 && fp + fn_ > 0 {
                        prop_assert!(range.width() < 1e-9, "measure {i}: {range:?}");
                    }
                }
            }
        }
    }
}
