//! The bridge between burn's tensors and libtorch's: forward.

use burn::backend::libtorch::TchTensor;
use burn::backend::ops::ActivationOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, ExtensionType, LibTorch, backend_extension};

use super::script;
use super::window::Window;
use crate::native::AdamStep;

/// A bias, where there is one.
#[derive(ExtensionType)]
pub(super) enum Bias<B: Backend> {
    Some(FloatTensor<B>),
    None,
}

/// The forward operations, dispatched at run time.
#[backend_extension(LibTorch: cfg(feature = "tch"), Autodiff)]
pub(super) trait TorchOps: Backend {
    /// Shapes: images `[B, C_in, H, W]`, weight as burn's, bias `[C_out]` → `[B, C_out, H', W']`.
    fn torch_conv2d(
        images: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        #[extension_type] bias: Bias<Self>,
        window: Window,
    ) -> FloatTensor<Self>;

    /// Output, mean and `1 / √(variance + ε)` of the batch. Shapes: `[B, C, H, W]`, `[C]`, `[C]` → the same, `[C]`, `[C]`.
    fn torch_batch_norm(
        images: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Running mean and variance, moved towards the batch's by momentum; `numbers` are momentum and ε. Shapes: all `[C]`.
    fn torch_moved(
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        batch_mean: FloatTensor<Self>,
        inverse_std: FloatTensor<Self>,
        numbers: [f64; 2],
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// By statistics that are given. Shapes: `[B, C, H, W]`, four times `[C]` → `[B, C, H, W]`.
    fn torch_batch_norm_as_learnt(
        images: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;

    /// Shapes: `[B, C, H, W]` → the same.
    fn torch_relu(features: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Shapes: `[B, C, H, W]` → the same.
    fn torch_channels_last(images: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Weight, mean and square after a step; all of one shape.
    fn torch_adam(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        square: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl TorchOps for LibTorch {
    fn torch_conv2d(images: TchTensor, weight: TchTensor, bias: Bias<Self>, window: Window) -> TchTensor {
        // features in bf16 meet weights in single precision
        let kind = images.tensor.kind();
        let bias = if let Bias::Some(bias) = bias { Some(bias.tensor.to_kind(kind)) } else { None };
        TchTensor::new(window.forward(&images.tensor, &weight.tensor.to_kind(kind), bias.as_ref()))
    }

    fn torch_batch_norm(
        images: TchTensor,
        gamma: TchTensor,
        beta: TchTensor,
        epsilon: f64,
    ) -> (TchTensor, TchTensor, TchTensor) {
        let none = None::<&tch::Tensor>;
        let (gamma, beta) = (Some(&gamma.tensor), Some(&beta.tensor));
        let (output, mean, inverse_std) = images.tensor.native_batch_norm(gamma, beta, none, none, true, 0.0, epsilon);
        (TchTensor::new(output), TchTensor::new(mean), TchTensor::new(inverse_std))
    }

    fn torch_moved(
        mean: TchTensor,
        variance: TchTensor,
        batch_mean: TchTensor,
        inverse_std: TchTensor,
        [momentum, epsilon]: [f64; 2],
    ) -> (TchTensor, TchTensor) {
        let batch_variance = inverse_std.tensor.pow_tensor_scalar(-2) - epsilon;
        let mean = mean.tensor.lerp(&batch_mean.tensor, momentum);
        let variance = variance.tensor.lerp(&batch_variance, momentum);
        (TchTensor::new(mean), TchTensor::new(variance))
    }

    fn torch_batch_norm_as_learnt(
        images: TchTensor,
        gamma: TchTensor,
        beta: TchTensor,
        mean: TchTensor,
        variance: TchTensor,
        epsilon: f64,
    ) -> TchTensor {
        let [gamma, beta, mean, variance] = [&gamma, &beta, &mean, &variance].map(|tensor| Some(&tensor.tensor));
        let (output, ..) = images.tensor.native_batch_norm(gamma, beta, mean, variance, false, 0.0, epsilon);
        TchTensor::new(output)
    }

    fn torch_relu(features: TchTensor) -> TchTensor {
        Self::relu(features)
    }

    fn torch_channels_last(images: TchTensor) -> TchTensor {
        TchTensor::from_existing(script::channels_last(&images.tensor), images.storage)
    }

    fn torch_adam(
        weight: TchTensor,
        gradient: TchTensor,
        mean: TchTensor,
        square: TchTensor,
        step: AdamStep,
    ) -> (TchTensor, TchTensor, TchTensor) {
        let stride = weight.tensor.stride();
        // libtorch's fused step walks over memory and takes all four to lie in one order
        let gradient = if gradient.tensor.stride() == stride { gradient } else { copied(&gradient, &weight) };
        let [weight, mean, square] = [&weight, &mean, &square].map(|old| match old.can_mut() {
            true if old.tensor.stride() == stride => old.clone(),
            _ => copied(old, &weight),
        });
        let tensors = [&weight, &gradient, &mean, &square].map(|tensor| &tensor.tensor);
        script::adam(tensors, step.time as f64, [step.lr, step.betas[0], step.betas[1], step.epsilon]);
        (weight, mean, square)
    }
}

/// The values of `source` in memory of their own, in the order of `model`.
fn copied(source: &TchTensor, model: &TchTensor) -> TchTensor {
    let mut copy = model.tensor.empty_like();
    copy.copy_(&source.tensor);
    TchTensor::new(copy)
}
