//! The part of an image that is kept.

use image::imageops;
use serde::{Deserialize, Serialize};

use super::{DatasetError, Pixels};
use crate::plane::Mask;

/// Which part of an image is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Crop {
    /// Of the four quadrants, the one that holds the most of the reference; of equal ones, the first in reading order.
    /// An odd side's middle row or column belongs to the lower or right half. Undefined for an empty reference.
    ///
    /// Source: P2, "each data was divided into 4 sections according to the quadrants, and only the sections with tumors
    /// were kept". Choice: one quadrant an image; a tumour across a border is cut there. Weak spot: the reference chooses,
    /// so that a network is told the tumour's whereabouts, in test images too.
    Quadrant,
}

impl Crop {
    /// What is kept of `whole`; `case` is named in the error.
    pub(super) fn of(self, case: &str, whole: Pixels) -> Result<Pixels, DatasetError> {
        let (width, height) = whole.reference.size();
        let Some((left, top)) = fullest(&whole.reference) else {
            let message = "crop = \"quadrant\", but no pixel of the reference is set; leave such cases out by classes";
            return Err(DatasetError::File { place: case.to_owned(), message: message.to_owned() });
        };
        let (x, across) = half(width, left);
        let (y, down) = half(height, top);
        let set = |column: usize, row: usize| whole.reference.get(x + column, y + row) == Some(&true);
        let reference = Mask::from_fn(across, down, set);
        let image = imageops::crop_imm(&whole.image, x as u32, y as u32, across as u32, down as u32).to_image();
        Ok(Pixels { image, reference })
    }
}

/// Start and length of the first or second half of `side`.
fn half(side: usize, first: bool) -> (usize, usize) {
    if first { (0, side / 2) } else { (side / 2, side - side / 2) }
}

/// Whether the fullest quadrant is a left one and an upper one; `None` for an empty mask.
fn fullest(mask: &Mask) -> Option<(bool, bool)> {
    let (width, height) = mask.size();
    let mut areas = [0usize; 4];
    for (i, _) in mask.values().iter().enumerate().filter(|(_, set)| **set) {
        let (right, lower) = (i % width >= width / 2, i / width >= height / 2);
        areas[2 * usize::from(lower) + usize::from(right)] += 1;
    }
    let most = *areas.iter().max()?;
    let quadrant = areas.iter().position(|area| *area == most).filter(|_| most > 0)?;
    Some((quadrant % 2 == 0, quadrant < 2))
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    #[test]
    fn the_quadrant_with_most_of_the_tumour_is_kept() {
        let image = RgbImage::from_fn(5, 4, |x, y| Rgb([(10 * y + x) as u8; 3]));
        let reference = Mask::from_fn(5, 4, |x, y| x >= 1 && (1..3).contains(&y) && x + y < 5);
        let kept = Crop::Quadrant.of("a", Pixels { image, reference }).expect("a tumour");
        // set: (1..=3, 1) and (1..=2, 2): upper right (2, 1), (3, 1) has as many as no other
        assert_eq!(kept.image.dimensions(), (3, 2));
        assert_eq!(kept.image.get_pixel(0, 0).0, [2; 3]);
        assert_eq!(kept.reference.values(), [false, false, false, true, true, false]);
    }

    #[test]
    fn an_empty_reference_chooses_no_quadrant() {
        let empty = Pixels { image: RgbImage::new(4, 4), reference: Mask::filled(4, 4, false) };
        assert!(Crop::Quadrant.of("a", empty).expect_err("undefined").to_string().starts_with("a: crop"));
    }
}
