//! Outlines and run lengths as COCO writes them, drawn as pycocotools draws them.
//!
//! Source: cocoapi, common/maskApi.c (`rleFrPoly`, `rleFrString`). Coordinates and lengths are untrusted.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use sha2::{Digest, Sha256};

use crate::plane::Mask;

/// Furthest coordinate, in pixels.
const FAR_PX: f64 = 100_000.0;
/// Most boundary points that are traced, at five a pixel.
const POINTS: u64 = 1 << 22;
/// What pycocotools multiplies coordinates by to trace a boundary.
const SCALE: f64 = 5.0;

/// The part of an image that an annotation marks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// Closed outlines, united: x, y, x, y, … in pixels.
    Polygons(Vec<Vec<f64>>),
    /// Alternating lengths of unset and set pixels, column by column, of an image of that many rows and columns.
    Runs { size: (u64, u64), lengths: Vec<u64> },
}

impl Shape {
    /// Sets the shape's pixels in `mask`.
    pub(super) fn draw(&self, mask: &mut Mask) -> Result<(), String> {
        match self {
            Shape::Polygons(outlines) => outlines.iter().try_for_each(|outline| draw_outline(outline, mask)),
            Shape::Runs { size, lengths } => draw_runs(*size, lengths, mask),
        }
    }

    /// Adds all that the shape says to `hash`.
    pub(super) fn digest(&self, hash: &mut Sha256) {
        let mut number = |bytes: [u8; 8]| hash.update(bytes);
        match self {
            Shape::Polygons(outlines) => {
                for outline in outlines {
                    number((outline.len() as u64).to_le_bytes());
                    outline.iter().for_each(|value| number(value.to_le_bytes()));
                }
            }
            Shape::Runs { size, lengths } => {
                [size.0, size.1].iter().chain(lengths).for_each(|length| number(length.to_le_bytes()));
            }
        }
    }
}

fn draw_runs((rows, columns): (u64, u64), lengths: &[u64], mask: &mut Mask) -> Result<(), String> {
    let (width, height) = mask.size();
    if (columns, rows) != (width as u64, height as u64) {
        return Err(format!("run lengths of {columns}×{rows} px, its image {width}×{height}"));
    }
    let pixels = width * height;
    let sum = lengths.iter().try_fold(0u64, |sum, length| sum.checked_add(*length));
    if sum != Some(pixels as u64) {
        return Err(format!("run lengths do not add up to {pixels} pixels"));
    }
    let mut at = 0;
    for (i, length) in lengths.iter().enumerate() {
        let end = at + *length as usize;
        if i % 2 == 1 {
            (at..end).for_each(|at| mask.values_mut()[at % height * width + at / height] = true);
        }
        at = end;
    }
    Ok(())
}

fn draw_outline(outline: &[f64], mask: &mut Mask) -> Result<(), String> {
    if outline.len() < 6 || outline.len() % 2 == 1 {
        return Err(format!("a polygon of {} numbers, expected at least 6, in pairs", outline.len()));
    }
    if let Some(far) = outline.iter().find(|value| !value.is_finite() || value.abs() > FAR_PX) {
        return Err(format!("a polygon with the coordinate {far}, expected at most {FAR_PX} px"));
    }
    let (width, height) = mask.size();
    let mut crossings = crossings(&boundary(outline)?, width, height);
    crossings.push(width * height);
    crossings.sort_unstable();
    // between an odd crossing and the next, column by column, lies the inside
    for pair in crossings.chunks_exact(2) {
        (pair[0]..pair[1]).for_each(|at| mask.values_mut()[at % height * width + at / height] = true);
    }
    Ok(())
}

/// Points along the outline, one at least for each fifth of a pixel.
fn boundary(outline: &[f64]) -> Result<Vec<(i64, i64)>, String> {
    let mut corners: Vec<(i64, i64)> =
        outline.chunks_exact(2).map(|at| ((SCALE * at[0] + 0.5) as i64, (SCALE * at[1] + 0.5) as i64)).collect();
    corners.push(corners[0]);
    let steps = |pair: &[(i64, i64)]| (pair[0].0 - pair[1].0).abs().max((pair[0].1 - pair[1].1).abs()) as u64 + 1;
    if corners.windows(2).map(steps).sum::<u64>() > POINTS {
        return Err(format!("a polygon with a boundary of more than {} px", POINTS / SCALE as u64));
    }
    Ok(corners.windows(2).flat_map(|pair| line(pair[0], pair[1])).collect())
}

fn line((xs, ys): (i64, i64), (xe, ye): (i64, i64)) -> impl Iterator<Item = (i64, i64)> {
    let (dx, dy) = ((xe - xs).abs(), (ye - ys).abs());
    let flat = dx >= dy;
    let flip = if flat { xs > xe } else { ys > ye };
    let ((xs, ys), (xe, ye)) = if flip { ((xe, ye), (xs, ys)) } else { ((xs, ys), (xe, ye)) };
    let slope = if flat { (ye - ys) as f64 / dx as f64 } else { (xe - xs) as f64 / dy as f64 };
    (0..=dx.max(dy)).map(move |step| {
        let along = if flip { dx.max(dy) - step } else { step };
        let across = |start: i64| match along {
            0 => start, // 0 / 0 for a point
            _ => (start as f64 + slope * along as f64 + 0.5) as i64,
        };
        if flat { (xs + along, across(ys)) } else { (across(xs), ys + along) }
    })
}

/// Where the boundary crosses columns of pixels, as indices column by column.
fn crossings(points: &[(i64, i64)], width: usize, height: usize) -> Vec<usize> {
    let crossing = |pair: &[(i64, i64)]| {
        let ((before, y_before), (x, y)) = (pair[0], pair[1]);
        let column = (if x < before { x } else { x - 1 } as f64 + 0.5) / SCALE - 0.5;
        let inside = x != before && column.floor() == column && column >= 0.0 && column <= width as f64 - 1.0;
        let row = (y.min(y_before) as f64 + 0.5) / SCALE - 0.5;
        inside.then(|| column as usize * height + row.clamp(0.0, height as f64).ceil() as usize)
    };
    points.windows(2).filter_map(crossing).collect()
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

/// By hand: `#[serde(untagged)]` would hold every number of a file in a buffer many times as large.
struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("polygons, or run lengths with their size")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut outlines: A) -> Result<Shape, A::Error> {
        let mut polygons = Vec::new();
        while let Some(outline) = outlines.next_element()? {
            polygons.push(outline);
        }
        Ok(Shape::Polygons(polygons))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let (mut size, mut counts) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "size" => size = Some(map.next_value::<(u64, u64)>()?),
                "counts" => counts = Some(map.next_value::<Counts>()?.0),
                other => return Err(A::Error::unknown_field(other, &["size", "counts"])),
            }
        }
        let size = size.ok_or_else(|| A::Error::missing_field("size"))?;
        Ok(Shape::Runs { size, lengths: counts.ok_or_else(|| A::Error::missing_field("counts"))? })
    }
}

/// Run lengths, plain or compressed.
struct Counts(Vec<u64>);

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountsVisitor)
    }
}

struct CountsVisitor;

impl<'de> Visitor<'de> for CountsVisitor {
    type Value = Counts;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("run lengths, or a text that holds them")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut lengths: A) -> Result<Counts, A::Error> {
        let mut counts = Vec::new();
        while let Some(length) = lengths.next_element()? {
            counts.push(length);
        }
        Ok(Counts(counts))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Counts, E> {
        lengths(text).map(Counts).ok_or_else(|| E::custom("the compressed run lengths make no sense"))
    }
}

/// The run lengths in `text`: five bits a character, least first, the sixth says that more follow; from the fourth length
/// on, each is the difference to the one before last.
fn lengths(text: &str) -> Option<Vec<u64>> {
    let mut lengths: Vec<i64> = Vec::new();
    let mut characters = text.bytes();
    while let Some(mut character) = characters.next() {
        let (mut value, mut bits) = (0i64, 0u32);
        loop {
            let six = i64::from(character.checked_sub(48).filter(|six| *six < 64)?);
            value |= (six & 31) << bits;
            bits += 5;
            if six & 32 == 0 {
                value |= if six & 16 != 0 { -1 << bits } else { 0 };
                break;
            }
            character = characters.next().filter(|_| bits <= 50)?;
        }
        let before = lengths.len().checked_sub(2).filter(|_| lengths.len() > 2).map_or(0, |at| lengths[at]);
        lengths.push(value.checked_add(before)?);
    }
    lengths.into_iter().map(|length| u64::try_from(length).ok()).collect()
}
