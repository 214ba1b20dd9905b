//! B-mode ultrasound of a breast: skin, fat lobules, gland, muscle, perhaps a rib, and one lesion.
//!
//! A benign lesion is a smooth dark ellipse, wider than tall, with slight enhancement behind it; a malignant one is
//! irregular, spiculated, often taller than wide, and casts a shadow. Shadows, lobules and ribs are dark too, but are
//! not part of the reference. All images of a subject show the same anatomy from another side.

use image::RgbImage;

use super::outline::{Irregularity, Outline};
use super::random::Random;
use super::speckle::{Beam, b_mode};
use super::texture::Texture;
use super::{Phantom, Pixels, bell, smoothstep};
use crate::dataset::Class;
use crate::plane::Plane;

/// Mean echo strengths, relative to gland.
const FAT_DB: f64 = -10.5;
const DEEP_FAT_DB: f64 = -9.0;
const MUSCLE_DB: f64 = -8.0;
const DEEPEST_DB: f64 = -13.0;
const BONE_DB: f64 = -24.0;

pub(super) fn draw(phantom: &Phantom) -> Pixels {
    let anatomy = Anatomy::new(phantom.class, &mut phantom.subject_random());
    let mut random = phantom.image_random();
    let view = View::new(&mut random);
    let size_px = phantom.size_px;
    let place = |x: usize, y: usize| view.place(phantom.share(x), phantom.share(y));

    let reference = Plane::from_fn(size_px, size_px, |x, y| {
        let (u, v) = place(x, y);
        anatomy.lesion.outline.distance(u, v) < 0.0
    });
    let mut echo_db = Plane::from_fn(size_px, size_px, |x, y| {
        let (u, v) = place(x, y);
        anatomy.echo_db(u, v) + view.gain_db(phantom.share(x), phantom.share(y))
    });
    attenuate(&mut echo_db, |x, y| {
        let (u, v) = place(x, y);
        anatomy.attenuation_db(u, v)
    });
    let grey = b_mode(&echo_db, &view.beam, &mut random);
    let rgb = grey.values().iter().flat_map(|&value| [value; 3]).collect();
    let side = u32::try_from(size_px).expect("a manifest allows 1024");
    Pixels { image: RgbImage::from_raw(side, side, rgb).expect("three values a pixel"), reference }
}

/// Adds to each pixel what the tissue above it took away (or, if positive, spared): `per_side_db` a side length.
fn attenuate(echo_db: &mut Plane<f64>, per_side_db: impl Fn(usize, usize) -> f64) {
    let (width, height) = echo_db.size();
    for x in 0..width {
        let mut passed_db: f64 = 0.0;
        for y in 0..height {
            echo_db.values_mut()[y * width + x] += passed_db.clamp(-21.0, 5.0);
            passed_db += per_side_db(x, y) / height as f64;
        }
    }
}

/// What lies below the probe, in anatomical coordinates: the image's side is 1, `y` is depth.
struct Anatomy {
    fat_to_gland: f64,
    gland_to_fat: f64,
    fat_to_muscle: f64,
    muscle_to_deep: f64,
    waviness: f64,
    waves: Texture,
    mottle: Texture,
    strands: Texture,
    lesion: Lesion,
    lobules: Vec<Outline>,
    rib: Option<Outline>,
}

struct Lesion {
    outline: Outline,
    echo_db: f64,
    mottle_db: f64,
    /// Width of its border, as a share of the image's side.
    border: f64,
    /// Brightness of the rim that crushed tissue forms around it.
    halo_db: f64,
    attenuation_db: f64,
}

impl Anatomy {
    fn new(class: Class, random: &mut Random) -> Self {
        let lesion = Lesion::new(class, random);
        let fat_to_gland = random.between(0.17, 0.30);
        let gland_to_fat = random.between(0.66, 0.76);
        let fat_to_muscle = gland_to_fat + random.between(0.03, 0.08);
        Self {
            fat_to_gland,
            gland_to_fat,
            fat_to_muscle,
            muscle_to_deep: fat_to_muscle + random.between(0.13, 0.22),
            waviness: random.between(0.02, 0.045),
            waves: Texture::new(random),
            mottle: Texture::new(random),
            strands: Texture::new(random),
            lobules: lobules(fat_to_gland, lesion.outline.centre(), random),
            rib: random.chance(0.45).then(|| {
                let centre = (random.between(0.05, 0.95), random.between(0.86, 0.95));
                Outline::ellipse(centre, (random.between(0.10, 0.17), random.between(0.05, 0.08)), 0.0)
            }),
            lesion,
        }
    }

    /// Mean echo strength at (`x`, `y`), before attenuation.
    fn echo_db(&self, x: f64, y: f64) -> f64 {
        let mut db = self.layers_db(x, y);
        for lobule in &self.lobules {
            let distance = lobule.distance(x, y);
            db += (FAT_DB - 2.5 - db) * smoothstep(0.006, -0.006, distance) + 6.0 * bell(distance - 0.004, 0.006);
        }
        if let Some(rib) = &self.rib {
            let distance = rib.distance(x, y);
            let facing = if y < rib.centre().1 { 16.0 } else { 0.0 };
            db += (BONE_DB - db) * smoothstep(0.0, -0.02, distance) + facing * bell(distance, 0.012);
        }
        self.lesion.cover_db(db, self.lesion.outline.distance(x, y), self.mottle.rough(x * 14.0, y * 14.0))
    }

    /// Gained or lost on the way through (`x`, `y`), in dB a side length.
    fn attenuation_db(&self, x: f64, y: f64) -> f64 {
        let lesion = self.lesion.attenuation_db * smoothstep(0.01, -0.01, self.lesion.outline.distance(x, y));
        let rib = self.rib.as_ref().map_or(0.0, |rib| -260.0 * smoothstep(0.0, -0.02, rib.distance(x, y)));
        lesion + rib
    }

    fn layers_db(&self, x: f64, y: f64) -> f64 {
        let below = |depth: f64, lane: f64, waviness: f64| y - depth - waviness * self.waves.rough(x * 2.3, lane);
        let gland = below(self.fat_to_gland, 1.0, self.waviness);
        let deep_fat = below(self.gland_to_fat, 9.0, 0.7 * self.waviness);
        let muscle = below(self.fat_to_muscle, 17.0, 0.4 * self.waviness);
        let deepest = below(self.muscle_to_deep, 25.0, 0.4 * self.waviness);
        let mut db = self.fat_db(x, y);
        db += (self.gland_db(x, y) - db) * smoothstep(-0.012, 0.012, gland);
        db += (DEEP_FAT_DB - db) * smoothstep(-0.01, 0.01, deep_fat);
        db += (self.muscle_db(x, y) - db) * smoothstep(-0.008, 0.008, muscle);
        db += (DEEPEST_DB - db) * smoothstep(-0.008, 0.008, deepest);
        let specular = 0.55 + 0.45 * self.strands.at(x * 5.0, 3.0);
        db + specular * (5.0 * bell(gland, 0.007) + 9.0 * bell(muscle, 0.006) + 11.0 * bell(deepest, 0.007))
    }

    fn fat_db(&self, x: f64, y: f64) -> f64 {
        let ligaments = self.strands.lines(x * 3.1 + 11.0, y * 7.0, 0.10);
        FAT_DB + 2.0 * self.mottle.rough(x * 5.0, y * 9.0) + 10.0 * ligaments
    }

    fn gland_db(&self, x: f64, y: f64) -> f64 {
        let ducts = self.strands.lines(x * 4.0, y * 12.0 + 5.0, 0.13);
        4.5 * self.mottle.rough(x * 5.0, y * 13.0) - 5.0 * ducts
    }

    fn muscle_db(&self, x: f64, y: f64) -> f64 {
        let fibres = self.strands.lines(x * 2.6, y * 34.0, 0.18);
        MUSCLE_DB - 3.0 + 2.0 * self.mottle.at(x * 4.0, y * 30.0) + 9.0 * fibres
    }
}

impl Lesion {
    fn new(class: Class, random: &mut Random) -> Self {
        let centre = (random.between(0.36, 0.64), random.between(0.42, 0.52));
        let tilt = random.between(-0.25, 0.25);
        if class == Class::Malignant {
            let (half_width, tallness) = (random.between(0.115, 0.16), random.between(0.85, 1.2));
            let how = Irregularity {
                lobes: random.between(0.12, 0.22),
                spicules: 6 + (random.unit() * 6.0) as usize,
                spicule_length: random.between(0.25, 0.5),
            };
            let outline = Outline::ellipse(centre, (half_width, half_width * tallness), tilt).roughened(how, random);
            return Self {
                outline,
                echo_db: random.between(-19.0, -15.5),
                mottle_db: 4.5,
                border: 0.016,
                halo_db: 3.0,
                attenuation_db: random.between(-75.0, -35.0),
            };
        }
        let (half_width, flatness) = (random.between(0.125, 0.21), random.between(0.55, 0.8));
        let how = Irregularity { lobes: random.between(0.0, 0.05), spicules: 0, spicule_length: 0.0 };
        Self {
            outline: Outline::ellipse(centre, (half_width, half_width * flatness), tilt).roughened(how, random),
            echo_db: random.between(-19.0, -14.5),
            mottle_db: 2.0,
            border: 0.009,
            halo_db: 2.0,
            attenuation_db: random.between(8.0, 26.0),
        }
    }

    /// The echo strength `db` of the tissue, or the lesion's own where it covers the tissue.
    fn cover_db(&self, db: f64, distance: f64, mottle: f64) -> f64 {
        let own = self.echo_db + self.mottle_db * mottle;
        let around = db + self.halo_db * bell(distance - 0.02, 0.012);
        around + (own - around) * smoothstep(self.border, -self.border, distance)
    }
}

/// Lobules fill the fat; one or two may lie in the gland, away from the lesion at `avoid`.
fn lobules(fat_to_gland: f64, avoid: (f64, f64), random: &mut Random) -> Vec<Outline> {
    let mut lobules = Vec::new();
    for i in 0..5 {
        let centre = ((f64::from(i) + random.between(0.1, 0.9)) / 5.0, fat_to_gland * random.between(0.5, 0.85));
        let half = (random.between(0.09, 0.15), random.between(0.03, 0.055));
        lobules.push(Outline::ellipse(centre, half, random.between(-0.2, 0.2)));
    }
    for side in [0.13, 0.87] {
        let centre = (side + random.between(-0.05, 0.05), random.between(fat_to_gland + 0.08, 0.6));
        let half = (random.between(0.06, 0.10), random.between(0.03, 0.05));
        let tilt = random.between(-0.3, 0.3);
        if random.chance(0.6) && (centre.0 - avoid.0).abs() > 0.32 {
            lobules.push(Outline::ellipse(centre, half, tilt));
        }
    }
    lobules
}

/// How the probe is held and the scanner is set.
struct View {
    shift: (f64, f64),
    scale: f64,
    tilt: (f64, f64),
    mirror: f64,
    beam: Beam,
    skin: f64,
    /// Left over by the time-gain compensation, from the top to the bottom.
    depth_db: f64,
    /// Where the probe's contact is poor, how wide, how much is lost.
    poor_contact: (f64, f64, f64),
}

impl View {
    fn new(random: &mut Random) -> Self {
        Self {
            shift: (random.between(-0.07, 0.07), random.between(-0.03, 0.03)),
            scale: random.between(0.92, 1.12),
            tilt: libm::sincos(random.between(-0.10, 0.10)),
            mirror: if random.chance(0.5) { -1.0 } else { 1.0 },
            beam: Beam {
                axial: random.between(0.0042, 0.0055),
                lateral: random.between(0.0075, 0.0105),
                focus: random.between(0.35, 0.6),
                dynamic_range_db: random.between(46.0, 56.0),
                black_db: random.between(-33.0, -27.0),
            },
            skin: random.between(0.035, 0.055),
            depth_db: random.between(-9.0, -2.0),
            poor_contact: (random.unit(), random.between(0.04, 0.08), random.between(0.0, 13.0)),
        }
    }

    /// The anatomical place that column `x` and row `y` (shares of the image) show.
    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        let (across, down) = (self.mirror * (x - 0.5) * self.scale, (y - 0.5) * self.scale);
        let (sine, cosine) = self.tilt;
        (0.5 + self.shift.0 + cosine * across - sine * down, 0.5 + self.shift.1 + sine * across + cosine * down)
    }

    /// What skin, contact and settings add, in image coordinates.
    fn gain_db(&self, x: f64, y: f64) -> f64 {
        let skin = 15.0 * bell(y - 0.3 * self.skin, 0.5 * self.skin) + 9.0 * bell(y - self.skin, 0.005);
        let (at, width, lost_db) = self.poor_contact;
        let contact = lost_db * bell(x - at - 0.1 * (y - 0.5), width) * smoothstep(0.02, 0.3, y);
        skin - contact + self.depth_db * y
    }
}
