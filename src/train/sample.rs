//! Cases at the network's size, decoded once and kept.

use std::sync::OnceLock;

use image::RgbImage;
use rayon::prelude::*;

use super::TrainError;
use crate::dataset::fold::Split;
use crate::dataset::read::{resize_image, resize_mask};
use crate::dataset::{Case, Dataset, Decoder};
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
    maps: [OnceLock<Plane<f32>>; ReferenceMap::COUNT],
}

impl Sample {
    /// Image and reference of the same size.
    pub fn new(case: String, subject: String, image: RgbImage, reference: Mask) -> Self {
        Self { case, subject, image, reference, maps: Default::default() }
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
        train: part(dataset, split.train(), input_px)?,
        valid: part(dataset, split.valid(), input_px)?,
        test: part(dataset, split.test(), input_px)?,
    })
}

fn part<'a>(dataset: &Dataset, ids: impl Iterator<Item = &'a str>, input_px: usize) -> Result<Vec<Sample>, TrainError> {
    let case =
        |id: &str| dataset.case(id).ok_or_else(|| TrainError::Refused(format!("the data set has no case \"{id}\"")));
    let cases: Vec<&Case> = ids.map(case).collect::<Result<_, _>>()?;
    let decoder = Decoder::default();
    cases.into_par_iter().map(|case| sample(case, &decoder, input_px)).collect()
}

fn sample(case: &Case, decoder: &Decoder, input_px: usize) -> Result<Sample, TrainError> {
    let pixels = decoder.pixels(case)?;
    let image = resize_image(&pixels.image, input_px as u32);
    let reference = resize_mask(&pixels.reference, input_px);
    Ok(Sample::new(case.id.clone(), case.subject.clone(), image, reference))
}
