//! Healthy tissue in layers: fat, gland, fat, muscle and what lies below, with wavy borders.

use super::super::random::Random;
use super::super::texture::Texture;
use super::super::{bell, smoothstep};

/// Mean echo strengths, relative to gland.
const FAT_DB: f64 = -11.0;
const DEEP_FAT_DB: f64 = -10.0;
const MUSCLE_DB: f64 = -11.0;
const DEEPEST_DB: f64 = -14.0;

pub(super) struct Tissue {
    gland: Border,
    deep_fat: Border,
    muscle: Border,
    deepest: Border,
    mottle: Texture,
    strands: Texture,
    /// Strength of the gland's mottle and ducts.
    unevenness_db: f64,
}

impl Tissue {
    pub(super) fn new(random: &mut Random) -> Self {
        let waves = Texture::new(random);
        let waviness = random.between(0.05, 0.10);
        let gland = random.between(0.18, 0.30);
        let deep_fat = random.between(0.68, 0.78);
        let muscle = deep_fat + random.between(0.03, 0.08);
        let deepest = muscle + random.between(0.10, 0.2);
        Self {
            gland: Border::new(gland, waviness, 1.0, &waves),
            deep_fat: Border::new(deep_fat, 0.8 * waviness, 9.3, &waves),
            muscle: Border::new(muscle, 0.6 * waviness, 9.5, &waves),
            deepest: Border::new(deepest, 0.6 * waviness, 9.8, &waves),
            mottle: Texture::new(random),
            strands: Texture::new(random),
            unevenness_db: random.between(5.0, 10.0),
        }
    }

    /// Mean depth of the subcutaneous fat's lower border.
    pub(super) fn fat_to_gland(&self) -> f64 {
        self.gland.depth
    }

    /// Patches of −1..=1.
    pub(super) fn mottle(&self, x: f64, y: f64) -> f64 {
        self.mottle.rough(x, y)
    }

    /// Mean echo strength at (`x`, `y`).
    pub(super) fn echo_db(&self, x: f64, y: f64) -> f64 {
        let gland = self.gland.above(x, y);
        let mut db = match smoothstep(-0.012, 0.012, gland) {
            0.0 => self.fat_db(x, y),
            1.0 => self.gland_db(x, y),
            share => self.fat_db(x, y) * (1.0 - share) + self.gland_db(x, y) * share,
        };
        db += self.specular(x, 1.0) * 8.0 * bell(gland, 0.007);
        let deep_fat = smoothstep(-0.012, 0.012, self.deep_fat.above(x, y));
        if deep_fat > 0.0 {
            db += (DEEP_FAT_DB + 3.0 * self.mottle(x * 6.0, y * 20.0) - db) * deep_fat;
            db = self.muscle_db(db, x, y);
        }
        db
    }

    /// Fat with the ligaments that run through it.
    pub(super) fn fat_db(&self, x: f64, y: f64) -> f64 {
        let ligaments = self.strands.lines(x * 2.6 + 11.0, y * 5.5, 0.12);
        FAT_DB + 2.0 * self.mottle.at(x * 5.0, y * 9.0) + 10.0 * ligaments
    }

    fn gland_db(&self, x: f64, y: f64) -> f64 {
        let ducts = self.strands.lines(x * 3.5, y * 10.0 + 5.0, 0.16);
        self.unevenness_db * (1.3 * self.mottle(x * 4.0, y * 10.0) - 0.8 * ducts)
    }

    /// `db`, or the muscle's and deeper tissue's own echo strength where they begin.
    fn muscle_db(&self, mut db: f64, x: f64, y: f64) -> f64 {
        let (muscle, deepest) = (self.muscle.above(x, y), self.deepest.above(x, y));
        if muscle < -0.03 {
            return db;
        }
        let fibres = self.strands.lines(x * 2.2, (y - 0.15 * x) * 30.0, 0.22);
        let own = MUSCLE_DB + 2.0 * self.mottle.at(x * 4.0, y * 30.0) + 8.0 * fibres;
        db += (own - db) * smoothstep(-0.008, 0.008, muscle);
        db += (DEEPEST_DB + 5.0 * self.mottle(x * 4.0, y * 22.0) - db) * smoothstep(-0.008, 0.008, deepest);
        db + self.specular(x, 3.0) * 12.0 * bell(muscle, 0.007) + self.specular(x, 6.0) * 13.0 * bell(deepest, 0.008)
    }

    /// How well a border reflects, 0..=1: it is bright where the beam meets it squarely.
    fn specular(&self, x: f64, lane: f64) -> f64 {
        smoothstep(-0.5, 0.4, self.strands.at(x * 4.0, lane))
    }
}

/// A wavy border between two layers.
struct Border {
    depth: f64,
    /// Depth at evenly spaced places from −0.5 to 1.5.
    depths: Vec<f64>,
}

const PLACES: usize = 256;

impl Border {
    fn new(depth: f64, waviness: f64, lane: f64, waves: &Texture) -> Self {
        let place = |i: usize| 2.0 * i as f64 / (PLACES - 1) as f64 - 0.5;
        let depths = (0..PLACES).map(|i| depth + waviness * waves.rough(place(i) * 1.8 + 4.0, lane)).collect();
        Self { depth, depths }
    }

    /// How far the border is above `y`: negative where `y` is in the upper layer.
    fn above(&self, x: f64, y: f64) -> f64 {
        let position = ((x + 0.5) / 2.0).clamp(0.0, 1.0) * (PLACES - 1) as f64;
        let left = (position as usize).min(PLACES - 2);
        let (before, after) = (self.depths[left], self.depths[left + 1]);
        y - before - (after - before) * (position - left as f64)
    }
}
