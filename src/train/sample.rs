//! Cases at the network's size, decoded once and kept.

use image::RgbImage;
use rayon::prelude::*;

use super::TrainError;
use crate::dataset::fold::Split;
use crate::dataset::read::{resize_image, resize_mask};
use crate::dataset::{Case, Dataset};
use crate::plane::Mask;

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
    cases.into_par_iter().map(|case| sample(case, input_px)).collect()
}

fn sample(case: &Case, input_px: usize) -> Result<Sample, TrainError> {
    let pixels = case.pixels()?;
    Ok(Sample {
        case: case.id.clone(),
        subject: case.subject.clone(),
        image: resize_image(&pixels.image, input_px as u32),
        reference: resize_mask(&pixels.reference, input_px),
    })
}
