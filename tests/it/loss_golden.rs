//! Losses and gradients against PyTorch, torchvision, MONAI and SciPy (`tests/golden/losses.py`).

use std::collections::{BTreeMap, BTreeSet};

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use seglab::loss::{LossConfig, ReferenceMap, Smoothness, Truth};
use seglab::plane::Mask;
use serde_json::Value;

/// Relative to the largest magnitude of the expected values.
const TOLERANCE: f64 = 1e-5;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/losses.json")).expect("JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(|v| v.as_f64().expect("a number")).collect()
}

fn shape(case: &Value) -> [usize; 4] {
    numbers(&case["shape"]).iter().map(|&n| n as usize).collect::<Vec<_>>().try_into().expect("four sizes")
}

/// The case's masks, of the last two sizes of its shape.
fn masks(case: &Value) -> Vec<Mask> {
    let [_, _, height, width] = shape(case);
    let bits: Vec<bool> = case["target"].as_str().expect("bits").chars().map(|c| c == '1').collect();
    bits.chunks(height * width).map(|mask| Mask::new(width, height, mask.to_vec()).expect("a mask")).collect()
}

fn tensor<const D: usize>(values: &Value, shape: [usize; D], device: &Device) -> Tensor<D> {
    let values: Vec<f32> = numbers(values).iter().map(|&v| v as f32).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn gradient<const D: usize>(of: &Tensor<D>, gradients: &burn::tensor::Gradients) -> Vec<f64> {
    of.grad(gradients).expect("a gradient").into_data().iter::<f64>().collect()
}

/// The loss that `text` configures, its value and its gradient with respect to the logits.
fn evaluated(case: &Value, text: &str, device: &Device) -> (LossConfig, f64, Vec<f64>) {
    let config: LossConfig = toml::from_str(text).expect("a loss");
    let truth = Truth::of(&masks(case), &config.maps(), device);
    let logits = tensor(&case["logits"], shape(case), device).require_grad();
    let loss = config.build().forward(logits.clone(), &truth);
    let of_logits = gradient(&logits, &loss.backward());
    (config, loss.into_scalar::<f64>(), of_logits)
}

/// The largest deviation, relative to the largest expected magnitude; above the tolerance it fails the test.
fn deviation(what: &str, got: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(got.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-3f64, |m, v| m.max(v.abs()));
    let deviation = got.iter().zip(expected).map(|(g, e)| (g - e).abs() / scale).fold(0.0, f64::max);
    assert!(deviation <= TOLERANCE, "{what}: off by {deviation:e}, got {got:?}, expected {expected:?}");
    assert!(got.iter().all(|g| g.is_finite()), "{what}: not finite");
    deviation
}

#[test]
fn losses_and_gradients_agree_with_independent_implementations() {
    let golden = golden();
    let device = Device::flex().autodiff();
    let mut largest: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
    let mut names = BTreeSet::new();
    let mut compared = 0;
    for (i, case) in golden["cases"].as_array().expect("cases").iter().enumerate() {
        for (text, expected) in case["expected"].as_object().expect("losses") {
            let (config, loss, of_logits) = evaluated(case, text, &device);
            let what = format!("case {i}, {text}");
            let loss = deviation(&what, &[loss], &[expected["loss"].as_f64().expect("a loss")]);
            let of_logits = deviation(&format!("gradient of {what}"), &of_logits, &numbers(&expected["gradient"]));
            let seen = largest.entry(text).or_default();
            *seen = [seen[0].max(loss), seen[1].max(of_logits)];
            names.insert(config.name());
            compared += 1;
        }
    }
    println!("largest deviations of losses and gradients: {largest:#?}");
    assert_eq!(names, LossConfig::NAMES.into_iter().collect(), "losses without golden values");
    assert!(compared >= 200, "{compared} comparisons");
}

/// Three weighted sums of a gradient, as the script makes them.
fn projections(gradient: &[f64]) -> [f64; 3] {
    std::array::from_fn(|k| {
        let weighted = gradient.iter().enumerate().map(|(place, g)| g * (0.7 * (k + 1) as f64 * place as f64).cos());
        weighted.sum()
    })
}

#[test]
fn losses_of_single_images_agree_hard_ones_among_them() {
    let golden = golden();
    let cases = golden["single"].as_array().expect("cases");
    assert!(cases.len() + golden["cases"].as_array().expect("cases").len() >= 200);
    let device = Device::flex().autodiff();
    for (i, case) in cases.iter().enumerate() {
        for (text, expected) in case["expected"].as_object().expect("losses") {
            let (_, loss, of_logits) = evaluated(case, text, &device);
            let expected = numbers(expected);
            let what = format!("single {i}, {text}");
            deviation(&what, &[loss], &expected[..1]);
            // a sum of up to 81 pixels, each as exact as the floor of `deviation` asks
            let scale = expected[4].max(1e-2);
            for (ours, theirs) in projections(&of_logits).into_iter().zip(&expected[1..4]) {
                assert!((ours - theirs).abs() <= TOLERANCE * scale, "gradient of {what}: {ours}, theirs {theirs}");
            }
        }
    }
}

#[test]
fn the_smoothness_and_its_gradients_agree_with_pytorch() {
    let golden = golden();
    let device = Device::flex().autodiff();
    let mut largest = [0.0_f64; 4];
    for (i, case) in golden["smoothness"].as_array().expect("cases").iter().enumerate() {
        let sizes = shape(case);
        let truth = Truth::of(&masks(case), &[ReferenceMap::Distance], &device);
        let features = tensor(&case["features"], sizes, &device).require_grad();
        let mut smoothness = Smoothness::new(sizes[1], case["margin"].as_f64().expect("a margin"), &device);
        let weights = &case["weights"];
        for (linear, weight, shape) in [(&mut smoothness.first, 0, [3, 24]), (&mut smoothness.second, 2, [24, 16])] {
            linear.weight = Param::from_tensor(tensor(&weights[weight], shape, &device));
            linear.bias = Some(Param::from_tensor(tensor(&weights[weight + 1], [shape[1]], &device)));
        }
        let loss = smoothness.weighted(features.clone(), &truth);
        let gradients = loss.backward();
        let got = [
            vec![loss.into_scalar::<f64>()],
            gradient(&features, &gradients),
            gradient(&smoothness.first.weight.val(), &gradients),
            gradient(&smoothness.second.weight.val(), &gradients),
        ];
        let mut expected = vec![vec![case["loss"].as_f64().expect("a loss")]];
        expected.extend(case["gradients"].as_array().expect("three").iter().map(numbers));
        for (place, (got, expected)) in got.iter().zip(&expected).enumerate() {
            largest[place] = largest[place].max(deviation(&format!("smoothness {i}, value {place}"), got, expected));
        }
    }
    println!("largest deviations of smoothness, features, first and second weights: {largest:?}");
}
