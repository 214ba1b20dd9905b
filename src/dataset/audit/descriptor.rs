//! What a keypoint looks like: histograms of gradient directions around it. Free of brightness and contrast, and cheap
//! to mirror: a mirrored patch has the same numbers in another order.
//!
//! Source: Lowe, IJCV 60 (2004), section 6. Ours differs: upright, see [`super::keypoint`].

use super::keypoint::{Found, Octave};
use crate::plane::Plane;

const CELLS: usize = 4;
const DIRECTIONS: usize = 8;
/// Numbers of a descriptor.
pub(super) const LENGTH: usize = CELLS * CELLS * DIRECTIONS;
/// Sample points along a side.
const SAMPLES: usize = 16;
/// Side of a cell, in σ of the keypoint.
const CELL_SIGMAS: f32 = 3.0;
/// Largest share of one number, against edges that outshine the rest. Lowe: 0.2.
const LARGEST: f32 = 0.2;

/// Unit length is 512, so that usual numbers fill a byte.
pub(super) type Descriptor = [u8; LENGTH];

/// How a copy may be mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flip {
    /// Left and right are exchanged.
    pub(super) horizontal: bool,
    /// Top and bottom are exchanged.
    pub(super) vertical: bool,
}

impl Flip {
    /// None, each, and both, which is half a turn.
    pub(super) const ALL: [Flip; 4] = [
        Flip { horizontal: false, vertical: false },
        Flip { horizontal: true, vertical: false },
        Flip { horizontal: false, vertical: true },
        Flip { horizontal: true, vertical: true },
    ];
}

/// The descriptor of a keypoint; all zero where the image is flat.
pub(super) fn descriptor(octaves: &[Octave], found: &Found) -> Descriptor {
    let octave = &octaves[found.octave];
    let level = &octave.levels[found.level];
    let (x, y) = (found.keypoint.x / octave.step, found.keypoint.y / octave.step);
    let spacing = found.keypoint.sigma / octave.step * CELL_SIGMAS * CELLS as f32 / SAMPLES as f32;
    let mut histogram = [0f32; LENGTH];
    for row in 0..SAMPLES {
        for column in 0..SAMPLES {
            let offset = |at: usize| at as f32 - (SAMPLES as f32 - 1.0) / 2.0;
            let (u, v) = (offset(column), offset(row));
            let (gx, gy) = gradient(level, x + u * spacing, y + v * spacing);
            let weight = (-(u * u + v * v) / (2.0 * (SAMPLES as f32 / 2.0).powi(2))).exp();
            spread(&mut histogram, (column, row), (gx, gy), weight);
        }
    }
    quantised(&histogram)
}

/// The descriptor of the mirrored patch.
pub(super) fn mirrored(descriptor: &Descriptor, flip: Flip) -> Descriptor {
    let mut mirrored = [0; LENGTH];
    for (i, value) in descriptor.iter().enumerate() {
        let (mut cell_y, mut cell_x, mut direction) = (i / DIRECTIONS / CELLS, i / DIRECTIONS % CELLS, i % DIRECTIONS);
        if flip.horizontal {
            cell_x = CELLS - 1 - cell_x;
            direction = (DIRECTIONS + DIRECTIONS / 2 - direction) % DIRECTIONS;
        }
        if flip.vertical {
            cell_y = CELLS - 1 - cell_y;
            direction = (DIRECTIONS - direction) % DIRECTIONS;
        }
        mirrored[(cell_y * CELLS + cell_x) * DIRECTIONS + direction] = *value;
    }
    mirrored
}

/// Squared Euclidean distance; unit vectors at right angles are 2 · 512² apart.
pub(super) fn squared_distance(a: &Descriptor, b: &Descriptor) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum()
}

fn gradient(level: &Plane<f32>, x: f32, y: f32) -> (f32, f32) {
    let (x, y) = (x.round() as i32, y.round() as i32);
    let at = |x: i32, y: i32| {
        let clamp = |at: i32, side: usize| at.clamp(0, side as i32 - 1) as usize;
        level.values()[clamp(y, level.height()) * level.width() + clamp(x, level.width())]
    };
    (at(x + 1, y) - at(x - 1, y), at(x, y + 1) - at(x, y - 1))
}

/// Adds a gradient to the two nearest directions of the four nearest cells, so that a small shift changes little.
fn spread(histogram: &mut [f32; LENGTH], sample: (usize, usize), gradient: (f32, f32), weight: f32) {
    let strength = weight * gradient.0.hypot(gradient.1);
    let direction = gradient.1.atan2(gradient.0) / std::f32::consts::TAU * DIRECTIONS as f32;
    let direction_share = direction - direction.floor();
    let direction = (direction.floor() as i32).rem_euclid(DIRECTIONS as i32) as usize;
    let cell = |at: usize| (at as f32 + 0.5) * CELLS as f32 / SAMPLES as f32 - 0.5;
    let (cell_x, cell_y) = (cell(sample.0), cell(sample.1));
    for (dy, share_y) in shares(cell_y) {
        for (dx, share_x) in shares(cell_x) {
            let own = strength * share_x * share_y;
            let start = (dy * CELLS + dx) * DIRECTIONS;
            histogram[start + direction] += own * (1.0 - direction_share);
            histogram[start + (direction + 1) % DIRECTIONS] += own * direction_share;
        }
    }
}

/// The cells on both sides of `at`, with their shares; what falls off the patch is lost.
fn shares(at: f32) -> impl Iterator<Item = (usize, f32)> {
    let low = at.floor();
    let both = [(low, 1.0 - (at - low)), (low + 1.0, at - low)];
    both.into_iter().filter(|(cell, _)| (0.0..CELLS as f32).contains(cell)).map(|(cell, share)| (cell as usize, share))
}

fn quantised(histogram: &[f32; LENGTH]) -> Descriptor {
    let length = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>().sqrt();
    let whole = length(histogram);
    if whole < 1e-3 {
        return [0; LENGTH];
    }
    let clipped = histogram.map(|value| (value / whole).min(LARGEST));
    let whole = length(&clipped);
    // the cast saturates
    clipped.map(|value| (512.0 * value / whole + 0.5) as u8)
}
