//! Pixel classifiers on hand-made features: the traditional baselines. Plain Rust and linfa; no tensors.

mod feature;
mod svm;

pub use feature::{FEATURES, features};
pub use svm::{Svm, SvmConfig, SvmError};
