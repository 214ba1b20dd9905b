//! Where tensors live: what the names of devices mean in this build.

use burn::tensor::Device;
#[cfg(feature = "wgpu")]
use burn::tensor::DeviceKind;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
use burn::tensor::DeviceType;

use crate::device::{DeviceName, Offer};

/// A device and what people call it.
#[derive(Clone, Debug)]
pub struct ChosenDevice {
    /// Without autodiff.
    pub device: Device,
    /// For tables, e.g. `flex (2 threads)`.
    pub label: String,
}

/// The device `name`, if this build has it and it is there.
pub fn choose(name: DeviceName) -> Result<ChosenDevice, String> {
    let refused = |reason: String| format!("device {name}: {reason}; \"seglab doctor\" shows what there is");
    let device = open(name).map_err(refused)?;
    Ok(ChosenDevice { device, label: label(name) })
}

/// Every device that this build may have, and why not where it cannot be used.
pub fn offers() -> Vec<Offer> {
    let mut names = vec![DeviceName::Flex, DeviceName::TorchCpu];
    // the first of a kind is listed where there is none, too: with the reason
    names.extend((0..gpus("tch").max(1)).map(DeviceName::TorchCuda));
    names.extend((0..gpus("cuda").max(1)).map(DeviceName::Cuda));
    names.extend((0..gpus("wgpu").max(1)).map(DeviceName::Wgpu));
    let known = |name: &DeviceName| built_in().contains(&name.feature());
    let offer = |device| {
        let opened = open(device);
        Offer { device, emulated: opened.as_ref().is_ok_and(emulated), refusal: opened.err() }
    };
    names.into_iter().filter(known).map(offer).collect()
}

/// The features of this build that bring devices, the preferred one first.
fn built_in() -> Vec<&'static str> {
    let features = [
        ("flex", cfg!(feature = "flex")),
        ("tch", cfg!(feature = "tch")),
        ("cuda", cfg!(feature = "cuda")),
        ("wgpu", cfg!(feature = "wgpu")),
    ];
    features.into_iter().filter_map(|(name, built)| built.then_some(name)).collect()
}

fn open(name: DeviceName) -> Result<Device, String> {
    match name {
        #[cfg(feature = "flex")]
        DeviceName::Flex => Ok(Device::flex()),
        #[cfg(feature = "tch")]
        DeviceName::TorchCpu => Ok(torch::cpu()),
        #[cfg(feature = "tch")]
        DeviceName::TorchCuda(index) => torch::cuda(index),
        #[cfg(feature = "cuda")]
        DeviceName::Cuda(index) => probed(move || Device::cuda(index)),
        #[cfg(feature = "wgpu")]
        DeviceName::Wgpu(index) => match listed(DeviceType::Wgpu).get(index).cloned() {
            Some(device) => probed(move || device),
            None => Err(format!("Vulkan and Metal see {} GPUs", listed(DeviceType::Wgpu).len())),
        },
        #[allow(unreachable_patterns, reason = "a build with every backend has no other device")]
        _ => Err(format!("this build is without it; \"just worker {}\" makes one with it", name.feature())),
    }
}

/// Whether Vulkan's or Metal's driver computes on the processor (lavapipe, for one).
#[cfg(feature = "wgpu")]
fn emulated(device: &Device) -> bool {
    *device == Device::wgpu(DeviceKind::Cpu)
}

#[cfg(not(feature = "wgpu"))]
fn emulated(_: &Device) -> bool {
    false
}

/// How many GPUs a feature of this build sees.
fn gpus(feature: &str) -> usize {
    match feature {
        #[cfg(feature = "tch")]
        "tch" => torch::cuda_devices(),
        #[cfg(feature = "cuda")]
        "cuda" => listed(DeviceType::Cuda).len(),
        #[cfg(feature = "wgpu")]
        "wgpu" => listed(DeviceType::Wgpu).len(),
        _ => 0,
    }
}

/// What burn's own backends find, in the order in which it is numbered; a missing driver is a panic there.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn listed(kind: DeviceType) -> Vec<Device> {
    std::panic::catch_unwind(|| Device::enumerate(kind).into_iter().collect()).unwrap_or_default()
}

/// Computes one sum: these backends say that a device is not there by a panic.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn probed(make: impl FnOnce() -> Device + std::panic::UnwindSafe) -> Result<Device, String> {
    let made = std::panic::catch_unwind(|| {
        let device = make();
        let sum = burn::tensor::Tensor::<1>::ones([2], &device).sum().into_scalar::<f32>();
        (device, sum)
    });
    match made {
        Ok((device, 2.0)) => Ok(device),
        Ok(_) => Err("it computes nonsense".to_owned()),
        Err(_) => Err("there is none, or its driver is missing".to_owned()),
    }
}

/// The name with what else matters: threads of a CPU.
fn label(name: DeviceName) -> String {
    let threads = match name {
        DeviceName::Flex => rayon::current_num_threads(),
        #[cfg(feature = "tch")]
        DeviceName::TorchCpu => torch::threads(),
        _ => return name.to_string(),
    };
    format!("{name} ({threads} thread{})", if threads == 1 { "" } else { "s" })
}

#[cfg(feature = "tch")]
mod torch {
    #![allow(deprecated, reason = "burn's binding to libtorch; it is the GPU path that builds everywhere")]

    use burn::tensor::Device;

    pub(super) fn cpu() -> Device {
        Device::libtorch()
    }

    pub(super) fn cuda(index: usize) -> Result<Device, String> {
        match (tch::utils::has_cuda(), cuda_devices()) {
            (false, _) => Err("this libtorch is without CUDA, or finds no driver".to_owned()),
            (true, count) if index >= count => Err(format!("libtorch sees {count} CUDA devices")),
            (true, _) => Ok(Device::libtorch_cuda(index)),
        }
    }

    pub(super) fn cuda_devices() -> usize {
        usize::try_from(tch::Cuda::device_count()).unwrap_or(0)
    }

    pub(super) fn threads() -> usize {
        usize::try_from(tch::get_num_threads()).unwrap_or(1)
    }
}
