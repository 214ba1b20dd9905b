//! Pairs of images that may show the same frame: several keypoints look alike and agree on one map between the images.
//! Knows nothing of what the rest of the images looks like; that is for [`super::agreement`].

use std::collections::BTreeMap;

use super::Progress;
use super::case::Examined;
use super::descriptor::{Descriptor, Flip, descriptor, mirrored, squared_distance};
use super::forest::Forest;
use super::keypoint::{Keypoint, keypoints, octaves};
use super::map::Map;
use crate::plane::Plane;

/// Largest squared distance of two descriptors that look alike; unit length is 512.
const ALIKE: u32 = 220 * 220;
/// Least keypoints that agree on a map.
const LEAST_MATCHES: usize = 4;
/// How far from where the map puts it a keypoint may lie, in pixels and in σ of its scale.
const TOLERANCE_PX: f32 = 3.0;
const TOLERANCE_SIGMAS: f32 = 1.5;
/// Largest ratio of sizes between two copies.
const LARGEST_SCALE: f32 = 3.0;
/// Most maps that are tried for a pair and a flip.
const TRIED: usize = 60;

/// Keypoints of an image and how they look.
#[derive(Default)]
pub(super) struct Features {
    keypoints: Vec<Keypoint>,
    descriptors: Vec<Descriptor>,
}

/// Two images that agree on a map, by their places in the list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) first: usize,
    pub(super) other: usize,
    /// From pixels of `first` to pixels of `other`.
    pub(super) map: Map,
    /// Keypoints that agree on it.
    pub(super) matches: usize,
}

impl Features {
    /// Keypoints of an image; none where it is flat.
    pub(super) fn of(image: &Plane<f32>) -> Self {
        let octaves = octaves(image);
        let described = keypoints(&octaves).into_iter().map(|found| (found.keypoint, descriptor(&octaves, &found)));
        let (keypoints, descriptors) = described.filter(|(_, d)| d.iter().any(|v| *v > 0)).unzip();
        Self { keypoints, descriptors }
    }
}

/// Pairs `first < other` of the images, the best map of each, in their order.
pub(super) fn candidates(examined: &[Examined], progress: &Progress) -> Vec<Candidate> {
    let images: Vec<&Features> = examined.iter().map(|own| &own.features).collect();
    let owned = |(i, own): (usize, &&Features)| (0..own.descriptors.len()).map(move |at| (i, at)).collect::<Vec<_>>();
    let owner: Vec<(usize, usize)> = images.iter().enumerate().flat_map(owned).collect();
    let all: Vec<Descriptor> = images.iter().flat_map(|own| own.descriptors.iter().copied()).collect();
    let forest = Forest::grow(&all);
    let index = Index { images: &images, owner, all: &all, forest };
    let first: Vec<usize> = (0..images.len()).collect();
    super::counted("looking for pairs", &first, progress, |&first| index.candidates_of(first)).concat()
}

struct Index<'a> {
    images: &'a [&'a Features],
    /// Image and place in it of each descriptor.
    owner: Vec<(usize, usize)>,
    all: &'a [Descriptor],
    forest: Forest,
}

/// Places in two images that look alike.
#[derive(Clone, Copy)]
struct Match {
    first: Keypoint,
    other: Keypoint,
}

impl Index<'_> {
    fn candidates_of(&self, first: usize) -> Vec<Candidate> {
        let mut best: BTreeMap<usize, Candidate> = BTreeMap::new();
        for flip in Flip::ALL {
            for (other, matches) in self.matches(first, flip) {
                let Some((map, matches)) = fit(&matches, flip) else { continue };
                if best.get(&other).is_none_or(|known| known.matches < matches) {
                    best.insert(other, Candidate { first, other, map, matches });
                }
            }
        }
        best.into_values().collect()
    }

    fn matches(&self, first: usize, flip: Flip) -> BTreeMap<usize, Vec<Match>> {
        let own = self.images[first];
        let mut matches: BTreeMap<usize, Vec<Match>> = BTreeMap::new();
        let mut near = Vec::new();
        for (keypoint, descriptor) in own.keypoints.iter().zip(&own.descriptors) {
            let query = mirrored(descriptor, flip);
            self.forest.near(&query, &mut near);
            for &i in near.iter() {
                let (other, at) = self.owner[i as usize];
                if other > first && squared_distance(&query, &self.all[i as usize]) <= ALIKE {
                    let place = self.images[other].keypoints[at];
                    matches.entry(other).or_default().push(Match { first: *keypoint, other: place });
                }
            }
        }
        matches.retain(|_, matches| matches.len() >= LEAST_MATCHES);
        matches
    }
}

/// The map that most matches agree on, and how many places of the first image do.
fn fit(matches: &[Match], flip: Flip) -> Option<(Map, usize)> {
    let step = matches.len().div_ceil(TRIED);
    let tried = matches.iter().step_by(step).filter_map(|own| Map::of_match(own.first, own.other, flip));
    let scored = tried.map(|map| (map, agreeing(&map, matches)));
    let (mut map, mut agree) = scored.max_by_key(|(_, agree)| agree.len())?;
    for _ in 0..3 {
        let Some(fitted) = Map::fitted(&agree.iter().map(|m| (m.first, m.other)).collect::<Vec<_>>()) else { break };
        if !fitted.is_plausible(LARGEST_SCALE) {
            break;
        }
        let again = agreeing(&fitted, matches);
        if again.len() < agree.len() {
            break;
        }
        (map, agree) = (fitted, again);
    }
    (agree.len() >= LEAST_MATCHES && map.is_plausible(LARGEST_SCALE)).then_some((map, agree.len()))
}

/// Matches that the map agrees with, one for each place of either image.
fn agreeing(map: &Map, matches: &[Match]) -> Vec<Match> {
    let mut agreeing: Vec<Match> = Vec::new();
    for own in matches {
        let (x, y) = map.apply(own.first.x, own.first.y);
        let near = (x - own.other.x).hypot(y - own.other.y) <= TOLERANCE_PX + TOLERANCE_SIGMAS * own.other.sigma;
        let ratio = own.other.sigma / own.first.sigma / map.scale();
        let apart = |a: Keypoint, b: Keypoint| (a.x - b.x).hypot(a.y - b.y) > 2.0;
        let new = agreeing.iter().all(|m| apart(m.first, own.first) && apart(m.other, own.other));
        if near && (0.66..1.5).contains(&ratio) && new {
            agreeing.push(*own);
        }
    }
    agreeing
}
