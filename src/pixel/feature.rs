//! What a classifier may know of one pixel.

use image::RgbImage;

use crate::plane::Plane;

/// Names of a pixel's features, in order.
pub const FEATURES: [&str; 18] = [
    "intensity",
    "mean 5×5",
    "sd 5×5",
    "mean 11×11",
    "sd 11×11",
    "mean 23×23",
    "sd 23×23",
    "gradient",
    "gradient of mean 5×5",
    "gabor 0°",
    "gabor 45°",
    "gabor 90°",
    "gabor 135°",
    "brighter neighbours",
    "column",
    "row",
    "distance from centre",
    "contrast to column",
];

const RADII: [usize; 3] = [2, 5, 11];
/// Wavelength and envelope of the Gabor filters, in pixels.
const GABOR: (f64, f64, usize) = (6.0, 2.5, 5);

/// Features of every pixel, row-major; intensities and places are 0..=1. Edges are repeated.
pub fn features(image: &RgbImage) -> Vec<[f64; FEATURES.len()]> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let grey = Plane::from_fn(width, height, |x, y| {
        let [r, g, b] = image.get_pixel(x as u32, y as u32).0.map(f64::from);
        (0.299 * r + 0.587 * g + 0.114 * b) / 255.0
    });
    let local = RADII.map(|radius| Local::of(&grey, radius));
    let columns: Vec<f64> =
        (0..width).map(|x| (0..height).map(|y| at(&grey, x, y)).sum::<f64>() / height as f64).collect();
    let gabors = [0.0, 45.0, 90.0, 135.0].map(|degrees| gabor(&grey, degrees));
    let of = |x: usize, y: usize| {
        let value = at(&grey, x, y);
        let (u, v) = (x as f64 / width as f64, y as f64 / height as f64);
        let [small, middle, large] = local.each_ref().map(|l| (at(&l.mean, x, y), at(&l.sd, x, y)));
        let [g0, g45, g90, g135] = gabors.each_ref().map(|response| at(response, x, y));
        [
            value,
            small.0,
            small.1,
            middle.0,
            middle.1,
            large.0,
            large.1,
            gradient(&grey, x, y),
            gradient(&local[0].mean, x, y),
            g0,
            g45,
            g90,
            g135,
            brighter(&grey, x, y),
            u,
            v,
            (u - 0.5).hypot(v - 0.5),
            middle.0 - columns[x],
        ]
    };
    (0..width * height).map(|i| of(i % width, i / width)).collect()
}

fn at(plane: &Plane<f64>, x: usize, y: usize) -> f64 {
    plane.values()[y * plane.width() + x]
}

fn near(plane: &Plane<f64>, x: isize, y: isize) -> f64 {
    let inside = |v: isize, n: usize| v.clamp(0, n as isize - 1) as usize;
    at(plane, inside(x, plane.width()), inside(y, plane.height()))
}

/// Mean and standard deviation in a square window.
struct Local {
    mean: Plane<f64>,
    sd: Plane<f64>,
}

impl Local {
    fn of(grey: &Plane<f64>, radius: usize) -> Self {
        let mean = box_mean(grey, radius);
        let square = box_mean(&grey.map(|v| v * v), radius);
        let variance = |i: usize| (square.values()[i] - mean.values()[i].powi(2)).max(0.0);
        let sd = Plane::from_fn(grey.width(), grey.height(), |x, y| variance(y * grey.width() + x).sqrt());
        Self { mean, sd }
    }
}

/// Mean over the part of the window that lies inside the image, by a summed-area table.
fn box_mean(plane: &Plane<f64>, radius: usize) -> Plane<f64> {
    let (width, height) = plane.size();
    let mut table = vec![0.0; (width + 1) * (height + 1)];
    for y in 0..height {
        let mut row = 0.0;
        for x in 0..width {
            row += at(plane, x, y);
            table[(y + 1) * (width + 1) + x + 1] = table[y * (width + 1) + x + 1] + row;
        }
    }
    Plane::from_fn(width, height, |x, y| {
        let (left, right) = (x.saturating_sub(radius), (x + radius + 1).min(width));
        let (top, bottom) = (y.saturating_sub(radius), (y + radius + 1).min(height));
        let corner = |x: usize, y: usize| table[y * (width + 1) + x];
        let sum = corner(right, bottom) - corner(left, bottom) - corner(right, top) + corner(left, top);
        sum / ((right - left) * (bottom - top)) as f64
    })
}

fn gradient(plane: &Plane<f64>, x: usize, y: usize) -> f64 {
    let (x, y) = (x as isize, y as isize);
    let horizontal = near(plane, x + 1, y) - near(plane, x - 1, y);
    let vertical = near(plane, x, y + 1) - near(plane, x, y - 1);
    horizontal.hypot(vertical)
}

/// Share of the eight neighbours that are brighter: the rotation-invariant part of a local binary pattern.
fn brighter(grey: &Plane<f64>, x: usize, y: usize) -> f64 {
    let centre = at(grey, x, y);
    let around = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dx, dy)));
    around.filter(|&(dx, dy)| near(grey, x as isize + dx, y as isize + dy) > centre).count() as f64 / 8.0
}

/// Response to an even Gabor filter without constant part.
fn gabor(grey: &Plane<f64>, degrees: f64) -> Plane<f64> {
    let (wavelength, sigma, radius) = GABOR;
    let (sin, cos) = degrees.to_radians().sin_cos();
    let weight = |x: f64, y: f64| {
        let along = x * cos + y * sin;
        (-(x * x + y * y) / (2.0 * sigma * sigma)).exp() * (std::f64::consts::TAU * along / wavelength).cos()
    };
    let side = 2 * radius + 1;
    let kernel = Plane::from_fn(side, side, |x, y| weight(x as f64 - radius as f64, y as f64 - radius as f64));
    let constant = kernel.values().iter().sum::<f64>() / kernel.values().len() as f64;
    correlate(grey, &kernel.map(|w| w - constant))
}

/// `Σ kernel(i, j) · plane(x + i, y + j)`, the kernel's centre at its middle; a row at a time, so that many pixels go at once.
fn correlate(plane: &Plane<f64>, kernel: &Plane<f64>) -> Plane<f64> {
    let (width, height) = plane.size();
    let (side, radius) = (kernel.width(), kernel.width() / 2);
    let column = |x: usize| x.saturating_sub(radius).min(width - 1);
    let widened = |row: &[f64]| -> Vec<f64> { (0..width + side).map(|x| row[column(x)]).collect() };
    let rows: Vec<Vec<f64>> = plane.values().chunks(width).map(widened).collect();
    let mut sums = vec![0.0; width * height];
    pulp::Arch::new().dispatch(|| {
        for (y, sum) in sums.chunks_mut(width).enumerate() {
            for (j, weights) in kernel.values().chunks(side).enumerate() {
                let row = &rows[(y + j).saturating_sub(radius).min(height - 1)];
                for (i, weight) in weights.iter().enumerate() {
                    sum.iter_mut().zip(&row[i..i + width]).for_each(|(sum, value)| *sum += weight * value);
                }
            }
        }
    });
    Plane::new(width, height, sums).expect("a sum per pixel")
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn a_flat_image_has_no_contrast_anywhere() {
        for pixel in features(&RgbImage::from_pixel(30, 20, Rgb([51; 3]))) {
            assert!((pixel[0] - 0.2).abs() < 1e-12 && (pixel[5] - 0.2).abs() < 1e-12);
            let flat = [2, 4, 6, 7, 8, 9, 10, 11, 12, 13, 17];
            assert!(flat.iter().all(|&i| pixel[i].abs() < 1e-6), "{pixel:?}");
        }
    }

    #[test]
    fn stripes_answer_the_gabor_filter_across_them() {
        let stripes = RgbImage::from_fn(36, 36, |x, _| Rgb([if x % 6 < 3 { 200 } else { 50 }; 3]));
        let pixels = features(&stripes);
        let energy = |i: usize| pixels.iter().map(|p| p[i].abs()).sum::<f64>();
        assert!(energy(9) > 10.0 * energy(11));
    }
}
