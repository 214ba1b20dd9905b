//! Hue and saturation.

use pulp::Arch;

use super::planes::level;
use crate::plane::Plane;

/// `grey + saturation · (v − grey)` with grey the Rec. 601 luma, then the hue turned by `turn` of the circle (HSV).
/// One plane is grey and stays what it is.
///
/// Source: torchvision's `adjust_saturation` and `adjust_hue`. Ours differs: rounded once, at the end.
pub fn apply(planes: &mut [Plane<u8>], saturation: f64, turn: f64) {
    let [red, green, blue] = planes else { return };
    let (saturation, turn) = (saturation as f32, turn as f32);
    let (r, g, b) = (red.values_mut(), green.values_mut(), blue.values_mut());
    Arch::new().dispatch(|| {
        for ((r, g), b) in r.iter_mut().zip(g.iter_mut()).zip(b.iter_mut()) {
            let rgb = saturate([*r, *g, *b].map(f32::from), saturation);
            [*r, *g, *b] = if turn == 0.0 { rgb } else { turned(rgb, turn) }.map(level);
        }
    });
}

#[inline(always)]
fn saturate(rgb: [f32; 3], saturation: f32) -> [f32; 3] {
    let grey = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    rgb.map(|v| (grey + saturation * (v - grey)).clamp(0.0, 255.0))
}

/// By way of hue in sixths of the circle.
#[inline(always)]
fn turned([r, g, b]: [f32; 3], turn: f32) -> [f32; 3] {
    let (value, least) = (r.max(g).max(b), r.min(g).min(b));
    let chroma = value - least;
    let scale = if chroma > 0.0 { 1.0 / chroma } else { 0.0 };
    let sixths = if value == r {
        (g - b) * scale
    } else if value == g {
        2.0 + (b - r) * scale
    } else {
        4.0 + (r - g) * scale
    };
    // Smith's hexcone, inverted: each channel is the value less a trapezoid of the hue.
    [5.0, 3.0, 1.0].map(|peak: f32| {
        let at = peak + sixths + 6.0 * turn + 6.0;
        let at = at - 6.0 * (at * (1.0 / 6.0)).floor();
        value - chroma * at.min(4.0 - at).clamp(0.0, 1.0)
    })
}
