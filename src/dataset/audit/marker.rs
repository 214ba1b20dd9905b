//! Calipers, text and colour that were burned into an image: a network may read them instead of the tissue.
//!
//! Choice: strokes are told by their sharpness. A drawn line is at most 3 px wide and steps up and down by 80 grey levels;
//! echoes, blurred by the beam, do not. Weak spot: grey or smoothed text is missed, single bright specks may be counted.

use image::RgbImage;

/// How much brighter than both sides, 2 px away, a pixel of a stroke is.
const STEP: i16 = 80;
/// Least grey level of a stroke.
const LEAST_LEVEL: i16 = 140;
/// Least stroke pixels of a finding: less than a caliper's cross has.
const LEAST_STROKES: usize = 24;
/// Least longer side of an image that strokes are looked for in: shrunk speckle is as sharp as a stroke.
const LEAST_SIDE_PX: u32 = 256;
/// Share of either side, from the corners, that is not looked at: scanners put the maker's mark there.
const CORNER: f64 = 0.08;
/// Least distance of two channels of a coloured pixel, and least coloured pixels of a finding.
const COLOUR: u8 = 40;
const LEAST_COLOURED: usize = 30;

/// What is burned in, one line each.
pub(super) fn markers(image: &RgbImage) -> impl Iterator<Item = String> {
    strokes(image).into_iter().chain(colour(image))
}

fn strokes(image: &RgbImage) -> Option<String> {
    let grey = image::imageops::grayscale(image);
    let (width, height) = grey.dimensions();
    if width.max(height) < LEAST_SIDE_PX {
        return None;
    }
    let level = |x: u32, y: u32| i16::from(grey.get_pixel(x, y).0[0]);
    let mut places = Vec::new();
    for y in 2..height.saturating_sub(2) {
        for x in 2..width.saturating_sub(2) {
            let own = level(x, y);
            let stands_out = |before: i16, after: i16| own - before >= STEP && own - after >= STEP;
            let thin = || stands_out(level(x - 2, y), level(x + 2, y)) || stands_out(level(x, y - 2), level(x, y + 2));
            if own >= LEAST_LEVEL && thin() && !in_corner((x, width), (y, height)) {
                places.push((x, y));
            }
        }
    }
    if places.len() < LEAST_STROKES {
        return None;
    }
    let (columns, rows) = (quartiles(places.iter().map(|p| p.0)), quartiles(places.iter().map(|p| p.1)));
    Some(format!(
        "{} px of thin bright strokes, half of them in columns {} to {}, rows {} to {}",
        places.len(),
        columns.0,
        columns.1,
        rows.0,
        rows.1
    ))
}

fn in_corner(column: (u32, u32), row: (u32, u32)) -> bool {
    let outer = |(at, side): (u32, u32)| f64::from(at.min(side - 1 - at)) < CORNER * f64::from(side);
    outer(column) && outer(row)
}

fn colour(image: &RgbImage) -> Option<String> {
    let coloured = |pixel: &&image::Rgb<u8>| {
        let [r, g, b] = pixel.0;
        r.max(g).max(b) - r.min(g).min(b) >= COLOUR
    };
    let coloured = image.pixels().filter(coloured).count();
    let share = 100.0 * coloured as f64 / (image.width() as f64 * image.height() as f64);
    (coloured >= LEAST_COLOURED).then(|| format!("{coloured} coloured px, {share:.2} % of the image"))
}

/// Between which values the middle half lies.
fn quartiles(values: impl Iterator<Item = u32>) -> (u32, u32) {
    let mut sorted: Vec<u32> = values.collect();
    sorted.sort_unstable();
    (sorted[sorted.len() / 4], sorted[sorted.len() * 3 / 4])
}
