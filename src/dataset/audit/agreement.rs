//! Whether two images show the same frame: once they lie on each other, their speckle agrees, block by block. A
//! neighbouring frame has the same anatomy, but other speckle; burned-in text spoils some blocks, never most.

use super::gaussian::band;
use super::map::Map;
use super::pair::PairKind;
use super::register::{register, sample};
use crate::plane::Plane;

/// Anatomy, and speckle: standard deviations of the two Gaussians of a band, in pixels.
const COARSE: (f32, f32) = (3.0, 12.0);
const FINE: (f32, f32) = (1.0, 5.0);
/// Side of a block.
const BLOCK_PX: usize = 20;
/// Least standard deviation, in grey levels of the band, of a block that says anything.
const LEAST_DEVIATION: f64 = 1.0;
/// Least blocks that say anything, and their least share of all that both images have.
const LEAST_BLOCKS: usize = 12;
const LEAST_SHARE: f32 = 0.25;
/// Least share of the smaller image that both have.
const LEAST_OVERLAP: f32 = 0.3;
/// Least correlation of the speckle of the same frame. Choice: in the middle of the gap that BUSI has between copies
/// (215 pairs, all ≥ 0.987) and neighbouring frames (all ≤ 0.903).
const SPECKLE: f32 = 0.945;
/// A copy that was smoothed, or coded at a low quality, has lost some speckle: then the anatomy must agree more closely
/// than that of any neighbour. In BUSI: copies ≥ 0.997, neighbours ≤ 0.977.
const ANATOMY: f32 = 0.9875;
const SMOOTHED_SPECKLE: f32 = 0.6;
/// Least correlation of the anatomy of neighbouring frames, least share that both have, and least correlation of the
/// speckle, which two shadows do not share. Strangers reach 0.2 in BUSI,
/// most of them mirrored or of another scale, which no neighbour is.
const NEIGHBOUR: f32 = 0.25;
const NEIGHBOUR_OVERLAP: f32 = 0.5;
const NEIGHBOUR_SPECKLE: f32 = 0.05;
/// Least keypoints that agree on the map of neighbouring frames. Choice: with four, strangers of BUS-UCLM reach an
/// anatomy of 0.31, seven pairs over 38 women; with five, none is left.
const NEIGHBOUR_KEYPOINTS: usize = 5;
const NEIGHBOUR_SCALES: std::ops::RangeInclusive<f32> = 0.8..=1.25;

/// How well two images agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Agreement {
    pub(super) map: Map,
    /// Median over blocks of the correlation of the fine band, −1..=1.
    pub(super) fine: f32,
    /// The same of the coarse band.
    pub(super) coarse: f32,
    /// Share of the smaller image that the two have in common, 0..=1.
    pub(super) overlap: f32,
    /// There is enough to judge by.
    enough: bool,
}

/// Registers from `map` on and compares, at the resolution of the coarser image: what a smaller copy lost is no
/// disagreement.
pub(super) fn agreement(first: &Plane<f32>, other: &Plane<f32>, map: Map) -> Agreement {
    if map.scale() < 1.0 {
        let swapped = agreement(other, first, map.inverse());
        return Agreement { map: swapped.map.inverse(), ..swapped };
    }
    let bands =
        |(narrow, wide): (f32, f32)| (band(first, narrow, wide), band(other, narrow * map.scale(), wide * map.scale()));
    let (coarse, fine) = (bands(COARSE), bands(FINE));
    let map = register(&coarse.0, &coarse.1, map);
    let map = register(&fine.0, &fine.1, map);
    let blocks = blocks(&fine.0, &fine.1, &map);
    let of_both = blocks.iter().filter(|block| block.is_whole()).count();
    let speckle = correlations(&blocks);
    let area = |plane: &Plane<f32>| plane.values().len() as f32;
    let smaller = area(first).min(area(other) / (map.scale() * map.scale()));
    let common: f64 = blocks.iter().map(|block| block.n).sum();
    Agreement {
        map,
        enough: speckle.len() >= LEAST_BLOCKS && speckle.len() as f32 >= LEAST_SHARE * of_both as f32,
        fine: median(speckle),
        coarse: median(correlations(&self::blocks(&coarse.0, &coarse.1, &map))),
        overlap: (common as f32 / smaller).min(1.0),
    }
}

impl Agreement {
    /// Of an image with itself.
    pub(super) const IDENTICAL: Agreement =
        Agreement { map: Map::IDENTITY, fine: 1.0, coarse: 1.0, overlap: 1.0, enough: true };

    /// How the images are related, of which `keypoints` agree on the map; `None` if they are not, or if too little is
    /// seen of it.
    pub(super) fn verdict(&self, keypoints: usize) -> Option<PairKind> {
        let map = &self.map;
        let alike = self.coarse >= NEIGHBOUR && self.fine >= NEIGHBOUR_SPECKLE && self.overlap >= NEIGHBOUR_OVERLAP;
        let upright = map.scale_x > 0.0 && map.scale_y > 0.0 && NEIGHBOUR_SCALES.contains(&map.scale());
        if !self.is_enough() {
            None
        } else if self.is_same_frame() {
            Some(PairKind::SameFrame)
        } else if alike && upright && keypoints >= NEIGHBOUR_KEYPOINTS {
            Some(PairKind::NeighbourFrame)
        } else {
            None
        }
    }

    /// Both show the same place, and it looks different.
    pub(super) fn is_contradiction(&self) -> bool {
        self.is_enough() && !self.is_same_frame()
    }

    fn is_same_frame(&self) -> bool {
        self.fine >= SPECKLE || (self.coarse >= ANATOMY && self.fine >= SMOOTHED_SPECKLE)
    }

    fn is_enough(&self) -> bool {
        self.enough && self.overlap >= LEAST_OVERLAP
    }
}

/// Sums over the pixels of a block that both images have.
#[derive(Default)]
struct Block {
    n: f64,
    sum: (f64, f64),
    squares: (f64, f64),
    product: f64,
}

fn blocks(first: &Plane<f32>, other: &Plane<f32>, map: &Map) -> Vec<Block> {
    let (width, height) = first.size();
    let columns = width.div_ceil(BLOCK_PX);
    let mut blocks: Vec<Block> = Vec::new();
    blocks.resize_with(columns * height.div_ceil(BLOCK_PX), Block::default);
    for (y, row) in first.values().chunks_exact(width).enumerate() {
        for (x, value) in row.iter().enumerate() {
            let (u, v) = map.apply(x as f32, y as f32);
            if let Some(there) = sample(other, u, v) {
                blocks[y / BLOCK_PX * columns + x / BLOCK_PX].add(f64::from(*value), f64::from(there));
            }
        }
    }
    blocks
}

impl Block {
    fn add(&mut self, first: f64, other: f64) {
        self.n += 1.0;
        self.sum = (self.sum.0 + first, self.sum.1 + other);
        self.squares = (self.squares.0 + first * first, self.squares.1 + other * other);
        self.product += first * other;
    }

    /// At least half of it is in both images.
    fn is_whole(&self) -> bool {
        self.n >= (BLOCK_PX * BLOCK_PX / 2) as f64
    }

    /// `None` of less than half a block, or where either image is flat: black, or saturated.
    fn correlation(&self) -> Option<f32> {
        let variance = |sum: f64, squares: f64| squares / self.n - (sum / self.n).powi(2);
        let (first, other) = (variance(self.sum.0, self.squares.0), variance(self.sum.1, self.squares.1));
        if !self.is_whole() || first.min(other) < LEAST_DEVIATION * LEAST_DEVIATION {
            return None;
        }
        let covariance = self.product / self.n - self.sum.0 * self.sum.1 / (self.n * self.n);
        Some((covariance / (first * other).sqrt()) as f32)
    }
}

fn correlations(blocks: &[Block]) -> Vec<f32> {
    blocks.iter().filter_map(Block::correlation).collect()
}

/// The middle value; −1 of none.
fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(-1.0)
}
