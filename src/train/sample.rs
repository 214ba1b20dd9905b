//! Cases at the network's size, decoded once and kept.

use std::sync::{Arc, OnceLock};

use image::RgbImage;
use rayon::prelude::*;

use super::{Cache, TrainError};
use crate::dataset::fold::Split;
use crate::dataset::read::{resize_image, resize_mask};
use crate::dataset::{Case, Dataset};
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

    /// Memory of a sample with all its maps: three bytes of image, one of reference and four of each map a pixel.
    pub fn bytes(input_px: usize) -> usize {
        input_px * input_px * (4 + 4 * ReferenceMap::COUNT)
    }
}

/// A training case: held in memory, or fetched from the cache or its files whenever it is wanted.
#[derive(Debug)]
pub enum Stored {
    /// In memory.
    Held(Arc<Sample>),
    /// Beyond the memory that the cache allows.
    Outside {
        /// Where its pixels come from.
        case: Case,
        /// Columns and rows.
        input_px: usize,
        /// Where they are kept meanwhile.
        cache: Arc<Cache>,
    },
}

impl Stored {
    /// The case at the network's size; an error if neither the cache nor its files can be read.
    pub fn sample(&self) -> Result<Arc<Sample>, TrainError> {
        match self {
            Self::Held(sample) => Ok(sample.clone()),
            Self::Outside { case, input_px, cache } => match cache.read(&case.id, *input_px) {
                Some((image, reference)) => {
                    Ok(Arc::new(Sample::new(case.id.clone(), case.subject.clone(), image, reference)))
                }
                None => fetch(case, *input_px, cache),
            },
        }
    }

    /// Decoded, and held if the cache allows.
    fn new(case: &Case, input_px: usize, cache: &Arc<Cache>) -> Result<Self, TrainError> {
        if cache.hold(Sample::bytes(input_px)) {
            return Ok(Self::Held(Arc::new(sample(case, input_px)?)));
        }
        fetch(case, input_px, cache)?;
        Ok(Self::Outside { case: case.clone(), input_px, cache: cache.clone() })
    }
}

/// Decodes `case` and keeps it in the cache's folder.
fn fetch(case: &Case, input_px: usize, cache: &Cache) -> Result<Arc<Sample>, TrainError> {
    let sample = sample(case, input_px)?;
    cache.write(&sample.case, &sample.image, &sample.reference);
    Ok(Arc::new(sample))
}

/// The three parts of a split.
#[derive(Debug)]
pub struct Samples {
    /// Fitted to.
    pub train: Vec<Stored>,
    /// Chooses the epoch; held in memory, as its predictions are.
    pub valid: Vec<Sample>,
    /// Scored at the end; held in memory.
    pub test: Vec<Sample>,
}

impl Samples {
    /// The training part, all of it in memory.
    pub fn held(&self) -> Result<Vec<Arc<Sample>>, TrainError> {
        self.train.par_iter().map(Stored::sample).collect()
    }
}

/// Decodes and resizes every case of `split`; the first unreadable one is the error. `cache` bounds the training part.
pub fn load(dataset: &Dataset, split: &Split, input_px: usize, cache: Cache) -> Result<Samples, TrainError> {
    let cache = Arc::new(cache);
    let held = |cases: Vec<&Case>| -> Result<Vec<Sample>, TrainError> {
        cases.into_par_iter().map(|case| sample(case, input_px)).collect()
    };
    let train = cases(dataset, split.train())?;
    Ok(Samples {
        train: train.into_par_iter().map(|case| Stored::new(case, input_px, &cache)).collect::<Result<_, _>>()?,
        valid: held(cases(dataset, split.valid())?)?,
        test: held(cases(dataset, split.test())?)?,
    })
}

fn cases<'d, 's>(dataset: &'d Dataset, ids: impl Iterator<Item = &'s str>) -> Result<Vec<&'d Case>, TrainError> {
    let case =
        |id: &str| dataset.case(id).ok_or_else(|| TrainError::Refused(format!("the data set has no case \"{id}\"")));
    ids.map(case).collect()
}

fn sample(case: &Case, input_px: usize) -> Result<Sample, TrainError> {
    let pixels = case.pixels()?;
    let image = resize_image(&pixels.image, input_px as u32);
    let reference = resize_mask(&pixels.reference, input_px);
    Ok(Sample::new(case.id.clone(), case.subject.clone(), image, reference))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::PhantomKind;
    use crate::dataset::phantom;

    /// Forty cases of 64² px are ten times what a cache for four holds: four are held, the others come from disk, and all
    /// are what they would be without a cap.
    #[test]
    fn memory_is_bounded_on_a_set_ten_times_the_cache() {
        let cases = phantom::cases(PhantomKind::BreastUs, 3, 40, 1, 48);
        let dir = tempfile::tempdir().expect("a folder");
        let cache = Arc::new(Cache::of(4 * Sample::bytes(64) + 1, Some(dir.path().join("cache"))));
        let stored: Vec<Stored> =
            cases.par_iter().map(|case| Stored::new(case, 64, &cache).expect("a phantom")).collect();
        let held = stored.iter().filter(|one| matches!(one, Stored::Held(_))).count();
        assert_eq!((held, cache.held_bytes()), (4, 4 * Sample::bytes(64)));
        let files = || std::fs::read_dir(dir.path().join("cache")).expect("made").flatten().map(|f| f.path());
        assert_eq!(files().count(), 36);
        std::fs::write(files().next().expect("a file"), b"torn").expect("damaged");
        std::fs::remove_file(files().last().expect("a file")).expect("removed");
        for (case, one) in cases.iter().zip(&stored) {
            let (kept, fresh) = (one.sample().expect("read"), sample(case, 64).expect("drawn"));
            assert!(kept.image == fresh.image && kept.reference == fresh.reference, "{}", case.id);
        }
        assert_eq!(cache.held_bytes(), 4 * Sample::bytes(64));
        assert_eq!(files().count(), 36, "what was damaged is written anew");
    }
}
