//! Which runs of a spec belong together: a spec that was edited leaves runs of its earlier text behind.

use std::collections::{BTreeMap, BTreeSet};

use crate::metric::Task;
use crate::plan::RunPlan;
use crate::spec::TrainConfig;
use crate::store::RunView;

/// The runs of one spec apart by what their arms answer; each table is of one task.
pub fn by_task<'a>(runs: &[&'a RunView]) -> Vec<(Task, Vec<&'a RunView>)> {
    let of = |task: Task| runs.iter().copied().filter(|run| run.plan.task == task).collect::<Vec<_>>();
    let tables = [Task::Segmentation, Task::Classification].map(|task| (task, of(task)));
    tables.into_iter().filter(|(_, runs)| !runs.is_empty()).collect()
}

/// Runs that may stand in one table, in the order in which they were first started, and how many were left out.
///
/// The newest run sets the data, the input size, the recipe and, for its fold and way to deal, the split; the newest run of each arm
/// sets the arm's model and losses. What differs belongs to an earlier version of the spec.
pub fn current<'a>(runs: &[&'a RunView]) -> (Vec<&'a RunView>, usize) {
    let mut newest_first = runs.to_vec();
    newest_first.sort_by(|a, b| start(b).total_cmp(&start(a)));
    let mut version = Version::default();
    newest_first.retain(|run| version.takes(&run.plan));
    newest_first.reverse();
    let left_out = runs.len() - newest_first.len();
    (newest_first, left_out)
}

/// Unix time; never started is newest.
fn start(run: &RunView) -> f64 {
    run.record.first_started_s.unwrap_or(f64::INFINITY)
}

/// What the runs that were taken say of their spec.
#[derive(Default)]
struct Version<'a> {
    recipe: Option<&'a RunPlan>,
    /// A way to deal the cases has one split in each fold.
    splits: Vec<&'a RunPlan>,
    arms: BTreeMap<&'a str, &'a RunPlan>,
    cells: BTreeSet<(&'a str, usize, u64)>,
}

impl<'a> Version<'a> {
    /// Takes `plan` if it can come from the spec that those before it come from, and is another cell of its table.
    fn takes(&mut self, plan: &'a RunPlan) -> bool {
        let cell = (plan.arm.as_str(), plan.fold, plan.seed);
        let split = self.splits.iter().find(|of| of.fold == plan.fold && of.split.leak() == plan.split.leak());
        let fits = self.recipe.is_none_or(|of| of_one_recipe(of, plan))
            && split.is_none_or(|of| of.split == plan.split)
            && self.arms.get(cell.0).is_none_or(|of| of_one_arm(of, plan))
            && !self.cells.contains(&cell);
        if fits {
            self.recipe = Some(plan);
            if split.is_none() {
                self.splits.push(plan);
            }
            self.arms.insert(cell.0, plan);
            self.cells.insert(cell);
        }
        fits
    }
}

fn of_one_recipe(a: &RunPlan, b: &RunPlan) -> bool {
    // What a model insists on as its input is the arm's, not the recipe's.
    let recipe = TrainConfig { normalise: b.train.normalise, ..a.train.clone() };
    (&a.dataset_digest, a.input_px, &a.postprocess) == (&b.dataset_digest, b.input_px, &b.postprocess)
        && recipe == b.train
}

fn of_one_arm(a: &RunPlan, b: &RunPlan) -> bool {
    (&a.model, &a.loss, &a.edge, &a.transfer) == (&b.model, &b.loss, &b.edge, &b.transfer)
        && (a.split.leak(), a.train.normalise) == (b.split.leak(), b.train.normalise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{DataRoots, Dataset};
    use crate::run::{RunRecord, State};
    use crate::spec::Spec;
    use crate::store::Store;

    /// The demo's runs after `edit`, first started at `at_s`, `at_s + 1`, ….
    fn runs(store: &Store, at_s: f64, edit: impl Fn(&mut Spec)) -> Vec<RunView> {
        let mut spec = Spec::built_in("demo").expect("built in").expect("valid");
        edit(&mut spec);
        let dataset = Dataset::open(&spec.dataset, &DataRoots::new(None)).expect("built in");
        let plans = crate::plan::plan(&spec, &dataset).expect("a plan");
        let view = |(i, plan): (usize, RunPlan)| RunView {
            dir: store.create(&plan).expect("a run"),
            plan,
            record: RunRecord { first_started_s: Some(at_s + i as f64), ..RunRecord::default() },
            state: State::Finished,
            read: true,
            ticket: None,
            revision: 0,
        };
        plans.into_iter().enumerate().map(view).collect()
    }

    #[test]
    fn an_edited_recipe_leaves_the_runs_of_the_old_one_out() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::new(dir.path());
        let old = runs(&store, 0.0, |_| {});
        let new = runs(&store, 100.0, |spec| spec.train.epochs += 1);
        let all: Vec<&RunView> = old.iter().chain(&new).collect();
        let (kept, left_out) = current(&all);
        assert_eq!(left_out, old.len());
        assert_eq!(kept.iter().map(|r| &r.dir).collect::<Vec<_>>(), new.iter().map(|r| &r.dir).collect::<Vec<_>>());
    }

    #[test]
    fn further_seeds_and_folds_join_and_an_edited_arm_replaces_itself_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::new(dir.path());
        let first = runs(&store, 0.0, |_| {});
        let seeds = runs(&store, 100.0, |spec| spec.protocol.seeds = vec![2]);
        let both: Vec<&RunView> = first.iter().chain(&seeds).collect();
        assert_eq!(current(&both).1, 0);
        let edited = runs(&store, 200.0, |spec| {
            spec.arms.truncate(1);
            spec.arms[0].loss = Some(crate::loss::LossConfig::Bce {});
        });
        let all: Vec<&RunView> = both.into_iter().chain(&edited).collect();
        assert_eq!(current(&all).1, 2, "the first arm's two old runs");
    }
}
