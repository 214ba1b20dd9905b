//! What the per-case scores of a comparison allow one to say: intervals, tests against one arm, stability of the ranks.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::numbers::ArmNumbers;
use super::scores::{ArmScores, arm_scores};
use super::together::Together;
use super::{Exact, Exposure, SCHEMA, current, exact};
use crate::metric::{Aggregate, Better, Metric, Task};
use crate::stats::{
    Best, CaseValues, Inference, OverRuns, Paired, RankStability, Refused, Summary, against, rank_stability,
};
use crate::store::{RunView, StoreError};

/// What is asked of the scores.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The arm that the others are held against; the first one if absent.
    pub against: Option<String>,
    /// Metrics to answer for.
    pub metrics: Vec<&'static Metric>,
    /// Width of the interval that [`ArmAnswer::subjects_needed`] plans for.
    pub width: Option<f64>,
    /// Level of intervals, resamples, seed.
    pub inference: Inference,
}

/// The answers, by metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answers {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Level of every interval.
    pub level: f64,
    /// Bootstrap resamples and random signs.
    pub resamples: usize,
    /// Seed of both.
    pub seed: u64,
    /// The arm that the others are held against.
    pub against: String,
    /// Width that was asked for; `null` if none was.
    pub width: Option<f64>,
    /// One for each metric asked for, in the order of the registry.
    pub metrics: Vec<Answer>,
}

/// One metric's answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// Key in the registry.
    pub metric: &'static str,
    /// In the order of the comparison.
    pub arms: Vec<ArmAnswer>,
    /// Stability of the ranks of the arms that do not leak; `null` if an arm has no case, or there are fewer than two subjects.
    pub ranks: Option<RankStability>,
}

/// One arm's row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArmAnswer {
    /// Name in the spec.
    pub arm: String,
    /// Over cases; a case that several runs scored counts once.
    pub summary: Summary,
    /// Mean and standard deviation over runs (folds and seeds); `null` without a run that has a value.
    pub runs: Option<OverRuns>,
    /// Subjects for a t interval of the wished width, as varied as these; `null` if they do not vary or none was asked for.
    pub subjects_needed: Option<usize>,
    /// All pixels of all cases and runs as one image; `null` if undefined so.
    pub pooled: Option<f64>,
    /// Mean before post-processing; `null` if there was none.
    pub before: Option<Aggregate>,
    /// Arm less chosen arm; `null` for the chosen arm itself, and for one that leaks.
    pub paired: Option<Paired>,
    /// The scores on either side of the leak; missing if the arm's protocol has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leak: Option<Exposure>,
    /// What labels allow beyond; absent for masks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<Exact>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// A run's scores cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Scores that are no sample.
    #[error("{metric}: {source}")]
    Refused {
        /// The metric.
        metric: &'static str,
        /// The case, and what is wrong.
        source: Refused,
    },
    /// No such arm.
    #[error("no arm \"{asked}\" with a finished run to compare against; such arms: {known}")]
    NoArm {
        /// What was asked for.
        asked: String,
        /// The arms.
        known: String,
    },
    /// Held against an arm that knows its test, all others would look worse than they are.
    #[error("arm \"{asked}\" leaks: its scores are of images that it was trained on; arms that do not: {known}")]
    Leaks {
        /// What was asked for.
        asked: String,
        /// The honest arms.
        known: String,
    },
}

impl Answers {
    /// Answers `question` about `runs`, which belong to one spec.
    pub fn of(runs: &[&RunView], question: &Question) -> Result<Self, AnswerError> {
        let (runs, _) = current(runs);
        if runs.iter().any(|run| !run.plan.task.is_segmentation()) {
            return Self::of_scores(&arm_scores(&runs, &question.metrics)?, question, &|| ());
        }
        let mut names: Vec<&str> = Vec::new();
        runs.iter().for_each(|run| names.extend((!names.contains(&&*run.plan.arm)).then_some(&*run.plan.arm)));
        let mut arms: Vec<ArmNumbers> = Vec::new();
        for name in names {
            // The scores of one arm at a time: those of a thousand runs take more than all else that is held.
            let own: Vec<&RunView> = runs.iter().copied().filter(|run| run.plan.arm == name).collect();
            for scores in arm_scores(&own, &question.metrics)? {
                arms.push(ArmNumbers::of(&scores, question, arms.first())?);
            }
        }
        Self::of_numbers(&arms, &[], (question, &|| ()))
    }

    /// The same from scores; calls `metric_done` after each metric, in no order and from several threads.
    pub(super) fn of_scores(
        arms: &[ArmScores],
        question: &Question,
        metric_done: &(dyn Fn() + Sync),
    ) -> Result<Self, AnswerError> {
        let numbers = arms.iter().map(|arm| ArmNumbers::of(arm, question, None)).collect::<Result<Vec<_>, _>>()?;
        Self::of_numbers(&numbers, arms, (question, metric_done))
    }

    /// From each arm's numbers; `scores` are those of arms that judge whole cases, empty for masks.
    fn of_numbers(
        arms: &[ArmNumbers],
        scores: &[ArmScores],
        (question, metric_done): (&Question, &(dyn Fn() + Sync)),
    ) -> Result<Self, AnswerError> {
        let chosen = chosen(arms, question.against.as_deref())?;
        let answer = |(place, metric): (usize, &&'static Metric)| {
            let answer = match metric.of_all {
                Some(of_all) => {
                    let together: Vec<_> = scores.iter().map(|arm| Together::of(of_all, &arm.runs)).collect();
                    Ok(Answer::of_all(metric, scores, (&together, chosen, &question.inference)))
                }
                None => Answer::of((place, metric), arms, (chosen, question)),
            };
            let answer = answer.and_then(|answer| answer.with_exact(metric, scores, (chosen, &question.inference)));
            metric_done();
            answer.map_err(|source| AnswerError::Refused { metric: metric.name, source })
        };
        let metrics = question.metrics.par_iter().enumerate().map(answer).collect::<Result<_, _>>()?;
        let Inference { level, resampling } = question.inference;
        Ok(Self {
            schema: SCHEMA,
            level: level.get(),
            resamples: resampling.resamples,
            seed: resampling.seed,
            width: question.width,
            against: arms.get(chosen).map(|arm| arm.arm.clone()).unwrap_or_default(),
            metrics,
        })
    }
}

impl Answer {
    /// Of the metric at `place` of the question.
    fn of(
        (place, metric): (usize, &'static Metric),
        arms: &[ArmNumbers],
        (chosen, question): (usize, &Question),
    ) -> Result<Self, Refused> {
        let inference = &question.inference;
        let values = |arm: usize| &arms[arm].metrics[place].0;
        let is_compared = |arm: usize| !metric.is_loss() && !arms[arm].leaks;
        let others: Vec<usize> = (0..arms.len()).filter(|&arm| is_compared(arm) && arm != chosen).collect();
        let mut paired: BTreeMap<usize, Paired> = BTreeMap::new();
        if chosen < arms.len() {
            let compared: Vec<&CaseValues> = others.iter().map(|&arm| values(arm)).collect();
            paired = others.iter().copied().zip(against(values(chosen), &compared, inference)?).collect();
        }
        let best = match metric.better {
            Better::Higher => Best::Highest,
            Better::Lower => Best::Lowest,
        };
        let honest = (0..arms.len()).filter(|&arm| is_compared(arm)).map(values);
        let ranks = rank_stability(&honest.collect::<Vec<_>>(), best, inference)?;
        let row = |i: usize| ArmAnswer { paired: paired.get(&i).copied(), ..arms[i].metrics[place].1.clone() };
        Ok(Self { metric: metric.name, arms: (0..arms.len()).map(row).collect(), ranks })
    }

    /// Of a metric of all cases together.
    fn of_all(
        metric: &'static Metric,
        arms: &[ArmScores],
        (together, chosen, inference): (&[Together], usize, &Inference),
    ) -> Self {
        let row = |(i, arm): (usize, &ArmScores)| {
            let own = &together[i];
            let paired = (i != chosen && !arm.leaks()).then(|| own.less(&together[chosen], inference));
            ArmAnswer { pooled: None, ..arm.row(metric, own.summary(inference), paired) }
        };
        Self { metric: metric.name, arms: arms.iter().enumerate().map(row).collect(), ranks: None }
    }

    fn with_exact(mut self, metric: &Metric, arms: &[ArmScores], asked: (usize, &Inference)) -> Result<Self, Refused> {
        if arms.iter().any(|arm| arm.task == Task::Classification) {
            let rows = exact::of_arms(metric, arms, asked)?;
            self.arms.iter_mut().zip(rows).for_each(|(arm, exact)| arm.exact = Some(exact));
        }
        Ok(self)
    }
}

/// The arm that was asked for, or the first one that does not leak.
fn chosen(arms: &[ArmNumbers], asked: Option<&str>) -> Result<usize, AnswerError> {
    let honest = |arm: &ArmNumbers| !arm.leaks;
    let names =
        |of: &dyn Fn(&&ArmNumbers) -> bool| match arms.iter().filter(of).map(|arm| &*arm.arm).collect::<Vec<_>>() {
            none if none.is_empty() => "none yet".to_owned(),
            names => names.join(", "),
        };
    let Some(asked) = asked else { return Ok(arms.iter().position(honest).unwrap_or(0)) };
    match arms.iter().position(|arm| arm.arm == asked) {
        Some(arm) if honest(&arms[arm]) => Ok(arm),
        Some(_) => Err(AnswerError::Leaks { asked: asked.to_owned(), known: names(&|arm| honest(arm)) }),
        None => Err(AnswerError::NoArm { asked: asked.to_owned(), known: names(&|_| true) }),
    }
}

/// The rows of the task's registry named in `names`, in its order; all of them for `all`; the main one for none.
pub fn metrics_named(task: Task, names: &[String]) -> Result<Vec<&'static Metric>, String> {
    let known = |name: &String| name == "all" || task.metric(name).is_some();
    match names.iter().find(|name| !known(name)) {
        Some(unknown) => {
            let all: Vec<&str> = task.metrics().iter().map(|metric| metric.name).collect();
            Err(format!("no metric \"{unknown}\"; metrics: all, {}", all.join(", ")))
        }
        None if names.is_empty() => Ok(vec![task.main()[0]]),
        None => {
            let wanted = |metric: &&Metric| names.iter().any(|name| name == "all" || name == metric.name);
            Ok(task.metrics().iter().filter(wanted).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{DataRoots, Dataset};
    use crate::metric::{CaseScore, Confusion, metric};
    use crate::run::{RunRecord, State};
    use crate::spec::Spec;
    use crate::store::Store;

    /// The demo's runs, finished: arm `i` finds `tp(i, case)` of 10 pixels of eight cases.
    fn finished(store: &Store, tp: impl Fn(usize, u64) -> u64) -> Vec<RunView> {
        let spec = Spec::built_in("demo").expect("built in").expect("valid");
        let dataset = Dataset::open(&spec.dataset, &DataRoots::new(None)).expect("built in");
        let view = |(arm, plan): (usize, crate::plan::RunPlan)| {
            let dir = store.create(&plan).expect("a run");
            let score = |case: u64| {
                let tp = tp(arm, case);
                let counts = Confusion { tp, fp: 0, fn_: 10 - tp, tn: 90 };
                CaseScore { case: case.to_string(), subject: case.to_string(), counts, ..CaseScore::default() }
            };
            dir.write_scores(&(0..8).map(score).collect::<Vec<_>>()).expect("written");
            let record = RunRecord { first_started_s: Some(arm as f64), ..RunRecord::default() };
            RunView { dir, plan, record, state: State::Finished, read: true, ticket: None, revision: 0 }
        };
        crate::plan::plan(&spec, &dataset).expect("a plan").into_iter().enumerate().map(view).collect()
    }

    fn question(against: Option<&str>) -> Question {
        let metrics = vec![metric("sensitivity").expect("registered"), metric("auc").expect("registered")];
        Question { against: against.map(str::to_owned), metrics, ..Question::default() }
    }

    #[test]
    fn every_arm_is_held_against_the_chosen_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let runs = finished(&Store::new(folder.path()), |arm, case| 1 + arm as u64 + case % 4);
        let runs: Vec<&RunView> = runs.iter().collect();
        let second = runs[1].plan.arm.clone();
        let answers = Answers::of(&runs, &question(Some(&second))).expect("scores");
        let sensitivity = &answers.metrics[0];
        // each arm finds one pixel of ten more than the one before, in every case
        let differences: Vec<_> = sensitivity.arms.iter().map(|arm| arm.paired?.mean_difference).collect();
        assert!(differences[0].is_some_and(|d| (d + 0.1).abs() < 1e-12) && differences[1].is_none());
        assert!(sensitivity.arms[2].paired.is_some_and(|p| p.wilcoxon.is_some_and(|test| test.p < 0.01)));
        assert_eq!(sensitivity.arms[0].pooled, Some(0.25));
        let first: Vec<f64> = sensitivity.ranks.as_ref().expect("ranks").arms.iter().map(|rank| rank.first).collect();
        assert_eq!(first, [0.0, 0.0, 0.0, 1.0]);
        let undefined = &answers.metrics[1].arms[0].summary;
        assert_eq!((undefined.n, undefined.undefined, undefined.mean), (0, 8, None));
    }

    #[test]
    fn an_arm_whose_scores_are_gone_is_named_and_the_others_are_compared() {
        let folder = tempfile::tempdir().expect("a folder");
        let views = finished(&Store::new(folder.path()), |arm, case| 1 + arm as u64 + case % 4);
        std::fs::remove_file(views[0].dir.path().join("scores.json")).expect("there");
        std::fs::write(views[2].dir.path().join("scores.json"), "[{]").expect("written");
        let runs: Vec<&RunView> = views.iter().collect();
        let comparison = crate::report::Comparison::of("demo", &runs);
        let counted: Vec<(usize, usize)> =
            comparison.arms.iter().map(|arm| (arm.finished, arm.unscored.len())).collect();
        assert_eq!(counted, [(0, 1), (1, 0), (0, 1), (1, 0)]);
        let missing = comparison.missing();
        let [first, second] = missing.lines().collect::<Vec<_>>()[..] else { panic!("{missing}") };
        assert!(first.contains(&views[0].dir.name()) && first.ends_with("then run its spec again"), "{first}");
        assert!(second.contains("damaged"), "{second}");
        let answers = Answers::of(&runs, &question(None)).expect("two arms are left");
        assert_eq!((answers.metrics[0].arms.len(), &answers.against), (2, &views[1].plan.arm));
    }

    #[test]
    fn an_unknown_arm_or_metric_names_the_known_ones() {
        let folder = tempfile::tempdir().expect("a folder");
        let runs = finished(&Store::new(folder.path()), |_, _| 1);
        let runs: Vec<&RunView> = runs.iter().collect();
        let error = Answers::of(&runs, &question(Some("nothing"))).expect_err("no such arm").to_string();
        assert!(error.contains("\"nothing\"") && error.contains(&runs[0].plan.arm), "{error}");
        let error = metrics_named(Task::Segmentation, &["dice".to_owned()]).expect_err("no such metric");
        assert!(error.contains("\"dice\"") && error.contains("dsc"), "{error}");
    }

    #[test]
    fn tables_have_a_cell_for_every_head() {
        let folder = tempfile::tempdir().expect("a folder");
        let runs = finished(&Store::new(folder.path()), |arm, case| 1 + arm as u64 + case % 4);
        let answers = Answers::of(&runs.iter().collect::<Vec<_>>(), &question(None)).expect("scores");
        let csv = answers.csv();
        assert!(csv.len() == 1 + 2 * runs.len() && csv.iter().all(|row| row.len() == csv[0].len()));
        for line in answers.markdown().lines().filter(|line| line.starts_with('|')) {
            assert!(line.ends_with('|') && line.matches('|').count() >= 6, "{line}");
        }
        assert!(answers.text(80).contains("0.0078"), "{}", answers.text(80));
    }
}
