//! Many cases on one picture, with the expert's contour: the first look at a data set.

use std::collections::BTreeMap;

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use rayon::prelude::*;

use super::read::resize_mask_to;
use super::{Case, Class, DatasetError, Pixels};
use crate::plane::Mask;

/// Dark grey between the tiles, unlike the black of a letterbox.
const GAP: Rgb<u8> = Rgb([48, 48, 48]);
const GAP_PX: u32 = 2;

/// `cases` as square tiles in their order, images letterboxed, the reference's contour in the class's colour.
///
/// At most `columns` rows are drawn; of more cases, evenly spaced ones are taken, as many of each class as possible.
/// `columns` is limited to 1..=32 and `tile_px` to 16..=512, which bounds the memory. The size in pixels is
/// `columns · (tile_px + 2) − 2` by `rows · (tile_px + 2) − 2`.
pub fn contact_sheet(cases: &[&Case], columns: usize, tile_px: u32) -> Result<RgbImage, DatasetError> {
    let columns = columns.clamp(1, 32);
    let tile_px = tile_px.clamp(16, 512);
    let chosen = chosen(cases, columns * columns);
    if chosen.is_empty() {
        return Err(DatasetError::Empty { place: "contact sheet".to_owned(), expected: "at least one".to_owned() });
    }
    let tiles = chosen.par_iter().map(|case| tile(case, tile_px)).collect::<Result<Vec<_>, _>>()?;
    let rows = tiles.len().div_ceil(columns);
    let side = |tiles: usize| tiles as u32 * (tile_px + GAP_PX) - GAP_PX;
    let mut sheet = RgbImage::from_pixel(side(columns), side(rows), GAP);
    for (i, tile) in tiles.iter().enumerate() {
        let at = |index: usize| index as i64 * i64::from(tile_px + GAP_PX);
        imageops::replace(&mut sheet, tile, at(i % columns), at(i / columns));
    }
    Ok(sheet)
}

/// Blue, orange and yellow of Okabe and Ito, which colour-blind people tell apart.
pub fn colour(class: Class) -> Rgb<u8> {
    match class {
        Class::Benign => Rgb([86, 180, 233]),
        Class::Malignant => Rgb([230, 159, 0]),
        Class::Normal => Rgb([240, 240, 240]),
        Class::Unknown => Rgb([240, 228, 66]),
    }
}

/// At most `tiles` of `cases`, in their order: the same number of each class, evenly spaced within it.
fn chosen<'a>(cases: &[&'a Case], tiles: usize) -> Vec<&'a Case> {
    let mut by_class: BTreeMap<Class, Vec<usize>> = BTreeMap::new();
    for (i, case) in cases.iter().enumerate() {
        by_class.entry(case.class).or_default().push(i);
    }
    let mut left = tiles;
    let mut smallest_first: Vec<Vec<usize>> = by_class.into_values().collect();
    smallest_first.sort_by_key(Vec::len);
    let mut taken = Vec::new();
    while let Some(members) = (!smallest_first.is_empty()).then(|| smallest_first.remove(0)) {
        // what a small class leaves over goes to the larger ones
        let share = (left / (smallest_first.len() + 1)).min(members.len());
        taken.extend((0..share).map(|i| members[i * members.len() / share]));
        left -= share;
    }
    taken.sort_unstable();
    taken.into_iter().map(|i| cases[i]).collect()
}

fn tile(case: &Case, tile_px: u32) -> Result<RgbImage, DatasetError> {
    let Pixels { image, reference } = case.pixels()?;
    let scale = f64::from(tile_px) / f64::from(image.width().max(image.height()));
    let side = |px: u32| ((f64::from(px) * scale).round() as u32).clamp(1, tile_px);
    let (width, height) = (side(image.width()), side(image.height()));
    let picture = outlined(imageops::resize(&image, width, height, FilterType::Triangle), &reference, case.class);
    let mut tile = RgbImage::new(tile_px, tile_px);
    let middle = |side: u32| i64::from((tile_px - side) / 2);
    imageops::replace(&mut tile, &picture, middle(width), middle(height));
    Ok(tile)
}

/// `picture` with the contour of `reference`, which may have another size, in the colour of `class`.
pub fn outlined(picture: RgbImage, reference: &Mask, class: Class) -> RgbImage {
    let mut picture = picture;
    let mask = resize_mask_to(reference, picture.width() as usize, picture.height() as usize);
    draw_contour(&mut picture, &mask, colour(class));
    picture
}

/// Colours the pixels of `mask` that have a neighbour outside it, or lie on the picture's edge.
fn draw_contour(picture: &mut RgbImage, mask: &Mask, colour: Rgb<u8>) {
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let set = |x: usize, y: usize| mask.get(x, y) == Some(&true);
        let (x, y) = (x as usize, y as usize);
        let inner = set(x.wrapping_sub(1), y) && set(x + 1, y) && set(x, y.wrapping_sub(1)) && set(x, y + 1);
        if set(x, y) && !inner {
            *pixel = colour;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{PhantomKind, phantom};

    fn cases() -> Vec<Case> {
        phantom::cases(PhantomKind::BreastUs, 3, 20, 2, 32)
    }

    #[test]
    fn the_sheet_has_the_size_it_says_and_both_colours() {
        let cases = cases();
        let sheet = contact_sheet(&cases.iter().take(5).collect::<Vec<_>>(), 3, 40).expect("phantoms decode");
        assert_eq!(sheet.dimensions(), (3 * 42 - 2, 2 * 42 - 2));
        for class in [Class::Benign, Class::Malignant] {
            assert!(sheet.pixels().any(|pixel| *pixel == colour(class)), "{}", class.name());
        }
    }

    #[test]
    fn tiles_are_spread_over_the_classes() {
        let cases = cases();
        let benign = cases.iter().filter(|case| case.class == Class::Benign);
        let malignant = cases.iter().filter(|case| case.class == Class::Malignant).take(2);
        let unbalanced: Vec<&Case> = benign.chain(malignant).collect();
        let chosen = chosen(&unbalanced, 9);
        assert_eq!(chosen.len(), 9);
        assert_eq!(chosen.iter().filter(|case| case.class == Class::Malignant).count(), 2);
    }

    #[test]
    fn all_cases_are_shown_where_there_is_room() {
        let cases = cases();
        let all: Vec<&Case> = cases.iter().collect();
        assert_eq!(chosen(&all, all.len()), all);
        assert!(contact_sheet(&[], 4, 64).is_err());
    }

    #[test]
    fn the_contour_is_the_masks_outermost_pixels() {
        let mut picture = RgbImage::new(5, 5);
        let mask = Mask::from_fn(5, 5, |x, y| x < 3 && (1..4).contains(&y));
        draw_contour(&mut picture, &mask, Rgb([9, 9, 9]));
        let drawn = picture.pixels().filter(|pixel| **pixel == Rgb([9, 9, 9])).count();
        assert_eq!(drawn, 8); // a 3 × 3 square without its middle
    }
}
