//! Safetensors: eight bytes of length, a JSON table, the numbers.
//!
//! Own reader, of one screen: the table is bounded before it is parsed, and its windows must lie in the file side by
//! side, as the format's own checks demand (`safetensors` 0.8 checks the same, but wants the whole file in memory).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Dtype, FileTensor, LIMIT_NUMBERS, Source};

/// Larger tables are refused; a network has some hundreds of tensors of about 100 bytes.
const LIMIT_TABLE_BYTES: u64 = 16 << 20;

/// Where a tensor's bytes are.
#[derive(Debug)]
pub(super) struct Window {
    path: PathBuf,
    start: u64,
    bytes: u64,
}

impl Window {
    pub(super) fn read(&self) -> Result<Vec<u8>, String> {
        let mut file = File::open(&self.path).map_err(|error| error.to_string())?;
        file.seek(SeekFrom::Start(self.start)).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        file.take(self.bytes).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        match bytes.len() as u64 == self.bytes {
            true => Ok(bytes),
            false => Err("the file has become shorter".to_owned()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [u64; 2],
}

/// Whether a file that begins with `head` can be one: a length, then a JSON object.
pub(super) fn is_ours(head: &[u8]) -> bool {
    head.get(8) == Some(&b'{')
}

/// Reads the table of the file at `path`.
pub(super) fn open(path: &Path, length: u64) -> Result<Vec<FileTensor>, String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let mut size = [0; 8];
    file.read_exact(&mut size).map_err(|error| error.to_string())?;
    let size = u64::from_le_bytes(size);
    if size > LIMIT_TABLE_BYTES || size + 8 > length {
        return Err(format!("a table of {size} bytes in a file of {length}; at most {LIMIT_TABLE_BYTES}"));
    }
    let mut table = Vec::new();
    file.take(size).read_to_end(&mut table).map_err(|error| error.to_string())?;
    let mut table: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(&table).map_err(|error| format!("its table: {error}"))?;
    table.remove("__metadata__");
    let rows = table.into_iter().map(|(name, row)| {
        let row: Row = serde_json::from_value(row).map_err(|error| format!("tensor {name:?}: {error}"))?;
        Ok((name, row))
    });
    let mut rows = rows.collect::<Result<Vec<(String, Row)>, String>>()?;
    rows.sort_by_key(|(_, row)| row.data_offsets);
    let mut end = 0;
    for (name, row) in &rows {
        end = checked_end(row, end, length - 8 - size).map_err(|error| format!("tensor {name:?}: {error}"))?;
    }
    if end != length - 8 - size {
        return Err(format!("{} bytes of numbers, its table names {end}", length - 8 - size));
    }
    rows.into_iter().map(|(name, row)| tensor(path, name, row, 8 + size)).collect()
}

/// Where the tensor of `row` ends, if it begins where the one before it ended.
fn checked_end(row: &Row, previous: u64, length: u64) -> Result<u64, String> {
    let [start, end] = row.data_offsets;
    if start != previous || end < start || end > length {
        return Err(format!("bytes {start} to {end}; expected to begin at {previous} and to end before {length}"));
    }
    let size = dtype(&row.dtype)?.size();
    let numbers = row.shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
    let numbers = numbers.filter(|&numbers| numbers <= LIMIT_NUMBERS);
    let numbers = numbers.ok_or_else(|| format!("shape {:?}: more than {LIMIT_NUMBERS} numbers", row.shape))?;
    match (numbers * size) as u64 == end - start {
        true => Ok(end),
        false => Err(format!("shape {:?} of {} does not take {} bytes", row.shape, row.dtype, end - start)),
    }
}

fn tensor(path: &Path, name: String, row: Row, offset: u64) -> Result<FileTensor, String> {
    let [start, end] = row.data_offsets;
    let window = Window { path: path.to_owned(), start: offset + start, bytes: end - start };
    Ok(FileTensor { name, dtype: dtype(&row.dtype)?, shape: row.shape, source: Source::Safetensors(window) })
}

fn dtype(name: &str) -> Result<Dtype, String> {
    Ok(match name {
        "F64" => Dtype::F64,
        "F32" => Dtype::F32,
        "F16" => Dtype::F16,
        "BF16" => Dtype::Bf16,
        "I64" => Dtype::I64,
        "I32" => Dtype::I32,
        "I16" => Dtype::I16,
        "I8" => Dtype::I8,
        "U64" => Dtype::U64,
        "U32" => Dtype::U32,
        "U16" => Dtype::U16,
        "U8" => Dtype::U8,
        "BOOL" => Dtype::Bool,
        other => return Err(format!("type {other:?}; expected F64, F32, F16, BF16, an integer's or BOOL")),
    })
}

/// Writes `tensors` (name, shape, numbers) as a file of `f32`.
pub fn write(out: &mut impl Write, tensors: &[(String, Vec<usize>, Vec<f32>)]) -> std::io::Result<()> {
    let mut end = 0;
    let mut table = serde_json::Map::new();
    for (name, shape, numbers) in tensors {
        let start = end;
        end += numbers.len() * Dtype::F32.size();
        let row = serde_json::json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, end] });
        table.insert(name.clone(), row);
    }
    let mut table = serde_json::Value::Object(table).to_string();
    // The format wants the numbers aligned.
    table.push_str(&" ".repeat(table.len().next_multiple_of(8) - table.len()));
    out.write_all(&(table.len() as u64).to_le_bytes())?;
    out.write_all(table.as_bytes())?;
    for (_, _, numbers) in tensors {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        out.write_all(&bytes)?;
    }
    Ok(())
}
