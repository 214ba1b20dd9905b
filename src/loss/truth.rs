//! What a prediction is held against: the reference and maps of it.

use burn::tensor::{Device, Tensor, TensorData};

use crate::metric::signed_distance;
use crate::plane::{Mask, Plane};

/// Side of the window of [`ReferenceMap::LocalMean`].
const WINDOW: usize = 31;

/// A map of the reference that some losses read; it depends on the reference alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReferenceMap {
    /// Signed Euclidean distance to the reference's boundary in pixels, negative inside; 0 everywhere for an image
    /// without a boundary.
    Distance,
    /// Share of tumour, 0 to 1, in the 31 × 31 window around each pixel; outside the image counts as background.
    /// Source: F3Net (Wei et al., AAAI 2020): `avg_pool2d(kernel 31, stride 1, padding 15)`.
    LocalMean,
}

impl ReferenceMap {
    /// How many there are.
    pub const COUNT: usize = 2;

    /// The map of `reference`; linear in its pixels.
    pub fn of(self, reference: &Mask) -> Plane<f32> {
        match self {
            Self::Distance => signed_distance(reference).unwrap_or_else(|| reference.map(|_| 0.0)),
            Self::LocalMean => local_mean(reference),
        }
    }
}

/// Whole numbers until the last division, so that a mirrored mask has exactly the mirrored map.
fn local_mean(mask: &Mask) -> Plane<f32> {
    let (width, height) = mask.size();
    let row = width + 1;
    // sums[y · row + x] = tumour pixels above and to the left of (x, y)
    let mut sums = vec![0_u32; row * (height + 1)];
    for y in 0..height {
        for x in 0..width {
            let own = u32::from(mask.values()[y * width + x]);
            sums[(y + 1) * row + x + 1] = own + sums[y * row + x + 1] + sums[(y + 1) * row + x] - sums[y * row + x];
        }
    }
    let span = |place: usize, n: usize| (place.saturating_sub(WINDOW / 2), (place + WINDOW / 2 + 1).min(n));
    Plane::from_fn(width, height, |x, y| {
        let ((left, right), (top, bottom)) = (span(x, width), span(y, height));
        let inside = sums[bottom * row + right] + sums[top * row + left];
        let outside = sums[top * row + right] + sums[bottom * row + left];
        (inside - outside) as f32 / (WINDOW * WINDOW) as f32
    })
}

/// The mask minus its 3×3 erosion; outside the image counts as background.
/// Choice: P2's edges were drawn by hand.
pub fn edge(mask: &Mask) -> Mask {
    let set = |x: isize, y: isize| x >= 0 && y >= 0 && mask.get(x as usize, y as usize) == Some(&true);
    Plane::from_fn(mask.width(), mask.height(), |x, y| {
        let (x, y) = (x as isize, y as isize);
        let inner = (-1..=1).all(|dy| (-1..=1).all(|dx| set(x + dx, y + dy)));
        set(x, y) && !inner
    })
}

/// What a prediction is held against.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Reference, 0 or 1, `[B, 1, H, W]`.
    pub target: Tensor<4>,
    /// The reference minus its 3×3 erosion, 0 or 1, `[B, 1, H, W]`.
    pub edge: Tensor<4>,
    maps: [Option<Tensor<4>>; ReferenceMap::COUNT],
}

impl Truth {
    /// Without maps.
    pub fn new(target: Tensor<4>, edge: Tensor<4>) -> Self {
        Self { target, edge, maps: [const { None }; ReferenceMap::COUNT] }
    }

    /// With `values` `[B, 1, H, W]` as the batch's `map`.
    #[must_use]
    pub fn with(mut self, map: ReferenceMap, values: Tensor<4>) -> Self {
        self.maps[map as usize] = Some(values);
        self
    }

    /// Of image `place` of the batch alone.
    #[must_use]
    pub fn image(&self, place: usize) -> Self {
        let alone = |all: &Tensor<4>| all.clone().narrow(0, place, 1);
        Self {
            target: alone(&self.target),
            edge: alone(&self.edge),
            maps: self.maps.each_ref().map(|map| map.as_ref().map(alone)),
        }
    }

    /// Of `references` of one size, with `maps`.
    pub fn of(references: &[Mask], maps: &[ReferenceMap], device: &Device) -> Self {
        let (width, height) = references.first().map_or((0, 0), Plane::size);
        let tensor = |of: &dyn Fn(&Mask) -> Plane<f32>| {
            let values: Vec<f32> = references.iter().flat_map(|mask| of(mask).values().to_vec()).collect();
            Tensor::from_data(TensorData::new(values, [references.len(), 1, height, width]), device)
        };
        let truth = Self::new(tensor(&Mask::indicator), tensor(&|mask| edge(mask).indicator()));
        maps.iter().fold(truth, |truth, &map| truth.with(map, tensor(&|mask| map.of(mask))))
    }

    /// The batch's `map` `[B, 1, H, W]`.
    pub(super) fn map(&self, map: ReferenceMap) -> Tensor<4> {
        self.maps[map as usize].clone().expect("a batch holds the maps that its loss names in LossConfig::maps")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_mean_counts_outside_as_background() {
        // One pixel is seen by the 31 × 31 windows around it, in a corner like anywhere else.
        let mask = Mask::from_fn(40, 20, |x, y| (x, y) == (0, 0));
        let mean = ReferenceMap::LocalMean.of(&mask);
        for (i, &value) in mean.values().iter().enumerate() {
            let expected = if i % 40 <= 15 && i / 40 <= 15 { 1.0 / 961.0 } else { 0.0 };
            assert_eq!(value, expected, "pixel {i}");
        }
        let full = ReferenceMap::LocalMean.of(&Mask::filled(64, 64, true));
        assert_eq!(full.get(32, 32), Some(&1.0));
        assert_eq!(full.get(0, 0), Some(&(256.0 / 961.0)));
    }

    #[test]
    fn the_edge_of_a_4_by_4_square_is_its_12_outer_pixels() {
        let square = Mask::from_fn(8, 8, |x, y| (2..6).contains(&x) && (1..5).contains(&y));
        assert_eq!(edge(&square).area_px(), 12);
    }

    #[test]
    fn without_a_boundary_the_distance_is_0() {
        for value in [false, true] {
            assert!(ReferenceMap::Distance.of(&Mask::filled(3, 2, value)).values().iter().all(|&d| d == 0.0));
        }
    }
}
