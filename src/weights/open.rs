//! From a path to a file's tables, whatever its format.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Architecture, FileTensor, Format, LIMIT_BYTES, WeightsError, WeightsFile, pytorch, safetensors};
use crate::dataset::hex;

/// Keys under which training scripts keep a network's state.
const WRAPPERS: &[&str] = &["state_dict", "model_state_dict", "model_state", "model"];
/// What `DataParallel` puts before every name.
const PARALLEL: &str = "module.";
/// Parts of a name that may come before a known network's, as in `model.backbone.features.0.weight`.
const DEPTH: usize = 3;

/// Reads the tables of the file at `path`; its content says its format, not its name.
pub fn open(path: &Path) -> Result<WeightsFile, WeightsError> {
    let wrong = |message: String| WeightsError::new(path, message);
    let (head, length) = head(path).map_err(|error| wrong(error.to_string()))?;
    if length > LIMIT_BYTES {
        return Err(wrong(format!("{length} bytes; at most {LIMIT_BYTES}")));
    }
    let (format, tensors) = match pytorch::format(&head) {
        Some(format) => (format, pytorch::open(path, format, length)),
        None if safetensors::is_ours(&head) => (Format::Safetensors, safetensors::open(path, length)),
        None => return Err(wrong("neither a PyTorch file (.pth) nor safetensors".to_owned())),
    };
    let tensors = tensors.map_err(|error| wrong(format!("{}: {error}", format.name())))?;
    if tensors.is_empty() {
        return Err(wrong(format!("{}: no tensor in it", format.name())));
    }
    Ok(unwrap(path, format, tensors))
}

/// SHA-256 of the file at `path`, in hexadecimal.
pub fn sha256(path: &Path) -> Result<String, WeightsError> {
    let digest = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex(&digest.finalize())),
                count => digest.update(&buffer[..count]),
            }
        }
    };
    digest().map_err(|error| WeightsError::new(path, error))
}

fn head(path: &Path) -> io::Result<(Vec<u8>, u64)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a plain file"));
    }
    let mut head = Vec::new();
    file.take(512).read_to_end(&mut head)?;
    Ok((head, metadata.len()))
}

/// Takes the weights out of the dictionary that a training script kept them in.
fn unwrap(path: &Path, format: Format, tensors: Vec<FileTensor>) -> WeightsFile {
    let is_in = |tensor: &FileTensor, wrapper: &str| {
        tensor.name.strip_prefix(wrapper).is_some_and(|rest| rest.starts_with('.'))
    };
    let inside = WRAPPERS.iter().find(|wrapper| tensors.iter().any(|tensor| is_in(tensor, wrapper)));
    let (mut tensors, mut outside): (Vec<_>, Vec<_>) = match inside {
        Some(wrapper) => tensors.into_iter().partition(|tensor| is_in(tensor, wrapper)),
        None => (tensors, Vec::new()),
    };
    let mut prefix = inside.map(|wrapper| format!("{wrapper}.")).unwrap_or_default();
    if tensors.iter().all(|tensor| tensor.name[prefix.len()..].starts_with(PARALLEL)) {
        prefix.push_str(PARALLEL);
    }
    tensors.iter_mut().for_each(|tensor| tensor.name = tensor.name[prefix.len()..].to_owned());
    if let Some(known) = before_known(&tensors) {
        let other;
        (tensors, other) = tensors.into_iter().partition(|tensor| tensor.name.starts_with(&known));
        outside.extend(other);
        tensors.iter_mut().for_each(|tensor| tensor.name = tensor.name[known.len()..].to_owned());
        prefix.push_str(&known);
    }
    tensors.sort_by_cached_key(|tensor| natural(&tensor.name));
    let mut outside: Vec<String> = outside.into_iter().map(|tensor| tensor.name).collect();
    outside.sort();
    let inside = (!prefix.is_empty()).then(|| prefix.trim_end_matches('.').to_owned());
    WeightsFile { path: path.to_owned(), format, inside, tensors, outside }
}

/// What comes before the names of a known network, such as `backbone.`; `None` if nothing does, or there are two such
/// networks.
fn before_known(tensors: &[FileTensor]) -> Option<String> {
    let mut below: BTreeMap<&str, Vec<(&str, &[usize])>> = BTreeMap::new();
    let named: Vec<(&str, &[usize])> = tensors.iter().map(FileTensor::named_shape).collect();
    for (name, shape) in &named {
        for (dot, _) in name.match_indices('.').take(DEPTH) {
            below.entry(&name[..=dot]).or_default().push((&name[dot + 1..], shape));
        }
    }
    if Architecture::of_shapes(&named).is_some() {
        return None;
    }
    let mut fitting = below.iter().filter(|(_, tensors)| Architecture::of_shapes(tensors).is_some());
    match (fitting.next(), fitting.next()) {
        (Some((prefix, _)), None) => Some((*prefix).to_owned()),
        _ => None,
    }
}

/// For sorting: `layer.10` comes after `layer.9`.
fn natural(name: &str) -> Vec<(Option<u64>, String)> {
    name.split('.').map(|part| (part.parse().ok(), part.to_owned())).collect()
}
