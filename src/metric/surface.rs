//! Distances between the surfaces of two masks, in pixels.
//!
//! A mask's surface is what one erosion with the 4-connected cross removes, with background outside the image: the
//! convention of medpy 0.5.2 (`connectivity=1`) and of MONAI 1.6.1 (`get_mask_edges`), which agree on every mask.
//! Weak spot: a mask that touches the image's border has a surface there, where the tumour may go on.

use super::distance::squared_distance_to;
use crate::plane::Mask;

/// Summary of both directions' surface distances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurfaceDistances {
    /// Hausdorff distance in px: the largest distance of either direction.
    /// Source: medpy `hd`; MONAI `compute_hausdorff_distance` is the same.
    pub hd_px: f64,
    /// 95th percentile in px of both directions' distances pooled, linear between ranks. Source: medpy `hd95`.
    /// Ours differs from MONAI's `percentile=95`, the larger of the two directions' own percentiles. Theirs is
    /// larger as a rule, and smaller for some pairs, since a pooled percentile may interpolate across a gap.
    pub hd95_px: f64,
    /// Average symmetric surface distance in px: mean of both directions' distances pooled, so that the longer
    /// surface weighs more. Source: medpy 0.5.2 `assd`; MONAI `compute_average_surface_distance(symmetric=True)` is
    /// the same. Ours differs from medpy up to 0.4, the mean of the two directed means.
    pub assd_px: f64,
}

/// Symmetric in its arguments; `None` if either mask is empty or the sizes differ.
pub fn surface_distances(prediction: &Mask, reference: &Mask) -> Option<SurfaceDistances> {
    let mut distances = directed_distances(prediction, reference)?;
    distances.extend(directed_distances(reference, prediction)?);
    distances.sort_unstable_by(f64::total_cmp);
    Some(SurfaceDistances {
        hd_px: *distances.last()?,
        hd95_px: percentile(&distances, 0.95)?,
        assd_px: distances.iter().sum::<f64>() / distances.len() as f64,
    })
}

/// Distance in px from each surface pixel of `from`, in row-major order, to the nearest surface pixel of `to`.
/// `None` if either mask is empty or the sizes differ.
pub fn directed_distances(from: &Mask, to: &Mask) -> Option<Vec<f64>> {
    if from.size() != to.size() || from.area_px() == 0 {
        return None;
    }
    let squares = squared_distance_to(&surface(to))?;
    let start = surface(from);
    let on_surface = squares.values().iter().zip(start.values()).filter(|&(_, &set)| set);
    Some(on_surface.map(|(&square, _)| (square as f64).sqrt()).collect())
}

/// Set pixels with at least one of four neighbours unset or outside the image.
fn surface(mask: &Mask) -> Mask {
    let set = |x: Option<usize>, y: Option<usize>| x.zip(y).and_then(|(x, y)| mask.get(x, y)) == Some(&true);
    Mask::from_fn(mask.width(), mask.height(), |x, y| {
        let inner = set(x.checked_sub(1), Some(y))
            && set(Some(x + 1), Some(y))
            && set(Some(x), y.checked_sub(1))
            && set(Some(x), Some(y + 1));
        set(Some(x), Some(y)) && !inner
    })
}

/// Value at rank `share · (n − 1)`, linear between ranks; `None` without values. Source: `numpy.percentile`'s default.
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = share * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
    Some(low + (high - low) * rank.fract())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs() -> impl Strategy<Value = (Mask, Mask)> {
        (1..=10_usize, 1..=10_usize, 0.0..=1.0_f64).prop_flat_map(|(width, height, density)| {
            let mask = proptest::collection::vec(proptest::bool::weighted(density), width * height)
                .prop_map(move |values| Mask::new(width, height, values).expect("width · height values"));
            (mask.clone(), mask)
        })
    }

    proptest! {
        #[test]
        fn the_order_of_the_masks_does_not_matter((left, right) in pairs()) {
            prop_assert_eq!(surface_distances(&left, &right), surface_distances(&right, &left));
        }

        #[test]
        fn only_an_empty_mask_is_undefined((left, right) in pairs()) {
            let both = left.area_px() > 0 && right.area_px() > 0;
            prop_assert_eq!(surface_distances(&left, &right).is_some(), both);
        }

        #[test]
        fn a_mask_is_at_distance_zero_from_itself((mask, _) in pairs()) {
            if let Some(distances) = surface_distances(&mask, &mask) {
                prop_assert_eq!(distances, SurfaceDistances { hd_px: 0.0, hd95_px: 0.0, assd_px: 0.0 });
            }
        }

        #[test]
        fn mean_and_percentile_stay_below_the_largest((left, right) in pairs()) {
            if let Some(distances) = surface_distances(&left, &right) {
                prop_assert!(distances.hd95_px <= distances.hd_px);
                prop_assert!(distances.assd_px <= distances.hd_px);
            }
        }
    }

    #[test]
    fn two_pixels_are_as_far_apart_as_a_3_4_5_triangle() {
        let left = Mask::from_fn(8, 8, |x, y| (x, y) == (1, 1));
        let right = Mask::from_fn(8, 8, |x, y| (x, y) == (4, 5));
        let expected = SurfaceDistances { hd_px: 5.0, hd95_px: 5.0, assd_px: 5.0 };
        assert_eq!(surface_distances(&left, &right), Some(expected));
    }

    #[test]
    fn the_directions_are_pooled() {
        // Surfaces {0} and {0, …, 4}: distances 0 | 0, 1, 2, 3, 4, and rank 0.95 · 5 = 4.75.
        let short = Mask::from_fn(5, 1, |x, _| x == 0);
        let long = Mask::filled(5, 1, true);
        let distances = surface_distances(&short, &long).expect("neither is empty");
        assert!((distances.hd95_px - 3.75).abs() < 1e-12);
        assert!((distances.assd_px - 10.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn the_image_border_is_part_of_the_surface() {
        let surface = surface(&Mask::filled(4, 3, true));
        assert_eq!(surface.area_px(), 10);
        assert_eq!(surface.get(1, 1), Some(&false));
    }

    #[test]
    fn masks_of_different_size_have_no_distance() {
        let wide = Mask::filled(3, 1, true);
        assert!(surface_distances(&wide, &Mask::filled(1, 3, true)).is_none());
    }
}
