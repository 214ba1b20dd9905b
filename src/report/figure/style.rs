//! How arms are told apart: colours that colour-blind readers tell apart too, and for print without colours, dashes and
//! marks.

use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Area, Drawn, FAMILY};

/// Okabe and Ito's colours without black and yellow, which are ink and too pale for lines.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];
/// Drawn and left out, in pixels; the first is solid.
const DASHES: [(i32, i32); 5] = [(0, 0), (10, 5), (3, 4), (16, 4), (6, 10)];
const MARKS: usize = 5;
/// Pixels of text.
pub(super) const TEXT_PX: u32 = 15;
/// Width of a letter, about.
const LETTER_PX: u32 = 9;
/// Rows and samples of a legend.
const LEGEND_ROW_PX: u32 = 24;
const SAMPLE_PX: u32 = 44;
/// Longer names are cut in figures.
const NAME_LETTERS: usize = 40;

/// The look of one arm: any two of the first thirty differ in colour, dash or mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look(pub usize);

impl Look {
    pub fn colour(self) -> RGBColor {
        COLOURS[self.0 % COLOURS.len()]
    }

    fn dash(self) -> (i32, i32) {
        DASHES[self.0 % DASHES.len()]
    }

    fn stroke(self) -> ShapeStyle {
        self.colour().stroke_width(2)
    }

    /// A line through pixels.
    pub fn line<B: DrawingBackend>(self, area: &Area<B>, points: Vec<(i32, i32)>) -> Drawn<B> {
        match self.dash() {
            (0, _) => area.draw(&PathElement::new(points, self.stroke())),
            (size, spacing) => area.draw(&DashedPathElement::new(points, size, spacing, self.stroke())),
        }
    }

    /// A mark around a pixel.
    pub fn mark<B: DrawingBackend>(self, area: &Area<B>, (x, y): (i32, i32), half: i32) -> Drawn<B> {
        let style = self.colour().filled();
        match self.0 % MARKS {
            0 => area.draw(&Circle::new((x, y), half, style)),
            1 => area.draw(&Rectangle::new([(x - half, y - half), (x + half, y + half)], style)),
            2 => area.draw(&Polygon::new(vec![(x - half, y + half), (x + half, y + half), (x, y - half)], style)),
            3 => area.draw(&Polygon::new(vec![(x - half, y), (x, y + half), (x + half, y), (x, y - half)], style)),
            _ => area.draw(&Polygon::new(vec![(x - half, y - half), (x + half, y - half), (x, y + half)], style)),
        }
    }
}

/// Rows of pixels that a legend of `names` takes in an area `width` wide.
pub(super) fn legend_px(names: &[String], width: u32) -> u32 {
    names.len().div_ceil(columns(names, width)) as u32 * LEGEND_ROW_PX + 6
}

/// Names with their looks, from the left, row by row.
pub(super) fn legend<B: DrawingBackend>(area: &Area<B>, names: &[(String, Look)]) -> Drawn<B> {
    let texts: Vec<String> = names.iter().map(|(name, _)| name.clone()).collect();
    let (width, _) = area.dim_in_pixel();
    let columns = columns(&texts, width);
    let cell = width as usize / columns;
    for (i, (name, look)) in names.iter().enumerate() {
        let x = (i % columns * cell) as i32 + 12;
        let y = (i / columns) as i32 * LEGEND_ROW_PX as i32 + 12;
        look.line(area, vec![(x, y), (x + SAMPLE_PX as i32 - 10, y)])?;
        look.mark(area, (x + SAMPLE_PX as i32 / 2 - 5, y), 4)?;
        area.draw(&Text::new(short(name), (x + SAMPLE_PX as i32, y), words(HPos::Left)))?;
    }
    Ok(())
}

fn columns(names: &[String], width: u32) -> usize {
    let longest = names.iter().map(|name| short(name).chars().count()).max().unwrap_or(0) as u32;
    ((width / (longest * LETTER_PX + SAMPLE_PX + 24)) as usize).clamp(1, names.len().max(1))
}

/// Text beside a point, in the middle of its height.
pub(super) fn words<'a>(side: HPos) -> TextStyle<'a> {
    TextStyle::from((FAMILY, TEXT_PX).into_font()).pos(Pos::new(side, VPos::Center))
}

/// Width of a text, about.
pub(super) fn text_px(text: &str) -> u32 {
    short(text).chars().count() as u32 * LETTER_PX
}

/// As much of a name as figures have room for; nothing that a font or a reader could stumble over.
pub(super) fn short(name: &str) -> String {
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    match name.chars().count() > NAME_LETTERS {
        true => name.chars().take(NAME_LETTERS - 1).map(plain).chain(['…']).collect(),
        false => name.chars().map(plain).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_arms_look_different() {
        let looks: Vec<_> = (0..30).map(|i| (i % COLOURS.len(), i % DASHES.len())).collect();
        assert!(looks.iter().enumerate().all(|(i, look)| !looks[..i].contains(look)));
        assert_eq!(DASHES.len(), MARKS);
    }

    #[test]
    fn a_legend_has_room_for_every_name() {
        let names: Vec<String> = (0..12).map(|i| format!("a rather long name {i}")).collect();
        assert_eq!(legend_px(&names, 100), 12 * LEGEND_ROW_PX + 6);
        assert!(legend_px(&names, 1000) <= 4 * LEGEND_ROW_PX + 6);
        assert_eq!(legend_px(&[], 0), 6);
        assert_eq!(short(&"x".repeat(500)).chars().count(), NAME_LETTERS);
    }
}
