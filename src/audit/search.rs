//! Whether any matrix, or any set of them averaged, yields given intervals. A "no" is a proof; a "yes" has a witness.
//!
//! **Pooled.** One matrix: the cube of [`shape`](super::shape) is halved until every box misses an interval (no), or
//! the middle of one hits them all (yes).
//!
//! **Mean.** Means over images, however many and however weighted, are the points of the convex hull of what single
//! images yield. By the separating hyperplane theorem the intervals' box B misses the hull exactly if there is a
//! direction w with `max over images of w·m < min over B of w·m`. Wolfe's algorithm ([`nearest`](super::nearest)) finds w
//! or, if there is none, a set of images; where it goes astray nothing is claimed, since the maximum on the left is
//! *bounded from above* over all images by halving: only that bound makes a "no". The two inequalities one would derive
//! by hand are special cases: IoU = DSC/(2 − DSC) is convex, so mean IoU is at least that of the mean DSC (and at most
//! the mean DSC); 2sp/(s + p) is concave, so mean DSC is at most that of the mean sensitivity and precision (and at
//! least max(0, s + p − 1), the lower hull over the unit square, as 2sp ≥ (s + p)(s + p − 1) for s, p ≤ 1).

use std::collections::BinaryHeap;

use super::measure::{COORDINATES, Interval, Measure, SLACK};
use super::nearest::Nearest;
use super::published::{Aggregation, Images};
use super::shape::{BACKGROUND, Cell, Image, Needs, Ranges};
use super::slice::Slice;

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// These images with these weights yield the intervals.
    Yes(Vec<(Cell, f64)>),
    /// Nothing does.
    No,
    /// Too close to tell within the budget; to be read as "perhaps".
    Unknown,
}

/// Boxes looked at before a search for one matrix gives up.
const MATRIX_BUDGET: usize = 20_000;
/// The same for one direction of means, and the number of directions.
const BUDGET: usize = 25_000;
const ROUNDS: usize = 80;

/// A value per measure.
pub type Point = [f64; COORDINATES];

/// One matrix, or means over images. In the latter the interval of the prevalence bounds *each* image.
/// The tumour's overlaps alone are the quicker search: what fails there fails.
pub fn search(printed: &Ranges, by: Aggregation, images: Images) -> Answer {
    let search = |printed: &Ranges| match by {
        Aggregation::Pooled => pooled(printed),
        Aggregation::Mean => mean(printed, images),
    };
    let mut overlaps = *printed;
    BACKGROUND.iter().for_each(|m| overlaps[*m as usize] = Interval::RATIO);
    if search(&overlaps) == Answer::No { Answer::No } else { search(printed) }
}

fn pooled(printed: &Ranges) -> Answer {
    let needs = Needs::of(printed);
    let (s, p) = (printed[Measure::Sensitivity as usize], printed[Measure::Precision as usize]);
    let mut open = vec![Cell { s, p, ..Cell::ALL }];
    for _ in 0..MATRIX_BUDGET {
        let Some(cell) = open.pop() else { return Answer::No };
        if cell.ranges().iter().zip(printed).any(|(range, wanted)| range.misses(*wanted)) {
            continue;
        }
        let centre = cell.centre();
        let hit = |(range, wanted): (&Interval, &Interval)| wanted.holds(range.low) && wanted.holds(range.high);
        if centre.ranges().iter().zip(printed).all(hit) {
            return Answer::Yes(vec![(centre, 1.0)]);
        }
        if cell.width() < 1e-9 {
            return Answer::Unknown;
        }
        open.extend(cell.halves(needs));
    }
    Answer::Unknown
}

fn mean(printed: &Ranges, kinds: Images) -> Answer {
    if kinds == Images::Any {
        return Answer::Unknown;
    }
    // A perfect prediction can be of a tumour of any size: it is always one of the images.
    let sure = Interval { low: 1.0, high: 1.0 };
    let perfect = Cell { s: sure, p: sure, b: sure, image: Image::Drawn };
    let needs = Needs::of(printed);
    let mut hull = Hull { images: Vec::new(), nearest: Nearest::default(), printed, needs, kinds };
    hull.add(perfect, &[1.0; COORDINATES]);
    for _ in 0..ROUNDS {
        let gap = hull.nearest.point();
        if gap.iter().all(|x| x.abs() < INSIDE) {
            let shares = hull.nearest.shares().map(|(index, share)| (hull.images[index], share));
            return Answer::Yes(shares.collect());
        }
        let w = unit(gap.map(|x| -x));
        let floor: f64 = (0..MEANS).map(|i| lowest(w[i], printed[i])).sum();
        match hull.furthest(&w, [floor, floor + dot(&w, &gap)]) {
            Furthest::Below => return Answer::No,
            Furthest::Image(cell) if hull.add(cell, &w) => {}
            _ => return Answer::Unknown,
        }
    }
    Answer::Unknown
}

/// All coordinates but the prevalence are averaged.
const MEANS: usize = COORDINATES - 1;
/// By this much the intervals are narrowed, so that a mean that is nearly in one is in the printed one.
const INSIDE: f64 = 1e-8;

/// Images, and the point of (their hull − the intervals' box) that is nearest to 0: 0 if a mean is in the box.
struct Hull<'a> {
    images: Vec<Cell>,
    nearest: Nearest,
    printed: &'a Ranges,
    needs: Needs,
    kinds: Images,
}

/// Where the images end in a direction.
enum Furthest {
    /// Every image is below the floor, proven.
    Below,
    /// The best one found.
    Image(Cell),
    /// Neither within the budget.
    Open,
}

/// The piece to look at next is the one that may reach furthest.
struct Open<P> {
    reach: f64,
    piece: P,
}

impl<P> PartialEq for Open<P> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl<P> Eq for Open<P> {}
impl<P> PartialOrd for Open<P> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<P> Ord for Open<P> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.reach.total_cmp(&other.reach)
    }
}

impl Hull<'_> {
    /// Adds the image at `cell`, a point; where its value is a range, and in the box, it stands furthest along `w`.
    fn add(&mut self, cell: Cell, w: &Point) -> bool {
        let ranges = cell.ranges();
        let difference = |i: usize| {
            let wanted = self.printed[i];
            if i >= MEANS || wanted == Interval::RATIO {
                return 0.0;
            }
            let narrower = INSIDE.min(0.25 * wanted.width());
            if w[i] > 0.0 { ranges[i].high - wanted.low - narrower } else { ranges[i].low - wanted.high + narrower }
        };
        self.images.push(cell);
        self.nearest.add(std::array::from_fn(difference), self.images.len() - 1)
    }

    /// Only then: else a tiny tumour in a large image is as good.
    fn blanks_matter(&self) -> bool {
        let bounded = |m: Measure| self.printed[m as usize] != Interval::RATIO;
        self.kinds == Images::EmptyLeftOut
            && bounded(Measure::Miou)
            && (bounded(Measure::Accuracy) || bounded(Measure::Specificity))
    }

    /// Maximum of w·m over all images, by halving squares where no specificity is printed, else cubes.
    fn furthest(&self, w: &Point, [floor, now]: [f64; 2]) -> Furthest {
        // The certificate's gap must exceed what rounding can do to a sum of eight products.
        let floor = floor - SLACK;
        let images = if self.blanks_matter() { &[Image::Drawn, Image::Blank][..] } else { &[Image::Drawn] };
        let (d, share) = (Interval::RATIO, self.printed[Measure::Prevalence as usize].high);
        if self.printed[Measure::Specificity as usize] == Interval::RATIO {
            let b = if self.needs == Needs::Background { Interval::RATIO } else { Cell::ALL.centre().b };
            furthest(images.iter().map(|&image| Slice { d, b, share, image }), w, [floor, now])
        } else {
            let wanted = self.printed[Measure::Prevalence as usize];
            let cube = |&image: &Image| Shared { cell: Cell { image, ..Cell::ALL }, share: wanted };
            furthest(images.iter().map(cube), w, [floor, now])
        }
    }
}

/// A set of images that can be bounded and halved.
pub trait Piece: Sized {
    /// At least the largest w·m of its images; `None` if there is none.
    fn bound(&self, w: &Point) -> Option<f64>;
    /// One of its images, a good one.
    fn image(&self, w: &Point) -> Option<Cell>;
    /// Two sets that together hold all of it.
    fn halves(&self) -> [Self; 2];
}

/// A box of images with tumours of limited size.
struct Shared {
    cell: Cell,
    share: Interval,
}

impl Piece for Shared {
    fn bound(&self, w: &Point) -> Option<f64> {
        let ranges = self.cell.ranges();
        let possible = !ranges[Measure::Prevalence as usize].misses(self.share);
        possible.then(|| (0..MEANS).map(|i| highest(w[i], ranges[i])).sum())
    }

    fn image(&self, w: &Point) -> Option<Cell> {
        let centre = Self { cell: self.cell.centre(), share: self.share };
        centre.bound(w).map(|_| centre.cell)
    }

    fn halves(&self) -> [Self; 2] {
        self.cell.halves(Needs::Background).map(|cell| Self { cell, share: self.share })
    }
}

/// Halves `pieces`, the most promising first, until none can reach `floor` or one image is a good step beyond `now`.
fn furthest<P: Piece>(pieces: impl Iterator<Item = P>, w: &Point, [floor, now]: [f64; 2]) -> Furthest {
    let open = |piece: P| piece.bound(w).map(|reach| Open { reach, piece });
    let mut queue: BinaryHeap<Open<P>> = pieces.filter_map(open).collect();
    let mut best = (f64::NEG_INFINITY, Cell::ALL);
    for _ in 0..BUDGET {
        let Some(Open { reach, piece }) = queue.pop() else { return Furthest::Below };
        if reach < floor {
            return Furthest::Below;
        }
        if let Some(cell) = piece.image(w) {
            let value: f64 = cell.ranges().iter().zip(w).take(MEANS).map(|(range, w)| highest(*w, *range)).sum();
            best = if value > best.0 { (value, cell) } else { best };
        }
        // Good enough to step to; where it is near the best, more halving only costs.
        if reach - best.0 < 1e-11 || (best.0 > floor && reach - best.0 < 0.3 * (best.0 - now)) {
            return Furthest::Image(best.1);
        }
        queue.extend(piece.halves().into_iter().filter_map(open));
    }
    if best.0 > now + 1e-12 { Furthest::Image(best.1) } else { Furthest::Open }
}

/// Scaled to a largest component of 1, so that a gap means the same near the intervals and far from them.
fn unit(w: Point) -> Point {
    let most = w.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    if most > 0.0 { w.map(|x| x / most) } else { w }
}

pub(super) fn dot(a: &Point, b: &Point) -> f64 {
    (0..MEANS).map(|i| a[i] * b[i]).sum()
}

fn highest(w: f64, range: Interval) -> f64 {
    if w > 0.0 { w * range.high } else { w * range.low }
}

fn lowest(w: f64, range: Interval) -> f64 {
    if w > 0.0 { w * range.low } else { w * range.high }
}
