//! `seglab`, `seglab run`, `seglab demo`, and the two processes behind them.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::{Context, follow, print, printable, settings};
use crate::executor::{self, Enqueued, places};
use crate::spec::Spec;
use crate::store::{RunDir, Watch};
use crate::tui;
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
    /// A TOML file, or the name of a built-in spec; with @PROFILE behind it, as with --profile.
    spec: PathBuf,
    /// At the smaller sizes of this profile of the spec; its runs belong to SPEC@PROFILE.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    #[command(flatten)]
    options: Options,
}

pub(super) fn dashboard(context: &Context) -> anyhow::Result<ExitCode> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        anyhow::bail!(
            "the dashboard needs a terminal; without one use \"seglab status\", \"seglab run SPEC --headless\""
        );
    }
    watch(context, None, None)
}

pub(super) fn demo(context: &Context, options: &Options) -> anyhow::Result<ExitCode> {
    let spec = Spec::built_in("demo").expect("the demo is built in")?;
    start(context, &spec, options)
}

pub(super) fn run(context: &Context, args: &RunArgs) -> anyhow::Result<ExitCode> {
    let spec = Spec::load(&args.spec)?;
    match &args.profile {
        None => start(context, &spec, &args.options),
        Some(profile) => start(context, &spec.at_profile(profile).map_err(anyhow::Error::msg)?, &args.options),
    }
}

pub(super) fn executor(context: &Context, slots: Option<usize>) -> anyhow::Result<ExitCode> {
    executor::serve(&context.store, slots)?;
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
    // Refused before anything is queued.
    places(&context.settings.device.value).map_err(anyhow::Error::msg)?;
    let runs = enqueue(context, spec)?;
    if options.slots.is_some() && context.store.has_executor() {
        eprintln!("seglab: an executor is at work; its number of slots stays until its queue is empty");
    }
    context.launch(options.slots).ensure(&context.store)?;
    if options.headless || !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return follow::follow(context, &spec.name, &runs, options.slots);
    }
    watch(context, Some(&spec.name), options.slots)
}

/// Plans the spec and queues every run that is not finished.
fn enqueue(context: &Context, spec: &Spec) -> anyhow::Result<Vec<RunDir>> {
    let prepared = executor::prepare(spec, &context.roots, &context.store)?;
    let Enqueued { runs, waiting } = prepared.enqueue(&context.store, &context.settings.device.value)?;
    let part = |n: usize| format!("{n} case{}", if n == 1 { "" } else { "s" });
    if let Some(plan) = prepared.plans.first() {
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
    prepared.warnings().try_for_each(|(arm, warning)| print(&format!("{arm}: {warning}\n")))?;
    Ok(runs)
}

fn watch(context: &Context, spec: Option<&str>, slots: Option<u8>) -> anyhow::Result<ExitCode> {
    let watch = Watch::new(context.store.clone(), spec);
    let settings = &context.settings;
    // A training that was just started is not to be hidden by an old filter.
    let memory = settings::state_folder().filter(|_| spec.is_none() && settings.remember.value);
    let options = tui::Options {
        glyphs: if context.ascii { tui::Glyphs::Ascii } else { tui::Glyphs::Unicode },
        colour: tui::Colour::from_env(),
        ground: settings.palette.value.ground(std::env::var("COLORFGBG").ok().as_deref()),
        images: context.images,
        access: if context.read_only { tui::Access::ReadOnly } else { tui::Access::ReadWrite },
        banner: if spec.is_some() { tui::Banner::WhenSettled } else { tui::Banner::Never },
        notify: settings.notify.value,
        mouse: if settings.mouse.value { tui::Mouse::On } else { tui::Mouse::Off },
        data: settings.data.value.clone(),
        specs: settings.specs.value.clone(),
        memory: memory.map(|folder| tui::remembered::file(&folder, context.store.root())),
    };
    tui::run(watch, &context.launch(slots), options)?;
    Ok(ExitCode::SUCCESS)
}
