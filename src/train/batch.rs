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
use crate::dataset::fold::shuffle;
use crate::loss::Truth;
use crate::metric::signed_distance;
use crate::plane::{Mask, Plane};
use crate::spec::Augment;

/// Batches that wait for the training step.
const AHEAD: usize = 2;

/// Images and what they are held against, in plain memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    size: usize,
    side: usize,
    images: Vec<f32>,
    target: Vec<f32>,
    distance: Vec<f32>,
    edge: Vec<f32>,
}

impl Batch {
    /// From samples as they are.
    pub fn of(samples: &[&Sample]) -> Self {
        let none = Augment::default();
        Self::augmented(samples, &none, &vec![0; samples.len()])
    }

    /// From samples changed as `augment` says, each by its own seed.
    fn augmented(samples: &[&Sample], augment: &Augment, seeds: &[u64]) -> Self {
        let prepared: Vec<Prepared> =
            samples.par_iter().zip(seeds).map(|(sample, &seed)| Prepared::of(sample, augment, seed)).collect();
        let join = |part: fn(&Prepared) -> &Vec<f32>| prepared.iter().flat_map(part).copied().collect();
        Self {
            size: samples.len(),
            side: samples.first().map_or(0, |s| s.reference.width()),
            images: join(|p| &p.image),
            target: join(|p| &p.target),
            distance: join(|p| &p.distance),
            edge: join(|p| &p.edge),
        }
    }

    /// How many images.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Images `[B, 3, H, W]`, each with mean 0 and standard deviation 1.
    pub fn images(&self, device: &Device) -> Tensor<4> {
        let shape = [self.size, 3, self.side, self.side];
        Tensor::from_data(TensorData::new(self.images.clone(), shape), device)
    }

    /// Reference, distance and edge, each `[B, 1, H, W]`.
    pub fn truth(&self, device: &Device) -> Truth {
        let map = |values: &[f32]| {
            let shape = [self.size, 1, self.side, self.side];
            Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
        };
        Truth { target: map(&self.target), distance: map(&self.distance), edge: map(&self.edge) }
    }
}

/// One image's part of a batch.
struct Prepared {
    image: Vec<f32>,
    target: Vec<f32>,
    distance: Vec<f32>,
    edge: Vec<f32>,
}

impl Prepared {
    fn of(sample: &Sample, augment: &Augment, seed: u64) -> Self {
        let moved = Movement::draw(augment, sample.reference.width(), seed);
        let (image, reference) = moved.apply(&sample.image, &sample.reference);
        let truth = |mask: &Mask| mask.values().iter().map(|&set| f32::from(u8::from(set))).collect();
        let distance = signed_distance(&reference)
            .map_or_else(|| vec![0.0; reference.values().len()], |plane| plane.values().to_vec());
        Self { image: normalise(&image), target: truth(&reference), distance, edge: truth(&edge(&reference)) }
    }
}

/// Where each pixel of an augmented image comes from.
struct Movement {
    mirror_x: bool,
    mirror_y: bool,
    shift: (isize, isize),
}

impl Movement {
    fn draw(augment: &Augment, side: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut coin = |wanted: bool| rng.next_u32() & 1 == 1 && wanted;
        let (mirror_x, mirror_y) = (coin(augment.flip_horizontal), coin(augment.flip_vertical));
        let reach = (augment.shift * side as f64).floor() as u64;
        let mut offset = || (rng.next_u64() % (2 * reach + 1)) as isize - reach as isize;
        Self { mirror_x, mirror_y, shift: (offset(), offset()) }
    }

    fn apply(&self, image: &RgbImage, reference: &Mask) -> (RgbImage, Mask) {
        let (width, height) = reference.size();
        let from = |place: usize, shift: isize, mirror: bool, n: usize| {
            let moved = (place as isize + shift).clamp(0, n as isize - 1) as usize;
            if mirror { n - 1 - moved } else { moved }
        };
        let source = |x: usize, y: usize| {
            (from(x, self.shift.0, self.mirror_x, width), from(y, self.shift.1, self.mirror_y, height))
        };
        let moved_image = RgbImage::from_fn(width as u32, height as u32, |x, y| {
            let (x, y) = source(x as usize, y as usize);
            *image.get_pixel(x as u32, y as u32)
        });
        let moved_reference = Mask::from_fn(width, height, |x, y| {
            let (x, y) = source(x, y);
            reference.get(x, y) == Some(&true)
        });
        (moved_image, moved_reference)
    }
}

/// Channel planes; mean 0 and standard deviation 1 over all channels together; a flat image becomes 0.
fn normalise(image: &RgbImage) -> Vec<f32> {
    let raw = image.as_raw();
    let n = raw.len() as f64;
    let mean = raw.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let variance = raw.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n;
    let scale = 1.0 / variance.sqrt().max(1.0);
    (0..3).flat_map(|c| raw.iter().skip(c).step_by(3)).map(|&v| ((f64::from(v) - mean) * scale) as f32).collect()
}

/// The mask minus its 3×3 erosion; outside the image counts as background.
/// Choice: P2's edges were drawn by hand.
fn edge(mask: &Mask) -> Mask {
    let set = |x: isize, y: isize| x >= 0 && y >= 0 && mask.get(x as usize, y as usize) == Some(&true);
    Plane::from_fn(mask.width(), mask.height(), |x, y| {
        let (x, y) = (x as isize, y as isize);
        let inner = (-1..=1).all(|dy| (-1..=1).all(|dx| set(x + dx, y + dy)));
        set(x, y) && !inner
    })
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
        let maker = scope.spawn(move || {
            for places in order(samples.len(), plan.seed, epoch).chunks(plan.train.batch) {
                let chosen: Vec<&Sample> = places.iter().map(|&i| &samples[i]).collect();
                let seeds: Vec<u64> =
                    places.iter().map(|&i| mix(&[plan.seed, u64::from(epoch), i as u64, 0x6175_676d])).collect();
                // The training ended early: nobody waits for more.
                if send.send(Batch::augmented(&chosen, &plan.train.augment, &seeds)).is_err() {
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
    use image::Rgb;

    fn sample() -> Sample {
        let reference = Mask::from_fn(8, 8, |x, y| (2..6).contains(&x) && (1..5).contains(&y));
        let image =
            RgbImage::from_fn(8, 8, |x, y| Rgb([if reference.values()[(y * 8 + x) as usize] { 200 } else { 20 }; 3]));
        Sample { case: "a".into(), subject: "a".into(), image, reference }
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
        let all: Vec<Batch> = (0..20).map(|seed| Batch::augmented(&[&sample], &augment, &[seed])).collect();
        assert!(all.iter().any(|b| b.target != all[0].target), "twenty seeds, one movement");
        for batch in all {
            for (value, target) in batch.images.iter().zip(&batch.target) {
                assert_eq!(*value > 0.5, *target > 0.5);
            }
        }
    }

    #[test]
    fn an_image_has_mean_0_and_sd_1() {
        let values = Batch::of(&[&sample()]).images;
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / values.len() as f32).sqrt();
        assert!(mean.abs() < 1e-5 && (sd - 1.0).abs() < 1e-5, "{mean} {sd}");
    }

    #[test]
    fn the_edge_of_a_4_by_4_square_is_its_12_outer_pixels() {
        assert_eq!(edge(&sample().reference).area_px(), 12);
    }

    #[test]
    fn distance_is_negative_inside_only() {
        let batch = Batch::of(&[&sample()]);
        for (distance, target) in batch.distance.iter().zip(&batch.target) {
            assert_eq!(*distance <= 0.0, *target > 0.5);
        }
    }
}
