//! `seglab doctor`: what works here, and what to do where it does not.

use std::io::IsTerminal;
use std::process::ExitCode;

use super::{Context, print};
use crate::dataset::{Dataset, Layout, manifests};
use crate::store::write_atomic;
use crate::train::choose;

/// Less free space than this is worth a word.
const LITTLE_DISK_MIB: u64 = 2048;

pub(super) fn doctor(context: &Context) -> anyhow::Result<ExitCode> {
    let store = store(context);
    let lines = [
        Ok(format!("seglab    {}", env!("CARGO_PKG_VERSION"))),
        Ok(format!("device    {}", choose().label)),
        Ok(terminal(context)),
        store,
    ];
    let mut healthy = true;
    for line in lines.into_iter().chain(data(context)) {
        healthy &= line.is_ok();
        let (mark, text) = match &line {
            Ok(text) => ("ok  ", text),
            Err(text) => ("BAD ", text),
        };
        print(&format!("{mark} {}\n", super::printable(text)))?;
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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

/// A data set that is not here is no fault: it is said, with where to put it.
fn data(context: &Context) -> Vec<Result<String, String>> {
    let line = |manifest: Result<crate::dataset::Manifest, crate::dataset::DatasetError>| match manifest {
        Err(error) => Err(format!("data      {error}")),
        Ok(manifest) if matches!(manifest.layout, Layout::Phantom { .. }) => {
            Ok(format!("data      {}: built in", manifest.name))
        }
        Ok(manifest) => match Dataset::open(&manifest.name, &context.roots) {
            Ok(dataset) => Ok(format!("data      {}: {} cases", manifest.name, dataset.cases.len())),
            Err(error) => Ok(format!("data      {error}")),
        },
    };
    manifests().into_iter().map(line).collect()
}
