//! Channels side by side instead of interleaved; one where all three are equal.

use image::RgbImage;

use crate::plane::{Mask, Plane};

/// One plane of a grey image, three of a coloured one.
pub(super) fn split(image: &RgbImage) -> Vec<Plane<u8>> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let raw = image.as_raw();
    let grey = raw.chunks_exact(3).all(|pixel| pixel[0] == pixel[1] && pixel[0] == pixel[2]);
    let channel = |c: usize| {
        let values = raw.chunks_exact(3).map(|pixel| pixel[c]).collect();
        Plane::new(width, height, values).expect("three values a pixel")
    };
    (0..if grey { 1 } else { 3 }).map(channel).collect()
}

/// The image of one or three `planes`.
pub(super) fn join(planes: &[Plane<u8>]) -> RgbImage {
    let (width, height) = planes[0].size();
    let mut raw = vec![0; 3 * width * height];
    for (i, pixel) in raw.chunks_exact_mut(3).enumerate() {
        for (channel, value) in pixel.iter_mut().enumerate() {
            *value = planes[channel % planes.len()].values()[i];
        }
    }
    RgbImage::from_raw(width as u32, height as u32, raw).expect("three values a pixel")
}

/// 255 where it is set.
pub(super) fn opaque(mask: &Mask) -> Plane<u8> {
    mask.map(|&set| if set { 255 } else { 0 })
}

/// Rec. 601 luma of three planes, not rounded; the plane itself of one.
pub(super) fn luma(planes: &[Plane<u8>]) -> Vec<f32> {
    match planes {
        [r, g, b] => {
            let weighted =
                |((r, g), b): ((&u8, &u8), &u8)| 0.299 * f32::from(*r) + 0.587 * f32::from(*g) + 0.114 * f32::from(*b);
            r.values().iter().zip(g.values()).zip(b.values()).map(weighted).collect()
        }
        _ => planes[0].values().iter().map(|&v| f32::from(v)).collect(),
    }
}

/// To 0..=255, halves up; NaN is 0.
#[inline(always)]
pub(super) fn level(value: f32) -> u8 {
    (value + 0.5) as u8
}
