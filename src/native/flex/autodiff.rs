//! The backward passes, on `Autodiff<Flex>`.

use super::correlate::{correlate, flipped};
use super::extension::{NativeOps, Padding, extent, geometry, lift, output_shape, plane, pooled_shape, tensor};
use super::geometry::{Geometry, Plane};
use super::lift::Lift;
use super::norm::{self, Moments};
use super::weight_gradient::{bias_gradient, weight_gradient};
use super::{pool, relu};
use crate::native::AdamStep;
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

    fn native_lift(images: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [images.node(), weight.node(), bias.node()];
        let (images_tracked, weight_tracked) = (images.is_tracked(), weight.is_tracked());
        let (images, weight, bias) = (images.into_primitive(), weight.into_primitive(), bias.into_primitive());
        match LiftBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let tape = LiftTape {
                    lift: lift(&images, &weight),
                    images: weight_tracked.then(|| images.clone()),
                    weight: images_tracked.then(|| weight.clone()),
                };
                prep.finish(tape, Flex::native_lift(images, weight, bias))
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::native_lift(images, weight, bias)),
        }
    }

    fn native_batch_norm_as_learnt(
        images: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        // only asked where nothing wants a gradient
        let [images, gamma, beta, mean, variance] =
            [images, gamma, beta, mean, variance].map(|tensor| tensor.into_primitive());
        let output = Flex::native_batch_norm_as_learnt(images, gamma, beta, mean, variance, epsilon);
        <Self as AutodiffBackend>::from_inner(output)
    }

    fn native_relu(features: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [features.node()];
        let output = Flex::native_relu(features.into_primitive());
        match ReluBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(output.clone(), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    fn native_adam(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        square: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        // nobody differentiates an optimiser's step
        let [weight, gradient, mean, square] = [weight, gradient, mean, square].map(|tensor| tensor.into_primitive());
        let (weight, mean, square) = Flex::native_adam(weight, gradient, mean, square, step);
        let [weight, mean, square] = [weight, mean, square].map(<Self as AutodiffBackend>::from_inner);
        (weight, mean, square)
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
            let values = bias_gradient((geometry.channels_out, geometry.output_plane()), gradient);
            grads.register::<Flex>(node.id, tensor(values, [geometry.channels_out]));
        }
    }
}

#[derive(Debug)]
struct LiftBackward;

/// As [`ConvTape`].
#[derive(Clone, Debug)]
struct LiftTape {
    lift: Lift,
    images: Option<FlexTensor>,
    weight: Option<FlexTensor>,
}

impl Backward<Flex, 3> for LiftBackward {
    type State = LiftTape;

    fn backward(self, ops: Ops<LiftTape, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let gradient: &[f32] = gradient.storage();
        let LiftTape { lift, images, weight } = ops.state;
        let [images_node, weight_node, bias_node] = ops.parents;
        if let (Some(node), Some(weight)) = (images_node, weight) {
            let values = lift.images_gradient(gradient, weight.to_contiguous().storage());
            grads.register::<Flex>(node.id, tensor(values, lift.images()));
        }
        if let (Some(node), Some(images)) = (weight_node, images) {
            let values = lift.weight_gradient(images.to_contiguous().storage(), gradient);
            grads.register::<Flex>(node.id, tensor(values, lift.weight()));
        }
        if let Some(node) = bias_node {
            let [_, channels, height, width] = lift.output();
            grads.register::<Flex>(node.id, tensor(bias_gradient((channels, height * width), gradient), [channels]));
        }
    }
}

#[derive(Debug)]
struct ReluBackward;

impl Backward<Flex, 1> for ReluBackward {
    type State = FlexTensor;

    fn backward(self, ops: Ops<FlexTensor, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let [node] = ops.parents;
        if let Some(node) = node {
            let output = ops.state.to_contiguous();
            let values = relu::backward(output.storage(), gradient.storage());
            grads.register::<Flex>(node.id, tensor(values, output.shape()));
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
