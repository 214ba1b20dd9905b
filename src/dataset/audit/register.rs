//! Moves a map until the two images lie on each other as well as they can: Gauss–Newton over its four numbers, coarse
//! to fine, with gain and offset, so that another contrast does not matter.
//!
//! Source: Lucas, Kanade, An iterative image registration technique, IJCAI 1981; gain and offset as in Hager,
//! Belhumeur, IEEE PAMI 20 (1998).

use super::map::Map;
use crate::plane::Plane;

const ITERATIONS: usize = 12;
/// Map, gain and offset.
const UNKNOWNS: usize = 6;
/// Values beyond so many standard deviations are cut: text and calipers would otherwise steer.
const CUT: f32 = 2.5;
/// Every so many pixels of either axis are looked at.
const STRIDE: usize = 2;

/// Improves `map` between two band-pass images; unchanged where there is nothing to hold on to.
pub(super) fn register(first: &Plane<f32>, other: &Plane<f32>, map: Map) -> Map {
    let (first, other) = (cut(first), cut(other));
    let mut map = map;
    for _ in 0..ITERATIONS {
        let Some(step) = step(&first, &other, &map) else { break };
        let moved = Map {
            scale_x: map.scale_x + step[0],
            shift_x: map.shift_x + step[1],
            scale_y: map.scale_y + step[2],
            shift_y: map.shift_y + step[3],
        };
        let reach = |scale: f32, shift: f32, side: usize| (scale * side as f32 / 2.0 + shift).abs();
        let moves = reach(step[0], step[1], first.width()).max(reach(step[2], step[3], first.height()));
        // what is not a number is not plausible either
        if !moved.is_plausible(4.0) || !moves.is_finite() {
            break;
        }
        map = moved;
        if moves < 0.01 {
            break;
        }
    }
    map
}

/// The value at (`x`, `y`) between four pixels; `None` outside.
pub(super) fn sample(image: &Plane<f32>, x: f32, y: f32) -> Option<f32> {
    let (width, height) = image.size();
    if !(x >= 0.0 && y >= 0.0 && x < (width - 1) as f32 && y < (height - 1) as f32) {
        return None;
    }
    let (column, row) = (x as usize, y as usize);
    let (u, v) = (x - column as f32, y - row as f32);
    let at = row * width + column;
    let values = image.values();
    let upper = values[at] * (1.0 - u) + values[at + 1] * u;
    let lower = values[at + width] * (1.0 - u) + values[at + width + 1] * u;
    Some(upper * (1.0 - v) + lower * v)
}

fn cut(image: &Plane<f32>) -> Plane<f32> {
    let n = image.values().len() as f32;
    let deviation = (image.values().iter().map(|value| value * value).sum::<f32>() / n).sqrt();
    image.map(|value| value.clamp(-CUT * deviation, CUT * deviation))
}

/// One Gauss–Newton step: changes of the map that bring `other` closest to `gain · first + offset`.
fn step(first: &Plane<f32>, other: &Plane<f32>, map: &Map) -> Option<[f32; 4]> {
    let mut normal = [[0f64; UNKNOWNS + 1]; UNKNOWNS];
    let (width, height) = first.size();
    for y in (0..height).step_by(STRIDE) {
        for x in (0..width).step_by(STRIDE) {
            let (u, v) = map.apply(x as f32, y as f32);
            let Some(row) = row(first.values()[y * width + x], other, (u, v), (x as f32, y as f32)) else { continue };
            for (sums, own) in normal.iter_mut().zip(row) {
                sums.iter_mut().zip(row).for_each(|(sum, other)| *sum += f64::from(own * other));
            }
        }
    }
    let solution = solve(normal)?;
    Some([solution[0] as f32, solution[1] as f32, solution[2] as f32, solution[3] as f32])
}

/// Coefficients of the linear equation of one pixel, and its right-hand side.
fn row(value: f32, other: &Plane<f32>, at: (f32, f32), place: (f32, f32)) -> Option<[f32; UNKNOWNS + 1]> {
    let there = sample(other, at.0, at.1)?;
    let slope_x = (sample(other, at.0 + 1.0, at.1)? - sample(other, at.0 - 1.0, at.1)?) / 2.0;
    let slope_y = (sample(other, at.0, at.1 + 1.0)? - sample(other, at.0, at.1 - 1.0)?) / 2.0;
    Some([slope_x * place.0, slope_x, slope_y * place.1, slope_y, -value, -1.0, -there])
}

/// Gaussian elimination with pivots; `None` if the equations do not determine all unknowns.
fn solve(mut rows: [[f64; UNKNOWNS + 1]; UNKNOWNS]) -> Option<[f64; UNKNOWNS]> {
    for column in 0..UNKNOWNS {
        let pivot = (column..UNKNOWNS).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        rows.swap(column, pivot);
        let top = rows[column];
        if top[column].abs() < 1e-9 {
            return None;
        }
        for (i, row) in rows.iter_mut().enumerate() {
            if i != column {
                let factor = row[column] / top[column];
                row.iter_mut().zip(top).for_each(|(value, top)| *value -= factor * top);
            }
        }
    }
    Some(std::array::from_fn(|i| rows[i][UNKNOWNS] / rows[i][i]))
}
