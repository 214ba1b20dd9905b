//! Operations of libtorch that its Rust binding does not name, by way of TorchScript: `ops.pt`, which `ops.py` makes.

use std::sync::OnceLock;

use tch::{CModule, IValue, Tensor};

use super::window::Window;

/// Gradients of a convolution's images, weight and bias, those of which `wanted` is set.
pub(super) fn conv_backward(
    gradient: &Tensor,
    (images, weight): (&Tensor, &Tensor),
    window: &Window,
    wanted: [bool; 3],
) -> [Option<Tensor>; 3] {
    let arguments = [
        gradient.shallow_clone().into(),
        images.shallow_clone().into(),
        weight.shallow_clone().into(),
        window.numbers(weight).into(),
        wanted.to_vec().into(),
    ];
    placed(call("conv_backward", &arguments), wanted)
}

/// What batch-norm's forward pass leaves for its backward pass.
#[derive(Debug)]
pub(super) struct Normalised<'a> {
    pub images: &'a Tensor,
    pub gamma: &'a Tensor,
    pub mean: &'a Tensor,
    pub inverse_std: &'a Tensor,
    pub epsilon: f64,
}

/// Gradients of batch-norm's images, gamma and beta, those of which `wanted` is set.
pub(super) fn norm_backward(gradient: &Tensor, normalised: &Normalised, wanted: [bool; 3]) -> [Option<Tensor>; 3] {
    let arguments = [
        gradient.shallow_clone().into(),
        normalised.images.shallow_clone().into(),
        normalised.gamma.shallow_clone().into(),
        normalised.mean.shallow_clone().into(),
        normalised.inverse_std.shallow_clone().into(),
        normalised.epsilon.into(),
        wanted.to_vec().into(),
    ];
    placed(call("norm_backward", &arguments), wanted)
}

/// The same values, channels next to each other in memory.
pub(super) fn channels_last(images: &Tensor) -> Tensor {
    let found = call("channels_last", &[images.shallow_clone().into()]);
    Tensor::try_from(found).expect("a tensor, as ops.py has it")
}

/// One step of Adam, in place: weight, gradient, mean and square. `numbers`: learning rate, two betas, epsilon.
pub(super) fn adam(tensors: [&Tensor; 4], step: f64, numbers: [f64; 4]) {
    let lists = tensors.map(|tensor| IValue::from(vec![tensor.shallow_clone()]));
    let step = Tensor::full([0i64; 0], step, (tch::Kind::Float, tensors[0].device()));
    let mut arguments = Vec::from(lists);
    arguments.extend([vec![step].into(), numbers.to_vec().into()]);
    call("adam", &arguments);
}

/// Each of the wanted gradients at its own place.
fn placed(found: IValue, wanted: [bool; 3]) -> [Option<Tensor>; 3] {
    let found = Vec::<Tensor>::try_from(found).expect("a list of tensors, as ops.py has it");
    let mut found = found.into_iter();
    wanted.map(|wanted| if wanted { found.next() } else { None })
}

/// A refusal, such as too little memory, is a panic, as it is with every operation of burn's.
fn call(name: &str, arguments: &[IValue]) -> IValue {
    static MODULE: OnceLock<CModule> = OnceLock::new();
    let module = MODULE.get_or_init(|| {
        let mut bytes: &[u8] = include_bytes!("ops.pt");
        CModule::load_data(&mut bytes).expect("part of this program")
    });
    let found = tch::no_grad(|| module.method_is(name, arguments));
    found.unwrap_or_else(|error| panic!("libtorch: {name}: {error}"))
}
