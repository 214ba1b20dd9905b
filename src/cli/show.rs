//! `seglab status`, `compare`, `export`.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::follow::duration;
use super::{Context, on_one_line, print, printable};
use crate::dataset::fold::Leak;
use crate::metric::Task;
use crate::report::{self, Answers, Broken, Comparison, Question, SCHEMA};
use crate::run::{LastWord, State};
use crate::spec::{Spec, asked};
use crate::stats::{Inference, Level};
use crate::store::{RunView, Watch};

/// What to list, and how.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Only this spec's runs.
    spec: Option<String>,
    /// The documented contract instead of a table.
    #[arg(long)]
    json: bool,
    /// One line for a status bar, cheap enough to ask for every few seconds.
    #[arg(long, conflicts_with = "json")]
    line: bool,
}

/// What to compare, and how to write it.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The spec's name; with @PROFILE behind it, the runs of that profile.
    spec: String,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    format: TableFormat,
    /// The arm that the others are tested against [default: the first one].
    #[arg(long, value_name = "ARM")]
    against: Option<String>,
    /// Metrics with intervals, tests and ranks: names of the registry, or all [default: dsc, auc of classes; none in CSV].
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    metric: Vec<String>,
    /// Only the arms that answer this, of a spec whose arms answer both: segmentation or classification.
    #[arg(long, value_name = "TASK", value_parser = task_named)]
    task: Option<Task>,
    /// Width of interval to plan for: how many subjects it needs.
    #[arg(long, value_name = "WIDTH")]
    width: Option<f64>,
    /// Level of the intervals, 0.5 to 0.999.
    #[arg(long, default_value_t = 0.95)]
    level: f64,
}

/// What to write where.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The spec's name; with @PROFILE behind it, the runs of that profile.
    spec: String,
    /// Folder for the files; made if it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Formats of a comparison.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum TableFormat {
    /// For a terminal.
    Text,
    /// For a README.
    Md,
    /// One row per arm and metric.
    Csv,
    /// The documented contract.
    Json,
}

#[derive(Serialize)]
struct Status<'a> {
    schema: u32,
    runs: Vec<RunStatus<'a>>,
    /// Run folders whose plan cannot be read, with the reason.
    broken: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct RunStatus<'a> {
    id: &'a str,
    spec: &'a str,
    arm: &'a str,
    fold: usize,
    seed: u64,
    state: &'static str,
    epoch: u32,
    epochs: u32,
    device: &'a str,
    /// How its protocol leaks; missing if it does not.
    #[serde(skip_serializing_if = "Leak::is_none")]
    leak: Leak,
    reason: Option<&'a str>,
    /// Lines of its events that could not be read; missing if all could.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<u64>,
}

impl<'a> RunStatus<'a> {
    fn of(view: &'a RunView) -> Self {
        let epochs = if view.record.epochs > 0 { view.record.epochs } else { view.plan.train.epochs };
        Self {
            id: view.dir.id().as_str(),
            spec: view.dir.spec(),
            arm: &view.plan.arm,
            fold: view.plan.fold,
            seed: view.plan.seed,
            state: view.state.name(),
            epoch: view.record.epoch(),
            epochs,
            device: &view.record.device,
            leak: view.plan.split.leak(),
            reason: match &view.record.last_word {
                Some(LastWord::Failed(reason)) if view.state == State::Failed => Some(reason),
                _ => None,
            },
            unreadable: Some(view.record.unreadable).filter(|&lines| lines > 0),
        }
    }
}

pub(super) fn status(context: &Context, args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let spec = args.spec.as_deref().map(stored_name).transpose()?;
    if args.line {
        return super::line::line(context, spec.as_deref());
    }
    let watch = caught_up(context, spec.as_deref())?;
    let runs: Vec<RunStatus> = watch.runs().map(RunStatus::of).collect();
    if args.json {
        print(&(serde_json::to_string_pretty(&Status { schema: SCHEMA, runs, broken: &watch.broken })? + "\n"))?;
    } else if let (true, Some(spec)) = (runs.is_empty(), &args.spec) {
        anyhow::bail!(
            "no runs of \"{}\" in {}; \"seglab status\" lists all",
            printable(spec),
            context.store.root().display()
        );
    } else if runs.is_empty() {
        print(&format!("no runs in {}; \"seglab demo\" makes some\n", context.store.root().display()))?;
    } else {
        watch.runs().zip(&runs).try_for_each(|(view, run)| print(&line(view, run)))?;
    }
    for (name, reason) in &watch.broken {
        eprintln!("{}: {}", on_one_line(name), on_one_line(reason));
    }
    Ok(if watch.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(view: &RunView, run: &RunStatus) -> String {
    let [main, _] = view.plan.task.main();
    let score = view.record.best().and_then(|p| p.valid.get(main.name).flatten());
    let score = score.map_or_else(String::new, |v| format!("  valid {} {v:.3}", main.label));
    let eta = view.record.eta_s().filter(|_| view.state == State::Running);
    let eta = eta.map_or_else(String::new, |s| format!("  ETA {}", duration(s)));
    let reason = run.reason.map_or_else(String::new, |reason| format!("  {reason}"));
    let unread = view.record.unread().map_or_else(String::new, |unread| format!("  ({unread})"));
    let leak = if run.leak.is_none() { "" } else { "  [leaks]" };
    let text = format!(
        "{:<8} {}/{}{leak}  epoch {}/{}{score}{eta}{unread}{reason}",
        run.state, run.spec, run.id, run.epoch, run.epochs
    );
    printable(&text) + "\n"
}

pub(super) fn compare(context: &Context, args: &CompareArgs) -> anyhow::Result<ExitCode> {
    let spec = stored_name(&args.spec)?;
    let watch = runs_of(context, &spec)?;
    let format = match args.format {
        TableFormat::Text => report::Format::Text,
        TableFormat::Md => report::Format::Markdown,
        TableFormat::Csv => report::Format::Csv,
        TableFormat::Json => report::Format::Json,
    };
    let all: Vec<&RunView> = watch.runs().collect();
    let mut tables = report::by_task(&all);
    if let Some(task) = args.task {
        tables.retain(|(of, _)| *of == task);
    }
    let one = matches!(format, report::Format::Csv | report::Format::Json);
    if tables.len() > 1 && (one || !args.metric.is_empty() || args.against.is_some()) {
        anyhow::bail!("{spec}: its arms answer two questions; give --task segmentation or --task classification");
    }
    if tables.is_empty() {
        anyhow::bail!("{spec}: no run of that task");
    }
    let text = |(_, runs): &(Task, Vec<&RunView>)| compared(context, (&spec, runs, &watch.broken), (format, args));
    let texts: Vec<String> = tables.iter().map(text).collect::<Result<_, _>>()?;
    print(&texts.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn compared(
    context: &Context,
    (spec, runs, broken): (&str, &[&RunView], &Broken),
    (format, args): (report::Format, &CompareArgs),
) -> anyhow::Result<String> {
    let comparison = Comparison::of(spec, runs).and_unreadable(broken);
    let answers = Answers::of(runs, &question(comparison.task, args)?)?;
    Ok(match format {
        report::Format::Text => {
            let text = comparison.grid().text(columns()) + &answers.text(columns());
            if context.ascii { ascii(&text) } else { text }
        }
        report::Format::Markdown => comparison.render(format) + &answers.markdown(),
        report::Format::Csv if args.metric.is_empty() => comparison.render(format),
        report::Format::Csv => report::csv_of(answers.csv()),
        report::Format::Json => {
            serde_json::to_string_pretty(&Compared { comparison: &comparison, statistics: &answers })? + "\n"
        }
    })
}

/// One character for one, so that columns stay where they are.
fn ascii(text: &str) -> String {
    let plain = |c: char| match c {
        '…' | '≈' => '~',
        '–' | '−' => '-',
        '±' => '/',
        '×' => 'x',
        c if c.is_ascii() => c,
        _ => '?',
    };
    text.chars().map(plain).collect()
}

/// Of the terminal; a file or pipe has no end.
fn columns() -> usize {
    let terminal = std::io::stdout().is_terminal().then(|| ratatui::crossterm::terminal::size().ok()).flatten();
    terminal.map_or(usize::MAX, |(columns, _)| columns.into())
}

/// The comparison's keys, and `statistics` beside them.
#[derive(Serialize)]
struct Compared<'a> {
    #[serde(flatten)]
    comparison: &'a Comparison,
    statistics: &'a Answers,
}

fn task_named(name: &str) -> Result<Task, String> {
    let tasks = [Task::Segmentation, Task::Classification];
    let known = || "expected segmentation or classification".to_owned();
    tasks.into_iter().find(|task| task.name() == name).ok_or_else(known)
}

fn question(task: Task, args: &CompareArgs) -> anyhow::Result<Question> {
    let metrics = report::metrics_named(task, &args.metric).map_err(anyhow::Error::msg)?;
    let level = Level::new(args.level).filter(|level| (0.5..=0.999).contains(&level.get()));
    let level = level.ok_or_else(|| anyhow::anyhow!("--level {}: expected 0.5 to 0.999", args.level))?;
    let width = args.width.map(|width| match width > 0.0 && width.is_finite() {
        true => Ok(width),
        false => Err(anyhow::anyhow!("--width {width}: expected a width above 0, in the metric's unit")),
    });
    let inference = Inference { level, ..Inference::default() };
    Ok(Question { against: args.against.clone(), metrics, width: width.transpose()?, inference })
}

pub(super) fn export(context: &Context, args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let spec = stored_name(&args.spec)?;
    let watch = runs_of(context, &spec)?;
    let runs: Vec<&RunView> = watch.runs().collect();
    for path in report::export(&spec, (&runs, &watch.broken), &args.out)? {
        print(&format!("{}\n", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What `run` takes, a file or a name, to the name that its runs are stored under.
pub(super) fn stored_name(spec: &str) -> anyhow::Result<String> {
    let (path, _) = asked(Path::new(spec));
    if path.is_file() || path.extension().is_some_and(|e| e == "toml") {
        return Ok(Spec::load(Path::new(spec))?.name);
    }
    Ok(spec.to_owned())
}

fn runs_of(context: &Context, spec: &str) -> anyhow::Result<Watch> {
    let watch = caught_up(context, Some(spec))?;
    if watch.runs().len() == 0 {
        anyhow::bail!("no runs of \"{spec}\" in {}; \"seglab run {spec}\" makes them", context.store.root().display());
    }
    Ok(watch)
}

fn caught_up(context: &Context, spec: Option<&str>) -> anyhow::Result<Watch> {
    let mut watch = Watch::new(context.store.clone(), spec);
    watch.catch_up()?;
    Ok(watch)
}
