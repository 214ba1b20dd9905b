//! `seglab model`.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::print;
use crate::config::within;
use crate::model::{Kind, MODELS, ModelConfig, Row, Summary, Task, summarise};
use crate::report::SCHEMA;

/// A multiple of every network's stride.
const LARGEST_PX: usize = 2048;

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
        /// Another key of the model, as in a spec: `--set downs=7`. May be given several times.
        #[arg(long, value_name = "KEY=VALUE")]
        set: Vec<String>,
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
        ModelCommand::Show { name, input, width, set, batch, json } => {
            within("--batch", *batch as f64, 1.0, 4096.0).map_err(anyhow::Error::msg)?;
            let summary = summarise(&named(name, *width, set)?, *input).map_err(anyhow::Error::msg)?;
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
    let line = |name: &str, params: &str, about: &str| print(&format!("{name:<20} {params:>12}  {about}\n"));
    line("model", "parameters", "")?;
    models.iter().zip(MODELS).try_for_each(|(m, row)| match row.kind {
        Kind::Network => line(m.name, &thousands(m.params), m.about),
        Kind::Pixels => line(m.name, "–", m.about),
    })
}

/// The model `name` with the keys that are given; each in `set` as `key=value`, the value in TOML.
pub(super) fn named(name: &str, width: Option<f64>, set: &[String]) -> anyhow::Result<ModelConfig> {
    let known = || MODELS.iter().map(|row| row.name).collect::<Vec<_>>().join(", ");
    let Some(default) = ModelConfig::named(name) else { anyhow::bail!("no model \"{name}\"; known: {}", known()) };
    let mut keys = toml::Table::new();
    if let Some(width) = width {
        keys.insert("width".to_owned(), width.into());
    }
    for text in set {
        let (key, value) = setting(text)?;
        if keys.insert(key.clone(), value).is_some() {
            anyhow::bail!("--set {text}: {key} is given twice");
        }
    }
    if keys.is_empty() {
        return Ok(default);
    }
    keys.insert("name".to_owned(), name.into());
    let config: ModelConfig = toml::Value::Table(keys)
        .try_into()
        .map_err(|error: toml::de::Error| anyhow::anyhow!("{name}: {}", error.message()))?;
    // numbers alone: every network takes images of this size
    config.check(LARGEST_PX).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
    Ok(config)
}

fn setting(text: &str) -> anyhow::Result<(String, toml::Value)> {
    let expected = || format!("--set {text:?}: expected key=value with a TOML value, such as downs=7 or key='text'");
    let (key, value) = text.split_once('=').with_context(expected)?;
    let key = key.trim();
    anyhow::ensure!(key != "name" && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), expected());
    let mut table: toml::Table = toml::from_str(&format!("value = {value}")).ok().with_context(expected)?;
    anyhow::ensure!(table.len() == 1, expected());
    table.remove("value").map(|value| (key.to_owned(), value)).with_context(expected)
}

fn describe(shown: &Shown) -> String {
    let Shown { summary, batch, step_mib, .. } = shown;
    let Summary { name, params, input_px, macs, kept_mib, stages, discriminator, outputs } = summary;
    if stages.is_empty() {
        return format!("{name} judges each pixel by hand-made features: it has no stages and no trained numbers\n");
    }
    let line = |stage: &str, output: &str, params: &str, macs: &str, kept: &str| {
        format!("{stage:<28} {output:<18} {params:>12} {macs:>10} {kept:>9}\n")
    };
    let mut text = format!("{name}, input [1, 3, {input_px}, {input_px}]\n");
    text += &line("stage", "output", "parameters", "MMACs", "kept MiB");
    for stage in stages {
        let output = stage.output.map_or_else(|| "–".to_owned(), |shape| format!("{shape:?}"));
        text += &line(&stage.name, &output, &thousands(stage.params), &mega(stage.macs), &mib(stage.kept_mib));
    }
    let all = if discriminator.is_some() { "all (generator)" } else { "all" };
    text += &line(all, "", &thousands(*params), &mega(*macs), &mib(*kept_mib));
    if let Some(judge) = discriminator {
        let output = judge.output.map_or_else(|| "–".to_owned(), |shape| format!("{shape:?}"));
        text += &line(&judge.name, &output, &thousands(judge.params), &mega(judge.macs), &mib(judge.kept_mib));
    }
    for (output, shape) in outputs {
        text += &format!("{output:<28} {shape:?}\n");
    }
    let per_image = (shown.summary.step_mib(*batch + 1) - step_mib).max(0.0);
    text + &format!(
        "a training step of {batch} images: about {} MiB = {} for weights, gradients and Adam's moments + {batch} × {} kept\n",
        mib(*step_mib),
        mib(step_mib - *batch as f64 * per_image),
        mib(per_image)
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
    fn keys_are_refused_where_a_model_has_none_and_numbers_out_of_their_range() {
        let refusal = |name: &str, width: Option<f64>, set: &[&str]| {
            let set: Vec<String> = set.iter().map(|text| (*text).to_owned()).collect();
            named(name, width, &set).expect_err(name).to_string()
        };
        assert!(named("unet", Some(0.5), &[]).is_ok());
        assert!(named("pix2pix", None, &["downs=7".to_owned(), "dropout = 0.25".to_owned()]).is_ok());
        assert!(refusal("svm", Some(0.5), &[]).contains("width"));
        assert!(refusal("unet", Some(f64::NAN), &[]).contains("unet: model.width = NaN: expected 0.015"));
        assert!(refusal("pix2pix", None, &["downs=9"]).contains("model.downs = 9: expected 4 to 8"));
        assert!(refusal("pix2pix", None, &["dows=7"]).contains("dows"));
        assert!(refusal("pix2pix", Some(1.0), &["width=0.5"]).contains("width is given twice"));
        for text in ["downs", "downs=", "downs=seven", "name='unet'", "a.b=1", "downs=7\nwidth=0.5"] {
            assert!(refusal("pix2pix", None, &[text]).contains("expected key=value"), "{text}");
        }
    }

    #[test]
    fn a_pixel_classifier_is_said_to_have_no_stages() {
        let summary = summarise(&named("svm", None, &[]).expect("svm"), 64).expect("a summary");
        let text = describe(&Shown { schema: SCHEMA, batch: 8, step_mib: summary.step_mib(8), summary });
        assert!(text.contains("it has no stages") && !text.contains('0'), "{text}");
    }
}
