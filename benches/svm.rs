//! The pixel classifiers on one sample of a data set's pixels: how long they take and how well they judge, for
//! `benches/svm.py`, which gives the same pixels to scikit-learn.
//!
//! ```text
//! cargo bench --bench svm -- OUT [DATASET] [PIXELS]   # writes OUT/{train,test}.{f32,u8} and OUT/ours.json
//! python benches/svm.py OUT                           # SVC (LIBSVM), random forest and k nearest neighbours
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use seglab::dataset::read::{resize_image, resize_mask};
use seglab::dataset::{DataRoots, Dataset};
use seglab::pixel::{
    FEATURES, ForestConfig, KnnConfig, PixelClassifier, PixelConfig, PixelSample, Standardised, SvmConfig, features,
};
use seglab::plane::Mask;

const SIDE_PX: u32 = 128;
const SEED: u64 = 1;
/// Every fifth case is tested, on every seventh pixel.
const TEST: (usize, usize) = (5, 7);

type Case = (image::RgbImage, Mask);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with('-'));
    let out = words.next().map_or(PathBuf::from("target/svm"), PathBuf::from);
    let dataset = words.next().unwrap_or_else(|| "breast-us".to_owned());
    let pixels: usize = words.next().map_or(Ok(20_000), |word| word.parse())?;
    fs::create_dir_all(&out)?;
    let cases = cases(&dataset)?;
    let (test, train): (Vec<_>, Vec<_>) = cases.iter().enumerate().partition(|(i, _)| i % TEST.0 == 0);
    let train: Vec<_> = train.iter().map(|(_, (image, mask))| (image, mask)).collect();

    let began = Instant::now();
    let (sample, scale) = PixelSample::draw(&train, pixels, SEED)?;
    println!(
        "{} training pixels of {} images: {:.1} s",
        sample.labels.len(),
        train.len(),
        began.elapsed().as_secs_f64()
    );
    let began = Instant::now();
    let every: Vec<(Standardised, bool)> = test
        .iter()
        .flat_map(|(_, (image, mask))| features(image).into_iter().zip(mask.values().to_vec()))
        .map(|(pixel, label)| (scale.apply(&pixel), label))
        .collect();
    println!("features of {} pixels on one core: {:.2} s", every.len(), began.elapsed().as_secs_f64());
    let (tested, labels): (Vec<Standardised>, Vec<bool>) = every.iter().copied().step_by(TEST.1).unzip();
    write(&out, "train", (&sample.pixels, &sample.labels))?;
    write(&out, "test", (&tested, &labels))?;

    let configs: [(&str, Box<dyn PixelConfig>); 3] = [
        ("svm", Box::new(SvmConfig { pixels, ..SvmConfig::default() })),
        ("random-forest", Box::new(ForestConfig { pixels, ..ForestConfig::default() })),
        ("knn", Box::new(KnnConfig { pixels, ..KnnConfig::default() })),
    ];
    let mut report = serde_json::Map::new();
    for (name, config) in configs {
        report.insert(name.to_owned(), measured(name, &*config, &sample, (&tested, &labels))?);
    }
    Ok(fs::write(out.join("ours.json"), serde_json::to_vec(&report)?)?)
}

fn cases(dataset: &str) -> Result<Vec<Case>, Box<dyn std::error::Error>> {
    let dataset = Dataset::open(dataset, &DataRoots::new(None))?;
    let mut cases = Vec::new();
    for case in &dataset.cases {
        let pixels = case.pixels()?;
        cases.push((resize_image(&pixels.image, SIDE_PX), resize_mask(&pixels.reference, SIDE_PX as usize)));
    }
    Ok(cases)
}

fn measured(
    name: &str,
    config: &dyn PixelConfig,
    sample: &PixelSample,
    (tested, labels): (&[Standardised], &[bool]),
) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    let began = Watch::start();
    let classifier: Box<dyn PixelClassifier> = config.fit(sample, SEED)?;
    let fit_s = began.read();
    let began = Watch::start();
    let probabilities = classifier.predict(tested);
    let predict_s = began.read();
    let right = |wanted: bool| {
        let of_kind = || probabilities.iter().zip(labels).filter(|(_, label)| **label == wanted);
        of_kind().filter(|(p, _)| (**p > 0.5) == wanted).count() as f64 / of_kind().count() as f64
    };
    let balanced = (right(true) + right(false)) / 2.0;
    let us = predict_s.map(|s| s * 1e6 / tested.len() as f64);
    println!(
        "{name}: fit {:.1} s ({:.1} s of processors), predict {:.2} µs a pixel ({:.2}), balanced accuracy {balanced:.4}",
        fit_s[0], fit_s[1], us[0], us[1]
    );
    Ok(serde_json::json!({
        "fit_s": fit_s, "predict_s": predict_s, "balanced_accuracy": balanced, "probabilities": probabilities,
    }))
}

/// Seconds on the wall, and of all threads on their processors: the latter mean something on a busy machine too.
struct Watch(Instant, f64);

impl Watch {
    fn start() -> Self {
        Self(Instant::now(), processors_s())
    }

    fn read(&self) -> [f64; 2] {
        [self.0.elapsed().as_secs_f64(), processors_s() - self.1]
    }
}

/// User and system time so far, to 10 ms, as Linux counts it; NaN elsewhere.
fn processors_s() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = |nth: usize| stat.rsplit(')').next()?.split_whitespace().nth(nth)?.parse::<f64>().ok();
    ticks(11).zip(ticks(12)).map_or(f64::NAN, |(user, system)| (user + system) / 100.0)
}

fn write(out: &Path, name: &str, (pixels, labels): (&[Standardised], &[bool])) -> std::io::Result<()> {
    let values: Vec<u8> = pixels.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(values.len(), 4 * FEATURES.len() * labels.len());
    fs::write(out.join(format!("{name}.f32")), values)?;
    fs::write(out.join(format!("{name}.u8")), labels.iter().map(|&label| label.into()).collect::<Vec<u8>>())
}
