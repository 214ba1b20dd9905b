//! The fixed validation case: its image with the outlines of reference and prediction, two pixels a character.

use std::io::Cursor;

use image::{GrayImage, ImageFormat, ImageReader, Limits, imageops};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::dataset::Pixels;
use crate::dataset::read::resize_mask_to;
use crate::plane::{Mask, Plane};
use crate::store::EpochMask;
use crate::tui::keys::Direction;
use crate::tui::theme::{Hue, ORANGE, SKY, Theme, dim};

/// A picture of more columns or rows is not ours.
const LARGEST_PX: u32 = 2048;
/// No terminal shows more.
const KEPT_PX: u32 = 512;

/// A case as it is drawn; every plane has the same size.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    image: Plane<u8>,
    reference: Option<Mask>,
    prediction: Option<Mask>,
    epochs: Vec<EpochMask>,
    /// Of the epochs, the one that is drawn instead of the newest prediction.
    shown: Option<usize>,
}

/// Whose outline is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outline {
    /// The expert's.
    Reference,
    /// The network's.
    Prediction,
    /// Both, on one image.
    Both,
}

impl Picture {
    /// Decodes PNG files; `None` unless the image can be read. A mask of another size than the image is left out.
    pub fn decode(image: &[u8], [reference, prediction]: [Option<&[u8]>; 2], epochs: Vec<EpochMask>) -> Option<Self> {
        let image = plane(image)?;
        let mask = |png: Option<&[u8]>| {
            let mask = plane(png?)?.map(|&value| value > 127);
            (mask.size() == image.size()).then_some(mask)
        };
        Some(Self { reference: mask(reference), prediction: mask(prediction), image, epochs, shown: None })
    }

    /// The epoch whose prediction is drawn, if it is not the newest one.
    pub fn epoch(&self) -> Option<u32> {
        self.shown.map(|place| self.epochs[place].epoch)
    }

    /// Draws the prediction of `epoch`, or the newest one where there is none of it.
    pub fn show(&mut self, epoch: Option<u32>) {
        self.shown = epoch.and_then(|epoch| self.epochs.iter().position(|mask| mask.epoch == epoch));
    }

    /// Draws the prediction of the epoch before or after the drawn one; past the last is the newest, whatever comes.
    pub fn step(&mut self, direction: Direction) {
        let last = self.epochs.len().saturating_sub(1);
        let place = self.shown.unwrap_or(last);
        self.shown = match direction {
            Direction::Backward => Some(place.saturating_sub(1)),
            Direction::Forward => Some(place + 1),
        }
        .filter(|place| *place < last);
    }

    fn predicted(&self) -> Option<Mask> {
        match self.shown {
            Some(place) => self.epochs[place].mask(self.image.size()),
            None => self.prediction.clone(),
        }
    }

    /// Its image, its reference and the masks of its epochs; `None` without a reference.
    pub fn into_planes(self) -> Option<(Plane<u8>, Mask, Vec<EpochMask>)> {
        Some((self.image, self.reference?, self.epochs))
    }

    /// A decoded case with its reference.
    pub fn of(pixels: &Pixels) -> Self {
        let grey = shrunk(imageops::grayscale(&pixels.image));
        let size = (grey.width() as usize, grey.height() as usize);
        let reference = (pixels.reference.area_px() > 0).then(|| resize_mask_to(&pixels.reference, size.0, size.1));
        let image = Plane::from_fn(size.0, size.1, |x, y| grey.get_pixel(x as u32, y as u32)[0]);
        Self { image, reference, prediction: None, epochs: Vec::new(), shown: None }
    }

    /// Draws the case with `outline`, as large as fits, its caption below.
    pub fn draw(&self, outline: Outline, theme: &Theme, area: Rect, buffer: &mut Buffer) {
        if area.width < 4 || area.height < 3 {
            return;
        }
        let room = (usize::from(area.width), usize::from(area.height - 1) * 2);
        let scale = (room.0 as f64 / self.image.width() as f64).min(room.1 as f64 / self.image.height() as f64);
        let side = |pixels: usize| ((pixels as f64 * scale) as usize).max(1);
        let size = (side(self.image.width()), side(self.image.height()).next_multiple_of(2).min(room.1));
        let layers = Layers::of(self, outline, size);
        let rows = (size.1 / 2) as u16;
        for y in 0..rows {
            for x in 0..size.0 as u16 {
                let cell = &mut buffer[(area.x + x, area.y + y)];
                let (upper, lower) = (usize::from(y) * 2, usize::from(y) * 2 + 1);
                if theme.is_rich() {
                    let colour = |row| layers.colour((usize::from(x), row), theme);
                    cell.set_symbol("▀").set_style(Style::reset().fg(colour(upper)).bg(colour(lower)));
                } else {
                    cell.set_char(layers.character((usize::from(x), upper), (usize::from(x), lower)));
                }
            }
        }
        self.caption(outline, theme).render(Rect::new(area.x, area.y + rows, area.width, 1), buffer);
    }
}

/// The case at the size of the screen.
struct Layers {
    image: Plane<u8>,
    reference: Mask,
    prediction: Mask,
}

impl Layers {
    fn of(picture: &Picture, outline: Outline, size: (usize, usize)) -> Self {
        let border = |mask: &Option<Mask>, wanted| match mask.as_ref().filter(|_| wanted) {
            Some(mask) => border(&shrink(&mask.map(|&set| u8::from(set) * 255), size).map(|&share| share > 127)),
            None => Mask::filled(size.0, size.1, false),
        };
        Self {
            image: shrink(&picture.image, size),
            reference: border(&picture.reference, outline != Outline::Prediction),
            prediction: border(&picture.predicted(), outline != Outline::Reference),
        }
    }

    fn at(&self, (x, y): (usize, usize)) -> (u8, bool, bool) {
        let set = |mask: &Mask| mask.get(x, y).copied().unwrap_or(false);
        (self.image.get(x, y).copied().unwrap_or(0), set(&self.reference), set(&self.prediction))
    }

    fn colour(&self, at: (usize, usize), theme: &Theme) -> Color {
        match self.at(at) {
            (_, true, true) => theme.grey(255),
            (_, true, _) => theme.paint(SKY),
            (_, _, true) => theme.paint(ORANGE),
            // A little darker than it is, so that outlines stand out.
            (grey, ..) => theme.grey((u16::from(grey) * 4 / 5) as u8),
        }
    }

    /// Two pixels as one character: the outlines first.
    fn character(&self, upper: (usize, usize), lower: (usize, usize)) -> char {
        const RAMP: &[u8] = b" .:-=+*%@";
        let (a, b) = (self.at(upper), self.at(lower));
        match (a.1 || b.1, a.2 || b.2) {
            (true, true) => 'X',
            (true, _) => 'R',
            (_, true) => 'P',
            _ => char::from(RAMP[(usize::from(a.0) + usize::from(b.0)) * (RAMP.len() - 1) / 510]),
        }
    }
}

impl Picture {
    /// Names the outlines in their colours.
    fn caption(&self, outline: Outline, theme: &Theme) -> Line<'static> {
        let named = |name: &str, mark: &str, hue: Hue| match theme.is_rich() {
            true => Span::styled(format!("─ {name} "), theme.text(hue).bold()),
            false => Span::raw(format!("{mark} {name} ")),
        };
        let predicted = self.epoch().map_or("prediction".to_owned(), |epoch| format!("epoch {epoch}"));
        let (reference, prediction) = (named("reference", "R", SKY), named(&predicted, "P", ORANGE));
        match outline {
            Outline::Reference => Line::from(vec![reference]),
            Outline::Prediction => Line::from(vec![prediction]),
            Outline::Both if theme.is_rich() => Line::from(vec![reference, prediction]),
            Outline::Both => Line::from(vec![reference, prediction, Span::styled("X both", dim())]),
        }
    }
}

fn plane(png: &[u8]) -> Option<Plane<u8>> {
    let mut reader = ImageReader::with_format(Cursor::new(png), ImageFormat::Png);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(LARGEST_PX), Some(LARGEST_PX));
    reader.limits(limits);
    let grey = shrunk(reader.decode().ok()?.into_luma8());
    Plane::new(grey.width() as usize, grey.height() as usize, grey.into_raw())
}

/// No larger than what is kept.
fn shrunk(grey: GrayImage) -> GrayImage {
    let (width, height) = grey.dimensions();
    let scale = f64::from(KEPT_PX) / f64::from(width.max(height)).max(1.0);
    let side = |pixels: u32| ((f64::from(pixels) * scale.min(1.0)) as u32).max(1);
    match scale < 1.0 {
        true => imageops::resize(&grey, side(width), side(height), imageops::FilterType::Triangle),
        false => grey,
    }
}

/// Mean over the source pixels that a target pixel covers; at least one.
fn shrink(source: &Plane<u8>, (width, height): (usize, usize)) -> Plane<u8> {
    let part = |index: usize, of: usize, pixels: usize| {
        let start = (index * pixels / of).min(pixels.saturating_sub(1));
        start..((index + 1) * pixels / of).max(start + 1)
    };
    Plane::from_fn(width, height, |x, y| {
        let (columns, rows) = (part(x, width, source.width()), part(y, height, source.height()));
        let (mut sum, mut n) = (0usize, 0usize);
        for row in rows {
            for value in columns.clone().filter_map(|column| source.get(column, row)) {
                (sum, n) = (sum + usize::from(*value), n + 1);
            }
        }
        (sum / n.max(1)) as u8
    })
}

/// Set pixels with an unset one beside them; the picture's edge counts as unset.
pub fn border(mask: &Mask) -> Mask {
    let set = |x: Option<usize>, y: Option<usize>| x.zip(y).and_then(|(x, y)| mask.get(x, y)).copied().unwrap_or(false);
    Mask::from_fn(mask.width(), mask.height(), |x, y| {
        let inside = set(x.checked_sub(1), Some(y))
            && set(Some(x + 1), Some(y))
            && set(Some(x), y.checked_sub(1))
            && set(Some(x), Some(y + 1));
        set(Some(x), Some(y)) && !inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Colour, Glyphs};

    fn png(width: u32, height: u32, of: impl Fn(u32, u32) -> u8) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let image = image::GrayImage::from_fn(width, height, |x, y| image::Luma([of(x, y)]));
        image.write_to(&mut bytes, ImageFormat::Png).expect("encode");
        bytes.into_inner()
    }

    #[test]
    fn outlines_are_letters_without_colours() {
        let disc = |x: u32, y: u32| if (2..6).contains(&x) && (2..6).contains(&y) { 255 } else { 0 };
        let picture = Picture::decode(&png(8, 8, |_, _| 0), [Some(&png(8, 8, disc)), None], vec![]).expect("decodes");
        let theme = Theme { glyphs: Glyphs::Ascii, colour: Colour::None, ..Theme::default() };
        let area = Rect::new(0, 0, 8, 5);
        let mut buffer = Buffer::empty(area);
        picture.draw(Outline::Both, &theme, area, &mut buffer);
        let rows: Vec<String> = buffer.content.chunks(8).map(|r| r.iter().map(|c| c.symbol()).collect()).collect();
        assert_eq!(rows[..4], ["        ", "  RRRR  ", "  RRRR  ", "        "]);
    }

    #[test]
    fn epochs_are_stepped_through_and_the_newest_follows() {
        let masks = (1..=3).map(|epoch| EpochMask::of(epoch, &Mask::filled(8, 8, epoch % 2 == 0))).collect();
        let mut picture =
            Picture::decode(&png(8, 8, |_, _| 9), [None, Some(&png(8, 8, |_, _| 0))], masks).expect("decodes");
        let mut seen = vec![picture.epoch()];
        for direction in [Direction::Backward, Direction::Backward, Direction::Backward, Direction::Forward] {
            picture.step(direction);
            seen.push(picture.epoch());
        }
        assert_eq!(seen, [None, Some(2), Some(1), Some(1), Some(2)]);
        assert_eq!(picture.predicted(), Some(Mask::filled(8, 8, true)));
        picture.step(Direction::Forward);
        assert_eq!((picture.epoch(), picture.predicted()), (None, Some(Mask::filled(8, 8, false))));
        picture.show(Some(7));
        assert_eq!(picture.epoch(), None);
    }

    #[test]
    fn what_is_no_picture_is_none_and_too_large_ones_are_refused() {
        assert_eq!(Picture::decode(b"\x89PNG\r\n\x1a\nrubbish", [None; 2], vec![]), None);
        assert_eq!(Picture::decode(&png(LARGEST_PX + 1, 1, |_, _| 0), [None; 2], vec![]), None);
    }

    #[test]
    fn a_mask_of_another_size_is_left_out() {
        let picture =
            Picture::decode(&png(8, 8, |_, _| 9), [Some(&png(7, 8, |_, _| 255)), None], vec![]).expect("decodes");
        assert_eq!(picture.reference, None);
    }

    #[test]
    fn any_area_is_no_panic() {
        let theme = Theme { glyphs: Glyphs::Unicode, colour: Colour::True, ..Theme::default() };
        let picture = Picture::decode(&png(700, 9, |x, _| x as u8), [Some(&png(700, 9, |_, _| 255)), None], vec![]);
        let picture = picture.expect("decodes");
        for (width, height) in [(0, 0), (3, 3), (4, 3), (40, 12), (300, 90)] {
            let area = Rect::new(0, 0, width, height);
            picture.draw(Outline::Both, &theme, area, &mut Buffer::empty(area));
        }
    }
}
