//! The tables of a PyTorch zip: every entry stored as it is, inside of the file, and its pickle harmless.
//!
//! What is checked must be what the reader then reads. The `zip` crate prefers a table of contents that ends where the
//! last record begins, ignores records that it takes for torn, and lets extra fields rename and move entries; so a file
//! that two readers could read in two ways is refused.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::pickle;

const END: &[u8] = b"PK\x05\x06";
const ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const END_BYTES: u64 = 22;
/// Zip64's record and its locator, which torch.save writes between the table of contents and the last record.
const END_64_BYTES: u64 = 56 + 20;
/// Extra fields that change an entry: zip64's sizes and place, and its name in Unicode.
const CHANGING: [u16; 2] = [0x0001, 0x7075];
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
    let contents = contents(file, length)?;
    let table = read(file, contents.start, contents.size)?;
    let mut entries = Vec::new();
    let mut rest = table.as_slice();
    for _ in 0..contents.count {
        let entry;
        (entry, rest) = next_entry(rest, length)?;
        entries.push(entry);
    }
    if !rest.is_empty() {
        return Err(format!("a zip with {} bytes behind its {} entries", rest.len(), contents.count));
    }
    let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("a zip with two entries {:?}", pair[0])),
        None => Ok(entries),
    }
}

/// Where the table of contents is.
struct Contents {
    count: u16,
    size: u64,
    start: u64,
}

fn contents(file: &mut File, length: u64) -> Result<Contents, String> {
    let end = length.checked_sub(END_BYTES).ok_or("a zip of less than 22 bytes")?;
    let tail = read(file, end, END_BYTES)?;
    if !tail.starts_with(END) {
        return Err("a zip without its table of contents at the end: truncated, or followed by other data".to_owned());
    }
    let (disks, count, comment) = ([4, 6].map(|at| u16_at(&tail, at)), u16_at(&tail, 10), u16_at(&tail, 20));
    if disks != [0, 0] || u16_at(&tail, 8) != count || comment != 0 {
        return Err("a zip of several parts, or with a comment; torch.save writes neither".to_owned());
    }
    let (size, start) = (u32_at(&tail, 12), u32_at(&tail, 16));
    if count == u16::MAX || size == u32::MAX || start == u32::MAX {
        return Err("a zip that leaves its counts to zip64; torch.save needs that beyond 4 GiB only".to_owned());
    }
    let contents = Contents { count, size: size.into(), start: start.into() };
    if contents.size > LIMIT_TABLE_BYTES || contents.start + contents.size > end {
        return Err(format!("a zip whose table of contents ({size} bytes at {start}) is not inside of the file"));
    }
    lies_at_the_end(file, &contents, end).map(|()| contents)
}

/// Nothing but zip64's records, of the same numbers, may be between the table of contents and the last record at `end`.
fn lies_at_the_end(file: &mut File, contents: &Contents, end: u64) -> Result<(), String> {
    let Contents { count, size, start } = *contents;
    let behind = start + size;
    if behind == end {
        return Ok(());
    }
    let numbers = [u64::from(count), u64::from(count), size, start];
    if end - behind != END_64_BYTES || !is_zip64(&read(file, behind, END_64_BYTES)?, numbers, behind) {
        return Err(format!(
            "a zip whose table of contents ({size} bytes at {start}) does not end at {end}, where its last record is: there may be a second table"
        ));
    }
    match read(file, end - size, ENTRY.len() as u64)?.as_slice() {
        ENTRY => Err(format!(
            "a zip whose table of contents may begin at {start} or at {}; save it under a name of another length",
            end - size
        )),
        _ => Ok(()),
    }
}

/// Whether `bytes`, at `offset` in the file, are zip64's record with these `numbers` and its locator.
fn is_zip64(bytes: &[u8], numbers: [u64; 4], offset: u64) -> bool {
    bytes.starts_with(END_64)
        && u64_at(bytes, 4) == 44
        && [16, 20, 60].iter().all(|&at| u32_at(bytes, at) == 0)
        && [24, 32, 40, 48].map(|at| u64_at(bytes, at)) == numbers
        && bytes[56..].starts_with(LOCATOR_64)
        && u64_at(bytes, 64) == offset
        && u32_at(bytes, 72) <= 1
}

fn next_entry(table: &[u8], length: u64) -> Result<(Entry, &[u8]), String> {
    let torn = || "a zip with a torn table of contents".to_owned();
    if table.len() < 46 || !table.starts_with(ENTRY) {
        return Err(torn());
    }
    let lengths = [28, 30, 32].map(|at| usize::from(u16_at(table, at)));
    let name = table.get(46..46 + lengths[0]).ok_or_else(torn)?;
    let extra = table.get(46 + lengths[0]..46 + lengths[0] + lengths[1]).ok_or_else(torn)?;
    let rest = table.get(46 + lengths.iter().sum::<usize>()..).ok_or_else(torn)?;
    let name = String::from_utf8_lossy(name).into_owned();
    if changes_its_entry(extra).ok_or_else(torn)? {
        return Err(format!("entry {name:?} with an extra field that renames or moves it; torch.save writes none"));
    }
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

/// Whether one of the extra fields changes what the table says of its entry; `None` if they are torn.
fn changes_its_entry(mut extra: &[u8]) -> Option<bool> {
    while !extra.is_empty() {
        let head = extra.get(..4)?;
        if CHANGING.contains(&u16_at(head, 0)) {
            return Some(true);
        }
        extra = extra.get(4 + usize::from(u16_at(head, 2))..)?;
    }
    Some(false)
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

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | (u64::from(u32_at(bytes, at + 4)) << 32)
}
