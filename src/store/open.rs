//! Opening what may be anything: a pipe or a device of a run file's name must not keep a screen waiting.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// `path` for reading, if it is a regular file; never waits for a writer.
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_refused_at_once() {
        let dir = tempfile::tempdir().expect("tempdir");
        let path = dir.path().join("events.jsonl");
        let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo");
        assert!(made.success());
        assert!(open_file(&path).is_err_and(|error| error.to_string() == "not a regular file"));
        std::fs::remove_file(&path).and_then(|()| std::fs::write(&path, "x")).expect("a file");
        assert!(open_file(&path).is_ok());
    }
}
