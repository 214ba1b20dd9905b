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
/// Of a line.
const MARKED: usize = 8;
/// Pixels of text.
pub(super) const TEXT_PX: u32 = 15;
/// Width of a letter, about.
const LETTER_PX: u32 = 9;
/// Rows and samples of a legend.
const LEGEND_ROW_PX: u32 = 24;
/// As long as three of the longest dashes: one or two would look solid.
const SAMPLE_PX: u32 = 84;
/// Longer names are cut in figures.
const NAME_LETTERS: usize = 40;

/// The look of one arm: any two of the first 25 differ in dash or mark, with colours off too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look(pub usize);

impl Look {
    pub fn colour(self) -> RGBColor {
        COLOURS[self.0 % COLOURS.len()]
    }

    fn dash(self) -> (i32, i32) {
        DASHES[(self.0 + self.0 / MARKS) % DASHES.len()]
    }

    /// A line through pixels.
    pub fn line<B: DrawingBackend>(self, area: &Area<B>, points: Vec<(i32, i32)>) -> Drawn<B> {
        self.stroke(area, points, self.colour().stroke_width(2))
    }

    /// One that stands behind the others.
    pub fn thin_line<B: DrawingBackend>(self, area: &Area<B>, points: Vec<(i32, i32)>) -> Drawn<B> {
        self.stroke(area, points, self.colour().mix(0.6).stroke_width(1))
    }

    fn stroke<B: DrawingBackend>(self, area: &Area<B>, points: Vec<(i32, i32)>, style: ShapeStyle) -> Drawn<B> {
        match self.dash() {
            (0, _) => area.draw(&PathElement::new(points, style)),
            (size, spacing) => area.draw(&DashedPathElement::new(points, size, spacing, style)),
        }
    }

    /// Marks at some of the pixels of a line.
    pub fn marks<B: DrawingBackend>(self, area: &Area<B>, points: &[(i32, i32)]) -> Drawn<B> {
        // Lines that run together have their marks apart.
        let every = points.len().div_ceil(MARKED).max(1);
        points.iter().skip(self.0 % every).step_by(every).try_for_each(|place| self.mark(area, *place, 3))
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
    fn arms_differ_without_colours() {
        let looks: Vec<_> = (0..25).map(|i| (Look(i).dash(), i % MARKS)).collect();
        assert!(looks.iter().enumerate().all(|(i, look)| !looks[..i].contains(look)), "{looks:?}");
    }

    #[test]
    fn long_and_short_lines_have_some_marks_of_every_look() {
        for (look, points) in [(0, 1), (7, 1), (11, 3), (24, 1000), (3, 0)] {
            let mut svg = String::new();
            {
                let area = SVGBackend::with_string(&mut svg, (100, 100)).into_drawing_area();
                Look(look).marks(&area, &vec![(50, 50); points]).expect("drawn");
            }
            let marks = svg.lines().filter(|line| line.contains("fill=")).count();
            assert!(marks == 0 && points == 0 || (1..=8).contains(&marks), "{look}, {points}: {svg}");
        }
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
