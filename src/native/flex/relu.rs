//! ReLU by all threads; its backward pass reads the output, so that the input need not be kept.

use pulp::Arch;
use rayon::prelude::*;

/// Values that one thread takes in a row.
const CHUNK: usize = 1 << 14;

/// `max(x, 0)`; NaN stays NaN.
pub(super) fn relu(features: &[f32]) -> Vec<f32> {
    select(features, features)
}

/// The gradient where the output is positive (or NaN), else 0.
pub(super) fn backward(output: &[f32], gradient: &[f32]) -> Vec<f32> {
    select(output, gradient)
}

fn select(deciding: &[f32], values: &[f32]) -> Vec<f32> {
    let mut target = vec![0.0; values.len()];
    let sources = deciding.par_chunks(CHUNK).zip(values.par_chunks(CHUNK));
    target.par_chunks_mut(CHUNK).zip(sources).for_each(|(target, (deciding, values))| {
        Arch::new().dispatch(|| {
            for (target, (&deciding, &value)) in target.iter_mut().zip(deciding.iter().zip(values)) {
                *target = if deciding <= 0.0 { 0.0 } else { value };
            }
        });
    });
    target
}
