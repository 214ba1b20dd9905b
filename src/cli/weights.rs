//! `seglab weights`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Context, model, print, printable, weights_export};
use crate::model::{Import, Named, pretrained_network};
use crate::report::SCHEMA;
use crate::weights::{Architecture, Convention, KNOWN, WeightsFile, open, sha256, write_safetensors};

/// Files of weights.
#[derive(Debug, Args)]
pub struct WeightsArgs {
    #[command(subcommand)]
    command: WeightsCommand,
}

#[derive(Debug, Subcommand)]
enum WeightsCommand {
    /// What is in a file: format, whose weights, every tensor. Nothing of it is executed.
    Inspect {
        /// A .pth or .safetensors file.
        file: PathBuf,
        /// Machine-readable.
        #[arg(long)]
        json: bool,
    },
    /// Write a finished run's weights for PyTorch, with a model card beside.
    Export(weights_export::ExportArgs),
    /// Put a file's weights into a model, and say what became of every tensor.
    Import {
        /// A .pth or .safetensors file.
        file: PathBuf,
        /// Registry name.
        #[arg(long)]
        model: String,
        /// Multiplies the model's channel numbers.
        #[arg(long)]
        width: Option<f64>,
        /// Another key of the model, as in a spec: `--set downs=7`. May be given several times.
        #[arg(long, value_name = "KEY=VALUE")]
        set: Vec<String>,
        /// The file's weights expect Caffe's input (Keras): fold blue, green, red, 0 to 255 into the first convolution,
        /// so that the result takes ImageNet's normalisation.
        #[arg(long, conflicts_with = "imagenet")]
        caffe: bool,
        /// The file's weights expect ImageNet's input: red, green, blue, normalised as torchvision does. The default, but
        /// for names of Keras or Caffe, which need one of the two.
        #[arg(long)]
        imagenet: bool,
        /// Write the model's weights, what stays random behind the encoder included, as safetensors under the model's own
        /// names; only if the file has everything that the model wants of it.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Write them also if not, with random numbers in the gaps.
        #[arg(long, requires = "out")]
        partial: bool,
        /// Machine-readable.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Serialize)]
struct Inspected<'a> {
    schema: u32,
    file: String,
    format: &'static str,
    bytes: u64,
    sha256: String,
    architecture: Option<&'static str>,
    inside: Option<&'a str>,
    tensors: Vec<Listed<'a>>,
    outside: &'a [String],
}

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    dtype: &'static str,
    shape: &'a [usize],
}

#[derive(Serialize)]
struct Imported<'a> {
    schema: u32,
    headline: String,
    #[serde(flatten)]
    import: &'a Import,
}

pub(super) fn weights(context: &Context, args: &WeightsArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        WeightsCommand::Inspect { file, json } => inspect(file, *json)?,
        WeightsCommand::Export(args) => weights_export::export(context, args)?,
        WeightsCommand::Import { file, model, width, set, caffe, imagenet, out, partial, json } => {
            let config = model::named(model, *width, set)?;
            let opened = open(file)?;
            let convention = caffe.then_some(Convention::Caffe).or(imagenet.then_some(Convention::Imagenet));
            let (tensors, import) = pretrained_network(&config, &opened, convention).map_err(anyhow::Error::msg)?;
            let imported = Imported { schema: SCHEMA, headline: import.headline(), import: &import };
            print(&if *json { serde_json::to_string_pretty(&imported)? + "\n" } else { describe(&imported) })?;
            if let Some(out) = out {
                if let Some(gaps) = import.gaps().filter(|_| !partial) {
                    anyhow::bail!(
                        "{}: {gaps}; nothing is written; --partial writes {} with random numbers there",
                        file.display(),
                        out.display()
                    );
                }
                write(out, &tensors)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A file that is not there yet; none is left if it cannot be written whole.
pub(super) fn write(out: &Path, tensors: &[Named]) -> anyhow::Result<()> {
    let fail = || format!("{} cannot be written", out.display());
    let file = File::create_new(out).with_context(fail)?;
    let mut writer = BufWriter::new(file);
    let written = write_safetensors(&mut writer, tensors).and_then(|()| writer.flush());
    if written.is_err() {
        let _ = std::fs::remove_file(out);
    }
    written.with_context(fail)
}

fn inspect(path: &Path, json: bool) -> anyhow::Result<()> {
    let file = open(path)?;
    let listed = file.tensors.iter().map(|t| Listed { name: &t.name, dtype: t.dtype.name(), shape: &t.shape });
    let inspected = Inspected {
        schema: SCHEMA,
        file: path.display().to_string(),
        format: file.format.name(),
        bytes: std::fs::metadata(path)?.len(),
        sha256: sha256(path)?,
        architecture: Architecture::of(&file).map(|architecture| architecture.title),
        inside: file.inside.as_deref(),
        tensors: listed.collect(),
        outside: &file.outside,
    };
    print(&if json { serde_json::to_string_pretty(&inspected)? + "\n" } else { table(&inspected, &file) })
}

fn table(inspected: &Inspected, file: &WeightsFile) -> String {
    let whose = inspected.architecture.unwrap_or("no known network");
    let known = KNOWN.iter().find(|known| inspected.sha256.starts_with(known.sha256_prefix()));
    let known = known.map_or(String::new(), |known| format!(" (torchvision's {})", known.file()));
    let mut text = format!("{}: {}, {} bytes\n", printable(&inspected.file), inspected.format, inspected.bytes);
    let _ = writeln!(text, "sha256 {}{known}", inspected.sha256);
    let inside = inspected.inside.map_or(String::new(), |key| format!(", inside of {:?}", printable(key)));
    let _ = writeln!(text, "{whose}; {} tensors{inside}; {} others", file.tensors.len(), file.outside.len());
    for tensor in &inspected.tensors {
        let _ =
            writeln!(text, "  {:<9} {:<18} {}", tensor.dtype, format!("{:?}", tensor.shape), printable(tensor.name));
    }
    text
}

fn describe(imported: &Imported) -> String {
    let import = imported.import;
    let mut text = format!("{}\n", imported.headline);
    let converted: Vec<String> = import.converted.iter().map(|(dtype, n)| format!("{n} from {dtype}")).collect();
    if !converted.is_empty() {
        let _ = writeln!(text, "converted to float32: {}", converted.join(", "));
    }
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, why) in &import.skipped {
        reasons.entry(why).or_default().push(name);
    }
    for (why, names) in reasons {
        let _ = writeln!(text, "skipped, {}: {}: {}", printable(why), names.len(), printable(&names.join(", ")));
    }
    if !import.folded.is_empty() {
        let names: Vec<&str> = import.folded.iter().map(|(name, _)| name.as_str()).collect();
        let _ = writeln!(text, "folded into convolutions: {}: {}", names.len(), printable(&names.join(", ")));
    }
    for m in &import.mismatched {
        let _ = writeln!(
            text,
            "another shape: {} {:?}, the network's {} {:?}",
            printable(&m.name),
            m.file,
            m.path,
            m.network
        );
    }
    if !import.missing.is_empty() {
        let _ = writeln!(text, "not in the file: {}: {}", import.missing.len(), import.missing.join(", "));
    }
    text
}
