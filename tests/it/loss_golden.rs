//! Losses and gradients against PyTorch, torchvision, MONAI and SciPy (`tests/golden/losses.py`).

use burn::tensor::{Device, Tensor, TensorData};
use seglab::loss::{LossConfig, Truth};
use seglab::metric::signed_distance;
use seglab::plane::Mask;

/// Relative to the largest magnitude of the expected values.
const TOLERANCE: f64 = 1e-5;

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(|v| v.as_f64().expect("a number")).collect()
}

fn check(what: &str, got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-3f64, |m, v| m.max(v.abs()));
    for (g, e) in got.iter().zip(expected) {
        assert!((g - e).abs() <= TOLERANCE * scale, "{what}: {g}, expected {e}");
    }
}

#[test]
fn losses_and_gradients_agree_with_independent_implementations() {
    let golden: serde_json::Value = serde_json::from_str(include_str!("../golden/losses.json")).expect("JSON");
    let device = Device::flex().autodiff();
    for (i, case) in golden["cases"].as_array().expect("cases").iter().enumerate() {
        let shape: Vec<usize> = numbers(&case["shape"]).iter().map(|&n| n as usize).collect();
        let shape = [shape[0], shape[1], shape[2], shape[3]];
        let bits: Vec<bool> = case["target"].as_str().expect("bits").chars().map(|c| c == '1').collect();
        let distance: Vec<f32> = bits
            .chunks(shape[2] * shape[3])
            .flat_map(|mask| {
                let mask = Mask::new(shape[3], shape[2], mask.to_vec()).expect("a mask");
                signed_distance(&mask).map_or(vec![0.0; mask.values().len()], |plane| plane.values().to_vec())
            })
            .collect();
        let tensor = |values: Vec<f32>| Tensor::<4>::from_data(TensorData::new(values, shape), &device);
        let target = tensor(bits.iter().map(|&b| f32::from(u8::from(b))).collect());
        let truth = Truth { edge: target.clone(), target, distance: tensor(distance) };
        let logits: Vec<f32> = numbers(&case["logits"]).iter().map(|&v| v as f32).collect();
        for name in LossConfig::NAMES {
            let config: LossConfig = toml::from_str(&format!("name = {name:?}")).expect("defaults");
            let logits = tensor(logits.clone()).require_grad();
            let loss = config.build().forward(logits.clone(), &truth);
            let gradient = logits.grad(&loss.backward()).expect("a gradient");
            let gradient: Vec<f64> = gradient.into_data().iter::<f64>().collect();
            let expected = &case["expected"][name];
            let what = format!("case {i}, {name}");
            check(&what, &[f64::from(loss.into_scalar::<f32>())], &[expected["loss"].as_f64().expect("a loss")]);
            check(&format!("gradient of {what}"), &gradient, &numbers(&expected["gradient"]));
        }
    }
}
