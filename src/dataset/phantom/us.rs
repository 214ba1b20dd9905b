//! B-mode ultrasound of a breast: skin, fat lobules, gland, muscle, perhaps a rib, and one lesion.
//!
//! A benign lesion is a smooth dark ellipse, wider than tall, with slight enhancement behind it; a malignant one is
//! irregular, spiculated, often taller than wide, and casts a shadow. Shadows, lobules and ribs are dark too, but are
//! not part of the reference. All images of a subject show the same anatomy from another side.

mod lesion;
mod tissue;

use self::lesion::Lesion;
use self::tissue::Tissue;
use super::outline::Outline;
use super::random::Random;
use super::speckle::{Beam, b_mode};
use super::{Phantom, Pixels, bell, grey_image, smoothstep};
use crate::plane::Plane;

pub(super) fn draw(phantom: &Phantom) -> Pixels {
    let anatomy = Anatomy::new(phantom, &mut phantom.subject_random());
    let mut random = phantom.image_random();
    let view = View::new(&mut random);
    let size_px = phantom.size_px;
    let points = Plane::from_fn(size_px, size_px, |x, y| {
        let (u, v) = (phantom.share(x), phantom.share(y));
        let (across, depth) = view.place(u, v);
        anatomy.point(across, depth, view.gain_db(u, v))
    });
    let grey = b_mode(&attenuated(&points), &view.beam, &mut random);
    Pixels { image: grey_image(&grey), reference: points.map(|point| point.lesion) }
}

/// What lies below the probe, in anatomical coordinates: the image's side is 1, `y` is depth.
struct Anatomy {
    tissue: Tissue,
    lobules: Vec<Outline>,
    rib: Option<Outline>,
    lesion: Lesion,
}

/// What a pixel shows.
struct Point {
    /// Echo strength without attenuation.
    echo_db: f64,
    /// Lost (negative) or spared (positive) on the way through, per side length.
    attenuation_db: f64,
    /// Whether it belongs to the reference.
    lesion: bool,
}

impl Anatomy {
    fn new(phantom: &Phantom, random: &mut Random) -> Self {
        let lesion = Lesion::new(phantom.class, random);
        let tissue = Tissue::new(random);
        Self {
            lobules: lobules(tissue.fat_to_gland(), lesion.outline.centre(), random),
            rib: random.chance(0.4).then(|| rib(random)),
            tissue,
            lesion,
        }
    }

    fn point(&self, x: f64, y: f64, gain_db: f64) -> Point {
        let mut echo_db = self.tissue.echo_db(x, y);
        for lobule in &self.lobules {
            let distance = lobule.distance(x, y);
            if distance < 0.03 {
                echo_db += (self.tissue.fat_db(x, y) - 2.0 - echo_db) * smoothstep(0.006, -0.006, distance);
                echo_db += 7.0 * bell(distance - 0.003, 0.006);
            }
        }
        let mut attenuation_db = 0.0;
        if let Some(rib) = &self.rib {
            let distance = rib.distance(x, y);
            let facing = if y < rib.centre().1 { 15.0 } else { 0.0 };
            let inside = smoothstep(0.0, -0.03, distance);
            echo_db += -8.0 * inside + facing * bell(distance, 0.010);
            attenuation_db -= 190.0 * inside;
        }
        let distance = self.lesion.outline.distance(x, y);
        echo_db = self.lesion.cover_db(echo_db, distance, || self.tissue.mottle(x * 14.0, y * 14.0));
        attenuation_db += self.lesion.attenuation_db * smoothstep(0.01, -0.01, distance);
        Point { echo_db: echo_db + gain_db, attenuation_db, lesion: distance < 0.0 }
    }
}

/// Lobules fill the fat; one or two may lie in the gland, beside the lesion at `avoid`.
fn lobules(fat_to_gland: f64, avoid: (f64, f64), random: &mut Random) -> Vec<Outline> {
    let mut lobules = Vec::new();
    for i in 0..6 {
        let centre = ((f64::from(i) + random.between(0.1, 0.9)) / 6.0, fat_to_gland * random.between(0.45, 0.95));
        let half = (random.between(0.08, 0.15), random.between(0.03, 0.06));
        lobules.push(Outline::ellipse(centre, half, random.between(-0.3, 0.3)));
    }
    for side in [0.10, 0.90] {
        let centre = (side + random.between(-0.05, 0.05), random.between(fat_to_gland + 0.08, 0.6));
        let half = (random.between(0.06, 0.10), random.between(0.03, 0.05));
        let tilt = random.between(-0.3, 0.3);
        if random.chance(0.6) && (centre.0 - avoid.0).abs() > 0.33 {
            lobules.push(Outline::ellipse(centre, half, tilt));
        }
    }
    lobules
}

fn rib(random: &mut Random) -> Outline {
    let centre = (random.between(0.05, 0.95), random.between(0.90, 0.98));
    Outline::ellipse(centre, (random.between(0.10, 0.17), random.between(0.05, 0.08)), 0.0)
}

/// Echo strength less what the tissue above each pixel took away.
fn attenuated(points: &Plane<Point>) -> Plane<f64> {
    let (width, height) = points.size();
    let mut passed_db = vec![0.0; width];
    let echo_db = points.values().iter().enumerate().map(|(i, point)| {
        let passed_db: &mut f64 = &mut passed_db[i % width];
        let arriving_db = passed_db.clamp(-20.0, 5.0);
        *passed_db += point.attenuation_db / height as f64;
        point.echo_db + arriving_db
    });
    Plane::new(width, height, echo_db.collect()).expect("one echo a point")
}

/// How the probe is held and the scanner is set.
struct View {
    shift: (f64, f64),
    scale: f64,
    /// Sine and cosine.
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
        let dynamic_range_db = random.between(44.0, 54.0);
        Self {
            shift: (random.between(-0.07, 0.07), random.between(-0.03, 0.03)),
            scale: random.between(0.92, 1.10),
            tilt: libm::sincos(random.between(-0.12, 0.12)),
            mirror: if random.chance(0.5) { -1.0 } else { 1.0 },
            beam: Beam {
                axial: random.between(0.0042, 0.0055),
                lateral: random.between(0.0075, 0.0105),
                focus: random.between(0.35, 0.6),
                looks: 2,
                dynamic_range_db,
                // gland comes out at 47 to 66 % of white
                black_db: -dynamic_range_db * random.between(0.47, 0.66),
            },
            skin: random.between(0.03, 0.05),
            depth_db: random.between(-9.0, -1.0),
            poor_contact: (random.unit(), random.between(0.04, 0.09), random.between(0.0, 13.0)),
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
        let skin = 13.0 * bell(y - 0.3 * self.skin, 0.5 * self.skin) + 9.0 * bell(y - self.skin, 0.006);
        let (at, width, lost_db) = self.poor_contact;
        let contact = lost_db * bell(x - at - 0.1 * (y - 0.5), width) * smoothstep(0.02, 0.3, y);
        skin - contact + self.depth_db * y
    }
}
