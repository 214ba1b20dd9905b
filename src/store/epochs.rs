//! The mask that a run predicts of its fixed validation case, epoch by epoch: `preview/epochs.jsonl`, a line an epoch.
//! A resumed run may repeat epochs; the newest line counts.

use std::fs::OpenOptions;
use std::io::Write;

use serde::{Deserialize, Serialize};

use super::run_dir::read_bounded;
use super::{RunDir, StoreError, unwritable};
use crate::plane::Mask;

const FILE: &str = "epochs.jsonl";

/// A mask after an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochMask {
    /// From 1.
    pub epoch: u32,
    /// Lengths of runs of equal pixels, row by row; the first is of background and may be 0.
    pub runs: Vec<u32>,
}

impl EpochMask {
    /// What `mask` is after `epoch`.
    pub fn of(epoch: u32, mask: &Mask) -> Self {
        let mut runs = vec![0];
        let mut last = false;
        for &set in mask.values() {
            if set != last {
                runs.push(0);
                last = set;
            }
            if let Some(run) = runs.last_mut() {
                *run += 1;
            }
        }
        Self { epoch, runs }
    }

    /// As pixels; `None` unless there are `width` × `height` of them.
    pub fn mask(&self, (width, height): (usize, usize)) -> Option<Mask> {
        let pixels: u64 = self.runs.iter().map(|&run| u64::from(run)).sum();
        if pixels != (width * height) as u64 {
            return None;
        }
        let runs = self.runs.iter().enumerate();
        let values = runs.flat_map(|(place, &run)| std::iter::repeat_n(place % 2 == 1, run as usize));
        Mask::new(width, height, values.collect())
    }
}

impl RunDir {
    /// Adds a line.
    pub fn append_epoch_mask(&self, mask: &EpochMask) -> Result<(), StoreError> {
        let path = self.path().join("preview").join(FILE);
        let line = serde_json::to_string(mask).map_err(|error| StoreError::new(&path, error))? + "\n";
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        written.map_err(|error| StoreError::new(&path, unwritable(&error)))
    }

    /// Bytes of all lines: grows with every epoch.
    pub fn epoch_masks_bytes(&self) -> u64 {
        std::fs::metadata(self.path().join("preview").join(FILE)).map_or(0, |file| file.len())
    }

    /// Masks by epoch; lines that cannot be read are left out.
    pub fn epoch_masks(&self) -> Vec<EpochMask> {
        let bytes = read_bounded(&self.path().join("preview").join(FILE)).unwrap_or_default();
        let mut masks: Vec<EpochMask> = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n') {
            if let Ok(mask) = serde_json::from_slice::<EpochMask>(line) {
                masks.truncate(masks.partition_point(|known| known.epoch < mask.epoch));
                masks.push(mask);
            }
        }
        masks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_mask_is_read_as_it_was_written() {
        for mask in [
            Mask::filled(5, 3, false),
            Mask::filled(5, 3, true),
            Mask::from_fn(5, 3, |x, y| (x + y) % 2 == 0),
            Mask::from_fn(5, 3, |x, _| x > 2),
        ] {
            assert_eq!(EpochMask::of(1, &mask).mask((5, 3)), Some(mask));
        }
        let long = EpochMask { epoch: 1, runs: vec![u32::MAX; 64] };
        assert_eq!((long.mask((5, 3)), long.mask((0, 0))), (None, None));
    }

    #[test]
    fn a_repeated_epoch_replaces_what_came_after_it() {
        let dir = tempfile::tempdir().expect("tempdir");
        std::fs::create_dir_all(dir.path().join("s/r/preview")).expect("folders");
        let run = RunDir::new(Store::new(dir.path()).root(), "s", crate::run::RunId::from_folder("r"));
        for epoch in [1, 2, 3, 2] {
            run.append_epoch_mask(&EpochMask { epoch, runs: vec![epoch] }).expect("written");
        }
        std::fs::OpenOptions::new()
            .append(true)
            .open(dir.path().join("s/r/preview/epochs.jsonl"))
            .and_then(|mut file| file.write_all(b"{\"epoch\":"))
            .expect("a torn line");
        assert_eq!(run.epoch_masks().iter().map(|mask| mask.epoch).collect::<Vec<_>>(), [1, 2]);
        assert!(run.epoch_masks_bytes() > 0);
    }
}
