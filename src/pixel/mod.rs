//! Classifiers that judge each pixel by hand-made features: the traditional methods that P1 names.
//! One file each; all answer with a probability and are trained on the same kind of sample.
//! Knows images and masks; not burn, not runs.
//! Weak spot: one pixel knows nothing of the shape around it beyond its 23×23 window.

mod feature;
mod forest;
mod knn;
mod points;
mod sample;
mod svm;

use image::RgbImage;

pub use feature::{FEATURES, features};
pub use forest::{Forest, ForestConfig};
pub use knn::{Knn, KnnConfig};
pub use sample::{PixelSample, Scale, Standardised};
pub use svm::{Svm, SvmConfig};

use crate::plane::{Mask, Plane};

/// What every pixel classifier's configuration can do.
pub trait PixelConfig {
    /// What is wrong with the numbers, if anything.
    fn check(&self) -> Result<(), String>;

    /// How many pixels it is trained on, half of them tumour.
    fn pixels(&self) -> usize;

    /// Trains on `sample`; a pure function of it and `seed`.
    fn fit(&self, sample: &PixelSample, seed: u64) -> Result<Box<dyn PixelClassifier>, PixelError>;
}

/// A trained classifier of single pixels.
pub trait PixelClassifier: Send + Sync {
    /// Probability of tumour, 0..=1, of every pixel.
    fn predict(&self, pixels: &[Standardised]) -> Vec<f32>;
}

/// Why a pixel classifier cannot be trained.
#[derive(Debug, thiserror::Error)]
pub enum PixelError {
    /// Only one kind of pixel.
    #[error("the training images hold {tumour} tumour and {background} background pixels; expected both")]
    OneClass {
        /// Tumour pixels seen.
        tumour: usize,
        /// Background pixels seen.
        background: usize,
    },
    /// The solver gave up.
    #[error("the solver failed: {0}")]
    Solver(String),
}

/// A trained classifier with the scale of its features.
pub struct PixelModel {
    scale: Scale,
    classifier: Box<dyn PixelClassifier>,
}

impl PixelModel {
    /// Trains on a balanced sample of the images' pixels; a pure function of the images and `seed`.
    pub fn fit(config: &dyn PixelConfig, cases: &[(&RgbImage, &Mask)], seed: u64) -> Result<Self, PixelError> {
        let (sample, scale) = PixelSample::draw(cases, config.pixels(), seed)?;
        Ok(Self { scale, classifier: config.fit(&sample, seed)? })
    }

    /// Probability of tumour for every pixel.
    pub fn predict(&self, image: &RgbImage) -> Plane<f32> {
        let pixels: Vec<Standardised> = features(image).iter().map(|pixel| self.scale.apply(pixel)).collect();
        let values = self.classifier.predict(&pixels);
        Plane::new(image.width() as usize, image.height() as usize, values).expect("one probability per pixel")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    pub(super) fn dark_disc(centre: f64) -> (RgbImage, Mask) {
        let inside = |x: f64, y: f64| (x - centre).hypot(y - 16.0) < 8.0;
        let image =
            RgbImage::from_fn(32, 32, |x, y| Rgb([if inside(f64::from(x), f64::from(y)) { 40 } else { 180 }; 3]));
        (image, Mask::from_fn(32, 32, |x, y| inside(x as f64, y as f64)))
    }

    fn all() -> [(&'static str, Box<dyn PixelConfig>); 3] {
        [
            ("svm", Box::new(SvmConfig { pixels: 200, ..SvmConfig::default() })),
            ("random-forest", Box::new(ForestConfig { pixels: 200, ..ForestConfig::default() })),
            ("knn", Box::new(KnnConfig { pixels: 200, ..KnnConfig::default() })),
        ]
    }

    #[test]
    fn each_finds_a_dark_disc_at_a_new_place() {
        let cases = [dark_disc(10.0), dark_disc(20.0)];
        let (image, reference) = dark_disc(15.0);
        for (name, config) in all() {
            let model = PixelModel::fit(&*config, &cases.each_ref().map(|(i, m)| (i, m)), 1).expect("both classes");
            let probability = model.predict(&image);
            assert!(probability.values().iter().all(|p| (0.0..=1.0).contains(p)), "{name}");
            let dsc = crate::metric::Confusion::of(&probability.map(|&p| p > 0.5), &reference).and_then(|c| c.dsc());
            assert!(dsc.expect("not empty") > 0.9, "{name}: {dsc:?}");
        }
    }

    #[test]
    fn each_is_a_pure_function_of_images_and_seed() {
        let cases = [dark_disc(10.0), dark_disc(20.0)];
        let cases = cases.each_ref().map(|(i, m)| (i, m));
        let (image, _) = dark_disc(15.0);
        for (name, config) in all() {
            let predict = |seed| PixelModel::fit(&*config, &cases, seed).expect("both classes").predict(&image);
            assert_eq!(predict(1), predict(1), "{name}");
            assert_ne!(predict(1), predict(2), "{name}");
        }
    }

    #[test]
    fn images_without_tumour_are_refused() {
        let (image, _) = dark_disc(10.0);
        let empty = Mask::filled(32, 32, false);
        let error = PixelModel::fit(&SvmConfig::default(), &[(&image, &empty)], 1).err();
        assert!(matches!(error, Some(PixelError::OneClass { tumour: 0, .. })));
    }
}
