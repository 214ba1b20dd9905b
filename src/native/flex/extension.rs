//! The bridge between burn's tensors and the kernels: forward on `Flex`.

use super::correlate::correlate;
use super::geometry::{Geometry, Plane};
use super::lift::Lift;
use super::norm::{self, Extent, Moments};
use super::{adam, pool, relu};
use crate::native::AdamStep;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Shape, TensorData};

/// `(begin, end)` for height and width.
pub(in crate::native) type Padding = [(usize, usize); 2];

/// The forward operations, dispatched at run time.
#[backend_extension(Flex: cfg(feature = "flex"), Autodiff)]
pub(super) trait NativeOps: Backend {
    /// Shapes: images `[B, C_in, H, W]`, weight `[C_out, C_in, kh, kw]`, bias `[C_out]` → `[B, C_out, H', W']`.
    fn native_conv2d(
        images: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        padding: [(usize, usize); 2],
    ) -> FloatTensor<Self>;

    /// Output, mean and biased variance. Shapes: `[B, C, H, W]`, `[C]`, `[C]` → `[B, C, H, W]`, `[C]`, `[C]`.
    fn native_batch_norm(
        images: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Shapes: `[B, C, H, W]` → `[B, C, ⌊H/2⌋, ⌊W/2⌋]`.
    fn native_max_pool2d(images: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Shapes: images `[B, C_in, H, W]`, weight `[C_in, C_out, kh, kw]`, bias `[C_out]` → `[B, C_out, H · kh, W · kw]`.
    fn native_lift(images: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;

    /// By statistics that are given. Shapes: `[B, C, H, W]`, four times `[C]` → `[B, C, H, W]`.
    fn native_batch_norm_as_learnt(
        images: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;

    /// Shapes: `[B, C, H, W]` → the same.
    fn native_relu(features: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Weight, mean and square after a step; all of one shape.
    fn native_adam(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        square: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl NativeOps for Flex {
    fn native_conv2d(images: FlexTensor, weight: FlexTensor, bias: FlexTensor, padding: Padding) -> FlexTensor {
        let geometry = geometry(&images, &weight, padding);
        let (images, weight, bias) = (images.to_contiguous(), weight.to_contiguous(), bias.to_contiguous());
        let output = correlate(&geometry, images.storage(), weight.storage(), Some(bias.storage()));
        tensor(output, output_shape(&geometry))
    }

    fn native_batch_norm(
        images: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        epsilon: f64,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (shape, extent) = (images.shape(), extent(&images, epsilon));
        let (images, gamma, beta) = (images.to_contiguous(), gamma.to_contiguous(), beta.to_contiguous());
        let (output, moments) = norm::normalise(extent, images.storage(), gamma.storage(), beta.storage());
        let mean = moments.iter().map(|moments| moments.mean).collect();
        let variance = moments.iter().map(|moments| moments.variance).collect();
        (tensor(output, shape), tensor(mean, [extent.channels]), tensor(variance, [extent.channels]))
    }

    fn native_max_pool2d(images: FlexTensor) -> FlexTensor {
        let (output, _) = pool::max_pool(plane(&images), images.to_contiguous().storage());
        tensor(output, pooled_shape(&images))
    }

    fn native_lift(images: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        let lift = lift(&images, &weight);
        let (images, weight, bias) = (images.to_contiguous(), weight.to_contiguous(), bias.to_contiguous());
        tensor(lift.forward(images.storage(), weight.storage(), bias.storage()), lift.output())
    }

    fn native_batch_norm_as_learnt(
        images: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        epsilon: f64,
    ) -> FlexTensor {
        let (shape, extent) = (images.shape(), extent(&images, epsilon));
        let [images, gamma, beta, mean, variance] =
            [images, gamma, beta, mean, variance].map(|tensor| tensor.to_contiguous());
        let pairs = mean.storage::<f32>().iter().zip(variance.storage::<f32>());
        let moments: Vec<Moments> = pairs.map(|(&mean, &variance)| Moments { mean, variance }).collect();
        let parameters = (gamma.storage(), beta.storage());
        tensor(norm::normalise_by(extent, images.storage(), parameters, &moments), shape)
    }

    fn native_relu(features: FlexTensor) -> FlexTensor {
        tensor(relu::relu(features.to_contiguous().storage()), features.shape())
    }

    fn native_adam(
        weight: FlexTensor,
        gradient: FlexTensor,
        mean: FlexTensor,
        square: FlexTensor,
        step: AdamStep,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let shape = weight.shape();
        let tensors = [weight, gradient, mean, square].map(|tensor| tensor.to_contiguous());
        let [weight, mean, square] = adam::step(&step, tensors.each_ref().map(FlexTensor::storage));
        (tensor(weight, shape.clone()), tensor(mean, shape.clone()), tensor(square, shape))
    }
}

/// The shapes of a convolution that [`supported_padding`] has let through.
pub(super) fn geometry(images: &FlexTensor, weight: &FlexTensor, padding: Padding) -> Geometry {
    Geometry::new(images.shape().dims(), weight.shape().dims(), padding).expect("`supported_padding` has checked it")
}

/// The shapes of a transposed convolution that [`lifts_natively`] has let through.
pub(super) fn lift(images: &FlexTensor, weight: &FlexTensor) -> Lift {
    Lift::new(images.shape().dims(), weight.shape().dims()).expect("`lifts_natively` has checked it")
}

pub(super) fn extent(images: &FlexTensor, epsilon: f64) -> Extent {
    let [_, channels, ..]: [usize; 4] = images.shape().dims();
    Extent { channels, plane: plane(images).len(), epsilon }
}

pub(super) fn plane(images: &FlexTensor) -> Plane {
    let [_, _, height, width] = images.shape().dims();
    Plane { height, width }
}

pub(super) fn pooled_shape(images: &FlexTensor) -> [usize; 4] {
    let [batch, channels, ..]: [usize; 4] = images.shape().dims();
    let Plane { height, width } = plane(images).halved();
    [batch, channels, height, width]
}

pub(super) fn output_shape(geometry: &Geometry) -> [usize; 4] {
    [geometry.batch, geometry.channels_out, geometry.output[0], geometry.output[1]]
}

pub(super) fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.into()))
}
