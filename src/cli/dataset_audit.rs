//! `seglab dataset audit`.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Context, print, printable};
use crate::dataset::Dataset;
use crate::dataset::audit::{Audit, SplitParts, Straddle, audit, corrections, html, straddles, text, whole};
use crate::plan::plan;
use crate::spec::Spec;

/// What `seglab dataset audit` takes.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// Manifest name; every class that its folder holds is looked at, and its curation list is not applied.
    name: String,
    /// How the report is written; html is one file with pictures.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The report's file instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Say which pairs the splits of this spec separate.
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// Say which pairs the splits of this file separate (splits.json, or nnU-Net's splits_final.json).
    #[arg(long, value_name = "FILE", conflicts_with = "spec")]
    splits: Option<PathBuf>,
    /// Also keep the report in the store, where the dashboard shows it.
    #[arg(long)]
    keep: bool,
    /// Write the groups as a curation list, which a manifest can name.
    #[arg(long, value_name = "FILE")]
    write_curation: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Html,
    Json,
}

pub(super) fn run(context: &Context, args: &AuditArgs) -> anyhow::Result<ExitCode> {
    let dataset = Dataset::open(&args.name, &context.roots)?;
    // a mistake in a file is told before minutes of work
    let splits = splits(context, args)?;
    let whole = whole(&dataset)?;
    // a spec's arm may deal cases twice, under names of its own; those of a file are all meant
    if let Some(path) = &args.splits {
        let checked = splits.iter().flatten().try_for_each(|parts| parts.check(&whole));
        checked.map_err(|message| anyhow::anyhow!("{}: {message}", path.display()))?;
    }
    let known = |parts: &SplitParts| parts.train.iter().any(|id| whole.case(id).is_some());
    anyhow::ensure!(splits.iter().flatten().all(known), "the split trains on no case of {}", args.name);
    let reporter = Reporter::new();
    let found = audit(&whole, &dataset.origin.manifest.classes, &|what, done, all| reporter.tell(what, done, all));
    reporter.end();
    if args.keep {
        context.store.keep_audit(&found)?;
    }
    let straddles = splits.map(|splits| straddles(&found.pairs, &splits));
    let report = report(&found, &whole, straddles.as_deref(), args.format)?;
    match &args.out {
        Some(path) => write(path, &report)?,
        None => print(&report)?,
    }
    if let Some(path) = &args.write_curation {
        write(path, &corrections(&found).to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn report(found: &Audit, whole: &Dataset, apart: Option<&[Straddle]>, format: Format) -> anyhow::Result<String> {
    Ok(match format {
        Format::Text => printable(&text(found, apart)),
        Format::Html => html(found, whole, apart),
        Format::Json => serde_json::to_string_pretty(&Report { found, straddles: apart })? + "\n",
    })
}

/// Written without a [`serde_json::Value`], which would widen each `f32`: 0.987 to 0.9869999885559082.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    found: &'a Audit,
    #[serde(skip_serializing_if = "Option::is_none")]
    straddles: Option<&'a [Straddle]>,
}

fn splits(context: &Context, args: &AuditArgs) -> anyhow::Result<Option<Vec<SplitParts>>> {
    if let Some(path) = &args.splits {
        let text = std::fs::read_to_string(path).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
        let splits = SplitParts::parse(&text).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
        return Ok(Some(splits));
    }
    let Some(path) = &args.spec else { return Ok(None) };
    let spec = Spec::load(path)?;
    let dataset = Dataset::open(&spec.dataset, &context.roots)?;
    let owned = |ids: &mut dyn Iterator<Item = &str>| ids.map(str::to_owned).collect();
    let mut splits: Vec<SplitParts> = Vec::new();
    for plan in plan(&spec, &dataset)? {
        let split = &plan.split;
        let parts = SplitParts {
            train: owned(&mut split.train()),
            valid: owned(&mut split.valid()),
            test: owned(&mut split.test()),
        };
        if !splits.contains(&parts) {
            splits.push(parts);
        }
    }
    Ok(Some(splits))
}

fn write(path: &Path, content: &str) -> anyhow::Result<()> {
    std::fs::write(path, content).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
}

/// Tells on standard error how far each stage is, once it has taken a second.
struct Reporter(Mutex<Stage>);

struct Stage {
    what: &'static str,
    began: Instant,
    told: Option<Instant>,
}

impl Reporter {
    fn new() -> Self {
        Self(Mutex::new(Stage { what: "", began: Instant::now(), told: None }))
    }

    fn tell(&self, what: &'static str, done: usize, all: usize) {
        let Ok(mut stage) = self.0.lock() else { return };
        let now = Instant::now();
        if stage.what != what {
            *stage = Stage { what, began: now, told: None };
        }
        let elapsed = now - stage.began;
        let interval =
            if std::io::stderr().is_terminal() { Duration::from_millis(500) } else { Duration::from_secs(10) };
        let last = stage.told.unwrap_or(stage.began);
        if elapsed < Duration::from_secs(1) || now - last < interval {
            return;
        }
        stage.told = Some(now);
        let left_s = elapsed.as_secs_f64() / done as f64 * all.saturating_sub(done) as f64;
        let line = format!("{what}: {done} of {all}, {left_s:.0} s left");
        // a closed standard error is no reason to stop
        let _ = if std::io::stderr().is_terminal() {
            write!(std::io::stderr(), "\r{line}\x1b[K")
        } else {
            writeln!(std::io::stderr(), "{line}")
        };
    }

    fn end(&self) {
        if std::io::stderr().is_terminal() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_json_are_as_short_as_they_were_rounded() {
        let pair = r#"{"first": "a", "other": "b", "kind": "same-frame", "speckle": 0.987, "anatomy": 0.991, "overlap": 1.0,
            "keypoints": 9, "map": {"scale_x": 1.1, "shift_x": 0.0, "scale_y": 1.0, "shift_y": 0.0}, "mask_dsc": 0.7}"#;
        let audit = format!(
            r#"{{"schema": 1, "dataset": "set", "digest": null, "cases": {{"benign": 2}}, "left_out": {{}},
            "duplicate_groups": [], "neighbour_groups": [], "issues": [], "pairs": [{pair}]}}"#
        );
        let audit: Audit = serde_json::from_str(&audit).expect("an audit");
        let whole = Dataset::open("breast-us", &crate::dataset::DataRoots::new(None)).expect("built in");
        let json = report(&audit, &whole, Some(&[]), Format::Json).expect("plain data");
        for part in ["\"speckle\": 0.987,", "\"scale_x\": 1.1,", "\"mask_dsc\": 0.7\n", "\"straddles\": []"] {
            assert!(json.contains(part), "{part}: {json}");
        }
        assert_eq!(serde_json::from_str::<Audit>(&json).expect("reads back"), audit);
        let alone = report(&audit, &whole, None, Format::Json).expect("plain data");
        assert!(!alone.contains("straddles"), "{alone}");
    }
}
