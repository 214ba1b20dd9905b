//! From files to pixels, and from pixels to the size a network takes. Files are untrusted: all sizes are bounded.
//! Weak spot: resizing squashes to a square, as both papers do, so shapes are distorted in training.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::{DynamicImage, GrayImage, ImageReader, Limits, RgbImage};

use serde::{Deserialize, Serialize};

use sha2::{Digest, Sha256};

use super::shape::Shape;
use super::{DatasetError, Pixels};
use crate::plane::{Mask, Plane};

/// Largest file that is read.
const FILE_BYTES: u64 = 64 << 20;
/// Longest side of an image.
const SIDE_PX: u32 = 16_384;
/// Most pixels of an image: with all that is made of a pixel, see [`PIXEL_BYTES`], a GiB.
const PIXELS: u64 = 64 << 20;
/// Most bytes of a pixel in the file's own format and in those that it is brought into, as far as they live together:
/// 16-bit RGBA, and from it 16-bit RGB or 8-bit RGBA.
const PIXEL_BYTES: u64 = 16;

/// The content of a file of at most 64 MiB.
pub fn bytes(path: &Path) -> Result<Vec<u8>, DatasetError> {
    bytes_up_to(path, FILE_BYTES)
}

/// The content of a file of at most `limit` bytes.
pub(super) fn bytes_up_to(path: &Path, limit: u64) -> Result<Vec<u8>, DatasetError> {
    // opening a pipe would wait for a writer
    let size = path.metadata().map_err(|error| DatasetError::file(path, error))?;
    if !size.is_file() {
        return Err(DatasetError::file(path, "not a file"));
    }
    let file = File::open(path).map_err(|error| DatasetError::file(path, error))?;
    let mut content = Vec::new();
    file.take(limit + 1).read_to_end(&mut content).map_err(|error| DatasetError::file(path, error))?;
    if content.len() as u64 > limit {
        return Err(DatasetError::file(path, format!("larger than {} MiB", limit >> 20)));
    }
    Ok(content)
}

/// SHA-256 of a file of any size.
pub(crate) fn sha256(path: &Path) -> Result<[u8; 32], DatasetError> {
    let fail = |error| DatasetError::file(path, error);
    if !path.metadata().map_err(fail)?.is_file() {
        return Err(DatasetError::file(path, "not a file"));
    }
    let mut file = File::open(path).map_err(fail)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 1 << 20];
    loop {
        match file.read(&mut chunk).map_err(fail)? {
            0 => return Ok(hash.finalize().into()),
            read => hash.update(&chunk[..read]),
        }
    }
}

/// The image as RGB and the union of its masks, which must have its size.
///
/// Grey images become three equal channels; transparency is dropped; 16-bit values are scaled to 8.
pub fn pixels(case: &str, image: &Path, masks: &[PathBuf], rule: MaskRule) -> Result<Pixels, DatasetError> {
    let image = decode(image)?.into_rgb8();
    let mut reference = Mask::filled(image.width() as usize, image.height() as usize, false);
    for path in masks {
        let mask = rule.mask(path)?;
        if !reference.union(&mask) {
            return Err(DatasetError::MaskSize {
                case: case.to_owned(),
                mask: path.display().to_string(),
                mask_width: mask.width(),
                mask_height: mask.height(),
                width: reference.width(),
                height: reference.height(),
            });
        }
    }
    Ok(Pixels { image, reference })
}

/// The image as RGB, which must be of `size`, and the union of `shapes`.
pub(super) fn drawn(path: &Path, size: (u32, u32), shapes: &[Shape]) -> Result<Pixels, DatasetError> {
    let image = decode(path)?.into_rgb8();
    let (width, height) = image.dimensions();
    if (width, height) != size {
        return Err(DatasetError::file(path, format!("{width}×{height} px, its annotations {}×{}", size.0, size.1)));
    }
    let mut reference = Mask::filled(width as usize, height as usize, false);
    for shape in shapes {
        shape.draw(&mut reference).map_err(|message| DatasetError::file(path, message))?;
    }
    Ok(Pixels { image, reference })
}

/// The mask in a file: set where the luma is above 127. A mask of class indices (0, 1, 2 …) or one whose shape is in its
/// transparency is an error: read as grey values, it would be empty or full.
pub fn mask_from_file(path: &Path) -> Result<Mask, DatasetError> {
    let image = decode(path)?;
    // Judged before values are scaled to 8 bits, which hides small ones.
    let largest = match &image {
        DynamicImage::ImageLuma8(luma) => luma.iter().copied().max().map_or(0, |value| u16::from(value) * 257),
        deeper => deeper.to_luma16().iter().copied().max().unwrap_or(0),
    };
    if largest > 0 && largest <= 127 * 257 {
        let largest =
            if image.color().bytes_per_pixel() > image.color().channel_count() { largest } else { largest / 257 };
        return Err(DatasetError::file(
            path,
            format!("holds no value above {largest}; expected 0 and 255 (or full scale)"),
        ));
    }
    if image.color().has_alpha() && image.to_rgba8().pixels().any(|pixel| pixel.0[3] != 255) {
        return Err(DatasetError::file(path, "is partly transparent; expected an opaque mask of 0 and 255"));
    }
    let luma = image.into_luma8();
    let (width, height) = luma.dimensions();
    let set = luma.into_raw().into_iter().map(|value| value > 127).collect();
    Ok(Plane::new(width as usize, height as usize, set).expect("a luma value per pixel"))
}

/// Which values of a mask are the tumour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MaskRule {
    /// Above 127 of 255: [`mask_from_file`].
    #[default]
    Half,
    /// All but black: masks of 0 and 1, of class indices, or in colours.
    Nonzero,
}

impl MaskRule {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::Half
    }

    fn mask(self, path: &Path) -> Result<Mask, DatasetError> {
        match self {
            MaskRule::Half => mask_from_file(path),
            MaskRule::Nonzero => {
                let image = decode(path)?.into_rgb16();
                let (width, height) = image.dimensions();
                let set = image.pixels().map(|pixel| pixel.0 != [0; 3]).collect();
                Ok(Plane::new(width as usize, height as usize, set).expect("one value a pixel"))
            }
        }
    }
}

/// A probability map: black 0, white 1, in as many steps as the file has.
pub fn probability_from_file(path: &Path) -> Result<Plane<f32>, DatasetError> {
    let luma = decode(path)?.into_luma16();
    let (width, height) = luma.dimensions();
    let values = luma.into_raw().into_iter().map(|value| f32::from(value) / f32::from(u16::MAX)).collect();
    Ok(Plane::new(width as usize, height as usize, values).expect("a luma value per pixel"))
}

/// The file's 8-bit luma.
pub(super) fn luma(path: &Path) -> Result<GrayImage, DatasetError> {
    Ok(decode(path)?.into_luma8())
}

/// The size is judged before a pixel is decoded: compressed, a GiB of black takes a MiB.
fn decode(path: &Path) -> Result<DynamicImage, DatasetError> {
    let content = bytes(path)?;
    let fail = |error: &dyn std::fmt::Display| DatasetError::file(path, error.to_string());
    let reader = || ImageReader::new(Cursor::new(content.as_slice())).with_guessed_format();
    let size = reader().map_err(|error| fail(&error))?.into_dimensions().map_err(|error| fail(&error))?;
    bounded(size).map_err(|message| DatasetError::file(path, message))?;
    let mut reader = reader().map_err(|error| fail(&error))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_PX);
    limits.max_image_height = Some(SIDE_PX);
    limits.max_alloc = Some(PIXELS * PIXEL_BYTES);
    reader.limits(limits);
    reader.decode().map_err(|error| fail(&error))
}

fn bounded((width, height): (u32, u32)) -> Result<(), String> {
    let pixels = u64::from(width) * u64::from(height);
    if width > SIDE_PX || height > SIDE_PX {
        return Err(format!("{width}×{height} px, at most {SIDE_PX} a side"));
    }
    if pixels > PIXELS {
        let mega = |pixels: u64| pixels.div_ceil(1_000_000);
        return Err(format!("{width}×{height} px: {} megapixels, at most {}", mega(pixels), PIXELS / 1_000_000));
    }
    Ok(())
}

/// `image` squashed to `size_px × size_px` with a triangle filter, which averages when it shrinks. Whole numbers
/// throughout: the same bytes on every machine.
pub fn resize_image(image: &RgbImage, size_px: u32) -> RgbImage {
    let (width, height) = image.dimensions();
    let mut resized = RgbImage::new(size_px, size_px);
    let source = ImageRef::new(width, height, image.as_raw(), PixelType::U8x3);
    let target = Image::from_slice_u8(size_px, size_px, resized.as_mut(), PixelType::U8x3);
    let triangle = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    if let (Ok(source), Ok(mut target)) = (source, target) {
        // fails where a side is 0, and there is nothing to resize
        let _empty = Resizer::new().resize(&source, &mut target, &triangle);
    }
    resized
}

/// `plane` at `width × height`: linear between its values, edges repeated; a mean where it shrinks.
pub fn resize_plane(plane: &Plane<f32>, (width, height): (usize, usize)) -> Plane<f32> {
    let image = |(width, height): (usize, usize)| Image::new(width as u32, height as u32, PixelType::F32);
    let (mut source, mut target) = (image(plane.size()), image((width, height)));
    for (bytes, value) in source.buffer_mut().chunks_exact_mut(4).zip(plane.values()) {
        bytes.copy_from_slice(&value.to_ne_bytes());
    }
    let linear = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    // fails where a side is 0, and there is nothing to resize
    let _empty = Resizer::new().resize(&source, &mut target, &linear);
    let values = target.buffer().chunks_exact(4).map(|four| f32::from_ne_bytes([four[0], four[1], four[2], four[3]]));
    Plane::new(width, height, values.collect()).expect("a value a pixel")
}

/// `mask` squashed to `size_px × size_px`: set where more than half of the pixel's area is set.
pub fn resize_mask(mask: &Mask, size_px: usize) -> Mask {
    resize_mask_to(mask, size_px, size_px)
}

/// `mask` at `width × height`: set where more than half of the pixel's area is set.
///
/// In units of 1/`width` (1/`height`) of a source pixel all overlaps are whole numbers: the result is exact.
pub(crate) fn resize_mask_to(mask: &Mask, width: usize, height: usize) -> Mask {
    let columns: Vec<_> = (0..width).map(|x| overlaps(x, mask.width(), width)).collect();
    let whole = mask.width() * mask.height();
    let mut set = Vec::with_capacity(width * height);
    let mut areas = vec![0; width];
    for y in 0..height {
        areas.fill(0);
        for (row, share) in overlaps(y, mask.height(), height) {
            let row = &mask.values()[row * mask.width()..][..mask.width()];
            for (area, covered) in areas.iter_mut().zip(&columns) {
                *area += share * covered.iter().map(|&(x, length)| length * usize::from(row[x])).sum::<usize>();
            }
        }
        set.extend(areas.iter().map(|area| 2 * area > whole));
    }
    Plane::new(width, height, set).expect("a value a pixel")
}

/// Source pixels that target pixel `at` covers, with the length covered, in units of 1/`to` of a source pixel.
fn overlaps(at: usize, from: usize, to: usize) -> Vec<(usize, usize)> {
    let (start, end) = (at * from, (at + 1) * from);
    let covered = |source: usize| ((source + 1) * to).min(end) - (source * to).max(start);
    (start / to..end.div_ceil(to)).map(|source| (source, covered(source))).collect()
}

#[cfg(test)]
mod tests {
    use image::{ExtendedColorType, ImageFormat, Luma, LumaA, Rgb, Rgba};
    use tempfile::TempDir;

    use super::*;

    struct Folder(TempDir);

    impl Folder {
        fn new() -> Self {
            Self(TempDir::new().expect("temporary folder"))
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn grey(&self, name: &str, width: u32, height: u32, values: &[u8]) -> PathBuf {
            let path = self.path(name);
            image::save_buffer(&path, values, width, height, ExtendedColorType::L8).expect("temporary image");
            path
        }

        fn save(&self, name: &str, image: impl Into<DynamicImage>) -> PathBuf {
            let path = self.path(name);
            image.into().save_with_format(&path, ImageFormat::Png).expect("temporary image");
            path
        }
    }

    #[test]
    fn the_reference_is_the_union_of_all_masks() {
        let folder = Folder::new();
        let image = folder.grey("a.png", 3, 1, &[1, 2, 3]);
        let masks = [folder.grey("a_mask.png", 3, 1, &[255, 0, 0]), folder.grey("a_mask_1.png", 3, 1, &[0, 0, 128])];
        let pixels = pixels("a", &image, &masks, MaskRule::Half).expect("decodes");
        assert_eq!(pixels.reference.values(), [true, false, true]);
        assert_eq!(pixels.image.as_raw(), &[1, 1, 1, 2, 2, 2, 3, 3, 3]);
    }

    #[test]
    fn grey_stored_as_three_channels_reads_as_grey() {
        let folder = Folder::new();
        let rgb = folder.save("rgb.png", RgbImage::from_pixel(2, 1, Rgb([128, 128, 128])));
        let grey = folder.grey("grey.png", 2, 1, &[128, 128]);
        let masks = std::slice::from_ref(&rgb);
        assert_eq!(
            pixels("a", &rgb, masks, MaskRule::Half).expect("decodes"),
            pixels("a", &grey, std::slice::from_ref(&grey), MaskRule::Half).expect("decodes")
        );
    }

    #[test]
    fn alpha_and_sixteen_bits_are_accepted() {
        let folder = Folder::new();
        let rgba = folder.save("rgba.png", image::RgbaImage::from_pixel(1, 1, Rgba([200, 200, 200, 255])));
        let grey_alpha = folder.save("la.png", image::GrayAlphaImage::from_pixel(1, 1, LumaA([200, 255])));
        let deep = folder.save("16.png", image::ImageBuffer::from_pixel(1, 1, Luma([200u16 * 257])));
        for path in [rgba, grey_alpha, deep] {
            let pixels = pixels("a", &path, std::slice::from_ref(&path), MaskRule::Half).expect("decodes");
            assert_eq!(pixels.image.as_raw(), &[200, 200, 200]);
            assert_eq!(pixels.reference.values(), [true]);
        }
    }

    #[test]
    fn masks_that_would_read_as_empty_or_full_are_refused() {
        let folder = Folder::new();
        let classes = folder.grey("classes.png", 3, 1, &[0, 1, 2]);
        let deep = folder.save("16.png", image::ImageBuffer::from_pixel(1, 1, Luma([255u16])));
        let shape = folder.save("alpha.png", image::GrayAlphaImage::from_pixel(1, 1, LumaA([255, 0])));
        for path in [classes, deep, shape] {
            assert!(mask_from_file(&path).is_err(), "{}", path.display());
        }
    }

    #[test]
    fn one_bit_masks_are_accepted() {
        // 2 × 1, 1-bit grey: white, black
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01\x01\0\0\0\0\xdc\x59\x42\x27\
            \0\0\0\nIDAT\x78\x9c\x63\x68\0\0\0\x82\0\x81\x77\xcd\x72\xb6\0\0\0\0IEND\xae\x42\x60\x82";
        let folder = Folder::new();
        std::fs::write(folder.path("a.png"), png).expect("temporary file");
        assert_eq!(mask_from_file(&folder.path("a.png")).expect("decodes").values(), [true, false]);
    }

    #[test]
    fn a_mask_of_another_size_names_both_sizes() {
        let folder = Folder::new();
        let image = folder.grey("a.png", 3, 1, &[0; 3]);
        let mask = folder.grey("a_mask.png", 1, 3, &[0; 3]);
        let message = pixels("a", &image, &[mask], MaskRule::Half).expect_err("sizes differ").to_string();
        assert!(message.starts_with("a: mask ") && message.ends_with("is 1×3 px, its image 3×1"), "{message}");
    }

    #[test]
    fn truncated_and_foreign_files_are_named() {
        let folder = Folder::new();
        let whole = std::fs::read(folder.grey("whole.png", 64, 64, &[7; 64 * 64])).expect("just written");
        for (name, content) in [("cut.png", &whole[..whole.len() / 2]), ("text.png", b"hello"), ("empty.png", b"")] {
            std::fs::write(folder.path(name), content).expect("temporary file");
            let message = pixels("a", &folder.path(name), &[], MaskRule::Half).expect_err("undecodable").to_string();
            assert!(message.contains(name), "{message}");
        }
        assert!(bytes(folder.0.path()).expect_err("a folder").to_string().ends_with("not a file"));
    }

    #[test]
    fn a_header_that_promises_too_much_is_refused_before_memory_is_taken() {
        let folder = Folder::new();
        let whole = std::fs::read(folder.grey("a.png", 1, 1, &[0])).expect("just written");
        for (width, height, refusal) in [
            (60_000u32, 60_000u32, "60000×60000 px, at most 16384 a side"),
            (16_384, 16_384, "16384×16384 px: 269 megapixels, at most 67"),
        ] {
            let mut png = whole.clone();
            png[16..20].copy_from_slice(&width.to_be_bytes());
            png[20..24].copy_from_slice(&height.to_be_bytes());
            // the checksum of the header is right, so that only the limit can refuse
            let crc = crc32(&png[12..29]);
            png[29..33].copy_from_slice(&crc.to_be_bytes());
            std::fs::write(folder.path("a.png"), png).expect("temporary file");
            let message = pixels("a", &folder.path("a.png"), &[], MaskRule::Half).expect_err("too large").to_string();
            assert!(message.ends_with(refusal), "{message}");
        }
    }

    /// Source: PNG specification, annex D.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 })
        })
    }

    #[test]
    fn a_pixel_that_is_half_set_is_not_set() {
        let mask = Mask::from_fn(4, 2, |x, _| x < 1 || x == 3);
        assert_eq!(resize_mask(&mask, 2).values(), [false; 4]);
        let mask = Mask::from_fn(4, 2, |x, y| x < 1 || x == 3 || (x == 2 && y == 0));
        assert_eq!(resize_mask_to(&mask, 2, 1).values(), [false, true]);
    }

    #[test]
    fn thirds_are_exact() {
        // 3 → 2: the middle pixel is shared; the right half gets ½ of its 1½ pixels
        let left = Mask::from_fn(3, 1, |x, _| x < 2);
        assert_eq!(resize_mask_to(&left, 2, 1).values(), [true, false]);
        assert_eq!(resize_mask_to(&left, 6, 1).values(), [true, true, true, true, false, false]);
    }

    #[test]
    fn a_resized_image_keeps_a_flat_grey() {
        let image = RgbImage::from_pixel(7, 5, Rgb([9, 90, 200]));
        assert!(resize_image(&image, 4).pixels().all(|pixel| *pixel == Rgb([9, 90, 200])));
        assert_eq!(resize_image(&image, 4).dimensions(), (4, 4));
    }

    /// torch.nn.functional.interpolate([[0, 1], [2, 4]], size=(3, 4), mode="bilinear", align_corners=False), and of
    /// size (2, 1) the means of the rows.
    #[test]
    fn a_plane_is_resized_as_pytorch_does_it() {
        let plane = Plane::new(2, 2, vec![0.0, 1.0, 2.0, 4.0]).expect("four values");
        let expected = [0.0, 0.25, 0.75, 1.0, 1.0, 1.375, 2.125, 2.5, 2.0, 2.5, 3.5, 4.0];
        let larger = resize_plane(&plane, (4, 3));
        assert!(larger.values().iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{larger:?}");
        assert_eq!(resize_plane(&plane, (1, 2)).values(), [0.5, 3.0]);
        assert_eq!(resize_plane(&plane, (2, 2)), plane);
    }
}
