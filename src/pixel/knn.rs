//! Nearest neighbours.

use pulp::Arch;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::points::{Block, LANES, blocks};
use super::{PixelClassifier, PixelConfig, PixelError, PixelSample, Standardised};
use crate::config::within;

/// Numbers of a [`Knn`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KnnConfig {
    /// Pixels that it remembers, half of them tumour.
    pub pixels: usize,
    /// Neighbours that vote.
    pub neighbours: usize,
}

impl Default for KnnConfig {
    fn default() -> Self {
        Self { pixels: 10_000, neighbours: 15 }
    }
}

/// Share of tumour among the `k` nearest pixels of the sample (Euclidean, standardised features); of pixels equally
/// far, the one that was drawn first is nearer.
/// Source: P1 §1 (kNN); Cover and Hart 1967. Choice: every pixel of the sample is measured; with 18 features a
/// tree of boxes or balls leaves hardly any out.
pub struct Knn {
    points: Vec<Block>,
    labels: Vec<bool>,
    neighbours: usize,
}

impl PixelConfig for KnnConfig {
    fn check(&self) -> Result<(), String> {
        within("model.pixels", self.pixels as f64, 20.0, 1e6)?;
        within("model.neighbours", self.neighbours as f64, 1.0, self.pixels as f64)
    }

    fn pixels(&self) -> usize {
        self.pixels
    }

    fn fit(&self, sample: &PixelSample, _seed: u64) -> Result<Box<dyn PixelClassifier>, PixelError> {
        let neighbours = self.neighbours.min(sample.labels.len());
        Ok(Box::new(Knn { points: blocks(&sample.pixels), labels: sample.labels.clone(), neighbours }))
    }
}

impl PixelClassifier for Knn {
    fn predict(&self, pixels: &[Standardised]) -> Vec<f32> {
        let arch = Arch::new();
        pixels.par_iter().map(|pixel| arch.dispatch(|| self.share(pixel))).collect()
    }
}

impl Knn {
    #[inline(always)]
    fn share(&self, pixel: &Standardised) -> f32 {
        // distance and place, nearest first
        let mut nearest = vec![(f32::INFINITY, 0); self.neighbours];
        for (block, points) in self.points.iter().enumerate() {
            let distances = points.distances(pixel);
            let farthest = nearest[self.neighbours - 1].0;
            // no short cut, which would keep the sixteen from being compared at once
            if distances.iter().fold(false, |nearer, &distance| nearer | (distance < farthest)) {
                for (lane, distance) in distances.into_iter().enumerate() {
                    insert(&mut nearest, (distance, block * LANES + lane));
                }
            }
        }
        let tumour = nearest.iter().filter(|(_, place)| self.labels[*place]).count();
        tumour as f32 / self.neighbours as f32
    }
}

/// Keeps `nearest` sorted; drops its last if `found` is nearer.
fn insert(nearest: &mut [(f32, usize)], found: (f32, usize)) {
    let mut place = nearest.len();
    while place > 0 && found.0 < nearest[place - 1].0 {
        place -= 1;
        if place + 1 < nearest.len() {
            nearest[place + 1] = nearest[place];
        }
        nearest[place] = found;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_pixels_equally_far_the_first_is_nearer() {
        let pixel = |value: f32| -> Standardised { std::array::from_fn(|i| if i == 0 { value } else { 0.0 }) };
        let sample =
            PixelSample { pixels: [1.0, -1.0, 3.0, 0.5].map(pixel).to_vec(), labels: vec![true, false, true, false] };
        let share = |neighbours| {
            let config = KnnConfig { pixels: 20, neighbours };
            config.fit(&sample, 0).expect("no solver").predict(&[pixel(0.0)])[0]
        };
        assert_eq!([1, 2, 3, 4, 9].map(share), [0.0, 0.5, 1.0 / 3.0, 0.5, 0.5]);
    }
}
