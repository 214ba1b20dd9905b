//! From files to augmented 256×256 images and masks: what `benches/augment.py` measures of albumentations and torchvision.
//!
//! `SEGLAB_DATA=DIR cargo bench --bench augment -- OUT` writes `OUT/ours.json`: images a second with one thread and two.
//! Every operation of P2's list is done to every image (probability 1), which is more work than a training has.

use std::fs;
use std::path::Path;
use std::time::Instant;

use rayon::prelude::*;
use seglab::augment::{Augment, Preset, Recipe};
use seglab::dataset::read::{resize_image, resize_mask};
use seglab::dataset::{Case, DataRoots, Dataset};

const SIDE: usize = 256;
const IMAGES: usize = 64;
const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out =
        std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or("target/augment".to_owned());
    let dataset = Dataset::open("busi", &DataRoots::new(None))?;
    let step = (dataset.cases.len() / IMAGES).max(1);
    let cases: Vec<&Case> = dataset.cases.iter().step_by(step).take(IMAGES).collect();
    let always = always(Preset::named("p2").expect("a preset"))?;
    let mut report = serde_json::Map::new();
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        for (what, of) in STAGES {
            let mut rates: Vec<f64> =
                (0..ROUNDS).map(|round| pool.install(|| rate(&cases, &always, round, of))).collect();
            rates.sort_by(f64::total_cmp);
            println!("{threads} thread(s), {what}: {:.0} images/s (median of {ROUNDS} rounds)", rates[ROUNDS / 2]);
            report.insert(format!("{what} {threads}"), rates[ROUNDS / 2].into());
        }
    }
    let files: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    let report = serde_json::json!({ "side": SIDE, "files": files, "rates": report });
    fs::create_dir_all(&out)?;
    Ok(fs::write(Path::new(&out).join("ours.json"), serde_json::to_vec_pretty(&report)?)?)
}

type Stage = fn(&Case, &Augment, u64) -> usize;

const STAGES: [(&str, Stage); 2] = [
    ("read", |case, _, _| read(case).0.as_raw().len()),
    ("read and augment", |case, augment, seed| {
        let (image, mask) = read(case);
        let (image, mask) = Recipe::draw(augment, SIDE, seed).apply(&image, &mask);
        image.as_raw().len() + mask.values().len()
    }),
];

fn rate(cases: &[&Case], augment: &Augment, round: usize, of: Stage) -> f64 {
    let began = Instant::now();
    cases.par_iter().enumerate().for_each(|(i, case)| {
        std::hint::black_box(of(case, augment, (round * IMAGES + i) as u64));
    });
    cases.len() as f64 / began.elapsed().as_secs_f64()
}

fn read(case: &Case) -> (image::RgbImage, seglab::plane::Mask) {
    let pixels = case.pixels().expect("a readable case");
    (resize_image(&pixels.image, SIDE as u32), resize_mask(&pixels.reference, SIDE))
}

/// The same recipe with every probability 1.
fn always(augment: Augment) -> Result<Augment, toml::de::Error> {
    toml::from_str(&toml::to_string(&augment).expect("a recipe").replace("probability = 0.5", "probability = 1.0"))
}
