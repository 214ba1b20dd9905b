//! From samples to tensors: order, augmentation, normalisation, and the maps that losses need.
//! All a pure function of seed, epoch and place; computed ahead of the training step on other threads.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::ScopedJoinHandle;

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::{Sample, mix};
use crate::dataset::Normalise;
use crate::dataset::fold::shuffle;
use crate::loss::{ReferenceMap, Truth, edge};
use crate::plane::Plane;
use crate::spec::Augment;

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
        let moved: Vec<_> = samples.iter().map(|&sample| (sample, Movement::NONE)).collect();
        Self::moved(&moved, maps, normalise)
    }

    /// From samples, each moved in its own way.
    fn moved(samples: &[(&Sample, Movement)], maps: &[ReferenceMap], normalise: Normalise) -> Self {
        let prepare = |(sample, movement): &(&Sample, Movement)| Prepared::of(sample, movement, maps, normalise);
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

    /// How many images.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Normalised images `[B, 3, H, W]`.
    pub fn images(&self, device: &Device) -> Tensor<4> {
        let shape = [self.size, 3, self.side, self.side];
        Tensor::from_data(TensorData::new(self.images.clone(), shape), device)
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

/// One image's part of a batch.
struct Prepared {
    image: Vec<f32>,
    target: Vec<f32>,
    edge: Vec<f32>,
    maps: Vec<Vec<f32>>,
}

impl Prepared {
    fn of(sample: &Sample, movement: &Movement, maps: &[ReferenceMap], normalise: Normalise) -> Self {
        if let Some(malignant) = sample.malignant {
            let target = vec![f32::from(u8::from(malignant))];
            let image = normalise.apply(&movement.image(&sample.image));
            return Self { image, edge: target.clone(), target, maps: Vec::new() };
        }
        let reference = movement.plane(&sample.reference);
        // A mirrored mask has the mirrored map; a shift brings parts of the mask in or out.
        let map = |map: &ReferenceMap| match movement.only_mirrors() {
            true => movement.plane(sample.map(*map)),
            false => map.of(&reference),
        };
        Self {
            image: normalise.apply(&movement.image(&sample.image)),
            target: reference.indicator().values().to_vec(),
            edge: edge(&reference).indicator().values().to_vec(),
            maps: maps.iter().map(|m| map(m).values().to_vec()).collect(),
        }
    }
}

/// Where each pixel of an augmented image comes from.
struct Movement {
    mirror_x: bool,
    mirror_y: bool,
    shift: (isize, isize),
}

impl Movement {
    const NONE: Self = Self { mirror_x: false, mirror_y: false, shift: (0, 0) };

    fn draw(augment: &Augment, side: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut coin = |wanted: bool| rng.next_u32() & 1 == 1 && wanted;
        let (mirror_x, mirror_y) = (coin(augment.flip_horizontal), coin(augment.flip_vertical));
        let reach = (augment.shift * side as f64).floor() as u64;
        let mut offset = || (rng.next_u64() % (2 * reach + 1)) as isize - reach as isize;
        Self { mirror_x, mirror_y, shift: (offset(), offset()) }
    }

    fn only_mirrors(&self) -> bool {
        self.shift == (0, 0)
    }

    fn plane<T: Clone>(&self, plane: &Plane<T>) -> Plane<T> {
        let size = plane.size();
        Plane::from_fn(size.0, size.1, |x, y| {
            let (x, y) = self.source((x, y), size);
            plane.values()[y * size.0 + x].clone()
        })
    }

    fn image(&self, image: &RgbImage) -> RgbImage {
        let size = (image.width() as usize, image.height() as usize);
        RgbImage::from_fn(image.width(), image.height(), |x, y| {
            let (x, y) = self.source((x as usize, y as usize), size);
            *image.get_pixel(x as u32, y as u32)
        })
    }

    /// Column and row that the pixel at (x, y) comes from.
    fn source(&self, (x, y): (usize, usize), (width, height): (usize, usize)) -> (usize, usize) {
        let from = |place: usize, shift: isize, mirror: bool, n: usize| {
            let moved = (place as isize + shift).clamp(0, n as isize - 1) as usize;
            if mirror { n - 1 - moved } else { moved }
        };
        (from(x, self.shift.0, self.mirror_x, width), from(y, self.shift.1, self.mirror_y, height))
    }
}

/// Places of `n` samples in epoch `epoch` (from 1).
pub fn order(n: usize, seed: u64, epoch: u32) -> Vec<usize> {
    let mut places: Vec<usize> = (0..n).collect();
    shuffle(&mut places, mix(&[seed, u64::from(epoch), 0x6f72_6465]));
    places
}

/// An epoch's batches, made ahead on another thread.
pub struct Batches<'scope> {
    ready: Receiver<Batch>,
    _maker: ScopedJoinHandle<'scope, ()>,
}

impl<'scope> Batches<'scope> {
    /// Batches of epoch `epoch` in its order; the last one may be smaller.
    pub fn start<'env: 'scope>(
        scope: &'scope std::thread::Scope<'scope, 'env>,
        samples: &'env [Sample],
        plan: &'env crate::plan::RunPlan,
        epoch: u32,
    ) -> Self {
        let (send, ready) = sync_channel(AHEAD);
        let maps = plan.loss.maps();
        let maker = scope.spawn(move || {
            for places in order(samples.len(), plan.seed, epoch).chunks(plan.train.batch) {
                let moved = |&i: &usize| {
                    let seed = mix(&[plan.seed, u64::from(epoch), i as u64, 0x6175_676d]);
                    (&samples[i], Movement::draw(&plan.train.augment, samples[i].reference.width(), seed))
                };
                let chosen: Vec<(&Sample, Movement)> = places.iter().map(moved).collect();
                // The training ended early: nobody waits for more.
                if send.send(Batch::moved(&chosen, &maps, plan.train.normalise)).is_err() {
                    return;
                }
            }
        });
        Self { ready, _maker: maker }
    }
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        self.ready.recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Mask;
    use image::Rgb;

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
    fn image_and_mask_move_together() {
        let sample = sample();
        let augment = Augment { flip_horizontal: true, flip_vertical: true, shift: 0.25 };
        let moved = |seed| Batch::moved(&[(&sample, Movement::draw(&augment, 8, seed))], &[], Normalise::ZScore);
        let all: Vec<Batch> = (0..20).map(moved).collect();
        assert!(all.iter().any(|b| b.target != all[0].target), "twenty seeds, one movement");
        for batch in all {
            for (value, target) in batch.images.iter().zip(&batch.target) {
                assert_eq!(*value > 0.5, *target > 0.5);
            }
        }
    }

    #[test]
    fn the_maps_of_a_batch_are_those_of_its_moved_masks() {
        const MAPS: [ReferenceMap; 2] = [ReferenceMap::Distance, ReferenceMap::LocalMean];
        let sample = sample();
        let mut mirrored = 0;
        for (seed, shift) in (0..40).map(|seed| (seed, if seed % 2 == 0 { 0.0 } else { 0.25 })) {
            let augment = Augment { flip_horizontal: true, flip_vertical: true, shift };
            let movement = Movement::draw(&augment, 8, seed);
            mirrored += usize::from(movement.only_mirrors());
            let batch = Batch::moved(&[(&sample, movement)], &MAPS, Normalise::ZScore);
            let mask = Mask::new(8, 8, batch.target.iter().map(|&v| v == 1.0).collect()).expect("64 values");
            assert_eq!(batch.edge, edge(&mask).indicator().values());
            for (map, values) in batch.maps {
                assert_eq!(values, map.of(&mask).values(), "{map:?} seed {seed}");
            }
        }
        assert!((20..40).contains(&mirrored), "{mirrored} of 40 only mirrored");
    }
}
