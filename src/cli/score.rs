//! `seglab score`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::print;
use crate::metric::Convention;
use crate::postprocess::PostProcess;
use crate::score::{Predicted, ScoreOptions, score_folders};

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
    /// The predicted files hold probabilities, black 0 and white 1.
    #[arg(long)]
    probabilities: bool,
    /// How other tools read the same masks, beside: monai, nnunet, metrics-reloaded, paper.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "TOOL,…")]
    convention: Vec<Tool>,
    /// Remove predicted islands of fewer pixels.
    #[arg(long, default_value_t = 0, value_name = "PX")]
    min_island_px: u32,
    /// Keep the largest predicted island alone.
    #[arg(long)]
    largest_island: bool,
    /// Fill holes of the prediction.
    #[arg(long)]
    fill_holes: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tool {
    Monai,
    Nnunet,
    MetricsReloaded,
    Paper,
}

impl From<&Tool> for Convention {
    fn from(tool: &Tool) -> Self {
        match tool {
            Tool::Monai => Self::Monai,
            Tool::Nnunet => Self::Nnunet,
            Tool::MetricsReloaded => Self::MetricsReloaded,
            Tool::Paper => Self::Paper,
        }
    }
}

pub(super) fn score(args: &ScoreArgs) -> anyhow::Result<ExitCode> {
    let mut conventions: Vec<Convention> = args.convention.iter().map(Convention::from).collect();
    conventions.sort();
    conventions.dedup();
    let options = ScoreOptions {
        predicted: if args.probabilities { Predicted::Probability } else { Predicted::Mask },
        postprocess: PostProcess {
            min_island_px: args.min_island_px,
            largest_island: args.largest_island,
            fill_holes: args.fill_holes,
        },
        conventions,
    };
    let scores = score_folders(&args.predictions, &args.references, &options)?;
    print(&if args.json { serde_json::to_string_pretty(&scores)? + "\n" } else { scores.text() })?;
    Ok(ExitCode::SUCCESS)
}
