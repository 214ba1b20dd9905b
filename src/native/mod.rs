//! Own convolution, batch norm, max-pooling and dropout for the CPU backend `flex`: the same numbers as burn's, faster.
//!
//! Differentiable like burn's; every result depends on the inputs alone, not on the number of threads.
//! Knows burn's modules and tensors; not models, losses or training.
//! Weak spot: anything but `flex`, `f32`, stride 1 is handed to burn, without a word.

use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Dropout};
use burn::tensor::Tensor;

#[cfg(feature = "flex")]
mod autodiff;
#[cfg(feature = "flex")]
mod correlate;
#[cfg(feature = "flex")]
mod dropout;
#[cfg(feature = "flex")]
mod extension;
#[cfg(feature = "flex")]
mod frame;
#[cfg(feature = "flex")]
mod geometry;
#[cfg(feature = "flex")]
mod norm;
#[cfg(feature = "flex")]
mod pool;
#[cfg(feature = "flex")]
mod weight_gradient;

#[cfg(all(test, feature = "flex"))]
mod tests;

/// `conv.forward(images)`, by own kernels where they apply.
///
/// Shapes: `[B, C_in, H, W]` → `[B, C_out, H', W']`.
/// They apply on `flex` in `f32` for stride 1, dilation 1, one group and padding below the kernel size.
pub fn conv2d(conv: &Conv2d, images: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if let Some(padding) = extension::supported_padding(conv, &images) {
        return extension::conv2d(conv, images, padding);
    }
    conv.forward(images)
}

/// `norm.forward(images)`; in training by own kernels where they apply: on `flex` in `f32`.
///
/// Shapes: `[B, C, H, W]` → the same. Updates the running statistics exactly as burn does.
pub fn batch_norm(norm: &BatchNorm, images: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if extension::trains_natively(norm, &images) {
        return extension::batch_norm(norm, images);
    }
    norm.forward(images)
}

/// `pool.forward(images)`, by own kernels where they apply: on `flex` in `f32` for 2×2 windows, stride 2, no padding.
///
/// Shapes: `[B, C, H, W]` → `[B, C, H', W']`.
pub fn max_pool2d(pool: &MaxPool2d, images: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if extension::pools_natively(pool, &images) {
        return extension::max_pool2d(images);
    }
    pool.forward(images)
}

/// `dropout.forward(features)`; its random mask is drawn by all threads where the device computes on them.
///
/// Shapes: `[B, C, H, W]` → the same. The mask follows from the device's seed.
pub fn dropout(dropout: &Dropout, features: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if features.device() == burn::tensor::Device::flex() {
        return dropout::dropout(dropout, features);
    }
    dropout.forward(features)
}
