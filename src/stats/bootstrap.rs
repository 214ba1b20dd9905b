//! The bootstrap over subjects, and the BCa interval of the mean.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::Serialize;

use super::distribution::{normal_cdf, normal_quantile};
use super::sample::{Total, quantile_of_sorted};
use super::{Interval, Level, Sample, finite};

/// How often, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Resampling {
    /// Random resamples, or random signs of [`sign_flip`](super::sign_flip()).
    pub resamples: usize,
    /// The same seed gives the same numbers on any number of threads.
    pub seed: u64,
}

impl Default for Resampling {
    fn default() -> Self {
        Self { resamples: 9_999, seed: 0 }
    }
}

/// What a BCa interval is made of. With several cases of a subject, subjects are drawn with all their cases.
#[derive(Clone, Debug, PartialEq)]
pub struct Bootstrap {
    /// Mean over cases of the sample.
    pub estimate: f64,
    /// `a = Σ(θ̄ − θ₋ᵢ)³ / (6·(Σ(θ̄ − θ₋ᵢ)²)^1.5)`, where θ₋ᵢ is the mean without subject i and θ̄ the mean of those.
    pub acceleration: f64,
    /// Mean over cases of each resample, in the order in which they were drawn.
    pub distribution: Vec<f64>,
}

impl Bootstrap {
    /// Resamples `sample`; `None` with fewer than two subjects, without resamples, or if all subjects have one mean.
    pub fn of(sample: &Sample, resampling: Resampling) -> Option<Self> {
        if sample.subjects() < 2 || !sample.varies() || resampling.resamples == 0 {
            return None;
        }
        let totals = sample.totals();
        let distribution = resampled(totals.len(), resampling, |weights| weighted_mean(&totals, weights));
        Some(Self {
            estimate: finite(weighted_mean(&totals, &vec![1.0; totals.len()]))?,
            acceleration: acceleration(&totals)?,
            distribution: distribution.into_iter().map(finite).collect::<Option<_>>()?,
        })
    }

    /// Resamples a statistic that is no mean: `of` how often each of `subjects` counts, `None` where it is undefined.
    /// Resamples in which it is undefined are left out. `None` as for [`of`](Self::of), or if the sample has no value.
    pub fn of_statistic(
        subjects: usize,
        resampling: Resampling,
        of: impl Fn(&[f64]) -> Option<f64> + Sync,
    ) -> Option<Self> {
        if subjects < 2 || resampling.resamples == 0 {
            return None;
        }
        let without = |left_out: usize| {
            let weights: Vec<f64> = (0..subjects).map(|i| if i == left_out { 0.0 } else { 1.0 }).collect();
            of(&weights)
        };
        let without: Vec<f64> = (0..subjects).filter_map(without).collect();
        let distribution: Vec<f64> = resampled(subjects, resampling, &of).into_iter().flatten().collect();
        let estimate = of(&vec![1.0; subjects])?;
        (!distribution.is_empty()).then_some(Self { estimate, acceleration: skew(&without)?, distribution })
    }

    /// The bias-corrected and accelerated interval: quantiles α₁, α₂ of the distribution with
    ///
    /// `αⱼ = Φ(z₀ + (z₀ + zⱼ)/(1 − a·(z₀ + zⱼ)))`, `z₀ = Φ⁻¹(share of the distribution below the estimate)`,
    ///
    /// where a resample equal to the estimate counts one half, and z₁ = −z₂ is the normal quantile of (1 − level)/2.
    /// `None` if every resample lies on one side of the estimate. Its ends stay within the range of the values;
    /// [`Summary`](super::Summary) says how often it holds the true mean.
    ///
    /// Source: Efron 1987, *Better bootstrap confidence intervals*; the conventions for ties and quantiles are those of
    /// `scipy.stats.bootstrap(method="BCa")`, with which it agrees on the same distribution.
    pub fn bca(&self, level: Level) -> Option<Interval> {
        let count = |holds: &dyn Fn(f64) -> bool| self.distribution.iter().filter(|mean| holds(**mean)).count();
        let below = count(&|mean| mean < self.estimate) + count(&|mean| mean <= self.estimate);
        let bias = normal_quantile(below as f64 / (2 * self.distribution.len()) as f64)?;
        let mut sorted = self.distribution.clone();
        sorted.sort_by(f64::total_cmp);
        let end = |z: f64| {
            let shrink = 1.0 - self.acceleration * (bias + z);
            let share = normal_cdf(bias + (bias + z) / shrink)?;
            (shrink > 0.0).then(|| quantile_of_sorted(&sorted, share))? // beyond the pole the order of ends reverses
        };
        let z = normal_quantile(level.upper())?;
        Some(Interval { low: end(-z)?, high: end(z)? })
    }
}

/// `statistic` of how often each subject was drawn, once a resample: `subjects` draws with replacement.
pub(super) fn resampled<T: Send>(
    subjects: usize,
    resampling: Resampling,
    statistic: impl Fn(&[f64]) -> T + Sync,
) -> Vec<T> {
    let draw = |weights: &mut Vec<f64>, stream: usize| {
        let mut rng = stream_of(resampling.seed, stream);
        weights.fill(0.0);
        for _ in 0..subjects {
            // biased by less than subjects / 2³²
            let drawn = (u64::from(rng.next_u32()) * subjects as u64) >> 32;
            weights[drawn as usize] += 1.0;
        }
        statistic(weights)
    };
    (0..resampling.resamples).into_par_iter().with_min_len(64).map_init(|| vec![0.0; subjects], draw).collect()
}

/// A generator for each resample, so that no thread waits for, or depends on, another's draws.
pub(super) fn stream_of(seed: u64, stream: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream as u64);
    rng
}

/// Equal weights give equal floats, so a resample that is the sample itself ties with the estimate exactly.
fn weighted_mean(totals: &[Total], weights: &[f64]) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (total, weight) in totals.iter().zip(weights) {
        sum += weight * total.sum;
        count += weight * total.count;
    }
    sum / count
}

fn acceleration(totals: &[Total]) -> Option<f64> {
    let (sum, count) = totals.iter().fold((0.0, 0.0), |(s, c), total| (s + total.sum, c + total.count));
    skew(&totals.iter().map(|total| (sum - total.sum) / (count - total.count)).collect::<Vec<_>>())
}

/// See [`Bootstrap::acceleration`].
fn skew(without: &[f64]) -> Option<f64> {
    let middle = without.iter().sum::<f64>() / without.len() as f64;
    let (mut squares, mut cubes) = (0.0, 0.0);
    for mean in without {
        squares += (middle - mean).powi(2);
        cubes += (middle - mean).powi(3);
    }
    finite(cubes / (6.0 * f64::powf(squares, 1.5)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Resampling = Resampling { resamples: 500, seed: 3 };

    fn sample(values: &[f64]) -> Sample {
        Sample::independent(values).expect("finite")
    }

    #[test]
    fn without_bias_and_acceleration_bca_is_the_percentile_interval() {
        let distribution: Vec<f64> = (0..=1000).map(f64::from).collect();
        let bootstrap = Bootstrap { estimate: 500.0, acceleration: 0.0, distribution };
        let interval = bootstrap.bca(Level::P95).expect("defined");
        assert!((interval.low - 25.0).abs() < 1e-9 && (interval.high - 975.0).abs() < 1e-9, "{interval:?}");
    }

    #[test]
    fn acceleration_of_0_0_3_by_hand() {
        // means without one: 3/2, 3/2, 0, middle 1; deviations −1/2, −1/2, 1: cubes 3/4, squares 3/2
        let expected = 0.75 / (6.0 * 1.5f64.powf(1.5));
        let found = Bootstrap::of(&sample(&[0.0, 0.0, 3.0]), FEW).expect("varies").acceleration;
        assert!((found - expected).abs() < 1e-15, "{found} {expected}");
    }

    #[test]
    fn a_seed_gives_the_same_numbers_on_any_number_of_threads() {
        let sample = sample(&[0.1, 0.7, 0.4, 0.9, 0.3]);
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| Bootstrap::of(&sample, FEW))
        };
        assert_eq!(on(1), on(3));
        assert_ne!(on(1), Bootstrap::of(&sample, Resampling { seed: 4, ..FEW }));
    }

    #[test]
    fn a_subject_is_drawn_with_all_its_cases() {
        // two subjects of means 0 and 1: a resample is one of them twice, or both
        let blocks = Sample::of([("a", 0.0), ("a", 0.0), ("a", 0.0), ("b", 1.0)]).expect("finite");
        let bootstrap = Bootstrap::of(&blocks, FEW).expect("varies");
        assert!(bootstrap.distribution.iter().all(|mean| [0.0, 0.25, 1.0].contains(mean)));
        let both = bootstrap.distribution.iter().filter(|mean| **mean == 0.25).count();
        assert!((200..300).contains(&both), "{both} of 500, expected half");
    }

    #[test]
    fn what_does_not_vary_has_no_bootstrap() {
        for values in [&[][..], &[1.0], &[0.1; 9]] {
            assert_eq!(Bootstrap::of(&sample(values), FEW), None);
        }
        assert_eq!(Bootstrap::of(&sample(&[0.0, 1.0]), Resampling { resamples: 0, seed: 0 }), None);
        let one_sided = Bootstrap { estimate: 2.0, acceleration: 0.0, distribution: vec![0.0, 1.0] };
        assert_eq!(one_sided.bca(Level::P95), None);
    }
}
