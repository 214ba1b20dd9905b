//! What a table of per-case scores allows one to say: intervals, paired tests, stability of a ranking.
//!
//! The unit is the case, and cases of one subject stay together: subjects are resampled, subjects are flipped, degrees
//! of freedom are counted in subjects. Never a test on pooled pixels: neighbouring pixels are not independent, and with
//! millions of them any difference is "significant". So nothing here takes anything but a value per case
//! ([`CaseValues`]) or per case and subject ([`Sample`]).
//!
//! Knows neither runs nor metrics; reads no file, no clock. All randomness is ChaCha8 of a given seed, one stream a
//! resample, so results depend neither on threads nor on the order in which cases are given.
//!
//! | question | answer |
//! | --- | --- |
//! | how well does an arm do? | [`Summary`]: mean, sd, quartiles, t and BCa interval |
//! | how well does a classifier do? | [`wilson`] interval of a share; [`Placements`]: DeLong's of an AUC; [`mcnemar`] |
//! | is another arm different? | [`against`]: [`Paired`] differences, two tests, Holm, effect sizes |
//! | would the ranking hold on other cases? | [`rank_stability`] |
//! | how far apart are the runs? | [`over_runs`] |
//! | how many cases does a narrower interval need? | [`cases_for_width`] |
//!
//! Weak spot: every interval and test speaks of other *cases*, with the trained networks as they are. How much a network
//! changes when it is trained again is in none of them; [`over_runs`] at least shows it.

mod bootstrap;
mod cross_validation;
mod delong;
pub mod distribution;
mod holm;
mod interval;
mod paired;
mod proportion;
mod ranking;
mod sample;
mod sample_size;
mod sign_flip;
mod signed_rank;
mod summary;
mod values;

pub use bootstrap::{Bootstrap, Resampling};
pub use cross_validation::{OverRuns, over_runs};
pub use delong::{DeLong, Placements, Ranked};
pub use holm::holm;
pub use interval::{Inference, Interval, Level, t_interval};
pub use paired::{Paired, Pairs, against, d_z};
pub use proportion::{McNemar, mcnemar, wilson};
pub use ranking::{ArmRank, Best, RankStability, rank_stability};
pub use sample::Sample;
pub use sample_size::cases_for_width;
pub use sign_flip::{SignFlip, sign_flip};
pub use signed_rank::{SignedRank, wilcoxon};
pub use summary::Summary;
pub use values::{CaseValue, CaseValues, Refused};

use serde::Serialize;

/// How a p value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Null {
    /// From every outcome that the null hypothesis holds equally likely.
    Exact,
    /// From a normal approximation.
    Normal,
    /// From random outcomes.
    MonteCarlo,
}

/// `value`, unless it overflowed or divided zero by zero.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
