//! Images with reference and prediction, and the boundaries of both: an arm's worst, median and best case.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::Figure;
use super::canvas::{Area, Drawn};
use super::style::{TEXT_PX, words};
use super::tile::{Board, Tile, View, grey};
use crate::dataset::fold::original;
use crate::dataset::read::resize_mask;
use crate::dataset::{Dataset, Origin};
use crate::metric::CaseScore;
use crate::run::State;
use crate::store::RunView;

const TILE_PX: usize = 240;
const GAP_PX: usize = 8;
const CAPTION_PX: usize = 52;
const WIDTH_PX: usize = 3 * (TILE_PX + GAP_PX) + GAP_PX;
/// A name, and which place in an order it has, given the last.
pub(super) type Place = (&'static str, fn(usize) -> usize);
/// Which of the cases in the order of their DSC are shown.
pub(super) const PLACES: [Place; 3] = [("worst", |_| 0), ("median", |last| last / 2), ("best", |last| last)];

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
        says: "Image; reference (white line); prediction (black line with white outside): green found, orange too much, \
               blue missed.",
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

/// Keeps the data set open from arm to arm: large folders take long to list.
#[derive(Default)]
pub(super) struct Album {
    open: Option<Result<Dataset, String>>,
    origin: Option<Origin>,
}

impl Album {
    /// The figures of the arm `arm`, shown as `label`, whose runs are `runs`; `Err` says why there are none.
    pub fn figures(&mut self, (label, arm): (&str, &str), runs: &[&RunView]) -> Result<Vec<Figure>, String> {
        let mut cases = scored(runs)?;
        cases.retain(|own| own.score.counts.dsc().is_some());
        cases.sort_by(|a, b| a.dsc().total_cmp(&b.dsc()));
        let last = cases.len().checked_sub(1).ok_or("no case has a DSC")?;
        let tiles = PLACES.into_iter().map(|(place, at)| self.tile(place, &cases[at(last)]));
        let tiles = tiles.collect::<Result<Vec<_>, _>>()?;
        SHEETS.iter().map(|sheet| sheet.figure((label, arm), &tiles)).collect()
    }

    /// The image, reference and kept prediction of a case, which is called `place`.
    pub fn tile(&mut self, place: &'static str, Scored { run, index, score }: &Scored) -> Result<Tile, String> {
        let side = run.plan.input_px;
        let prediction = run.dir.prediction(*index).map_err(|error| error.to_string())?;
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
        let image = grey(&pixels.image, side).ok_or("an image without pixels")?;
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

/// A test case of a run.
pub(super) struct Scored<'a> {
    pub run: &'a RunView,
    /// Place among the run's scores and masks.
    pub index: usize,
    pub score: CaseScore,
}

impl Scored<'_> {
    /// Lowest where it is undefined.
    pub fn dsc(&self) -> f64 {
        self.score.counts.dsc().unwrap_or(-1.0)
    }
}

/// The test cases of the finished ones of `runs`.
pub(super) fn scored<'a>(runs: &[&'a RunView]) -> Result<Vec<Scored<'a>>, String> {
    let mut cases = Vec::new();
    for run in runs.iter().copied().filter(|run| run.state == State::Finished) {
        let scores = run.dir.scores().map_err(|error| error.to_string())?;
        cases.extend(scores.into_iter().enumerate().map(|(index, score)| Scored { run, index, score }));
    }
    Ok(cases)
}

impl Sheet {
    fn figure(&self, (label, arm): (&str, &str), tiles: &[Tile]) -> Result<Figure, String> {
        let caption = format!("{label}: worst, median and best test case by DSC. {}", self.says);
        let name = format!("{}-{arm}", self.file);
        Ok(Figure { name, caption, width: WIDTH_PX as u32, svg: None, png: self.draw(tiles)? })
    }

    fn draw(&self, tiles: &[Tile]) -> Result<Vec<u8>, String> {
        let row = TILE_PX + CAPTION_PX;
        let mut board = Board::new((WIDTH_PX, tiles.len() * row + GAP_PX), TILE_PX);
        for (i, tile) in tiles.iter().enumerate() {
            for (j, view) in self.views.into_iter().enumerate() {
                board.put(tile, view, (GAP_PX + j * (TILE_PX + GAP_PX), GAP_PX + i * row));
            }
        }
        board.png(|area| self.captions(area, tiles))
    }

    fn captions<B: DrawingBackend>(&self, area: &Area<B>, tiles: &[Tile]) -> Drawn<B> {
        for (i, tile) in tiles.iter().enumerate() {
            let y = (GAP_PX + i * (TILE_PX + CAPTION_PX) + TILE_PX) as i32 + TEXT_PX as i32;
            for (line, text) in tile.caption(self.metrics).into_iter().enumerate() {
                let place = (GAP_PX as i32, y + line as i32 * (TEXT_PX as i32 + 4));
                area.draw(&Text::new(text, place, words(HPos::Left)))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tile::tests::tile;
    use super::*;
    use crate::metric::metric;

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
    fn every_number_below_a_picture_is_a_metric() {
        let names = || SHEETS.iter().flat_map(|sheet| sheet.metrics);
        assert!(names().all(|name| metric(name).is_some()));
    }

    #[test]
    fn the_places_are_the_ends_and_the_middle() {
        assert_eq!(PLACES.map(|(_, at)| at(4)), [0, 2, 4]);
        assert_eq!(PLACES.map(|(_, at)| at(0)), [0; 3]);
    }
}
