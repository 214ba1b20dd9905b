//! Adam in one pass, in the order of operations of the composed one.

use pulp::Arch;
use rayon::prelude::*;

use crate::native::AdamStep;

/// Values that one thread takes in a row.
const CHUNK: usize = 1 << 14;

/// The numbers of a step in single precision.
#[derive(Clone, Copy)]
struct Numbers {
    /// β and 1 − β, of the mean and of the square.
    moving: [[f32; 2]; 2],
    rate: f32,
    root: f32,
    epsilon: f32,
}

impl Numbers {
    fn of(step: &AdamStep) -> Self {
        let [unbias_mean, unbias_square] = step.unbias();
        Self {
            moving: step.betas.map(|beta| [beta as f32, (1.0 - beta) as f32]),
            rate: (step.lr / unbias_mean) as f32,
            root: unbias_square.sqrt() as f32,
            epsilon: step.epsilon as f32,
        }
    }
}

/// Weight, mean and square after the step; all slices have one length.
pub(super) fn step(step: &AdamStep, [weight, gradient, mean, square]: [&[f32]; 4]) -> [Vec<f32>; 3] {
    let numbers = Numbers::of(step);
    let mut stepped = [weight, mean, square].map(<[f32]>::to_vec);
    let [weights, means, squares] = &mut stepped;
    let targets = weights.par_chunks_mut(CHUNK).zip(means.par_chunks_mut(CHUNK)).zip(squares.par_chunks_mut(CHUNK));
    targets.zip(gradient.par_chunks(CHUNK)).for_each(|(((weights, means), squares), gradient)| {
        Arch::new().dispatch(|| chunk(numbers, gradient, [weights, means, squares]));
    });
    stepped
}

#[inline(always)]
fn chunk(numbers: Numbers, gradient: &[f32], [weights, means, squares]: [&mut [f32]; 3]) {
    let Numbers { moving: [of_mean, of_square], rate, root, epsilon } = numbers;
    let targets = weights.iter_mut().zip(means).zip(squares);
    for (((weight, mean), square), &gradient) in targets.zip(gradient) {
        *mean = *mean * of_mean[0] + gradient * of_mean[1];
        *square = *square * of_square[0] + gradient * gradient * of_square[1];
        *weight -= *mean * rate / (square.sqrt() / root + epsilon);
    }
}
