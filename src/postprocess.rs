//! Changes to a predicted mask before it is scored, as data; the report shows what they did.
//! Knows masks alone.

use serde::{Deserialize, Serialize};

use crate::plane::{Mask, Plane};

/// What is done to a predicted mask, in the order of the fields. Nothing by default.
/// Source: P2 removes "small islands" by morphology, without a size.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostProcess {
    /// Removes islands of fewer pixels. Pixels that touch at a corner are of one island.
    pub min_island_px: u32,
    /// Keeps the largest island alone; of several as large, the one that comes first by rows.
    pub largest_island: bool,
    /// Fills background that no path along pixels' sides joins to the image's border.
    pub fill_holes: bool,
}

impl PostProcess {
    /// Whether it changes no mask.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The mask that is scored.
    pub fn apply(&self, mask: &Mask) -> Mask {
        let mut mask = mask.clone();
        if self.min_island_px > 1 || self.largest_island {
            mask = self.without_islands(&mask);
        }
        if self.fill_holes {
            mask = filled(&mask);
        }
        mask
    }

    /// For people: `islands below 20 px removed, largest island kept, holes filled`.
    pub fn describe(&self) -> String {
        let parts = [
            (self.min_island_px > 1).then(|| format!("islands below {} px removed", self.min_island_px)),
            self.largest_island.then(|| "largest island kept".to_owned()),
            self.fill_holes.then(|| "holes filled".to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn without_islands(&self, mask: &Mask) -> Mask {
        let (labels, areas) = islands(mask);
        let largest = areas.iter().enumerate().rev().max_by_key(|&(_, &area)| area).map(|(island, _)| island);
        let keep = |island: usize| {
            areas[island] >= self.min_island_px as usize && (!self.largest_island || largest == Some(island))
        };
        labels.map(|label| label.is_some_and(keep))
    }
}

const SIDES: [(isize, isize); 4] = [(0, -1), (-1, 0), (1, 0), (0, 1)];
const SIDES_AND_CORNERS: [(isize, isize); 8] = [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];

/// The island of each set pixel, numbered by rows, and the islands' areas in pixels.
fn islands(mask: &Mask) -> (Plane<Option<usize>>, Vec<usize>) {
    let mut labels = mask.map(|_| None);
    let mut areas = Vec::new();
    for start in 0..mask.values().len() {
        if mask.values()[start] && labels.values()[start].is_none() {
            areas.push(flood(&mut labels, vec![start], (areas.len(), &SIDES_AND_CORNERS), |at| mask.values()[at]));
        }
    }
    (labels, areas)
}

/// Labels everything that steps reach from `starts` over pixels that are `open`; how many there are.
fn flood(
    labels: &mut Plane<Option<usize>>,
    starts: Vec<usize>,
    (label, steps): (usize, &[(isize, isize)]),
    open: impl Fn(usize) -> bool,
) -> usize {
    let (width, height) = labels.size();
    let mut reached = 0;
    let mut border = starts;
    while let Some(at) = border.pop() {
        if labels.values()[at].is_some() || !open(at) {
            continue;
        }
        labels.values_mut()[at] = Some(label);
        reached += 1;
        for (dx, dy) in steps {
            let (x, y) = ((at % width).checked_add_signed(*dx), (at / width).checked_add_signed(*dy));
            if let (Some(x), Some(y)) = (x.filter(|&x| x < width), y.filter(|&y| y < height)) {
                border.push(y * width + x);
            }
        }
    }
    reached
}

fn filled(mask: &Mask) -> Mask {
    let (width, height) = mask.size();
    let rim = |at: &usize| {
        let (x, y) = (at % width, at / width);
        x == 0 || y == 0 || x + 1 == width || y + 1 == height
    };
    let mut outside = mask.map(|_| None);
    let starts = (0..width * height).filter(rim).collect();
    flood(&mut outside, starts, (0, &SIDES), |at| !mask.values()[at]);
    outside.map(Option::is_none)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(rows: &[&str]) -> Mask {
        Mask::from_fn(rows[0].len(), rows.len(), |x, y| rows[y].as_bytes()[x] == b'#')
    }

    const MASK: [&str; 5] = ["##...", "#..##", "..#.#", "..###", "#...."];

    #[test]
    fn corners_join_islands() {
        // 3 px at the top left, 7 px around a hole (joined at a corner), 1 px at the bottom
        let small = PostProcess { min_island_px: 2, ..PostProcess::default() };
        assert_eq!(small.apply(&drawn(&MASK)), drawn(&["##...", "#..##", "..#.#", "..###", "....."]));
        let largest = PostProcess { largest_island: true, ..PostProcess::default() };
        assert_eq!(largest.apply(&drawn(&MASK)), drawn(&[".....", "...##", "..#.#", "..###", "....."]));
    }

    #[test]
    fn a_hole_is_what_no_side_joins_to_the_border() {
        let fill = PostProcess { fill_holes: true, ..PostProcess::default() };
        let expected = drawn(&["##...", "#..##", "..###", "..###", "#...."]);
        assert_eq!(fill.apply(&drawn(&MASK)), expected);
    }

    #[test]
    fn of_equal_islands_the_first_stays() {
        let largest = PostProcess { largest_island: true, ..PostProcess::default() };
        assert_eq!(largest.apply(&drawn(&["#.#"])), drawn(&["#.."]));
    }

    proptest! {
        #[test]
        fn applying_it_twice_changes_nothing_more(
            (width, height) in (1..12_usize, 1..12_usize),
            bits in proptest::collection::vec(any::<bool>(), 144),
            (min_island_px, largest_island, fill_holes) in (0..6_u32, any::<bool>(), any::<bool>()),
        ) {
            let mask = Mask::from_fn(width, height, |x, y| bits[y * 12 + x]);
            let process = PostProcess { min_island_px, largest_island, fill_holes };
            let once = process.apply(&mask);
            prop_assert_eq!(process.apply(&once), once);
        }
    }
}
