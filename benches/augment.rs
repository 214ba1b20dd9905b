//! From files to augmented 256×256 images and masks: what `benches/augment.py` measures of albumentations and torchvision.
//!
//! `SEGLAB_DATA=DIR cargo bench --bench augment -- OUT` writes `OUT/ours.json`: milliseconds an image with one thread and two.
//! Every operation of P2's list is done to every image (probability 1), which is more work than a training has.

use std::fs;
use std::path::Path;
use std::time::Instant;

use rayon::prelude::*;
use seglab::augment::{Augment, Preset, Recipe};
use seglab::dataset::read::{resize_image, resize_mask};
use seglab::dataset::{Case, DataRoots, Dataset};

const SIDE: usize = 256;
const IMAGES: usize = 32;
const ROUNDS: usize = 5;

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
            let mut costs: Vec<Cost> =
                (0..ROUNDS).map(|round| pool.install(|| cost(&cases, &always, round, of))).collect();
            costs.sort_by(|a, b| a.wall_ms.total_cmp(&b.wall_ms));
            let wall_ms = costs[ROUNDS / 2].wall_ms;
            costs.sort_by(|a, b| a.processor_ms.total_cmp(&b.processor_ms));
            let processor_ms = costs[ROUNDS / 2].processor_ms;
            println!("{threads} thread(s), {what}: {wall_ms:.2} ms an image, {processor_ms:.2} ms of processor time");
            report.insert(format!("{what} {threads}"), serde_json::json!([wall_ms, processor_ms]));
        }
    }
    let files: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    let report = serde_json::json!({ "side": SIDE, "files": files, "ms": report });
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

/// Of one image.
struct Cost {
    wall_ms: f64,
    /// Over all threads: what other processes take does not count.
    processor_ms: f64,
}

fn cost(cases: &[&Case], augment: &Augment, round: usize, of: Stage) -> Cost {
    let (began, before_s) = (Instant::now(), processor_s());
    cases.par_iter().enumerate().for_each(|(i, case)| {
        std::hint::black_box(of(case, augment, (round * IMAGES + i) as u64));
    });
    let each = |seconds: f64| 1e3 * seconds / cases.len() as f64;
    Cost { wall_ms: each(began.elapsed().as_secs_f64()), processor_ms: each(processor_s() - before_s) }
}

/// Processor time of all threads so far; NaN where Linux does not tell.
fn processor_s() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds = tasks.map(|task| {
        let stat = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        stat.split(' ').next().and_then(|text| text.parse::<f64>().ok()).unwrap_or(f64::NAN)
    });
    nanoseconds.sum::<f64>() / 1e9
}

fn read(case: &Case) -> (image::RgbImage, seglab::plane::Mask) {
    let pixels = case.pixels().expect("a readable case");
    (resize_image(&pixels.image, SIDE as u32), resize_mask(&pixels.reference, SIDE))
}

/// The same recipe with every probability 1.
fn always(augment: Augment) -> Result<Augment, toml::de::Error> {
    toml::from_str(&toml::to_string(&augment).expect("a recipe").replace("probability = 0.5", "probability = 1.0"))
}
