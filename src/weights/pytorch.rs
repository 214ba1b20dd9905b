//! PyTorch's files, read by burn's reader once their tables and pickles are checked.
//!
//! `pytorch-reader` 0.22.1 interprets pickles without executing anything, checks every extent against the file, and
//! reads a tensor's bytes when asked. What it leaves to us: unknown calls (it passes over them), memory for long
//! pickles (100 bytes for a byte), sparse tar entries (any size), compressed entries.

use std::fs::File;
use std::path::Path;

use burn::store::pytorch_reader::{self, PytorchReader};

use super::{Dtype, FileTensor, Format, LIMIT_NUMBERS, Source, tar, zip};

/// Magic number of the legacy format, in the pickle that opens it.
const LEGACY_MAGIC: &[u8] = &[0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// The format of a file that begins with `head`; `None` if it is none of PyTorch's.
pub(super) fn format(head: &[u8]) -> Option<Format> {
    match head {
        _ if head.starts_with(b"PK\x03\x04") => Some(Format::Zip),
        _ if head.starts_with(LEGACY_MAGIC) => Some(Format::Legacy),
        _ if head.get(257..262) == Some(b"ustar") => Some(Format::Tar),
        _ => None,
    }
}

/// Checks, then reads the tables of the file at `path`.
pub(super) fn open(path: &Path, format: Format, length: u64) -> Result<Vec<FileTensor>, String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    match format {
        Format::Zip => zip::check(&mut file, length),
        Format::Legacy => tar::check_legacy(&mut file),
        Format::Tar => tar::check_tar(&mut file, length),
        Format::Safetensors => Err("no file of PyTorch".to_owned()),
    }?;
    let reader = PytorchReader::new(path).map_err(|error| error.to_string())?;
    reader.into_tensors().into_values().map(tensor).collect()
}

fn tensor(tensor: pytorch_reader::Tensor) -> Result<FileTensor, String> {
    let shape = tensor.shape().to_vec();
    // A stretched view can claim more numbers than its storage has.
    let numbers = shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
    if numbers.is_none_or(|numbers| numbers > LIMIT_NUMBERS) {
        return Err(format!("tensor {:?} of shape {shape:?}: more than {LIMIT_NUMBERS} numbers", tensor.name));
    }
    let dtype = dtype(tensor.dtype());
    Ok(FileTensor { name: tensor.name.clone(), dtype, shape, source: Source::Pytorch(Box::new(tensor)) })
}

fn dtype(dtype: pytorch_reader::DType) -> Dtype {
    use pytorch_reader::DType;
    match dtype {
        DType::F64 => Dtype::F64,
        DType::F32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::Bf16,
        DType::I64 => Dtype::I64,
        DType::I32 => Dtype::I32,
        DType::I16 => Dtype::I16,
        DType::I8 => Dtype::I8,
        DType::U64 => Dtype::U64,
        DType::U32 => Dtype::U32,
        DType::U16 => Dtype::U16,
        DType::U8 => Dtype::U8,
        DType::Bool => Dtype::Bool,
    }
}
