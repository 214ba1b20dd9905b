//! Losses and gradients of pix2pix against PyTorch (`tests/golden/pix2pix.py`).

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use seglab::loss::{LossConfig, Truth};
use seglab::model::{AdversaryConfig, Forward, NetworkConfig, Pix2PixConfig};
use seglab::plane::Mask;
use seglab::train::{Adversary, Scene};
use serde_json::Value;

const PX: usize = 32;
const WIDTH: f64 = 2.0 / 64.0;

/// Values that the script makes, too.
fn wave(number: f64, n: usize) -> Vec<f32> {
    (0..n).map(|i| (i as f64 * 0.7 + number).cos() as f32).collect()
}

/// Gives the parameters of one network their values, in order; running statistics are none.
#[derive(Default)]
struct Fill {
    number: usize,
    path: Vec<String>,
}

impl ModuleMapper for Fill {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if is_statistic(&self.path) {
            return param;
        }
        let number = self.number;
        self.number += 1;
        param.map(|tensor| {
            let n = tensor.shape().num_elements();
            let scale_of_batch_norm = D == 1 && tensor.clone().mean().into_scalar::<f32>() > 0.5;
            let near = if scale_of_batch_norm { 1.0 } else { 0.0 };
            let values: Vec<f32> = wave(number as f64, n).into_iter().map(|v| v * 0.3 + near).collect();
            Tensor::from_data(TensorData::new(values, tensor.shape()), &tensor.device()).require_grad()
        })
    }
}

fn is_statistic(path: &[String]) -> bool {
    path.last().is_some_and(|name| name.starts_with("running_"))
}

/// Of each gradient a weighted sum and the sum of magnitudes.
struct Projections<'a> {
    gradients: &'a Gradients,
    path: Vec<String>,
    sums: Vec<[f64; 2]>,
}

impl ModuleVisitor for Projections<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if is_statistic(&self.path) {
            return;
        }
        let gradient = param.val().grad(self.gradients).expect("a gradient for every parameter").into_data();
        let gradient: Vec<f64> = gradient.iter::<f64>().collect();
        assert!(gradient.iter().all(|g| g.is_finite()));
        let weighted = gradient.iter().enumerate().map(|(i, g)| g * (0.7 * i as f64).cos()).sum();
        self.sums.push([weighted, gradient.iter().map(|g| g.abs()).sum()]);
    }
}

fn compare(network: &impl Module, loss: Tensor<1>, golden: &Value) {
    let expected = golden["loss"].as_f64().expect("a loss");
    let value = loss.clone().into_scalar::<f64>();
    assert!((value - expected).abs() < 1e-5 * expected.abs(), "{value}, theirs {expected}");
    let gradients = loss.backward();
    let mut projections = Projections { gradients: &gradients, path: Vec::new(), sums: Vec::new() };
    network.visit(&mut projections);
    let expected: Vec<[f64; 2]> = serde_json::from_value(golden["gradients"].clone()).expect("pairs");
    assert_eq!(projections.sums.len(), expected.len());
    // a bias before a batch-norm would have none but rounding; there is none
    for (place, (own, theirs)) in projections.sums.iter().zip(&expected).enumerate() {
        for (own, value) in own.iter().zip(theirs) {
            assert!((own - value).abs() < 2e-4 * theirs[1], "parameter {place}: {own}, theirs {value}");
        }
    }
}

#[test]
fn losses_and_gradients_of_both_networks_agree_with_pytorch() {
    let golden: Value = serde_json::from_str(include_str!("../golden/pix2pix.json")).expect("JSON");
    let device = Device::flex().autodiff();
    let config = Pix2PixConfig { width: WIDTH, downs: 5, dropout: 0.0, ..Pix2PixConfig::default() };
    let generator = config.build(&device).map(&mut Fill::default());
    let mut adversary = Adversary::new(AdversaryConfig { width: WIDTH, lambda: config.lambda }, &device);
    adversary.discriminator = adversary.discriminator.map(&mut Fill::default());
    let images = TensorData::new(wave(0.5, 2 * 3 * PX * PX), [2, 3, PX, PX]);
    let images = Tensor::<4>::from_data(images, &device);
    let disc = |left: i64| Mask::from_fn(PX, PX, |x, y| (x as i64 - left).pow(2) + (y as i64 - 14).pow(2) < 49);
    let truth = Truth::of(&[disc(10), disc(18)], &[], &device);

    let logits = generator.forward(images.clone()).logits;
    let expected: Vec<f64> = serde_json::from_value(golden["logits"].clone()).expect("numbers");
    for (own, theirs) in logits.to_data().iter::<f64>().step_by(37).zip(expected) {
        assert!((own - theirs).abs() < 1e-4, "{own}, theirs {theirs}");
    }
    let loss = LossConfig::L1 {}.build().forward(logits.clone(), &truth);
    let l1 = golden["l1"].as_f64().expect("a loss");
    assert!((loss.clone().into_scalar::<f64>() - l1).abs() < 1e-6);
    let scene = Scene { images, prediction: sigmoid(logits), reference: truth.target };
    compare(&adversary.discriminator, adversary.discriminator_loss(&scene), &golden["discriminator"]);
    compare(&generator, adversary.network_loss(scene, loss), &golden["generator"]);
}
