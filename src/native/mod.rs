//! Own differentiable operations: the same numbers as burn's, faster. Kernels on `flex`, libtorch's own backward passes
//! on `tch`.
//!
//! Knows burn's modules and tensors; not models, losses or training.
//! Weak spot: what a backend has no operation for is handed to burn, without a word.

use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Dropout};
use burn::tensor::{Device, Tensor, activation};

mod adam;
#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "tch")]
mod torch;

pub use adam::{AdamStep, adam};

/// The same values, in the order of memory that the device computes fastest on.
///
/// Shapes: `[B, C, H, W]` → the same. They want no gradient.
pub fn arranged(images: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "tch")]
    if torch::is_home(&images) {
        return torch::channels_last(images);
    }
    images
}

/// Whether `device` computes in eight bits of mantissa, too.
pub fn has_bf16(device: &Device) -> bool {
    #[cfg(feature = "tch")]
    if torch::is_libtorch(device) {
        return true;
    }
    let _ = device;
    false
}

/// `conv.forward(images)`, by own operations where they apply.
///
/// Shapes: `[B, C_in, H, W]` → `[B, C_out, H', W']`.
/// They apply on `flex` in `f32` for stride 1, dilation 1, one group and padding below the kernel size; on `tch` for
/// padding that is the same on opposite sides.
pub fn conv2d(conv: &Conv2d, images: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if let Some(padding) = flex::supported_padding(conv, &images) {
        return flex::conv2d(conv, images, padding);
    }
    #[cfg(feature = "tch")]
    if let Some(window) = torch::supported_window(conv, &images) {
        return torch::conv2d(conv, images, window);
    }
    conv.forward(images)
}

/// `conv.forward(images)`, by own operations where they apply.
///
/// Shapes: `[B, C_in, H, W]` → `[B, C_out, H', W']`.
/// They apply on `flex` in `f32` for windows side by side (kernel = stride, no padding, dilation or groups); on `tch`
/// always.
pub fn conv_transpose2d(conv: &ConvTranspose2d, images: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if flex::lifts_natively(conv, &images) {
        return flex::conv_transpose2d(conv, images);
    }
    #[cfg(feature = "tch")]
    if torch::is_home(&images) {
        return torch::conv_transpose2d(conv, images);
    }
    conv.forward(images)
}

/// `norm.forward(images)`, by own operations where they apply: on `flex` in `f32`, on `tch` always; not for a frozen one
/// in training.
///
/// Shapes: `[B, C, H, W]` → the same. Updates the running statistics exactly as burn does.
pub fn batch_norm(norm: &BatchNorm, images: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if flex::trains_natively(norm, &images) {
        return flex::batch_norm(norm, images);
    }
    #[cfg(feature = "flex")]
    if flex::norms_natively(norm, &images) {
        return flex::batch_norm_as_learnt(norm, images);
    }
    #[cfg(feature = "tch")]
    if torch::is_home(&images) {
        return torch::batch_norm(norm, images);
    }
    norm.forward(images)
}

/// `max(x, 0)`. Shapes: `[B, C, H, W]` → the same.
pub fn relu(features: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if flex::computes_natively(&features) {
        return flex::relu(features);
    }
    #[cfg(feature = "tch")]
    if torch::is_home(&features) {
        return torch::relu(features);
    }
    activation::relu(features)
}

/// `pool.forward(images)`, by own kernels where they apply: on `flex` in `f32` for 2×2 windows, stride 2, no padding.
///
/// Shapes: `[B, C, H, W]` → `[B, C, H', W']`.
pub fn max_pool2d(pool: &MaxPool2d, images: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if flex::pools_natively(pool, &images) {
        return flex::max_pool2d(images);
    }
    pool.forward(images)
}

/// `dropout.forward(features)`; its random mask is drawn by all threads where the device computes on them.
///
/// Shapes: `[B, C, H, W]` → the same. The mask follows from the device's seed.
pub fn dropout(dropout: &Dropout, features: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if features.device() == Device::flex() {
        return flex::dropout(dropout, features);
    }
    dropout.forward(features)
}
