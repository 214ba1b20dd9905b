//! A case as it is drawn: its image, and what its masks mark.

use super::row::Name;
use super::widget::picture::border;
use super::widget::raster::{Mark, Pixel, Raster};
use crate::plane::{Mask, Plane};

/// What is drawn of a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// What both masks share, and what only one of them has; a mask without the other is an outline.
    #[default]
    Overlay,
    /// The image alone.
    Image,
    /// With the reference's outline.
    Reference,
    /// With the prediction's outline.
    Prediction,
}

/// A case's planes at the network's size, as far as they can be had; else why not. Every text is clean.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// The run.
    pub name: Name,
    /// Place among the scores.
    pub index: usize,
    /// The image in grey, and the expert's mask.
    pub image: Result<(Plane<u8>, Mask), String>,
    /// The scored mask.
    pub prediction: Result<Mask, String>,
}

impl Look {
    /// Its name on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Look::Overlay => "overlay",
            Look::Image => "image",
            Look::Reference => "reference",
            Look::Prediction => "prediction",
        }
    }

    /// The marks that it may draw.
    pub fn marks(self) -> &'static [Mark] {
        match self {
            Look::Overlay => &Mark::DRAWN,
            Look::Image => &[],
            Look::Reference => &[Mark::Reference],
            Look::Prediction => &[Mark::Prediction],
        }
    }
}

impl Sight {
    /// The one mask that is there, if the other is not.
    pub fn lone(&self) -> Option<Mark> {
        match (&self.image, &self.prediction) {
            (Ok(_), Err(_)) => Some(Mark::Reference),
            (Err(_), Ok(_)) => Some(Mark::Prediction),
            _ => None,
        }
    }

    /// The picture that `look` makes of the planes; `None` where it has none of them.
    pub fn raster(&self, look: Look) -> Option<Raster> {
        let (image, reference) = match &self.image {
            Ok((image, reference)) => (Some(image), Some(reference)),
            Err(_) => (None, None),
        };
        let prediction = self.prediction.as_ref().ok();
        let (width, height) = image.map(Plane::size).or(prediction.map(Plane::size))?;
        // Filled masks are told apart by what they share; beside a missing one every pixel would look wrong.
        let filled = look == Look::Overlay && self.lone().is_none();
        let layer = |mask: Option<&Mask>, own: Look| {
            let mask = mask.filter(|_| look == own || look == Look::Overlay)?;
            Some(if filled { mask.clone() } else { border(mask) })
        };
        let (reference, prediction) = (layer(reference, Look::Reference), layer(prediction, Look::Prediction));
        let set = |mask: &Option<Mask>, x, y| mask.as_ref().and_then(|mask| mask.get(x, y)).copied().unwrap_or(false);
        Some(Raster::from_fn(width, height, |x, y| Pixel {
            grey: image.and_then(|image| image.get(x, y)).copied().unwrap_or(0),
            mark: match (set(&reference, x, y), set(&prediction, x, y)) {
                (false, false) => Mark::None,
                (true, true) => Mark::Both,
                (false, true) => Mark::Prediction,
                (true, false) => Mark::Reference,
            },
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlay_says_what_each_pixel_is() {
        let mask = |of: [bool; 4]| Mask::new(2, 2, of.into()).expect("four values");
        let sight = Sight {
            name: String::new(),
            index: 0,
            image: Ok((Plane::filled(2, 2, 7), mask([true, true, false, false]))),
            prediction: Ok(mask([true, false, true, false])),
        };
        let marks: Vec<Mark> = sight.raster(Look::Overlay).expect("planes").values().iter().map(|p| p.mark).collect();
        assert_eq!(marks, [Mark::Both, Mark::Reference, Mark::Prediction, Mark::None]);
    }

    #[test]
    fn a_mask_without_the_other_is_an_outline_and_neither_right_nor_wrong() {
        let square = Mask::from_fn(5, 5, |x, y| (1..4).contains(&x) && (1..4).contains(&y));
        let image = Ok((Plane::filled(5, 5, 7), square.clone()));
        let gone = || "not kept".to_owned();
        let sight = |image, prediction| Sight { name: String::new(), index: 0, image, prediction };
        for (sight, mark, own) in [
            (sight(image, Err(gone())), Mark::Reference, Look::Reference),
            (sight(Err(gone()), Ok(square)), Mark::Prediction, Look::Prediction),
        ] {
            assert_eq!(sight.lone(), Some(mark));
            let overlay = sight.raster(Look::Overlay).expect("a mask");
            let drawn: Vec<Mark> = overlay.values().iter().map(|p| p.mark).filter(|m| *m != Mark::None).collect();
            assert_eq!(drawn, [mark; 8], "the middle of the square is not marked");
            assert_eq!(sight.raster(own), Some(overlay));
        }
    }
}
