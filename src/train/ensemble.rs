//! Networks of finished runs that predict together, on images of any size.

use burn::tensor::Device;
use image::{RgbImage, imageops};
use rayon::prelude::*;

use super::pretrained::refused;
use super::{Sample, TrainError, Trained, predict};
use crate::dataset::read::{resize_image, resize_plane};
use crate::metric::Task;
use crate::model::ModelConfig;
use crate::plane::{Mask, Plane};
use crate::postprocess::PostProcess;
use crate::store::RunDir;

/// What is predicted besides the image as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Views {
    /// Nothing.
    #[default]
    AsIs,
    /// The image mirrored left and right, its prediction mirrored back.
    Flipped,
}

/// One network or several, by the mean of their probabilities.
#[derive(Debug)]
pub struct Ensemble {
    /// Never empty.
    pub members: Vec<Trained>,
    device: Device,
}

impl Ensemble {
    /// Of finished `runs` that segment; they must clean their masks alike, since there is one mask in the end.
    pub fn open(runs: &[RunDir], device: &Device) -> Result<Self, TrainError> {
        let members = runs.iter().map(|run| member(run, device)).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = members.first() else { return Err(refused("ensemble", "no run")) };
        let differs = |member: &Trained| member.plan.postprocess != first.plan.postprocess;
        match members.iter().zip(runs).find(|(member, _)| differs(member)) {
            None => Ok(Self { members, device: device.clone() }),
            Some((_, run)) => {
                Err(refused(&run.name(), &format!("cleans its masks otherwise than {}; predict apart", runs[0].name())))
            }
        }
    }

    /// Probabilities of tumour at each image's own size, which the members see squashed to their input, as in training.
    pub fn probabilities(&self, images: &[RgbImage], views: Views) -> Vec<Plane<f32>> {
        let zero = |image: &RgbImage| Plane::filled(image.width() as usize, image.height() as usize, 0.0f32);
        let mut means: Vec<Plane<f32>> = images.iter().map(zero).collect();
        let count = self.members.len() as f32;
        for member in &self.members {
            let planes = self.planes(member, images, views);
            means.par_iter_mut().zip(&planes).for_each(|(mean, plane)| {
                let plane = resize_plane(plane, mean.size());
                mean.values_mut().iter_mut().zip(plane.values()).for_each(|(mean, p)| *mean += p / count);
            });
        }
        means
    }

    /// At the member's input size.
    fn planes(&self, member: &Trained, images: &[RgbImage], views: Views) -> Vec<Plane<f32>> {
        let plan = &member.plan;
        let small = images.par_iter().map(|image| resize_image(image, plan.input_px as u32));
        let small: Vec<RgbImage> = small.collect();
        let predicted = |images: Vec<RgbImage>| {
            let samples: Vec<Sample> = images.into_iter().map(unknown).collect();
            predict(&member.network, &samples, (&plan.train, &self.device))
        };
        if views == Views::AsIs {
            return predicted(small);
        }
        let mirrored = predicted(small.par_iter().map(imageops::flip_horizontal).collect());
        predicted(small).iter().zip(&mirrored).map(|(plane, mirrored)| mean_of_views(plane, mirrored)).collect()
    }

    /// The mask of probabilities at an image's own size; islands that are removed keep their share of the image.
    pub fn mask(&self, probability: &Plane<f32>) -> Mask {
        let plan = &self.members[0].plan;
        let (width, height) = probability.size();
        let grown = (width * height) as f64 / (plan.input_px * plan.input_px) as f64;
        let min_island_px = (f64::from(plan.postprocess.min_island_px) * grown).round() as u32;
        super::predicted_mask(probability, &PostProcess { min_island_px, ..plan.postprocess.clone() })
    }
}

fn member(run: &RunDir, device: &Device) -> Result<Trained, TrainError> {
    let plan = run.plan()?;
    if plan.task != Task::Segmentation || matches!(plan.model, ModelConfig::MaskMlp(_)) {
        return Err(refused(&run.name(), "says a class, not a mask; expected a segmentation"));
    }
    Trained::open(run, device)
}

fn unknown(image: RgbImage) -> Sample {
    let reference = Mask::filled(image.width() as usize, image.height() as usize, false);
    Sample::new(String::new(), String::new(), image, reference)
}

fn mean_of_views(plane: &Plane<f32>, mirrored: &Plane<f32>) -> Plane<f32> {
    let (width, height) = plane.size();
    let at = |plane: &Plane<f32>, x: usize, y: usize| plane.get(x, y).copied().unwrap_or_default();
    Plane::from_fn(width, height, |x, y| 0.5 * (at(plane, x, y) + at(mirrored, width - 1 - x, y)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirrored_view_is_mirrored_back() {
        let plane = Plane::new(3, 1, vec![0.0, 0.5, 1.0]).expect("a row");
        let mirrored = Plane::new(3, 1, vec![0.5, 0.25, 0.0]).expect("a row");
        assert_eq!(mean_of_views(&plane, &mirrored).values(), [0.0, 0.375, 0.75]);
    }
}
