//! The same test cases under every arm: image, reference, and one prediction beside the other, as papers show losses.

use std::collections::BTreeSet;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Figure;
use super::canvas::{Area, Drawn, FAMILY};
use super::prediction::{Album, PLACES, Place, Scored, scored};
use super::style::{short, words};
use super::tile::{Board, Tile, View};
use crate::metric::metric;
use crate::report::number;
use crate::store::RunView;

const TILE_PX: usize = 160;
const GAP_PX: usize = 8;
/// Below a tile, and above the tiles of a case.
const CAPTION_PX: usize = 38;
const HEAD_PX: usize = 28;
/// Tiles of a line; further ones go on below.
const ACROSS: usize = 7;
/// Letters of an arm's name that are as wide as a tile, and their height.
const NAME_LETTERS: usize = 22;
const SMALL_PX: u32 = 12;

/// A test case under every arm, in their order.
struct Row {
    tiles: Vec<Tile>,
}

/// The picture of `arms`, each with its label; `Err` says why there is none.
pub(super) fn lineup(album: &mut Album, arms: &[(String, Vec<&RunView>)]) -> Result<Figure, String> {
    let cases = arms.iter().map(|(_, runs)| scored(runs)).collect::<Result<Vec<_>, _>>()?;
    let shared = shared(&cases);
    let last = shared.len().checked_sub(1).ok_or("no test case is in the test parts of all arms")?;
    let row = |(place, at): Place| {
        let of_arm = |own: &Vec<Scored>| {
            let case = own.iter().find(|own| own.score.case == shared[at(last)]).ok_or("a case is gone")?;
            album.tile(place, case)
        };
        Ok(Row { tiles: cases.iter().map(of_arm).collect::<Result<_, String>>()? })
    };
    let rows = PLACES.map(row).into_iter().collect::<Result<Vec<Row>, String>>()?;
    let names: Vec<&str> = arms.iter().map(|(label, _)| &**label).collect();
    let caption = format!(
        "The same test cases under every arm: worst, median and best by the DSC of {} among those that all arms were tested \
         on. Image; reference (white line); predictions (black line with white outside): green found, orange too much, \
         blue missed.",
        names.first().copied().unwrap_or_default()
    );
    let shape = Shape::of(names.len());
    Ok(Figure {
        name: "lineup".to_owned(),
        caption,
        width: shape.width() as u32,
        svg: None,
        png: draw(&shape, &names, &rows)?,
    })
}

/// Cases that every arm has, by the first arm's DSC; of a case that several runs scored the first one counts.
fn shared(arms: &[Vec<Scored>]) -> Vec<String> {
    let Some((first, others)) = arms.split_first() else { return Vec::new() };
    let names = |arm: &Vec<Scored>| arm.iter().map(|own| own.score.case.clone()).collect::<BTreeSet<_>>();
    let others: Vec<BTreeSet<String>> = others.iter().map(names).collect();
    let mut seen = BTreeSet::new();
    let mut own: Vec<&Scored> = first.iter().filter(|own| seen.insert(&own.score.case)).collect();
    own.retain(|own| own.score.counts.dsc().is_some() && others.iter().all(|arm| arm.contains(&own.score.case)));
    own.sort_by(|a, b| a.dsc().total_cmp(&b.dsc()));
    own.into_iter().map(|own| own.score.case.clone()).collect()
}

/// How the tiles of a case are laid out.
struct Shape {
    across: usize,
    lines: usize,
}

impl Shape {
    fn of(arms: usize) -> Self {
        let tiles = arms + 2;
        let lines = tiles.div_ceil(ACROSS);
        Self { across: tiles.div_ceil(lines), lines }
    }

    fn width(&self) -> usize {
        self.across * (TILE_PX + GAP_PX) + GAP_PX
    }

    /// Of a case.
    fn height(&self) -> usize {
        HEAD_PX + self.lines * (TILE_PX + CAPTION_PX) + GAP_PX
    }

    /// Upper left corner of the tile `place` of the case `row`.
    fn corner(&self, row: usize, place: usize) -> (usize, usize) {
        let (line, column) = (place / self.across, place % self.across);
        (GAP_PX + column * (TILE_PX + GAP_PX), row * self.height() + HEAD_PX + line * (TILE_PX + CAPTION_PX))
    }
}

fn draw(shape: &Shape, names: &[&str], rows: &[Row]) -> Result<Vec<u8>, String> {
    let mut board = Board::new((shape.width(), rows.len() * shape.height()), TILE_PX);
    for (i, row) in rows.iter().enumerate() {
        let first = row.tiles.first().map(|tile| [(tile, View::Image), (tile, View::Reference)]);
        let arms = row.tiles.iter().map(|tile| (tile, View::Prediction));
        for (place, (tile, view)) in first.into_iter().flatten().chain(arms).enumerate() {
            board.put(tile, view, shape.corner(i, place));
        }
    }
    board.png(|area| captions(area, shape, (names, rows)))
}

fn captions<B: DrawingBackend>(area: &Area<B>, shape: &Shape, (names, rows): (&[&str], &[Row])) -> Drawn<B> {
    for (i, row) in rows.iter().enumerate() {
        let Some(first) = row.tiles.first() else { continue };
        let head = format!("{}: {}", first.place, short(&first.score.case));
        area.draw(&Text::new(head, (GAP_PX as i32, (i * shape.height() + HEAD_PX / 2) as i32), words(HPos::Left)))?;
        let fixed = ["image", "reference"].map(|name| [name.to_owned(), String::new()]);
        let arms = names.iter().zip(&row.tiles).map(|(name, tile)| [cut(name), dsc(tile)]);
        for (place, lines) in fixed.into_iter().chain(arms).enumerate() {
            let (x, y) = shape.corner(i, place);
            for (line, text) in lines.into_iter().enumerate() {
                let below = (TILE_PX as u32 + SMALL_PX + line as u32 * (SMALL_PX + 4)) as i32;
                let style = TextStyle::from((FAMILY, SMALL_PX).into_font()).pos(Pos::new(HPos::Left, VPos::Center));
                area.draw(&Text::new(text, (x as i32, y as i32 + below), style))?;
            }
        }
    }
    Ok(())
}

fn dsc(tile: &Tile) -> String {
    metric("dsc")
        .map_or_else(String::new, |metric| format!("{} {}", metric.label, number(metric, tile.score.counts.dsc())))
}

fn cut(name: &str) -> String {
    let name = short(name);
    match name.chars().count() > NAME_LETTERS {
        true => name.chars().take(NAME_LETTERS - 1).chain(['…']).collect(),
        false => name,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tile::tests::tile;
    use super::*;

    #[test]
    fn tiles_stand_in_lines_of_about_the_same_length() {
        let shapes = [2, 5, 6, 9, 12].map(|arms| (Shape::of(arms).across, Shape::of(arms).lines));
        assert_eq!(shapes, [(4, 1), (7, 1), (4, 2), (6, 2), (7, 2)]);
    }

    #[test]
    fn every_arm_has_its_prediction_behind_image_and_reference() {
        let rows = [Row { tiles: vec![tile(), tile()] }];
        let shape = Shape::of(2);
        let bytes = draw(&shape, &["a", "a name that is much too long"], &rows).expect("drawn");
        let picture = image::load_from_memory(&bytes).expect("a png").into_rgb8();
        assert_eq!(picture.dimensions(), (4 * 168 + 8, (28 + 160 + 38 + 8) as u32));
        let of = |place: usize| {
            let (x, y) = shape.corner(0, place);
            picture.get_pixel(x as u32 + 1, y as u32 + 1).0
        };
        // grey 100; found: 0.55 of green and 0.45 of the grey; the reference's edge is at its left border
        assert_eq!([of(0), of(1), of(2), of(3)], [[100; 3], [255; 3], [45, 132, 108], [45, 132, 108]]);
        assert_eq!(cut("a name that is much too long").chars().count(), NAME_LETTERS);
    }
}
