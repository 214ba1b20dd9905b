//! A grey image with the pixels that matter marked, two pixels a character. Where it is made smaller, a mark stays if
//! one of the covered pixels has it: a lost pixel of a false alarm is what a picture is looked at for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use crate::plane::Plane;
use crate::tui::theme::{GREEN, Hue, ORANGE, SKY, Theme};

/// What a pixel is marked as. The colours are those of the outlines: the reference's, the prediction's, both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The image alone.
    #[default]
    None,
    /// Of reference and prediction.
    Both,
    /// Of the prediction alone.
    Prediction,
    /// Of the reference alone.
    Reference,
}

impl Mark {
    /// All that is drawn over the image.
    pub const DRAWN: [Mark; 3] = [Mark::Both, Mark::Prediction, Mark::Reference];

    /// Its colour; the image has none.
    pub fn hue(self) -> Option<Hue> {
        match self {
            Mark::None => None,
            Mark::Both => Some(GREEN),
            Mark::Prediction => Some(ORANGE),
            Mark::Reference => Some(SKY),
        }
    }

    /// Its character where there are no colours.
    pub fn letter(self) -> char {
        match self {
            Mark::None => ' ',
            Mark::Both => 'X',
            Mark::Prediction => 'P',
            Mark::Reference => 'R',
        }
    }
}

/// A pixel: brightness and mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pixel {
    /// Black to white.
    pub grey: u8,
    /// What it is.
    pub mark: Mark,
}

impl Pixel {
    /// The colour on a terminal that shows pixels.
    pub fn rgb(self) -> [u8; 3] {
        match self.mark.hue() {
            None => [self.grey; 3],
            Some(hue) => hue.over(self.grey),
        }
    }

    fn colour(self, theme: &Theme) -> Color {
        self.mark.hue().map_or_else(|| theme.grey(self.grey), |hue| theme.tint(hue, self.grey))
    }
}

/// A picture of marked pixels.
pub type Raster = Plane<Pixel>;

/// Two pictures with `gap` black pixels between them.
pub fn beside(left: &Raster, right: &Raster, gap: usize) -> Raster {
    let start = left.width() + gap;
    Raster::from_fn(start + right.width(), left.height().max(right.height()), |x, y| {
        let of_right = || x.checked_sub(start).and_then(|x| right.get(x, y));
        left.get(x, y).or_else(of_right).copied().unwrap_or_default()
    })
}

/// Columns and rows of characters that `raster` takes of `area` where a character is twice as high as wide.
pub fn extent(raster: &Raster, area: Rect) -> Rect {
    let (width, height) = (raster.width().max(1) as f64, raster.height().max(1) as f64);
    let scale = (f64::from(area.width) / width).min(f64::from(area.height) * 2.0 / height);
    let columns = ((width * scale) as u16).min(area.width);
    let rows = ((height * scale / 2.0).ceil() as u16).min(area.height);
    Rect { width: columns, height: rows, ..area }
}

/// Draws `raster` into `area`, as large as fits; what it took.
pub fn draw(raster: &Raster, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Rect {
    let taken = extent(raster, area);
    let small = scaled(raster, (usize::from(taken.width), usize::from(taken.height) * 2));
    for row in 0..taken.height {
        for column in 0..taken.width {
            let pixel = |line: u16| small.get(usize::from(column), usize::from(line)).copied().unwrap_or_default();
            let (upper, lower) = (pixel(row * 2), pixel(row * 2 + 1));
            let cell = &mut buffer[(taken.x + column, taken.y + row)];
            if theme.is_rich() {
                cell.set_symbol("▀").set_style(Style::reset().fg(upper.colour(theme)).bg(lower.colour(theme)));
            } else {
                cell.set_char(letter(upper, lower));
            }
        }
    }
    taken
}

/// Two pixels as one character: marks first.
fn letter(upper: Pixel, lower: Pixel) -> char {
    const RAMP: &[u8] = b" .:-=+*%@";
    match merged([upper.mark, lower.mark].into_iter()) {
        Mark::None => char::from(RAMP[(usize::from(upper.grey) + usize::from(lower.grey)) * (RAMP.len() - 1) / 510]),
        mark => mark.letter(),
    }
}

/// `raster` in another size: the mean brightness of what a pixel covers, and its most frequent mark, if it has any.
pub fn scaled(raster: &Raster, (width, height): (usize, usize)) -> Raster {
    let part = |index: usize, of: usize, pixels: usize| {
        let start = (index * pixels / of).min(pixels.saturating_sub(1));
        start..((index + 1) * pixels / of).max(start + 1)
    };
    Raster::from_fn(width, height, |x, y| {
        let (columns, rows) = (part(x, width, raster.width()), part(y, height, raster.height()));
        let covered = || {
            let columns = columns.clone();
            rows.clone().flat_map(move |row| columns.clone().map(move |column| (column, row)))
        };
        let covered = || covered().filter_map(|(column, row)| raster.get(column, row));
        let (sum, n) = covered().fold((0, 0), |(sum, n), pixel| (sum + usize::from(pixel.grey), n + 1));
        Pixel { grey: (sum / n.max(1)) as u8, mark: merged(covered().map(|pixel| pixel.mark)) }
    })
}

/// The most frequent mark, of as frequent ones an error; none only if there is none.
fn merged(marks: impl Iterator<Item = Mark>) -> Mark {
    let mut counts = [0; Mark::DRAWN.len()];
    for mark in marks {
        counts.iter_mut().zip(Mark::DRAWN).filter(|(_, drawn)| *drawn == mark).for_each(|(count, _)| *count += 1);
    }
    let most = counts.into_iter().zip(Mark::DRAWN).max_by_key(|(count, _)| *count);
    most.filter(|(count, _)| *count > 0).map_or(Mark::None, |(_, mark)| mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Colour, Glyphs};

    #[test]
    fn a_single_marked_pixel_survives_any_reduction() {
        let one = |x: usize, y: usize| (x, y) == (37, 11);
        let raster = Raster::from_fn(64, 64, |x, y| Pixel {
            grey: 10,
            mark: if one(x, y) { Mark::Prediction } else { Mark::None },
        });
        for side in 1..64 {
            let small = scaled(&raster, (side, side));
            assert!(small.values().iter().any(|pixel| pixel.mark == Mark::Prediction), "{side}");
        }
    }

    #[test]
    fn two_pictures_stand_side_by_side() {
        let of = |grey, height| Raster::filled(4, height, Pixel { grey, mark: Mark::None });
        let both = beside(&of(1, 2), &of(2, 3), 1);
        assert_eq!(both.size(), (9, 3));
        let row = |y: usize| (0..9).map(|x| both.get(x, y).map_or(9, |pixel| pixel.grey)).collect::<Vec<u8>>();
        assert_eq!((row(0), row(2)), (vec![1, 1, 1, 1, 0, 2, 2, 2, 2], vec![0, 0, 0, 0, 0, 2, 2, 2, 2]));
    }

    #[test]
    fn without_colours_marks_are_letters_and_any_area_is_no_panic() {
        let raster = Raster::from_fn(4, 4, |x, _| Pixel { grey: 0, mark: [Mark::DRAWN[0], Mark::None][x / 2] });
        let plain = Theme { glyphs: Glyphs::Ascii, colour: Colour::None, ..Theme::default() };
        let area = Rect::new(0, 0, 4, 2);
        let mut buffer = Buffer::empty(area);
        assert_eq!(draw(&raster, &plain, area, &mut buffer), area);
        assert_eq!(buffer.content.iter().map(|cell| cell.symbol()).collect::<String>(), "XX  XX  ");
        for (width, height) in [(0, 0), (1, 1), (3, 90), (300, 2)] {
            let area = Rect::new(0, 0, width, height);
            let rich = Theme { glyphs: Glyphs::Unicode, colour: Colour::Indexed, ..Theme::default() };
            draw(&raster, &rich, area, &mut Buffer::empty(area));
            draw(&Raster::filled(0, 0, Pixel::default()), &rich, area, &mut Buffer::empty(area));
        }
    }
}
