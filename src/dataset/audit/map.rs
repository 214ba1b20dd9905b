//! How pixels of one image correspond to pixels of another: each axis is scaled, mirrored by a negative scale, and
//! shifted. Screenshots, crops and copies of another size are never rotated.

use serde::{Deserialize, Serialize};

use super::descriptor::Flip;
use super::keypoint::Keypoint;

/// `(x, y) ↦ (scale_x · x + shift_x, scale_y · y + shift_y)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Map {
    /// Columns of the other image in a column of the first; negative if they run backwards.
    pub scale_x: f32,
    /// Where column 0 lies.
    pub shift_x: f32,
    /// Likewise of rows.
    pub scale_y: f32,
    /// Where row 0 lies.
    pub shift_y: f32,
}

impl Map {
    /// Every pixel stays where it is.
    pub(super) const IDENTITY: Map = Map { scale_x: 1.0, shift_x: 0.0, scale_y: 1.0, shift_y: 0.0 };

    /// First this map, then `next`.
    pub(super) fn then(&self, next: &Map) -> Self {
        Self {
            scale_x: next.scale_x * self.scale_x,
            shift_x: next.scale_x * self.shift_x + next.shift_x,
            scale_y: next.scale_y * self.scale_y,
            shift_y: next.scale_y * self.shift_y + next.shift_y,
        }
    }

    /// The map that a single keypoint and its copy imply; `None` if their scales are absurd.
    pub(super) fn of_match(first: Keypoint, other: Keypoint, flip: Flip) -> Option<Self> {
        let scale = other.sigma / first.sigma;
        let sign = |flipped: bool| if flipped { -scale } else { scale };
        let (scale_x, scale_y) = (sign(flip.horizontal), sign(flip.vertical));
        let map = Self { scale_x, shift_x: other.x - scale_x * first.x, scale_y, shift_y: other.y - scale_y * first.y };
        map.is_plausible(4.0).then_some(map)
    }

    /// Least squares over pairs of places; `None` if they do not span both axes.
    pub(super) fn fitted(pairs: &[(Keypoint, Keypoint)]) -> Option<Self> {
        let axis = |of: fn(Keypoint) -> f32| line(pairs.iter().map(|(first, other)| (of(*first), of(*other))));
        let (scale_x, shift_x) = axis(|keypoint| keypoint.x)?;
        let (scale_y, shift_y) = axis(|keypoint| keypoint.y)?;
        Some(Self { scale_x, shift_x, scale_y, shift_y })
    }

    /// Where (`x`, `y`) lies in the other image.
    pub(super) fn apply(&self, x: f32, y: f32) -> (f32, f32) {
        (self.scale_x * x + self.shift_x, self.scale_y * y + self.shift_y)
    }

    /// From the other image back to the first.
    pub(super) fn inverse(&self) -> Self {
        Self {
            scale_x: 1.0 / self.scale_x,
            shift_x: -self.shift_x / self.scale_x,
            scale_y: 1.0 / self.scale_y,
            shift_y: -self.shift_y / self.scale_y,
        }
    }

    /// Geometric mean of the scales.
    pub(super) fn scale(&self) -> f32 {
        (self.scale_x * self.scale_y).abs().sqrt()
    }

    /// Neither axis is scaled by more than `largest`, nor the two much differently.
    pub(super) fn is_plausible(&self, largest: f32) -> bool {
        let (x, y) = (self.scale_x.abs(), self.scale_y.abs());
        let within = |scale: f32| (1.0 / largest..=largest).contains(&scale);
        within(x) && within(y) && (0.5..=2.0).contains(&(x / y))
    }
}

/// Slope and intercept; `None` if all abscissae are alike.
fn line(points: impl Iterator<Item = (f32, f32)> + Clone) -> Option<(f32, f32)> {
    let n = points.clone().count() as f32;
    let (sum_x, sum_y) = points.clone().fold((0.0, 0.0), |sums, (x, y)| (sums.0 + x, sums.1 + y));
    let (mean_x, mean_y) = (sum_x / n, sum_y / n);
    let covariance: f32 = points.clone().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f32 = points.map(|(x, _)| (x - mean_x).powi(2)).sum();
    // places within 8 px of each other say nothing of a scale
    (variance > n * 64.0).then(|| (covariance / variance, mean_y - covariance / variance * mean_x))
}
