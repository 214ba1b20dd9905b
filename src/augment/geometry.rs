//! Where each pixel of an augmented image comes from.

use super::elastic::Displacement;
use super::warp::Warp;
use crate::plane::Plane;

/// From the augmented image back: displaced, shifted, turned and scaled about the centre, turned by quarters, mirrored.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Geometry {
    pub mirror_x: bool,
    pub mirror_y: bool,
    pub shift: (isize, isize),
    pub quarters: u8,
    pub degrees: f64,
    pub scale: f64,
    pub elastic: Option<Displacement>,
}

impl Geometry {
    pub const NONE: Self =
        Self { mirror_x: false, mirror_y: false, shift: (0, 0), quarters: 0, degrees: 0.0, scale: 1.0, elastic: None };

    pub fn only_mirrors(&self) -> bool {
        self.shift == (0, 0) && self.quarters == 0 && self.whole_pixels()
    }

    /// Whether every pixel comes from one pixel.
    pub fn whole_pixels(&self) -> bool {
        self.degrees == 0.0 && self.scale == 1.0 && self.elastic.is_none()
    }

    /// The moved plane, if [`Geometry::whole_pixels`].
    pub fn moved<T: Clone>(&self, plane: &Plane<T>) -> Plane<T> {
        let (width, height) = plane.size();
        Plane::from_fn(width, height, |x, y| {
            let (x, y) = self.source((x, y), (width, height));
            plane.values()[y * width + x].clone()
        })
    }

    /// The same map between pixels.
    pub fn warp(&self, (width, height): (usize, usize)) -> Warp<'_> {
        let (sin, cos) = (libm::sin(self.degrees.to_radians()), libm::cos(self.degrees.to_radians()));
        let turned = [[cos / self.scale, -sin / self.scale], [sin / self.scale, cos / self.scale]];
        let quarter = |[x, y]: [[f64; 2]; 2]| [y, x.map(|v| -v)];
        let mut matrix = (0..self.quarters).fold(turned, |matrix, _| quarter(matrix));
        for (row, mirror) in matrix.iter_mut().zip([self.mirror_x, self.mirror_y]) {
            *row = row.map(|v| if mirror { -v } else { v });
        }
        let centre = [(width as f64 - 1.0) / 2.0, (height as f64 - 1.0) / 2.0];
        let from = [self.shift.0 as f64 - centre[0], self.shift.1 as f64 - centre[1]];
        let offset = [0, 1].map(|i| matrix[i][0] * from[0] + matrix[i][1] * from[1] + centre[i]);
        Warp { matrix, offset, displacement: self.elastic.as_ref() }
    }

    /// Column and row that the pixel at (x, y) comes from; quarter turns are for squares.
    fn source(&self, (x, y): (usize, usize), (width, height): (usize, usize)) -> (usize, usize) {
        let shifted = |place: usize, shift: isize, n: usize| (place as isize + shift).clamp(0, n as isize - 1) as usize;
        let mut at = (shifted(x, self.shift.0, width), shifted(y, self.shift.1, height));
        for _ in 0..self.quarters {
            at = (at.1.min(width - 1), height.saturating_sub(1 + at.0));
        }
        let mirrored = |place: usize, mirror: bool, n: usize| if mirror { n - 1 - place } else { place };
        (mirrored(at.0, self.mirror_x, width), mirrored(at.1, self.mirror_y, height))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane() -> Plane<u8> {
        Plane::from_fn(9, 9, |x, y| (x * 23 + y * 7 + x * y) as u8)
    }

    #[test]
    fn moving_whole_pixels_and_resampling_are_the_same() {
        for i in 0..64 {
            let geometry = Geometry {
                mirror_x: i & 1 == 1,
                mirror_y: i & 2 == 2,
                quarters: (i >> 2 & 3) as u8,
                shift: [(0, 0), (2, -3), (-1, 0), (4, 4)][i >> 4],
                ..Geometry::NONE
            };
            assert_eq!(geometry.warp((9, 9)).apply(&[plane()]), [geometry.moved(&plane())], "{geometry:?}");
        }
    }

    #[test]
    fn a_quarter_turn_is_a_rotation_by_90_degrees() {
        let quarter = Geometry { quarters: 1, ..Geometry::NONE }.moved(&plane());
        let free = Geometry { degrees: -90.0, ..Geometry::NONE };
        assert_eq!(free.warp((9, 9)).apply(&[plane()]), [quarter]);
    }

    #[test]
    fn scale_above_1_enlarges() {
        let disc = Plane::from_fn(33, 33, |x, y| if (x as f64 - 16.0).hypot(y as f64 - 16.0) < 6.0 { 255 } else { 0 });
        let area = |scale: f64| {
            let moved = Geometry { scale, ..Geometry::NONE }.warp((33, 33)).apply(std::slice::from_ref(&disc));
            moved[0].values().iter().filter(|&&v| v > 127).count() as f64
        };
        let ratio = area(2.0) / area(1.0);
        assert!((ratio - 4.0).abs() < 0.4, "{ratio}");
    }
}
