//! The point nearest to 0 of a convex hull whose corners come one by one: Wolfe's algorithm
//! (Wolfe, Finding the nearest point in a polytope, Mathematical Programming 11, 1976).
//!
//! Kept are few corners and their shares, such that the nearest point of the flat through them is inside of them.
//! Knows vectors; not what they are of. Weak spot: corners that are close to each other make the linear system
//! inexact; the caller must not take the result for a proof.

use super::search::{Point, dot};

/// Corners and their shares, which sum to 1.
#[derive(Debug, Default)]
pub struct Nearest {
    corners: Vec<Corner>,
}

#[derive(Clone, Copy, Debug)]
struct Corner {
    at: Point,
    label: usize,
    share: f64,
}

/// A share below is none.
const NOTHING: f64 = 1e-13;

impl Nearest {
    /// The point nearest to 0 of the hull of what was added.
    pub fn point(&self) -> Point {
        std::array::from_fn(|i| self.corners.iter().map(|corner| corner.share * corner.at[i]).sum())
    }

    /// Labels and shares of the corners that make it up.
    pub fn shares(&self) -> impl Iterator<Item = (usize, f64)> {
        self.corners.iter().map(|corner| (corner.label, corner.share))
    }

    /// Adds a corner and finds the new nearest point; false if that came no nearer.
    pub fn add(&mut self, at: Point, label: usize) -> bool {
        let before = self.point();
        let is_first = self.corners.is_empty();
        self.corners.push(Corner { at, label, share: if is_first { 1.0 } else { 0.0 } });
        while let Some(flat) = self.flat() {
            if flat.iter().all(|share| *share > NOTHING) {
                self.corners.iter_mut().zip(flat).for_each(|(corner, share)| corner.share = share);
                break;
            }
            self.walk(&flat);
        }
        let now = self.point();
        is_first || dot(&now, &now) < dot(&before, &before) * (1.0 - 1e-12)
    }

    /// Towards `flat` until the first share is used up; its corner is dropped.
    fn walk(&mut self, flat: &[f64]) {
        let length = |(corner, to): (&Corner, &f64)| corner.share / (corner.share - to).max(NOTHING);
        let shrinking = || self.corners.iter().zip(flat).enumerate().filter(|(_, (_, to))| **to <= NOTHING);
        let first = shrinking().min_by(|a, b| length(a.1).total_cmp(&length(b.1)));
        let Some((dropped, step)) = first.map(|(i, pair)| (i, length(pair).clamp(0.0, 1.0))) else { return };
        for (corner, to) in self.corners.iter_mut().zip(flat) {
            corner.share += step * (to - corner.share);
        }
        self.corners.remove(dropped);
        let sum: f64 = self.corners.iter().map(|corner| corner.share).sum();
        self.corners.iter_mut().for_each(|corner| corner.share /= sum);
    }

    /// Shares, of any sign, of the nearest point of the flat through the corners: `(11ᵀ + QᵀQ)α ∝ 1`.
    /// `None` for a single corner, and where the corners do not determine it.
    fn flat(&self) -> Option<Vec<f64>> {
        let n = self.corners.len();
        if n < 2 {
            return None;
        }
        let row = |a: &Corner| {
            let products = self.corners.iter().map(|b| 1.0 + dot(&a.at, &b.at));
            products.chain(std::iter::once(1.0)).collect::<Vec<f64>>()
        };
        let shares = solve(self.corners.iter().map(row).collect())?;
        let sum: f64 = shares.iter().sum();
        let usable = sum.is_finite() && sum.abs() > f64::MIN_POSITIVE;
        usable.then(|| shares.iter().map(|share| share / sum).collect())
    }
}

/// Gauss–Jordan elimination of `[A | b]` with row pivots.
fn solve(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let n = rows.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        let pivot_row = rows[column].clone();
        if pivot_row[column].abs() < 1e-300 {
            return None;
        }
        for (_, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != column) {
            let factor = row[column] / pivot_row[column];
            if factor != 0.0 {
                row.iter_mut().zip(&pivot_row).for_each(|(x, y)| *x -= factor * y);
            }
        }
    }
    Some((0..n).map(|i| rows[i][n] / rows[i][i]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64, y: f64) -> Point {
        let mut point = [0.0; _];
        (point[0], point[1]) = (x, y);
        point
    }

    /// Corners (1, 1), (−1, 1), (0, 3): the nearest point to 0 is (0, 1), half of each of the first two.
    #[test]
    fn the_nearest_point_of_a_triangle_is_on_its_edge() {
        let mut nearest = Nearest::default();
        for (label, corner) in [at(0.0, 3.0), at(1.0, 1.0), at(-1.0, 1.0)].into_iter().enumerate() {
            assert!(nearest.add(corner, label));
        }
        assert!((nearest.point()[1] - 1.0).abs() < 1e-9 && nearest.point()[0].abs() < 1e-9);
        assert!(nearest.shares().all(|(label, share)| label > 0 && (share - 0.5).abs() < 1e-9));
    }
}
