//! A long short-term memory that projects all of a sequence's inputs at once: burn's takes eight small products a step.

use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};

use super::profile::{Owner, note};

/// Which end of a sequence is read first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Its beginning.
    Onward,
    /// Its end.
    Back,
}

/// `i, f, o = σ(·)`, `g = tanh(·)` of `W x_t + U h_{t−1} + b`; `c_t = f c_{t−1} + i g`; `h_t = o tanh(c_t)`.
///
/// Shapes: sequences `[N, T, in]` → all hidden states, in the sequence's order, `[N, T, units]`. Starts from zeros.
/// Source: Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; gates in PyTorch's order i, f, g, o.
#[derive(Module, Debug)]
pub struct Lstm {
    /// W and b, `[in, 4 · units]`.
    pub input: Linear,
    /// U, `[units, 4 · units]`.
    pub hidden: Linear,
    #[module(skip)]
    direction: Direction,
}

impl Lstm {
    /// From `channels` = `[in, units]`; weights uniform in ±1/√inputs.
    pub fn new([inputs, units]: [usize; 2], direction: Direction, device: &Device) -> Self {
        Self {
            input: LinearConfig::new(inputs, 4 * units).init(device),
            hidden: LinearConfig::new(units, 4 * units).with_bias(false).init(device),
            direction,
        }
    }

    /// One pass over all steps.
    pub fn forward(&self, sequences: Tensor<3>) -> Tensor<3> {
        let [count, length, _] = sequences.dims();
        let [units, _] = self.hidden.weight.dims();
        let device = sequences.device();
        let macs = |weights: &Param<Tensor<2>>| (count * length * weights.lazy_shape().num_elements()) as u64;
        note(Owner::Weight(self.input.weight.id), || macs(&self.input.weight), [count, length, 4 * units, 1]);
        // of each step are kept its gates, the cell and its tanh, and the state
        note(Owner::Weight(self.hidden.weight.id), || macs(&self.hidden.weight), [count, length, 2 * units, 1]);
        note(Owner::Before, || 0, [count, length, units, 1]);
        let projected = self.input.forward(sequences.cast(self.input.weight.val().dtype())).chunk(length, 1);
        let mut steps: Vec<Tensor<2>> = projected.into_iter().map(|step| step.squeeze_dim(1)).collect();
        if self.direction == Direction::Back {
            steps.reverse();
        }
        let mut hidden = Tensor::<2>::zeros([count, units], &device);
        let mut cell = hidden.clone();
        let mut states = Vec::with_capacity(length);
        for step in steps {
            let gates = (step + self.hidden.forward(hidden)).chunk(4, 1);
            let [input, forget, candidate, output]: [Tensor<2>; 4] = gates.try_into().expect("four gates");
            cell = activation::sigmoid(forget) * cell + activation::sigmoid(input) * candidate.tanh();
            hidden = activation::sigmoid(output) * cell.clone().tanh();
            states.push(hidden.clone());
        }
        if self.direction == Direction::Back {
            states.reverse();
        }
        Tensor::stack(states, 1)
    }
}
