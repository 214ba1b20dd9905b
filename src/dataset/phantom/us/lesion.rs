//! The lesion: what the reference encloses.

use super::super::outline::{Irregularity, Outline};
use super::super::random::Random;
use super::super::{bell, smoothstep};
use crate::dataset::Class;

pub(super) struct Lesion {
    pub(super) outline: Outline,
    /// Lost (negative) or spared (positive) on the way through it, per side length.
    pub(super) attenuation_db: f64,
    echo_db: f64,
    mottle_db: f64,
    /// Half the width of its border, as a share of the image's side.
    border: f64,
    /// Brightness of the tissue that it crushes around it.
    halo_db: f64,
}

impl Lesion {
    pub(super) fn new(class: Class, random: &mut Random) -> Self {
        let centre = (random.between(0.34, 0.66), random.between(0.40, 0.53));
        match class {
            Class::Malignant => Self::malignant(centre, random),
            Class::Benign | Class::Normal | Class::Unknown => Self::benign(centre, random),
        }
    }

    fn benign(centre: (f64, f64), random: &mut Random) -> Self {
        let (half_width, flatness) = (random.between(0.13, 0.22), random.between(0.52, 0.8));
        let how = Irregularity { lobes: random.between(0.0, 0.04), spicules: 0, spicule_length: 0.0 };
        let outline = Outline::ellipse(centre, (half_width, half_width * flatness), random.between(-0.25, 0.25));
        Self {
            outline: outline.roughened(how, random),
            attenuation_db: random.between(8.0, 26.0),
            echo_db: random.between(-19.0, -15.0),
            mottle_db: 2.5,
            border: 0.009,
            halo_db: random.between(0.0, 5.0),
        }
    }

    fn malignant(centre: (f64, f64), random: &mut Random) -> Self {
        let (half_width, tallness) = (random.between(0.11, 0.16), random.between(0.8, 1.25));
        let how = Irregularity {
            lobes: random.between(0.08, 0.15),
            spicules: 3 + (random.unit() * 5.0) as usize,
            spicule_length: random.between(0.25, 0.6),
        };
        let outline = Outline::ellipse(centre, (half_width, half_width * tallness), random.between(-0.5, 0.5));
        Self {
            outline: outline.roughened(how, random),
            attenuation_db: random.between(-80.0, -25.0),
            echo_db: random.between(-19.5, -15.5),
            mottle_db: 5.0,
            border: random.between(0.010, 0.020),
            halo_db: random.between(0.0, 5.0),
        }
    }

    /// The echo strength `db` of the tissue, or the lesion's own where it covers the tissue.
    pub(super) fn cover_db(&self, db: f64, distance: f64, mottle: impl Fn() -> f64) -> f64 {
        if distance > 0.06 {
            return db;
        }
        let own = self.echo_db + self.mottle_db * mottle();
        let around = db + self.halo_db * bell(distance - 0.022, 0.012);
        around + (own - around) * smoothstep(self.border, -self.border, distance)
    }
}
