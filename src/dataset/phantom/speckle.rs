//! From echo strength to a B-mode picture: scatterers, point-spread function, envelope, log compression.

use super::random::Random;
use super::{bell, grey};
use crate::plane::Plane;

/// The imaging system. Widths are standard deviations as shares of the image's side.
pub(super) struct Beam {
    /// Width of the pulse along the beam.
    pub(super) axial: f64,
    /// Width of the beam in its focus.
    pub(super) lateral: f64,
    /// Depth of the focus, 0..=1.
    pub(super) focus: f64,
    /// Independent looks whose power is averaged, as spatial compounding does.
    pub(super) looks: usize,
    /// From black to white.
    pub(super) dynamic_range_db: f64,
    /// Echo strength that comes out black, on average.
    pub(super) black_db: f64,
}

/// Fully developed speckle whose local mean follows `echo_db`: many scatterers a resolution cell, each a complex
/// Gaussian draw, blurred by the beam. The envelope of one look is Rayleigh distributed (5.6 dB standard deviation).
pub(super) fn b_mode(echo_db: &Plane<f64>, beam: &Beam, random: &mut Random) -> Plane<u8> {
    let amplitude = echo_db.map(|db| libm::exp(db * (std::f64::consts::LN_10 / 20.0)));
    let (width, height) = echo_db.size();
    let mut power = Plane::filled(width, height, 0.0);
    for _ in 0..beam.looks {
        let scatterers = amplitude.map(|amplitude| {
            let (re, im) = random.normals();
            [amplitude * re, amplitude * im]
        });
        let echo = along_depth(&across_beams(&scatterers, beam), beam);
        for (sum, [re, im]) in power.values_mut().iter_mut().zip(echo.values()) {
            *sum += re * re + im * im;
        }
    }
    let looks = beam.looks as f64;
    power.map(|power| {
        let db = 10.0 * libm::log10((power / (2.0 * looks)).max(1e-12));
        grey((db - beam.black_db) / beam.dynamic_range_db)
    })
}

/// Real and imaginary part of the echo at each pixel.
type Field = Plane<[f64; 2]>;

/// The beam is narrow in its focus and widens away from it.
fn across_beams(field: &Field, beam: &Beam) -> Field {
    let (width, height) = field.size();
    let rows = field.values().chunks_exact(width).enumerate().flat_map(|(y, row)| {
        let from_focus = (y as f64 / height as f64 - beam.focus).abs();
        blurred(row, &kernel(beam.lateral * (1.0 + 1.2 * from_focus) * width as f64))
    });
    Plane::new(width, height, rows.collect()).expect("a blurred row is as long as the row")
}

fn along_depth(field: &Field, beam: &Beam) -> Field {
    let (width, height) = field.size();
    let kernel = kernel(beam.axial * height as f64);
    let mut echo = Plane::filled(width, height, [0.0; 2]);
    for x in 0..width {
        let column: Vec<_> = field.values()[x..].iter().step_by(width).copied().collect();
        for (y, value) in blurred(&column, &kernel).into_iter().enumerate() {
            echo.values_mut()[y * width + x] = value;
        }
    }
    echo
}

/// Gaussian weights of unit energy, so that the blur keeps the mean power; their middle is the middle one.
fn kernel(deviation_px: f64) -> Vec<f64> {
    let reach = libm::ceil(2.5 * deviation_px) as i32;
    let weights: Vec<f64> = (-reach..=reach).map(|i| bell(f64::from(i), deviation_px)).collect();
    let energy: f64 = weights.iter().map(|w| w * w).sum();
    weights.into_iter().map(|w| w / energy.sqrt()).collect()
}

/// `line` convolved with `kernel`; beyond its ends the line is mirrored.
fn blurred(line: &[[f64; 2]], kernel: &[f64]) -> Vec<[f64; 2]> {
    let reach = (kernel.len() / 2).min(line.len());
    let before = line[..reach].iter().rev();
    let after = line[line.len() - reach..].iter().rev();
    let padded: Vec<[f64; 2]> = before.chain(line).chain(after).copied().collect();
    let weighted = |window: &[[f64; 2]]| {
        window.iter().zip(kernel).fold([0.0; 2], |[re, im], (value, w)| [re + w * value[0], im + w * value[1]])
    };
    padded.windows(2 * reach + 1).map(weighted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and standard deviation in dB of even tissue of 0 dB.
    fn even_tissue(looks: usize) -> (f64, f64) {
        let even = Plane::filled(128, 128, 0.0);
        let beam = Beam { axial: 0.005, lateral: 0.01, focus: 0.5, looks, dynamic_range_db: 102.0, black_db: -60.0 };
        let image = b_mode(&even, &beam, &mut Random::new([9, 0, 0, 0]));
        let db: Vec<f64> = image.values().iter().map(|&grey| f64::from(grey) * 0.4 - 60.0).collect();
        let mean = db.iter().sum::<f64>() / db.len() as f64;
        (mean, (db.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / db.len() as f64).sqrt())
    }

    #[test]
    fn one_look_is_rayleigh_distributed() {
        // the logarithm of an exponentially distributed power: mean −γ·4.34 = −2.51 dB, deviation π/√6·4.34 = 5.57 dB
        let (mean, deviation) = even_tissue(1);
        assert!((mean + 2.51).abs() < 0.3, "{mean}");
        assert!((deviation - 5.57).abs() < 0.3, "{deviation}");
    }

    #[test]
    fn looks_average_speckle_away() {
        // four looks: √ψ′(4)·4.34 = 2.31 dB
        let (_, deviation) = even_tissue(4);
        assert!((deviation - 2.31).abs() < 0.2, "{deviation}");
    }
}
