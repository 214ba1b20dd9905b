//! What every network of the registry must do, whatever it is.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{AdamConfig, GradientsParams};
use burn::store::ModuleRecord;
use burn::tensor::{Device, Distribution, Gradients, Tensor, TensorData, activation};
use seglab::loss::{LossConfig, Truth};
use seglab::metric::Confusion;
use seglab::model::{Forward, Kind, MODELS, ModelConfig, Network, Row, Task};
use seglab::plane::Mask;

fn networks() -> impl Iterator<Item = &'static Row> {
    MODELS.iter().filter(|row| row.kind == Kind::Network)
}

fn small(row: &Row) -> ModelConfig {
    let numbers = match row.name {
        // eight halvings, its default, want 256 px
        "pix2pix" => "width = 0.0625\ndowns = 4",
        // two units may both be silent
        "mask-mlp" => "width = 1.0",
        _ => "width = 0.0625",
    };
    toml::from_str(&format!("name = \"{}\"\n{numbers}\n", row.name)).expect("every network has a width")
}

/// Classifiers read no less than 75 px.
fn px(row: &Row) -> usize {
    if row.task == Task::Segmentation { 32 } else { 96 }
}

fn build(row: &Row, seed: u64, device: &Device) -> Network {
    device.seed(seed);
    small(row).build(device).expect("a network")
}

fn noise(shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

/// Images that the network of `row` has something to say about: noise, or discs where a shape is read.
fn pictures(row: &Row, count: usize, device: &Device) -> Tensor<4> {
    let side = px(row);
    if row.name != "mask-mlp" {
        return noise([count, 3, side, side], device);
    }
    let inside = |image: usize, x: usize, y: usize| (x as f64 - 40.0).hypot(y as f64 - 30.0) < (12 + 6 * image) as f64;
    let pixel = |i: usize| {
        let (image, x, y) = (i / (3 * side * side), i % side, i / side % side);
        if inside(image, x, y) { 1.0f32 } else { 0.0 }
    };
    let discs: Vec<f32> = (0..count * 3 * side * side).map(pixel).collect();
    Tensor::from_data(TensorData::new(discs, [count, 3, side, side]), device)
}

fn values(tensor: Tensor<4>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn a_saved_network_says_the_same_after_loading() {
    let device = Device::flex();
    for row in networks() {
        let images = pictures(row, 1, &device);
        let (network, other) = (build(row, 1, &device), build(row, 2, &device));
        let before = values(network.forward(images.clone()).logits);
        assert_ne!(values(other.forward(images.clone()).logits), before, "{}: the seed decides the weights", row.name);
        let record = ModuleRecord::from_bytes(network.into_record().into_bytes().expect("bytes")).expect("a record");
        let loaded = other.try_load_record(record).expect("the same network");
        assert_eq!(values(loaded.forward(images).logits), before, "{}", row.name);
    }
}

#[test]
fn in_evaluation_an_image_is_judged_alone() {
    let device = Device::flex();
    for row in networks() {
        let network = build(row, 1, &device);
        let images = pictures(row, 2, &device);
        let together = values(network.forward(images.clone()).logits);
        let alone: Vec<f32> =
            images.chunk(2, 0).into_iter().flat_map(|image| values(network.forward(image).logits)).collect();
        let scale = together.iter().fold(1e-3f32, |scale, v| scale.max(v.abs()));
        let off = largest_difference(&together, &alone) / scale;
        assert!(off < 1e-4, "{}: {off}", row.name);
    }
}

struct Finite<'a> {
    path: Vec<String>,
    gradients: &'a Gradients,
    seen: usize,
}

impl ModuleVisitor for Finite<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path = self.path.join(".");
        if self.path.last().is_some_and(|name| name.starts_with("running_")) {
            return;
        }
        let gradient = param.val().grad(self.gradients).unwrap_or_else(|| panic!("{path} has no gradient"));
        assert!(gradient.into_data().iter::<f32>().all(f32::is_finite), "{path}: not finite");
        self.seen += 1;
    }

    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }
}

#[test]
fn every_parameter_has_a_finite_gradient() {
    let device = Device::flex().autodiff();
    for row in networks() {
        let network = build(row, 1, &device);
        let output = network.forward(pictures(row, 2, &device));
        let mut total = output.logits.square().mean();
        for extra in output.side.into_iter().chain(output.edge) {
            total = total + extra.square().mean();
        }
        let gradients = total.backward();
        let mut finite = Finite { path: Vec::new(), gradients: &gradients, seen: 0 };
        network.visit(&mut finite);
        assert!(finite.seen > 0, "{}", row.name);
    }
}

#[test]
fn a_side_that_is_no_multiple_of_the_stride_is_refused_by_name() {
    for row in networks().filter(|row| row.task == Task::Segmentation) {
        let error = small(row).check(36 + 64).expect_err("100 is a multiple of 4 alone");
        let stride = [8, 16, 32].into_iter().find(|stride| error.contains(&format!("not a multiple of {stride}")));
        let stride = stride.unwrap_or_else(|| panic!("{error}"));
        assert!(error.contains("input_px = 100") && error.contains(row.name), "{error}");
        assert_eq!(small(row).check(5 * stride), Ok(()));
    }
}

const OVERFIT_PX: usize = 64;
const STEPS: usize = 400;

/// A dark ellipse with a speckled border on a brighter, speckled ground.
fn phantom() -> (Vec<f32>, Mask) {
    let reference = Mask::from_fn(OVERFIT_PX, OVERFIT_PX, |x, y| {
        let (dx, dy) = ((x as f64 - 34.0) / 19.0, (y as f64 - 29.0) / 14.0);
        dx * dx + dy * dy < 1.0
    });
    let speckle = |i: usize| ((i * 7919) % 101) as f32 / 101.0 - 0.5;
    let pixel = |i: usize| {
        let inside = reference.get(i % OVERFIT_PX, i / OVERFIT_PX) == Some(&true);
        if inside { -1.0 + speckle(i) } else { 0.5 + speckle(i) }
    };
    let plane: Vec<f32> = (0..OVERFIT_PX * OVERFIT_PX).map(pixel).collect();
    (plane.repeat(3), reference)
}

/// The DSC of the prediction in evaluation.
fn dsc(network: &Network, images: &Tensor<4>, reference: &Mask) -> f64 {
    let logits = values(network.valid().forward(images.clone().inner()).logits);
    let prediction = Mask::from_fn(OVERFIT_PX, OVERFIT_PX, |x, y| logits[y * OVERFIT_PX + x] > 0.0);
    Confusion::of(&prediction, reference).and_then(|counts| counts.dsc()).unwrap_or(0.0)
}

#[test]
fn every_segmentation_network_can_learn_one_image_by_heart() {
    let device = Device::flex().autodiff();
    let (plane, reference) = phantom();
    let images = Tensor::<4>::from_data(TensorData::new(plane, [1, 3, OVERFIT_PX, OVERFIT_PX]), &device);
    let loss: LossConfig = toml::from_str("name = \"combo\"").expect("a loss");
    let truth = Truth::of(std::slice::from_ref(&reference), &loss.maps(), &device);
    let loss = loss.build();
    let mut failed = Vec::new();
    for row in networks().filter(|row| row.task == Task::Segmentation) {
        let started = std::time::Instant::now();
        let mut network = build(row, 3, &device);
        let mut optimizer = AdamConfig::new().init();
        let mut best = 0.0;
        let mut steps = 0;
        while best <= 0.95 && steps < STEPS {
            let gradients = loss.forward(network.forward(images.clone()).logits, &truth).backward();
            let gradients = GradientsParams::from_grads(gradients, &network);
            network = optimizer.step(3e-3, network, gradients);
            steps += 1;
            if steps % 10 == 0 {
                best = dsc(&network, &images, &reference);
            }
        }
        println!("{}: DSC {best:.3} after {steps} steps, {:.1} s", row.name, started.elapsed().as_secs_f64());
        failed.extend((best <= 0.95).then_some((row.name, best)));
    }
    assert!(failed.is_empty(), "after {STEPS} steps: {failed:?}");
}

#[test]
fn every_classifier_can_learn_four_images_by_heart() {
    let device = Device::flex().autodiff();
    let labels = Tensor::<4>::from_data(TensorData::new(vec![1.0f32, 0.0, 0.0, 1.0], [4, 1, 1, 1]), &device);
    let mut failed = Vec::new();
    for row in networks().filter(|row| row.task == Task::Classification) {
        let started = std::time::Instant::now();
        let mut network = build(row, 3, &device);
        let images = pictures(row, 4, &device);
        let mut optimizer = AdamConfig::new().init();
        let (mut least, mut steps) = (f32::INFINITY, 0);
        while least >= 0.1 && steps < STEPS {
            let logits = network.forward(images.clone()).logits;
            let loss = (activation::softplus(logits.clone(), 1.0) - labels.clone() * logits).mean();
            least = least.min(loss.clone().into_scalar::<f32>());
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            network = optimizer.step(1e-3, network, gradients);
            steps += 1;
        }
        println!("{}: loss {least:.3} after {steps} steps, {:.1} s", row.name, started.elapsed().as_secs_f64());
        failed.extend((least >= 0.1).then_some((row.name, least)));
    }
    assert!(failed.is_empty(), "after {STEPS} steps: {failed:?}");
}
