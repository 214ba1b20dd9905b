//! Batch norm with the statistics of the batch: per channel one pass each for mean, variance and output.
//!
//! A channel is summed by one thread in a fixed order, so the number of threads cannot change a bit.

use pulp::Arch;
use rayon::prelude::*;

const LANES: usize = 16;
/// Values summed in `f32` before the lanes are added up in `f64`.
const RUN: usize = 256 * LANES;

/// `[B, C, plane]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub channels: usize,
    /// Pixels of one plane.
    pub plane: usize,
    /// Added to the variance.
    pub epsilon: f64,
}

/// Mean and biased variance of one channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    pub mean: f32,
    pub variance: f32,
}

impl Moments {
    fn inverse_std(self, epsilon: f64) -> f32 {
        (1.0 / (f64::from(self.variance) + epsilon).sqrt()) as f32
    }
}

/// What flows back: to the images `[B, C, plane]`, to gamma and to beta `[C]`.
pub(super) struct Gradients {
    pub images: Vec<f32>,
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
}

/// `(images − mean) / √(variance + ε) · gamma + beta`, and the moments of every channel.
///
/// Shapes: images `[B, C, plane]`, gamma and beta `[C]` → `[B, C, plane]`, `[C]`.
pub(super) fn normalise(extent: Extent, images: &[f32], gamma: &[f32], beta: &[f32]) -> (Vec<f32>, Vec<Moments>) {
    let mut output = vec![0.0; images.len()];
    let moments = by_channel(extent, &mut output)
        .into_par_iter()
        .enumerate()
        .map(|(channel, targets)| {
            let sources = planes(extent, images, channel);
            let moments = moments(&sources);
            let scale = gamma[channel] * moments.inverse_std(extent.epsilon);
            let shift = beta[channel];
            for (target, source) in targets.into_iter().zip(sources) {
                map(target, source, |value| (value - moments.mean) * scale + shift);
            }
            moments
        })
        .collect();
    (output, moments)
}

/// The same by `moments` that are given.
pub(super) fn normalise_by(
    extent: Extent,
    images: &[f32],
    (gamma, beta): (&[f32], &[f32]),
    moments: &[Moments],
) -> Vec<f32> {
    let mut output = vec![0.0; images.len()];
    by_channel(extent, &mut output).into_par_iter().enumerate().for_each(|(channel, targets)| {
        let moments = moments[channel];
        let scale = gamma[channel] * moments.inverse_std(extent.epsilon);
        for (target, source) in targets.into_iter().zip(planes(extent, images, channel)) {
            map(target, source, |value| (value - moments.mean) * scale + beta[channel]);
        }
    });
    output
}

/// The gradients of [`normalise`], mean and variance being functions of the images.
///
/// With `n = (images − mean) / std` and means over the channel:
/// `images = gamma / std · (gradient − mean(gradient) − n · mean(gradient · n))`,
/// `gamma = Σ gradient · n`, `beta = Σ gradient`.
/// Source: Ioffe & Szegedy 2015, arXiv:1502.03167, section 3.
pub(super) fn backward(
    extent: Extent,
    images: &[f32],
    gradient: &[f32],
    (gamma, moments): (&[f32], &[Moments]),
) -> Gradients {
    let mut output = vec![0.0; images.len()];
    let count = (images.len() / extent.channels) as f64;
    let parameters: Vec<(f32, f32)> = by_channel(extent, &mut output)
        .into_par_iter()
        .enumerate()
        .map(|(channel, targets)| {
            let moments = moments[channel];
            let inverse_std = moments.inverse_std(extent.epsilon);
            let pairs = || planes(extent, images, channel).into_iter().zip(planes(extent, gradient, channel));
            let total: f64 = pairs().map(|(_, gradient)| sum(gradient)).sum();
            let aligned: f64 = pairs().map(|(images, gradient)| sum_aligned(images, gradient, moments.mean)).sum();
            let aligned = aligned * f64::from(inverse_std);
            let scale = gamma[channel] * inverse_std;
            let offset = (total / count) as f32;
            let slope = (aligned / count) as f32 * inverse_std;
            for (target, (images, gradient)) in targets.into_iter().zip(pairs()) {
                map2(target, (images, gradient), |value, gradient| {
                    scale * (gradient - offset - (value - moments.mean) * slope)
                });
            }
            (aligned as f32, total as f32)
        })
        .collect();
    let (gamma, beta) = parameters.into_iter().unzip();
    Gradients { images: output, gamma, beta }
}

/// The sum of all values, in a fixed order; NaN if one of them is.
pub(super) fn sum(values: &[f32]) -> f64 {
    Arch::new().dispatch(|| fold(values, values, |value, _| value))
}

fn sum_aligned(images: &[f32], gradient: &[f32], mean: f32) -> f64 {
    Arch::new().dispatch(|| fold(images, gradient, |value, gradient| (value - mean) * gradient))
}

fn moments(planes: &[&[f32]]) -> Moments {
    let count = planes.iter().map(|plane| plane.len()).sum::<usize>() as f64;
    let mean = (planes.iter().map(|plane| sum(plane)).sum::<f64>() / count) as f32;
    let deviations = planes
        .iter()
        .map(|plane| Arch::new().dispatch(|| fold(plane, plane, |value, _| (value - mean) * (value - mean))));
    Moments { mean, variance: (deviations.sum::<f64>() / count) as f32 }
}

/// `Σ term(left, right)`, by lanes over short runs in `f32`, beyond them in `f64`.
#[inline(always)]
fn fold(left: &[f32], right: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    let mut total = 0.0;
    for (left, right) in left.chunks(RUN).zip(right.chunks(RUN)) {
        let mut lanes = [0.0f32; LANES];
        let (left, left_rest) = left.as_chunks::<LANES>();
        let (right, right_rest) = right.as_chunks::<LANES>();
        for (left, right) in left.iter().zip(right) {
            for lane in 0..LANES {
                lanes[lane] += term(left[lane], right[lane]);
            }
        }
        total += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
        let rest = left_rest.iter().zip(right_rest);
        total += rest.map(|(&left, &right)| f64::from(term(left, right))).sum::<f64>();
    }
    total
}

fn map(target: &mut [f32], source: &[f32], value: impl Fn(f32) -> f32) {
    Arch::new().dispatch(|| {
        for (target, &source) in target.iter_mut().zip(source) {
            *target = value(source);
        }
    });
}

fn map2(target: &mut [f32], (left, right): (&[f32], &[f32]), value: impl Fn(f32, f32) -> f32) {
    Arch::new().dispatch(|| {
        for ((target, &left), &right) in target.iter_mut().zip(left).zip(right) {
            *target = value(left, right);
        }
    });
}

/// The planes of one channel, one per sample.
fn planes(extent: Extent, images: &[f32], channel: usize) -> Vec<&[f32]> {
    images.chunks_exact(extent.plane).skip(channel).step_by(extent.channels).collect()
}

/// The planes of every channel, one per sample.
fn by_channel(extent: Extent, images: &mut [f32]) -> Vec<Vec<&mut [f32]>> {
    let mut channels: Vec<Vec<&mut [f32]>> = Vec::new();
    channels.resize_with(extent.channels, Vec::new);
    for (index, plane) in images.chunks_exact_mut(extent.plane).enumerate() {
        channels[index % extent.channels].push(plane);
    }
    channels
}
