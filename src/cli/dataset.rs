//! `seglab dataset`.

use std::fs::OpenOptions;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::{Args, Subcommand};

use super::dataset_audit::{self, AuditArgs};
use super::dataset_splits::{SplitsArgs, splits};
use super::{Context, print, printable};
use crate::dataset::sheet::contact_sheet;
use crate::dataset::{
    Case, Dataset, DatasetError, Import, Layout, Manifest, Origin, Verification, import, manifests, verify_with,
};

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
    /// Guess how a folder of images and masks is laid out; show what was understood, or write it as a manifest.
    Import {
        /// The folder.
        path: PathBuf,
        /// The data set's name; the folder's if absent.
        #[arg(long)]
        name: Option<String>,
        /// Write datasets/NAME.toml.
        #[arg(long)]
        write: bool,
        /// Also over a file that is there.
        #[arg(long, requires = "write")]
        force: bool,
    },
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
    /// A contact sheet of augmented variants, as PNG and in the terminal.
    Preview(super::preview::PreviewArgs),
}

pub(super) fn dataset(context: &Context, args: &DatasetArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        DatasetCommand::List => list(context),
        DatasetCommand::Verify { name, json } => check(context, name, *json),
        DatasetCommand::Audit(args) => dataset_audit::run(context, args),
        DatasetCommand::Import { path, name, write, force } => {
            let import = understand(path, name.as_deref())?;
            print(&printable(&account(&import)))?;
            if *write {
                context.may_write()?;
                save(&import, *force)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        DatasetCommand::Show { name, sheet } => show(context, name, sheet.clone()),
        DatasetCommand::Splits(args) => splits(context, args),
        DatasetCommand::Preview(args) => super::preview::preview(context, args),
    }
}

fn list(context: &Context) -> anyhow::Result<ExitCode> {
    for manifest in manifests() {
        let line = match manifest {
            Err(error) => error.to_string(),
            Ok(manifest) => {
                let here = match context.roots.folder_of(&manifest) {
                    _ if !manifest.layout.has_files() => "built in".to_owned(),
                    Ok(folder) if holds_no_case(&manifest, &folder) => {
                        format!(
                            "{0}: other files than expected; \"seglab dataset import {0}\" says what is there",
                            folder.display()
                        )
                    }
                    Ok(folder) => folder.display().to_string(),
                    Err(_) => format!("not here; from {}", manifest.origin),
                };
                format!("{:<18} {}  [{here}]", manifest.name, manifest.title)
            }
        };
        print(&(printable(&line) + "\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether the folder's listing shows that it is laid out otherwise; volumes are not read for it.
fn holds_no_case(manifest: &Manifest, folder: &Path) -> bool {
    let by_names = matches!(manifest.layout, Layout::Pairs(_) | Layout::Busi {});
    let origin = || Origin { manifest: manifest.clone(), folder: Some(folder.to_owned()) };
    by_names && matches!(Dataset::at(origin()), Err(DatasetError::Empty { .. }))
}

fn check(context: &Context, name: &str, json: bool) -> anyhow::Result<ExitCode> {
    let opened = Dataset::open_faulty(name, &context.roots).map_err(|error| match error {
        // not one case is left to verify
        DatasetError::Several { name, faults } => {
            let all: String = faults.iter().map(|fault| format!("\n  {fault}")).collect();
            anyhow::anyhow!("{name}: no case; {} files are wrong:{all}", faults.len())
        }
        error => error.into(),
    });
    let (dataset, faults) = opened?;
    let verification = verified(&dataset).with_faults(&faults);
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
    print(&printable(&describe(&verified(&dataset))))?;
    let path = sheet.unwrap_or_else(|| PathBuf::from(format!("{name}-sheet.png")));
    let cases: Vec<&Case> = dataset.cases.iter().collect();
    contact_sheet(&cases, 8, 128)?.save(&path).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
    print(&format!("contact sheet: {}\n", path.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Verifies, and says on a terminal how far it is once a second has gone by.
fn verified(dataset: &Dataset) -> Verification {
    let (start, cases) = (Instant::now(), dataset.cases.len());
    let shown = AtomicU64::new(0);
    let progress = |done: usize| {
        let elapsed_s = start.elapsed().as_secs_f64();
        // one thread a second finds the number lower than its own
        if shown.fetch_max(elapsed_s as u64, Ordering::Relaxed) < elapsed_s as u64 {
            let left_s = elapsed_s / done as f64 * cases.saturating_sub(done) as f64;
            eprint!("\r{done} of {cases} cases, {left_s:.0} s left \u{1b}[K");
        }
    };
    if !std::io::stderr().is_terminal() {
        return verify_with(dataset, &|_| {});
    }
    let verification = verify_with(dataset, &progress);
    if shown.load(Ordering::Relaxed) > 0 {
        eprint!("\r\u{1b}[K");
    }
    verification
}

fn understand(path: &Path, name: Option<&str>) -> anyhow::Result<Import> {
    let folder = path.canonicalize().map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    let own = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_lowercase();
    let own: String =
        own.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    Ok(import(&folder, name.unwrap_or(&own))?)
}

/// What was understood, for people: counts, three cases, what is not sure, the manifest, what to do next.
fn account(import: &Import) -> String {
    let Dataset { origin, cases } = &import.dataset;
    let subjects = origin.manifest.expected_subjects.unwrap_or(0);
    let classes: Vec<String> =
        origin.manifest.expected.iter().map(|(class, n)| format!("{} {n}", class.name())).collect();
    let mut text = format!("{} cases ({}) of {subjects} subjects\n\n", cases.len(), classes.join(", "));
    let folder = origin.folder.as_deref().unwrap_or(Path::new(""));
    for at in [0, cases.len() / 2, cases.len().saturating_sub(1)] {
        let case = &cases[at];
        let files = case.files();
        let short = |file: &&Path| file.strip_prefix(folder).unwrap_or(file).display().to_string();
        let more = if files.len() > 4 { format!(" and {} more", files.len() - 4) } else { String::new() };
        let files = files.iter().take(4).map(short).collect::<Vec<_>>().join(" + ");
        text += &format!("  {} (subject {}, {}): {files}{more}\n", case.id, case.subject, case.class.name());
    }
    text += &match import.to_toml() {
        Ok(manifest) => format!("\n{manifest}"),
        Err(error) => format!("\n{error}\n"),
    };
    let parent = folder.parent().unwrap_or(folder).display();
    let name = &origin.manifest.name;
    text + &format!(
        "\nnext: --write makes datasets/{name}.toml of it; then seglab --data {parent} dataset verify {name}\n"
    )
}

fn save(import: &Import, force: bool) -> anyhow::Result<()> {
    let name = &import.dataset.origin.manifest.name;
    let plain = !name.starts_with('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !plain || name.is_empty() {
        anyhow::bail!("--name {name:?}: expected letters, digits, -, _ and . only");
    }
    let path = Path::new("datasets").join(format!("{name}.toml"));
    std::fs::create_dir_all("datasets")?;
    let mut options = OpenOptions::new();
    options.write(true).create(force).truncate(force).create_new(!force);
    let opened = options.open(&path);
    let mut file =
        opened.map_err(|e| anyhow::anyhow!("{}: {e}; --force writes over a file that is there", path.display()))?;
    file.write_all(import.to_toml()?.as_bytes())?;
    print(&format!("written: {}\n", path.display()))
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
