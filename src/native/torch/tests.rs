//! Every operation against burn's own on the same device, forward and backward.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Distribution, Gradients, Tensor, activation};
use proptest::prelude::*;

use crate::native;

fn device() -> Device {
    Device::libtorch().autodiff()
}

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), &device())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("f32")
}

/// Largest difference, relative to the largest value (or to 1, if that is more).
fn distance(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1.0f32, |scale, value| scale.max(value.abs()));
    let difference = found.iter().zip(expected).map(|(found, expected)| (found - expected).abs());
    difference.fold(0.0, f32::max) / scale
}

fn assert_agree(what: &str, found: &[Vec<f32>], expected: &[Vec<f32>]) {
    assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let distance = distance(found, expected);
        assert!(distance < 1e-5, "{what}: result {index} is off by {distance}");
    }
}

/// Output and the gradients of images and `parameters` under a random weighting of the output.
fn results(
    forward: impl Fn(Tensor<4>) -> Tensor<4>,
    (images, weighting): (&Tensor<4>, &Tensor<4>),
    parameters: impl Fn(&mut Gradients) -> Vec<Vec<f32>>,
) -> Vec<Vec<f32>> {
    let images = images.clone().require_grad();
    let output = forward(images.clone());
    let mut gradients = (output.clone() * weighting.clone()).sum().backward();
    let mut results = vec![values(output), values(images.grad_remove(&mut gradients).expect("tracked"))];
    results.extend(parameters(&mut gradients));
    results
}

fn gradient<const D: usize>(parameter: &Param<Tensor<D>>, gradients: &mut Gradients) -> Vec<f32> {
    values(parameter.val().grad_remove(gradients).expect("tracked"))
}

fn assert_conv_agrees(conv: &Conv2d, shape: [usize; 4]) {
    let images = random(shape);
    let weighting = random(conv.forward(images.clone()).dims());
    let parameters = |gradients: &mut Gradients| {
        let mut found = vec![gradient(&conv.weight, gradients)];
        found.extend(conv.bias.as_ref().map(|bias| gradient(bias, gradients)));
        found
    };
    let expected = results(|images| conv.forward(images), (&images, &weighting), parameters);
    let found = results(|images| native::conv2d(conv, images), (&images, &weighting), parameters);
    assert_agree(&format!("{conv} on {shape:?}"), &found, &expected);
}

fn assert_lift_agrees(conv: &ConvTranspose2d, shape: [usize; 4]) {
    let images = random(shape);
    let weighting = random(conv.forward(images.clone()).dims());
    let parameters = |gradients: &mut Gradients| {
        let mut found = vec![gradient(&conv.weight, gradients)];
        found.extend(conv.bias.as_ref().map(|bias| gradient(bias, gradients)));
        found
    };
    let expected = results(|images| conv.forward(images), (&images, &weighting), parameters);
    let found = results(|images| native::conv_transpose2d(conv, images), (&images, &weighting), parameters);
    assert_agree(&format!("{conv} on {shape:?}"), &found, &expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn convolutions_agree_with_burn(
        (batch, groups, inputs, outputs) in (1usize..4, 1usize..4, 1usize..5, 1usize..5),
        (height, width) in (9usize..24, 9usize..24),
        (kernel, stride, dilation) in (1usize..4, 1usize..4, 1usize..3),
        (padding, bias) in (0usize..3, any::<bool>()),
    ) {
        let conv = Conv2dConfig::new([groups * inputs, groups * outputs], [kernel, kernel])
            .with_groups(groups)
            .with_stride([stride, stride])
            .with_dilation([dilation, dilation])
            .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
            .with_bias(bias);
        assert_conv_agrees(&conv.init(&device()), [batch, groups * inputs, height, width]);
    }

    #[test]
    fn transposed_convolutions_agree_with_burn(
        (batch, groups, inputs, outputs) in (1usize..4, 1usize..4, 1usize..5, 1usize..5),
        (height, width) in (2usize..12, 2usize..12),
        (kernel, stride) in (1usize..4, 1usize..4),
        (padding, bias) in (0usize..2, any::<bool>()),
    ) {
        let conv = ConvTranspose2dConfig::new([groups * inputs, groups * outputs], [kernel, kernel])
            .with_groups(groups)
            .with_stride([stride, stride])
            .with_padding([padding.min(kernel - 1), padding.min(kernel - 1)])
            .with_padding_out([stride - 1, 0])
            .with_bias(bias);
        assert_lift_agrees(&conv.init(&device()), [batch, groups * inputs, height, width]);
    }
}

#[test]
fn padding_that_differs_between_sides_is_left_to_burn() {
    let config = Conv2dConfig::new([3, 4], [3, 3]).with_padding(PaddingConfig2d::Explicit(0, 1, 2, 0));
    assert_conv_agrees(&config.init(&device()), [2, 3, 9, 9]);
    let config = Conv2dConfig::new([3, 4], [2, 2]).with_padding(PaddingConfig2d::Same);
    assert_conv_agrees(&config.init(&device()), [2, 3, 9, 9]);
}

fn norm(channels: usize) -> BatchNorm {
    let mut norm = BatchNormConfig::new(channels).init(&device());
    norm.gamma = Param::from_tensor(random([channels]) + 1.5);
    norm.beta = Param::from_tensor(random([channels]));
    norm
}

#[test]
fn batch_norms_and_their_running_statistics_agree_with_burn() {
    for shape in [[1, 1, 7, 5], [3, 3, 9, 31], [3, 16, 32, 32], [2, 5, 80, 70]] {
        let images = random(shape) * 2.0 + 0.5;
        let weighting = random(shape);
        // two instances: a clone shares its running statistics
        let (own, stock) = (norm(shape[1]), BatchNormConfig::new(shape[1]).init(&device()));
        let stock = BatchNorm { gamma: own.gamma.clone(), beta: own.beta.clone(), ..stock };
        let parameters = |norm: &BatchNorm, gradients: &mut Gradients| {
            let running = [&norm.running_mean, &norm.running_var].map(|state| values(state.value_sync()));
            [vec![gradient(&norm.gamma, gradients), gradient(&norm.beta, gradients)], running.to_vec()].concat()
        };
        let of_stock = |gradients: &mut Gradients| parameters(&stock, gradients);
        let of_own = |gradients: &mut Gradients| parameters(&own, gradients);
        let expected = results(|images| stock.forward(images), (&images, &weighting), of_stock);
        let found = results(|images| native::batch_norm(&own, images), (&images, &weighting), of_own);
        assert_agree(&format!("batch norm on {shape:?}"), &found, &expected);
        let learnt = own.valid();
        let images = images.inner();
        let found = values(native::batch_norm(&learnt, images.clone()));
        assert_agree("as learnt", &[found], &[values(learnt.forward(images))]);
    }
}

#[test]
fn a_frozen_batch_norm_passes_the_gradient_on_and_stands_still() {
    let frozen = norm(3).freeze();
    let images = random([2, 3, 6, 6]);
    let weighting = random([2, 3, 6, 6]);
    let expected = results(|images| frozen.forward(images), (&images, &weighting), |_| Vec::new());
    let before = values(frozen.running_mean.value_sync());
    let found = results(|images| native::batch_norm(&frozen, images), (&images, &weighting), |_| Vec::new());
    assert_agree("frozen batch norm", &found, &expected);
    assert_eq!(values(frozen.running_mean.value_sync()), before);
}

#[test]
fn relus_agree_with_burn_and_leave_their_input_alone() {
    let images = random([2, 3, 9, 7]);
    let kept = values(images.clone());
    let weighting = random([2, 3, 9, 7]);
    let expected = results(activation::relu, (&images, &weighting), |_| Vec::new());
    let found = results(native::relu, (&images, &weighting), |_| Vec::new());
    assert_agree("relu", &found, &expected);
    assert_eq!(values(images), kept);
}

#[test]
fn adams_step_is_that_of_burns_operations_whatever_the_order_of_memory() {
    for time in [1, 2, 1000] {
        let step = native::AdamStep { lr: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8, time };
        let random = || random([6, 5, 7, 9]).inner();
        let tensors = [random(), native::arranged(random()), random(), native::arranged(random().square())];
        let kept = tensors.clone().map(values);
        let expected = native::adam::composed(step, tensors.clone());
        let found = native::adam(step, tensors.clone());
        assert_agree("adam", &found.map(values), &expected.map(values));
        assert_eq!(tensors.map(values), kept, "what others hold stays");
    }
}

#[test]
fn another_order_of_memory_changes_no_result() {
    let conv = Conv2dConfig::new([3, 4], [3, 3]).init(&device());
    let norm = norm(4);
    let lift = ConvTranspose2dConfig::new([4, 2], [2, 2]).with_stride([2, 2]).init(&device());
    let images = random([2, 3, 8, 10]);
    assert_eq!(values(native::arranged(images.clone())), values(images.clone()));
    let pass = |images: Tensor<4>| {
        let features = native::relu(native::batch_norm(&norm, native::conv2d(&conv, images)));
        let output = native::conv_transpose2d(&lift, features);
        let mut gradients = output.clone().square().sum().backward();
        vec![values(output), gradient(&conv.weight, &mut gradients), gradient(&lift.weight, &mut gradients)]
    };
    assert_agree("channels last", &pass(native::arranged(images.clone())), &pass(images));
}

#[test]
fn what_wants_no_gradient_gets_none() {
    let conv = Conv2dConfig::new([3, 4], [3, 3]).init(&device());
    let images = random([2, 3, 8, 8]);
    let mut gradients = native::conv2d(&conv, images.clone()).sum().backward();
    let mut stock = conv.forward(images.clone()).sum().backward();
    assert_agree("untracked images", &[gradient(&conv.weight, &mut gradients)], &[gradient(&conv.weight, &mut stock)]);
    let frozen = conv.no_grad();
    let weighting = random(frozen.forward(images.clone()).dims());
    let expected = results(|images| frozen.forward(images), (&images, &weighting), |_| Vec::new());
    let found = results(|images| native::conv2d(&frozen, images), (&images, &weighting), |_| Vec::new());
    assert_agree("frozen weight", &found, &expected);
    let (learnt, images) = (frozen.valid(), images.inner());
    let found = values(native::conv2d(&learnt, images.clone()));
    assert_eq!(found, values(learnt.forward(images)));
}
