//! NVIDIA GPUs by the driver's own library (NVML), which is loaded when it is there; no driver is no error.

use nvml_wrapper::enum_wrappers::device::TemperatureSensor;
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};

use crate::tui::system::{Gpu, Gpus};
use crate::tui::text::clean;

const MIB: f64 = 1_048_576.0;

/// The driver's library, or why it is not there.
pub struct Driver(Result<Nvml, String>);

impl Driver {
    /// Loads the library.
    pub fn load() -> Self {
        Self(Nvml::init().map_err(|error| match error {
            NvmlError::LibloadingError(_) | NvmlError::LibraryNotFound => "no NVIDIA driver here".to_owned(),
            other => clean(&format!("the NVIDIA driver does not answer: {other}")),
        }))
    }

    /// What the GPUs do now.
    pub fn gpus(&self) -> Gpus {
        let nvml = match &self.0 {
            Ok(nvml) => nvml,
            Err(reason) => return Gpus::Absent(reason.clone()),
        };
        let count = match nvml.device_count() {
            Ok(count) => count,
            Err(error) => return Gpus::Absent(clean(&format!("the NVIDIA driver does not answer: {error}"))),
        };
        Gpus::Present((0..count).filter_map(|index| nvml.device_by_index(index).ok()).map(|gpu| of(&gpu)).collect())
    }
}

fn of(device: &Device) -> Gpu {
    let watts = |milliwatts: u32| f64::from(milliwatts) / 1000.0;
    let limit = device.enforced_power_limit().ok().map(watts);
    let processes = device.running_compute_processes().unwrap_or_default();
    Gpu {
        name: clean(&device.name().unwrap_or_else(|_| "GPU without a name".to_owned())),
        busy: device.utilization_rates().ok().map(|rates| f64::from(rates.gpu) / 100.0),
        memory_mib: device.memory_info().ok().map(|memory| (memory.used as f64 / MIB, memory.total as f64 / MIB)),
        celsius: device.temperature(TemperatureSensor::Gpu).ok(),
        watts: device.power_usage().ok().map(|drawn| (watts(drawn), limit)),
        processes: processes
            .into_iter()
            .map(|process| match process.used_gpu_memory {
                UsedGpuMemory::Used(bytes) => (process.pid, Some(bytes as f64 / MIB)),
                UsedGpuMemory::Unavailable => (process.pid, None),
            })
            .collect(),
    }
}
