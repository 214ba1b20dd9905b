//! From echo strength to a B-mode picture: scatterers, point-spread function, envelope, log compression.

use super::bell;
use super::random::Random;
use crate::plane::Plane;

/// The imaging system. Widths are standard deviations as shares of the image's side.
pub(super) struct Beam {
    /// Width of the pulse along the beam.
    pub(super) axial: f64,
    /// Width of the beam in its focus.
    pub(super) lateral: f64,
    /// Depth of the focus, 0..=1.
    pub(super) focus: f64,
    /// From black to white.
    pub(super) dynamic_range_db: f64,
    /// Echo strength that comes out black, on average.
    pub(super) black_db: f64,
}

/// A complex plane, real and imaginary part.
type Field = Plane<(f64, f64)>;

/// Fully developed speckle whose local mean follows `echo_db`: many scatterers a resolution cell, each a complex
/// Gaussian draw, blurred by the beam; the envelope is Rayleigh distributed (5.6 dB standard deviation).
pub(super) fn b_mode(echo_db: &Plane<f64>, beam: &Beam, random: &mut Random) -> Plane<u8> {
    let scatterers = echo_db.map(|db| {
        let amplitude = libm::exp(db * (std::f64::consts::LN_10 / 20.0));
        let (re, im) = random.normals();
        (amplitude * re, amplitude * im)
    });
    let echo = along_depth(&across_beams(&scatterers, beam), beam);
    echo.map(|(re, im)| {
        let power = (re * re + im * im) / 2.0;
        let db = libm::log10(power.max(1e-12)) * 10.0;
        (255.0 * (db - beam.black_db) / beam.dynamic_range_db).round().clamp(0.0, 255.0) as u8
    })
}

/// The beam is narrow in its focus and widens away from it.
fn across_beams(field: &Field, beam: &Beam) -> Field {
    let (width, height) = field.size();
    let kernels: Vec<_> = (0..height)
        .map(|y| {
            let from_focus = (y as f64 / height as f64 - beam.focus).abs();
            kernel(beam.lateral * (1.0 + 1.2 * from_focus) * width as f64)
        })
        .collect();
    Plane::from_fn(width, height, |x, y| {
        let row = &field.values()[y * width..(y + 1) * width];
        convolve(&kernels[y], x, width, |at| row[at])
    })
}

fn along_depth(field: &Field, beam: &Beam) -> Field {
    let (width, height) = field.size();
    let kernel = kernel(beam.axial * height as f64);
    Plane::from_fn(width, height, |x, y| convolve(&kernel, y, height, |at| field.values()[at * width + x]))
}

/// Gaussian weights of unit energy, so that the blur keeps the mean power; the middle one first.
fn kernel(deviation_px: f64) -> Vec<f64> {
    let weights: Vec<f64> =
        (0..=libm::ceil(3.0 * deviation_px) as usize).map(|i| bell(i as f64, deviation_px)).collect();
    let energy: f64 = weights.iter().skip(1).map(|w| 2.0 * w * w).sum::<f64>() + 1.0;
    weights.into_iter().map(|w| w / energy.sqrt()).collect()
}

/// The weighted sum around `at`; beyond `0..len` the field is mirrored.
fn convolve(kernel: &[f64], at: usize, len: usize, value: impl Fn(usize) -> (f64, f64)) -> (f64, f64) {
    let mirrored = |i: isize| {
        let last = len as isize - 1;
        let inside = if i < 0 {
            -1 - i
        } else if i > last {
            2 * last + 1 - i
        } else {
            i
        };
        inside.clamp(0, last) as usize
    };
    let (re, im) = value(at);
    let mut sum = (kernel[0] * re, kernel[0] * im);
    for (i, weight) in kernel.iter().enumerate().skip(1) {
        let (before, after) = (value(mirrored(at as isize - i as isize)), value(mirrored((at + i) as isize)));
        sum.0 += weight * (before.0 + after.0);
        sum.1 += weight * (before.1 + after.1);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_of_even_tissue_is_rayleigh_distributed() {
        // a Rayleigh envelope in dB: mean −2.51 below the mean power, standard deviation 5.57
        let even = Plane::filled(128, 128, 0.0);
        let beam = Beam { axial: 0.005, lateral: 0.01, focus: 0.5, dynamic_range_db: 102.0, black_db: -60.0 };
        let image = b_mode(&even, &beam, &mut Random::new([9, 0, 0, 0]));
        let db: Vec<f64> = image.values().iter().map(|&grey| f64::from(grey) * 0.4 - 60.0).collect();
        let mean = db.iter().sum::<f64>() / db.len() as f64;
        let deviation = (db.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / db.len() as f64).sqrt();
        assert!((mean + 2.51).abs() < 0.3, "{mean}");
        assert!((deviation - 5.57).abs() < 0.3, "{deviation}");
    }
}
