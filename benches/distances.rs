//! Surface distances of 256×256 masks: how long a pair takes, and what comes out, for `benches/distances.py`.
//!
//! ```text
//! cargo bench --bench distances -- OUT    # writes OUT/{masks.u8,ours.json}
//! python benches/distances.py OUT         # the same with MONAI and medpy, on one core
//! ```

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use seglab::metric::surface_distances;
use seglab::plane::Mask;

const SIDE: usize = 256;
const PAIRS: usize = 64;
const ROUNDS: usize = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let out = out.map_or(PathBuf::from("target/distances"), PathBuf::from);
    fs::create_dir_all(&out)?;
    let pairs: Vec<(Mask, Mask)> = (0..PAIRS).map(pair).collect();
    let mut rounds_us: Vec<f64> = (0..ROUNDS).map(|_| round_us(&pairs)).collect();
    rounds_us.sort_by(f64::total_cmp);
    let values: Vec<_> = pairs.iter().map(|(prediction, reference)| values(prediction, reference)).collect();
    let bytes: Vec<u8> =
        pairs.iter().flat_map(|(a, b)| a.values().iter().chain(b.values())).map(|&v| v.into()).collect();
    fs::write(out.join("masks.u8"), bytes)?;
    let median_us = rounds_us[ROUNDS / 2];
    let report = serde_json::json!({ "side": SIDE, "pairs": PAIRS, "median_us": median_us, "values": values });
    fs::write(out.join("ours.json"), serde_json::to_vec(&report)?)?;
    println!(
        "HD95, ASSD and NSD of a {SIDE}×{SIDE} pair: {median_us:.0} µs (median of {ROUNDS} rounds over {PAIRS} pairs)"
    );
    Ok(())
}

/// A lesion with a rough outline, and the same one moved and swollen; every eighth with islands.
fn pair(number: usize) -> (Mask, Mask) {
    let n = number as f64;
    let lesion = move |x: usize, y: usize, shift: f64, swell: f64| {
        let (dx, dy) = (x as f64 - 128.0 - 20.0 * (n * 1.7).sin() - shift, y as f64 - 128.0 - 20.0 * (n * 2.3).cos());
        let rough = 1.0 + 0.15 * (5.0 * dy.atan2(dx) + n).sin() + 0.05 * (17.0 * dy.atan2(dx)).cos();
        dx.hypot(1.4 * dy) < (15.0 + n) * swell * rough
    };
    let islands = move |x: usize, y: usize| number % 8 == 7 && x % 23 < 2 && y % 29 < 2;
    let prediction = Mask::from_fn(SIDE, SIDE, |x, y| lesion(x, y, 5.0, 1.1) || islands(x, y));
    (prediction, Mask::from_fn(SIDE, SIDE, |x, y| lesion(x, y, 0.0, 1.0)))
}

fn round_us(pairs: &[(Mask, Mask)]) -> f64 {
    let began = Instant::now();
    for (prediction, reference) in pairs {
        std::hint::black_box(surface_distances(std::hint::black_box(prediction), reference));
    }
    began.elapsed().as_secs_f64() * 1e6 / pairs.len() as f64
}

fn values(prediction: &Mask, reference: &Mask) -> [Option<f64>; 3] {
    let (surfaces, distances) = surface_distances(prediction, reference).expect("same size");
    [distances.map(|d| d.hd95_px), distances.map(|d| d.assd_px), surfaces.nsd()]
}
