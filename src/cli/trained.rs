//! Finished runs by the names that people type.

use std::path::Path;

use super::{Context, printable};
use crate::report::current;
use crate::run::State;
use crate::store::{RunDir, RunView, Watch};

/// The finished runs that `name` means: a run's folder, `<spec>/<run>`, or `<spec>/<arm>` for all folds and seeds of the
/// arm, of the newest version of its spec.
pub(super) fn finished(context: &Context, name: &str) -> anyhow::Result<Vec<RunView>> {
    let folder = Path::new(name);
    let (store, spec, key) = match folder.join("plan.toml").is_file() {
        true => {
            let run = RunDir::at(folder)?;
            (run.store(), run.spec().to_owned(), run.id().to_string())
        }
        false => {
            let (spec, key) = name.split_once('/').filter(|(_, key)| !key.contains('/')).ok_or_else(|| {
                anyhow::anyhow!("{}: expected <spec>/<run>, <spec>/<arm> or a run's folder", printable(name))
            })?;
            (context.store.clone(), spec.to_owned(), key.to_owned())
        }
    };
    let mut watch = Watch::new(store, Some(&spec));
    watch.catch_up()?;
    let all: Vec<&RunView> = watch.runs().collect();
    let exact: Vec<&RunView> = all.iter().copied().filter(|view| view.dir.id().as_str() == key).collect();
    let named = if exact.is_empty() { current(&all).0 } else { exact };
    let named: Vec<&RunView> =
        named.into_iter().filter(|view| view.dir.id().as_str() == key || view.plan.arm == key).collect();
    let done: Vec<RunView> =
        named.iter().filter(|view| view.state == State::Finished).map(|view| (*view).clone()).collect();
    match (done.is_empty(), named.len()) {
        (false, _) => Ok(done),
        (true, 0) => anyhow::bail!(
            "no run or arm {} in {}; \"seglab status\" lists the runs",
            printable(name),
            context.store.root().display()
        ),
        (true, runs) => {
            anyhow::bail!("{}: none of {runs} runs is finished; \"seglab resume\" continues them", printable(name))
        }
    }
}
