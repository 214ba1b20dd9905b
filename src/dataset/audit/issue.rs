//! What is wrong with single cases and with the labels and masks of duplicates.

use serde::{Deserialize, Serialize};

use super::case::Examined;
use super::group::Group;
use super::pair::{Found, PairKind};
use crate::dataset::{Case, Class};
use crate::plane::Mask;

/// A lesion below this share of the image is called tiny.
const TINY_SHARE: f64 = 0.002;
/// Masks of one frame below this DSC are called different.
const LEAST_DSC: f32 = 0.9;

/// One thing that is wrong with a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Issue {
    /// The case's id.
    pub case: String,
    /// What is wrong.
    pub kind: IssueKind,
    /// One line for people, with the numbers and the other case, if any.
    pub detail: String,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssueKind {
    /// A file that cannot be read or decoded; the case was not compared.
    Undecodable,
    /// A mask of another size than its image; the case was not compared.
    MaskSize,
    /// The same frame has another label.
    TwoLabels,
    /// The same frame has another mask: DSC below 0.9 where both images show something.
    MasksDiffer,
    /// A tumour class, but no pixel is set.
    EmptyMask,
    /// The normal class, but pixels are set.
    UnexpectedMask,
    /// The lesion covers less than 0.2 % of the image.
    TinyMask,
    /// The lesion touches the image's border: it is cut off.
    BorderTouching,
    /// Several mask files; their union is the reference.
    SeveralMasks,
    /// Calipers, text or colour burned into the image.
    BurnedIn,
}

impl IssueKind {
    /// All kinds with a heading, in the order of reports.
    pub const ALL: [(IssueKind, &str); 10] = [
        (IssueKind::Undecodable, "cannot be decoded"),
        (IssueKind::MaskSize, "a mask of another size than its image"),
        (IssueKind::TwoLabels, "the same frame under two labels"),
        (IssueKind::MasksDiffer, "the same frame with different masks (DSC below 0.9)"),
        (IssueKind::EmptyMask, "a tumour without a mask"),
        (IssueKind::UnexpectedMask, "a mask without a tumour"),
        (IssueKind::TinyMask, "a lesion below 0.2 % of the image"),
        (IssueKind::BorderTouching, "a lesion cut off at the border"),
        (IssueKind::SeveralMasks, "several masks, of which the union is the reference"),
        (IssueKind::BurnedIn, "calipers, text or colour burned in"),
    ];
}

impl IssueKind {
    /// The name in the JSON report.
    pub fn name(self) -> &'static str {
        match self {
            IssueKind::Undecodable => "undecodable",
            IssueKind::MaskSize => "mask-size",
            IssueKind::TwoLabels => "two-labels",
            IssueKind::MasksDiffer => "masks-differ",
            IssueKind::EmptyMask => "empty-mask",
            IssueKind::UnexpectedMask => "unexpected-mask",
            IssueKind::TinyMask => "tiny-mask",
            IssueKind::BorderTouching => "border-touching",
            IssueKind::SeveralMasks => "several-masks",
            IssueKind::BurnedIn => "burned-in",
        }
    }
}

/// What is wrong with one case's mask.
pub(super) fn of_mask(case: &Case, reference: &Mask, files: usize) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut add = |kind, detail| issues.push(Issue { case: case.id.clone(), kind, detail });
    let area_px = reference.area_px();
    let share = area_px as f64 / reference.values().len() as f64;
    match (case.class, area_px) {
        (Class::Normal, 0) => {}
        (Class::Normal, _) => add(IssueKind::UnexpectedMask, format!("normal, but {area_px} px are set")),
        (_, 0) => add(IssueKind::EmptyMask, format!("{}, but no pixel is set", case.class.name())),
        _ if share < TINY_SHARE => {
            add(IssueKind::TinyMask, format!("{area_px} px, {:.2} % of the image", 100.0 * share));
        }
        _ => {}
    }
    let sides = touched(reference);
    if !sides.is_empty() {
        add(IssueKind::BorderTouching, format!("the lesion reaches the {} border", sides.join(" and the ")));
    }
    if files > 1 {
        add(IssueKind::SeveralMasks, format!("{files} mask files"));
    }
    issues
}

/// All issues, in the order of the cases, then of the kinds.
pub(super) fn issues(cases: &[Case], examined: &[Examined], groups: &[Group], pairs: &[Found]) -> Vec<Issue> {
    let mut issues: Vec<Issue> = examined.iter().flat_map(|own| own.issues.iter().cloned()).collect();
    issues.extend(groups.iter().filter(|group| group.labels.len() > 1).flat_map(|group| two_labels(cases, group)));
    issues.extend(pairs.iter().filter_map(|pair| different_masks(cases, examined, pair)));
    let place: std::collections::HashMap<&str, usize> =
        cases.iter().enumerate().map(|(i, case)| (case.id.as_str(), i)).collect();
    issues.sort_by_key(|issue| (place[issue.case.as_str()], issue.kind));
    issues
}

fn two_labels(cases: &[Case], group: &Group) -> Vec<Issue> {
    let members: Vec<&Case> = cases.iter().filter(|case| group.cases.contains(&case.id)).collect();
    let issue = |own: &&Case| {
        let others = members.iter().filter(|other| other.class != own.class);
        let others: Vec<String> = others.map(|other| format!("{} ({})", other.id, other.class.name())).collect();
        let detail = format!("{}, but the same frame is {}", own.class.name(), others.join(", "));
        Issue { case: own.id.clone(), kind: IssueKind::TwoLabels, detail }
    };
    members.iter().map(issue).collect()
}

fn different_masks(cases: &[Case], examined: &[Examined], pair: &Found) -> Option<Issue> {
    if pair.kind == PairKind::NeighbourFrame {
        return None;
    }
    let has = |i: usize| examined[i].frame.as_ref().is_some_and(|frame| frame.reference.is_some());
    let other = &cases[pair.other].id;
    let detail = match (has(pair.first), has(pair.other), pair.mask_dsc(examined)) {
        (true, true, Some(dsc)) if dsc < LEAST_DSC => format!("DSC {dsc:.2} with the mask of {other}, the same frame"),
        (true, false, _) => format!("{other}, the same frame, has an empty mask"),
        (false, true, _) => format!("empty, but {other}, the same frame, has a mask"),
        _ => return None,
    };
    Some(Issue { case: cases[pair.first].id.clone(), kind: IssueKind::MasksDiffer, detail })
}

fn touched(mask: &Mask) -> Vec<&'static str> {
    let (width, height) = mask.size();
    let row = |y: usize| (0..width).any(|x| mask.get(x, y) == Some(&true));
    let column = |x: usize| (0..height).any(|y| mask.get(x, y) == Some(&true));
    let sides = [
        ("upper", row(0)),
        ("lower", row(height.saturating_sub(1))),
        ("left", column(0)),
        ("right", column(width.saturating_sub(1))),
    ];
    sides.into_iter().filter(|(_, touches)| *touches).map(|(name, _)| name).collect()
}
