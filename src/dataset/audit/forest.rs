//! Approximate nearest neighbours among many descriptors: k-d trees that split at random among the dimensions that vary
//! most; what one tree separates another keeps together.
//!
//! Source: Silpa-Anan, Hartley, Optimised KD-trees for fast image descriptor matching, CVPR 2008.
//! Choice: one leaf a tree and no back-tracking. Pairs share dozens of keypoints; that many need not all be found.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::descriptor::{Descriptor, LENGTH};

const TREES: u64 = 8;
/// Most descriptors of a leaf.
const LEAF: usize = 40;
/// The split is drawn among so many dimensions of the largest variance.
const WIDEST: usize = 6;
/// Descriptors that the variance is estimated from.
const SAMPLE: usize = 128;

/// Trees over a list of descriptors, which the caller keeps.
pub(super) struct Forest(Vec<Tree>);

struct Tree {
    nodes: Vec<Node>,
    /// Descriptor numbers, leaf after leaf.
    order: Vec<u32>,
}

enum Node {
    Split { dimension: u8, at: u8, right: u32 },
    Leaf { start: u32, end: u32 },
}

impl Forest {
    /// Trees over `descriptors`: the same ones give the same trees.
    pub(super) fn grow(descriptors: &[Descriptor]) -> Self {
        Self((0..TREES).into_par_iter().map(|seed| Tree::grow(descriptors, seed)).collect())
    }

    /// Numbers of the descriptors that share a leaf with `query`, sorted, each once.
    pub(super) fn near(&self, query: &Descriptor, found: &mut Vec<u32>) {
        found.clear();
        for tree in &self.0 {
            found.extend_from_slice(tree.leaf(query));
        }
        found.sort_unstable();
        found.dedup();
    }
}

impl Tree {
    fn grow(descriptors: &[Descriptor], seed: u64) -> Self {
        let mut tree = Self { nodes: Vec::new(), order: (0..descriptors.len() as u32).collect() };
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        tree.split(descriptors, (0, descriptors.len()), &mut random);
        tree
    }

    /// Appends the subtree over `order[range]`; the left one follows its parent.
    fn split(&mut self, descriptors: &[Descriptor], (start, end): (usize, usize), random: &mut ChaCha8Rng) {
        let own = self.nodes.len();
        self.nodes.push(Node::Leaf { start: start as u32, end: end as u32 });
        if end - start <= LEAF {
            return;
        }
        let (dimension, at) = plane(descriptors, &self.order[start..end], random);
        let members = &mut self.order[start..end];
        members.sort_unstable_by_key(|&i| descriptors[i as usize][dimension]);
        let left = members.partition_point(|&i| descriptors[i as usize][dimension] < at);
        if left == 0 || left == members.len() {
            // no descriptor varies enough: equal ones, which a leaf may keep together
            return;
        }
        self.split(descriptors, (start, start + left), random);
        let right = self.nodes.len() as u32;
        self.nodes[own] = Node::Split { dimension: dimension as u8, at, right };
        self.split(descriptors, (start + left, end), random);
    }

    fn leaf(&self, query: &Descriptor) -> &[u32] {
        let mut node = 0;
        loop {
            match self.nodes[node] {
                Node::Leaf { start, end } => return &self.order[start as usize..end as usize],
                Node::Split { dimension, at, .. } if query[dimension as usize] < at => node += 1,
                Node::Split { right, .. } => node = right as usize,
            }
        }
    }
}

/// A dimension among those that vary most, and the mean in it.
fn plane(descriptors: &[Descriptor], members: &[u32], random: &mut ChaCha8Rng) -> (usize, u8) {
    let step = members.len().div_ceil(SAMPLE);
    let sample: Vec<&Descriptor> = members.iter().step_by(step).map(|&i| &descriptors[i as usize]).collect();
    let n = sample.len() as f32;
    let mut spread: Vec<(usize, f32, f32)> = (0..LENGTH)
        .map(|dimension| {
            let values = sample.iter().map(|descriptor| f32::from(descriptor[dimension]));
            let mean = values.clone().sum::<f32>() / n;
            (dimension, mean, values.map(|value| (value - mean).powi(2)).sum::<f32>() / n)
        })
        .collect();
    spread.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
    let (dimension, mean, _) = spread[random.next_u32() as usize % WIDEST];
    (dimension, mean.ceil() as u8)
}
