//! The bridge between burn's tensors and the kernels: what they can do, and forward on `Flex`.

use super::correlate::correlate;
use super::geometry::{Geometry, Plane};
use super::norm::{self, Extent};
use super::pool;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, DispatchDevice, Flex, TensorMetadata, backend_extension};
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::{DType, Device, Shape, Tensor, TensorData};

/// `(begin, end)` for height and width.
pub(super) type Padding = [(usize, usize); 2];

/// The padding, if the kernels can do this convolution.
pub(super) fn supported_padding(conv: &Conv2d, images: &Tensor<4>) -> Option<Padding> {
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
pub(super) fn conv2d(conv: &Conv2d, images: Tensor<4>, padding: Padding) -> Tensor<4> {
    let weight = conv.weight.val();
    let bias = match &conv.bias {
        Some(bias) => bias.val(),
        // an untracked constant: nothing flows back to it
        None => Tensor::zeros([weight.dims()[0]], &images.device()),
    };
    let output = Dispatch::native_conv2d(images.into_dispatch(), weight.into_dispatch(), bias.into_dispatch(), padding);
    Tensor::from_dispatch(output)
}

/// Whether `norm` would use the statistics of this batch, and the kernels can.
pub(super) fn trains_natively(norm: &BatchNorm, images: &Tensor<4>) -> bool {
    let trains = images.device().is_autodiff() && norm.training.is_enabled();
    let [_, channels, ..] = images.dims();
    let fits = images.shape().num_elements() > 0 && norm.gamma.val().dims() == [channels];
    trains && fits && has_kernels(images)
}

/// Normalises by the batch and moves the running statistics. Shapes: `[B, C, H, W]` → the same.
pub(super) fn batch_norm(norm: &BatchNorm, images: Tensor<4>) -> Tensor<4> {
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

/// Whether `pool` takes 2×2 windows side by side, and the kernels can.
pub(super) fn pools_natively(pool: &MaxPool2d, images: &Tensor<4>) -> bool {
    let halves = pool.kernel_size == [2, 2] && pool.stride == [2, 2] && pool.dilation == [1, 1];
    let bare = matches!(pool.padding, PaddingConfig2d::Valid | PaddingConfig2d::Explicit(0, 0, 0, 0));
    let [batch, channels, height, width] = images.dims();
    // rounding up makes a window of what is left over
    let whole = !pool.ceil_mode || (height % 2 == 0 && width % 2 == 0);
    halves && bare && whole && batch * channels > 0 && height.min(width) >= 2 && has_kernels(images)
}

/// Shapes: `[B, C, H, W]` → `[B, C, ⌊H/2⌋, ⌊W/2⌋]`.
pub(super) fn max_pool2d(images: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::native_max_pool2d(images.into_dispatch()))
}

fn has_kernels(images: &Tensor<4>) -> bool {
    let device: Device = images.device().inner();
    // without vector instructions a fused multiply-add is emulated: burn's path is the faster one
    let vectors = !matches!(pulp::Arch::new(), pulp::Arch::Scalar);
    vectors && images.dtype() == DType::F32 && matches!(device.as_dispatch(), DispatchDevice::Flex(_))
}

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
}

/// The shapes of a convolution that [`supported_padding`] has let through.
pub(super) fn geometry(images: &FlexTensor, weight: &FlexTensor, padding: Padding) -> Geometry {
    Geometry::new(images.shape().dims(), weight.shape().dims(), padding).expect("`supported_padding` has checked it")
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
