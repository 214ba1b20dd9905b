//! What an audit keeps of a case: the image at a working size, its keypoints, and what is wrong with its mask.

use image::imageops::{self, FilterType};
use image::{GrayImage, RgbImage};
use sha2::{Digest, Sha256};

use super::candidate::Features;
use super::issue::{self, Issue, IssueKind};
use super::marker;
use crate::dataset::read::resize_mask_to;
use crate::dataset::{Case, DatasetError, Decoder, Pixels, Source};
use crate::plane::{Mask, Plane};

/// The longer side is brought into this range: smaller images have too few keypoints, larger ones nothing but noise.
const SIDE_PX: (u32, u32) = (256, 512);

/// What is kept of a case; without an image where it could not be decoded.
#[derive(Default)]
pub(super) struct Examined {
    pub(super) features: Features,
    /// Grey image at the working size; `None` if it could not be decoded.
    pub(super) frame: Option<Frame>,
    /// What is wrong with the case on its own.
    pub(super) issues: Vec<Issue>,
}

/// An image at the working size.
pub(super) struct Frame {
    /// Grey levels.
    pub(super) grey: Plane<u8>,
    /// The reference at the same size; `None` if it is empty.
    pub(super) reference: Option<Mask>,
    /// Working pixels of an image pixel, along both axes.
    pub(super) scale: (f32, f32),
    /// Of size and decoded pixels.
    pub(super) digest: [u8; 32],
}

impl Frame {
    /// As numbers to calculate with.
    pub(super) fn values(&self) -> Plane<f32> {
        self.grey.map(|value| f32::from(*value))
    }

    fn of(pixels: &Pixels) -> Self {
        let (width, height) = pixels.image.dimensions();
        let grey = shrunk(&pixels.image);
        let size = (grey.width() as usize, grey.height() as usize);
        let mut digest = Sha256::new();
        digest.update(width.to_le_bytes());
        digest.update(height.to_le_bytes());
        digest.update(pixels.image.as_raw());
        Self {
            scale: (size.0 as f32 / width as f32, size.1 as f32 / height as f32),
            grey: Plane::new(size.0, size.1, grey.into_raw()).expect("a value per pixel"),
            reference: (pixels.reference.area_px() > 0).then(|| resize_mask_to(&pixels.reference, size.0, size.1)),
            digest: digest.finalize().into(),
        }
    }
}

/// Decodes a case and looks at it.
pub(super) fn examine(decoder: &Decoder, case: &Case) -> Examined {
    let pixels = match decoder.pixels(case) {
        Ok(pixels) => pixels,
        Err(error) => {
            let size = matches!(error, DatasetError::MaskSize { .. });
            let kind = if size { IssueKind::MaskSize } else { IssueKind::Undecodable };
            let issue = Issue { case: case.id.clone(), kind, detail: error.to_string() };
            return Examined { issues: vec![issue], ..Examined::default() };
        }
    };
    let masks = if let Source::Files { masks, .. } = &case.source { masks.len() } else { 1 };
    let mut issues = issue::of_mask(case, &pixels.reference, masks);
    issues.extend(marker::markers(&pixels.image).map(|detail| Issue {
        case: case.id.clone(),
        kind: IssueKind::BurnedIn,
        detail,
    }));
    let frame = Frame::of(&pixels);
    Examined { features: Features::of(&frame.values()), frame: Some(frame), issues }
}

fn shrunk(image: &RgbImage) -> GrayImage {
    let longer = image.width().max(image.height());
    let scale = longer.clamp(SIDE_PX.0, SIDE_PX.1) as f32 / longer as f32;
    // a strip keeps a side that a block fits in
    let side = |px: u32| ((px as f32 * scale).round() as u32).clamp(32, SIDE_PX.1);
    let grey = imageops::grayscale(image);
    imageops::resize(&grey, side(image.width()), side(image.height()), FilterType::Triangle)
}
