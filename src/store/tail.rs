//! Follows a growing file of JSON lines: bounded reading, torn last lines, replaced files.

use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::open::open_file;
use crate::run::Event;

/// A longer line is not an event.
const LONGEST_LINE: usize = 1 << 20;

/// A place in a file that grows, or is replaced by another one of the same name.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    inode: u64,
    offset: u64,
    torn: Vec<u8>,
}

/// What a look at the file brought.
#[derive(Debug, Default, PartialEq)]
pub struct Lines {
    /// The file was replaced: all that was known of it is void.
    pub restarted: bool,
    /// New events, in order.
    pub events: Vec<Event>,
    /// Complete lines that are no events.
    pub unreadable: u64,
    /// Bytes that were read.
    pub bytes: usize,
    /// There is more to read.
    pub more: bool,
}

impl Tail {
    /// Follows `path` from its start; it need not exist yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, inode: 0, offset: 0, torn: Vec::new() }
    }

    /// Reads at most `budget` new bytes. A line without its newline waits for it.
    pub fn read(&mut self, budget: usize) -> io::Result<Lines> {
        let mut lines = Lines::default();
        let mut file = match open_file(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(lines),
            other => other?,
        };
        let metadata = file.metadata()?;
        if metadata.ino() != self.inode || metadata.len() < self.offset {
            lines.restarted = self.offset > 0;
            (self.inode, self.offset) = (metadata.ino(), 0);
            self.torn.clear();
        }
        if metadata.len() == self.offset {
            return Ok(lines);
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        file.take(budget as u64).read_to_end(&mut bytes)?;
        self.offset += bytes.len() as u64;
        lines.bytes = bytes.len();
        lines.more = metadata.len() > self.offset;
        self.split(&bytes, &mut lines);
        Ok(lines)
    }

    fn split(&mut self, bytes: &[u8], lines: &mut Lines) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            if self.torn.len() + piece.len() <= LONGEST_LINE {
                self.torn.extend_from_slice(piece);
            }
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.torn);
                match serde_json::from_slice(&line) {
                    Ok(event) => lines.events.push(event),
                    Err(_) => lines.unreadable += 1,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    const STEP: &str = "{\"event\":\"step\",\"step\":1,\"loss\":0.5}\n";

    fn tail(dir: &tempfile::TempDir) -> (PathBuf, Tail) {
        let path = dir.path().join("events.jsonl");
        (path.clone(), Tail::new(path))
    }

    #[test]
    fn a_torn_line_waits_for_its_newline() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (path, mut tail) = tail(&dir);
        fs::write(&path, &STEP[..10]).expect("write");
        assert_eq!(tail.read(1 << 16).expect("read").events, []);
        fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .expect("open")
            .write_all(&STEP.as_bytes()[10..])
            .expect("write");
        assert_eq!(tail.read(1 << 16).expect("read").events, [Event::Step { step: 1, loss: Some(0.5) }]);
    }

    #[test]
    fn garbage_is_counted_and_the_next_line_still_read() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (path, mut tail) = tail(&dir);
        fs::write(
            &path,
            [b"\xff\x00 garbage\n".as_slice(), &vec![b'x'; LONGEST_LINE + 9], b"\n", STEP.as_bytes()].concat(),
        )
        .expect("write");
        let (mut events, mut unreadable) = (0, 0);
        while let Ok(lines) = tail.read(4096) {
            events += lines.events.len();
            unreadable += lines.unreadable;
            if !lines.more {
                break;
            }
        }
        assert_eq!((events, unreadable), (1, 2));
    }

    #[test]
    fn a_replaced_file_is_read_from_its_start_though_it_is_longer() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (path, mut tail) = tail(&dir);
        fs::write(&path, STEP).expect("write");
        tail.read(1 << 16).expect("read");
        super::super::write_atomic(&path, STEP.repeat(3).as_bytes()).expect("replace");
        let lines = tail.read(1 << 16).expect("read");
        assert!(lines.restarted);
        assert_eq!(lines.events.len(), 3);
    }
}
