//! Squared distances from one pixel to many, sixteen at a time.

use super::{FEATURES, Standardised};

/// Points that are measured together.
pub(super) const LANES: usize = 16;

/// [`LANES`] points, coordinate by coordinate.
pub(super) struct Block([[f32; LANES]; FEATURES.len()]);

/// `points` in blocks; the last one is filled up with points at infinity.
pub(super) fn blocks(points: &[Standardised]) -> Vec<Block> {
    let coordinate = |chunk: &[Standardised], feature: usize| {
        std::array::from_fn(|lane| chunk.get(lane).map_or(f32::INFINITY, |point| point[feature]))
    };
    points.chunks(LANES).map(|chunk| Block(std::array::from_fn(|feature| coordinate(chunk, feature)))).collect()
}

impl Block {
    /// `‖pixel − point‖²` of each point; to be called where vector instructions are switched on.
    ///
    /// No fused multiply-add: every processor gives the same bits. Few coordinates and no cancellation: faster and more
    /// exact than `‖x‖² + ‖s‖² − 2 x·s` by matrix product.
    #[inline(always)]
    pub(super) fn distances(&self, pixel: &Standardised) -> [f32; LANES] {
        let mut sum = [0.0; LANES];
        for (points, own) in self.0.iter().zip(pixel) {
            for (sum, point) in sum.iter_mut().zip(points) {
                let difference = point - own;
                *sum += difference * difference;
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventeen_points_are_two_blocks_and_nothing_is_at_infinity_but_the_filling() {
        let point = |n: usize| -> Standardised { std::array::from_fn(|i| if i == 3 { n as f32 } else { 0.5 }) };
        let points: Vec<Standardised> = (0..17).map(point).collect();
        let distances: Vec<f32> = blocks(&points).iter().flat_map(|block| block.distances(&point(2))).collect();
        assert_eq!(distances.len(), 32);
        assert!((0..17).all(|n| distances[n] == (n as f32 - 2.0).powi(2)));
        assert!(distances[17..].iter().all(|d| *d == f32::INFINITY));
    }
}
