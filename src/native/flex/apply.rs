//! The operations on burn's modules, and whether the kernels can do them.

use super::extension::{NativeOps, Padding};
use super::geometry::Geometry;
use super::lift::Lift;
use crate::native::AdamStep;
use burn::backend::{Dispatch, DispatchDevice};
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::{DType, Device, Tensor};

/// The padding, if the kernels can do this convolution.
pub(in crate::native) fn supported_padding(conv: &Conv2d, images: &Tensor<4>) -> Option<Padding> {
    let same = |kernel: usize| ((kernel - 1) / 2, kernel / 2);
    let padding = match conv.padding {
        PaddingConfig2d::Valid => [(0, 0); 2],
        PaddingConfig2d::Same => conv.kernel_size.map(same),
        PaddingConfig2d::Explicit(top, left, bottom, right) => [(top, bottom), (left, right)],
    };
    let plain = conv.stride == [1, 1] && conv.dilation == [1, 1] && conv.groups == 1;
    let weight = conv.weight.val();
    let f32s = weight.dtype() == DType::F32 && has_kernels(images);
    Geometry::new(images.dims(), weight.dims(), padding).filter(|_| plain && f32s)?;
    Some(padding)
}

/// `conv` with its padding resolved. Shapes: `[B, C_in, H, W]` → `[B, C_out, H', W']`.
pub(in crate::native) fn conv2d(conv: &Conv2d, images: Tensor<4>, padding: Padding) -> Tensor<4> {
    let weight = conv.weight.val();
    let bias = match &conv.bias {
        Some(bias) => bias.val(),
        // an untracked constant: nothing flows back to it
        None => Tensor::zeros([weight.dims()[0]], &images.device()),
    };
    let output = Dispatch::native_conv2d(images.into_dispatch(), weight.into_dispatch(), bias.into_dispatch(), padding);
    Tensor::from_dispatch(output)
}

/// Whether the windows of `conv` lie side by side, and the kernels can do it.
pub(in crate::native) fn lifts_natively(conv: &ConvTranspose2d, images: &Tensor<4>) -> bool {
    let side_by_side = conv.kernel_size == conv.stride && conv.padding == [0, 0] && conv.padding_out == [0, 0];
    let plain = conv.dilation == [1, 1] && conv.groups == 1;
    let fits = Lift::new(images.dims(), conv.weight.val().dims()).is_some();
    side_by_side && plain && fits && has_kernels(images) && has_kernels(&conv.weight.val())
}

/// Shapes: `[B, C_in, H, W]` → `[B, C_out, H · kh, W · kw]`.
pub(in crate::native) fn conv_transpose2d(conv: &ConvTranspose2d, images: Tensor<4>) -> Tensor<4> {
    let weight = conv.weight.val();
    let bias = match &conv.bias {
        Some(bias) => bias.val(),
        // an untracked constant: nothing flows back to it
        None => Tensor::zeros([weight.dims()[1]], &images.device()),
    };
    let output = Dispatch::native_lift(images.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(output)
}

/// Whether `norm` would use the statistics of this batch, and the kernels can.
pub(in crate::native) fn trains_natively(norm: &BatchNorm, images: &Tensor<4>) -> bool {
    let trains = images.device().is_autodiff() && norm.training.is_enabled();
    let [_, channels, ..] = images.dims();
    let fits = images.shape().num_elements() > 0 && norm.gamma.val().dims() == [channels];
    trains && fits && has_kernels(images)
}

/// Normalises by the batch and moves the running statistics. Shapes: `[B, C, H, W]` → the same.
pub(in crate::native) fn batch_norm(norm: &BatchNorm, images: Tensor<4>) -> Tensor<4> {
    let device = images.device();
    let (output, mean, variance) = Dispatch::native_batch_norm(
        images.into_dispatch(),
        norm.gamma.val().into_dispatch(),
        norm.beta.val().into_dispatch(),
        norm.epsilon,
    );
    let momentum = norm.momentum;
    for (state, batch) in [(&norm.running_mean, mean), (&norm.running_var, variance)] {
        let batch = Tensor::<1>::from_dispatch(batch).detach();
        let running = state.value_sync().to_device(&device);
        let running = running.mul_scalar(1.0 - momentum).add(batch.mul_scalar(momentum));
        state.update(running.detach());
    }
    Tensor::from_dispatch(output)
}

/// Whether `norm` would use what it has learnt, nothing wants a gradient, and the kernels can.
pub(in crate::native) fn norms_natively(norm: &BatchNorm, images: &Tensor<4>) -> bool {
    let [_, channels, ..] = images.dims();
    let fits = images.shape().num_elements() > 0 && norm.gamma.val().dims() == [channels];
    !images.device().is_autodiff() && fits && has_kernels(images)
}

/// Normalises by the running statistics. Shapes: `[B, C, H, W]` → the same.
pub(in crate::native) fn batch_norm_as_learnt(norm: &BatchNorm, images: Tensor<4>) -> Tensor<4> {
    let device = images.device();
    let running = [&norm.running_mean, &norm.running_var].map(|state| state.value().to_device(&device));
    let [mean, variance] = running.map(Tensor::into_dispatch);
    let images = images.into_dispatch();
    let (gamma, beta) = (norm.gamma.val().into_dispatch(), norm.beta.val().into_dispatch());
    Tensor::from_dispatch(Dispatch::native_batch_norm_as_learnt(images, gamma, beta, mean, variance, norm.epsilon))
}

/// Whether the kernels can compute on `features`.
pub(in crate::native) fn computes_natively(features: &Tensor<4>) -> bool {
    has_kernels(features)
}

/// `max(x, 0)`. Shapes: `[B, C, H, W]` → the same.
pub(in crate::native) fn relu(features: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::native_relu(features.into_dispatch()))
}

/// Whether `pool` takes 2×2 windows side by side, and the kernels can.
pub(in crate::native) fn pools_natively(pool: &MaxPool2d, images: &Tensor<4>) -> bool {
    let halves = pool.kernel_size == [2, 2] && pool.stride == [2, 2] && pool.dilation == [1, 1];
    let bare = matches!(pool.padding, PaddingConfig2d::Valid | PaddingConfig2d::Explicit(0, 0, 0, 0));
    let [batch, channels, height, width] = images.dims();
    // rounding up makes a window of what is left over
    let whole = !pool.ceil_mode || (height % 2 == 0 && width % 2 == 0);
    halves && bare && whole && batch * channels > 0 && height.min(width) >= 2 && has_kernels(images)
}

/// Shapes: `[B, C, H, W]` → `[B, C, ⌊H/2⌋, ⌊W/2⌋]`.
pub(in crate::native) fn max_pool2d(images: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::native_max_pool2d(images.into_dispatch()))
}

/// Whether the kernels can do Adam's step on these.
pub(in crate::native) fn steps_natively<const D: usize>(tensors: &[Tensor<D>; 4]) -> bool {
    let same = tensors.iter().all(|tensor| tensor.dims() == tensors[0].dims());
    same && tensors.iter().all(has_kernels)
}

/// Weight, mean and square after a step, from weight, gradient, mean and square.
pub(in crate::native) fn adam<const D: usize>(step: AdamStep, tensors: [Tensor<D>; 4]) -> [Tensor<D>; 3] {
    let [weight, gradient, mean, square] = tensors.map(Tensor::into_dispatch);
    let (weight, mean, square) = Dispatch::native_adam(weight, gradient, mean, square, step);
    [weight, mean, square].map(Tensor::from_dispatch)
}

fn has_kernels<const D: usize>(images: &Tensor<D>) -> bool {
    let device: Device = images.device().inner();
    // without vector instructions a fused multiply-add is emulated: burn's path is the faster one
    let vectors = !matches!(pulp::Arch::new(), pulp::Arch::Scalar);
    vectors && images.dtype() == DType::F32 && matches!(device.as_dispatch(), DispatchDevice::Flex(_))
}
