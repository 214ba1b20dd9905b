//! `seglab stop` and `seglab resume`.

use std::process::ExitCode;

use clap::Args;

use super::{Context, print};
use crate::executor::places;
use crate::run::State;
use crate::store::{RunView, StoreError, Watch};

/// Which runs.
#[derive(Debug, Args)]
pub struct Chosen {
    /// Parts of run names (`demo`, `unet-f0`, `demo/unet-f0-s1-3fa9c1d2`); all runs if none is given.
    runs: Vec<String>,
    /// Every run of the store.
    #[arg(long, conflicts_with = "runs")]
    all: bool,
}

/// Which runs, and how many at a time.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    #[command(flatten)]
    chosen: Chosen,
    /// Runs at a time [default: one on each GPU, else 1].
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=64))]
    slots: Option<u8>,
}

impl Chosen {
    fn of<'a>(&self, watch: &'a Watch, wanted: fn(State) -> bool) -> anyhow::Result<Vec<&'a RunView>> {
        let all = self.all || self.runs.is_empty();
        let named = |view: &&RunView| all || self.runs.iter().any(|part| view.dir.name().contains(part.as_str()));
        let named: Vec<&RunView> = watch.runs().filter(named).collect();
        if named.is_empty() && !all {
            anyhow::bail!("no run is named like {}; \"seglab status\" lists them", self.runs.join(", "));
        }
        Ok(named.into_iter().filter(|view| wanted(view.state)).collect())
    }
}

pub(super) fn stop(context: &Context, chosen: &Chosen) -> anyhow::Result<ExitCode> {
    context.may_write()?;
    let mut watch = Watch::new(context.store.clone(), None);
    watch.catch_up()?;
    let runs = chosen.of(&watch, |state| !state.is_settled())?;
    stop_all(runs.iter().copied())?;
    report("asked to stop", &runs)
}

pub(super) fn resume(context: &Context, args: &ResumeArgs) -> anyhow::Result<ExitCode> {
    context.may_write()?;
    let mut watch = Watch::new(context.store.clone(), None);
    watch.catch_up()?;
    let runs = args.chosen.of(&watch, |state| state.is_settled() && state != State::Finished)?;
    places(&context.settings.device.value).map_err(anyhow::Error::msg)?;
    for view in &runs {
        view.dir.enqueue(&context.settings.device.value)?;
    }
    if !runs.is_empty() {
        context.launch(args.slots).ensure(&context.store)?;
    }
    report("queued", &runs)
}

/// Takes waiting runs out of the queue, and asks running ones to end after their step.
pub(super) fn stop_all<'a>(runs: impl Iterator<Item = &'a RunView>) -> Result<(), StoreError> {
    for view in runs {
        // A worker may be on its way to the lock: it looks for the request once it has it.
        view.dir.request_stop()?;
        view.dir.dequeue()?;
    }
    Ok(())
}

fn report(what: &str, runs: &[&RunView]) -> anyhow::Result<ExitCode> {
    for view in runs {
        print(&format!("{}: {what}\n", super::printable(&view.dir.name())))?;
    }
    if runs.is_empty() {
        print("nothing to do: no such run is in a state for it\n")?;
    }
    Ok(ExitCode::SUCCESS)
}
