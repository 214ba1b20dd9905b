//! The band of a mask along its boundary.

use super::Confusion;
use crate::plane::Mask;

/// Width of the band as a share of the image's diagonal. Source: Cheng et al. 2021.
const BAND: f64 = 0.02;

/// Pixel counts of the two masks' bands; `None` if the sizes differ.
///
/// The band of a mask is what `d` erosions with the 3×3 square take from it, `d` 2 % of the image's diagonal, at least
/// 1 px; outside the image there is background. Its [`iou`](Confusion::iou) is the boundary IoU of Cheng et al. 2021,
/// arXiv:2103.16562, its [`dsc`](Confusion::dsc) the boundary Dice; both are undefined if both masks are empty.
pub fn boundary_counts(prediction: &Mask, reference: &Mask) -> Option<Confusion> {
    Confusion::of(&band(prediction), &band(reference))
}

fn band(mask: &Mask) -> Mask {
    let (width, height) = mask.size();
    let diagonal = (width as f64).hypot(height as f64);
    // round half to even, as the authors' Python does
    let depth = ((BAND * diagonal).round_ties_even() as usize).max(1);
    let inner = eroded(mask, depth);
    Mask::from_fn(width, height, |x, y| mask.get(x, y) == Some(&true) && inner.get(x, y) == Some(&false))
}

/// `depth` erosions with the 3×3 square are one with a square of side `2 · depth + 1`: rows, then columns.
fn eroded(mask: &Mask, depth: usize) -> Mask {
    let (width, height) = mask.size();
    let rows = along(width, height, depth, |x, y| mask.get(x, y) == Some(&true));
    let columns = along(height, width, depth, |y, x| rows.get(x, y) == Some(&true));
    Mask::from_fn(width, height, |x, y| columns.get(y, x) == Some(&true))
}

/// Set where the `depth` pixels before and after on the line are set, too, and inside.
fn along(length: usize, lines: usize, depth: usize, set: impl Fn(usize, usize) -> bool) -> Mask {
    let mut inner = Mask::filled(length, lines, false);
    for line in 0..lines {
        let mut run = 0;
        for place in 0..length {
            run = if set(place, line) { run + 1 } else { 0 };
            if run > 2 * depth {
                inner.values_mut()[line * length + place - depth] = true;
            }
        }
    }
    inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_of_100_px_keeps_a_band_of_3_px() {
        // diagonal 141.4, 2 % of it 2.8: 100² − 94² pixels
        let band = band(&Mask::filled(100, 100, true));
        assert_eq!(band.area_px(), 100 * 100 - 94 * 94);
        assert_eq!((band.get(2, 50), band.get(3, 50)), (Some(&true), Some(&false)));
    }

    #[test]
    fn a_thin_mask_is_all_band() {
        let line = Mask::from_fn(9, 9, |_, y| y == 4);
        assert_eq!(band(&line), line);
        assert!(boundary_counts(&line, &Mask::filled(8, 9, true)).is_none());
    }
}
