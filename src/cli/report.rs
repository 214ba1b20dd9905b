//! `seglab report`: everything about specs on one page and as files, and whether it can be made again.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::Args;

use super::follow::duration;
use super::{Context, print, printable};
use crate::report::{
    Asked, Broken, Checked, Making, SpecRuns, Unreported, Written, check, renew_golden, write_golden, write_report,
};
use crate::spec::MARK;
use crate::stats::{Inference, Level};
use crate::store::{RunView, Watch};

/// What to report, and where.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Specs, by name or file [default: all with finished runs].
    #[arg(conflicts_with = "check")]
    specs: Vec<String>,
    /// Folder for index.html and the files; made if it is not there.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["check", "golden"])]
    out: Option<PathBuf>,
    /// Folder for tables that outlive their runs: Markdown and CSV, with the per-case scores that --check makes them
    /// again from.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "check"])]
    golden: Option<PathBuf>,
    /// The arm that the others are tested against [default: the first one].
    #[arg(long, value_name = "ARM", conflicts_with = "check")]
    against: Option<String>,
    /// Level of the intervals, 0.5 to 0.999.
    #[arg(long, default_value_t = 0.95, conflicts_with = "check")]
    level: f64,
    /// Make every number of the reports and golden tables in this folder again from the per-case scores, and say which
    /// differ.
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    check: Option<PathBuf>,
    /// Before that, write the golden tables in the folder again, as this version makes them of their scores.
    #[arg(long, requires = "check")]
    renew: bool,
}

pub(super) fn report(context: &Context, args: &ReportArgs) -> anyhow::Result<ExitCode> {
    match (&args.check, &args.out, &args.golden) {
        (Some(folder), ..) => {
            for path in if args.renew { renew_golden(folder)? } else { Vec::new() } {
                eprintln!("written again: {}", printable(&path.display().to_string()));
            }
            checked(context, folder)
        }
        (None, Some(out), _) => written(context, args, Kind::Page(out)),
        (None, None, Some(out)) => written(context, args, Kind::Golden(out)),
        (None, None, None) => anyhow::bail!("give --out DIR, --golden DIR, or --check DIR"),
    }
}

/// What is written, and where.
#[derive(Clone, Copy)]
enum Kind<'a> {
    Page(&'a Path),
    Golden(&'a Path),
}

impl Kind<'_> {
    fn write(self, (specs, broken): (&[SpecRuns], &Broken), asked: &Asked, said: &Said) -> anyhow::Result<Written> {
        let progress = |what: &str, done: usize, all: usize| said.step(what, done, all);
        Ok(match self {
            Kind::Page(out) => write_report((specs, broken), asked, out, &progress)?,
            Kind::Golden(out) => {
                let making = Making { command: command(specs, out), machine: machine() };
                let (files, unreported) = write_golden((specs, broken), (asked, &making), out, &progress)?;
                Written { files, unreported, ..Written::default() }
            }
        })
    }
}

/// What makes the same tables from nothing.
fn command(specs: &[SpecRuns], out: &Path) -> String {
    let name = |spec: &str| match spec.split_once(MARK) {
        Some((spec, profile)) => format!("seglab run {spec} --profile {profile} --headless"),
        None => format!("seglab run {spec} --headless"),
    };
    let mut commands: Vec<String> = specs.iter().map(|(spec, _)| name(spec)).collect();
    let names: Vec<&str> = specs.iter().map(|(spec, _)| spec.as_str()).collect();
    commands.push(format!("seglab report {} --golden {}", names.join(" "), out.display()));
    commands.join(" && ")
}

/// Processor and system, as far as the system says.
fn machine() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = told.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model.trim());
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{threads} threads of {model}, {}", std::env::consts::OS)
}

fn written(context: &Context, args: &ReportArgs, kind: Kind) -> anyhow::Result<ExitCode> {
    let level = Level::new(args.level).filter(|level| (0.5..=0.999).contains(&level.get()));
    let level = level.ok_or_else(|| anyhow::anyhow!("--level {}: expected 0.5 to 0.999", args.level))?;
    let asked = Asked { against: args.against.clone(), inference: Inference { level, ..Inference::default() } };
    let names = args.specs.iter().map(|spec| super::show::stored_name(spec)).collect::<Result<Vec<_>, _>>()?;
    let only = if let [one] = &names[..] { Some(one.as_str()) } else { None };
    let mut watch = Watch::new(context.store.clone(), only);
    watch.catch_up()?;
    let specs = chosen(&watch, &names);
    if specs.is_empty() {
        anyhow::bail!("no runs in {}; \"seglab demo\" makes some", context.store.root().display());
    }
    let said = Said::new();
    let written = kind.write((&specs, &watch.broken), &asked, &said)?;
    said.clear();
    for (name, reason) in &watch.broken {
        eprintln!("{}: {}", printable(name), printable(reason));
    }
    for reason in &written.undrawn {
        eprintln!("no figure: {}", printable(reason));
    }
    for Unreported { spec, reason } in &written.unreported {
        eprintln!("{}: {}", printable(spec), printable(reason));
    }
    for path in &written.stale {
        let path = printable(&path.display().to_string());
        eprintln!("{path}: of an earlier report in this folder; index.html and wandb/ no longer have it");
    }
    for path in &written.files {
        print(&format!("{}\n", printable(&path.display().to_string())))?;
    }
    let lacks = written.unreported.len() == specs.len() || (!names.is_empty() && !written.unreported.is_empty());
    Ok(if lacks || !watch.broken.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Those asked for, in that order, or all that the store has.
fn chosen<'a>(watch: &'a Watch, names: &[String]) -> Vec<SpecRuns<'a>> {
    let mut specs: BTreeMap<&str, Vec<&RunView>> = BTreeMap::new();
    for run in watch.runs() {
        specs.entry(run.dir.spec()).or_default().push(run);
    }
    if names.is_empty() {
        return specs.into_iter().map(|(spec, runs)| (spec.to_owned(), runs)).collect();
    }
    let mut chosen: Vec<SpecRuns> = Vec::new();
    for name in names {
        if chosen.iter().all(|(known, _)| known != name) {
            chosen.push((name.clone(), specs.remove(name.as_str()).unwrap_or_default()));
        }
    }
    chosen
}

fn checked(context: &Context, folder: &Path) -> anyhow::Result<ExitCode> {
    let said = Said::new();
    let files = check(folder, &context.store, &|name, done, all| said.step(name, done, all))
        .map_err(|error| anyhow::anyhow!("{}: {error}", folder.display()))?;
    said.clear();
    if files.iter().all(|file| file.unread.is_some()) {
        anyhow::bail!("{}: no report; \"seglab report --out DIR\" makes one", folder.display());
    }
    for file in &files {
        print(&printable(&verdict(file)))?;
    }
    let (numbers, held) = (files.iter().map(|file| file.numbers).sum::<usize>(), files.iter().all(Checked::holds));
    let differences: usize = files.iter().map(|file| file.differences.len()).sum();
    let unchecked = files.iter().filter(|file| file.unchecked.is_some() || file.unread.is_some()).count();
    let differences = counted(differences, "difference");
    print(&format!(
        "{numbers} numbers made again, {differences}, {} not checked
",
        counted(unchecked, "file")
    ))?;
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn verdict(file: &Checked) -> String {
    let path = file.path.display();
    if let Some(reason) = file.unchecked.as_deref().or(file.unread) {
        return format!("{path}: not checked: {reason}\n");
    }
    let (made, rest) = match file.tables {
        Some(tables) => (counted(tables, "table"), "; figures and captions are not read"),
        None => (format!("{} numbers", file.numbers), ""),
    };
    let mut text = match file.differences.len() {
        0 => format!("{path}: {made}, all the same{rest}\n"),
        n => format!("{path}: {made}, {}{rest}\n", counted(n, "difference")),
    };
    file.differences.iter().for_each(|difference| text += &format!("  {difference}\n"));
    text
}

/// `1 file`, `2 files`.
fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Work shorter than this is not talked about.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two lines in a file.
const PAUSE: Duration = Duration::from_secs(10);

/// Progress on standard error: one line that is overwritten, or now and then a line in a file.
struct Said {
    began: Instant,
    last: Mutex<Option<Instant>>,
    terminal: bool,
}

impl Said {
    fn new() -> Self {
        Self { began: Instant::now(), last: Mutex::new(None), terminal: std::io::stderr().is_terminal() }
    }

    fn step(&self, what: &str, done: usize, all: usize) {
        let elapsed = self.began.elapsed().as_secs_f64();
        let left = elapsed / done.max(1) as f64 * all.saturating_sub(done) as f64;
        self.say(&format!("{}: step {done} of {all}, ETA {}", printable(what), duration(left)));
    }

    fn say(&self, line: &str) {
        let Ok(mut last) = self.last.lock() else { return };
        let pause = if self.terminal { Duration::from_millis(100) } else { PAUSE };
        let due = last.map_or(self.began.elapsed() >= PATIENCE, |at| at.elapsed() >= pause);
        if due {
            *last = Some(Instant::now());
            let mut stderr = std::io::stderr().lock();
            // Whoever closed it does not want to know.
            let _ = if self.terminal { write!(stderr, "\r{line}\x1b[K") } else { writeln!(stderr, "{line}") };
        }
    }

    fn clear(&self) {
        if self.terminal && self.last.lock().is_ok_and(|last| last.is_some()) {
            eprint!("\r\x1b[K");
        }
    }
}
