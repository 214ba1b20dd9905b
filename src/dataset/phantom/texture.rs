//! Smooth random fields: wavy borders, mottled tissue, ducts, uneven coils.

use super::random::Random;

/// Lattice points a side; a power of two, so that wrapping around is a mask.
const SIDE: usize = 32;

/// Smooth noise over the plane, in −1..=1; features are about one unit wide, and it repeats after 32 units.
pub(super) struct Texture {
    lattice: Vec<f64>,
}

impl Texture {
    pub(super) fn new(random: &mut Random) -> Self {
        Self { lattice: (0..SIDE * SIDE).map(|_| random.between(-1.0, 1.0)).collect() }
    }

    /// One octave at (`x`, `y`).
    pub(super) fn at(&self, x: f64, y: f64) -> f64 {
        let (left, top) = (whole(x), whole(y));
        let (across, down) = (fade(x - left as f64), fade(y - top as f64));
        let upper = blend(self.point(left, top), self.point(left + 1, top), across);
        let lower = blend(self.point(left, top + 1), self.point(left + 1, top + 1), across);
        blend(upper, lower, down)
    }

    /// Three octaves, each twice as fine and half as strong.
    pub(super) fn rough(&self, x: f64, y: f64) -> f64 {
        let octaves = self.at(x, y) + 0.5 * self.at(2.0 * x + 7.3, 2.0 * y + 3.1) + 0.25 * self.at(4.0 * x, 4.0 * y);
        octaves / 1.75
    }

    /// Thin winding lines: 1 on a line, 0 beyond `width` (in units of the noise's value) beside it.
    pub(super) fn lines(&self, x: f64, y: f64, width: f64) -> f64 {
        let beside = (self.rough(x, y) / width).abs();
        if beside < 1.0 { 1.0 - fade(beside) } else { 0.0 }
    }

    fn point(&self, column: i64, row: i64) -> f64 {
        let wrapped = |at: i64| at as usize % SIDE;
        self.lattice[wrapped(row) * SIDE + wrapped(column)]
    }
}

/// The largest whole number that is not above `x`; `f64::floor` is a function call on common targets.
fn whole(x: f64) -> i64 {
    let towards_zero = x as i64;
    towards_zero - i64::from(towards_zero as f64 > x)
}

fn fade(t: f64) -> f64 {
    t * t * (3.0 - 2.0 * t)
}

fn blend(a: f64, b: f64, share: f64) -> f64 {
    a + (b - a) * share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_texture_is_bounded_smooth_and_periodic() {
        let texture = Texture::new(&mut Random::new([5, 0, 0, 0]));
        for i in 0..1000 {
            let (x, y) = (f64::from(i) * 0.137 - 60.0, f64::from(i) * 0.071 - 20.0);
            assert!(texture.rough(x, y).abs() <= 1.0);
            assert!((texture.at(x, y) - texture.at(x + 1e-6, y)).abs() < 1e-5);
            assert!((texture.at(x, y) - texture.at(x + 32.0, y - 32.0)).abs() < 1e-9);
        }
    }
}
