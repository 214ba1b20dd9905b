//! Which cases train, validate and test. No subject is ever in two parts: a [`Split`] that does not say how it leaks
//! does not leak.

mod divider;
mod division;
mod file;
mod partition;
mod split;
mod stratum;
mod subset;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

pub use divider::Divider;
pub use division::{Division, Testing};
pub use file::{Exchange, SplitsFile};
pub(in crate::dataset) use partition::Part;
pub use partition::Partition;
pub use split::{Leak, Parts, Split, SplitError, original};
pub use stratum::Stratify;
pub use subset::Subset;

/// Fisher–Yates from a portable generator, so that a split is the same on every machine.
pub fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for i in (1..items.len()).rev() {
        let j = (u128::from(rng.next_u64()) * (i as u128 + 1)) >> 64;
        items.swap(i, j as usize);
    }
}

#[cfg(test)]
mod tests;
