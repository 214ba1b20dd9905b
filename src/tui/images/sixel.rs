//! Sixels: bands of six rows, each colour of a band as a row of letters. Marks and sixteen brightnesses are the colours.
//! Source: DEC VT330/VT340 Programmer Reference Manual, chapter 14.

use ratatui::layout::Rect;

use crate::tui::widget::raster::{Mark, Pixel, Raster, scaled};

const BAND: usize = 6;
const LEVELS: u8 = 16;
const MARKS: [Mark; 4] = [Mark::None, Mark::Both, Mark::Prediction, Mark::Reference];
/// Columns and rows that no terminal exceeds, and that keep a slow connection usable.
const LARGEST_PX: usize = 640;

/// Draws `raster` at the cursor, as large as the characters of `place` are in pixels.
pub fn show(raster: &Raster, place: Rect, cell_px: (u16, u16)) -> Vec<u8> {
    let room = (usize::from(place.width) * usize::from(cell_px.0), usize::from(place.height) * usize::from(cell_px.1));
    let scale = (room.0 as f64 / raster.width().max(1) as f64).min(room.1 as f64 / raster.height().max(1) as f64);
    let side = |pixels: usize| ((pixels as f64 * scale) as usize).clamp(1, LARGEST_PX);
    let image = scaled(raster, (side(raster.width()), side(raster.height())));
    let mut text = format!("\x1bP0;1;0q\"1;1;{};{}", image.width(), image.height());
    palette(&mut text);
    let rows: Vec<&[Pixel]> = image.values().chunks(image.width()).collect();
    rows.chunks(BAND).for_each(|band| write_band(band, &mut text));
    text += "\x1b\\";
    text.into_bytes()
}

/// Colours in percent.
fn palette(text: &mut String) {
    for (number, mark) in (0..).zip(MARKS) {
        for level in 0..LEVELS {
            let pixel = Pixel { grey: level * (255 / (LEVELS - 1)), mark };
            let [red, green, blue] = pixel.rgb().map(|part| (u16::from(part) * 100 + 127) / 255);
            *text += &format!("#{};2;{red};{green};{blue}", number * usize::from(LEVELS) + usize::from(level));
        }
    }
}

fn colour(pixel: Pixel) -> usize {
    let mark = MARKS.iter().position(|mark| *mark == pixel.mark).unwrap_or(0);
    mark * usize::from(LEVELS) + usize::from((u16::from(pixel.grey) + 8) / 17)
}

/// Every colour of the band once: its pixels of a column are the bits of a letter from `?` on.
fn write_band(rows: &[&[Pixel]], text: &mut String) {
    let rows: Vec<Vec<usize>> = rows.iter().map(|row| row.iter().map(|pixel| colour(*pixel)).collect()).collect();
    let mut colours: Vec<usize> = rows.concat();
    colours.sort_unstable();
    colours.dedup();
    for wanted in colours {
        *text += &format!("#{wanted}");
        let column = |x: usize| {
            let bits = rows.iter().enumerate().filter(|(_, row)| row[x] == wanted);
            char::from(b'?' + bits.map(|(y, _)| 1u8 << y).sum::<u8>())
        };
        let letters: Vec<char> = (0..rows[0].len()).map(column).collect();
        letters.chunk_by(|a, b| a == b).for_each(|run| match run.len() {
            0..4 => text.extend(run),
            many => *text += &format!("!{many}{}", run[0]),
        });
        text.push('$');
    }
    text.push('-');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_picture_has_known_letters() {
        // Two columns of seven rows: white but for one black pixel at the top right.
        let raster =
            Raster::from_fn(2, 7, |x, y| Pixel { grey: if (x, y) == (1, 0) { 0 } else { 255 }, mark: Mark::None });
        let text = String::from_utf8(show(&raster, Rect::new(0, 0, 2, 7), (1, 1))).expect("ASCII");
        assert!(text.starts_with("\x1bP0;1;0q\"1;1;2;7#0;2;0;0;0#1;2;7;7;7"), "{text}");
        // Black: only bit 0 of the second column. White: all six, then all but bit 0; then one row of the next band.
        assert!(text.ends_with("#0?@$#15~}$-#15@@$-\x1b\\"), "{text}");
    }

    #[test]
    fn repeated_columns_are_counted_and_no_area_is_a_panic() {
        let raster = Raster::filled(64, 64, Pixel { grey: 255, mark: Mark::Both });
        let text = String::from_utf8(show(&raster, Rect::new(0, 0, 10, 5), (8, 16))).expect("ASCII");
        assert!(text.contains("#31!80~$-"), "{text}");
        for (width, height) in [(0, 0), (1, 1), (1000, 3)] {
            show(&raster, Rect::new(0, 0, width, height), (8, 16));
        }
        show(&Raster::filled(0, 0, Pixel::default()), Rect::new(0, 0, 4, 4), (8, 16));
    }
}
