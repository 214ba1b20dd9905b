//! The tumour: what the reference encloses.

use super::super::outline::{Irregularity, Outline};
use super::super::random::Random;
use super::super::{bell, smoothstep};
use crate::dataset::Class;

pub(super) struct Tumour {
    pub(super) outline: Outline,
    core: f64,
    rim: f64,
    /// How much darker the septa are.
    septa: f64,
    /// How much the margin changes from slice to slice.
    change: f64,
}

impl Tumour {
    /// The section at `height` (−1..1 of the half height) of a tumour around `centre`.
    pub(super) fn new(class: Class, centre: (f64, f64), height: f64, random: &mut Random) -> Self {
        let radius = random.between(0.095, 0.125) * (1.0 - height * height).sqrt();
        let roundness = random.between(0.88, 1.12);
        let outline = Outline::ellipse(centre, (radius * roundness, radius / roundness), random.between(-1.0, 1.0));
        match class {
            Class::Malignant => Self::malignant(&outline, random),
            Class::Benign | Class::Normal | Class::Unknown => Self::benign(&outline, random),
        }
    }

    fn benign(round: &Outline, random: &mut Random) -> Self {
        let how = Irregularity { lobes: random.between(0.01, 0.05), spicules: 0, spicule_length: 0.0 };
        let signal = random.between(0.55, 0.80);
        let septa = random.between(0.1, 0.3);
        Self { outline: round.roughened(how, random), core: signal, rim: signal, septa, change: 0.01 }
    }

    fn malignant(round: &Outline, random: &mut Random) -> Self {
        let how = Irregularity {
            lobes: random.between(0.07, 0.13),
            spicules: 3 + (random.unit() * 5.0) as usize,
            spicule_length: random.between(0.15, 0.4),
        };
        Self {
            outline: round.roughened(how, random),
            core: random.between(0.42, 0.6),
            rim: random.between(0.72, 0.92),
            septa: 0.0,
            change: 0.04,
        }
    }

    /// Another slice has a slightly other margin.
    pub(super) fn reshape(&mut self, random: &mut Random) {
        let how = Irregularity { lobes: self.change, spicules: 0, spicule_length: 0.0 };
        self.outline = self.outline.roughened(how, random);
    }

    /// `signal`, or the tumour's own at `distance` from its outline; `mottle` and `septa` are the texture there.
    pub(super) fn cover(&self, signal: f64, distance: f64, mottle: f64, septa: f64) -> f64 {
        let rim = bell(distance + 0.014, 0.016) * (1.0 + 0.35 * mottle);
        let own = (self.core + (self.rim - self.core) * rim) * (1.0 + 0.16 * mottle) - self.septa * septa;
        signal + (own - signal) * smoothstep(0.007, -0.007, distance)
    }
}
