//! The backward passes, on `Autodiff<Flex>`.

use super::correlate::{correlate, flipped};
use super::extension::{NativeOps, Padding, extent, geometry, output_shape, plane, pooled_shape, tensor};
use super::geometry::{Geometry, Plane};
use super::norm::{self, Moments};
use super::pool;
use super::weight_gradient::{bias_gradient, weight_gradient};
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Flex, TensorMetadata};
use std::sync::Arc;

impl<C: CheckpointStrategy> NativeOps for Autodiff<Flex, C> {
    fn native_conv2d(
        images: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        padding: Padding,
    ) -> FloatTensor<Self> {
        let nodes = [images.node(), weight.node(), bias.node()];
        let (images_tracked, weight_tracked) = (images.is_tracked(), weight.is_tracked());
        let (images, weight, bias) = (images.into_primitive(), weight.into_primitive(), bias.into_primitive());
        match ConvBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let tape = ConvTape {
                    geometry: geometry(&images, &weight, padding),
                    images: weight_tracked.then(|| images.clone()),
                    weight: images_tracked.then(|| weight.clone()),
                };
                prep.finish(tape, Flex::native_conv2d(images, weight, bias, padding))
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::native_conv2d(images, weight, bias, padding)),
        }
    }

    fn native_batch_norm(
        images: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [images.node(), gamma.node(), beta.node()];
        let (images, gamma, beta) = (images.into_primitive(), gamma.into_primitive(), beta.into_primitive());
        let (output, mean, variance) = Flex::native_batch_norm(images.clone(), gamma.clone(), beta, epsilon);
        let output = match NormBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let tape = NormTape { images, gamma, mean: mean.clone(), variance: variance.clone(), epsilon };
                prep.finish(tape, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(output),
        };
        let [mean, variance] = [mean, variance].map(<Self as AutodiffBackend>::from_inner);
        (output, mean, variance)
    }

    fn native_max_pool2d(images: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [images.node()];
        let images = images.into_primitive();
        match PoolBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (output, winners) = pool::max_pool(plane(&images), images.to_contiguous().storage());
                let tape = PoolTape { shape: images.shape().dims(), winners: winners.into() };
                prep.finish(tape, tensor(output, pooled_shape(&images)))
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::native_max_pool2d(images)),
        }
    }
}

#[derive(Debug)]
struct ConvBackward;

/// What the backward pass needs of the forward pass; a tensor only if its partner wants a gradient.
#[derive(Clone, Debug)]
struct ConvTape {
    geometry: Geometry,
    images: Option<FlexTensor>,
    weight: Option<FlexTensor>,
}

impl Backward<Flex, 3> for ConvBackward {
    type State = ConvTape;

    fn backward(self, ops: Ops<ConvTape, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let gradient: &[f32] = gradient.storage();
        let ConvTape { geometry, images, weight } = ops.state;
        let [images_node, weight_node, bias_node] = ops.parents;
        if let (Some(node), Some(weight)) = (images_node, weight) {
            let flipped = flipped(&geometry, weight.to_contiguous().storage());
            let transposed = geometry.transposed();
            let values = correlate(&transposed, gradient, &flipped, None);
            grads.register::<Flex>(node.id, tensor(values, output_shape(&transposed)));
        }
        if let (Some(node), Some(images)) = (weight_node, images) {
            let values = weight_gradient(&geometry, images.to_contiguous().storage(), gradient);
            let [height, width] = geometry.kernel;
            let shape = [geometry.channels_out, geometry.channels_in, height, width];
            grads.register::<Flex>(node.id, tensor(values, shape));
        }
        if let Some(node) = bias_node {
            let values = bias_gradient(&geometry, gradient);
            grads.register::<Flex>(node.id, tensor(values, [geometry.channels_out]));
        }
    }
}

#[derive(Debug)]
struct NormBackward;

#[derive(Clone, Debug)]
struct NormTape {
    images: FlexTensor,
    gamma: FlexTensor,
    mean: FlexTensor,
    variance: FlexTensor,
    epsilon: f64,
}

impl Backward<Flex, 3> for NormBackward {
    type State = NormTape;

    fn backward(self, ops: Ops<NormTape, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let tape = ops.state;
        let (shape, extent) = (tape.images.shape(), extent(&tape.images, tape.epsilon));
        let (images, gamma) = (tape.images.to_contiguous(), tape.gamma.to_contiguous());
        let means = tape.mean.storage::<f32>().iter();
        let moments: Vec<Moments> =
            means.zip(tape.variance.storage::<f32>()).map(|(&mean, &variance)| Moments { mean, variance }).collect();
        let parameters = (gamma.storage(), moments.as_slice());
        let found = norm::backward(extent, images.storage(), gradient.storage(), parameters);
        let channels = [extent.channels];
        let tensors = [tensor(found.images, shape), tensor(found.gamma, channels), tensor(found.beta, channels)];
        for (node, tensor) in ops.parents.into_iter().zip(tensors) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, tensor);
            }
        }
    }
}

#[derive(Debug)]
struct PoolBackward;

#[derive(Clone, Debug)]
struct PoolTape {
    /// Of the images.
    shape: [usize; 4],
    /// Which of its four values each window took.
    winners: Arc<[u8]>,
}

impl Backward<Flex, 1> for PoolBackward {
    type State = PoolTape;

    fn backward(self, ops: Ops<PoolTape, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let PoolTape { shape, winners } = ops.state;
        let [node] = ops.parents;
        if let Some(node) = node {
            let [_, _, height, width] = shape;
            let values = pool::backward(Plane { height, width }, gradient.storage(), &winners);
            grads.register::<Flex>(node.id, tensor(values, shape));
        }
    }
}
