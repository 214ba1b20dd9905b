//! Every operation against burn's own, forward and backward, bit for bit where threads are concerned.

use crate::native::{AdamStep, adam, batch_norm, conv_transpose2d, conv2d, max_pool2d, relu};
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Distribution, Tensor};

const SAME: PaddingConfig2d = PaddingConfig2d::Same;

fn device() -> Device {
    Device::flex().autodiff()
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

fn conv(channels: [usize; 2], kernel: [usize; 2], padding: PaddingConfig2d, bias: bool) -> Conv2d {
    Conv2dConfig::new(channels, kernel).with_padding(padding).with_bias(bias).init(&device())
}

type Conv = fn(&Conv2d, Tensor<4>) -> Tensor<4>;
type Norm = fn(&BatchNorm, Tensor<4>) -> Tensor<4>;

/// Output and the gradients of images, weight and bias under a random weighting of the output.
fn conv_results(forward: Conv, conv: &Conv2d, images: &Tensor<4>, weighting: &Tensor<4>) -> Vec<Vec<f32>> {
    let images = images.clone().require_grad();
    let output = forward(conv, images.clone());
    let mut gradients = (output.clone() * weighting.clone()).sum().backward();
    let mut results = vec![values(output)];
    results.push(values(images.grad_remove(&mut gradients).expect("tracked")));
    results.push(values(conv.weight.val().grad_remove(&mut gradients).expect("tracked")));
    if let Some(bias) = &conv.bias {
        results.push(values(bias.val().grad_remove(&mut gradients).expect("tracked")));
    }
    results
}

fn assert_conv_agrees(conv: &Conv2d, shape: [usize; 4]) {
    let images = random(shape);
    let weighting = random(conv.forward(images.clone()).dims());
    let expected = conv_results(Conv2d::forward, conv, &images, &weighting);
    let found = conv_results(conv2d, conv, &images, &weighting);
    for (index, (found, expected)) in found.iter().zip(&expected).take(3).enumerate() {
        let distance = distance(found, expected);
        assert!(distance < 5e-6, "{conv} on {shape:?}: result {index} is off by {distance}");
    }
    for found in found.iter().skip(3).chain(expected.iter().skip(3)) {
        for (channel, (&found, [sum, magnitude])) in found.iter().zip(sums(&weighting)).enumerate() {
            let distance = (f64::from(found) - sum).abs() / magnitude;
            assert!(distance < 1e-7, "{conv} on {shape:?}: the gradient of bias {channel} is off by {distance}");
        }
    }
}

/// Per channel of `[B, C, H, W]` the sum, which is the gradient of a bias, and the sum of magnitudes. Thousands of values
/// of either sign nearly cancel: what `f32` can say of the sum is relative to what was added, not to what is left.
fn sums(weighting: &Tensor<4>) -> Vec<[f64; 2]> {
    let [_, channels, height, width] = weighting.dims();
    let weighting = values(weighting.clone());
    let of = |channel: usize| {
        let planes = weighting.chunks_exact(height * width).skip(channel).step_by(channels);
        planes
            .flatten()
            .fold([0.0, 0.0], |[sum, magnitude], &value| [sum + f64::from(value), magnitude + f64::from(value).abs()])
    };
    (0..channels).map(of).collect()
}

#[test]
fn convolutions_agree_with_burn() {
    for batch in [1, 3] {
        for channels in [[1, 16], [3, 5], [16, 16], [16, 1], [40, 9], [70, 130]] {
            for (size, kernel) in [([7, 5], 3), ([32, 50], 3), ([16, 16], 1), ([1, 1], 3), ([9, 31], 5)] {
                let [height, width] = size;
                let bias = channels[0] != 3;
                let conv = conv(channels, [kernel; 2], SAME, bias);
                assert_conv_agrees(&conv, [batch, channels[0], height, width]);
            }
        }
    }
}

#[test]
fn any_padding_agrees_with_burn() {
    let paddings = [
        (PaddingConfig2d::Valid, [3, 3]),
        (PaddingConfig2d::Explicit(1, 1, 1, 1), [3, 3]),
        (PaddingConfig2d::Explicit(0, 1, 2, 0), [3, 3]),
        (PaddingConfig2d::Explicit(1, 0, 0, 2), [3, 3]),
        (PaddingConfig2d::Explicit(2, 3, 1, 4), [3, 5]),
        (PaddingConfig2d::Explicit(1, 1, 1, 1), [1, 1]),
        (PaddingConfig2d::Same, [2, 4]),
    ];
    for (padding, kernel) in paddings {
        assert_conv_agrees(&conv([3, 10], kernel, padding, true), [2, 3, 11, 13]);
    }
}

/// As Inception's on small images: more padding than image.
#[test]
fn kernels_longer_than_the_map_agree_with_burn() {
    for size in [[1, 1], [2, 2], [4, 3]] {
        for (kernel, [top, left]) in [([1, 7], [0, 3]), ([7, 1], [3, 0]), ([1, 3], [0, 1]), ([5, 5], [2, 2])] {
            let padding = PaddingConfig2d::Explicit(top, left, top, left);
            assert_conv_agrees(&conv([18, 20], kernel, padding, false), [8, 18, size[0], size[1]]);
        }
    }
}

#[test]
fn what_the_kernels_cannot_do_is_left_to_burn() {
    let config = Conv2dConfig::new([4, 8], [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
    for config in [config.clone().with_stride([2, 2]), config.clone().with_dilation([2, 2]), config.with_groups(2)] {
        assert_conv_agrees(&config.init(&device()), [2, 4, 12, 12]);
    }
}

#[test]
fn larger_planes_than_one_block_agree_with_burn() {
    assert_conv_agrees(&conv([33, 20], [3, 3], SAME, true), [1, 33, 130, 131]);
}

#[test]
fn non_contiguous_images_agree_with_burn() {
    let conv = conv([6, 4], [3, 3], SAME, true);
    let images = random([2, 6, 9, 10]).swap_dims(2, 3).slice([0..2, 0..6, 1..9, 2..8]);
    let found = values(conv2d(&conv, images.clone()));
    assert!(distance(&found, &values(conv.forward(images))) < 5e-6);
}

#[test]
fn convolutions_agree_without_gradients() {
    use burn::module::Module;
    let frozen = conv([3, 4], [3, 3], SAME, true).no_grad();
    let images = random([2, 3, 8, 8]);
    let expected = values(frozen.forward(images.clone()));
    assert!(distance(&values(conv2d(&frozen, images.clone())), &expected) < 5e-6);
    assert!(distance(&values(conv2d(&frozen.clone().valid(), images.clone().inner())), &expected) < 5e-6);
    let images = images.require_grad();
    let mut gradients = conv2d(&frozen, images.clone()).sum().backward();
    let mut stock = frozen.forward(images.clone()).sum().backward();
    let found = values(images.grad_remove(&mut gradients).expect("tracked"));
    let expected = values(images.grad_remove(&mut stock).expect("tracked"));
    assert!(distance(&found, &expected) < 5e-6);
}

#[test]
fn untracked_images_still_train_the_weight() {
    let conv = conv([3, 4], [3, 3], SAME, true);
    let images = random([2, 3, 8, 8]);
    let mut gradients = conv2d(&conv, images.clone()).sum().backward();
    let mut stock = conv.forward(images).sum().backward();
    let found = values(conv.weight.val().grad_remove(&mut gradients).expect("tracked"));
    let expected = values(conv.weight.val().grad_remove(&mut stock).expect("tracked"));
    assert!(distance(&found, &expected) < 5e-6);
}

/// Output, gradients of images, gamma, beta, and the running statistics after one step.
fn norm_results(forward: Norm, norm: &BatchNorm, images: &Tensor<4>, weighting: &Tensor<4>) -> Vec<Vec<f32>> {
    let norm = norm.clone();
    let images = images.clone().require_grad();
    let output = forward(&norm, images.clone());
    let mut gradients = (output.clone() * weighting.clone()).sum().backward();
    vec![
        values(output),
        values(images.grad_remove(&mut gradients).expect("tracked")),
        values(norm.gamma.val().grad_remove(&mut gradients).expect("tracked")),
        values(norm.beta.val().grad_remove(&mut gradients).expect("tracked")),
        values(norm.running_mean.value_sync()),
        values(norm.running_var.value_sync()),
    ]
}

fn norm(channels: usize) -> BatchNorm {
    use burn::module::Param;
    let mut norm = BatchNormConfig::new(channels).init(&device());
    norm.gamma = Param::from_tensor(random([channels]) + 1.5);
    norm.beta = Param::from_tensor(random([channels]));
    norm
}

#[test]
fn batch_norms_agree_with_burn() {
    for shape in [[1, 1, 7, 5], [3, 3, 9, 31], [3, 16, 32, 32], [1, 16, 1, 1], [2, 5, 80, 70]] {
        let images = random(shape) * 2.0 + 0.5;
        let weighting = random(shape);
        // two instances: a clone shares its running statistics
        let (own, stock) = (norm(shape[1]), BatchNormConfig::new(shape[1]).init(&device()));
        let stock = BatchNorm { gamma: own.gamma.clone(), beta: own.beta.clone(), ..stock };
        let expected = norm_results(BatchNorm::forward, &stock, &images, &weighting);
        let found = norm_results(batch_norm, &own, &images, &weighting);
        for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let distance = distance(found, expected);
            assert!(distance < 1e-5, "batch norm on {shape:?}: result {index} is off by {distance}");
        }
    }
}

type Lift = fn(&ConvTranspose2d, Tensor<4>) -> Tensor<4>;

fn lift_results(forward: Lift, conv: &ConvTranspose2d, images: &Tensor<4>, weighting: &Tensor<4>) -> Vec<Vec<f32>> {
    let images = images.clone().require_grad();
    let output = forward(conv, images.clone());
    let mut gradients = (output.clone() * weighting.clone()).sum().backward();
    let mut results = vec![values(output)];
    results.push(values(images.grad_remove(&mut gradients).expect("tracked")));
    results.push(values(conv.weight.val().grad_remove(&mut gradients).expect("tracked")));
    results.extend(conv.bias.as_ref().map(|bias| values(bias.val().grad_remove(&mut gradients).expect("tracked"))));
    results
}

#[test]
fn transposed_convolutions_agree_with_burn() {
    let side_by_side = |window: [usize; 2]| ConvTranspose2dConfig::new([5, 7], window).with_stride(window);
    let overlapping = ConvTranspose2dConfig::new([5, 7], [3, 3]).with_stride([2, 2]);
    let configs = [
        side_by_side([2, 2]),
        side_by_side([2, 2]).with_bias(false),
        side_by_side([1, 1]),
        side_by_side([3, 2]),
        side_by_side([2, 2]).with_padding([1, 0]),
        side_by_side([2, 2]).with_padding_out([1, 1]),
        overlapping,
    ];
    for config in configs {
        for shape in [[1, 5, 1, 1], [2, 5, 9, 13], [3, 5, 16, 16]] {
            let conv = config.init(&device());
            let images = random(shape);
            let weighting = random(conv.forward(images.clone()).dims());
            let expected = lift_results(ConvTranspose2d::forward, &conv, &images, &weighting);
            let found = lift_results(conv_transpose2d, &conv, &images, &weighting);
            for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let distance = distance(found, expected);
                assert!(distance < 5e-6, "{conv} on {shape:?}: result {index} is off by {distance}");
            }
        }
    }
}

#[test]
fn relus_equal_burns_bit_for_bit() {
    let images = random([2, 3, 33, 31]);
    let poisoned = Tensor::cat(vec![images.clone(), images.clone() * f32::NAN, images * 0.0], 0);
    let expected = pool_results(burn::tensor::activation::relu, &poisoned);
    assert_eq!(pool_results(relu, &poisoned), expected);
}

#[test]
fn adams_step_is_that_of_burns_operations() {
    let step = |time| AdamStep { lr: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8, time };
    for time in [1, 2, 1000] {
        let random = || random([3, 5, 70, 90]).inner();
        let tensors = [random(), random(), random(), random().square()];
        let expected = crate::native::adam::composed(step(time), tensors.clone());
        for (found, expected) in adam(step(time), tensors).into_iter().zip(expected) {
            assert!(distance(&values(found), &values(expected)) < 1e-6);
        }
    }
}

#[test]
fn batch_norm_in_evaluation_uses_the_running_statistics() {
    use burn::module::Module;
    let norm = norm(4);
    let images = random([2, 4, 6, 6]);
    let _ = batch_norm(&norm, images.clone());
    let (norm, images) = (norm.valid(), images.inner());
    let distance = distance(&values(batch_norm(&norm, images.clone())), &values(norm.forward(images)));
    assert!(distance < 1e-6, "{distance}");
}

fn halving() -> MaxPool2d {
    MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init()
}

/// Output and the gradient of the images.
fn pool_results(forward: impl Fn(Tensor<4>) -> Tensor<4>, images: &Tensor<4>) -> Vec<u32> {
    let images = images.clone().require_grad();
    let output = forward(images.clone());
    let mut gradients = (output.clone() * output.clone()).sum().backward();
    let gradient = values(images.grad_remove(&mut gradients).expect("tracked"));
    values(output).into_iter().chain(gradient).map(f32::to_bits).collect()
}

#[test]
fn max_pools_equal_burns_bit_for_bit() {
    for shape in [[1, 1, 2, 2], [2, 3, 9, 31], [3, 16, 64, 64], [1, 2, 2, 7]] {
        // few distinct values, so that windows hold ties; no zeros, whose sign burn drops
        let images = (random(shape) * 2.0).round() + 0.5;
        let pool = halving();
        let expected = pool_results(|images| pool.forward(images), &images);
        assert!(pool_results(|images| max_pool2d(&pool, images), &images) == expected, "{shape:?}");
    }
    let pool = MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).init();
    let images = random([1, 2, 9, 9]);
    assert_eq!(values(max_pool2d(&pool, images.clone())), values(pool.forward(images)));
}

#[test]
fn max_pool_sends_the_gradient_of_a_nan_to_the_last_one() {
    let (nan, low) = (f32::NAN, f32::NEG_INFINITY);
    let images = Tensor::<1>::from_floats([nan, 1.0, nan, 2.0, low, low, low, low], &device()).reshape([1, 2, 2, 2]);
    let pool = halving();
    let expected = pool_results(|images| pool.forward(images), &images);
    assert_eq!(pool_results(|images| max_pool2d(&pool, images), &images), expected);
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let conv = conv([20, 24], [3, 3], SAME, true);
    let norm = norm(20);
    let (images, weighting) = (random([3, 20, 37, 45]), random([3, 24, 37, 45]));
    let step = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let mut results = conv_results(conv2d, &conv, &images, &weighting);
            results.extend(norm_results(batch_norm, &norm, &images, &images).into_iter().take(4));
            results.into_iter().flatten().map(f32::to_bits).collect::<Vec<_>>()
        })
    };
    let one = step(1);
    for threads in [1, 2, 3, 8] {
        assert!(step(threads) == one, "{threads} threads differ from one");
    }
}

#[test]
fn a_nan_or_infinity_reaches_output_and_gradients() {
    for poison in [f32::NAN, f32::INFINITY] {
        let conv = conv([2, 3], [3, 3], SAME, true);
        let norm = norm(2);
        let clean = random([1, 2, 6, 6]);
        let images =
            clean.clone().slice_assign([0..1, 0..1, 2..3, 2..3], clean.slice([0..1, 0..1, 2..3, 2..3]) * poison);
        let [output, _, weight, ..] = &conv_results(conv2d, &conv, &images, &random([1, 3, 6, 6]))[..] else {
            panic!("four results");
        };
        // all outputs whose window holds the pixel, in each of three channels, and no others
        assert_eq!(output.iter().filter(|value| !value.is_finite()).count(), 27);
        assert!(weight.iter().any(|value| !value.is_finite()));
        let weighting = random([1, 2, 6, 6]);
        for result in &norm_results(batch_norm, &norm, &images, &weighting)[..3] {
            assert!(result.iter().any(|value| value.is_nan()));
        }
    }
}

/// `cargo test --release native_speed -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn native_speed() {
    for shape in [[8, 16, 128, 128], [8, 64, 64, 64], [8, 128, 16, 16], [8, 256, 8, 8], [8, 3, 128, 128]] {
        let [batch, channels, height, width] = shape;
        let outputs = channels.max(16);
        for kernel in [3, 1] {
            let conv = conv([channels, outputs], [kernel; 2], SAME, true);
            let weighting = random([batch, outputs, height, width]);
            measure(&format!("conv {kernel}×{kernel} {shape:?}"), |own| {
                let images = random(shape).require_grad();
                let weighting = weighting.clone();
                let conv = conv.clone();
                move || if own { conv2d(&conv, images) } else { conv.forward(images) }.mul(weighting)
            });
        }
        let weighting = random(shape);
        measure(&format!("relu {shape:?}"), |_| {
            let images = random(shape).require_grad();
            let weighting = weighting.clone();
            move || burn::tensor::activation::relu(images).mul(weighting)
        });
        let half = random([batch, channels, height / 2, width / 2]);
        measure(&format!("max pool {shape:?}"), |own| {
            let images = random(shape).require_grad();
            let (pool, half) = (halving(), half.clone());
            move || if own { max_pool2d(&pool, images) } else { pool.forward(images) }.mul(half)
        });
        measure(&format!("identity {shape:?}"), |_| {
            let images = random(shape).require_grad();
            let weighting = weighting.clone();
            move || images.mul(weighting)
        });
        let norm = norm(channels);
        measure(&format!("batch norm {shape:?}"), |own| {
            let images = random(shape).require_grad();
            let (norm, weighting) = (norm.clone(), weighting.clone());
            move || if own { batch_norm(&norm, images) } else { norm.forward(images) }.mul(weighting)
        });
    }
}

/// Prints the least milliseconds of forward and backward, burn's and own in turn.
fn measure<F: FnOnce() -> Tensor<4>>(name: &str, prepare: impl Fn(bool) -> F) {
    let mut best = [[f64::INFINITY; 2]; 2];
    for _ in 0..15 {
        for own in [false, true] {
            let forward = prepare(own);
            let start = std::time::Instant::now();
            let output = forward();
            let forward_s = start.elapsed().as_secs_f64();
            let _ = output.sum().backward();
            let backward_s = start.elapsed().as_secs_f64() - forward_s;
            let best = &mut best[usize::from(own)];
            best[0] = best[0].min(forward_s * 1e3);
            best[1] = best[1].min(backward_s * 1e3);
        }
    }
    let [[sf, sb], [of, ob]] = best;
    let ratio = (sf + sb) / (of + ob);
    println!("{name:36} burn {sf:7.2} + {sb:7.2}   own {of:7.2} + {ob:7.2} ms   {ratio:.2}×");
}
