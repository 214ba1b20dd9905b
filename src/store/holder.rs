//! Which process holds a run's lock, where the system says so (`/proc/locks` of Linux).
//! Weak spot: on a network file system the holder may be a process of another machine, which is not found.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::RunDir;

impl RunDir {
    /// The worker's process, if it is one of this machine.
    pub fn worker_pid(&self) -> Option<u32> {
        let inode = fs::metadata(self.lock_path()).ok()?.ino();
        let locks = fs::read_to_string("/proc/locks").ok()?;
        // An inode's number alone is not unique, and some file systems show another device here than there.
        holders(&locks, inode).find(|pid| {
            let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&arguments).contains(self.id().as_str())
        })
    }
}

/// Processes with a lock on the file of number `inode`: `1: FLOCK ADVISORY WRITE 1234 fe:00:5678 0 EOF`.
fn holders(locks: &str, inode: u64) -> impl Iterator<Item = u32> {
    locks.lines().filter_map(move |line| {
        // One that waits for a lock has an arrow in second place, and does not fit.
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, "WRITE", pid, file, ..] = words[..] else { return None };
        let number: u64 = file.rsplit(':').next()?.parse().ok()?;
        pid.parse().ok().filter(|_| number == inode)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writer_of_a_file_is_found_among_all_locks() {
        let locks = "1: FLOCK  ADVISORY  WRITE 13441 fe:00:6832184 0 EOF\n\
                     2: POSIX  ADVISORY  READ 12547 fe:00:77 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 0 fe:00:88 0 EOF\n\
                     rubbish\n4: FLOCK\n4: -> FLOCK  ADVISORY  WRITE 9 fe:00:77 0 EOF\n\
                     5: FLOCK  ADVISORY  WRITE 42 fe:00:77 0 EOF\n";
        assert_eq!(holders(locks, 77).collect::<Vec<_>>(), [42]);
        assert_eq!(holders(locks, 6_832_184).collect::<Vec<_>>(), [13441]);
        assert_eq!(holders(locks, 5).count(), 0);
    }
}
