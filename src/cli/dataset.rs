//! `seglab dataset`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::dataset_audit::{self, AuditArgs};
use super::dataset_splits::{SplitsArgs, splits};
use super::{Context, print, printable};
use crate::dataset::sheet::contact_sheet;
use crate::dataset::{Case, Dataset, Layout, Verification, manifests, verify};

/// The data sets.
#[derive(Debug, Args)]
pub struct DatasetArgs {
    #[command(subcommand)]
    command: DatasetCommand,
}

#[derive(Debug, Subcommand)]
enum DatasetCommand {
    /// Every data set that a spec can name, and whether it is here.
    List,
    /// Decode every file; say what is missing or odd.
    Verify {
        /// Manifest name.
        name: String,
        /// Machine-readable.
        #[arg(long)]
        json: bool,
    },
    /// Duplicates, neighbouring frames, odd masks, burned-in text; which pairs a split separates.
    Audit(AuditArgs),
    /// Counts, sizes, tumour areas, and a contact sheet as PNG.
    Show {
        /// Manifest name.
        name: String,
        /// The contact sheet's file.
        #[arg(long, value_name = "FILE")]
        sheet: Option<PathBuf>,
    },
    /// Divide into train, valid and test; write the parts as a file.
    Splits(SplitsArgs),
}

pub(super) fn dataset(context: &Context, args: &DatasetArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        DatasetCommand::List => list(context),
        DatasetCommand::Verify { name, json } => check(context, name, *json),
        DatasetCommand::Audit(args) => dataset_audit::run(context, args),
        DatasetCommand::Show { name, sheet } => show(context, name, sheet.clone()),
        DatasetCommand::Splits(args) => splits(context, args),
    }
}

fn list(context: &Context) -> anyhow::Result<ExitCode> {
    for manifest in manifests() {
        let line = match manifest {
            Err(error) => error.to_string(),
            Ok(manifest) => {
                let here = match (&manifest.layout, context.roots.folder_of(&manifest)) {
                    (Layout::Phantom { .. }, _) => "built in".to_owned(),
                    (_, Ok(folder)) => folder.display().to_string(),
                    (_, Err(_)) => format!("not here; from {}", manifest.origin),
                };
                format!("{:<12} {}  [{here}]", manifest.name, manifest.title)
            }
        };
        print(&(printable(&line) + "\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn check(context: &Context, name: &str, json: bool) -> anyhow::Result<ExitCode> {
    let dataset = Dataset::open(name, &context.roots)?;
    let verification = verify(&dataset);
    if json {
        print(&(serde_json::to_string_pretty(&verification)? + "\n"))?;
    } else {
        print(&printable(&describe(&verification)))?;
    }
    Ok(if verification.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(context: &Context, name: &str, sheet: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let dataset = Dataset::open(name, &context.roots)?;
    let manifest = &dataset.origin.manifest;
    print(&printable(&format!(
        "{}: {}\norigin: {}\nlicence: {}\n",
        manifest.name, manifest.title, manifest.origin, manifest.licence
    )))?;
    print(&printable(&describe(&verify(&dataset))))?;
    let path = sheet.unwrap_or_else(|| PathBuf::from(format!("{name}-sheet.png")));
    let cases: Vec<&Case> = dataset.cases.iter().collect();
    contact_sheet(&cases, 8, 128)?.save(&path).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
    print(&format!("contact sheet: {}\n", path.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn describe(found: &Verification) -> String {
    let classes: Vec<String> = found.per_class.iter().map(|(class, n)| format!("{} {n}", class.name())).collect();
    let mut text = format!("cases: {} ({})\n", found.cases, classes.join(", "));
    if let Some(s) = &found.sizes {
        let (w, h) = ((s.min_width_px, s.max_width_px), (s.min_height_px, s.max_height_px));
        text += &format!("image size: {}–{} × {}–{} px\n", w.0, w.1, h.0, h.1);
    }
    if let Some(q) = &found.mask_area {
        let percent = [q.min, q.q1, q.median, q.q3, q.max].map(|share| format!("{:.1} %", 100.0 * share));
        text += &format!("tumour's share of the image (min, quartiles, max): {}\n", percent.join(", "));
    }
    if found.grey_masks > 0 {
        text += &format!("mask files with values other than 0 and 255: {}\n", found.grey_masks);
    }
    text += &format!("digest: {}\n", found.digest.as_deref().unwrap_or("none: a file cannot be read"));
    match found.findings.len() {
        0 => text += "nothing is wrong\n",
        n => text += &format!("{n} found wrong:\n"),
    }
    for finding in &found.findings {
        text += &format!("  {}\n", finding.detail);
    }
    text
}
