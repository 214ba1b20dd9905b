//! Decoded cases beyond the memory that they may take: a folder of the run, each file checked when it is read.
//! A file that is missing, torn or altered is decoded again; a full disk only costs time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use image::RgbImage;
use sha2::{Digest, Sha256};

use crate::dataset::hex;
use crate::plane::{Mask, Plane};
use crate::store::write_atomic;

/// Environment variable: MiB of training images and of what is derived from them that are held in memory.
pub const CACHE_ENV: &str = "SEGLAB_CACHE_MIB";
/// Without it: about 1,400 cases of 256×256 px with all their maps.
const DEFAULT_MIB: usize = 1024;

/// How much is held in memory, and where the rest lies.
#[derive(Debug)]
pub struct Cache {
    cap_bytes: usize,
    held_bytes: AtomicUsize,
    folder: Option<PathBuf>,
}

impl Cache {
    /// At most [`CACHE_ENV`] MiB in memory, the rest in `folder`; it takes part in no result, so no plan names it.
    /// An error if the variable holds no whole number.
    pub fn new(folder: PathBuf) -> Result<Self, String> {
        let mib = std::env::var_os(CACHE_ENV).map_or(Ok(DEFAULT_MIB), |value| mib(&value.to_string_lossy()))?;
        Ok(Self::of(mib.saturating_mul(1 << 20), Some(folder)))
    }

    /// At most `cap_bytes` in memory; without a folder the rest is decoded again whenever it is wanted.
    pub fn of(cap_bytes: usize, folder: Option<PathBuf>) -> Self {
        Self { cap_bytes, held_bytes: AtomicUsize::new(0), folder }
    }

    /// Everything in memory.
    pub fn unbounded() -> Self {
        Self::of(usize::MAX, None)
    }

    /// Bytes held in memory so far.
    pub fn held_bytes(&self) -> usize {
        self.held_bytes.load(Ordering::Relaxed)
    }

    /// Whether `bytes` more may be held for good. What is held is never exchanged: an epoch wants every case once, so
    /// that no exchange saves a read.
    pub(super) fn hold(&self, bytes: usize) -> bool {
        let more = |held: usize| held.checked_add(bytes).filter(|&sum| sum <= self.cap_bytes);
        self.held_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// The entry `key` with sides of `side` px, if it is there and whole.
    pub(super) fn read(&self, key: &str, side: usize) -> Option<(RgbImage, Mask)> {
        let bytes = fs::read(self.file(key)?).ok()?;
        let (sum, pixels) = bytes.split_at_checked(32)?;
        let (image, mask) = pixels.split_at_checked(3 * side * side)?;
        if mask.len() != side * side || Sha256::digest(pixels)[..] != *sum {
            return None;
        }
        let image = RgbImage::from_raw(side as u32, side as u32, image.to_vec())?;
        Some((image, Plane::new(side, side, mask.iter().map(|&set| set != 0).collect())?))
    }

    /// Keeps an entry for later; a disk that takes no more is no error, only slower.
    pub(super) fn write(&self, key: &str, image: &RgbImage, mask: &Mask) {
        let Some(file) = self.file(key) else { return };
        let pixels: Vec<u8> =
            image.as_raw().iter().copied().chain(mask.values().iter().map(|&set| u8::from(set))).collect();
        let bytes = [&Sha256::digest(&pixels)[..], &pixels].concat();
        let _ = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| write_atomic(&file, &bytes));
    }

    /// Removes the folder: only entries are in it.
    pub fn clear(&self) {
        if let Some(folder) = &self.folder {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
            for entry in entries.filter(|path| is_entry(path)) {
                let _ = fs::remove_file(entry);
            }
            let _ = fs::remove_dir(folder);
        }
    }

    /// Its name is a hash: no case's id becomes a path.
    fn file(&self, key: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(hex(&Sha256::digest(key))).with_extension("pixels"))
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Entries, and what an interrupted write left of one.
fn is_entry(path: &Path) -> bool {
    path.to_string_lossy().contains(".pixels")
}

/// The number of MiB in `text`.
fn mib(text: &str) -> Result<usize, String> {
    let expected = format!("expected a whole number of MiB; unset it for {DEFAULT_MIB}");
    text.trim().parse().map_err(|_| format!("{CACHE_ENV} = {text:?}: {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    fn entry() -> (RgbImage, Mask) {
        let image = RgbImage::from_fn(16, 16, |x, y| Rgb([x as u8, y as u8, 7]));
        (image, Mask::from_fn(16, 16, |x, y| x > y))
    }

    fn cache() -> (tempfile::TempDir, Cache) {
        let dir = tempfile::tempdir().expect("a folder");
        let cache = Cache::of(1000, Some(dir.path().join("cache")));
        (dir, cache)
    }

    #[test]
    fn an_entry_reads_back_and_a_damaged_one_is_none() {
        let (_dir, cache) = cache();
        let (image, mask) = entry();
        assert_eq!(cache.read("../a", 16), None);
        cache.write("../a", &image, &mask);
        assert_eq!(cache.read("../a", 16), Some((image, mask)));
        assert_eq!(cache.read("../a", 15), None);
        let file = cache.file("../a").expect("a folder");
        let whole = fs::read(&file).expect("written");
        for damaged in
            [&whole[..31], &whole[..whole.len() - 1], &[&whole[..99], &[whole[99] ^ 1], &whole[100..]].concat()]
        {
            fs::write(&file, damaged).expect("damaged");
            assert_eq!(cache.read("../a", 16), None);
        }
    }

    #[test]
    fn a_cap_that_is_no_number_is_refused_with_its_name() {
        assert_eq!(mib(" 64 "), Ok(64));
        for text in ["", "2 GiB", "-1", "1.5"] {
            let message = mib(text).expect_err(text);
            assert!(message.starts_with(&format!("SEGLAB_CACHE_MIB = {text:?}: expected a whole number")), "{message}");
        }
    }

    #[test]
    fn what_is_held_stays_within_the_cap() {
        let cache = Cache::of(1000, None);
        let held = (0..40).filter(|_| cache.hold(99)).count();
        assert_eq!((held, cache.held_bytes()), (10, 990));
        assert!(!cache.hold(usize::MAX));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_no_error() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let cache = Cache::of(0, Some(file.path().join("below-a-file")));
        let (image, mask) = entry();
        cache.write("a", &image, &mask);
        assert_eq!(cache.read("a", 16), None);
    }

    #[test]
    fn clearing_leaves_what_is_not_its_own() {
        let (dir, cache) = cache();
        let (image, mask) = entry();
        cache.write("a", &image, &mask);
        let other = dir.path().join("cache/notes.txt");
        fs::write(&other, "mine").expect("written");
        cache.clear();
        assert!(other.exists() && cache.read("a", 16).is_none());
        fs::remove_file(&other).expect("removed");
        cache.clear();
        assert!(!dir.path().join("cache").exists());
    }
}
