//! Folders called train, valid and test: the parts that a data set was published with.

use std::collections::BTreeSet;

use crate::dataset::fold::{Part, Partition};
use crate::dataset::layout::Key;
use crate::dataset::{Case, Layout, Pattern};

/// The partition that the cases' ids hold, if every id names a part, and a training and a test part are among them.
pub(super) fn partition(layout: &Layout, cases: &[Case]) -> Option<Partition> {
    let (images, is_volume) = match layout {
        Layout::Pairs(pairs) => (&pairs.images, false),
        Layout::Nifti(volumes) | Layout::Dicom(volumes) => (&volumes.images, true),
        Layout::Busi {} | Layout::Phantom { .. } | Layout::Coco(_) => return None,
    };
    // ids are made of these, in this order
    let keys = [(Key::Subject, "{subject}"), (Key::Series, "{series}"), (Key::Case, "{case}")];
    let named = images.keys();
    let mut levels: Vec<&str> = keys.iter().filter(|(key, _)| named.contains(key)).map(|(_, text)| *text).collect();
    if is_volume || named.contains(&Key::Slice) {
        levels.push("*");
    }
    let pattern = Pattern::try_from(levels.join("/")).ok()?;
    let part = |case: &Case| Part::of(pattern.fit(&case.id)?.get(Key::Series)?);
    let parts: BTreeSet<Part> = cases.iter().map(part).collect::<Option<_>>()?;
    (parts.contains(&Part::Train) && parts.contains(&Part::Test)).then(|| Partition::of_ids(pattern))
}
