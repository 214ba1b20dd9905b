//! A file's bytes, decompressed on the way if it is gzip, all members of it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Result};
use std::path::Path;

use nifti::object::GzDecodedFile;

pub(super) enum Stream {
    Plain(BufReader<File>),
    Member(Box<GzDecodedFile>),
    End,
}

impl Stream {
    /// Judges by the first two bytes, not by the name.
    pub(super) fn open(path: &Path) -> Result<Self> {
        // opening a pipe would wait for a writer
        if !path.metadata()?.is_file() {
            return Err(std::io::Error::other("not a file"));
        }
        let mut file = BufReader::new(File::open(path)?);
        let gzip = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        Ok(if gzip { Self::Member(Box::new(GzDecodedFile::new(file))) } else { Self::Plain(file) })
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            let member = match self {
                Stream::Plain(file) => return file.read(buffer),
                Stream::End => return Ok(0),
                Stream::Member(member) => member,
            };
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Stream::Member(ended) = std::mem::replace(self, Stream::End) else { return Ok(0) };
            let mut rest = ended.into_inner();
            if !rest.fill_buf()?.is_empty() {
                *self = Stream::Member(Box::new(GzDecodedFile::new(rest)));
            }
        }
    }
}
