//! The command line: one file a command, each thin.

mod audit;
mod config;
mod control;
mod dataset;
mod dataset_audit;
mod dataset_splits;
mod doctor;
mod follow;
mod line;
mod model;
mod pictures;
mod predict;
mod preview;
mod report;
mod run;
mod score;
mod settings;
mod show;
mod trained;
mod weights;
mod weights_export;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::dataset::DataRoots;
use crate::device::{Choice, DeviceName};
use crate::executor::Launch;
use crate::store::Store;
use crate::tui::{Images, Notify, Shades};
use crate::version::VERSION;
use pictures::Pictures;
use settings::Settings;

/// A terminal lab that launches, watches and honestly compares the training of breast-tumour segmentation networks.
#[derive(Debug, Parser)]
#[command(name = "seglab", version = VERSION, after_help = "Without a command: the dashboard. First time here: seglab demo")]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct Global {
    /// Folder of the runs [env: SEGLAB_RESULTS] [default: results].
    #[arg(long, global = true, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Folder that holds one folder per data set [env: SEGLAB_DATA, else datasets/].
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder whose specs Launch lists, beside baselines/, the working directory and the store [env: SEGLAB_SPECS].
    #[arg(long = "specs", global = true, value_name = "DIR")]
    spec_folder: Option<PathBuf>,
    /// Draw with ASCII characters only; `--ascii=false` where the user's file says so.
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    ascii: Option<bool>,
    /// How the dashboard draws pictures; auto: by what the terminal's environment announces [env: SEGLAB_IMAGES] [default: auto].
    #[arg(long, global = true, value_enum, value_name = "HOW")]
    images: Option<Pictures>,
    /// Colours for a ground that is dark or light; auto: as the terminal's COLORFGBG says, else dark [env: SEGLAB_PALETTE]
    /// [default: auto].
    #[arg(long, global = true, value_name = "GROUND", value_parser = settings::shades_named)]
    palette: Option<Shades>,
    /// Look, change nothing; `--read-only=false` where the user's file says so.
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    read_only: Option<bool>,
    /// What runs compute on: auto (all GPUs that a worker can use, else flex), or names, separated by commas: flex,
    /// tch:cpu, tch:cuda:0, wgpu:0; "seglab doctor" lists them [env: SEGLAB_DEVICE] [default: auto].
    #[arg(long, global = true, value_name = "DEVICE")]
    device: Option<Choice>,
    /// Leave the mouse to the terminal.
    #[arg(long, global = true)]
    no_mouse: bool,
    /// How the dashboard says that a run has ended: off, bell, osc9, osc777 or all [env: SEGLAB_NOTIFY] [default: bell].
    #[arg(long, global = true, value_name = "HOW", value_parser = settings::notify_named)]
    notify: Option<Notify>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train three networks and an SVM on built-in phantoms and compare them (a few minutes).
    Demo(run::Options),
    /// Run a spec: plan it, queue what is missing, watch.
    Run(run::RunArgs),
    /// What the runs are doing.
    Status(show::StatusArgs),
    /// Ask runs to stop after their current step, or take them out of the queue.
    Stop(control::Chosen),
    /// Queue stopped, lost or failed runs again; they continue at their last checkpoint.
    Resume(control::ResumeArgs),
    /// Arms × metrics of a spec's finished runs.
    Compare(show::CompareArgs),
    /// Write a spec's tables, curves and per-case scores as files.
    Export(show::ExportArgs),
    /// Tables, figures, published numbers and provenance of specs on one page and as files; or check such a report.
    Report(report::ReportArgs),
    /// Score any tool's mask files against reference masks, matched by file name.
    Score(score::ScoreArgs),
    /// Masks of new images by finished runs.
    Predict(predict::PredictArgs),
    /// The data sets: list, verify, audit, import, show, split, preview.
    Dataset(dataset::DatasetArgs),
    /// The networks and pixel classifiers: list, show.
    Model(model::ModelArgs),
    /// Weights: inspect and import files, export a finished run's.
    Weights(weights::WeightsArgs),
    /// Published numbers: which of them cannot be true together.
    Audit(audit::AuditArgs),
    /// Every setting: its value, and where that comes from.
    Config(config::ConfigArgs),
    /// Check devices, terminal, data and disk.
    Doctor,
    /// Serve the queue (started by the others).
    #[command(hide = true)]
    Executor {
        #[arg(long)]
        slots: Option<usize>,
    },
    /// What this build can compute on, as JSON (asked by others).
    #[command(hide = true)]
    Devices,
    /// Execute one run (started by the executor).
    #[command(hide = true)]
    Worker { run: PathBuf },
}

/// What every command may need.
struct Context {
    store: Store,
    roots: DataRoots,
    ascii: bool,
    images: Images,
    read_only: bool,
    settings: Settings,
}

impl Context {
    fn new(settings: Settings) -> Self {
        Self {
            store: Store::new(&settings.results.value),
            roots: DataRoots::new(settings.data.value.clone()),
            ascii: settings.ascii.value,
            images: settings.images.value.images(settings.ascii.value),
            read_only: settings.read_only.value,
            settings,
        }
    }

    fn may_write(&self) -> anyhow::Result<()> {
        if self.read_only {
            anyhow::bail!("read-only ({}): this command changes the store", config::source(&self.settings.read_only))
        } else {
            Ok(())
        }
    }

    /// Runs at a time as asked for, or else as set; on the device that is set.
    fn launch(&self, slots: Option<u8>) -> Launch {
        let slots = slots.or(self.settings.slots.value.map(u8::from));
        Launch { slots: slots.map(usize::from), device: self.settings.device.value.clone() }
    }

    /// What a worker computes on, unless it was told.
    fn own_device(&self) -> DeviceName {
        match &self.settings.device.value {
            Choice::Named(names) => names.first().copied().unwrap_or(DeviceName::Flex),
            Choice::Auto => DeviceName::Flex,
        }
    }
}

/// Parses the arguments and does what they say.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match settings(&cli).and_then(|settings| dispatch(cli.command, &Context::new(settings))) {
        Ok(code) => code,
        Err(error) if is_closed_pipe(&error) => ExitCode::from(CLOSED_PIPE),
        Err(error) => {
            eprintln!("seglab: {}", printable(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

/// A process that serves another one is told everything; the user's file may have changed meanwhile.
fn settings(cli: &Cli) -> anyhow::Result<Settings> {
    let file = match cli.command {
        Some(Command::Executor { .. } | Command::Worker { .. }) => settings::File::default(),
        _ => settings::File::load()?,
    };
    Settings::resolve(&cli.global, &|name| std::env::var(name).ok(), file)
}

fn dispatch(command: Option<Command>, context: &Context) -> anyhow::Result<ExitCode> {
    match command {
        None => run::dashboard(context),
        Some(Command::Demo(options)) => run::demo(context, &options),
        Some(Command::Run(args)) => run::run(context, &args),
        Some(Command::Status(args)) => show::status(context, &args),
        Some(Command::Stop(chosen)) => control::stop(context, &chosen),
        Some(Command::Resume(args)) => control::resume(context, &args),
        Some(Command::Compare(args)) => show::compare(context, &args),
        Some(Command::Export(args)) => show::export(context, &args),
        Some(Command::Report(args)) => report::report(context, &args),
        Some(Command::Score(args)) => score::score(&args),
        Some(Command::Predict(args)) => predict::predict(context, &args),
        Some(Command::Dataset(args)) => dataset::dataset(context, &args),
        Some(Command::Model(args)) => model::model(&args),
        Some(Command::Weights(args)) => weights::weights(context, &args),
        Some(Command::Audit(args)) => audit::audit(&args),
        Some(Command::Config(args)) => config::config(context, &args),
        Some(Command::Doctor) => doctor::doctor(context),
        Some(Command::Executor { slots }) => run::executor(context, slots),
        Some(Command::Devices) => doctor::devices(),
        Some(Command::Worker { run }) => run::worker(context, &run),
    }
}

/// Exit code of a shell command whose reader went away.
const CLOSED_PIPE: u8 = 141;

/// `seglab … | head` is no error to talk about.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let broken = |e: &std::io::Error| e.kind() == std::io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(broken))
}

/// Without control characters, so that no file name runs a terminal's escape codes.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// On one line: a name may hold a line break.
fn on_one_line(text: &str) -> String {
    printable(text).replace('\n', "\u{fffd}")
}

/// Writes to standard output; a closed pipe is an error that [`main`] is silent about.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}
