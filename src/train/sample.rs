//! Cases at the network's size, decoded once and kept.

use std::sync::OnceLock;

use image::RgbImage;
use rayon::prelude::*;

use super::TrainError;
use crate::dataset::fold::{Leak, Split, original};
use crate::dataset::read::{resize_image, resize_mask};
use crate::dataset::{Case, Class, Dataset};
use crate::loss::ReferenceMap;
use crate::plane::{Mask, Plane};

/// One case at the network's size.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Case id.
    pub case: String,
    /// Subject id.
    pub subject: String,
    /// `input_px × input_px`.
    pub image: RgbImage,
    /// `input_px × input_px`.
    pub reference: Mask,
    /// Whether it is malignant, where that is what is asked; `None` where the reference is.
    pub malignant: Option<bool>,
    maps: [OnceLock<Plane<f32>>; ReferenceMap::COUNT],
}

impl Sample {
    /// Image and reference of the same size.
    pub fn new(case: String, subject: String, image: RgbImage, reference: Mask) -> Self {
        Self { case, subject, image, reference, malignant: None, maps: Default::default() }
    }

    /// With another image of the same size.
    pub(super) fn showing(self, image: RgbImage) -> Self {
        Self { image, ..self }
    }

    /// Side of what is asked: of the image, or 1 for a class.
    pub(super) fn target_side(&self) -> usize {
        if self.malignant.is_some() { 1 } else { self.reference.width() }
    }

    /// The `map` of its reference, made once and kept: 4 bytes a pixel.
    pub fn map(&self, map: ReferenceMap) -> &Plane<f32> {
        self.maps[map as usize].get_or_init(|| map.of(&self.reference))
    }
}

/// The three parts of a split.
#[derive(Clone, Debug)]
pub struct Samples {
    /// Fitted to.
    pub train: Vec<Sample>,
    /// Chooses the epoch.
    pub valid: Vec<Sample>,
    /// Scored at the end.
    pub test: Vec<Sample>,
}

/// Decodes and resizes every case of `split`; the first unreadable one is the error.
pub fn load(dataset: &Dataset, split: &Split, input_px: usize) -> Result<Samples, TrainError> {
    Ok(Samples {
        train: part(dataset, (split.train(), split.leak()), input_px)?,
        valid: part(dataset, (split.valid(), split.leak()), input_px)?,
        test: part(dataset, (split.test(), split.leak()), input_px)?,
    })
}

impl Samples {
    /// The classes of `dataset` in place of the references as what is asked; a case without a tumour is an error.
    pub fn judged(mut self, dataset: &Dataset, leak: Leak) -> Result<Self, TrainError> {
        for sample in self.train.iter_mut().chain(&mut self.valid).chain(&mut self.test) {
            sample.malignant = match dataset.case(original(&sample.case, leak)).map(|case| case.class) {
                Some(Class::Malignant) => Some(true),
                Some(Class::Benign) => Some(false),
                Some(Class::Normal | Class::Unknown) | None => {
                    let message =
                        format!("{}: neither benign nor malignant; run the spec again to plan anew", sample.case);
                    return Err(TrainError::Refused(message));
                }
            };
        }
        Ok(self)
    }
}

fn part<'a>(
    dataset: &Dataset,
    (names, leak): (impl Iterator<Item = &'a str>, Leak),
    input_px: usize,
) -> Result<Vec<Sample>, TrainError> {
    let case = |name: &'a str| {
        let known = dataset.case(original(name, leak)).map(|case| (name, case));
        known.ok_or_else(|| TrainError::Refused(format!("the data set has no case \"{name}\"")))
    };
    let cases: Vec<(&str, &Case)> = names.map(case).collect::<Result<_, _>>()?;
    let named = |(name, case): (&str, &Case)| Ok(Sample { case: name.to_owned(), ..sample(case, input_px)? });
    cases.into_par_iter().map(named).collect()
}

fn sample(case: &Case, input_px: usize) -> Result<Sample, TrainError> {
    let pixels = case.pixels()?;
    let image = resize_image(&pixels.image, input_px as u32);
    let reference = resize_mask(&pixels.reference, input_px);
    Ok(Sample::new(case.id.clone(), case.subject.clone(), image, reference))
}
