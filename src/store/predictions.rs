//! The predicted masks of a run's scored cases on disk: `predictions.png`, one bit a pixel, one square case below the
//! other in the order of `scores.json`. One file, since stores on clusters count files.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Encoder};

use super::run_dir::read_bounded;
use super::{RunDir, StoreError};
use crate::plane::Mask;

const FILE: &str = "predictions.png";
/// Pixels of all masks together: 32 MiB before they are compressed.
const MOST_PIXELS: usize = 1 << 28;
/// A wider mask is not ours.
const WIDEST_PX: usize = 1 << 14;

impl RunDir {
    /// Square masks of one size in the order of the scores, replaced as a whole; how many of them there is room for.
    pub fn write_predictions(&self, masks: &[Mask]) -> Result<usize, StoreError> {
        let side = masks.first().map_or(0, Mask::width);
        let fitting = masks.iter().take_while(|mask| mask.size() == (side, side));
        let kept: Vec<&Mask> = fitting.take(room(side)).collect();
        let path = self.path().join(FILE);
        if side > 0 {
            let png = encode(&kept, side).map_err(|error| StoreError::new(&path, error))?;
            self.write(&path, &png)?;
        }
        Ok(kept.len())
    }

    /// The mask of the case at `index` of the scores; `None` if the run keeps none of it.
    pub fn prediction(&self, index: usize) -> Result<Option<Mask>, StoreError> {
        let path = self.path().join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        decode(&read_bounded(&path)?, index).map_err(|error| StoreError::new(&path, format!("damaged ({error})")))
    }
}

/// Masks of so many columns and rows that there is room for.
fn room(side: usize) -> usize {
    MOST_PIXELS / side.saturating_mul(side).max(1)
}

fn encode(masks: &[&Mask], side: usize) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, side as u32, (side * masks.len()) as u32);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let rows = masks.iter().flat_map(|mask| mask.values().chunks(side));
    let packed: Vec<u8> = rows.flat_map(|row| row.chunks(8).map(pack)).collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&packed)?;
    writer.finish()?;
    Ok(bytes)
}

/// Up to eight pixels, the first one in the highest bit.
fn pack(pixels: &[bool]) -> u8 {
    pixels.iter().enumerate().fold(0, |byte, (place, &set)| byte | (u8::from(set) << (7 - place)))
}

/// Rows are read up to the wanted mask and not kept.
fn decode(png: &[u8], index: usize) -> Result<Option<Mask>, String> {
    let mut reader = Decoder::new(Cursor::new(png)).read_info().map_err(|error| error.to_string())?;
    let info = reader.info();
    let (side, height) = (info.width as usize, info.height as usize);
    if (info.color_type, info.bit_depth) != (ColorType::Grayscale, BitDepth::One)
        || info.interlaced
        || side > WIDEST_PX
        || side * height > MOST_PIXELS
    {
        return Err("not a strip of masks".to_owned());
    }
    if index.saturating_add(1).saturating_mul(side) > height {
        return Ok(None);
    }
    let mut values = Vec::with_capacity(side * side);
    for row in 0..(index + 1) * side {
        let packed = reader.next_row().map_err(|error| error.to_string())?.ok_or("too few rows")?;
        if row >= index * side {
            values.extend((0..side).map(|x| packed.data()[x / 8] >> (7 - x % 8) & 1 == 1));
        }
    }
    Ok(Mask::new(side, side, values))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(dir: &tempfile::TempDir) -> RunDir {
        std::fs::create_dir_all(dir.path().join("spec/run")).expect("folder");
        RunDir::at(&dir.path().join("spec/run")).expect("a run's folder")
    }

    /// 13 is no multiple of the 8 pixels of a byte.
    fn mask(seed: usize) -> Mask {
        Mask::from_fn(13, 13, |x, y| (x * 7 + y * 3 + seed).is_multiple_of(5))
    }

    #[test]
    fn each_mask_comes_back_by_its_place() {
        let dir = tempfile::tempdir().expect("tempdir");
        let run = run(&dir);
        assert_eq!(run.prediction(0).expect("no file is no error"), None);
        let masks: Vec<Mask> = (0..4).map(mask).collect();
        assert_eq!(run.write_predictions(&masks).expect("written"), 4);
        for (index, mask) in masks.iter().enumerate() {
            assert_eq!(run.prediction(index).expect("read").as_ref(), Some(mask));
        }
        assert_eq!(run.prediction(4).expect("read"), None);
        assert_eq!(run.prediction(usize::MAX - 1).expect("read"), None);
    }

    #[test]
    fn what_there_is_room_for_is_bounded_and_the_rest_is_counted() {
        assert_eq!((room(256), room(1 << 13), room(usize::MAX), room(0)), (4096, 4, 0, MOST_PIXELS));
        let dir = tempfile::tempdir().expect("tempdir");
        let run = run(&dir);
        assert_eq!(run.write_predictions(&[]).expect("nothing"), 0);
        // One of another size cannot be part of the strip.
        assert_eq!(run.write_predictions(&[mask(1), Mask::filled(9, 9, true)]).expect("written"), 1);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_no_panic() {
        let dir = tempfile::tempdir().expect("tempdir");
        let run = run(&dir);
        run.write_predictions(&[mask(1), mask(2)]).expect("written");
        let path = run.path().join(FILE);
        let whole = std::fs::read(&path).expect("read");
        for end in 0..whole.len() - 12 {
            std::fs::write(&path, &whole[..end]).expect("write");
            // the last bytes may be of the second mask alone
            assert!(run.prediction(1).is_err() || end > whole.len() / 2, "{end} bytes");
        }
        let mut grey = Cursor::new(Vec::new());
        image::GrayImage::new(8, 8).write_to(&mut grey, image::ImageFormat::Png).expect("encode");
        std::fs::write(&path, grey.into_inner()).expect("write");
        assert!(run.prediction(0).is_err_and(|error| error.to_string().contains("not a strip of masks")));
    }
}
