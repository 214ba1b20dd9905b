//! The kernels of the CPU backend `flex`: convolution, batch norm, max-pooling and dropout.
//!
//! Every result depends on the inputs alone, not on the number of threads.

mod adam;
mod apply;
mod autodiff;
mod correlate;
mod dropout;
mod extension;
mod frame;
mod geometry;
mod lift;
mod norm;
mod pool;
mod relu;
mod weight_gradient;

#[cfg(test)]
mod tests;

pub(super) use apply::{
    adam, batch_norm, batch_norm_as_learnt, computes_natively, conv_transpose2d, conv2d, lifts_natively, max_pool2d,
    norms_natively, pools_natively, relu, steps_natively, supported_padding, trains_natively,
};
pub(super) use dropout::dropout;
