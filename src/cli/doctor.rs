//! `seglab doctor`: what works here, and what to do where it does not.

use std::io::IsTerminal;
use std::process::ExitCode;

use super::{Context, print};
use crate::dataset::{Dataset, Layout, manifests};
use crate::device::Offer;
use crate::executor::{Worker, candidates, workers};
use crate::store::write_atomic;
use crate::train::offers;
use crate::version::VERSION;

/// Less free space than this is worth a word.
const LITTLE_DISK_MIB: u64 = 2048;

pub(super) fn doctor(context: &Context) -> anyhow::Result<ExitCode> {
    let store = match store(context) {
        Ok(text) => (Mark::Good, text),
        Err(text) => (Mark::Bad, text),
    };
    let version = (Mark::Good, format!("seglab    {VERSION}"));
    let lines = [version, (Mark::Good, terminal(context)), store];
    let mut healthy = true;
    for (mark, text) in lines.into_iter().chain(devices_of(&workers())).chain(data(context)) {
        healthy &= mark != Mark::Bad;
        print(&format!("{} {}\n", mark.text(), super::printable(&text)))?;
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Good,
    /// A device or a data set that is not here, or not as expected: no fault of this machine.
    Absent,
    Bad,
}

impl Mark {
    fn text(self) -> &'static str {
        match self {
            Mark::Good => "ok  ",
            Mark::Absent => "–   ",
            Mark::Bad => "BAD ",
        }
    }
}

/// What this build can compute on, for a lab that looks for workers.
pub(super) fn devices() -> anyhow::Result<ExitCode> {
    print(&serde_json::to_string(&offers())?)?;
    Ok(ExitCode::SUCCESS)
}

/// Each device of each worker, and why not; then how to get the workers that are not here.
fn devices_of(workers: &[Worker]) -> Vec<(Mark, String)> {
    let mut lines = Vec::new();
    for worker in workers {
        let program = worker.program.display();
        match &worker.offers {
            Err(reason) => lines.push((Mark::Absent, format!("device    {program}: {reason}"))),
            Ok(offers) => lines.extend(offers.iter().map(|Offer { device, refusal, emulated }| match refusal {
                None if *emulated => {
                    let chosen = "computed by the processor, taken only by name";
                    (Mark::Good, format!("device    {device} by {program}: {chosen}"))
                }
                None => (Mark::Good, format!("device    {device} by {program}")),
                Some(reason) => (Mark::Absent, format!("device    {device} by {program}: {reason}")),
            })),
        }
    }
    let own = workers.first().map(|worker| worker.program.as_path());
    for feature in ["tch", "wgpu"] {
        let built = |offer: &Offer| offer.device.feature() == feature;
        let known = workers.iter().filter_map(|worker| worker.offers.as_ref().ok()).flatten().any(built);
        let there = own.is_some_and(|own| candidates(own, feature).iter().any(|program| program.is_file()));
        if !known && !there {
            lines.push((Mark::Absent, format!("device    {feature}: no worker; \"just worker {feature}\" makes one")));
        }
    }
    lines
}

fn terminal(context: &Context) -> String {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| "–".to_owned());
    let size = ratatui::crossterm::terminal::size().map_or("unknown size".to_owned(), |(w, h)| format!("{w}×{h}"));
    match std::io::stdout().is_terminal() {
        true => format!(
            "terminal  {size}, TERM {}, COLORTERM {}, pictures {:?}",
            variable("TERM"),
            variable("COLORTERM"),
            context.images
        ),
        false => "terminal  none: plain progress lines instead of the dashboard".to_owned(),
    }
}

fn store(context: &Context) -> Result<String, String> {
    let root = context.store.root();
    let shown = root.display();
    let probe = root.join(".doctor");
    std::fs::create_dir_all(root)
        .and_then(|()| write_atomic(&probe, b"seglab"))
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|error| format!("results   {shown}: {error}; choose another with --results DIR"))?;
    let free = rustix::fs::statvfs(root).map(|s| (s.f_bavail * s.f_frsize) >> 20).map_err(|error| error.to_string())?;
    match free < LITTLE_DISK_MIB {
        true => Err(format!("results   {shown}: only {free} MiB free")),
        false => Ok(format!("results   {shown}: writable, {free} MiB free")),
    }
}

/// A data set that is not here is said, with where to put it.
fn data(context: &Context) -> Vec<(Mark, String)> {
    let line = |manifest: Result<crate::dataset::Manifest, crate::dataset::DatasetError>| match manifest {
        Err(error) => (Mark::Bad, format!("data      {error}")),
        Ok(manifest) if matches!(manifest.layout, Layout::Phantom { .. }) => {
            (Mark::Good, format!("data      {}: built in", manifest.name))
        }
        Ok(manifest) => match Dataset::open(&manifest.name, &context.roots) {
            Ok(dataset) => (Mark::Good, format!("data      {}: {} cases", manifest.name, dataset.cases.len())),
            // of several faults, how many there are
            Err(error) => (Mark::Absent, format!("data      {}", error.to_string().lines().next().unwrap_or_default())),
        },
    };
    manifests().into_iter().map(line).collect()
}
