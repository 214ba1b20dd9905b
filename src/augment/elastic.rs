//! A smooth random displacement field.

use pulp::Arch;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use super::blur::kernel;
use crate::plane::Plane;

/// A displacement in px at the nodes of a coarse grid, bilinear between them.
///
/// White noise, uniform in −1..1, smoothed with a Gaussian and scaled (Simard et al. 2003; P2 "Data Augmentation"). Ours
/// differs: the noise lives on a grid of half the Gaussian's standard deviation instead of on pixels, which the smoothing
/// hides, and the strength is the standard deviation of the displacement instead of a factor before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Displacement {
    x: Plane<f32>,
    y: Plane<f32>,
    spacing_px: f64,
}

/// How a field is smoothed and scaled, all in px.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smooth {
    /// Standard deviation of the displacement in each direction.
    pub displacement_px: f64,
    /// Standard deviation of the Gaussian.
    pub sigma_px: f64,
}

impl Smooth {
    /// Distance between nodes: half of the Gaussian's standard deviation, at least 1 px.
    pub fn spacing_px(&self) -> f64 {
        (self.sigma_px / 2.0).max(1.0)
    }

    /// Columns and rows of noise that a field for `side` px is made of: a node at pixel 0 and one at or beyond the last, and
    /// the Gaussian's reach on either side.
    pub fn noise_side(&self, side: usize) -> usize {
        let nodes = ((side.max(1) - 1) as f64 / self.spacing_px()).floor() as usize + 2;
        nodes + self.kernel().len() - 1
    }

    fn kernel(&self) -> Vec<f32> {
        kernel(self.sigma_px / self.spacing_px())
    }
}

impl Displacement {
    /// For images of `side` px.
    pub fn draw(smooth: Smooth, side: usize, random: &mut ChaCha8Rng) -> Self {
        let n = smooth.noise_side(side);
        let mut unit = || (random.next_u32() >> 8) as f32 / (1 << 23) as f32 - 1.0;
        let mut noise = || Plane::from_fn(n, n, |_, _| unit());
        let (x, y) = (noise(), noise());
        Self::of([&x, &y], smooth)
    }

    /// From the noise of both directions, uniform in −1..1; nodes are where the Gaussian lies within it.
    pub fn of([x, y]: [&Plane<f32>; 2], smooth: Smooth) -> Self {
        let kernel = smooth.kernel();
        // Smoothing divides the noise's standard deviation, 1/√3, by that of the kernel.
        let energy: f32 = kernel.iter().map(|weight| weight * weight).sum();
        let scale = smooth.displacement_px as f32 * 3f32.sqrt() / energy;
        let field = |noise: &Plane<f32>| smoothed(&smoothed(noise, &kernel), &kernel).map(|&value| value * scale);
        Self { x: field(x), y: field(y), spacing_px: smooth.spacing_px() }
    }

    /// The displacement in px along row `y`, column by column.
    pub fn row(&self, y: usize, [dx, dy]: [&mut [f32]; 2]) {
        let at = y as f64 / self.spacing_px;
        for (plane, target) in [(&self.x, dx), (&self.y, dy)] {
            let (upper, lower) = (node_row(plane, at as usize), node_row(plane, at as usize + 1));
            let share = at.fract() as f32;
            let nodes: Vec<f32> = upper.iter().zip(lower).map(|(a, b)| a + share * (b - a)).collect();
            Arch::new().dispatch(|| self.between(&nodes, target));
        }
    }

    #[inline(always)]
    fn between(&self, nodes: &[f32], target: &mut [f32]) {
        let step = (1.0 / self.spacing_px) as f32;
        for (x, value) in target.iter_mut().enumerate() {
            let at = x as f32 * step;
            let node = at as usize;
            let (left, right) = (nodes[node.min(nodes.len() - 1)], nodes[(node + 1).min(nodes.len() - 1)]);
            *value = left + (at - node as f32) * (right - left);
        }
    }
}

fn node_row(plane: &Plane<f32>, y: usize) -> &[f32] {
    &plane.values()[y.min(plane.height() - 1) * plane.width()..][..plane.width()]
}

/// Columns smoothed where the kernel fits, and rows become columns: twice of it smooths both.
fn smoothed(noise: &Plane<f32>, kernel: &[f32]) -> Plane<f32> {
    let rows = noise.height() + 1 - kernel.len();
    Plane::from_fn(rows, noise.width(), |y, x| {
        let column = |i: usize| noise.values()[(y + i) * noise.width() + x];
        kernel.iter().enumerate().map(|(i, weight)| weight * column(i)).sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn the_displacement_has_the_standard_deviation_that_was_asked_for() {
        let smooth = Smooth { displacement_px: 2.5, sigma_px: 6.0 };
        let fields = (0..40).map(|seed| Displacement::draw(smooth, 128, &mut ChaCha8Rng::seed_from_u64(seed)));
        let nodes: Vec<f32> =
            fields.flat_map(|field| [field.x, field.y].map(|p| p.values().to_vec()).concat()).collect();
        let variance = nodes.iter().map(|d| d * d).sum::<f32>() / nodes.len() as f32;
        assert!((variance.sqrt() - 2.5).abs() < 0.1, "{}", variance.sqrt());
    }

    #[test]
    fn every_pixel_has_nodes_around_it() {
        for (side, sigma_px) in [(16, 0.16), (16, 8.0), (256, 12.8), (33, 5.0)] {
            let smooth = Smooth { displacement_px: 1.0, sigma_px };
            let nodes = smooth.noise_side(side) + 1 - smooth.kernel().len();
            assert!((nodes - 1) as f64 * smooth.spacing_px() >= (side - 1) as f64, "{side} {sigma_px}");
        }
    }
}
