//! Contrast-limited adaptive histogram equalisation.

use pulp::Arch;

use super::planes::{level, luma};
use crate::plane::Plane;

/// Tiles in each direction.
pub const TILES: usize = 8;

/// Each pixel through the equalised histograms of the four tiles around it, bilinear between their centres. A tile's
/// histogram is cut at `clip` times its mean; what is cut off is spread over all levels.
///
/// Source: Zuiderveld 1994; OpenCV's `createCLAHE(clip, (8, 8))`, bit for bit: a side that is no multiple of 8 is continued
/// by its mirror image. On three planes the luma is equalised and its change added to each (choice).
pub fn apply(planes: &mut [Plane<u8>], clip: f64) {
    match planes {
        [grey] => *grey = equalised(grey, clip),
        _ => {
            let (width, height) = planes[0].size();
            let before = Plane::new(width, height, luma(planes).into_iter().map(level).collect());
            let before = before.expect("a luma value a pixel");
            let after = equalised(&before, clip);
            for plane in planes {
                for ((value, &from), &to) in plane.values_mut().iter_mut().zip(before.values()).zip(after.values()) {
                    *value = (i16::from(*value) + i16::from(to) - i16::from(from)).clamp(0, 255) as u8;
                }
            }
        }
    }
}

fn equalised(plane: &Plane<u8>, clip: f64) -> Plane<u8> {
    let (width, height) = plane.size();
    if width < 2 || height < 2 {
        return plane.clone();
    }
    let tile = (width.div_ceil(TILES), height.div_ceil(TILES));
    let tables = Tables::of(plane, tile, clip);
    let columns: Vec<Between> = (0..width).map(|x| Between::of(x, tile.0)).collect();
    let mut equal = plane.clone();
    for (y, row) in equal.values_mut().chunks_exact_mut(width).enumerate() {
        let between = Between::of(y, tile.1);
        Arch::new().dispatch(|| tables.map_row(&columns, &between, row));
    }
    equal
}

/// The two nearest tiles of a column or row, and the weight of the second.
struct Between {
    first: usize,
    second: usize,
    share: f32,
}

impl Between {
    fn of(place: usize, tile: usize) -> Self {
        let centre = place as f32 * (1.0 / tile as f32) - 0.5;
        let below = centre.floor();
        let tile_at = |i: f32| i.clamp(0.0, (TILES - 1) as f32) as usize;
        Self { first: tile_at(below), second: tile_at(below + 1.0), share: centre - below }
    }
}

/// What each level becomes, in each tile.
struct Tables(Vec<[u8; 256]>);

impl Tables {
    fn of(plane: &Plane<u8>, tile: (usize, usize), clip: f64) -> Self {
        let area = tile.0 * tile.1;
        let limit = ((clip * area as f64 / 256.0) as u32).max(1);
        let scale = 255.0 / area as f32;
        let table = |i: usize| {
            let mut counts = histogram(plane, tile, (i % TILES, i / TILES));
            cut(&mut counts, limit);
            let mut sum = 0;
            counts.map(|count| {
                sum += count;
                (sum as f32 * scale).round_ties_even() as u8
            })
        };
        Self((0..TILES * TILES).map(table).collect())
    }

    #[inline(always)]
    fn map_row(&self, columns: &[Between], row: &Between, values: &mut [u8]) {
        let tables = |row: usize| &self.0[row * TILES..][..TILES];
        let (upper, lower) = (tables(row.first), tables(row.second));
        let (down, up) = (row.share, 1.0 - row.share);
        for (value, column) in values.iter_mut().zip(columns) {
            let level = usize::from(*value);
            let across = |tables: &[[u8; 256]]| {
                f32::from(tables[column.first][level]) * (1.0 - column.share)
                    + f32::from(tables[column.second][level]) * column.share
            };
            *value = (across(upper) * up + across(lower) * down).round_ties_even() as u8;
        }
    }
}

fn histogram(plane: &Plane<u8>, tile: (usize, usize), at: (usize, usize)) -> [u32; 256] {
    let mut counts = [0; 256];
    for y in at.1 * tile.1..(at.1 + 1) * tile.1 {
        let row = &plane.values()[mirrored(y, plane.height()) * plane.width()..][..plane.width()];
        for x in at.0 * tile.0..(at.0 + 1) * tile.0 {
            counts[usize::from(row[mirrored(x, plane.width())])] += 1;
        }
    }
    counts
}

/// Beyond the last place it goes back, not repeating it.
fn mirrored(place: usize, n: usize) -> usize {
    let place = place % (2 * n - 2);
    if place < n { place } else { 2 * n - 2 - place }
}

/// Counts above `limit` are spread evenly; the rest of the division goes to evenly spaced levels from 0.
fn cut(counts: &mut [u32; 256], limit: u32) {
    let mut over = 0;
    for count in counts.iter_mut() {
        over += count.saturating_sub(limit);
        *count = (*count).min(limit);
    }
    let (each, rest) = (over / 256, (over % 256) as usize);
    counts.iter_mut().for_each(|count| *count += each);
    let step = (256 / rest.max(1)).max(1);
    counts.iter_mut().step_by(step).take(rest).for_each(|count| *count += 1);
}
