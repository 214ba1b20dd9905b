//! Cases at the network's size, decoded once and kept.

use std::sync::{Arc, OnceLock};

use image::RgbImage;
use rayon::prelude::*;

use super::{Cache, TrainError};
use crate::dataset::fold::{Split, original};
use crate::dataset::read::{resize_image, resize_mask};
use crate::dataset::{Case, Class, Dataset, Decoder};
use crate::loss::ReferenceMap;
use crate::metric::Task;
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
        source: Source,
        /// Columns and rows.
        input_px: usize,
        /// Where they are kept meanwhile.
        cache: Arc<Cache>,
    },
}

/// A case of the data set under its name in the split, with what is asked of it.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    case: Case,
    malignant: Option<bool>,
}

impl Source {
    fn sample(&self, image: RgbImage, reference: Mask) -> Sample {
        let malignant = self.malignant;
        Sample { malignant, ..Sample::new(self.name.clone(), self.case.subject.clone(), image, reference) }
    }

    fn decode(&self, input_px: usize, decoder: &Decoder) -> Result<Sample, TrainError> {
        let pixels = decoder.pixels(&self.case)?;
        let image = resize_image(&pixels.image, input_px as u32);
        Ok(self.sample(image, resize_mask(&pixels.reference, input_px)))
    }

    /// Decodes the case and keeps it in the cache's folder.
    fn fetch(&self, input_px: usize, (cache, decoder): (&Cache, &Decoder)) -> Result<Arc<Sample>, TrainError> {
        let sample = self.decode(input_px, decoder)?;
        cache.write(&self.name, &sample.image, &sample.reference);
        Ok(Arc::new(sample))
    }
}

impl Stored {
    /// The case at the network's size; an error if neither the cache nor its files can be read.
    pub fn sample(&self) -> Result<Arc<Sample>, TrainError> {
        match self {
            Self::Held(sample) => Ok(sample.clone()),
            Self::Outside { source, input_px, cache } => match cache.read(&source.name, *input_px) {
                Some((image, reference)) => Ok(Arc::new(source.sample(image, reference))),
                None => source.fetch(*input_px, (cache, &Decoder::default())),
            },
        }
    }

    /// Decoded, and held if the cache allows.
    fn new(source: Source, input_px: usize, (cache, decoder): (&Arc<Cache>, &Decoder)) -> Result<Self, TrainError> {
        if cache.hold(Sample::bytes(input_px)) {
            return Ok(Self::Held(Arc::new(source.decode(input_px, decoder)?)));
        }
        source.fetch(input_px, (cache, decoder))?;
        Ok(Self::Outside { source, input_px, cache: cache.clone() })
    }
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
pub fn load(
    dataset: &Dataset,
    (split, task): (&Split, Task),
    input_px: usize,
    cache: Cache,
) -> Result<Samples, TrainError> {
    let (cache, decoder) = (Arc::new(cache), Decoder::default());
    let held = |sources: Vec<Source>| -> Result<Vec<Sample>, TrainError> {
        sources.into_par_iter().map(|source| source.decode(input_px, &decoder)).collect()
    };
    let sources = |names: Vec<&str>| -> Result<Vec<Source>, TrainError> {
        names.into_iter().map(|name| source(dataset, (name, original(name, split.leak())), task)).collect()
    };
    let train = sources(split.train().collect())?;
    let stored = |source| Stored::new(source, input_px, (&cache, &decoder));
    Ok(Samples {
        train: train.into_par_iter().map(stored).collect::<Result<_, _>>()?,
        valid: held(sources(split.valid().collect())?)?,
        test: held(sources(split.test().collect())?)?,
    })
}

/// The case `id`, which the split calls `name`.
fn source(dataset: &Dataset, (name, id): (&str, &str), task: Task) -> Result<Source, TrainError> {
    let case = dataset.case(id);
    let case = case.ok_or_else(|| TrainError::Refused(format!("the data set has no case \"{name}\"")))?;
    let malignant = match (task, case.class) {
        (Task::Segmentation, _) => None,
        (Task::Classification, Class::Malignant) => Some(true),
        (Task::Classification, Class::Benign) => Some(false),
        (Task::Classification, Class::Normal | Class::Unknown) => {
            let message = format!("{name}: neither benign nor malignant; run the spec again to plan anew");
            return Err(TrainError::Refused(message));
        }
    };
    Ok(Source { name: name.to_owned(), case: case.clone(), malignant })
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
        let source = |case: &Case| Source { name: case.id.clone(), case: case.clone(), malignant: None };
        let stored: Vec<Stored> = cases
            .par_iter()
            .map(|case| Stored::new(source(case), 64, (&cache, &Decoder::default())).expect("a phantom"))
            .collect();
        let held = stored.iter().filter(|one| matches!(one, Stored::Held(_))).count();
        assert_eq!((held, cache.held_bytes()), (4, 4 * Sample::bytes(64)));
        let files = || std::fs::read_dir(dir.path().join("cache")).expect("made").flatten().map(|f| f.path());
        assert_eq!(files().count(), 36);
        std::fs::write(files().next().expect("a file"), b"torn").expect("damaged");
        std::fs::remove_file(files().last().expect("a file")).expect("removed");
        for (case, one) in cases.iter().zip(&stored) {
            let (kept, fresh) =
                (one.sample().expect("read"), source(case).decode(64, &Decoder::default()).expect("drawn"));
            assert!(kept.image == fresh.image && kept.reference == fresh.reference, "{}", case.id);
        }
        assert_eq!(cache.held_bytes(), 4 * Sample::bytes(64));
        assert_eq!(files().count(), 36, "what was damaged is written anew");
    }
}
