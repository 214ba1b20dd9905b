//! Where tensors live.

use burn::tensor::Device;

/// A device and what people call it.
#[derive(Clone, Debug)]
pub struct ChosenDevice {
    /// Without autodiff.
    pub device: Device,
    /// For tables, e.g. `flex (2 threads)`.
    pub label: String,
}

/// The device of this build: the pure-Rust CPU backend.
pub fn choose() -> ChosenDevice {
    let threads = rayon::current_num_threads();
    let plural = if threads == 1 { "" } else { "s" };
    ChosenDevice { device: Device::flex(), label: format!("flex ({threads} thread{plural})") }
}
