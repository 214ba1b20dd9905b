//! Classifiers with 1000 outputs against torchvision's (`tests/golden/classifiers.py`), heads included: parameters are
//! filled from torchvision's names by way of [`Architecture::place`].

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, FloatDType, Tensor};
use seglab::model::Forward;
use seglab::model::classifier::{AlexNet, DenseNet, Inception, ResNet, Vgg};
use seglab::model::encoder::{Architecture, Place};
use serde_json::Value;

use crate::encoder_golden::{IN_DOUBLE, TOLERANCE, compare, count, encoders, fill, images};

const CLASSES: usize = 1000;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/classifiers.json")).expect("JSON")
}

/// By path, torchvision's parameters of a classifier.
fn names(architecture: Architecture) -> BTreeMap<String, [Option<String>; 2]> {
    let mut names = BTreeMap::new();
    for key in encoders()["backbones"][architecture.name()]["keys"].as_object().expect("keys").keys() {
        let path = match architecture.place(key).unwrap_or_else(|| panic!("{key} has no place")) {
            Place::Encoder(path) => format!("encoder.{path}"),
            Place::Head(path) => path,
            Place::OffMean(path) => panic!("{key} is subtracted from {path}"),
            Place::Counter => continue,
        };
        assert_eq!(names.insert(path, [Some(key.clone()), None]), None, "{key}");
    }
    names
}

fn filled<M: Module>(architecture: Architecture, network: M, target: (&Device, FloatDType)) -> M {
    fill(network, names(architecture), target)
}

/// As torchvision has them: `[B, 1000]`.
fn flat(logits: Tensor<4>) -> Tensor<2> {
    let [batch, classes, ..] = logits.dims();
    logits.reshape([batch, classes])
}

fn size(case: &Value) -> [usize; 2] {
    [count(&case["batch"]), count(&case["px"])]
}

fn check<N: Forward + Module>(architecture: Architecture, build: impl Fn(usize, f64, &Device) -> N) {
    let device = Device::flex();
    let network = filled(architecture, build(CLASSES, 1.0, &device), (&device, FloatDType::F32));
    for case in golden()[architecture.name()].as_array().expect("sizes") {
        let logits = flat(network.forward(images(size(case), &device)).logits);
        let what = format!("{} at {:?}", architecture.name(), size(case));
        println!("{what}: logits off by {:e}", compare(&what, logits, &case["logits"], TOLERANCE));
    }
}

#[test]
fn vgg16s_logits_are_torchvisions() {
    check(Architecture::Vgg16, Vgg::new);
}

#[test]
fn alexnets_logits_are_torchvisions() {
    check(Architecture::AlexNet, AlexNet::new);
}

#[test]
fn resnet50s_logits_are_torchvisions() {
    check(Architecture::ResNet50, ResNet::new);
}

#[test]
fn densenet121s_logits_are_torchvisions() {
    check(Architecture::DenseNet121, DenseNet::new);
}

#[test]
fn inception_v3s_logits_are_torchvisions_and_so_are_the_auxiliary_ones() {
    check(Architecture::InceptionV3, Inception::new);
    let device = Device::flex().autodiff();
    let network = Inception::new(CLASSES, 1.0, &device);
    let network = filled(Architecture::InceptionV3, network, (&device, FloatDType::F64));
    let case = &golden()["auxiliary"];
    let [side] = &network.forward(images(size(case), &device).cast(FloatDType::F64)).side[..] else {
        panic!("one auxiliary classifier")
    };
    let off = compare("auxiliary", flat(side.clone()).inner(), &case["logits"], IN_DOUBLE);
    println!("auxiliary classifier in training: logits off by {off:e}");
}
