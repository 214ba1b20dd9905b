//! What can be set, and where each value comes from: a flag, else the environment, else the user's file, else the default.

use std::fs;
use std::num::NonZeroU8;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

use super::Global;
use super::pictures::Pictures;
use crate::config::place;
use crate::dataset::DATA_ENV;
use crate::device::Choice;
use crate::tui::{Notify, Shades};

/// A larger file is not ours.
const LIMIT_BYTES: u64 = 64 << 10;

/// The user's file with every setting, each with its default and commented out.
pub(super) const DOCUMENTED: &str = r#"# Settings of seglab. A flag wins, then the environment, then this file; "seglab config" shows what holds.

# Folder of the runs, from the working directory. Flag --results, environment SEGLAB_RESULTS.
# results = "results"

# Folder that holds one folder per data set; unset: datasets/. Flag --data, environment SEGLAB_DATA.
# data = "/data"

# Folder whose specs the Launch screen lists, beside those in baselines/, in the working directory and in the store; unset:
# none. Flag --specs, environment SEGLAB_SPECS.
# specs = "/specs"

# Draw with ASCII characters only. Flag --ascii.
# ascii = false

# How the dashboard draws pictures: auto, kitty, sixel, iterm2, half or off. Flag --images, environment SEGLAB_IMAGES.
# images = "auto"

# Colours of the dashboard for a ground that is dark or light; auto: as COLORFGBG says, else dark. Flag --palette,
# environment SEGLAB_PALETTE.
# palette = "auto"

# Look, change nothing. Flag --read-only.
# read_only = false

# Wheel and clicks in the dashboard; the terminal's own selection then needs Shift. Flag --no-mouse, environment SEGLAB_MOUSE.
# mouse = true

# How the dashboard says that a run has ended: off, bell, osc9, osc777 or all. Flag --notify, environment SEGLAB_NOTIFY.
# notify = "bell"

# Runs at a time; unset: one on each GPU, one on a CPU. Flag --slots of run, demo and resume, environment SEGLAB_SLOTS.
# slots = 1

# What runs compute on: auto (every GPU that a worker can use, else flex), or names, separated by commas; "seglab doctor"
# lists them. Flag --device, environment SEGLAB_DEVICE.
# device = "auto"

# Open the dashboard as it was left: screen, filter, order, groups, chosen run.
# remember = true
"#;

/// What the user's file says.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    results: Option<PathBuf>,
    data: Option<PathBuf>,
    specs: Option<PathBuf>,
    ascii: Option<bool>,
    images: Option<Pictures>,
    palette: Option<Shades>,
    read_only: Option<bool>,
    mouse: Option<bool>,
    notify: Option<Notify>,
    remember: Option<bool>,
    slots: Option<NonZeroU8>,
    device: Option<Choice>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Default,
    File,
    Environment(&'static str),
    Flag(&'static str),
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting<T> {
    pub value: T,
    pub source: Source,
}

/// Every setting.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    pub results: Setting<PathBuf>,
    pub data: Setting<Option<PathBuf>>,
    pub specs: Setting<Option<PathBuf>>,
    pub ascii: Setting<bool>,
    pub images: Setting<Pictures>,
    pub palette: Setting<Shades>,
    pub read_only: Setting<bool>,
    pub mouse: Setting<bool>,
    pub notify: Setting<Notify>,
    pub remember: Setting<bool>,
    pub slots: Setting<Option<NonZeroU8>>,
    pub device: Setting<Choice>,
}

/// A variable of the environment; an empty one is none.
type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A value that was given somewhere above the user's file.
type Given<T> = Option<(T, Source)>;

impl File {
    /// The user's file; nothing is set if there is none.
    pub fn load() -> anyhow::Result<Self> {
        let Some(path) = config_file() else { return Ok(Self::default()) };
        match fs::metadata(&path) {
            Err(_) => return Ok(Self::default()),
            Ok(file) if file.len() > LIMIT_BYTES => bail!("{}: larger than {} KiB", path.display(), LIMIT_BYTES >> 10),
            Ok(_) => {}
        }
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Self::parse(&text, &path)
    }

    fn parse(text: &str, path: &Path) -> anyhow::Result<Self> {
        toml::from_str(text).map_err(|error| {
            let place = place(&path.display().to_string(), text, &error);
            anyhow::anyhow!("{place}: {}", error.message())
        })
    }
}

impl Settings {
    /// The settings that hold.
    pub fn resolve(flags: &Global, variables: Variables, file: File) -> anyhow::Result<Self> {
        let switched = |to: Option<bool>, name| to.map(|to| (to, Source::Flag(name)));
        let results = path_of(&flags.results, "--results", ("SEGLAB_RESULTS", variables));
        let data = path_of(&flags.data, "--data", (DATA_ENV, variables)).map(|(path, source)| (Some(path), source));
        let specs = path_of(&flags.spec_folder, "--specs", ("SEGLAB_SPECS", variables));
        let notify = match flags.notify {
            Some(notify) => Some((notify, Source::Flag("--notify"))),
            None => parsed("SEGLAB_NOTIFY", variables, notify_named)?,
        };
        let images = match flags.images {
            Some(images) => Some((images, Source::Flag("--images"))),
            None => parsed("SEGLAB_IMAGES", variables, Pictures::named)?,
        };
        let palette = match flags.palette {
            Some(palette) => Some((palette, Source::Flag("--palette"))),
            None => parsed("SEGLAB_PALETTE", variables, shades_named)?,
        };
        let mouse = match flags.no_mouse {
            true => Some((false, Source::Flag("--no-mouse"))),
            false => parsed("SEGLAB_MOUSE", variables, on_or_off)?,
        };
        let slots = parsed("SEGLAB_SLOTS", variables, how_many)?;
        let device = match &flags.device {
            Some(device) => Some((device.clone(), Source::Flag("--device"))),
            None => parsed("SEGLAB_DEVICE", variables, str::parse)?,
        };
        Ok(Self {
            results: settle(results, file.results, PathBuf::from("results")),
            data: settle(data, file.data.map(Some), None),
            specs: settle(specs.map(|(path, source)| (Some(path), source)), file.specs.map(Some), None),
            ascii: settle(switched(flags.ascii, "--ascii"), file.ascii, false),
            images: settle(images, file.images, Pictures::default()),
            palette: settle(palette, file.palette, Shades::default()),
            read_only: settle(switched(flags.read_only, "--read-only"), file.read_only, false),
            mouse: settle(mouse, file.mouse, true),
            notify: settle(notify, file.notify, Notify::default()),
            remember: settle(None, file.remember, true),
            slots: settle(slots.map(|(slots, source)| (Some(slots), source)), file.slots.map(Some), None),
            device: settle(device, file.device, Choice::Auto),
        })
    }
}

fn settle<T>(given: Given<T>, file: Option<T>, default: T) -> Setting<T> {
    let (value, source) =
        given.or_else(|| file.map(|value| (value, Source::File))).unwrap_or((default, Source::Default));
    Setting { value, source }
}

fn path_of(
    flag: &Option<PathBuf>,
    name: &'static str,
    (variable, variables): (&'static str, Variables),
) -> Given<PathBuf> {
    let of_flag = flag.clone().map(|path| (path, Source::Flag(name)));
    let of_variable = || variables(variable).filter(|value| !value.is_empty());
    of_flag.or_else(|| of_variable().map(|value| (PathBuf::from(value), Source::Environment(variable))))
}

fn parsed<T>(
    name: &'static str,
    variables: Variables,
    parse: fn(&str) -> Result<T, String>,
) -> anyhow::Result<Given<T>> {
    let Some(text) = variables(name).filter(|value| !value.is_empty()) else { return Ok(None) };
    let value = parse(&text).map_err(|message| anyhow::anyhow!("{name}={text}: {message}"))?;
    Ok(Some((value, Source::Environment(name))))
}

/// The way to notify that is called `name`.
pub(super) fn notify_named(name: &str) -> Result<Notify, String> {
    let found = Notify::ALL.into_iter().find(|notify| notify.name() == name);
    found.ok_or_else(|| "expected off, bell, osc9, osc777 or all".to_owned())
}

/// The shades that are called `name`.
pub(super) fn shades_named(name: &str) -> Result<Shades, String> {
    let found = Shades::ALL.into_iter().find(|shades| shades.name() == name);
    found.ok_or_else(|| "expected auto, dark or light".to_owned())
}

fn how_many(text: &str) -> Result<NonZeroU8, String> {
    text.parse().map_err(|_| "expected a number from 1 to 255".to_owned())
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "1" | "true" | "on" => Ok(true),
        "0" | "false" | "off" => Ok(false),
        _ => Err("expected on or off".to_owned()),
    }
}

/// `XDG_CONFIG_HOME/seglab/config.toml`; `None` for a user without a home.
pub(super) fn config_file() -> Option<PathBuf> {
    Some(folder("XDG_CONFIG_HOME", ".config")?.join("seglab").join("config.toml"))
}

/// `XDG_STATE_HOME`.
pub(super) fn state_folder() -> Option<PathBuf> {
    folder("XDG_STATE_HOME", ".local/state")
}

/// By the XDG base directory specification: a relative path is no path.
fn folder(variable: &str, in_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| Some(absolute("HOME")?.join(in_home)))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn resolved(arguments: &[&str], variables: &[(&str, &str)], file: &str) -> anyhow::Result<Settings> {
        let cli = Cli::parse_from([&["seglab"], arguments].concat());
        let variable = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Settings::resolve(&cli.global, &variable, File::parse(file, Path::new("config.toml"))?)
    }

    #[test]
    fn a_flag_wins_then_the_environment_then_the_file() {
        let file = "results = \"c\"\nnotify = \"osc9\"\nmouse = false";
        let settings = resolved(&["status", "--results", "a"], &[("SEGLAB_RESULTS", "b")], file).expect("settings");
        assert_eq!((settings.results.value, settings.results.source), ("a".into(), Source::Flag("--results")));
        assert_eq!((settings.notify.value, settings.notify.source), (Notify::Osc9, Source::File));
        assert_eq!((settings.ascii.value, settings.ascii.source), (false, Source::Default));
        let variables = [("SEGLAB_RESULTS", "b"), ("SEGLAB_MOUSE", "on"), ("SEGLAB_DATA", "")];
        let settings = resolved(&[], &variables, file).expect("settings");
        assert_eq!(
            (settings.results.value, settings.results.source),
            ("b".into(), Source::Environment("SEGLAB_RESULTS"))
        );
        assert_eq!((settings.mouse.value, settings.mouse.source), (true, Source::Environment("SEGLAB_MOUSE")));
        assert_eq!((settings.data.value, settings.data.source), (None, Source::Default));
        assert!(!resolved(&["--no-mouse"], &variables, "").expect("settings").mouse.value);
    }

    #[test]
    fn a_wrong_value_is_an_error_with_its_place() {
        for (variables, file, expected) in [
            (vec![], "\n\nmuose = true", "config.toml:3: unknown field `muose`"),
            (vec![], "mouse = true\nnotify = \"horn\"", "config.toml:2: unknown variant `horn`"),
            (vec![], "ascii = 3", "config.toml:1: "),
            (vec![("SEGLAB_NOTIFY", "horn")], "", "SEGLAB_NOTIFY=horn: expected off, bell"),
            (vec![], "images = \"gif\"", "config.toml:1: unknown variant `gif`"),
            (vec![("SEGLAB_IMAGES", "gif")], "", "SEGLAB_IMAGES=gif: expected auto, kitty"),
            (vec![("SEGLAB_PALETTE", "pink")], "", "SEGLAB_PALETTE=pink: expected auto, dark or light"),
            (vec![("SEGLAB_SLOTS", "0")], "", "SEGLAB_SLOTS=0: expected a number from 1"),
            (vec![("SEGLAB_DEVICE", "gpu")], "", "SEGLAB_DEVICE=gpu: no device is called \"gpu\"; expected auto, flex"),
            (vec![], "\ndevice = \"gpu\"", "config.toml:2: no device is called \"gpu\""),
            (vec![("SEGLAB_MOUSE", "?")], "", "SEGLAB_MOUSE=?: expected on or off"),
        ] {
            let error = resolved(&[], &variables, file).expect_err(expected).to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        let uncommented: String = DOCUMENTED
            .lines()
            .map(|line| {
                line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or_default().to_owned() + "\n"
            })
            .collect();
        let documented = resolved(&[], &[], &uncommented).expect("the file is understood");
        let defaults = resolved(&[], &[], DOCUMENTED).expect("comments only");
        assert_eq!(defaults.results.source, Source::Default);
        assert_eq!(documented.data.value, Some("/data".into()));
        assert_eq!((documented.specs.value, defaults.specs.value), (Some("/specs".into()), None));
        assert_eq!(documented.results.value, defaults.results.value);
        assert_eq!(
            (documented.ascii.value, documented.read_only.value),
            (defaults.ascii.value, defaults.read_only.value)
        );
        assert_eq!((documented.mouse.value, documented.notify.value), (defaults.mouse.value, defaults.notify.value));
        assert_eq!(documented.remember.value, defaults.remember.value);
        assert_eq!((documented.palette.value, documented.palette.source), (defaults.palette.value, Source::File));
        assert_eq!((documented.slots.value, documented.slots.source), (Some(NonZeroU8::MIN), Source::File));
        assert_eq!((documented.images.value, documented.images.source), (defaults.images.value, Source::File));
        for source in [documented.ascii.source, documented.mouse.source, documented.remember.source] {
            assert_eq!(source, Source::File);
        }
    }
}
