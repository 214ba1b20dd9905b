//! A report as a folder: `index.html`, and for each spec its tables as files.

use std::fs;
use std::path::{Path, PathBuf};

use super::page::{Chapter, page};
use super::{Asked, Document};
use crate::audit::published;
use crate::report::figure::{Figure, figures};
use crate::report::{AnswerError, Broken, by_task, tensorboard, wandb};
use crate::run::State;
use crate::store::{RunView, StoreError, write_atomic};

/// A spec that a report only names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreported {
    /// The spec.
    pub spec: String,
    /// What its runs are doing, and what helps.
    pub reason: String,
}

/// What was written, and what was not.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// Files, the page last.
    pub files: Vec<PathBuf>,
    /// Specs without finished runs.
    pub unreported: Vec<Unreported>,
    /// Figures that could not be drawn, with the reason.
    pub undrawn: Vec<String>,
    /// Reports of an earlier page that lie in the folder still.
    pub stale: Vec<PathBuf>,
}

/// Hears how far the work is: what is being done, steps done, steps in all.
pub type Progress<'a> = &'a (dyn Fn(&str, usize, usize) + Sync);

/// One spec with its runs.
pub type SpecRuns<'a> = (String, Vec<&'a RunView>);

/// Writes the report of `specs` into `out`; it says which of their runs are `broken`.
pub fn write_report(
    (specs, broken): (&[SpecRuns], &Broken),
    asked: &Asked,
    out: &Path,
    progress: Progress,
) -> Result<Written, AnswerError> {
    fs::create_dir_all(out).map_err(|error| StoreError::new(out, error))?;
    let mut written = Written::default();
    let (tables, unreported) = tables(specs);
    written.unreported = unreported;
    let steps = Steps::of(&tables, progress);
    let mut made: Vec<(Document, Vec<Figure>, Vec<String>)> = Vec::new();
    for table in &tables {
        let document = Document::of(&table.spec, &table.runs, asked, &|| steps.tick(&table.spec))?;
        let document = document.and_unreadable(broken);
        let (drawn, undrawn) = figures(&document, &table.runs, &|| steps.tick(&table.spec));
        written.undrawn.extend(undrawn);
        let files = files(&document, table, &drawn);
        let names = files.iter().map(|(name, _)| name.clone()).collect();
        for (name, bytes) in files {
            written.files.push(put(out, &name, &bytes)?);
        }
        made.push((document, drawn, names));
    }
    written.files.extend(trackers(specs, out)?);
    let chapters: Vec<Chapter> =
        made.iter().map(|(document, figures, files)| Chapter { document, figures, files }).collect();
    written.files.push(put(out, "index.html", page(&chapters, &written.unreported).as_bytes())?);
    written.stale = stale(out, &written.files);
    Ok(written)
}

/// Reports in `out` that are not among `files`.
fn stale(out: &Path, files: &[PathBuf]) -> Vec<PathBuf> {
    let is_report =
        |path: &PathBuf| path.extension().is_some_and(|end| end == "json") && path.with_extension("tex").exists();
    let there = fs::read_dir(out).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut stale: Vec<PathBuf> = there.filter(|path| is_report(path) && !files.contains(path)).collect();
    stale.sort();
    stale
}

/// Curves for TensorBoard and for W&B: all runs that have any, finished or not.
fn trackers(specs: &[SpecRuns], out: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut files = Vec::new();
    let (mut curves, mut runs) = (String::new(), String::new());
    for (spec, own) in specs {
        for run in super::current(own).0.into_iter().filter(|run| !run.record.curve.is_empty()) {
            let name = format!("tensorboard/{spec}/{}/{}", run.dir.id(), tensorboard::file_name(run));
            files.push(put(out, &name, &tensorboard::events(run))?);
            curves += &wandb::curves(run);
            runs += &wandb::run(run);
        }
    }
    if !files.is_empty() {
        files.push(put(out, "wandb/curves.jsonl", curves.as_bytes())?);
        files.push(put(out, "wandb/runs.jsonl", runs.as_bytes())?);
    }
    Ok(files)
}

/// The runs of one table.
pub(super) struct TableRuns<'a> {
    pub spec: String,
    /// Tables of the spec: more than one if its arms answer both questions.
    pub tasks: usize,
    pub runs: Vec<&'a RunView>,
}

/// Runs with something to say, by spec and task, and the specs that have none.
pub(super) fn tables<'a>(specs: &[SpecRuns<'a>]) -> (Vec<TableRuns<'a>>, Vec<Unreported>) {
    let (mut tables, mut unreported) = (Vec::new(), Vec::new());
    for (spec, runs) in specs {
        let mut own = by_task(runs);
        own.retain(|(_, runs)| super::current(runs).0.iter().any(|run| run.state == State::Finished));
        if own.is_empty() {
            unreported.push(Unreported { spec: spec.clone(), reason: why_not(spec, runs) });
        }
        let tasks = own.len();
        tables.extend(own.into_iter().map(|(_, runs)| TableRuns { spec: spec.clone(), tasks, runs }));
    }
    (tables, unreported)
}

fn why_not(spec: &str, runs: &[&RunView]) -> String {
    let states = [State::Running, State::Queued, State::Planned, State::Stopped, State::Lost, State::Failed];
    let count = |state: State| runs.iter().filter(|run| run.state == state).count();
    let counts = states.into_iter().map(|state| (state.name(), count(state))).filter(|(_, n)| *n > 0);
    let counts: Vec<String> = counts.map(|(name, n)| format!("{n} {name}")).collect();
    let helps = match (count(State::Running) + count(State::Queued) > 0, runs.is_empty()) {
        (true, _) => format!("\"seglab status {spec}\" says how far they are"),
        (false, true) => format!("\"seglab run {spec}\" makes them"),
        (false, false) => format!("\"seglab resume {spec}\" continues them"),
    };
    match counts.is_empty() {
        true => format!("no finished runs; {helps}"),
        false => format!("no finished runs ({}); {helps}", counts.join(", ")),
    }
}

/// Counts the metrics, published tables, charts and arms with pictures of all tables.
struct Steps<'a> {
    done: std::sync::atomic::AtomicUsize,
    all: usize,
    progress: Progress<'a>,
}

impl<'a> Steps<'a> {
    fn of(tables: &[TableRuns], progress: Progress<'a>) -> Self {
        let metrics = |table: &TableRuns| table.runs.first().map_or(0, |run| run.plan.task.metrics().len());
        let drawn = |table: &TableRuns| crate::report::figure::steps(&table.runs);
        let all: usize = tables.iter().map(|table| metrics(table) + drawn(table)).sum();
        // The auditor reads once, whichever spec asks first.
        let judged = published().tables.iter().filter(|table| !table.each_best).count();
        Self { done: Default::default(), all: all + judged, progress }
    }

    fn tick(&self, spec: &str) {
        let done = self.done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        (self.progress)(spec, done, self.all);
    }
}

fn files(document: &Document, table: &TableRuns, figures: &[Figure]) -> Vec<(String, Vec<u8>)> {
    let stem = document.stem(table.tasks);
    let mut files: Vec<(String, Vec<u8>)> =
        document.texts().into_iter().map(|(end, text)| (format!("{stem}{end}"), text.into_bytes())).collect();
    for figure in figures {
        let name = |end: &str| format!("{stem}-figures/{}.{end}", figure.name);
        files.extend(figure.svg.iter().map(|svg| (name("svg"), svg.clone().into_bytes())));
        files.push((name("png"), figure.png.clone()));
    }
    files
}

impl Document {
    /// Every text that is made of it, by the end of the file's name.
    pub fn texts(&self) -> Vec<(&'static str, String)> {
        let mut texts =
            vec![(".json", self.json()), (".csv", self.csv()), (".md", self.markdown()), (".tex", self.tex())];
        texts.extend(self.published_csv().map(|csv| ("-published.csv", csv)));
        texts.extend(self.subjects_csv().map(|csv| ("-subjects.csv", csv)));
        texts
    }
}

pub(super) fn put(out: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, StoreError> {
    let path = out.join(name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| StoreError::new(folder, error))?;
    }
    write_atomic(&path, bytes).map_err(|error| StoreError::new(&path, error))?;
    Ok(path)
}
