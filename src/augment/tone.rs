//! Contrast, brightness and gamma: what each grey level becomes.

use super::planes::{level, luma};
use crate::plane::Plane;

/// Three factors; 1 keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tone {
    /// Distance from the image's mean luma is multiplied by this.
    pub contrast: f64,
    /// Then values by this.
    pub brightness: f64,
    /// Then `v / 255` is raised to this.
    pub gamma: f64,
}

impl Tone {
    /// Changes nothing.
    pub const NONE: Self = Self { contrast: 1.0, brightness: 1.0, gamma: 1.0 };

    /// Applied to one or three planes; clipped to 0..=255 after each factor, rounded once.
    ///
    /// Source: torchvision's `adjust_contrast`, `adjust_brightness`, `adjust_gamma`.
    pub fn apply(&self, planes: &mut [Plane<u8>]) {
        let levels = self.levels(if self.contrast == 1.0 { 0.0 } else { mean(planes) });
        for plane in planes {
            plane.values_mut().iter_mut().for_each(|value| *value = levels[usize::from(*value)]);
        }
    }

    fn levels(&self, mean: f64) -> [u8; 256] {
        std::array::from_fn(|value| {
            let contrasted = (mean + self.contrast * (value as f64 - mean)).clamp(0.0, 255.0);
            let bright = (contrasted * self.brightness).min(255.0);
            let toned = if self.gamma == 1.0 { bright } else { 255.0 * libm::pow(bright / 255.0, self.gamma) };
            level(toned as f32)
        })
    }
}

fn mean(planes: &[Plane<u8>]) -> f64 {
    let n = planes[0].values().len() as f64;
    match planes {
        [grey] => grey.values().iter().map(|&v| u64::from(v)).sum::<u64>() as f64 / n,
        _ => luma(planes).iter().map(|&v| f64::from(v)).sum::<f64>() / n,
    }
}
