//! Training: the loop on one screen ([`fit`]), and what it stands on.
//! Randomness is a function of seed, epoch and case; never of thread order or history, so that a resumed run
//! continues bit for bit.

mod adam;
mod adversarial;
mod batch;
mod cache;
mod checkpoint;
mod device;
mod ensemble;
mod fit;
mod groups;
mod journal;
mod leak;
mod learner;
mod masks;
mod measuring;
mod predict;
mod pretrained;
mod sample;
mod schedule;
mod seen;
#[cfg(all(test, feature = "tch"))]
mod tests;
mod told;
mod trained;
mod unread;

pub use adam::Adam;
pub use adversarial::{Adversary, Scene};
pub use batch::{Batch, Batches, LoadedBatch, order};
pub use cache::{CACHE_ENV, Cache};
pub use checkpoint::{Checkpoint, Checkpoints};
pub use device::{ChosenDevice, choose, offers};
pub use ensemble::{Ensemble, Views};
pub use fit::{Outcome, Training, fit};
pub use journal::{Journal, now_s};
pub use learner::Learner;
pub use masks::{as_read, check_masks};
pub use predict::{Tested, Validation, predict, predicted_mask, score, score_fully, test, validate};
pub use pretrained::Sources;
pub use sample::{Sample, Samples, Stored, load};
pub use schedule::{Schedule, Verdict};
pub use told::Told;
pub use trained::Trained;

use crate::dataset::DatasetError;
use crate::store::StoreError;
use crate::weights::WeightsError;

/// Why a training ends before its time.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// An image or mask cannot be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A file of the run cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of weights cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The loss is no number any more.
    #[error(
        "{what} is {value} at step {step} (epoch {epoch}); checkpoints of earlier epochs are kept; a lower train.lr often helps"
    )]
    NotFinite {
        /// Training or validation loss.
        what: &'static str,
        /// NaN or infinity.
        value: f64,
        /// Steps so far.
        step: u64,
        /// Epoch, from 1.
        epoch: u32,
    },
    /// The plan does not fit what is there.
    #[error("{0}")]
    Refused(String),
}

/// Mixes numbers into a seed; neighbouring inputs give unrelated seeds (SplitMix64's finaliser).
pub fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x9e37_79b9_7f4a_7c15, |state, &part| {
        let mut z = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}
