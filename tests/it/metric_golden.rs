//! The metrics against scikit-learn, medpy and MONAI; `tests/golden/metrics.py` says how the values were made.

use std::collections::BTreeMap;

use seglab::metric::{CaseScore, Convention, Reading, metric, signed_distance};
use seglab::plane::{Mask, Plane};
use seglab::postprocess::PostProcess;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<GoldenCase>,
    signed: Vec<GoldenSigned>,
}

#[derive(Deserialize)]
struct GoldenCase {
    case: String,
    width: usize,
    height: usize,
    prediction: String,
    reference: String,
    sklearn: BTreeMap<String, Option<f64>>,
    medpy: BTreeMap<String, Option<f64>>,
    monai: BTreeMap<String, Option<f64>>,
    band: BTreeMap<String, Option<f64>>,
    probability: GoldenProbability,
    contour: Option<f64>,
    /// `nan` and `inf` are answers, too, so they are text.
    tools: BTreeMap<String, BTreeMap<String, String>>,
    post: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct GoldenProbability {
    steps: String,
    auc: Option<f64>,
    brier: Option<f64>,
    ece: Option<f64>,
}

#[derive(Deserialize)]
struct GoldenSigned {
    width: usize,
    height: usize,
    mask: String,
    signed_px: Vec<f32>,
}

impl GoldenCase {
    fn masks(&self) -> (Mask, Mask) {
        let unpack = |hex: &str| unpacked(hex, self.width, self.height);
        (unpack(&self.prediction), unpack(&self.reference))
    }

    fn score(&self) -> CaseScore {
        let (prediction, reference) = self.masks();
        CaseScore::of(&self.case, &self.case, &prediction, &reference).expect("same size")
    }
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/metrics.json")).expect("the golden file parses")
}

/// Row-major bits, first pixel in the highest bit of the first byte.
fn unpacked(hex: &str, width: usize, height: usize) -> Mask {
    let digit = |i: usize| u8::from_str_radix(&hex[i..=i], 16).expect("a hexadecimal digit");
    let bits = (0..width * height).map(|i| digit(i / 4) >> (3 - i % 4) & 1 == 1);
    Mask::new(width, height, bits.collect()).expect("width · height bits")
}

#[track_caller]
fn assert_close(what: &str, ours: Option<f64>, theirs: Option<f64>, tolerance: f64) {
    let close = match (ours, theirs) {
        (Some(ours), Some(theirs)) => (ours - theirs).abs() <= tolerance,
        (ours, theirs) => ours == theirs,
    };
    assert!(close, "{what}: ours {ours:?}, theirs {theirs:?}");
}

#[track_caller]
fn value(name: &str, score: &CaseScore) -> Option<f64> {
    (metric(name).expect("a metric of the registry").of)(score)
}

/// MONAI computes in float32: six digits, not six decimals.
fn six_digits(value: Option<f64>) -> f64 {
    1e-6 * value.unwrap_or_default().max(1.0)
}

#[test]
fn there_are_hundreds_of_cases_and_some_of_them_undefined() {
    let cases = golden().cases;
    assert!(cases.len() >= 200);
    assert!(cases.iter().any(|case| case.medpy["hd95_px"].is_none()));
}

#[test]
fn counts_agree_with_scikit_learn() {
    for case in golden().cases {
        let score = case.score();
        for (name, &expected) in &case.sklearn {
            let ours = (metric(name).expect("a metric of the registry").of)(&score);
            assert_close(&format!("{}, {name}", case.case), ours, expected, 1e-9);
        }
    }
}

#[test]
fn counts_and_distances_agree_with_medpy() {
    for case in golden().cases {
        let score = case.score();
        for (name, &expected) in &case.medpy {
            let metric = metric(name).expect("a metric of the registry");
            let tolerance = if metric.unit == "px" { 1e-6 } else { 1e-9 };
            assert_close(&format!("{}, {name}", case.case), (metric.of)(&score), expected, tolerance);
        }
    }
}

#[test]
fn all_but_hd95_agree_with_monai() {
    for case in golden().cases {
        let score = case.score();
        for (name, &expected) in case.monai.iter().filter(|(name, _)| !name.starts_with("hd95")) {
            let ours = (metric(name).expect("a metric of the registry").of)(&score);
            assert_close(&format!("{}, {name}", case.case), ours, expected, six_digits(expected));
        }
    }
}

#[test]
fn hd95_differs_from_monai_in_the_definition_alone() {
    let mut differing = 0;
    for case in golden().cases {
        let ours = case.score().hd95_larger_px;
        let expected = case.monai["hd95_float64_px"];
        assert_close(&case.case, ours, expected, six_digits(expected));
        // float32 also rounds the rank of the percentile
        assert_close(&case.case, ours, case.monai["hd95_px"], 10.0 * six_digits(expected));
        differing += usize::from(case.score().hd95_px.zip(expected).is_some_and(|(a, b)| (a - b).abs() > 1e-3));
    }
    assert!(differing > 100, "the definitions can be told apart in {differing} cases only");
}

#[test]
fn boundary_bands_agree_with_scipy_and_scikit_learn() {
    for case in golden().cases {
        let score = case.score();
        for (name, &expected) in &case.band {
            assert_close(&format!("{}, {name}", case.case), value(name, &score), expected, 1e-9);
        }
    }
}

#[test]
fn ranking_and_calibration_agree_with_scikit_learn() {
    let mut compared = 0;
    for case in golden().cases {
        let (prediction, reference) = case.masks();
        let byte = |i: usize| u8::from_str_radix(&case.probability.steps[2 * i..2 * i + 2], 16).expect("hexadecimal");
        let steps = (0..reference.values().len()).map(|i| (f64::from(byte(i)) / 251.0) as f32).collect();
        let probability = Plane::new(case.width, case.height, steps).expect("a step a pixel");
        let score = CaseScore::of("", "", &prediction, &reference).expect("same size");
        let score = score.with_probabilities(&probability, &reference);
        // scikit-learn has no value where there is one class alone; probabilities here are single precision
        let expected = &case.probability;
        assert_close(&format!("{}, auc", case.case), value("auc", &score), expected.auc, 1e-9);
        if expected.auc.is_some() {
            compared += 1;
            assert_close(&format!("{}, brier", case.case), value("brier", &score), expected.brier, 1e-6);
            assert_close(&format!("{}, ece", case.case), value("ece", &score), expected.ece, 1e-6);
        }
    }
    assert!(compared > 150, "{compared}");
}

#[test]
fn a_surface_between_pixels_is_within_a_pixel_of_ours() {
    let mut compared = 0;
    for case in golden().cases {
        if let Some(expected) = case.contour {
            let ours = case.score().hd_px.expect("neither mask is empty");
            assert!((ours - expected).abs() < 1.0, "{}: {ours}, surface-distance {expected}", case.case);
            compared += 1;
        }
    }
    assert!(compared >= 200, "{compared}");
}

#[test]
fn tools_are_read_as_they_answer() {
    let (mut undefined, mut infinite) = (0, 0);
    for case in golden().cases {
        let score = case.score();
        for (tool, convention) in [("monai", Convention::Monai), ("nnunet", Convention::Nnunet)] {
            for (name, answer) in &case.tools[tool] {
                let metric = metric(name).expect("a metric of the registry");
                let reading = convention.read(metric, &score).expect("the tool has it");
                let answer: f64 = answer.parse().expect("a number");
                let agrees = match reading {
                    Reading::Undefined => answer.is_nan(),
                    // float32 also rounds the rank of HD95's percentile
                    Reading::Value(value) => value == answer || (value - answer).abs() <= 1e-5 * answer.max(1.0),
                };
                assert!(agrees, "{}, {tool}, {name}: {reading:?}, theirs {answer}", case.case);
                undefined += usize::from(answer.is_nan());
                infinite += usize::from(answer.is_infinite());
            }
        }
    }
    assert!(undefined > 50 && infinite > 5, "{undefined} undefined and {infinite} infinite answers");
}

#[test]
fn post_processing_agrees_with_scipy() {
    let none = PostProcess::default();
    for case in golden().cases {
        let prediction = case.masks().0;
        let processes = [
            ("islands", PostProcess { min_island_px: 4, ..none.clone() }),
            ("largest", PostProcess { largest_island: true, ..none.clone() }),
            ("filled", PostProcess { fill_holes: true, ..none.clone() }),
        ];
        for (name, process) in processes {
            let expected = unpacked(&case.post[name], case.width, case.height);
            assert_eq!(process.apply(&prediction), expected, "{}, {name}", case.case);
        }
    }
}

#[test]
fn signed_distances_agree_with_one_hot2dist() {
    for case in golden().signed {
        let signed = signed_distance(&unpacked(&case.mask, case.width, case.height)).expect("has a boundary");
        for (ours, theirs) in signed.values().iter().zip(&case.signed_px) {
            assert!((ours - theirs).abs() <= 1e-6, "{}: ours {ours}, theirs {theirs}", case.mask);
        }
    }
}
