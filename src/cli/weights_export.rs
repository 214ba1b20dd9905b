//! `seglab weights export`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::trained::finished;
use super::weights::write;
use super::{Context, print, printable};
use crate::report::Card;
use crate::store::RunView;
use crate::train::{Trained, choose};
use crate::weights::sha256;

/// Whose weights, and where to.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A finished run, <spec>/<run>, or <spec>/<arm> of an arm with one.
    run: String,
    /// How the file holds them.
    #[arg(long, value_enum, default_value_t = Format::Safetensors)]
    format: Format,
    /// The file; the model card goes beside it, NAME.md [default: RUN.safetensors].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Formats of weights.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Hugging Face's, 32-bit numbers under PyTorch's names.
    Safetensors,
}

pub(super) fn export(context: &Context, args: &ExportArgs) -> anyhow::Result<()> {
    let Format::Safetensors = args.format;
    let run = only(context, &args.run)?;
    let device = choose(context.own_device()).map_err(anyhow::Error::msg)?;
    let trained = Trained::open(&run.dir, &device.device)?;
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.safetensors", run.dir.id())));
    let card_path = out.with_extension("md");
    if card_path.exists() || card_path == out {
        anyhow::bail!("{} is there already; choose another --out", card_path.display());
    }
    write(&out, &trained.torch_tensors())?;
    let written = card(&run, &trained, &out).and_then(|text| {
        std::fs::write(&card_path, text).with_context(|| format!("{} cannot be written", card_path.display()))
    });
    if written.is_err() {
        // weights do not go about without their card
        let _ = std::fs::remove_file(&out);
    }
    written?;
    print(&format!("{}\n{}\n", printable(&out.display().to_string()), printable(&card_path.display().to_string())))
}

fn card(run: &RunView, trained: &Trained, out: &Path) -> anyhow::Result<String> {
    let (origin, sha256) = (run.dir.origin()?, sha256(out)?);
    Ok(Card { run, manifest: &origin.manifest, epoch: trained.epoch, sha256: &sha256 }.markdown()?)
}

fn only(context: &Context, name: &str) -> anyhow::Result<RunView> {
    let mut runs = finished(context, name)?;
    match (runs.pop(), runs.as_slice()) {
        (Some(run), []) => Ok(run),
        (last, others) => {
            let names: Vec<String> = others.iter().chain(&last).map(|view| printable(&view.dir.name())).collect();
            anyhow::bail!("{}: several finished runs; choose one of {}", printable(name), names.join(", "))
        }
    }
}
