//! `seglab config`: every setting, its value, where that comes from; and the documented defaults as a file.

use std::fs;
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;

use super::settings::{DOCUMENTED, Setting, Source, config_file, state_folder};
use super::{Context, print, printable};
use crate::tui::Colour;
use crate::weights::{WEIGHTS_ENV, WeightsRoot};

/// What to do with the settings.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Write a file with every setting, its default and what it does.
    #[arg(long)]
    init: bool,
}

pub(super) fn config(context: &Context, args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    if args.init {
        return init();
    }
    let home =
        |path: Option<std::path::PathBuf>| path.map_or("none: HOME is not set".into(), |p| p.display().to_string());
    let there = match config_file() {
        Some(path) if path.is_file() => "",
        _ => " (not there; \"seglab config --init\" writes it)",
    };
    let mut text = format!("file       {}{there}\n", home(config_file()));
    text += &format!("state      {}\n", home(state_folder().map(|folder| folder.join("seglab"))));
    for (name, value, source) in rows(context) {
        text += &format!("{name:<10} {value:<24} {source}\n");
    }
    print(&printable(&text))?;
    Ok(ExitCode::SUCCESS)
}

fn rows(context: &Context) -> Vec<(&'static str, String, String)> {
    let settings = &context.settings;
    let data = settings.data.value.as_ref().map_or("datasets".to_owned(), |path| path.display().to_string());
    let specs = settings.specs.value.as_ref().map_or("none".to_owned(), |path| path.display().to_string());
    vec![
        ("results", settings.results.value.display().to_string(), source(&settings.results)),
        ("data", data, source(&settings.data)),
        ("specs", specs, source(&settings.specs)),
        ("weights", WeightsRoot::from_env().folder().display().to_string(), of_variable(WEIGHTS_ENV)),
        ("ascii", settings.ascii.value.to_string(), source(&settings.ascii)),
        ("images", settings.images.value.name(), source(&settings.images)),
        ("palette", settings.palette.value.name().to_owned(), source(&settings.palette)),
        ("read_only", settings.read_only.value.to_string(), source(&settings.read_only)),
        ("mouse", settings.mouse.value.to_string(), source(&settings.mouse)),
        ("notify", settings.notify.value.name().to_owned(), source(&settings.notify)),
        ("remember", settings.remember.value.to_string(), source(&settings.remember)),
        ("slots", settings.slots.value.map_or_else(|| "auto".to_owned(), |n| n.to_string()), source(&settings.slots)),
        ("device", settings.device.value.to_string(), source(&settings.device)),
        ("colour", format!("{:?}", Colour::from_env()).to_lowercase(), of_colour()),
    ]
}

pub(super) fn source<T>(setting: &Setting<T>) -> String {
    match setting.source {
        Source::Default => "default".to_owned(),
        Source::File => "file".to_owned(),
        Source::Environment(name) => format!("environment, {name}"),
        Source::Flag(name) => format!("flag, {name}"),
    }
}

fn of_variable(name: &str) -> String {
    match std::env::var_os(name).filter(|value| !value.is_empty()) {
        Some(_) => format!("environment, {name}"),
        None => "default".to_owned(),
    }
}

fn of_colour() -> String {
    match std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        true => "environment, NO_COLOR".to_owned(),
        false => of_variable("COLORTERM"),
    }
}

fn init() -> anyhow::Result<ExitCode> {
    let Some(path) = config_file() else { bail!("no place for settings: neither XDG_CONFIG_HOME nor HOME is set") };
    let shown = path.display().to_string();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| shown.clone())?;
    }
    let file = fs::OpenOptions::new().write(true).create_new(true).open(&path);
    let mut file = match file {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!("{shown} is there already; it stays as it is")
        }
        other => other.with_context(|| shown.clone())?,
    };
    file.write_all(DOCUMENTED.as_bytes()).with_context(|| shown.clone())?;
    print(&printable(&format!("{shown}: written; every setting is there with its default, commented out\n")))?;
    Ok(ExitCode::SUCCESS)
}
