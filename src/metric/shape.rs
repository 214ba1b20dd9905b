//! The shape of a mask in numbers, all its tumour pixels taken as one region.

use crate::plane::Mask;

/// Of a mask that is not empty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Tumour pixels.
    pub area_px: f64,
    /// Length of the border through pixel centres: 1 for a step along an axis, √2 for a diagonal one, half their sum for
    /// a step between (Benkrid and Crookes 2000; as scikit-image's `perimeter`).
    pub perimeter_px: f64,
    /// Area over that of the convex hull, 0..=1. The hull is of the pixels' edge midpoints, its area the pixel centres in
    /// it, as scikit-image's `solidity`.
    pub solidity: f64,
    /// Of the ellipse with the same second moments: 0 a circle, towards 1 a line.
    pub eccentricity: f64,
    /// Height over width of the bounding box: above 1 a lesion is taller than wide.
    pub tallness: f64,
    /// Standard deviation over mean of the border pixels' distance to the centre of gravity: 0 for a single pixel.
    /// Choice: the margin's irregularity; P2 names shape and leaves it at that.
    pub irregularity: f64,
}

impl Shape {
    /// Numbers that [`features`](Self::features) has.
    pub const FEATURES: usize = 8;

    /// Of `mask`; `None` if it is empty.
    pub fn of(mask: &Mask) -> Option<Self> {
        let pixels = pixels(mask, |x, y| set(mask, x, y));
        let (left, right) = (pixels.iter().map(|p| p.0).min()?, pixels.iter().map(|p| p.0).max()?);
        let (top, bottom) = (pixels.iter().map(|p| p.1).min()?, pixels.iter().map(|p| p.1).max()?);
        let n = pixels.len() as f64;
        let centre = pixels.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0 as f64 / n, sum.1 + p.1 as f64 / n));
        Some(Self {
            area_px: n,
            perimeter_px: perimeter(mask),
            solidity: n / hull_area(&pixels, (left..=right, top..=bottom)) as f64,
            eccentricity: eccentricity(&pixels, centre),
            tallness: (bottom - top + 1) as f64 / (right - left + 1) as f64,
            irregularity: irregularity(&pixels_of_border(mask), centre),
        })
    }

    /// What a classifier reads: whether there is a tumour; its area and perimeter as shares of the image's area and side
    /// (P2 §3.4: tumour to breast ratio); compactness 4πA/P², solidity, eccentricity, tallness, irregularity. All 0 for an
    /// empty mask, which the first number tells from any other.
    pub fn features(mask: &Mask) -> [f32; Self::FEATURES] {
        let Some(shape) = Self::of(mask) else { return [0.0; Self::FEATURES] };
        let pixels = (mask.width() * mask.height()) as f64;
        // a single pixel has no border to speak of: as compact as can be
        let compactness = match shape.perimeter_px > 0.0 {
            true => 4.0 * std::f64::consts::PI * shape.area_px / shape.perimeter_px.powi(2),
            false => 1.0,
        };
        let Self { solidity, eccentricity, tallness, irregularity, .. } = shape;
        let (area, perimeter) = (shape.area_px / pixels, shape.perimeter_px / pixels.sqrt());
        [1.0, area, perimeter, compactness, solidity, eccentricity, tallness, irregularity].map(|value| value as f32)
    }
}

type Pixel = (i64, i64);

fn set(mask: &Mask, x: i64, y: i64) -> bool {
    x >= 0 && y >= 0 && mask.get(x as usize, y as usize) == Some(&true)
}

fn pixels(mask: &Mask, wanted: impl Fn(i64, i64) -> bool) -> Vec<Pixel> {
    let rows = 0..mask.height() as i64;
    rows.flat_map(|y| (0..mask.width() as i64).map(move |x| (x, y))).filter(|&(x, y)| wanted(x, y)).collect()
}

/// Tumour with a neighbour to the side, above or below that is none.
fn is_border(mask: &Mask, x: i64, y: i64) -> bool {
    let sides = [(1, 0), (-1, 0), (0, 1), (0, -1)];
    set(mask, x, y) && sides.iter().any(|(dx, dy)| !set(mask, x + dx, y + dy))
}

fn pixels_of_border(mask: &Mask) -> Vec<Pixel> {
    pixels(mask, |x, y| is_border(mask, x, y))
}

/// Each border pixel by its border neighbours: 10 a diagonal one, 2 another, 1 itself.
fn perimeter(mask: &Mask) -> f64 {
    let step = |&(x, y): &Pixel| {
        let weight = |dx: i64, dy: i64| [1, 2, 10][(dx.abs() + dy.abs()) as usize];
        let around = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dx, dy)));
        let near = around.filter(|&(dx, dy)| is_border(mask, x + dx, y + dy));
        let diagonal = std::f64::consts::SQRT_2;
        match near.map(|(dx, dy)| weight(dx, dy)).sum::<i32>() {
            5 | 7 | 15 | 17 | 25 | 27 => 1.0,
            21 | 33 => diagonal,
            13 | 23 => (1.0 + diagonal) / 2.0,
            _ => 0.0,
        }
    };
    pixels_of_border(mask).iter().map(step).sum()
}

/// Pixel centres in or on the hull of the midpoints of the pixels' edges; in half pixels, so that all is whole.
fn hull_area(
    pixels: &[Pixel],
    (columns, rows): (std::ops::RangeInclusive<i64>, std::ops::RangeInclusive<i64>),
) -> usize {
    let edges = |&(x, y): &Pixel| [(1, 0), (-1, 0), (0, 1), (0, -1)].map(|(dx, dy)| (2 * x + dx, 2 * y + dy));
    let hull = convex_hull(pixels.iter().flat_map(edges).collect());
    let inside =
        |x: i64, y: i64| (0..hull.len()).all(|i| cross(hull[i], hull[(i + 1) % hull.len()], (2 * x, 2 * y)) >= 0);
    rows.flat_map(|y| columns.clone().map(move |x| (x, y))).filter(|&(x, y)| inside(x, y)).count()
}

/// Counter-clockwise in a right-handed system (Andrew's monotone chain).
fn convex_hull(mut points: Vec<Pixel>) -> Vec<Pixel> {
    points.sort_unstable();
    points.dedup();
    let chain = |points: &mut dyn Iterator<Item = Pixel>| {
        let mut chain: Vec<Pixel> = Vec::new();
        for point in points {
            while chain.len() > 1 && cross(chain[chain.len() - 2], chain[chain.len() - 1], point) <= 0 {
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut hull = chain(&mut points.iter().copied());
    hull.extend(chain(&mut points.iter().rev().copied()));
    hull
}

/// Positive if `c` lies to the left of the way from `a` to `b`.
fn cross(a: Pixel, b: Pixel, c: Pixel) -> i64 {
    (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0)
}

/// `√(1 − λ₂/λ₁)` of the second moments' eigenvalues; 0 for a single pixel.
fn eccentricity(pixels: &[Pixel], centre: (f64, f64)) -> f64 {
    let n = pixels.len() as f64;
    let offsets = || pixels.iter().map(|p| (p.0 as f64 - centre.0, p.1 as f64 - centre.1));
    let (xx, yy) = (offsets().map(|o| o.0 * o.0).sum::<f64>() / n, offsets().map(|o| o.1 * o.1).sum::<f64>() / n);
    let xy = offsets().map(|o| o.0 * o.1).sum::<f64>() / n;
    let reach = ((xx - yy).powi(2) / 4.0 + xy * xy).sqrt();
    let (large, small) = ((xx + yy) / 2.0 + reach, ((xx + yy) / 2.0 - reach).max(0.0));
    if large > 0.0 { (1.0 - small / large).max(0.0).sqrt() } else { 0.0 }
}

fn irregularity(border: &[Pixel], centre: (f64, f64)) -> f64 {
    let radii: Vec<f64> = border.iter().map(|p| (p.0 as f64 - centre.0).hypot(p.1 as f64 - centre.1)).collect();
    let mean = radii.iter().sum::<f64>() / radii.len() as f64;
    let variance = radii.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / radii.len() as f64;
    if mean > 0.0 { variance.sqrt() / mean } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_by_hand() {
        let shape =
            Shape::of(&Mask::from_fn(12, 12, |x, y| (2..8).contains(&x) && (3..6).contains(&y))).expect("not empty");
        // 6 × 3 pixels: its border runs 5 + 2 + 5 + 2 through pixel centres; second moments 35/12 and 8/12
        assert_eq!((shape.area_px, shape.perimeter_px, shape.solidity, shape.tallness), (18.0, 14.0, 1.0, 0.5));
        assert!((shape.eccentricity - (1.0_f64 - 8.0 / 35.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn nothing_and_a_pixel_have_finite_features() {
        assert_eq!(Shape::features(&Mask::filled(5, 5, false)), [0.0; Shape::FEATURES]);
        let pixel = Shape::features(&Mask::from_fn(5, 5, |x, y| (x, y) == (2, 2)));
        assert!(pixel.iter().all(|value| value.is_finite()) && pixel[0] == 1.0, "{pixel:?}");
    }

    #[test]
    fn features_do_not_change_when_the_tumour_moves() {
        let at = |left: usize| Shape::features(&Mask::from_fn(20, 20, |x, y| x >= left && y >= 4 && x + y < left + 12));
        for (a, b) in at(3).into_iter().zip(at(7)) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }
}
