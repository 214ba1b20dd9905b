//! The tables of a PyTorch zip: every entry stored as it is, inside of the file, and its pickle harmless.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::pickle;

const END: &[u8] = b"PK\x05\x06";
const ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
const END_BYTES: u64 = 22;
const LOCAL_BYTES: u64 = 30;
/// Larger tables are refused; a network has some hundreds of entries of about 100 bytes.
const LIMIT_TABLE_BYTES: u64 = 16 << 20;

/// What the central directory says of an entry.
struct Entry {
    name: String,
    bytes: u64,
    offset: u64,
}

/// Checks the tables of `file` and walks its `data.pkl`.
pub(super) fn check(file: &mut File, length: u64) -> Result<(), String> {
    let entries = entries(file, length)?;
    let pickles = entries.iter().filter(|entry| entry.name == "data.pkl" || entry.name.ends_with("/data.pkl"));
    // The reader takes the one nearest to the top.
    let main = pickles.min_by_key(|entry| entry.name.len());
    let main = main.ok_or("a zip without data.pkl; expected what torch.save writes")?;
    if main.bytes > pickle::LIMIT_BYTES as u64 {
        return Err(format!("data.pkl of {} bytes; at most {}", main.bytes, pickle::LIMIT_BYTES));
    }
    let head = read(file, main.offset, LOCAL_BYTES)?;
    if !head.starts_with(LOCAL) {
        return Err("a zip whose table of contents does not lead to data.pkl".to_owned());
    }
    let gap = u64::from(u16_at(&head, 26)) + u64::from(u16_at(&head, 28));
    let text = read(file, main.offset + LOCAL_BYTES + gap, main.bytes)?;
    pickle::walk(&text).map_err(|error| format!("data.pkl: {error}")).map(drop)
}

fn entries(file: &mut File, length: u64) -> Result<Vec<Entry>, String> {
    let end = length.checked_sub(END_BYTES).ok_or("a zip of less than 22 bytes")?;
    let tail = read(file, end, END_BYTES)?;
    if !tail.starts_with(END) {
        return Err("a zip without its table of contents at the end: truncated, or followed by other data".to_owned());
    }
    let (count, size, start) = (u16_at(&tail, 10), u64::from(u32_at(&tail, 12)), u64::from(u32_at(&tail, 16)));
    if size > LIMIT_TABLE_BYTES || start + size > end {
        return Err(format!("a zip whose table of contents ({size} bytes at {start}) is not inside of the file"));
    }
    let table = read(file, start, size)?;
    let mut entries = Vec::new();
    let mut rest = table.as_slice();
    for _ in 0..count {
        let entry;
        (entry, rest) = next_entry(rest, length)?;
        entries.push(entry);
    }
    let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("a zip with two entries {:?}", pair[0])),
        None => Ok(entries),
    }
}

fn next_entry(table: &[u8], length: u64) -> Result<(Entry, &[u8]), String> {
    let torn = || "a zip with a torn table of contents".to_owned();
    if table.len() < 46 || !table.starts_with(ENTRY) {
        return Err(torn());
    }
    let lengths = [28, 30, 32].map(|at| usize::from(u16_at(table, at)));
    let name = table.get(46..46 + lengths[0]).ok_or_else(torn)?;
    let rest = table.get(46 + lengths.iter().sum::<usize>()..).ok_or_else(torn)?;
    let name = String::from_utf8_lossy(name).into_owned();
    let (packed, bytes) = (u32_at(table, 20), u32_at(table, 24));
    let offset = u64::from(u32_at(table, 42));
    if u16_at(table, 10) != 0 || packed != bytes {
        return Err(format!(
            "entry {name:?} is compressed ({packed} to {bytes} bytes); torch.save stores entries as they are"
        ));
    }
    if offset + LOCAL_BYTES + u64::from(bytes) > length {
        return Err(format!("entry {name:?} ({bytes} bytes at {offset}) is not inside of the file: truncated"));
    }
    Ok((Entry { name, bytes: u64::from(bytes), offset }, rest))
}

fn read(file: &mut File, offset: u64, count: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(offset)).map_err(|error| error.to_string())?;
    file.take(count).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    match bytes.len() as u64 == count {
        true => Ok(bytes),
        false => Err(format!("a zip without the {count} bytes that it names at {offset}: truncated")),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
