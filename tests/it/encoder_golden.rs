//! Encoders against torchvision, whole networks and the LSTM against PyTorch (`tests/golden/encoders.py`): both sides fill
//! every parameter by the same formula from its name, so nobody stores weights. The names go through the map of
//! [`Architecture::place`], which so is checked as well.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use seglab::model::block::Norm;
use seglab::model::encoder::{
    AlexNetEncoder, Architecture, DenseNetEncoder, Encoder, InceptionEncoder, Place, ResNetEncoder, VggDepth,
    VggEncoder,
};
use seglab::model::lstm::{Direction, Lstm};
use seglab::model::{Forward, ModelConfig, trainable};
use serde_json::Value;

/// Relative to the largest magnitude of the expected values.
pub(crate) const TOLERANCE: f64 = 1e-4;
/// With the batch's statistics everything is computed in double precision: dozens of batch-norms over a few values each
/// amplify rounding, and the gradient jumps where rounding flips a ReLU. PyTorch's own single precision is off by up to
/// 4e-4 and 1.7e-2 from its double (`rounding`).
pub(crate) const IN_DOUBLE: f64 = 1e-6;
const SAMPLES: usize = 48;

pub(crate) fn encoders() -> Value {
    serde_json::from_str(include_str!("../golden/encoders.json")).expect("JSON")
}

pub(crate) fn count(value: &Value) -> usize {
    value.as_u64().expect("a count") as usize
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(|v| v.as_f64().expect("a number")).collect()
}

/// FNV-1a, 64 bits.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// SplitMix64 of (hash of the name + index), its upper 53 bits as a number in [−1, 1).
fn uniform(name: &str, count: usize) -> impl Iterator<Item = f64> {
    let start = hash(name);
    (0..count as u64).map(move |index| {
        let mut z = start.wrapping_add(index).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 * 2f64.powi(-52) - 1.0
    })
}

/// What the script puts into the parameter `name`.
fn values(name: &str, shape: &[usize]) -> Vec<f32> {
    let around_one = name.ends_with("running_var") || name.ends_with("weight");
    let fan_in: usize = shape[1..].iter().product();
    let scale = (6.0 / fan_in as f64).sqrt();
    let value = |u: f64| match (shape.len() > 1, around_one) {
        (true, _) => u * scale,
        (false, true) => 1.0 + 0.5 * u,
        (false, false) => 0.1 * u,
    };
    uniform(name, shape.iter().product()).map(|u| value(u) as f32).collect()
}

pub(crate) fn images([batch, px]: [usize; 2], device: &Device) -> Tensor<4> {
    let size = batch * 3 * px * px;
    let values: Vec<f32> = values(&format!("images {batch} {px}"), &[1, size]).iter().map(|v| v * 100.0).collect();
    Tensor::from_data(TensorData::new(values, [batch, 3, px, px]), device)
}

/// Fills a module from the script's names of its parameters' paths.
struct Filling<'a> {
    path: Vec<String>,
    /// What is left to fill: the script's name, and that of a bias to subtract.
    names: BTreeMap<String, [Option<String>; 2]>,
    device: &'a Device,
    precision: FloatDType,
}

impl ModuleMapper for Filling<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.join(".");
        let [name, shift] = self.names.remove(&path).unwrap_or_else(|| panic!("nothing fills {path}"));
        let shape = param.lazy_shape();
        let mut filled = values(&name.expect("a name"), &shape);
        if let Some(shift) = shift {
            filled.iter_mut().zip(values(&shift, &shape)).for_each(|(value, shift)| *value -= shift);
        }
        let data = TensorData::new(filled, shape);
        param.map(|_| Tensor::<D>::from_data(data, self.device).cast(self.precision))
    }

    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }
}

pub(crate) fn fill<M: Module>(
    module: M,
    names: BTreeMap<String, [Option<String>; 2]>,
    (device, precision): (&Device, FloatDType),
) -> M {
    let mut filling = Filling { path: Vec::new(), names, device, precision };
    let module = module.map(&mut filling);
    assert!(filling.names.is_empty(), "no such parameters: {:?}", filling.names);
    module
}

/// By path, torchvision's parameters of an encoder.
fn names(architecture: Architecture, case: &Value) -> BTreeMap<String, [Option<String>; 2]> {
    let mut names: BTreeMap<String, [Option<String>; 2]> = BTreeMap::new();
    for key in case["keys"].as_object().expect("keys").keys() {
        match architecture.place(key).unwrap_or_else(|| panic!("{key} of {} has no place", architecture.name())) {
            Place::Encoder(path) => {
                let seen = names.entry(path).or_default()[0].replace(key.clone());
                assert_eq!(seen, None, "{key}");
            }
            Place::OffMean(path) => names.entry(path).or_default()[1] = Some(key.clone()),
            Place::Head(_) | Place::Counter => {}
        }
    }
    names
}

/// Shape, mean, standard deviation and samples of `tensor` as the script sees them; the largest relative deviation.
pub(crate) fn compare<const D: usize>(what: &str, tensor: Tensor<D>, expected: &Value, tolerance: f64) -> f64 {
    let shape: Vec<f64> = tensor.dims().iter().map(|&n| n as f64).collect();
    assert_eq!(shape, numbers(&expected["shape"]), "{what}");
    let values: Vec<f64> = tensor.into_data().iter::<f64>().collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64;
    let step = (values.len() / SAMPLES).max(1);
    let mut got: Vec<f64> = values.iter().step_by(step).take(SAMPLES).copied().collect();
    let mut wanted = numbers(&expected["samples"]);
    got.extend([mean, variance.sqrt()]);
    wanted.extend([&expected["mean"], &expected["sd"]].map(|v| v.as_f64().expect("a number")));
    deviation(what, &got, &wanted, tolerance)
}

fn deviation(what: &str, got: &[f64], expected: &[f64], tolerance: f64) -> f64 {
    assert_eq!(got.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0f64, |scale, v| scale.max(v.abs()));
    assert!(scale > 0.0, "{what}: nothing but zeros");
    let off = got.iter().zip(expected).map(|(g, e)| (g - e).abs() / scale).fold(0.0, f64::max);
    assert!(off <= tolerance, "{what}: off by {off:e}: {got:?}, expected {expected:?}");
    off
}

/// The running mean of the first batch-norm.
#[derive(Default)]
struct FirstMean {
    last: String,
    found: Option<Tensor<1>>,
}

impl burn::module::ModuleVisitor for FirstMean {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.found.is_none() && self.last == "running_mean" {
            self.found = Some(param.val().reshape([-1]));
        }
    }

    fn enter_module(&mut self, name: &str, _container: &str) {
        name.clone_into(&mut self.last);
    }
}

fn check<E: Encoder>(architecture: Architecture, build: impl Fn(&Device) -> E) {
    let golden = encoders();
    let case = &golden["backbones"][architecture.name()];
    let size = [count(&case["batch"]), count(&case["px"])];
    let device = Device::flex();
    let encoder = fill(build(&device), names(architecture, case), (&device, FloatDType::F32));
    let levels = encoder.pyramid(images(size, &device));
    let expected = case["levels"].as_array().expect("levels");
    assert_eq!(levels.len(), expected.len());
    let off = levels
        .into_iter()
        .zip(expected)
        .map(|(level, expected)| compare(architecture.name(), level, expected, TOLERANCE));
    println!("{}: levels off by at most {:e}", architecture.name(), off.fold(0.0, f64::max));
    if case["training"].is_object() {
        check_training(architecture, build, (case, size));
    }
}

fn check_training<E: Encoder>(
    architecture: Architecture,
    build: impl Fn(&Device) -> E,
    (case, size): (&Value, [usize; 2]),
) {
    let (name, expected) = (architecture.name(), &case["training"]);
    let device = Device::flex().autodiff();
    let encoder = fill(build(&device), names(architecture, case), (&device, FloatDType::F64));
    let images = images(size, &device).cast(FloatDType::F64).require_grad();
    let last = encoder.pyramid(images.clone()).pop().expect("levels");
    let direction = uniform("direction", last.shape().num_elements()).map(|u| u as f32).collect::<Vec<_>>();
    let direction = Tensor::<4>::from_data(TensorData::new(direction, last.shape()), &device).cast(FloatDType::F64);
    let gradients = (last.clone() * direction).sum().backward();
    let of_last = compare(&format!("{name} in training"), last.inner(), &expected["last"], IN_DOUBLE);
    let of_images = images.grad(&gradients).expect("a gradient");
    let of_images = compare(&format!("{name}'s gradient"), of_images, &expected["gradient"], IN_DOUBLE);
    let mut first = FirstMean::default();
    encoder.valid().visit(&mut first);
    // torchvision's biases under batch-norm move its means, and ours lack them
    let key = expected["key"].as_str().expect("a key");
    let mean = first.found.expect("a batch-norm");
    let bias = names(architecture, case).into_values().find(|[name, _]| name.as_deref() == Some(key));
    let bias = bias.and_then(|[_, bias]| bias).map_or(vec![0.0; mean.dims()[0]], |name| values(&name, &mean.dims()));
    let mean =
        mean.clone() + Tensor::<1>::from_data(TensorData::new(bias, mean.dims()), &mean.device()).cast(FloatDType::F64);
    let of_mean = compare(&format!("{name}'s running mean"), mean, &expected["running_mean"], TOLERANCE);
    println!("{name} in training: features off by {of_last:e}, gradient {of_images:e}, running mean {of_mean:e}");
}

#[test]
fn vgg_is_torchvisions() {
    let vgg = |depth, norm| move |device: &Device| VggEncoder::whole(depth, norm, 1.0, device);
    check(Architecture::Vgg16, vgg(VggDepth::Sixteen, Norm::None));
    check(Architecture::Vgg16Bn, vgg(VggDepth::Sixteen, Norm::Batch));
    check(Architecture::Vgg19, vgg(VggDepth::Nineteen, Norm::None));
    check(Architecture::Vgg19Bn, vgg(VggDepth::Nineteen, Norm::Batch));
}

#[test]
fn resnet50_is_torchvisions() {
    check(Architecture::ResNet50, |device| ResNetEncoder::new(1.0, device));
}

#[test]
fn densenet121_is_torchvisions() {
    check(Architecture::DenseNet121, |device| DenseNetEncoder::new(1.0, device));
}

#[test]
fn inception_v3_is_torchvisions() {
    check(Architecture::InceptionV3, |device| InceptionEncoder::new(1.0, device));
}

#[test]
fn alexnet_is_torchvisions() {
    check(Architecture::AlexNet, |device| AlexNetEncoder::new(1.0, device));
}

#[test]
fn a_key_of_another_architecture_has_no_place() {
    for (architecture, key) in [
        (Architecture::Vgg16, "features.1.weight"),
        (Architecture::Vgg16, "features.31.weight"),
        (Architecture::Vgg16Bn, "features.2.weight"),
        (Architecture::ResNet50, "layer0.0.conv1.weight"),
        (Architecture::ResNet50, "layer1.0.conv4.weight"),
        (Architecture::DenseNet121, "features.denseblock1.denselayer1.norm3.weight"),
        (Architecture::InceptionV3, "Mixed_5b.branch7x7_1.conv.weight"),
        (Architecture::AlexNet, "features.1.weight"),
        (Architecture::AlexNet, "weight"),
    ] {
        assert_eq!(architecture.place(key), None, "{key} of {}", architecture.name());
    }
}

/// By path, the script's names of a whole network: those of PyTorch's layers where burn's differ.
struct Paths(Vec<String>, BTreeMap<String, [Option<String>; 2]>);

impl burn::module::ModuleVisitor for Paths {
    fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
        // the registry's variant comes first
        let name = self.0[1..].join(".");
        let name = [("gamma", "weight"), ("beta", "bias"), ("alpha", "weight")]
            .iter()
            .find_map(|(ours, theirs)| Some(format!("{}{theirs}", name.strip_suffix(ours)?)))
            .unwrap_or(name);
        self.1.insert(self.0.join("."), [Some(name), None]);
    }

    fn enter_module(&mut self, name: &str, _container: &str) {
        self.0.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.0.pop();
    }
}

#[test]
fn whole_networks_compute_what_their_reference_implementations_do() {
    let golden = encoders();
    for (name, case) in golden["networks"].as_object().expect("networks") {
        let dropout = if name == "vnet-2d" { "dropout = 0.0" } else { "" };
        let text = format!("name = \"{name}\"\nwidth = 0.125\n{dropout}");
        let config: ModelConfig = toml::from_str(&text).expect("a network");
        for (device, expected) in [(Device::flex(), "logits"), (Device::flex().autodiff(), "training")] {
            let network = config.build(&device).expect("a network");
            let mut paths = Paths(Vec::new(), BTreeMap::new());
            network.visit(&mut paths);
            let network = fill(network, paths.1, (&device, FloatDType::F32));
            let logits = network.forward(images([2, 32], &device)).logits;
            let logits = if expected == "training" { logits.inner() } else { logits };
            let off = compare(&format!("{name}, {expected}"), logits, &case[expected], TOLERANCE);
            println!("{name}, {expected}: off by {off:e}");
        }
    }
}

/// The references' counts (LeeJunHyun/Image_Segmentation's `AttU_Net()`, rishikksh20/ResUnet's `ResUnet(3)`, and
/// mattmacy/vnet.pytorch's `VNet` in two dimensions with three channels in and one logit), less their biases under
/// batch-norm, which ours leave out.
#[test]
fn at_width_1_networks_have_as_many_parameters_as_their_reference_implementations() {
    let golden = encoders();
    // biases of each: the channels of every convolution that a batch-norm follows
    let att_unet = 4 * (64 + 128 + 256 + 512) + 2 * 1024 + (512 + 256 + 128 + 64) + 2 * (256 + 128 + 64 + 32) + 4;
    let resunet = 64 + 3 * (128 + 256 + 512 + 256 + 128 + 64);
    let shrink = 32 + 64 + 128 + 256;
    let down = 32 + 2 * 64 + 3 * 128 + 3 * 256;
    let up = (128 + 64 + 32 + 16) + 3 * 256 + 2 * 128 + 64 + 32;
    let vnet = 16 + shrink + down + up + 2;
    for (name, reference, biases) in
        [("att-unet", 34_878_573, att_unet), ("resunet", 13_043_009, resunet), ("vnet-2d", 12_640_315, vnet)]
    {
        let config = ModelConfig::named(name).expect("a row");
        assert_eq!(config.params() + biases, reference, "{name}");
        assert_eq!(count(&golden["networks"][name]["reference_parameters"]), reference, "{name}");
    }
}

#[test]
fn the_lstm_is_pytorchs_in_both_directions() {
    let device = Device::flex();
    let transposed = |name: &str, rows: usize, columns: usize| {
        let weight = Tensor::<2>::from_data(TensorData::new(values(name, &[rows, columns]), [rows, columns]), &device);
        Param::from_tensor(weight.transpose())
    };
    let sequences: Vec<f32> = values("sequences", &[1, 30]).iter().map(|v| v * 10.0).collect();
    let sequences = Tensor::<3>::from_data(TensorData::new(sequences, [2, 5, 3]), &device);
    let read = [(Direction::Onward, ""), (Direction::Back, "_reverse")].map(|(direction, suffix)| {
        let mut lstm = Lstm::new([3, 4], direction, &device);
        lstm.input.weight = transposed(&format!("weight_ih_l0{suffix}"), 16, 3);
        lstm.hidden.weight = transposed(&format!("weight_hh_l0{suffix}"), 16, 4);
        let [input, hidden] = ["ih", "hh"].map(|part| values(&format!("bias_{part}_l0{suffix}"), &[16]));
        let bias: Vec<f32> = input.iter().zip(hidden).map(|(input, hidden)| input + hidden).collect();
        lstm.input.bias = Some(Param::from_tensor(Tensor::from_data(TensorData::new(bias, [16]), &device)));
        lstm.forward(sequences.clone())
    });
    let got: Vec<f64> = Tensor::cat(read.to_vec(), 2).into_data().iter::<f64>().collect();
    deviation("LSTM", &got, &numbers(&encoders()["lstm"]["outputs"]), TOLERANCE);
    assert_eq!(trainable(&Lstm::new([3, 4], Direction::Onward, &device)), 16 * (3 + 4) + 16);
}
