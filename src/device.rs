//! Where tensors can live, by name. What a name means in this build is up to [`crate::train`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A device that some build of seglab can compute on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceName {
    /// The CPU in pure Rust.
    Flex,
    /// The CPU by libtorch.
    TorchCpu,
    /// A CUDA GPU by libtorch; its index.
    TorchCuda(usize),
    /// A CUDA GPU by burn's own kernels; its index.
    Cuda(usize),
    /// A GPU by Vulkan or Metal; its index.
    Wgpu(usize),
}

impl DeviceName {
    /// Whether it is a GPU: one run at a time.
    pub fn is_gpu(self) -> bool {
        !matches!(self, Self::Flex | Self::TorchCpu)
    }

    /// Whether it computes in bfloat16.
    pub fn has_bf16(self) -> bool {
        matches!(self, Self::TorchCpu | Self::TorchCuda(_))
    }

    /// The Cargo feature that links it.
    pub fn feature(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::TorchCpu | Self::TorchCuda(_) => "tch",
            Self::Cuda(_) => "cuda",
            Self::Wgpu(_) => "wgpu",
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flex => write!(f, "flex"),
            Self::TorchCpu => write!(f, "tch:cpu"),
            Self::TorchCuda(index) => write!(f, "tch:cuda:{index}"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
            Self::Wgpu(index) => write!(f, "wgpu:{index}"),
        }
    }
}

impl FromStr for DeviceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let index = |prefix: &str| text.strip_prefix(prefix).and_then(|index| index.parse().ok());
        match text {
            "flex" => Some(Self::Flex),
            "tch:cpu" => Some(Self::TorchCpu),
            _ => None,
        }
        .or_else(|| index("tch:cuda:").map(Self::TorchCuda))
        .or_else(|| index("cuda:").map(Self::Cuda))
        .or_else(|| index("wgpu:").map(Self::Wgpu))
        .ok_or_else(|| format!("no device is called \"{text}\"; expected auto, flex, tch:cpu, tch:cuda:0 or wgpu:0"))
    }
}

impl TryFrom<String> for DeviceName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<DeviceName> for String {
    fn from(name: DeviceName) -> Self {
        name.to_string()
    }
}

/// Which devices somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum Choice {
    /// All CUDA GPUs that a worker can use, else other GPUs that are none of a processor's making, else `flex`.
    #[default]
    Auto,
    /// These, separated by commas.
    Named(Vec<DeviceName>),
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => write!(f, "auto"),
            Self::Named(names) => write!(f, "{}", names.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
        }
    }
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            names => names.split(',').map(str::parse).collect::<Result<_, _>>().map(Self::Named),
        }
    }
}

impl TryFrom<String> for Choice {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// What a build says of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its name.
    pub device: DeviceName,
    /// Why it cannot be used, if it cannot.
    pub refusal: Option<String>,
    /// A driver that computes on the processor in a GPU's place: slower than `flex`, so that only its name chooses it.
    #[serde(default)]
    pub emulated: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_itself() {
        for text in ["flex", "tch:cpu", "tch:cuda:0", "tch:cuda:17", "cuda:1", "wgpu:0"] {
            assert_eq!(text.parse::<DeviceName>().expect(text).to_string(), text);
        }
        for text in ["auto", "flex", "tch:cuda:0,tch:cuda:1"] {
            assert_eq!(text.parse::<Choice>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_device_is_refused_with_what_would_be() {
        for text in ["", "gpu", "tch", "tch:cuda:", "tch:cuda:-1", "flex,", "auto,flex", "TCH:CPU"] {
            let message = text.parse::<Choice>().expect_err(text);
            assert!(message.contains("expected auto, flex, tch:cpu"), "{message}");
        }
    }
}
