//! Places that are found again in a crop, a copy of another size or contrast, or a mirrored copy: extrema of the
//! difference of Gaussians over position and scale, spread over the image.
//!
//! Source: Lowe, Distinctive image features from scale-invariant keypoints, IJCV 60 (2004), sections 3 and 4.
//! Ours differs: no orientation (an ultrasound frame is never rotated), the first octave is not enlarged, and the
//! strongest of each cell of a grid are taken, else burned-in text would take them all.

use super::gaussian::{blur, halve};
use crate::plane::Plane;

/// Blur of an octave's first level, in its pixels.
const FIRST_SIGMA: f32 = 1.6;
/// Levels that double the scale.
const LEVELS: usize = 3;
/// Cells along each side of the grid over which keypoints are spread.
const GRID: usize = 8;
/// Keypoints in a cell.
const PER_CELL: usize = 7;
/// Least side of an octave.
const LEAST_SIDE_PX: usize = 24;
/// Largest ratio of principal curvatures; beyond it lies an edge, along which a place is not fixed. Lowe: 10.
const EDGE_RATIO: f32 = 10.0;
/// Least response, of the 255 grey levels; below lies the noise of coding.
const LEAST_RESPONSE: f32 = 0.8;

/// A place and its scale, in pixels of the whole image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Keypoint {
    pub(super) x: f32,
    pub(super) y: f32,
    /// Standard deviation of the Gaussian at which it stands out.
    pub(super) sigma: f32,
}

/// One octave of the scale space.
pub(super) struct Octave {
    /// Image pixels of one of its pixels.
    pub(super) step: f32,
    /// Levels `0..LEVELS + 3`; level `i` is blurred by `FIRST_SIGMA · 2^(i / LEVELS)` octave pixels.
    pub(super) levels: Vec<Plane<f32>>,
}

/// A keypoint with the level on which it is described.
pub(super) struct Found {
    pub(super) keypoint: Keypoint,
    pub(super) octave: usize,
    pub(super) level: usize,
    response: f32,
}

/// The scale space of `image`, which is taken to be blurred by 0.5 px.
pub(super) fn octaves(image: &Plane<f32>) -> Vec<Octave> {
    let mut octaves = Vec::new();
    let mut first = blur(image, (FIRST_SIGMA * FIRST_SIGMA - 0.25).sqrt());
    let mut step = 1.0;
    while first.width().min(first.height()) >= LEAST_SIDE_PX {
        let mut levels = vec![first];
        for level in 1..LEVELS + 3 {
            let (before, now) = (sigma(level - 1), sigma(level));
            levels.push(blur(&levels[level - 1], (now * now - before * before).sqrt()));
        }
        first = halve(&levels[LEVELS]);
        octaves.push(Octave { step, levels });
        step *= 2.0;
    }
    octaves
}

/// Keypoints of a scale space, at most `GRID² · PER_CELL`, the strongest of each cell.
pub(super) fn keypoints(octaves: &[Octave]) -> Vec<Found> {
    let Some(size) = octaves.first().map(|octave| octave.levels[0].size()) else { return Vec::new() };
    let mut found: Vec<Found> = octaves.iter().enumerate().flat_map(|(i, octave)| extrema(i, octave)).collect();
    found.sort_by(|a, b| b.response.total_cmp(&a.response));
    let mut taken = [0; GRID * GRID];
    let cell = |at: f32, side: usize| ((at / side as f32 * GRID as f32) as usize).min(GRID - 1);
    found.retain(|found| {
        let cell = &mut taken[cell(found.keypoint.y, size.1) * GRID + cell(found.keypoint.x, size.0)];
        *cell += 1;
        *cell <= PER_CELL
    });
    found
}

fn sigma(level: usize) -> f32 {
    FIRST_SIGMA * (level as f32 / LEVELS as f32).exp2()
}

fn extrema(octave_index: usize, octave: &Octave) -> Vec<Found> {
    let differences: Vec<Plane<f32>> = octave.levels.windows(2).map(|pair| difference(&pair[1], &pair[0])).collect();
    let (width, height) = octave.levels[0].size();
    let mut found = Vec::new();
    for level in 1..=LEVELS {
        let around = [&differences[level - 1], &differences[level], &differences[level + 1]];
        for y in 2..height - 2 {
            for x in 2..width - 2 {
                if let Some((dx, dy, response)) = extremum(around, y * width + x, width) {
                    let at = |at: usize, offset: f32| (at as f32 + offset) * octave.step;
                    let keypoint = Keypoint { x: at(x, dx), y: at(y, dy), sigma: sigma(level) * octave.step };
                    found.push(Found { keypoint, octave: octave_index, level, response });
                }
            }
        }
    }
    found
}

fn difference(wide: &Plane<f32>, narrow: &Plane<f32>) -> Plane<f32> {
    let values = wide.values().iter().zip(narrow.values()).map(|(wide, narrow)| wide - narrow).collect();
    Plane::new(wide.width(), wide.height(), values).expect("levels of one octave")
}

/// Offsets to the vertex of a parabola, and the response, if index `i` holds an extremum that is no edge.
fn extremum(around: [&Plane<f32>; 3], i: usize, width: usize) -> Option<(f32, f32, f32)> {
    let own = around[1].values();
    let value = own[i];
    if value.abs() < LEAST_RESPONSE {
        return None;
    }
    let sign = value.signum();
    let rows = [i - width - 1, i - 1, i + width - 1];
    // the plane itself first: it rules out most
    for plane in [own, around[0].values(), around[2].values()] {
        let beaten = |start: usize| plane[start..start + 3].iter().any(|other| other * sign > value * sign);
        if rows.iter().any(|start| beaten(*start)) {
            return None;
        }
    }
    let (left, right, up, down) = (own[i - 1], own[i + 1], own[i - width], own[i + width]);
    let (dxx, dyy) = (left + right - 2.0 * value, up + down - 2.0 * value);
    let dxy = (own[i + width + 1] - own[i + width - 1] - own[i - width + 1] + own[i - width - 1]) / 4.0;
    let (trace, determinant) = (dxx + dyy, dxx * dyy - dxy * dxy);
    if determinant <= 0.0 || trace * trace * EDGE_RATIO > determinant * (EDGE_RATIO + 1.0).powi(2) {
        return None;
    }
    let vertex = |before: f32, after: f32, second: f32| ((before - after) / (2.0 * second)).clamp(-0.5, 0.5);
    Some((vertex(left, right, dxx), vertex(up, down, dyy), value.abs()))
}
