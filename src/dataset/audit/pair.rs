//! From a candidate to a verdict, and to what the report says of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::agreement::{Agreement, agreement};
use super::candidate::Candidate;
use super::case::Examined;
use super::map::Map;
use crate::dataset::Case;

/// How two images are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairKind {
    /// The decoded pixels are identical.
    Exact,
    /// The same frame: cropped, mirrored, resized, of another contrast, or with text and calipers.
    SameFrame,
    /// Another frame of the same sweep: the same lesion and anatomy, other speckle.
    NeighbourFrame,
}

impl PairKind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            PairKind::Exact => "exact",
            PairKind::SameFrame => "same-frame",
            PairKind::NeighbourFrame => "neighbour-frame",
        }
    }
}

/// Two cases that are related, with the evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The earlier case.
    pub first: String,
    /// The later case.
    pub other: String,
    /// The verdict.
    pub kind: PairKind,
    /// Median over blocks of 20 × 20 px of the correlation of the fine structure, −1..=1. Same frame: ≥ 0.945, or ≥ 0.6
    /// where `anatomy` is ≥ 0.9875.
    pub speckle: f32,
    /// The same of the coarse structure. Neighbouring frame: ≥ 0.25, by five keypoints.
    pub anatomy: f32,
    /// Share of the smaller image that both show, 0..=1.
    pub overlap: f32,
    /// Keypoints that agree on the map; 0 where identical pixels were found without any.
    pub keypoints: usize,
    /// From pixels of `first` to pixels of `other`: `x ↦ scale_x · x + shift_x`, likewise `y`; a negative scale mirrors.
    pub map: Map,
    /// DSC of the two references where both images show something; `None` if a reference is empty.
    pub mask_dsc: Option<f32>,
}

/// A verdict by the places of the cases.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) first: usize,
    pub(super) other: usize,
    pub(super) kind: PairKind,
    pub(super) agreement: Agreement,
    pub(super) keypoints: usize,
}

/// Pairs of images whose decoded pixels are identical, in their order: smooth ones have no keypoints to be found by.
pub(super) fn identical(examined: &[Examined]) -> Vec<Found> {
    let mut places: BTreeMap<[u8; 32], Vec<usize>> = BTreeMap::new();
    for (place, own) in examined.iter().enumerate() {
        own.frame.iter().for_each(|frame| places.entry(frame.digest).or_default().push(place));
    }
    let pair = |(first, other)| {
        let (kind, agreement) = (PairKind::Exact, Agreement::IDENTICAL);
        Found { first, other, kind, agreement, keypoints: 0 }
    };
    let pairs = places.values().flat_map(|places| {
        places.iter().enumerate().flat_map(|(i, first)| places[i + 1..].iter().map(|other| (*first, *other)))
    });
    pairs.map(pair).collect()
}

/// Registers and judges a candidate; `None` if the images are not related.
pub(super) fn compare(examined: &[Examined], candidate: &Candidate) -> Option<Found> {
    let (first, other) = (examined[candidate.first].frame.as_ref()?, examined[candidate.other].frame.as_ref()?);
    let agreement = agreement(&first.values(), &other.values(), candidate.map);
    let kind = if first.digest == other.digest { PairKind::Exact } else { agreement.verdict(candidate.matches)? };
    let Candidate { first, other, matches: keypoints, .. } = *candidate;
    Some(Found { first, other, kind, agreement, keypoints })
}

impl Found {
    /// Whether both show one frame.
    pub(super) fn is_duplicate(&self) -> bool {
        self.kind != PairKind::NeighbourFrame
    }

    pub(super) fn report(&self, cases: &[Case], examined: &[Examined]) -> Pair {
        let frames = (&examined[self.first].frame, &examined[self.other].frame);
        let (Some(first), Some(other)) = frames else { unreachable!("only decoded images are compared") };
        let rounded = |value: f32| (value * 1000.0).round() / 1000.0;
        Pair {
            first: cases[self.first].id.clone(),
            other: cases[self.other].id.clone(),
            kind: self.kind,
            speckle: rounded(self.agreement.fine),
            anatomy: rounded(self.agreement.coarse),
            overlap: rounded(self.agreement.overlap),
            keypoints: self.keypoints,
            map: self.agreement.map.between_scales(first.scale, other.scale),
            mask_dsc: self.mask_dsc(examined).map(rounded),
        }
    }

    /// DSC of the references on the grid of the first image; `None` if one is empty, or both are where they meet.
    pub(super) fn mask_dsc(&self, examined: &[Examined]) -> Option<f32> {
        let reference = |i: usize| examined[i].frame.as_ref()?.reference.as_ref();
        let (reference, there) = (reference(self.first)?, reference(self.other)?);
        let (mut both, mut sum) = (0usize, 0usize);
        for y in 0..reference.height() {
            for x in 0..reference.width() {
                let (u, v) = self.agreement.map.apply(x as f32, y as f32);
                if !(u >= 0.0 && v >= 0.0) {
                    continue;
                }
                let Some(there) = there.get(u.round() as usize, v.round() as usize) else { continue };
                let own = reference.values()[y * reference.width() + x];
                both += usize::from(own && *there);
                sum += usize::from(own) + usize::from(*there);
            }
        }
        (sum > 0).then(|| 2.0 * both as f32 / sum as f32)
    }
}

impl Map {
    /// The map between images of which both are scaled to a working size: (`x`, `y`) by `first` and by `other`.
    fn between_scales(&self, first: (f32, f32), other: (f32, f32)) -> Self {
        Self {
            scale_x: self.scale_x * first.0 / other.0,
            shift_x: self.shift_x / other.0,
            scale_y: self.scale_y * first.1 / other.1,
            shift_y: self.shift_y / other.1,
        }
    }
}
