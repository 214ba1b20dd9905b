//! Images with reference and prediction, and the boundaries of both: an arm's worst, median and best case.

use image::imageops;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::Figure;
use super::canvas::{Drawn, png, with_font};
use super::style::{TEXT_PX, short, words};
use crate::dataset::fold::original;
use crate::dataset::read::{resize_image, resize_mask};
use crate::dataset::{Dataset, Origin};
use crate::metric::{CaseScore, metric};
use crate::plane::{Mask, Plane};
use crate::report::number;
use crate::run::State;
use crate::store::RunView;

const TILE_PX: usize = 240;
const GAP_PX: usize = 8;
const CAPTION_PX: usize = 52;
const WIDTH_PX: usize = 3 * (TILE_PX + GAP_PX) + GAP_PX;
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

/// What a figure shows of each case.
struct Sheet {
    file: &'static str,
    says: &'static str,
    views: [View; 3],
    /// Metrics below the case's name.
    metrics: &'static [&'static str],
}

const SHEETS: [Sheet; 2] = [
    Sheet {
        file: "predictions",
        says: "Image; reference (white line); prediction: green found, orange too much, blue missed.",
        views: [View::Image, View::Reference, View::Prediction],
        metrics: &["dsc", "miou", "precision"],
    },
    Sheet {
        file: "boundaries",
        says: "Boundary of the reference; of the prediction; both over the image: blue reference, orange prediction, \
               white where they meet. Of the masks: a network's own edge map is not kept.",
        views: [View::ReferenceEdge, View::PredictedEdge, View::Edges],
        metrics: &["hd95_px", "assd_px", "boundary_iou"],
    },
];

/// A case as the network saw it.
struct Tile {
    /// worst, median or best.
    place: &'static str,
    score: CaseScore,
    image: Plane<u8>,
    reference: Mask,
    prediction: Mask,
}

/// Keeps the data set open from arm to arm: large folders take long to list.
#[derive(Default)]
pub(super) struct Album {
    open: Option<Result<Dataset, String>>,
    origin: Option<Origin>,
}

impl Album {
    /// The figures of the arm `arm`, shown as `label`, whose runs are `runs`; `Err` says why there are none.
    pub fn figures(&mut self, (label, arm): (&str, &str), runs: &[&RunView]) -> Result<Vec<Figure>, String> {
        let mut cases: Vec<(f64, &RunView, usize, CaseScore)> = Vec::new();
        for run in runs.iter().copied().filter(|run| run.state == State::Finished) {
            let scores = run.dir.scores().map_err(|error| error.to_string())?;
            for (index, score) in scores.into_iter().enumerate() {
                cases.extend(score.counts.dsc().map(|dsc| (dsc, run, index, score)));
            }
        }
        cases.sort_by(|a, b| a.0.total_cmp(&b.0));
        let last = cases.len().checked_sub(1).ok_or("no case has a DSC")?;
        let mut tiles = Vec::new();
        for (place, at) in [("worst", 0), ("median", last / 2), ("best", last)] {
            let (_, run, index, score) = &cases[at];
            tiles.push(self.tile(place, (run, *index), score)?);
        }
        SHEETS.iter().map(|sheet| sheet.figure((label, arm), &tiles)).collect()
    }

    fn tile(
        &mut self,
        place: &'static str,
        (run, index): (&RunView, usize),
        score: &CaseScore,
    ) -> Result<Tile, String> {
        let side = run.plan.input_px;
        let prediction = run.dir.prediction(index).map_err(|error| error.to_string())?;
        let prediction = prediction.ok_or("no predicted masks are kept: scored by an earlier version")?;
        let counts = score.counts;
        if prediction.size() != (side, side) || prediction.area_px() as u64 != counts.tp + counts.fp {
            return Err(format!("{}: the kept mask is not the scored one", score.case));
        }
        let dataset = self.dataset(run)?;
        let id = original(&score.case, run.plan.split.leak());
        let case = dataset.case(id).ok_or_else(|| format!("{id}: not in the data set any more"))?;
        let pixels = case.pixels().map_err(|error| error.to_string())?;
        let reference = resize_mask(&pixels.reference, side);
        if reference.area_px() as u64 != counts.tp + counts.fn_ {
            return Err(format!("{id}: the reference is not the scored one: the data have changed"));
        }
        let grey = imageops::grayscale(&resize_image(&pixels.image, side as u32));
        let image = Plane::new(side, side, grey.into_raw()).ok_or("an image without pixels")?;
        Ok(Tile { place, score: score.clone(), image, reference, prediction })
    }

    fn dataset(&mut self, run: &RunView) -> Result<&Dataset, String> {
        let origin = run.dir.origin().map_err(|error| error.to_string())?;
        if self.origin.as_ref() != Some(&origin) {
            self.open = None;
        }
        let opened = self.open.get_or_insert_with(|| Dataset::at(origin.clone()).map_err(|error| error.to_string()));
        self.origin = Some(origin);
        opened.as_ref().map_err(Clone::clone)
    }
}

impl Sheet {
    fn figure(&self, (label, arm): (&str, &str), tiles: &[Tile]) -> Result<Figure, String> {
        let caption = format!("{label}: worst, median and best test case by DSC. {}", self.says);
        let name = format!("{}-{arm}", self.file);
        Ok(Figure { name, caption, width: WIDTH_PX as u32, svg: None, png: self.draw(tiles)? })
    }

    fn draw(&self, tiles: &[Tile]) -> Result<Vec<u8>, String> {
        with_font()?;
        let row = TILE_PX + CAPTION_PX;
        let size = (WIDTH_PX as u32, (tiles.len() * row + GAP_PX) as u32);
        let mut pixels = vec![255; size.0 as usize * size.1 as usize * 3];
        for (i, tile) in tiles.iter().enumerate() {
            for (j, view) in self.views.into_iter().enumerate() {
                let corner = (GAP_PX + j * (TILE_PX + GAP_PX), GAP_PX + i * row);
                tile.put(view, &mut pixels, corner);
            }
        }
        {
            let area = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
            self.captions(&area, tiles).map_err(|error| error.to_string())?;
        }
        png(&pixels, size)
    }

    fn captions<B: DrawingBackend>(&self, area: &super::canvas::Area<B>, tiles: &[Tile]) -> Drawn<B> {
        for (i, tile) in tiles.iter().enumerate() {
            let y = (GAP_PX + i * (TILE_PX + CAPTION_PX) + TILE_PX) as i32 + TEXT_PX as i32;
            for (line, text) in tile.caption(self.metrics).into_iter().enumerate() {
                let place = (GAP_PX as i32, y + line as i32 * (TEXT_PX as i32 + 4));
                area.draw(&Text::new(text, place, words(HPos::Left)))?;
            }
        }
        area.present()
    }
}

/// What a tile shows.
#[derive(Clone, Copy)]
enum View {
    Image,
    Reference,
    Prediction,
    ReferenceEdge,
    PredictedEdge,
    Edges,
}

impl Tile {
    fn caption(&self, metrics: &[&str]) -> [String; 2] {
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

    fn put(&self, view: View, pixels: &mut [u8], (left, top): (usize, usize)) {
        let (columns, rows) = self.image.size();
        for y in 0..TILE_PX {
            for x in 0..TILE_PX {
                let colour = self.colour(view, (x * columns / TILE_PX, y * rows / TILE_PX));
                let at = 3 * ((top + y) * WIDTH_PX + left + x);
                pixels[at..at + 3].copy_from_slice(&colour);
            }
        }
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

/// Set, with a neighbour beside it or above or below that is not.
fn is_edge(mask: &Mask, (x, y): (usize, usize)) -> bool {
    let set = |x: usize, y: usize| mask.get(x, y).copied().unwrap_or(false);
    let inside = x > 0 && y > 0 && set(x - 1, y) && set(x + 1, y) && set(x, y - 1) && set(x, y + 1);
    set(x, y) && !inside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile() -> Tile {
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
    fn a_picture_has_three_views_a_row_and_plain_captions() {
        let bytes = SHEETS[0].draw(&[tile()]).expect("drawn");
        let picture = image::load_from_memory(&bytes).expect("a png").into_rgb8();
        assert_eq!(picture.dimensions(), (3 * 248 + 8, 240 + 52 + 8));
        assert_eq!(picture.get_pixel(10, 10).0, [100; 3]);
        assert_eq!(picture.get_pixel(8 + 2 * 248 + 1, 10).0, [45, 132, 108]);
        let caption = tile().caption(SHEETS[0].metrics);
        assert_eq!(caption, ["best: a\u{fffd}[2J".to_owned(), "DSC –, mIoU –, Prec. –".to_owned()]);
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

    #[test]
    fn every_number_below_a_picture_is_a_metric() {
        let names = || SHEETS.iter().flat_map(|sheet| sheet.metrics);
        assert!(names().all(|name| metric(name).is_some()));
    }
}
