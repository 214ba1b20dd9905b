//! Decoded volumes, kept while their slices are asked for.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::scan::{Scan, Stack};
use crate::dataset::{DatasetError, Pixels};

/// Most memory that decoded volumes take together; the newest is always kept.
const BYTES: usize = 512 << 20;

/// Decodes each volume once, however many threads ask for its slices, as long as neighbouring slices are asked for at
/// about the same time.
#[derive(Default)]
pub(in crate::dataset) struct Stacks {
    kept: Mutex<Vec<Entry>>,
}

#[derive(Clone)]
struct Entry {
    scan: Arc<Scan>,
    stack: Arc<OnceLock<Result<Stack, DatasetError>>>,
}

impl Entry {
    fn bytes(&self) -> usize {
        self.stack.get().and_then(|stack| stack.as_ref().ok()).map_or(0, Stack::bytes)
    }
}

impl Stacks {
    /// The slice at `index` of `scan`.
    pub(in crate::dataset) fn slice(&self, scan: &Arc<Scan>, index: usize) -> Result<Pixels, DatasetError> {
        let entry = self.entry(scan);
        // decoding starts no other tasks: a thread that waits here cannot be the one that is waited for
        let stack = entry.stack.get_or_init(|| scan.stack()).as_ref().map_err(DatasetError::clone)?;
        self.evict();
        stack.slice(index).ok_or_else(|| DatasetError::file(&scan.images[0], format!("has no slice {index} any more")))
    }

    fn entry(&self, scan: &Arc<Scan>) -> Entry {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.iter().find(|entry| Arc::ptr_eq(&entry.scan, scan)) {
            return known.clone();
        }
        let entry = Entry { scan: Arc::clone(scan), stack: Arc::default() };
        kept.push(entry.clone());
        entry
    }

    fn evict(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while kept.len() > 1 && kept.iter().map(Entry::bytes).sum::<usize>() > BYTES {
            kept.remove(0);
        }
    }
}
