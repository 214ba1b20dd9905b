//! `seglab audit`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::{print, printable};
use crate::audit::{self, Format, MAX_BYTES, Published};

/// Consistency of published numbers.
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Which printed numbers cannot be true together, and why.
    Published {
        /// Tables to audit, written like baselines/published.toml; without it, the papers built in.
        file: Option<PathBuf>,
        /// How to print what was found.
        #[arg(long, value_enum, default_value_t = Choice::Text)]
        format: Choice,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Choice {
    Text,
    Md,
    Json,
}

pub(super) fn audit(args: &AuditArgs) -> anyhow::Result<ExitCode> {
    let AuditCommand::Published { file, format } = &args.command;
    let format = match format {
        Choice::Text => Format::Text,
        Choice::Md => Format::Markdown,
        Choice::Json => Format::Json,
    };
    let own = file.as_deref().map(load).transpose()?;
    let published = own.as_ref().unwrap_or_else(|| audit::published());
    print(&printable(&audit::render(published, &audit::findings(published), format)))?;
    Ok(ExitCode::SUCCESS)
}

/// Reads no further than a list of tables can reach.
fn load(path: &Path) -> anyhow::Result<Published> {
    let shown = path.display().to_string();
    let mut text = String::new();
    let open = std::fs::File::open(path).map_err(|error| anyhow::anyhow!("{shown}: {error}"))?;
    open.take(MAX_BYTES as u64 + 1).read_to_string(&mut text).map_err(|error| anyhow::anyhow!("{shown}: {error}"))?;
    Ok(Published::parse(&text, &shown)?)
}
