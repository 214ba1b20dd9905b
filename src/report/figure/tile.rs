//! A test case as the network saw it, and pictures made of such squares.

use image::{RgbImage, imageops};
use plotters::prelude::*;

use super::canvas::{Area, Drawn, png, with_font};
use super::style::short;
use crate::dataset::read::resize_image;
use crate::metric::{CaseScore, metric};
use crate::plane::{Mask, Plane};
use crate::report::number;

/// Largest share of colour over the image.
const TINT: f64 = 0.55;
/// Found, too much, missed: Okabe and Ito's green, vermillion and blue.
const FOUND: [u8; 3] = [0, 158, 115];
const TOO_MUCH: [u8; 3] = [213, 94, 0];
const MISSED: [u8; 3] = [0, 114, 178];
/// Boundaries over an image: the reference's sky blue, the prediction's orange, white where they meet.
const REFERENCE: [u8; 3] = [86, 180, 233];
const PREDICTED: [u8; 3] = [230, 159, 0];
const BOTH: [u8; 3] = [255; 3];
/// Around a prediction, inside and outside: seen on any image, and without colours.
const INNER: [u8; 3] = [0; 3];
const OUTER: [u8; 3] = [255; 3];

/// A case as the network saw it.
pub(super) struct Tile {
    /// worst, median or best.
    pub place: &'static str,
    pub score: CaseScore,
    pub image: Plane<u8>,
    pub reference: Mask,
    pub prediction: Mask,
}

/// What a tile shows.
#[derive(Clone, Copy)]
pub(super) enum View {
    Image,
    Reference,
    Prediction,
    ReferenceEdge,
    PredictedEdge,
    Edges,
}

impl Tile {
    /// Two lines of text.
    pub fn caption(&self, metrics: &[&str]) -> [String; 2] {
        let value = |name: &&str| {
            let metric = metric(name)?;
            let unit = if metric.unit.is_empty() { String::new() } else { format!(" {}", metric.unit) };
            let value = (metric.of)(&self.score);
            let unit = if value.is_some() { unit } else { String::new() };
            Some(format!("{} {}{unit}", metric.label, number(metric, value)))
        };
        let numbers: Vec<String> = metrics.iter().filter_map(value).collect();
        [format!("{}: {}", self.place, short(&self.score.case)), numbers.join(", ")]
    }

    fn colour(&self, view: View, (x, y): (usize, usize)) -> [u8; 3] {
        let grey = self.image.get(x, y).copied().unwrap_or(0);
        let is = |mask: &Mask| mask.get(x, y).copied().unwrap_or(false);
        let edge = |mask: &Mask| is_edge(mask, (x, y));
        let tinted =
            |tint: [u8; 3]| tint.map(|own| (TINT * f64::from(own) + (1.0 - TINT) * f64::from(grey)).round() as u8);
        let ink = |is: bool| if is { [255; 3] } else { [0; 3] };
        match view {
            View::Image => [grey; 3],
            View::Reference => {
                if edge(&self.reference) {
                    [255; 3]
                } else {
                    [grey; 3]
                }
            }
            View::ReferenceEdge => ink(edge(&self.reference)),
            View::PredictedEdge => ink(edge(&self.prediction)),
            View::Prediction => match (is(&self.prediction), is(&self.reference)) {
                (true, true) => tinted(FOUND),
                (true, false) => tinted(TOO_MUCH),
                (false, true) => tinted(MISSED),
                (false, false) => [grey; 3],
            },
            View::Edges => match (edge(&self.prediction), edge(&self.reference)) {
                (true, true) => BOTH,
                (true, false) => PREDICTED,
                (false, true) => REFERENCE,
                (false, false) => [grey; 3],
            },
        }
    }
}

impl Tile {
    /// Of a pixel of the picture of `side` by `side`; a prediction has an outline that is as thin at any size.
    fn pixel(&self, view: View, (x, y): (usize, usize), side: usize) -> [u8; 3] {
        let (columns, rows) = self.image.size();
        let place = |x: usize, y: usize| (x * columns / side, y * rows / side);
        let is = |x: usize, y: usize| {
            let (x, y) = place(x, y);
            self.prediction.get(x, y).copied().unwrap_or(false)
        };
        let beside = [(x.wrapping_sub(1), y), (x + 1, y), (x, y.wrapping_sub(1)), (x, y + 1)];
        let mut beside = beside.into_iter().filter(|&(x, y)| x < side && y < side);
        match view {
            View::Prediction if is(x, y) && beside.clone().any(|(x, y)| !is(x, y)) => INNER,
            View::Prediction if !is(x, y) && beside.any(|(x, y)| is(x, y)) => OUTER,
            _ => self.colour(view, place(x, y)),
        }
    }
}

/// Set, with a neighbour beside it or above or below that is not.
fn is_edge(mask: &Mask, (x, y): (usize, usize)) -> bool {
    let set = |x: usize, y: usize| mask.get(x, y).copied().unwrap_or(false);
    let inside = x > 0 && y > 0 && set(x - 1, y) && set(x + 1, y) && set(x, y - 1) && set(x, y + 1);
    set(x, y) && !inside
}

/// As grey values of a square.
pub(super) fn grey(image: &RgbImage, side: usize) -> Option<Plane<u8>> {
    Plane::new(side, side, imageops::grayscale(&resize_image(image, side as u32)).into_raw())
}

/// A white picture with room for tiles.
pub(super) struct Board {
    pixels: Vec<u8>,
    size: (usize, usize),
    tile_px: usize,
}

impl Board {
    /// Columns and rows, and those of a tile.
    pub fn new(size: (usize, usize), tile_px: usize) -> Self {
        Self { pixels: vec![255; size.0 * size.1 * 3], size, tile_px }
    }

    /// With the upper left corner at `left` and `top`.
    pub fn put(&mut self, tile: &Tile, view: View, (left, top): (usize, usize)) {
        let side = self.tile_px;
        for y in 0..side {
            for x in 0..side {
                let colour = tile.pixel(view, (x, y), side);
                let at = 3 * ((top + y) * self.size.0 + left + x);
                self.pixels[at..at + 3].copy_from_slice(&colour);
            }
        }
    }

    /// With what `captions` writes beside the tiles.
    pub fn png(
        mut self,
        captions: impl FnOnce(&Area<BitMapBackend>) -> Drawn<BitMapBackend<'static>>,
    ) -> Result<Vec<u8>, String> {
        with_font()?;
        let size = (self.size.0 as u32, self.size.1 as u32);
        {
            let area = BitMapBackend::with_buffer(&mut self.pixels, size).into_drawing_area();
            captions(&area).and_then(|()| area.present()).map_err(|error| error.to_string())?;
        }
        png(&self.pixels, size)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The prediction is the upper half, the reference the left half.
    pub fn tile() -> Tile {
        let half = |of: fn(usize, usize) -> bool| Mask::from_fn(4, 4, of);
        Tile {
            place: "best",
            score: CaseScore { case: "a\u{1b}[2J".into(), ..CaseScore::default() },
            image: Plane::filled(4, 4, 100),
            reference: half(|x, _| x < 2),
            prediction: half(|_, y| y < 2),
        }
    }

    #[test]
    fn colours_say_what_was_found_missed_and_too_much() {
        let tile = tile();
        // 0.55 of the tint and 0.45 of the grey 100
        assert_eq!(tile.colour(View::Prediction, (0, 0)), [45, 132, 108]);
        assert_eq!(tile.colour(View::Prediction, (3, 0)), [162, 97, 45]);
        assert_eq!(tile.colour(View::Prediction, (0, 3)), [45, 108, 143]);
        assert_eq!(tile.colour(View::Prediction, (3, 3)), [100; 3]);
        assert_eq!(tile.colour(View::Reference, (1, 1)), [255; 3]);
        assert_eq!(tile.colour(View::Reference, (2, 1)), [100; 3]);
    }

    #[test]
    fn a_prediction_is_outlined_in_black_and_white_at_any_size() {
        let tile = tile();
        // Of 40 by 40 pixels the upper 20 rows are predicted; where the image ends there is no outline.
        let down = [18, 19, 20, 21].map(|y| tile.pixel(View::Prediction, (30, y), 40));
        assert_eq!(down, [tile.colour(View::Prediction, (3, 1)), INNER, OUTER, [100; 3]]);
        assert_eq!(tile.pixel(View::Prediction, (39, 0), 40), tile.colour(View::Prediction, (3, 0)));
        assert_eq!(tile.pixel(View::Reference, (30, 19), 40), [100; 3]);
    }

    #[test]
    fn boundaries_meet_where_both_masks_end() {
        let tile = tile();
        // The prediction is the upper half and ends in row 1, the reference the left half and ends in column 1.
        let colours = |view: View| [(1, 1), (3, 1), (1, 3), (3, 3)].map(|place| tile.colour(view, place));
        assert_eq!(colours(View::Edges), [BOTH, PREDICTED, REFERENCE, [100; 3]]);
        assert_eq!(colours(View::ReferenceEdge), [[255; 3], [0; 3], [255; 3], [0; 3]]);
        assert_eq!(colours(View::PredictedEdge), [[255; 3], [255; 3], [0; 3], [0; 3]]);
        assert_eq!(tile.caption(&["hd95_px"])[1], "HD95 –");
    }
}
