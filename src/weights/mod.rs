//! Files of pretrained weights: what is in them, whose they are, and their numbers.
//!
//! A file is data of a stranger. Nothing of it is executed; its tables are walked and bounded before anything is
//! allocated by them ([`zip`], [`tar`], [`pickle`]), and a tensor is read only when it is asked for.
//! Knows files and names of tensors; not networks.
//! Weak spot: a file that is replaced between its digest and its reading is not noticed.

mod architecture;
mod convention;
mod known;
mod number;
mod open;
mod pickle;
mod pytorch;
mod root;
mod safetensors;
mod tar;
mod zip;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use architecture::{Architecture, torchvision_name};
pub use convention::Convention;
pub use known::{KNOWN, Known};
pub use number::Dtype;
pub use open::{open, sha256};
pub use root::{WEIGHTS_ENV, WeightsRoot, check_name};
pub use safetensors::write as write_safetensors;

/// Larger files are refused: VGG19, the largest that is of use here, has 0.6 GB.
pub const LIMIT_BYTES: u64 = 4 << 30;
/// More numbers in one tensor are refused.
pub const LIMIT_NUMBERS: usize = 1 << 29;

/// A file of weights that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", path.display())]
pub struct WeightsError {
    /// The file.
    pub path: PathBuf,
    /// What was found, what was expected, and what helps.
    pub message: String,
}

impl WeightsError {
    pub(crate) fn new(path: &Path, message: impl ToString) -> Self {
        Self { path: path.to_owned(), message: message.to_string() }
    }
}

/// How a file holds its tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `torch.save` since PyTorch 1.6.
    Zip,
    /// `torch.save` of PyTorch 0.1.10 to 1.5.
    Legacy,
    /// `torch.save` before PyTorch 0.1.10.
    Tar,
    /// Hugging Face's format.
    Safetensors,
}

impl Format {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zip => "PyTorch (zip)",
            Self::Legacy => "PyTorch (legacy, before 1.6)",
            Self::Tar => "PyTorch (tar, before 0.1.10)",
            Self::Safetensors => "safetensors",
        }
    }
}

/// An open file: the names, types and shapes of its tensors; the numbers stay in the file.
#[derive(Debug)]
pub struct WeightsFile {
    /// Where it is.
    pub path: PathBuf,
    /// How it holds them.
    pub format: Format,
    /// Key of the dictionary that held the weights, and what their names began with, if they were not at the top.
    pub inside: Option<String>,
    /// Sorted by name, numbers in names by value.
    pub tensors: Vec<FileTensor>,
    /// Tensors beside [`WeightsFile::inside`], by name: an optimiser's, for example.
    pub outside: Vec<String>,
}

/// A tensor in a file.
#[derive(Debug)]
pub struct FileTensor {
    /// Key in the file.
    pub name: String,
    /// Type of its numbers in the file.
    pub dtype: Dtype,
    /// Extents, outermost first.
    pub shape: Vec<usize>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Pytorch(Box<burn::store::pytorch_reader::Tensor>),
    Safetensors(safetensors::Window),
}

impl FileTensor {
    fn named_shape(&self) -> (&str, &[usize]) {
        (&self.name, &self.shape)
    }

    /// Its numbers in row-major order, converted to `f32`. Integers, and numbers that are not finite, are errors.
    pub fn read(&self) -> Result<Vec<f32>, String> {
        let bytes = match &self.source {
            Source::Pytorch(tensor) => tensor.read().map_err(|error| error.to_string())?,
            Source::Safetensors(window) => window.read()?,
        };
        let values = self.dtype.to_f32(&bytes).ok_or_else(|| format!("{} are no real numbers", self.dtype.name()))?;
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(values),
            Some(at) => Err(format!("tensor {:?}: number {at} is {}; expected finite numbers", self.name, values[at])),
        }
    }
}
