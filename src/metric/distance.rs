//! Exact Euclidean distance maps of a mask, in time linear in pixels.
//! Knows planes only; distances are in pixels, squares of them whole numbers.

use crate::plane::{Mask, Plane};

/// `min (x − x')² + (y − y')²` over the pixels (x', y') that `mask` sets, in px²: 0 on the mask itself.
/// `None` if the mask is empty.
///
/// Exact: whole numbers throughout. Source: Meijster, Roerdink and Hesselink 2000, "A general algorithm for computing
/// distance transforms in linear time".
pub fn squared_distance_to(mask: &Mask) -> Option<Plane<u64>> {
    if mask.area_px() == 0 {
        return None;
    }
    let mut distances = column_distances(mask);
    let mut envelope = Vec::with_capacity(mask.width());
    for row in distances.values_mut().chunks_exact_mut(mask.width()) {
        lower_envelope(row, &mut envelope);
        fill_row(row, &envelope);
    }
    Some(distances)
}

/// Signed Euclidean distance in px: outside the mask the distance to its nearest pixel, inside `−(d − 1)` with `d`
/// the distance to the nearest background pixel. So the mask's rim is 0 and the pixels that touch it from outside 1.
/// `None` if the mask is empty or covers the image: there is no boundary.
///
/// Source: Kervadec et al. 2019, arXiv:1812.07032, `one_hot2dist` of the authors' code.
/// Ours differs: theirs is 0 everywhere for an empty mask and arbitrary for a full one.
pub fn signed_distance(mask: &Mask) -> Option<Plane<f32>> {
    let outside = squared_distance_to(mask)?;
    let mut signed = squared_distance_to(&mask.map(|set| !set))?.map(|&inside| 1.0 - root(inside));
    for (value, &outside) in signed.values_mut().iter_mut().zip(outside.values()) {
        if outside > 0 {
            *value = root(outside);
        }
    }
    Some(signed)
}

fn root(squared: u64) -> f32 {
    (squared as f64).sqrt() as f32
}

/// Distance to the nearest set pixel of the same column; `width + height` in a column without one, farther than
/// any pixel can be.
fn column_distances(mask: &Mask) -> Plane<u64> {
    let (width, height) = mask.size();
    let far = (width + height) as u64;
    let mut distances = mask.map(|&set| if set { 0 } else { far });
    let values = distances.values_mut();
    for i in width..width * height {
        values[i] = values[i].min(values[i - width].saturating_add(1));
    }
    for i in (0..width * height - width).rev() {
        values[i] = values[i].min(values[i + width].saturating_add(1));
    }
    distances
}

/// The parabola `(x − site)² + square` is the lowest of its row from `start` up to the next parabola's start.
struct Parabola {
    site: i64,
    square: i64,
    start: i64,
}

impl Parabola {
    fn at(&self, x: i64) -> i64 {
        (x - self.site).pow(2) + self.square
    }

    /// First whole x where a parabola at `site`, to the right of this one, is lower.
    fn overtaken_at(&self, site: i64, square: i64) -> i64 {
        1 + (site.pow(2) - self.site.pow(2) + square - self.square) / (2 * (site - self.site))
    }
}

fn lower_envelope(row: &[u64], envelope: &mut Vec<Parabola>) {
    envelope.clear();
    for (site, &column) in row.iter().enumerate() {
        let (site, square) = (site as i64, (column as i64).pow(2));
        while envelope.last().is_some_and(|last| last.at(last.start) > (last.start - site).pow(2) + square) {
            envelope.pop();
        }
        let start = envelope.last().map_or(0, |last| last.overtaken_at(site, square));
        if start < row.len() as i64 {
            envelope.push(Parabola { site, square, start });
        }
    }
}

fn fill_row(row: &mut [u64], envelope: &[Parabola]) {
    let mut end = row.len();
    for parabola in envelope.iter().rev() {
        let start = parabola.start as usize;
        for (x, value) in row[..end].iter_mut().enumerate().skip(start) {
            *value = parabola.at(x as i64) as u64;
        }
        end = start;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Empty, sparse, dense and full masks of up to 12 × 12 pixels.
    fn masks() -> impl Strategy<Value = Mask> {
        (1..=12_usize, 1..=12_usize, 0.0..=1.0_f64).prop_flat_map(|(width, height, density)| {
            proptest::collection::vec(proptest::bool::weighted(density), width * height)
                .prop_map(move |values| Mask::new(width, height, values).expect("width · height values"))
        })
    }

    fn brute_force(mask: &Mask) -> Option<Plane<u64>> {
        let (width, height) = mask.size();
        let set: Vec<(usize, usize)> =
            (0..width * height).filter(|&i| mask.values()[i]).map(|i| (i % width, i / width)).collect();
        (!set.is_empty()).then(|| {
            Plane::from_fn(width, height, |x, y| {
                let squares = set.iter().map(|&(u, v)| (x.abs_diff(u).pow(2) + y.abs_diff(v).pow(2)) as u64);
                squares.min().expect("at least one pixel is set")
            })
        })
    }

    proptest! {
        #[test]
        fn the_transform_is_exact(mask in masks()) {
            prop_assert_eq!(squared_distance_to(&mask), brute_force(&mask));
        }

        #[test]
        fn signed_distance_is_positive_exactly_outside(mask in masks()) {
            if let Some(signed) = signed_distance(&mask) {
                for (&value, &set) in signed.values().iter().zip(mask.values()) {
                    prop_assert_eq!(value <= 0.0, set);
                }
            }
        }
    }

    #[test]
    fn one_pixel_has_circles_around_it() {
        let mask = Mask::from_fn(3, 2, |x, y| (x, y) == (0, 0));
        let distances = squared_distance_to(&mask).expect("not empty");
        assert_eq!(distances.values(), [0, 1, 4, 1, 2, 5]);
    }

    #[test]
    fn signed_distance_counts_from_the_rim() {
        let mask = Mask::from_fn(7, 1, |x, _| x < 4);
        let signed = signed_distance(&mask).expect("has a boundary");
        assert_eq!(signed.values(), [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn without_a_boundary_there_is_no_distance() {
        assert!(squared_distance_to(&Mask::filled(3, 3, false)).is_none());
        assert!(squared_distance_to(&Mask::filled(0, 0, true)).is_none());
        assert!(signed_distance(&Mask::filled(3, 3, false)).is_none());
        assert!(signed_distance(&Mask::filled(3, 3, true)).is_none());
    }
}
