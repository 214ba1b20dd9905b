//! `seglab model`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::print;
use crate::model::{MODELS, ModelConfig, Row, Summary, Task, summarise};
use crate::report::SCHEMA;

/// The registry of models.
#[derive(Debug, Args)]
pub struct ModelArgs {
    #[command(subcommand)]
    command: ModelCommand,
}

#[derive(Debug, Subcommand)]
enum ModelCommand {
    /// Every model with its parameters at full width.
    List {
        /// The documented contract instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// One model stage by stage: output shape, parameters, operations, memory of a training step.
    Show {
        /// Registry name.
        name: String,
        /// Side of the image.
        #[arg(long, default_value_t = 256)]
        input: usize,
        /// Multiplies the channel numbers.
        #[arg(long)]
        width: Option<f64>,
        /// Further keys of the model in a spec, as TOML: "downs = 5".
        #[arg(long, value_name = "TOML")]
        with: Option<String>,
        /// Images a step, for the memory of a training step.
        #[arg(long, default_value_t = 8)]
        batch: usize,
        /// Machine-readable.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Serialize)]
struct List {
    schema: u32,
    models: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    task: Task,
    params: usize,
    about: &'static str,
}

#[derive(Serialize)]
struct Shown {
    schema: u32,
    batch: usize,
    step_mib: f64,
    #[serde(flatten)]
    summary: Summary,
}

pub(super) fn model(args: &ModelArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        ModelCommand::List { json } => list(*json)?,
        ModelCommand::Show { name, input, width, with, batch, json } => {
            let config = match with {
                Some(keys) => with_keys(name, *width, keys)?,
                None => named(name, *width)?,
            };
            let summary = summarise(&config, *input).map_err(anyhow::Error::msg)?;
            let shown = Shown { schema: SCHEMA, batch: *batch, step_mib: summary.step_mib(*batch), summary };
            print(&if *json { serde_json::to_string_pretty(&shown)? + "\n" } else { describe(&shown) })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(json: bool) -> anyhow::Result<()> {
    let listed = |row: &Row| {
        let params = ModelConfig::named(row.name).map_or(0, |config| config.params());
        Listed { name: row.name, task: row.task, params, about: row.about }
    };
    let models: Vec<Listed> = MODELS.iter().map(listed).collect();
    if json {
        return print(&(serde_json::to_string_pretty(&List { schema: SCHEMA, models })? + "\n"));
    }
    models.iter().try_for_each(|m| print(&format!("{:<20} {:>12}  {}\n", m.name, thousands(m.params), m.about)))
}

pub(super) fn named(name: &str, width: Option<f64>) -> anyhow::Result<ModelConfig> {
    let known = || MODELS.iter().map(|row| row.name).collect::<Vec<_>>().join(", ");
    let Some(default) = ModelConfig::named(name) else { anyhow::bail!("no model \"{name}\"; known: {}", known()) };
    let Some(width) = width else { return Ok(default) };
    parsed(name, &format!("width = {width:?}"))
}

fn with_keys(name: &str, width: Option<f64>, keys: &str) -> anyhow::Result<ModelConfig> {
    named(name, None)?;
    let width = width.map_or_else(String::new, |width| format!("width = {width:?}\n"));
    parsed(name, &(width + keys))
}

fn parsed(name: &str, keys: &str) -> anyhow::Result<ModelConfig> {
    let text = format!("name = {name:?}\n{keys}\n");
    toml::from_str(&text).map_err(|error| anyhow::anyhow!("{name}: {}", error.message()))
}

fn describe(shown: &Shown) -> String {
    let Shown { summary, batch, step_mib, .. } = shown;
    let Summary { name, params, input_px, macs, kept_mib, stages, outputs } = summary;
    let line = |stage: &str, output: &str, params: &str, macs: &str, kept: &str| {
        format!("{stage:<28} {output:<18} {params:>12} {macs:>10} {kept:>9}\n")
    };
    let mut text = format!("{name}, input [1, 3, {input_px}, {input_px}]\n");
    text += &line("stage", "output", "parameters", "MMACs", "kept MiB");
    for stage in stages {
        let output = stage.output.map_or_else(|| "–".to_owned(), |shape| format!("{shape:?}"));
        text += &line(&stage.name, &output, &thousands(stage.params), &mega(stage.macs), &mib(stage.kept_mib));
    }
    text += &line("all", "", &thousands(*params), &mega(*macs), &mib(*kept_mib));
    for (output, shape) in outputs {
        text += &format!("{output:<28} {shape:?}\n");
    }
    text + &format!(
        "a training step of {batch} images: about {} MiB = {} for weights, gradients and Adam's moments + {batch} × {} kept\n",
        mib(*step_mib),
        mib(step_mib - *batch as f64 * kept_mib),
        mib(*kept_mib)
    )
}

fn mega(operations: u64) -> String {
    format!("{:.1}", operations as f64 / 1e6)
}

fn mib(size: f64) -> String {
    format!("{size:.1}")
}

/// `31,037,633`.
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let grouped: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|c| std::str::from_utf8(c).unwrap_or("")).collect();
    grouped.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!([0, 999, 1000, 31_037_633].map(thousands), ["0", "999", "1,000", "31,037,633"]);
    }

    #[test]
    fn a_width_is_refused_where_a_model_has_none() {
        assert!(named("svm", Some(0.5)).is_err());
        assert!(named("unet", Some(0.5)).is_ok());
    }

    #[test]
    fn further_keys_are_those_of_a_spec() {
        let model = with_keys("pix2pix", Some(0.125), "downs = 5").expect("both are its own");
        assert!(toml::to_string(&model).expect("TOML").contains("downs = 5"));
        assert!(with_keys("unet", None, "downs = 5").is_err_and(|error| error.to_string().contains("downs")));
        assert!(with_keys("svn", None, "").is_err());
    }
}
