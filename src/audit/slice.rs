//! Images by DSC and background IoU: the fast way to the furthest image where no specificity is printed.
//!
//! With DSC = d the pairs of sensitivity and precision are a convex curve, `p = ds/(2s − d)`, `s` from d/(2 − d) to 1,
//! and a tumour's share of at most h keeps `s ≥ 1/(h(1 + e/(1 − b)))`, e = 2(1 − d)/d. On it `w_s·s + w_p·p` is
//! largest at an end, or, with both weights negative, where `2s − d = d·√(w_p/w_s)`. What is left to search is a
//! square. Over a rectangle of it the curve of its highest d is above all others, that of its lowest below.

use super::measure::{Interval, Measure};
use super::search::{Piece, Point};
use super::shape::{Cell, Image, accuracy, quotient};

/// A rectangle of images; all sensitivities and precisions that a DSC allows.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    /// DSC.
    pub d: Interval,
    /// IoU of the background.
    pub b: Interval,
    /// Largest share of the image that a tumour covers.
    pub share: f64,
    /// What kind of image.
    pub image: Image,
}

impl Piece for Slice {
    fn bound(&self, w: &Point) -> Option<f64> {
        let Self { d, b, .. } = *self;
        let from = self.least_sensitivity(d.low, b.high)?;
        let ends = |measure: Measure, low: f64, high: f64| {
            let weight = w[measure as usize];
            weight * if weight > 0.0 { high } else { low }
        };
        let (low, high) = (overlaps(d.low, b.low, self.image), overlaps(d.high, b.high, self.image));
        let measures = [Measure::Dsc, Measure::Iou, Measure::Miou, Measure::Accuracy];
        let overlaps: f64 = measures.iter().enumerate().map(|(i, m)| ends(*m, low[i], high[i])).sum();
        let curve = if w[Measure::Precision as usize] > 0.0 { d.high } else { d.low };
        Some(overlaps + along_curve(w, curve, from).0)
    }

    fn image(&self, w: &Point) -> Option<Cell> {
        let (d, b) = (self.d.middle(), self.b.middle());
        let from = self.least_sensitivity(d, b)?;
        let (_, s, p) = along_curve(w, d, from);
        let point = |x: f64| Interval { low: x, high: x };
        Some(Cell { s: point(s), p: point(p), b: point(b), image: self.image })
    }

    fn halves(&self) -> [Self; 2] {
        let (mut first, mut second) = (*self, *self);
        let (a, b) = if self.d.width() >= self.b.width() {
            (&mut first.d, &mut second.d)
        } else {
            (&mut first.b, &mut second.b)
        };
        (a.high, b.low) = (a.middle(), a.middle());
        [first, second]
    }
}

impl Slice {
    /// Falls with fewer errors `e` and more background `1 − b`; `None` if even 1 is too little.
    fn least_sensitivity(&self, d: f64, b: f64) -> Option<f64> {
        let errors_to_background = quotient(2.0 * (1.0 - d), d * (1.0 - b), f64::INFINITY);
        let capped = 1.0 / (self.share * (1.0 + errors_to_background));
        let least = (d / (2.0 - d)).max(capped - 1e-12);
        (least <= 1.0).then_some(least)
    }
}

/// DSC, IoU, mIoU and accuracy.
fn overlaps(d: f64, b: f64, image: Image) -> [f64; 4] {
    let iou = d / (2.0 - d);
    [d, iou, 0.5 * (iou + b), if image == Image::Blank { 1.0 } else { accuracy(d, b) }]
}

/// Largest `w_s·s + w_p·p` for `s` in `from..=1` on the curve of `d`, with its s and p.
fn along_curve(w: &Point, d: f64, from: f64) -> (f64, f64, f64) {
    let (ws, wp) = (w[Measure::Sensitivity as usize], w[Measure::Precision as usize]);
    let precision = |s: f64| if 2.0 * s <= d { 1.0 } else { (d * s / (2.0 * s - d)).min(1.0) };
    let stationary = if ws < 0.0 && wp < 0.0 { 0.5 * d * (1.0 + (wp / ws).sqrt()) } else { 1.0 };
    let candidates = [from, d / (2.0 - d), stationary, 1.0].map(|s| s.clamp(from.min(1.0), 1.0));
    let at = |s: f64| (ws * s + wp * precision(s), s, precision(s));
    // With d = 0 and s = 0 the precision is anything.
    let nothing = (wp.max(0.0), 0.0, if wp > 0.0 { 1.0 } else { 0.0 });
    let start = if d == 0.0 && from == 0.0 { nothing } else { at(1.0) };
    candidates.into_iter().map(at).fold(start, |best, next| if next.0 > best.0 { next } else { best })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::measure::COORDINATES;
    use super::*;

    fn within(low: f64, width: f64) -> Interval {
        Interval { low, high: (low + width).min(1.0) }
    }

    proptest! {
        /// Whatever the direction, no image of a rectangle is beyond its bound, and its own best image is an image.
        #[test]
        fn audit_bounds_hold_for_every_image(
            w in prop::array::uniform8(prop_oneof![-1.0..1.0f64, Just(0.0)]), s in 1e-6..1.0f64, p in 1e-6..1.0f64,
            b in 0.0..1.0f64, share in prop_oneof![Just(1.0), Just(0.5)], width in 1e-6..0.5f64, offset in 0.0..1.0f64
        ) {
            let point = |x: f64| Interval { low: x, high: x };
            let mut w: Point = w;
            w[Measure::Specificity as usize] = 0.0;
            w[Measure::Prevalence as usize] = 0.0;
            let ranges = Cell { s: point(s), p: point(p), b: point(b), image: Image::Drawn }.ranges();
            prop_assume!(ranges[COORDINATES - 1].high <= share);
            let value: f64 = (0..COORDINATES).map(|i| w[i] * ranges[i].low).sum();
            let d = ranges[Measure::Dsc as usize].low;
            let around = |x: f64| within((x - offset * width).max(0.0), width);
            let slice = Slice { d: around(d), b: around(b), share, image: Image::Drawn };
            prop_assert!(slice.bound(&w).is_some_and(|bound| bound >= value - 1e-9), "{:?} {value}", slice.bound(&w));
            if let Some(found) = slice.image(&w) {
                let (s, p) = (found.s.low, found.p.low);
                prop_assert!((2.0 * s * p - slice.d.middle() * (s + p)).abs() < 1e-9);
            }
        }
    }
}
