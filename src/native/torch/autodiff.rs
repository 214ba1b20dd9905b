//! The backward passes, on `Autodiff<LibTorch>`.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::libtorch::TchTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, LibTorch};

use super::extension::{Bias, TorchOps};
use super::script::{self, Normalised};
use super::window::Window;
use crate::native::AdamStep;

impl<C: CheckpointStrategy> TorchOps for Autodiff<LibTorch, C> {
    fn torch_conv2d(
        images: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Bias<Self>,
        window: Window,
    ) -> FloatTensor<Self> {
        let Bias::Some(bias) = bias else {
            let nodes = [images.node(), weight.node()];
            let (images, weight) = (images.into_primitive(), weight.into_primitive());
            let tape = ConvTape { images: images.clone(), weight: weight.clone(), window };
            let output = LibTorch::torch_conv2d(images, weight, Bias::None, window);
            return match ConvBackward.prepare::<C>(nodes).compute_bound().stateful() {
                OpsKind::Tracked(prep) => prep.finish(tape, output),
                OpsKind::UnTracked(prep) => prep.finish(output),
            };
        };
        let nodes = [images.node(), weight.node(), bias.node()];
        let (images, weight, bias) = (images.into_primitive(), weight.into_primitive(), bias.into_primitive());
        let tape = ConvTape { images: images.clone(), weight: weight.clone(), window };
        let output = LibTorch::torch_conv2d(images, weight, Bias::Some(bias), window);
        match ConvBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(tape, output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    fn torch_batch_norm(
        images: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [images.node(), gamma.node(), beta.node()];
        let (images, gamma, beta) = (images.into_primitive(), gamma.into_primitive(), beta.into_primitive());
        let (output, mean, inverse_std) = LibTorch::torch_batch_norm(images.clone(), gamma.clone(), beta, epsilon);
        let output = match NormBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let tape = NormTape { images, gamma, mean: mean.clone(), inverse_std: inverse_std.clone(), epsilon };
                prep.finish(tape, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(output),
        };
        let [mean, inverse_std] = [mean, inverse_std].map(<Self as AutodiffBackend>::from_inner);
        (output, mean, inverse_std)
    }

    fn torch_moved(
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        batch_mean: FloatTensor<Self>,
        inverse_std: FloatTensor<Self>,
        numbers: [f64; 2],
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        // statistics want no gradient
        let [mean, variance, batch_mean, inverse_std] =
            [mean, variance, batch_mean, inverse_std].map(|tensor| tensor.into_primitive());
        let (mean, variance) = LibTorch::torch_moved(mean, variance, batch_mean, inverse_std, numbers);
        (<Self as AutodiffBackend>::from_inner(mean), <Self as AutodiffBackend>::from_inner(variance))
    }

    fn torch_batch_norm_as_learnt(
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
        let output = LibTorch::torch_batch_norm_as_learnt(images, gamma, beta, mean, variance, epsilon);
        <Self as AutodiffBackend>::from_inner(output)
    }

    fn torch_relu(features: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [features.node()];
        let features = features.into_primitive();
        match ReluBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let output = LibTorch::torch_relu(features);
                prep.finish(output.clone(), output)
            }
            OpsKind::UnTracked(prep) => prep.finish(LibTorch::torch_relu(features)),
        }
    }

    fn torch_channels_last(images: FloatTensor<Self>) -> FloatTensor<Self> {
        <Self as AutodiffBackend>::from_inner(LibTorch::torch_channels_last(images.into_primitive()))
    }

    fn torch_adam(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        square: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        // nobody differentiates an optimiser's step
        let [weight, gradient, mean, square] = [weight, gradient, mean, square].map(|tensor| tensor.into_primitive());
        let (weight, mean, square) = LibTorch::torch_adam(weight, gradient, mean, square, step);
        let [weight, mean, square] = [weight, mean, square].map(<Self as AutodiffBackend>::from_inner);
        (weight, mean, square)
    }
}

#[derive(Debug)]
struct ConvBackward;

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug)]
struct ConvTape {
    images: TchTensor,
    weight: TchTensor,
    window: Window,
}

/// Of images and weight, and of a bias where there is one.
impl<const N: usize> Backward<LibTorch, N> for ConvBackward {
    type State = ConvTape;

    fn backward(self, ops: Ops<ConvTape, N>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = grads.consume::<LibTorch>(&ops.node);
        let ConvTape { images, weight, window } = ops.state;
        let wanted = [0, 1, 2].map(|place| ops.parents.get(place).is_some_and(Option::is_some));
        let (images, weight) = (&images.tensor, &weight.tensor);
        let found = script::conv_backward(&gradient.tensor, (images, &weight.to_kind(images.kind())), &window, wanted);
        let kinds = [images.kind(), weight.kind(), weight.kind()];
        for ((node, found), kind) in ops.parents.into_iter().zip(found).zip(kinds) {
            if let (Some(node), Some(found)) = (node, found) {
                grads.register::<LibTorch>(node.id, TchTensor::new(found.to_kind(kind)));
            }
        }
    }
}

#[derive(Debug)]
struct NormBackward;

#[derive(Clone, Debug)]
struct NormTape {
    images: TchTensor,
    gamma: TchTensor,
    mean: TchTensor,
    inverse_std: TchTensor,
    epsilon: f64,
}

impl Backward<LibTorch, 3> for NormBackward {
    type State = NormTape;

    fn backward(self, ops: Ops<NormTape, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = grads.consume::<LibTorch>(&ops.node);
        let tape = &ops.state;
        let normalised = Normalised {
            images: &tape.images.tensor,
            gamma: &tape.gamma.tensor,
            mean: &tape.mean.tensor,
            inverse_std: &tape.inverse_std.tensor,
            epsilon: tape.epsilon,
        };
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let found = script::norm_backward(&gradient.tensor, &normalised, wanted);
        for (node, found) in ops.parents.into_iter().zip(found) {
            if let (Some(node), Some(found)) = (node, found) {
                grads.register::<LibTorch>(node.id, TchTensor::new(found));
            }
        }
    }
}

#[derive(Debug)]
struct ReluBackward;

impl Backward<LibTorch, 1> for ReluBackward {
    type State = TchTensor;

    fn backward(self, ops: Ops<TchTensor, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = grads.consume::<LibTorch>(&ops.node);
        let [node] = ops.parents;
        if let Some(node) = node {
            // libtorch's order: the output first, then its gradient
            let found = ops.state.tensor.threshold_backward(&gradient.tensor, 0.0);
            grads.register::<LibTorch>(node.id, TchTensor::new(found));
        }
    }
}
