//! One slice through both breasts and the chest, in coordinates whose unit is the image's side; the breasts point up.

use super::super::outline::{Irregularity, Outline};
use super::super::random::Random;
use super::super::texture::Texture;
use super::super::{bell, smoothstep};
use super::tumour::Tumour;
use crate::dataset::Class;

/// Signal of tissues before the coil's sensitivity, where 1 is white.
const FAT: f64 = 0.16;
const MUSCLE: f64 = 0.28;
const LUNG: f64 = 0.05;
const SKIN: f64 = 0.40;
const NIPPLE: f64 = 0.80;
const VESSEL: f64 = 0.80;

pub(super) struct Anatomy {
    pub(super) tumour: Tumour,
    breasts: [Breast; 2],
    chest: Chest,
    mottle: Texture,
    strands: Texture,
    /// How much gland enhances by itself.
    gland: f64,
    /// Moves the gland's pattern from slice to slice.
    drift: f64,
}

struct Breast {
    skin: Outline,
    gland: Outline,
    nipple: (f64, f64),
}

struct Chest {
    skin: Outline,
    muscle: Outline,
    lungs: Outline,
    heart: Outline,
    heart_signal: f64,
}

impl Anatomy {
    /// The slice at `height`, −1..1 of the tumour's half height.
    pub(super) fn new(class: Class, height: f64, random: &mut Random) -> Self {
        // away from the middle the breasts are smaller
        let section = (1.0 - 0.4 * height * height).sqrt();
        let half = (random.between(0.205, 0.225), random.between(0.37, 0.46) * section);
        let base = random.between(0.60, 0.65);
        let gap = random.between(0.01, 0.03);
        let middles = [0.5 - gap - half.0, 0.5 + gap + half.0];
        let tumour_x = middles[usize::from(random.chance(0.5))] + half.0 * random.between(-0.25, 0.25);
        let tumour_y = base - half.1 * random.between(0.32, 0.52);
        Self {
            tumour: Tumour::new(class, (tumour_x, tumour_y), height, random),
            breasts: middles.map(|x| Breast::new((x, base), half, random)),
            chest: Chest::new(base, random),
            mottle: Texture::new(random),
            strands: Texture::new(random),
            gland: random.between(0.32, 0.55),
            drift: 0.6 * height,
        }
    }

    /// The signal at (`x`, `y`), 0 in air to about 1, and whether the tumour is there.
    pub(super) fn signal(&self, x: f64, y: f64) -> (f64, bool) {
        let breast = &self.breasts[usize::from(x > 0.5)];
        let depth = -breast.skin.distance(x, y).min(self.chest.skin.distance(x, y));
        if depth < -0.01 {
            return (0.0, false);
        }
        let mut signal = FAT + 0.05 * self.mottle.rough(x * 9.0, y * 9.0);
        signal += self.gland_signal(breast, x, y);
        signal += (VESSEL - signal) * self.vessel(x, y);
        signal = self.chest.cover(signal, x, y, &self.mottle);
        let (dx, dy) = (x - breast.nipple.0, y - breast.nipple.1);
        signal += (NIPPLE - signal) * smoothstep(0.028, 0.014, (dx * dx + dy * dy).sqrt());
        signal += (SKIN - signal) * bell(depth - 0.008, 0.006);
        let distance = self.tumour.outline.distance(x, y);
        if distance < 0.01 {
            let septa = self.strands.lines(x * 9.0, y * 9.0, 0.12);
            signal = self.tumour.cover(signal, distance, self.mottle.rough(x * 17.0, y * 17.0), septa);
        }
        (signal * smoothstep(-0.006, 0.004, depth), distance < 0.0)
    }

    /// What gland adds to fat: patches and strands towards the nipple.
    fn gland_signal(&self, breast: &Breast, x: f64, y: f64) -> f64 {
        let inside = smoothstep(0.03, -0.07, breast.gland.distance(x, y));
        if inside == 0.0 {
            return 0.0;
        }
        let (across, along) = (x * 11.0 + self.drift, y * 7.0 - self.drift);
        let patches = smoothstep(-0.15, 0.25, self.mottle.rough(across + 3.0, along) + 0.3 * inside - 0.1);
        let strands = self.strands.lines(across * 1.2, along * 1.1, 0.22);
        let foci = smoothstep(0.35, 0.55, self.strands.rough(across * 2.0, along * 2.5 + 9.0));
        let enhancement = (self.gland - FAT) * (0.7 * patches + 0.6 * strands) + 0.3 * foci * patches;
        inside * enhancement * (1.0 + 0.4 * self.mottle.at(across * 4.0, along * 4.0))
    }

    /// Thin, winding, and only here and there: 1 in a vessel.
    fn vessel(&self, x: f64, y: f64) -> f64 {
        let somewhere = smoothstep(0.05, 0.3, self.mottle.at(x * 6.0 + 17.0, y * 6.0));
        if somewhere == 0.0 { 0.0 } else { somewhere * self.strands.lines(x * 5.0 + 13.0, y * 3.5 + 21.0, 0.045) }
    }
}

impl Breast {
    /// A breast that stands on the middle `base` and has the half-axes `half`.
    fn new(base: (f64, f64), half: (f64, f64), random: &mut Random) -> Self {
        let tilt = random.between(-0.06, 0.06);
        let smooth = Irregularity { lobes: random.between(0.0, 0.02), spicules: 0, spicule_length: 0.0 };
        let rough = Irregularity { lobes: 0.12, spicules: 0, spicule_length: 0.0 };
        let (x, y) = base;
        let gland_middle = (x + random.between(-0.02, 0.02), y - half.1 * random.between(0.42, 0.5));
        let gland_half = (half.0 * random.between(0.6, 0.8), half.1 * random.between(0.4, 0.48));
        let skin = Outline::ellipse(base, half, tilt).roughened(smooth, random);
        let below_apex = skin.distance(x, y - half.1) + 0.004;
        Self {
            nipple: (x, y - half.1 + below_apex),
            gland: Outline::ellipse(gland_middle, gland_half, tilt).roughened(rough, random),
            skin,
        }
    }
}

impl Chest {
    fn new(base: f64, random: &mut Random) -> Self {
        let half = (random.between(0.475, 0.49), random.between(0.42, 0.46));
        let middle = (0.5, base + half.1 - random.between(0.03, 0.05));
        let inner = |less: f64| Outline::ellipse(middle, (half.0 - 1.6 * less, half.1 - less), 0.0);
        let heart = (random.between(0.56, 0.62), base + random.between(0.22, 0.28));
        let heart_half = (random.between(0.17, 0.22), random.between(0.10, 0.14));
        let lobed = Irregularity { lobes: 0.05, spicules: 0, spicule_length: 0.0 };
        Self {
            skin: inner(0.0),
            muscle: inner(random.between(0.05, 0.06)),
            lungs: inner(random.between(0.09, 0.11)),
            heart: Outline::ellipse(heart, heart_half, 0.3).roughened(lobed, random),
            heart_signal: random.between(0.5, 0.75),
        }
    }

    /// `signal`, or the chest's own where it covers it.
    fn cover(&self, mut signal: f64, x: f64, y: f64, mottle: &Texture) -> f64 {
        let from_muscle = self.muscle.distance(x, y);
        if from_muscle > 0.01 {
            return signal;
        }
        let fibres = mottle.rough(x * 12.0, y * 30.0);
        signal += (MUSCLE + 0.14 * fibres - signal) * smoothstep(0.006, -0.006, from_muscle);
        let from_lungs = self.lungs.distance(x, y);
        signal += (LUNG - signal) * smoothstep(0.006, -0.006, from_lungs);
        // the vessels of the chest wall run beside it
        signal += 0.45 * bell(from_lungs - 0.004, 0.006) * smoothstep(0.2, 0.5, mottle.at(x * 14.0, 2.0));
        let heart = self.heart_signal * (1.0 + 0.35 * mottle.rough(x * 7.0, y * 7.0));
        signal + (heart - signal) * smoothstep(0.012, -0.012, self.heart.distance(x, y))
    }
}
