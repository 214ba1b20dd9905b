//! From samples to tensors: order, augmentation, normalisation, and the maps that losses need.
//! All a pure function of seed, epoch and place; computed ahead of the training step on other threads.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::{Sample, Stored, TrainError, mix};
use crate::augment::Recipe;
use crate::dataset::Normalise;
use crate::dataset::fold::shuffle;
use crate::loss::{ReferenceMap, Truth, edge};
use crate::native;
use crate::plan::RunPlan;

/// Batches that wait for the training step.
const AHEAD: usize = 2;

/// Images and what they are held against, in plain memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    size: usize,
    side: usize,
    target_side: usize,
    images: Vec<f32>,
    target: Vec<f32>,
    edge: Vec<f32>,
    maps: Vec<(ReferenceMap, Vec<f32>)>,
}

impl Batch {
    /// From samples as they are, with `maps` of their references.
    pub fn of(samples: &[&Sample], maps: &[ReferenceMap], normalise: Normalise) -> Self {
        let unchanged: Vec<_> = samples.iter().map(|&sample| (sample, Recipe::NONE)).collect();
        Self::changed(&unchanged, maps, normalise)
    }

    /// From samples, each changed in its own way.
    fn changed(samples: &[(&Sample, Recipe)], maps: &[ReferenceMap], normalise: Normalise) -> Self {
        let prepare = |(sample, recipe): &(&Sample, Recipe)| Prepared::of(sample, recipe, maps, normalise);
        let prepared: Vec<Prepared> = samples.par_iter().map(prepare).collect();
        let join = |part: &dyn Fn(&Prepared) -> &Vec<f32>| prepared.iter().flat_map(part).copied().collect();
        Self {
            size: samples.len(),
            side: samples.first().map_or(0, |(sample, _)| sample.reference.width()),
            target_side: samples.first().map_or(0, |(sample, _)| sample.target_side()),
            images: join(&|p| &p.image),
            target: join(&|p| &p.target),
            edge: join(&|p| &p.edge),
            maps: maps.iter().enumerate().map(|(i, &map)| (map, join(&|p| &p.maps[i]))).collect(),
        }
    }

    /// On `device`.
    pub fn load(&self, device: &Device) -> LoadedBatch {
        LoadedBatch { size: self.size, images: self.images(device), truth: self.truth(device) }
    }

    /// How many images.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Normalised images `[B, 3, H, W]`.
    pub fn images(&self, device: &Device) -> Tensor<4> {
        let shape = [self.size, 3, self.side, self.side];
        native::arranged(Tensor::from_data(TensorData::new(self.images.clone(), shape), device))
    }

    /// Reference, edge and maps, each `[B, 1, H, W]`; classes `[B, 1, 1, 1]` where they are asked.
    pub fn truth(&self, device: &Device) -> Truth {
        let tensor = |values: &[f32]| {
            let shape = [self.size, 1, self.target_side, self.target_side];
            Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
        };
        let truth = Truth::new(tensor(&self.target), tensor(&self.edge));
        self.maps.iter().fold(truth, |truth, (map, values)| truth.with(*map, tensor(values)))
    }
}

/// A batch where the network is.
#[derive(Clone, Debug)]
pub struct LoadedBatch {
    /// How many images.
    pub size: usize,
    /// Normalised images `[B, 3, H, W]`.
    pub images: Tensor<4>,
    /// What they are held against.
    pub truth: Truth,
}

/// One image's part of a batch.
struct Prepared {
    image: Vec<f32>,
    target: Vec<f32>,
    edge: Vec<f32>,
    maps: Vec<Vec<f32>>,
}

impl Prepared {
    fn of(sample: &Sample, recipe: &Recipe, maps: &[ReferenceMap], normalise: Normalise) -> Self {
        if let Some(malignant) = sample.malignant {
            let target = vec![f32::from(u8::from(malignant))];
            let (image, _) = recipe.apply(&sample.image, &sample.reference);
            return Self { image: normalise.apply(&image), edge: target.clone(), target, maps: Vec::new() };
        }
        let (image, reference) = recipe.apply(&sample.image, &sample.reference);
        // A mirrored mask has the mirrored map; other movements bring parts of the mask in or out.
        let map = |map: &ReferenceMap| match recipe.only_mirrors() {
            true => recipe.mirrored(sample.map(*map)),
            false => map.of(&reference),
        };
        Self {
            image: normalise.apply(&image),
            target: reference.indicator().values().to_vec(),
            edge: edge(&reference).indicator().values().to_vec(),
            maps: maps.iter().map(|m| map(m).values().to_vec()).collect(),
        }
    }
}

/// Places of `n` samples in epoch `epoch` (from 1).
pub fn order(n: usize, seed: u64, epoch: u32) -> Vec<usize> {
    let mut places: Vec<usize> = (0..n).collect();
    shuffle(&mut places, mix(&[seed, u64::from(epoch), 0x6f72_6465]));
    places
}

/// An epoch's batches, made and brought to the device ahead on another thread.
pub struct Batches<'scope> {
    ready: Receiver<Result<LoadedBatch, TrainError>>,
    waited: Duration,
    _maker: ScopedJoinHandle<'scope, ()>,
}

impl<'scope> Batches<'scope> {
    /// Batches of epoch `epoch` in its order, on `device`; the last one may be smaller.
    pub fn start<'env: 'scope>(
        scope: &'scope std::thread::Scope<'scope, 'env>,
        samples: &'env [Stored],
        (plan, device): (&'env RunPlan, Device),
        epoch: u32,
    ) -> Self {
        let (send, ready) = sync_channel(AHEAD);
        let maker = scope.spawn(move || {
            for places in order(samples.len(), plan.seed, epoch).chunks(plan.train.batch) {
                let batch = made(samples, plan, epoch, places).map(|batch| batch.load(&device));
                let broken = batch.is_err();
                // The training ended early: nobody waits for more.
                if send.send(batch).is_err() || broken {
                    return;
                }
            }
        });
        Self { ready, waited: Duration::ZERO, _maker: maker }
    }

    /// How long the taker of batches has waited so far.
    pub fn waited(&self) -> Duration {
        self.waited
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<LoadedBatch, TrainError>;

    fn next(&mut self) -> Option<Self::Item> {
        let began = Instant::now();
        let batch = self.ready.recv().ok();
        self.waited += began.elapsed();
        batch
    }
}

/// The batch of the samples at `places`, each changed as seed, epoch and place have it.
fn made(samples: &[Stored], plan: &RunPlan, epoch: u32, places: &[usize]) -> Result<Batch, TrainError> {
    let fetched = places.par_iter().map(|&i| samples[i].sample()).collect::<Result<Vec<_>, _>>()?;
    let recipe = |case: &str| Recipe::draw(&plan.train.augment, plan.input_px, seed(plan.seed, epoch, case));
    let chosen: Vec<(&Sample, Recipe)> = fetched.iter().map(|sample| (&**sample, recipe(&sample.case))).collect();
    Ok(Batch::changed(&chosen, &plan.loss.maps(), plan.train.normalise))
}

/// Of a case's augmentation in an epoch: the same whatever other cases are trained on.
fn seed(run: u64, epoch: u32, case: &str) -> u64 {
    let name: Vec<u64> = case.bytes().map(u64::from).collect();
    mix(&[run, u64::from(epoch), mix(&name), 0x6175_676d])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{Augment, Preset};
    use crate::plane::Mask;
    use image::{Rgb, RgbImage};

    fn sample() -> Sample {
        let reference = Mask::from_fn(8, 8, |x, y| (2..6).contains(&x) && (1..5).contains(&y));
        let image =
            RgbImage::from_fn(8, 8, |x, y| Rgb([if reference.values()[(y * 8 + x) as usize] { 200 } else { 20 }; 3]));
        Sample::new("a".into(), "a".into(), image, reference)
    }

    #[test]
    fn an_order_is_a_permutation_that_epochs_change_and_seeds_repeat() {
        let mut places = order(50, 1, 1);
        assert_eq!(places, order(50, 1, 1));
        assert_ne!(places, order(50, 1, 2));
        assert_ne!(places, order(50, 2, 1));
        places.sort_unstable();
        assert_eq!(places, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn cases_epochs_and_runs_are_augmented_each_in_its_way() {
        let seeds: Vec<u64> =
            [(1, 1, "a"), (2, 1, "a"), (1, 2, "a"), (1, 1, "b"), (1, 1, "ab"), (1, 1, "ba"), (1, 1, "")]
                .map(|(run, epoch, case)| seed(run, epoch, case))
                .to_vec();
        for (i, one) in seeds.iter().enumerate() {
            assert!(!seeds[..i].contains(one), "{seeds:?}");
        }
        assert_eq!(seed(1, 1, "a"), seeds[0]);
    }

    #[test]
    fn image_and_mask_move_together() {
        let sample = sample();
        let augment = Augment { flip_horizontal: true, flip_vertical: true, shift: 0.25, ..Augment::default() };
        let moved = |seed| Batch::changed(&[(&sample, Recipe::draw(&augment, 8, seed))], &[], Normalise::ZScore);
        let all: Vec<Batch> = (0..20).map(moved).collect();
        assert!(all.iter().any(|b| b.target != all[0].target), "twenty seeds, one movement");
        for batch in all {
            for (value, target) in batch.images.iter().zip(&batch.target) {
                assert_eq!(*value > 0.5, *target > 0.5);
            }
        }
    }

    #[test]
    fn a_batch_is_the_same_bytes_whatever_the_number_of_threads() {
        let sample = sample();
        let augment = Preset::named("p2").expect("a preset");
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let chosen: Vec<_> = (0..24).map(|seed| (&sample, Recipe::draw(&augment, 8, seed))).collect();
            pool.install(|| Batch::changed(&chosen, &[ReferenceMap::Distance], Normalise::ZScore))
        };
        let alone = on(1);
        for threads in [2, 5] {
            let shared = on(threads);
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&shared.images), bits(&alone.images), "{threads} threads");
            assert_eq!((&shared.target, &shared.edge, &shared.maps), (&alone.target, &alone.edge, &alone.maps));
        }
    }

    #[test]
    fn the_maps_of_a_batch_are_those_of_its_moved_masks() {
        const MAPS: [ReferenceMap; 2] = [ReferenceMap::Distance, ReferenceMap::LocalMean];
        let sample = sample();
        let mut mirrored = 0;
        for (seed, shift) in (0..40).map(|seed| (seed, if seed % 2 == 0 { 0.0 } else { 0.25 })) {
            let augment = Augment { flip_horizontal: true, flip_vertical: true, shift, ..Augment::default() };
            let recipe = Recipe::draw(&augment, 8, seed);
            mirrored += usize::from(recipe.only_mirrors());
            let batch = Batch::changed(&[(&sample, recipe)], &MAPS, Normalise::ZScore);
            let mask = Mask::new(8, 8, batch.target.iter().map(|&v| v == 1.0).collect()).expect("64 values");
            assert_eq!(batch.edge, edge(&mask).indicator().values());
            for (map, values) in batch.maps {
                assert_eq!(values, map.of(&mask).values(), "{map:?} seed {seed}");
            }
        }
        assert!((20..40).contains(&mirrored), "{mirrored} of 40 only mirrored");
    }
}
