//! Which runs of a spec belong together: a spec that was edited leaves runs of its earlier text behind.

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
    let mut kept: Vec<&RunView> = Vec::new();
    for run in newest_first {
        let agrees = |other: &&RunView| agree(&run.plan, &other.plan);
        if kept.iter().all(agrees) {
            kept.push(run);
        }
    }
    kept.reverse();
    let left_out = runs.len() - kept.len();
    (kept, left_out)
}

/// Unix time; never started is newest.
fn start(run: &RunView) -> f64 {
    run.record.first_started_s.unwrap_or(f64::INFINITY)
}

/// Whether two runs can come from one spec, and are not the same cell of its table.
fn agree<'a>(a: &'a RunPlan, b: &'a RunPlan) -> bool {
    let data = |plan: &'a RunPlan| (&plan.dataset_digest, plan.input_px, &plan.postprocess);
    // What a model insists on as its input is the arm's, not the recipe's.
    let recipe = TrainConfig { normalise: b.train.normalise, ..a.train.clone() };
    let protocol = data(a) == data(b) && recipe == b.train;
    let leaks = (a.split.leak(), b.split.leak());
    let split = a.fold != b.fold || leaks.0 != leaks.1 || a.split == b.split;
    let own = |plan: &'a RunPlan| {
        (&plan.model, &plan.loss, &plan.edge, plan.split.leak(), plan.train.normalise, &plan.transfer)
    };
    let arm = a.arm != b.arm || own(a) == own(b);
    let cell = (&a.arm, a.fold, a.seed) != (&b.arm, b.fold, b.seed);
    protocol && split && arm && cell
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
