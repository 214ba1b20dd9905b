//! Closed outlines given by a radius in every direction: lesions, lobules, ribs.

use std::f64::consts::TAU;

use super::random::Random;

/// Directions whose radius is kept; between them it is interpolated.
const DIRECTIONS: usize = 256;

/// A star-shaped outline. Lengths are shares of the image's side; `y` points down.
pub(super) struct Outline {
    centre: (f64, f64),
    radii: Vec<f64>,
    longest: f64,
}

/// How an outline departs from an ellipse.
#[derive(Clone, Copy)]
pub(super) struct Irregularity {
    /// Share of the radius by which long waves raise and lower it.
    pub(super) lobes: f64,
    /// How many spicules grow out of it.
    pub(super) spicules: usize,
    /// Length of the longest spicule, as a share of the radius.
    pub(super) spicule_length: f64,
}

impl Outline {
    /// An ellipse of half-axes `half` that is turned by `tilt` radians.
    pub(super) fn ellipse(centre: (f64, f64), half: (f64, f64), tilt: f64) -> Self {
        let (a, b) = half;
        Self::from_radius(centre, |angle| {
            let (sine, cosine) = libm::sincos(angle - tilt);
            a * b / ((b * cosine) * (b * cosine) + (a * sine) * (a * sine)).sqrt()
        })
    }

    /// The outline with lobes and spicules at random places; its area stays about the same.
    pub(super) fn roughened(&self, how: Irregularity, random: &mut Random) -> Self {
        let lobes = [2.0, 3.0, 4.0, 6.0, 9.0].map(|waves: f64| {
            let height = how.lobes * random.between(0.3, 1.0) / waves.sqrt();
            (waves, height, random.between(0.0, TAU))
        });
        let spicules: Vec<_> = (0..how.spicules)
            .map(|_| {
                let length = how.spicule_length * random.between(0.25, 1.0);
                (random.between(0.0, TAU), random.between(0.10, 0.20), length)
            })
            .collect();
        let factor = |angle: f64| {
            let lobed: f64 = lobes.iter().map(|(waves, height, phase)| height * libm::sin(waves * angle + phase)).sum();
            let grown = spicules.iter().map(|(at, width, height)| height * super::bell(turn(angle - at), *width));
            1.0 + lobed + grown.fold(0.0, f64::max)
        };
        Self::from_radius(self.centre, |angle| self.radius(angle) * factor(angle).max(0.3))
    }

    /// Distance from the outline along the ray from the centre: negative inside; too small where it is above 0.06.
    pub(super) fn distance(&self, x: f64, y: f64) -> f64 {
        let (dx, dy) = (x - self.centre.0, y - self.centre.1);
        let length = (dx * dx + dy * dy).sqrt();
        // outside, only a narrow band is looked at
        if length > self.longest + 0.06 { length - self.longest } else { length - self.radius(libm::atan2(dy, dx)) }
    }

    /// Where the rays start.
    pub(super) fn centre(&self) -> (f64, f64) {
        self.centre
    }

    fn from_radius(centre: (f64, f64), radius: impl Fn(f64) -> f64) -> Self {
        let radii: Vec<f64> = (0..DIRECTIONS).map(|i| radius(i as f64 * TAU / DIRECTIONS as f64)).collect();
        let longest = radii.iter().copied().fold(0.0, f64::max);
        Self { centre, radii, longest }
    }

    fn radius(&self, angle: f64) -> f64 {
        let position = angle.rem_euclid(TAU) * DIRECTIONS as f64 / TAU;
        let below = position as usize;
        let (low, high) = (self.radii[below % DIRECTIONS], self.radii[(below + 1) % DIRECTIONS]);
        low + (high - low) * (position - below as f64)
    }
}

/// The angle between two directions, −π..π.
fn turn(angle: f64) -> f64 {
    (angle + TAU / 2.0).rem_euclid(TAU) - TAU / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ellipse_has_its_half_axes() {
        let ellipse = Outline::ellipse((0.5, 0.4), (0.2, 0.1), 0.0);
        assert!((ellipse.distance(0.7, 0.4)).abs() < 1e-9);
        assert!((ellipse.distance(0.5, 0.5)).abs() < 1e-9);
        assert!((ellipse.distance(0.5, 0.4) + 0.2).abs() < 1e-9);
        assert!(ellipse.distance(0.9, 0.9) > 0.0);
    }

    #[test]
    fn roughening_keeps_the_centre_inside_and_about_the_area() {
        let how = Irregularity { lobes: 0.2, spicules: 9, spicule_length: 0.4 };
        let round = || Outline::ellipse((0.0, 0.0), (1.0, 1.0), 0.0);
        for seed in 0..20 {
            let rough = round().roughened(how, &mut Random::new([seed, 0, 0, 0]));
            let area = rough.radii.iter().map(|r| r * r).sum::<f64>() / DIRECTIONS as f64;
            assert!(rough.distance(0.0, 0.0) < 0.0);
            assert!((0.6..1.6).contains(&area), "{area}");
        }
    }
}
