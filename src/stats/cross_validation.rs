//! The runs of one arm: how far apart their means lie.

use serde::Serialize;

use super::finite;
use super::sample::deviation;

/// `mean ± sd` over runs (folds × seeds), as papers print it.
///
/// It describes; it may not be tested with. Runs of a cross-validation share most of their training cases, so their
/// means are not independent, and no unbiased estimate of the variance of their mean exists (Bengio & Grandvalet 2004,
/// *No unbiased estimator of the variance of k-fold cross-validation*). So: no t test over folds, no `sd/√k`, and no
/// "significant" because two `mean ± sd` do not overlap; for that there is [`against`](super::against()) over cases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OverRuns {
    /// How many.
    pub runs: usize,
    /// Mean of the runs' means: each run weighs the same, whatever its number of cases.
    pub mean: f64,
    /// `√(Σ(x − x̄)²/(runs − 1))`; `None` for one run.
    pub sd: Option<f64>,
}

/// Describes `run_means`; `None` if there is none or one is not finite.
pub fn over_runs(run_means: &[f64]) -> Option<OverRuns> {
    let mean = finite(run_means.iter().sum::<f64>() / run_means.len() as f64)?;
    Some(OverRuns { runs: run_means.len(), mean, sd: deviation(run_means) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_runs_by_hand() {
        let runs = over_runs(&[0.5, 0.75, 1.0]).expect("finite");
        assert_eq!(runs, OverRuns { runs: 3, mean: 0.75, sd: Some(0.25) });
    }

    #[test]
    fn one_run_has_no_spread_and_none_no_mean() {
        assert_eq!(over_runs(&[0.5]).expect("finite").sd, None);
        assert_eq!(over_runs(&[]), None);
        assert_eq!(over_runs(&[0.5, f64::NAN]), None);
    }
}
