//! Convolution, batch norm, ReLU and Adam on libtorch, with its own backward passes: burn composes those of more
//! general operations, which read and write more.

#![allow(deprecated, reason = "burn's binding to libtorch; it is the GPU path that builds everywhere")]

mod autodiff;
mod extension;
mod script;
mod window;

#[cfg(test)]
mod tests;

use burn::backend::{Dispatch, DispatchDevice};
use burn::nn::BatchNorm;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::tensor::{Device, Tensor};

use super::AdamStep;
use extension::{Bias, TorchOps};
use window::Window;

/// Whether libtorch computes on this tensor.
pub(super) fn is_home<const D: usize>(tensor: &Tensor<D>) -> bool {
    is_libtorch(&tensor.device())
}

/// Whether `device` is one of libtorch's, with autodiff or without.
pub(super) fn is_libtorch(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::LibTorch(_))
}

/// What `conv` looks at, if libtorch computes on `images` and can do it.
pub(super) fn supported_window(conv: &Conv2d, images: &Tensor<4>) -> Option<Window> {
    Window::of(conv).filter(|_| is_home(images))
}

/// `conv` with its padding resolved. Shapes: `[B, C_in, H, W]` → `[B, C_out, H', W']`.
pub(super) fn conv2d(conv: &Conv2d, images: Tensor<4>, window: Window) -> Tensor<4> {
    let bias = conv.bias.as_ref().map(|bias| bias.val());
    convolve(images, conv.weight.val(), bias, window)
}

/// Shapes: `[B, C_in, H, W]` → `[B, C_out, H', W']`.
pub(super) fn conv_transpose2d(conv: &ConvTranspose2d, images: Tensor<4>) -> Tensor<4> {
    let bias = conv.bias.as_ref().map(|bias| bias.val());
    convolve(images, conv.weight.val(), bias, Window::transposed(conv))
}

fn convolve(images: Tensor<4>, weight: Tensor<4>, bias: Option<Tensor<1>>, window: Window) -> Tensor<4> {
    let bias = bias.map_or(Bias::None, |bias| Bias::Some(bias.into_dispatch()));
    Tensor::from_dispatch(Dispatch::torch_conv2d(images.into_dispatch(), weight.into_dispatch(), bias, window))
}

/// By the batch's statistics in training, else by the running ones. Shapes: `[B, C, H, W]` → the same.
pub(super) fn batch_norm(norm: &BatchNorm, images: Tensor<4>) -> Tensor<4> {
    match (images.device().is_autodiff(), norm.training.is_enabled()) {
        (true, true) => batch_norm_train(norm, images),
        // frozen: the images may still want a gradient
        (true, false) => norm.forward(images),
        (false, _) => batch_norm_as_learnt(norm, images),
    }
}

/// Moves the running statistics, whose variance is biased as burn's.
fn batch_norm_train(norm: &BatchNorm, images: Tensor<4>) -> Tensor<4> {
    let device = images.device();
    let (output, mean, inverse_std) = Dispatch::torch_batch_norm(
        images.into_dispatch(),
        norm.gamma.val().into_dispatch(),
        norm.beta.val().into_dispatch(),
        norm.epsilon,
    );
    let states = [&norm.running_mean, &norm.running_var];
    let [old_mean, old_variance] = states.map(|state| state.value_sync().to_device(&device).into_dispatch());
    let moved = Dispatch::torch_moved(old_mean, old_variance, mean, inverse_std, [norm.momentum, norm.epsilon]);
    for (state, moved) in states.into_iter().zip([moved.0, moved.1]) {
        state.update(Tensor::from_dispatch(moved));
    }
    Tensor::from_dispatch(output)
}

fn batch_norm_as_learnt(norm: &BatchNorm, images: Tensor<4>) -> Tensor<4> {
    let device = images.device();
    let running = [&norm.running_mean, &norm.running_var].map(|state| state.value().to_device(&device));
    let [mean, variance] = running.map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::torch_batch_norm_as_learnt(
        images.into_dispatch(),
        norm.gamma.val().into_dispatch(),
        norm.beta.val().into_dispatch(),
        mean,
        variance,
        norm.epsilon,
    ))
}

/// Shapes: `[B, C, H, W]` → the same, in another order of memory. No gradient passes.
pub(super) fn channels_last(images: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::torch_channels_last(images.into_dispatch()))
}

/// Weight, mean and square after a step, from weight, gradient, mean and square.
pub(super) fn adam<const D: usize>(step: AdamStep, tensors: [Tensor<D>; 4]) -> [Tensor<D>; 3] {
    let [weight, gradient, mean, square] = tensors.map(Tensor::into_dispatch);
    let (weight, mean, square) = Dispatch::torch_adam(weight, gradient, mean, square, step);
    [weight, mean, square].map(Tensor::from_dispatch)
}

/// `max(x, 0)`; keeps its output for the backward pass, so that it may be computed in place.
pub(super) fn relu(features: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::torch_relu(features.into_dispatch()))
}
