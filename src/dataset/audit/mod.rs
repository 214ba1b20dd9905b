//! What inflates a paper's numbers before a network is trained: the same frame twice, under two labels, with two masks;
//! masks that are empty or tiny; lesions cut off at the border; calipers and text burned into the image.
//!
//! Pairs are found in three steps. Keypoints that look alike and agree on one map between two images propose a pair
//! ([`candidate`]); registration moves the map to a fraction of a pixel ([`register`]); the speckle of the registered
//! images, compared block by block, decides ([`agreement`]). Whatever is the same for both, an analyst can do again:
//! the map and the correlations are part of the report.
//!
//! Weak spot: a copy of less than a quarter of the frame's width, or of less than some 100 px, may have too few
//! keypoints; neighbouring frames are only found if they are close enough to look alike.

mod agreement;
mod candidate;
mod case;
mod correction;
mod descriptor;
mod forest;
mod gaussian;
mod group;
mod html;
mod issue;
mod keypoint;
mod map;
mod marker;
mod pair;
mod register;
mod straddle;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::case::Examined;
pub use self::correction::corrections;
pub use self::group::Group;
pub use self::html::html;
pub use self::issue::{Issue, IssueKind};
pub use self::map::Map;
pub use self::pair::{Pair, PairKind};
pub use self::straddle::{SplitParts, Straddle, straddles};
pub use self::text::{evidence, text};
use super::{Class, Dataset, DatasetError, Decoder, Manifest, Origin};

/// Version of the JSON report.
pub const SCHEMA: u32 = 1;

/// What an audit found; as JSON, the report that programs read. Keys may be added within schema 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The data set's name.
    pub dataset: String,
    /// [`Dataset::digest`] of the cases that were looked at; `None` if a file could not be read.
    pub digest: Option<String>,
    /// Cases that were looked at, per class.
    pub cases: BTreeMap<Class, usize>,
    /// Of them, those whose class the manifest leaves out.
    pub left_out: BTreeMap<Class, usize>,
    /// Cases that show the same frame, in the order of the cases.
    pub duplicate_groups: Vec<Group>,
    /// Cases that show the same frame or a frame of the same sweep: the subjects of an honest split. Only groups that
    /// hold more than the duplicates.
    pub neighbour_groups: Vec<Group>,
    /// All that is wrong with a case, in the order of the cases.
    pub issues: Vec<Issue>,
    /// Pairs with their evidence, in the order of the cases.
    pub pairs: Vec<Pair>,
}

/// Called with what is being done, how much of it is done, and how much there is to do; from any thread.
pub type Progress<'a> = dyn Fn(&'static str, usize, usize) + Sync + 'a;

/// The data set with every class that its folder holds, and without its curation list: what an audit looks at.
pub fn whole(dataset: &Dataset) -> Result<Dataset, DatasetError> {
    let manifest = Manifest { classes: Class::ALL.to_vec(), curation: None, ..dataset.origin.manifest.clone() };
    Dataset::at(Origin { manifest, ..dataset.origin.clone() })
}

/// Looks at all cases of `whole`, see [`whole`]; a file that cannot be read is an issue, never a failure.
/// `classes` are those that the manifest trains on.
pub fn audit(whole: &Dataset, classes: &[Class], progress: &Progress) -> Audit {
    let decoder = Decoder::default();
    let examined: Vec<Examined> =
        counted("reading images", &whole.cases, progress, |case| case::examine(&decoder, case));
    let candidates = candidate::candidates(&examined, progress);
    let pairs = counted("comparing pairs", &candidates, progress, |pair| pair::compare(&examined, pair));
    let mut pairs: Vec<_> = pairs.into_iter().flatten().collect();
    let known: BTreeSet<(usize, usize)> = pairs.iter().map(|pair| (pair.first, pair.other)).collect();
    pairs.extend(pair::identical(&examined).into_iter().filter(|pair| !known.contains(&(pair.first, pair.other))));
    pairs.sort_by_key(|pair| (pair.first, pair.other));
    let pairs = group::unchained(&examined, pairs);
    let mut cases = BTreeMap::new();
    whole.cases.iter().for_each(|case| *cases.entry(case.class).or_default() += 1);
    let duplicate_groups = group::duplicates(&whole.cases, &pairs);
    Audit {
        schema: SCHEMA,
        dataset: whole.origin.manifest.name.clone(),
        digest: whole.digest().ok(),
        left_out: cases.iter().filter(|(class, _)| !classes.contains(class)).map(|(c, n)| (*c, *n)).collect(),
        cases,
        neighbour_groups: group::neighbours(&whole.cases, &pairs),
        issues: issue::issues(&whole.cases, &examined, &duplicate_groups, &pairs),
        duplicate_groups,
        pairs: pairs.iter().map(|found| found.report(&whole.cases, &examined)).collect(),
    }
}

impl Audit {
    /// Groups that no split may separate: [`super::pseudo_subjects`] takes them. Neighbouring frames belong to them,
    /// because a network that has seen one knows the other's lesion, background and mask.
    pub fn subject_groups(&self) -> Vec<Vec<String>> {
        self.duplicate_groups.iter().chain(&self.neighbour_groups).map(|group| group.cases.clone()).collect()
    }

    /// Pairs of one kind.
    pub fn pairs_of(&self, kind: PairKind) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().filter(move |pair| pair.kind == kind)
    }
}

/// `items` mapped in parallel, in their order.
fn counted<T: Sync, U: Send>(
    what: &'static str,
    items: &[T],
    progress: &Progress,
    of: impl Fn(&T) -> U + Sync,
) -> Vec<U> {
    let done = std::sync::atomic::AtomicUsize::new(0);
    let count = || progress(what, done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, items.len());
    let mapped = items.par_iter().map(|item| {
        let mapped = of(item);
        count();
        mapped
    });
    mapped.collect()
}
