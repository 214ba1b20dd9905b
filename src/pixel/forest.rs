//! A random forest.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{FEATURES, PixelClassifier, PixelConfig, PixelError, PixelSample, Standardised};
use crate::config::within;

/// A tree that separates one pixel at a time would otherwise end the stack.
const DEEPEST: usize = 200;

/// Numbers of a [`Forest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ForestConfig {
    /// Pixels that it is trained on, half of them tumour.
    pub pixels: usize,
    /// Trees.
    pub trees: usize,
    /// Features that each split chooses from; 4 ≈ √18, Breiman's and scikit-learn's default for classification.
    pub features_per_split: usize,
    /// Pixels that a leaf holds at least.
    pub min_leaf: usize,
}

impl Default for ForestConfig {
    fn default() -> Self {
        Self { pixels: 20_000, trees: 100, features_per_split: 4, min_leaf: 1 }
    }
}

/// Trees on bootstrap samples, each split the best of a few random features by Gini impurity; the probability is the mean
/// over the trees of the tumour share in the pixel's leaf.
///
/// Source: P1 §1 (random forest); Breiman 2001. Probabilities as scikit-learn's `RandomForestClassifier`.
/// Choice: own trees. linfa-ensemble draws features once a tree instead of once a split, votes by label alone, sweeps the
/// whole sample at every node, and cannot be seeded without a second version of `rand`.
pub struct Forest(Vec<Tree>);

impl PixelConfig for ForestConfig {
    fn check(&self) -> Result<(), String> {
        within("model.pixels", self.pixels as f64, 20.0, 1e6)?;
        within("model.trees", self.trees as f64, 1.0, 10_000.0)?;
        within("model.features_per_split", self.features_per_split as f64, 1.0, FEATURES.len() as f64)?;
        within("model.min_leaf", self.min_leaf as f64, 1.0, self.pixels as f64)
    }

    fn pixels(&self) -> usize {
        self.pixels
    }

    fn fit(&self, sample: &PixelSample, seed: u64) -> Result<Box<dyn PixelClassifier>, PixelError> {
        let tree = |number: usize| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(number as u64);
            Tree::grow(self, sample, rng)
        };
        Ok(Box::new(Forest((0..self.trees).into_par_iter().map(tree).collect())))
    }
}

impl PixelClassifier for Forest {
    fn predict(&self, pixels: &[Standardised]) -> Vec<f32> {
        let mean = |pixel: &Standardised| {
            self.0.iter().map(|tree| f64::from(tree.share(pixel))).sum::<f64>() / self.0.len() as f64
        };
        pixels.par_iter().map(|pixel| mean(pixel) as f32).collect()
    }
}

/// A node; the left child of a split is the next one.
#[derive(Clone, Copy)]
enum Node {
    /// Left where `feature ≤ threshold`.
    Split { feature: u32, threshold: f32, right: u32 },
    /// Tumour share.
    Leaf(f32),
}

struct Tree(Vec<Node>);

impl Tree {
    fn grow(config: &ForestConfig, sample: &PixelSample, mut rng: ChaCha8Rng) -> Self {
        let n = sample.labels.len() as u64;
        let mut rows: Vec<u32> = (0..n).map(|_| (rng.next_u64() % n) as u32).collect();
        let mut grower = Grower { config, sample, rng, nodes: Vec::new(), column: Vec::new() };
        grower.node(&mut rows, 0);
        Self(grower.nodes)
    }

    fn share(&self, pixel: &Standardised) -> f32 {
        let mut place = 0;
        loop {
            match self.0[place] {
                Node::Leaf(share) => return share,
                Node::Split { feature, threshold, .. } if pixel[feature as usize] <= threshold => place += 1,
                Node::Split { right, .. } => place = right as usize,
            }
        }
    }
}

struct Grower<'a> {
    config: &'a ForestConfig,
    sample: &'a PixelSample,
    rng: ChaCha8Rng,
    nodes: Vec<Node>,
    /// One feature's values with their labels.
    column: Vec<(f32, bool)>,
}

impl Grower<'_> {
    /// The tree of `rows`, left before right.
    fn node(&mut self, rows: &mut [u32], depth: usize) {
        let tumour = rows.iter().filter(|&&row| self.sample.labels[row as usize]).count();
        let pure = tumour == 0 || tumour == rows.len();
        let split = if pure || depth == DEEPEST { None } else { self.best_split(rows) };
        let Some((feature, threshold)) = split else {
            self.nodes.push(Node::Leaf(tumour as f32 / rows.len() as f32));
            return;
        };
        let own = self.nodes.len();
        self.nodes.push(Node::Split { feature: feature as u32, threshold, right: 0 });
        let middle = partition(rows, |row| self.sample.pixels[row as usize][feature] <= threshold);
        let (left, right) = rows.split_at_mut(middle);
        self.node(left, depth + 1);
        let place = self.nodes.len() as u32;
        if let Node::Split { right, .. } = &mut self.nodes[own] {
            *right = place;
        }
        self.node(right, depth + 1);
    }

    /// Feature and threshold; `None` if the rows are all the same. Features that cannot split do not count as tried.
    fn best_split(&mut self, rows: &[u32]) -> Option<(usize, f32)> {
        let mut best: Option<(f64, usize, f32)> = None;
        let mut features: [usize; FEATURES.len()] = std::array::from_fn(|i| i);
        let mut tried = 0;
        for i in 0..features.len() {
            if tried == self.config.features_per_split {
                break;
            }
            let other = i + (self.rng.next_u64() % (features.len() - i) as u64) as usize;
            features.swap(i, other);
            let Some((purity, threshold)) = self.best_threshold(rows, features[i]) else { continue };
            tried += 1;
            if best.is_none_or(|(highest, ..)| purity > highest) {
                best = Some((purity, features[i], threshold));
            }
        }
        best.map(|(_, feature, threshold)| (feature, threshold))
    }

    /// The threshold between two values that leaves the least Gini impurity, with `Σ (tumour² + background²) / n` over
    /// its two sides, which is the larger the less impure they are.
    fn best_threshold(&mut self, rows: &[u32], feature: usize) -> Option<(f64, f32)> {
        let of = |&row: &u32| (self.sample.pixels[row as usize][feature], self.sample.labels[row as usize]);
        self.column.clear();
        self.column.extend(rows.iter().map(of));
        self.column.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let total = self.column.iter().filter(|(_, tumour)| *tumour).count();
        let side = |tumour: usize, n: usize| {
            let (tumour, n) = (tumour as f64, n as f64);
            (tumour * tumour + (n - tumour) * (n - tumour)) / n
        };
        let (mut best, mut tumour) = (None, 0);
        for (left, pair) in (1..).zip(self.column.windows(2)) {
            tumour += usize::from(pair[0].1);
            let right = rows.len() - left;
            if pair[0].0 == pair[1].0 || left.min(right) < self.config.min_leaf {
                continue;
            }
            let purity = side(tumour, left) + side(total - tumour, right);
            if best.is_none_or(|(highest, _)| purity > highest) {
                let middle = pair[0].0 / 2.0 + pair[1].0 / 2.0;
                // rounded up, the middle would let the right one in
                best = Some((purity, if middle < pair[1].0 { middle } else { pair[0].0 }));
            }
        }
        best
    }
}

/// Brings the rows that are `left` to the front; how many they are.
fn partition(rows: &mut [u32], left: impl Fn(u32) -> bool) -> usize {
    let mut middle = 0;
    for place in 0..rows.len() {
        if left(rows[place]) {
            rows.swap(place, middle);
            middle += 1;
        }
    }
    middle
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixel(a: f32, b: f32) -> Standardised {
        std::array::from_fn(|i| {
            if i == 0 {
                a
            } else if i == 1 {
                b
            } else {
                0.0
            }
        })
    }

    #[test]
    fn the_best_threshold_leaves_the_least_impurity() {
        // 1 1 | 0 0 1: left pure; right 2 of 3 background: 2 + (1 + 4) / 3
        let pixels = [(-2.0, true), (-1.0, true), (1.0, false), (2.0, false), (3.0, true)];
        let sample = PixelSample {
            pixels: pixels.iter().map(|p| pixel(p.0, 0.0)).collect(),
            labels: pixels.iter().map(|p| p.1).collect(),
        };
        let config = ForestConfig::default();
        let rng = ChaCha8Rng::seed_from_u64(0);
        let mut grower = Grower { config: &config, sample: &sample, rng, nodes: Vec::new(), column: Vec::new() };
        let (purity, threshold) = grower.best_threshold(&[4, 0, 3, 1, 2], 0).expect("five values");
        assert!((purity - (2.0 + 5.0 / 3.0)).abs() < 1e-12 && threshold == 0.0, "{purity} {threshold}");
        assert_eq!(grower.best_threshold(&[0, 1, 2, 3, 4], 1), None);
        assert_eq!(grower.best_split(&[0, 1, 2, 3, 4]), Some((0, 0.0)));
    }

    #[test]
    fn two_features_that_only_together_tell_are_learnt() {
        let corners: Vec<(f32, f32)> = (0..400).map(|i| ((i % 20) as f32 - 9.5, (i / 20) as f32 - 9.5)).collect();
        let sample = PixelSample {
            pixels: corners.iter().map(|&(a, b)| pixel(a, b)).collect(),
            labels: corners.iter().map(|&(a, b)| (a > 0.0) != (b > 0.0)).collect(),
        };
        let forest = ForestConfig::default().fit(&sample, 7).expect("no solver");
        let right =
            forest.predict(&sample.pixels).iter().zip(&sample.labels).filter(|(p, l)| (**p > 0.5) == **l).count();
        assert!(right >= 396, "{right} of 400");
    }

    #[test]
    fn a_leaf_keeps_at_least_as_many_pixels_as_it_must() {
        let sample = PixelSample {
            pixels: (0..40).map(|i| pixel(i as f32, 0.0)).collect(),
            labels: (0..40).map(|i| i % 2 == 0).collect(),
        };
        let config = ForestConfig { trees: 1, min_leaf: 20, ..ForestConfig::default() };
        let tree = Tree::grow(&config, &sample, ChaCha8Rng::seed_from_u64(1));
        assert!(tree.0.len() <= 3, "{} nodes", tree.0.len());
    }
}
