//! What one image gets: drawn once, then applied without chance.

use image::RgbImage;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::config::Augment;
use super::elastic::{Displacement, Smooth};
use super::geometry::Geometry;
use super::planes::{join, opaque, split};
use super::tone::Tone;
use super::{bilateral, blur, clahe, colour, median, sharpness, speckle};
use crate::plane::{Mask, Plane};

/// Movements and changes of values, with their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    geometry: Geometry,
    steps: Vec<Step>,
}

/// A change of values.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Median,
    Bilateral { sigma: f64 },
    Blur { sigma_px: f64 },
    Clahe { clip: f64 },
    Sharpness { factor: f64 },
    Tone(Tone),
    Colour { saturation: f64, turn: f64 },
    Speckle { sd: f64, seed: u64 },
}

impl Recipe {
    /// Changes nothing.
    pub const NONE: Self = Self { geometry: Geometry::NONE, steps: Vec::new() };

    /// What `augment` comes to with `seed`, for images of `side` px.
    ///
    /// Each operation draws from its own stream: adding one to a spec leaves the numbers of the others as they are.
    pub fn draw(augment: &Augment, side: usize, seed: u64) -> Self {
        Self { geometry: geometry(augment, side, seed), steps: steps(augment, seed) }
    }

    /// Whether pixels are moved by mirrors alone, so that maps of a mask are mirrored with it.
    pub fn only_mirrors(&self) -> bool {
        self.geometry.only_mirrors()
    }

    /// A map of the reference, if [`Recipe::only_mirrors`].
    pub fn mirrored(&self, map: &Plane<f32>) -> Plane<f32> {
        self.geometry.moved(map)
    }

    /// Image and mask of one size, moved together; then the image's values changed.
    pub fn apply(&self, image: &RgbImage, mask: &Mask) -> (RgbImage, Mask) {
        if self.geometry == Geometry::NONE && self.steps.is_empty() {
            return (image.clone(), mask.clone());
        }
        let mut planes = split(image);
        let mask = self.moved(&mut planes, mask);
        for step in &self.steps {
            step.apply(&mut planes);
        }
        (join(&planes), mask)
    }

    fn moved(&self, planes: &mut Vec<Plane<u8>>, mask: &Mask) -> Mask {
        if self.geometry == Geometry::NONE {
            return mask.clone();
        }
        if self.geometry.whole_pixels() {
            planes.iter_mut().for_each(|plane| *plane = self.geometry.moved(plane));
            return self.geometry.moved(mask);
        }
        planes.push(opaque(mask));
        *planes = self.geometry.warp(mask.size()).apply(planes);
        planes.pop().expect("the mask's plane").map(|&share| share > 127)
    }
}

impl Step {
    fn apply(&self, planes: &mut [Plane<u8>]) {
        let each = |planes: &mut [Plane<u8>], of: &dyn Fn(&Plane<u8>) -> Plane<u8>| {
            planes.iter_mut().for_each(|plane| *plane = of(plane));
        };
        match *self {
            Self::Median => each(planes, &median::apply),
            Self::Bilateral { sigma } => each(planes, &|plane| bilateral::apply(plane, sigma)),
            Self::Blur { sigma_px } => each(planes, &|plane| blur::apply(plane, sigma_px)),
            Self::Clahe { clip } => clahe::apply(planes, clip),
            Self::Sharpness { factor } => each(planes, &|plane| sharpness::apply(plane, factor)),
            Self::Tone(tone) => tone.apply(planes),
            Self::Colour { saturation, turn } => colour::apply(planes, saturation, turn),
            Self::Speckle { sd, seed } => {
                let noise = speckle::noise(planes[0].values().len(), &mut ChaCha8Rng::seed_from_u64(seed));
                speckle::apply(planes, &noise, sd);
            }
        }
    }
}

/// Which operation a stream of random numbers belongs to; never renumbered, or the draws of old runs change.
#[derive(Clone, Copy)]
enum Stream {
    FlipAndShift = 0,
    QuarterTurns = 1,
    Rotate = 2,
    Scale = 3,
    Elastic = 4,
    Median = 5,
    Bilateral = 6,
    Blur = 7,
    Clahe = 8,
    Sharpness = 9,
    Contrast = 10,
    Brightness = 11,
    Gamma = 12,
    Saturation = 13,
    Hue = 14,
    Speckle = 15,
}

/// The draws of one operation.
struct Draws(ChaCha8Rng);

impl Draws {
    fn of(seed: u64, stream: Stream) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream as u64);
        Self(random)
    }

    /// Uniform in 0..1, of 53 bits.
    fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `from..to`, with that probability.
    fn sometimes(&mut self, probability: f64, (from, to): (f64, f64)) -> Option<f64> {
        (self.unit() < probability).then(|| from + (to - from) * self.unit())
    }
}

fn geometry(augment: &Augment, side: usize, seed: u64) -> Geometry {
    let mut random = Draws::of(seed, Stream::FlipAndShift).0;
    let mut coin = |wanted: bool| random.next_u32() & 1 == 1 && wanted;
    let (mirror_x, mirror_y) = (coin(augment.flip_horizontal), coin(augment.flip_vertical));
    let reach = (augment.shift * side as f64).floor() as u64;
    let mut offset = || (random.next_u64() % (2 * reach + 1)) as isize - reach as isize;
    let shift = (offset(), offset());
    let quarters = match augment.quarter_turns {
        true => (Draws::of(seed, Stream::QuarterTurns).unit() * 4.0) as u8,
        false => 0,
    };
    let degrees = augment.rotate.as_ref().and_then(|rotate| {
        Draws::of(seed, Stream::Rotate).sometimes(rotate.probability, (-rotate.degrees, rotate.degrees))
    });
    let scale = augment
        .scale
        .as_ref()
        .and_then(|scale| Draws::of(seed, Stream::Scale).sometimes(scale.probability, (scale.from, scale.to)));
    let elastic = augment.elastic.as_ref().and_then(|elastic| {
        let mut draws = Draws::of(seed, Stream::Elastic);
        let px = |share: f64| share * side as f64;
        let smooth = Smooth { displacement_px: px(elastic.displacement), sigma_px: px(elastic.smoothness) };
        (draws.unit() < elastic.probability).then(|| Displacement::draw(smooth, side, &mut draws.0))
    });
    Geometry {
        mirror_x,
        mirror_y,
        shift,
        quarters,
        degrees: degrees.unwrap_or(0.0),
        scale: scale.unwrap_or(1.0),
        elastic,
    }
}

/// In the order in which they are applied.
fn steps(augment: &Augment, seed: u64) -> Vec<Step> {
    let drawn = |range: &Option<super::Range>, stream: Stream| {
        range.as_ref().and_then(|r| Draws::of(seed, stream).sometimes(r.probability, (r.from, r.to)))
    };
    let median = augment.median.as_ref().filter(|m| Draws::of(seed, Stream::Median).unit() < m.probability);
    let factor = |range, stream| drawn(range, stream).unwrap_or(1.0);
    let tone = Tone {
        contrast: factor(&augment.contrast, Stream::Contrast),
        brightness: factor(&augment.brightness, Stream::Brightness),
        gamma: factor(&augment.gamma, Stream::Gamma),
    };
    let saturation = factor(&augment.saturation, Stream::Saturation);
    let turn =
        augment.hue.as_ref().and_then(|h| Draws::of(seed, Stream::Hue).sometimes(h.probability, (-h.turn, h.turn)));
    let turn = turn.unwrap_or(0.0);
    let speckle = drawn(&augment.speckle, Stream::Speckle);
    [
        median.map(|_| Step::Median),
        drawn(&augment.bilateral, Stream::Bilateral).map(|sigma| Step::Bilateral { sigma }),
        drawn(&augment.blur, Stream::Blur).map(|sigma_px| Step::Blur { sigma_px }),
        drawn(&augment.clahe, Stream::Clahe).map(|clip| Step::Clahe { clip }),
        drawn(&augment.sharpness, Stream::Sharpness).map(|factor| Step::Sharpness { factor }),
        (tone != Tone::NONE).then_some(Step::Tone(tone)),
        (saturation != 1.0 || turn != 0.0).then_some(Step::Colour { saturation, turn }),
        speckle.map(|sd| Step::Speckle { sd, seed: Draws::of(seed, Stream::Speckle).0.next_u64() }),
    ]
    .into_iter()
    .flatten()
    .collect()
}
