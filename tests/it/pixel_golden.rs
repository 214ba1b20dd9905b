//! Features and classifiers of pixels against scikit-image, SciPy and scikit-learn (`tests/golden/pixel.py`).

use image::{Rgb, RgbImage};
use seglab::pixel::{FEATURES, ForestConfig, KnnConfig, PixelConfig, PixelSample, Standardised, SvmConfig, features};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/pixel.json")).expect("JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(|v| v.as_f64().expect("a number")).collect()
}

fn pixels(value: &Value) -> Vec<Standardised> {
    let values: Vec<f32> = numbers(value).into_iter().map(|v| v as f32).collect();
    values.chunks(FEATURES.len()).map(|pixel| pixel.try_into().expect("18 features")).collect()
}

fn labels(value: &Value) -> Vec<bool> {
    numbers(value).into_iter().map(|v| v == 1.0).collect()
}

fn sample(golden: &Value) -> PixelSample {
    PixelSample { pixels: pixels(&golden["train"]), labels: labels(&golden["labels"]) }
}

fn accuracy(probabilities: &[f32], truth: &[bool]) -> f64 {
    probabilities.iter().zip(truth).filter(|(p, truth)| (**p > 0.5) == **truth).count() as f64 / truth.len() as f64
}

#[test]
fn features_agree_with_scikit_image_and_scipy() {
    let golden = golden();
    let image = RgbImage::from_fn(48, 40, |x, y| {
        let inside = (i64::from(x) - 22).pow(2) + (i64::from(y) - 18).pow(2) < 110;
        let grey = (31 * x * x + 17 * y * y + 13 * x * y + 7 * x) % 97 + if inside { 60 } else { 100 };
        Rgb([grey as u8, grey as u8, (grey + 20) as u8])
    });
    let ours = features(&image);
    let places = numbers(&golden["places"]);
    assert!(places.len() >= 80);
    for (place, theirs) in places.into_iter().zip(golden["features"].as_array().expect("pixels")) {
        for (feature, theirs) in numbers(theirs).into_iter().enumerate() {
            let own = ours[place as usize][feature];
            assert!((own - theirs).abs() < 1e-9, "{} of pixel {place}: {own}, theirs {theirs}", FEATURES[feature]);
        }
    }
}

#[test]
fn neighbours_give_scikit_learns_probabilities() {
    let golden = golden();
    let knn = KnnConfig { pixels: 400, neighbours: 15 }.fit(&sample(&golden), 0).expect("no solver");
    for (place, (own, theirs)) in
        knn.predict(&pixels(&golden["test"])).into_iter().zip(numbers(&golden["knn"])).enumerate()
    {
        assert_eq!(own, theirs as f32, "pixel {place}");
    }
}

#[test]
fn the_support_vector_machine_decides_as_libsvm() {
    let golden = golden();
    let svm = SvmConfig { pixels: 400, ..SvmConfig::default() }.train(&sample(&golden)).expect("solved");
    let theirs = numbers(&golden["svm"]);
    let off: Vec<f64> =
        svm.decide(&pixels(&golden["test"])).iter().zip(&theirs).map(|(own, theirs)| (own - theirs).abs()).collect();
    // both solvers end at a violation of 1e-3
    let close = off.iter().filter(|off| **off < 5e-3).count();
    let worst = off.iter().copied().fold(0.0, f64::max);
    assert!(close * 100 >= off.len() * 99, "{close} of {} within 5e-3, at worst {worst}", off.len());
}

#[test]
fn the_forest_is_as_accurate_as_scikit_learns() {
    let golden = golden();
    let (test, truth) = (pixels(&golden["test"]), labels(&golden["truth"]));
    let of = |seed| {
        let forest = ForestConfig { pixels: 400, ..ForestConfig::default() }.fit(&sample(&golden), seed);
        accuracy(&forest.expect("no solver").predict(&test), &truth)
    };
    let theirs = numbers(&golden["forest_accuracy"]);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let own: Vec<f64> = (0..theirs.len() as u64).map(of).collect();
    assert!((mean(&own) - mean(&theirs)).abs() < 0.01, "{} beside {}", mean(&own), mean(&theirs));
}
