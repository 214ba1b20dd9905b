//! `seglab score`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::print;
use crate::score::score_folders;

/// Two folders of masks.
#[derive(Debug, Args)]
pub struct ScoreArgs {
    /// Predicted masks, one image file a case.
    predictions: PathBuf,
    /// Reference masks under the same names.
    references: PathBuf,
    /// The documented contract instead of a table.
    #[arg(long)]
    json: bool,
}

pub(super) fn score(args: &ScoreArgs) -> anyhow::Result<ExitCode> {
    let scores = score_folders(&args.predictions, &args.references)?;
    print(&if args.json { serde_json::to_string_pretty(&scores)? + "\n" } else { scores.text() })?;
    Ok(ExitCode::SUCCESS)
}
