//! The test scores of a comparison's runs, by arm.

use std::collections::BTreeSet;

use super::LeakCount;
use crate::metric::{CaseScore, Metric, Task};
use crate::run::State;
use crate::store::{Detail, RunView, StoreError};

/// The test scores of one run.
pub(super) struct RunScores {
    pub seed: u64,
    pub scores: Vec<CaseScore>,
}

impl RunScores {
    pub fn of(run: &RunView, detail: Detail) -> Result<Self, StoreError> {
        Ok(Self { seed: run.plan.seed, scores: gathered(run.dir.scores_in(detail)?) })
    }
}

/// The pixels by logit of all cases with the first one: tables want their sum alone, and apart those of a thousand runs
/// take hundreds of megabytes.
fn gathered(mut scores: Vec<CaseScore>) -> Vec<CaseScore> {
    let pool = CaseScore::pooled(scores.iter()).probabilities;
    let mut all = pool.map(|pool| pool.ranks);
    for probabilities in scores.iter_mut().filter_map(|score| score.probabilities.as_mut()) {
        probabilities.ranks = all.take().unwrap_or_default();
    }
    scores
}

/// One arm's finished runs.
pub(super) struct ArmScores {
    pub arm: String,
    pub task: Task,
    pub runs: Vec<RunScores>,
    pub before: Option<Vec<CaseScore>>,
    pub leak: Option<LeakCount>,
    /// Test cases whose subject was in training.
    pub known: BTreeSet<String>,
}

/// In the order in which the arms were first started, those without a finished run left out, as are runs whose scores
/// cannot be read: the comparison names them.
///
/// What pixels' probabilities are worth is left out where none of `metrics` asks for it: it is most of the memory.
pub(super) fn arm_scores(runs: &[&RunView], metrics: &[&Metric]) -> Result<Vec<ArmScores>, StoreError> {
    let of_probabilities = metrics.iter().any(|metric| metric.is_of_probabilities());
    let detail = if of_probabilities { Detail::Full } else { Detail::Mask };
    let mut arms: Vec<ArmScores> = Vec::new();
    for run in runs.iter().filter(|run| run.state == State::Finished) {
        let Ok(scores) = RunScores::of(run, detail) else { continue };
        let before = run.dir.raw_scores(detail)?.map(gathered);
        let known = run.plan.split.in_training().into_iter().map(str::to_owned);
        match arms.iter_mut().find(|arm| arm.arm == run.plan.arm) {
            Some(arm) => {
                arm.runs.push(scores);
                arm.known.extend(known);
                arm.before = arm.before.take().zip(before).map(|(all, more)| [all, more].concat());
            }
            None => arms.push(ArmScores {
                arm: run.plan.arm.clone(),
                task: run.plan.task,
                runs: vec![scores],
                before,
                leak: None,
                known: known.collect(),
            }),
        }
    }
    for arm in &mut arms {
        let own = |run: &&&RunView| run.state == State::Finished && run.plan.arm == arm.arm;
        arm.leak = LeakCount::of(&runs.iter().filter(own).copied().collect::<Vec<_>>());
    }
    Ok(arms)
}
