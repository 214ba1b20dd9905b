//! `seglab`, `seglab run`, `seglab demo`, and the two processes behind them.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::{Context, follow, print, printable};
use crate::dataset::{Dataset, Finding, FindingKind, verify};
use crate::executor;
use crate::plan::plan;
use crate::run::State;
use crate::spec::Spec;
use crate::store::{RunDir, Watch};
use crate::train::{Sources, check_masks};
use crate::tui;
use crate::weights::WeightsRoot;
use crate::worker::{Ending, work};

/// How to run and watch.
#[derive(Debug, Args)]
pub struct Options {
    /// Plain progress lines instead of the dashboard (also chosen where there is no terminal).
    #[arg(long)]
    headless: bool,
    /// Runs at a time [default: one on each GPU, else 1].
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=64))]
    slots: Option<u8>,
}

/// A spec, and how to run and watch it.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// A TOML file, or the name of a built-in spec.
    spec: PathBuf,
    #[command(flatten)]
    options: Options,
}

pub(super) fn dashboard(context: &Context) -> anyhow::Result<ExitCode> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        anyhow::bail!(
            "the dashboard needs a terminal; without one use \"seglab status\", \"seglab run SPEC --headless\""
        );
    }
    watch(context, None, context.slots(None).unwrap_or(1))
}

pub(super) fn demo(context: &Context, options: &Options) -> anyhow::Result<ExitCode> {
    let spec = Spec::built_in("demo").expect("the demo is built in")?;
    start(context, &spec, options)
}

pub(super) fn run(context: &Context, args: &RunArgs) -> anyhow::Result<ExitCode> {
    start(context, &Spec::load(&args.spec)?, &args.options)
}

pub(super) fn executor(context: &Context, slots: usize) -> anyhow::Result<ExitCode> {
    executor::serve(&context.store, &context.launch(slots))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn worker(context: &Context, run: &Path) -> anyhow::Result<ExitCode> {
    match work(&RunDir::at(run)?, context.own_device())? {
        Ending::Finished | Ending::Stopped => Ok(ExitCode::SUCCESS),
        Ending::Failed | Ending::Busy => Ok(ExitCode::FAILURE),
    }
}

fn start(context: &Context, spec: &Spec, options: &Options) -> anyhow::Result<ExitCode> {
    context.may_write()?;
    let slots = context.slots(options.slots)?;
    let runs = enqueue(context, spec)?;
    if options.slots.is_some() && context.store.has_executor() {
        eprintln!("seglab: an executor is at work; its number of slots stays until its queue is empty");
    }
    context.launch(slots).ensure(&context.store)?;
    if options.headless || !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return follow::follow(context, &spec.name, &runs, slots);
    }
    watch(context, Some(&spec.name), slots)
}

/// Plans the spec and queues every run that is not finished.
fn enqueue(context: &Context, spec: &Spec) -> anyhow::Result<Vec<RunDir>> {
    let dataset = Dataset::open(&spec.dataset, &context.roots)?;
    let sources = Sources { store: context.store.clone(), root: WeightsRoot::from_env() };
    let plans = sources.pin(plan(spec, &dataset)?, &dataset)?;
    check_masks(&plans, &context.store)?;
    let runs = plans.iter().map(|plan| context.store.create(plan)).collect::<Result<Vec<_>, _>>()?;
    let mut watch = Watch::new(context.store.clone(), Some(&spec.name));
    watch.catch_up()?;
    let is_done =
        |run: &&RunDir| watch.runs().any(|v| v.dir == **run && matches!(v.state, State::Finished | State::Running));
    let missing: Vec<&RunDir> = runs.iter().filter(|run| !is_done(run)).collect();
    let waiting = missing.len();
    if waiting > 0 {
        check_files(&dataset)?;
    }
    for run in missing {
        run.write_origin(&dataset.origin)?;
        run.enqueue()?;
    }
    let part = |n: usize| format!("{n} case{}", if n == 1 { "" } else { "s" });
    if let Some(plan) = plans.first() {
        let split = &plan.split;
        print(&format!(
            "{}: {} runs, {waiting} to do, {} finished or running; {}: train {}, valid {}, test {}\n",
            spec.name,
            runs.len(),
            runs.len() - waiting,
            printable(&spec.dataset),
            part(split.train().len()),
            part(split.valid().len()),
            part(split.test().len()),
        ))?;
    }
    for plan in plans.iter().filter(|plan| (plan.fold, plan.seed) == (plans[0].fold, plans[0].seed)) {
        if let Some(warning) = plan.split.warning() {
            print(&format!("{}: {warning}\n", plan.arm))?;
        }
    }
    Ok(runs)
}

/// A file that cannot be decoded is found now, not in the middle of a training.
fn check_files(dataset: &Dataset) -> anyhow::Result<()> {
    let bad = |f: &&Finding| matches!(f.kind, FindingKind::Undecodable | FindingKind::MaskSize);
    let found = verify(dataset).findings;
    let details: Vec<&str> = found.iter().filter(bad).map(|f| f.detail.as_str()).collect();
    match details.first() {
        None => Ok(()),
        Some(first) => anyhow::bail!(
            "{first}{}; \"seglab dataset verify {}\" lists all",
            if details.len() > 1 { format!(" (and {} more)", details.len() - 1) } else { String::new() },
            dataset.origin.manifest.name,
        ),
    }
}

fn watch(context: &Context, spec: Option<&str>, slots: usize) -> anyhow::Result<ExitCode> {
    let watch = Watch::new(context.store.clone(), spec);
    let options = tui::Options {
        glyphs: if context.ascii { tui::Glyphs::Ascii } else { tui::Glyphs::Unicode },
        colour: tui::Colour::from_env(),
        access: if context.read_only { tui::Access::ReadOnly } else { tui::Access::ReadWrite },
        banner: if spec.is_some() { tui::Banner::WhenSettled } else { tui::Banner::Never },
    };
    tui::run(watch, &context.launch(slots), options)?;
    Ok(ExitCode::SUCCESS)
}
