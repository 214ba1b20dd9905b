//! The tables of PyTorch's two older formats, and their pickles.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::pickle;

const BLOCK: usize = 512;
/// More storages or tensors are refused; the largest networks of torchvision have some thousands.
const LIMIT_TENSORS: usize = 20_000;

/// The five pickles at the start of a legacy file: magic, version, system, weights, order of the storages.
pub(super) fn check_legacy(file: &mut File) -> Result<(), String> {
    let head = read_at_most(file, 0, pickle::LIMIT_BYTES)?;
    let mut rest = head.as_slice();
    for what in ["magic number", "protocol version", "system", "weights", "list of storages"] {
        let pickle = pickle::walk(rest).map_err(|error| format!("{what}: {error}"))?;
        rest = &rest[pickle.length..];
    }
    Ok(())
}

/// The entries of a tar file: plain ones only (a sparse one can claim any size), and their pickles.
pub(super) fn check_tar(file: &mut File, length: u64) -> Result<(), String> {
    let mut offset = 0;
    while offset + BLOCK as u64 <= length {
        let header = read_at_most(file, offset, BLOCK)?;
        if header.iter().all(|&byte| byte == 0) {
            break;
        }
        let (name, bytes) = entry(&header)?;
        let start = offset + BLOCK as u64;
        if start + bytes > length {
            return Err(format!("entry {name:?} ({bytes} bytes at {start}) is not inside of the file: truncated"));
        }
        let checked = match name.trim_start_matches("./") {
            "sys_info" | "pickle" => walk_at(file, start, bytes).map(drop),
            "storages" => check_storages(file, start, bytes),
            "tensors" => check_tensors(file, start, bytes),
            _ => Ok(()),
        };
        checked.map_err(|error| format!("{name}: {error}"))?;
        offset = start + bytes.next_multiple_of(BLOCK as u64);
    }
    Ok(())
}

/// Name and size of the entry that `header` begins.
fn entry(header: &[u8]) -> Result<(String, u64), String> {
    let text = |range: std::ops::Range<usize>| {
        let field = header.get(range).unwrap_or_default().split(|&byte| byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(field).trim().to_owned()
    };
    let name = text(0..100);
    let kind = header.get(156).copied().unwrap_or_default();
    if !matches!(kind, 0 | b'0' | b'5') {
        return Err(format!("entry {name:?} of kind {:?}; expected plain files", char::from(kind)));
    }
    let size = u64::from_str_radix(&text(124..136), 8);
    Ok((name, size.map_err(|_| "an entry whose size is no octal number".to_owned())?))
}

/// A count; of each storage a pickle and its numbers; then the views.
fn check_storages(file: &mut File, start: u64, bytes: u64) -> Result<(), String> {
    let end = start + bytes;
    let mut at = start + walk_at(file, start, bytes)?.length as u64;
    for _ in 0..LIMIT_TENSORS {
        let pickle = walk_at(file, at, end.saturating_sub(at))?;
        at += pickle.length as u64;
        let Some(name) = pickle.last_name else { return Ok(()) };
        let size = element_bytes(&name).ok_or_else(|| format!("a storage of type {name}"))?;
        let count = read_at_most(file, at, 8)?.try_into().map(u64::from_le_bytes);
        let count = count.map_err(|_| "ends in a storage".to_owned())?;
        let past = count.checked_mul(size).and_then(|bytes| at.checked_add(8)?.checked_add(bytes));
        at = past.filter(|&at| at <= end).ok_or_else(|| format!("a storage of {count} numbers: truncated"))?;
    }
    Err(format!("more than {LIMIT_TENSORS} storages"))
}

/// A count; of each tensor a pickle, its rank, extents, strides and offset.
fn check_tensors(file: &mut File, start: u64, bytes: u64) -> Result<(), String> {
    let end = start + bytes;
    let mut at = start + walk_at(file, start, bytes)?.length as u64;
    for _ in 0..LIMIT_TENSORS {
        if at >= end {
            return Ok(());
        }
        at += walk_at(file, at, end - at)?.length as u64;
        let rank = read_at_most(file, at, 4)?.try_into().map(u32::from_le_bytes);
        let rank = rank.ok().filter(|&rank| rank <= 64).ok_or("a tensor with more than 64 axes, or truncated")?;
        at += 8 + 16 * u64::from(rank) + 8;
    }
    Err(format!("more than {LIMIT_TENSORS} tensors"))
}

fn element_bytes(storage: &str) -> Option<u64> {
    Some(match storage {
        "DoubleStorage" | "LongStorage" => 8,
        "FloatStorage" | "IntStorage" => 4,
        "HalfStorage" | "ShortStorage" | "BFloat16Storage" => 2,
        "CharStorage" | "ByteStorage" | "BoolStorage" => 1,
        _ => return None,
    })
}

/// Walks a pickle of at most `bytes` at `offset`; short ones, of which there are many, without reading far.
fn walk_at(file: &mut File, offset: u64, bytes: u64) -> Result<pickle::Pickle, String> {
    let limit = usize::try_from(bytes).unwrap_or(usize::MAX).min(pickle::LIMIT_BYTES);
    let near = limit.min(4096);
    let pickle = pickle::walk(&read_at_most(file, offset, near)?);
    if pickle.is_ok() || near == limit { pickle } else { pickle::walk(&read_at_most(file, offset, limit)?) }
}

fn read_at_most(file: &mut File, offset: u64, count: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(offset)).map_err(|error| error.to_string())?;
    file.take(count as u64).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}
