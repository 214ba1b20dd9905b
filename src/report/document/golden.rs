//! Tables that are kept without their runs: `NAME.golden.json` says what made them, `NAME.scores.csv` has the per-case
//! scores, and `NAME.md` and `NAME.csv` are made of these two alone, so that a check needs no store.
//! Weak spot: what made them is as it was written; only what follows from the scores is made again.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::check::{Checked, bounded, lines};
use super::write::put;
use super::{Asked, Checks, Document, Facts, Progress, Provenance, SCHEMA, Unreported, kept};
use crate::markup::cell;
use crate::report::scores::{ArmScores, arm_scores};
use crate::report::{AnswerError, ArmRow, Broken, Comparison, current, over_runs};
use crate::stats::{Inference, Level, Resampling};
use crate::store::{RunView, StoreError, write_atomic};

/// How the file that says what made a table ends.
pub(super) const END: &str = ".golden.json";
/// How the file of its scores ends.
pub(super) const SCORES: &str = ".scores.csv";

/// What the program is told of the tables that it keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Making {
    /// The command that made the files.
    pub command: String,
    /// The machine that it ran on.
    pub machine: String,
}

/// What made a table.
#[derive(Debug, Serialize, Deserialize)]
struct Golden {
    schema: u32,
    making: Making,
    level: f64,
    resamples: usize,
    seed: u64,
    against: Option<String>,
    /// Without its numbers.
    comparison: Comparison,
    checks: Checks,
    provenance: Provenance,
}

/// Writes the tables of `specs` with their scores into `out`; the files, and the specs without finished runs.
pub fn write_golden(
    (specs, broken): (&[super::SpecRuns], &Broken),
    (asked, making): (&Asked, &Making),
    out: &Path,
    progress: Progress,
) -> Result<(Vec<PathBuf>, Vec<Unreported>), AnswerError> {
    let (tables, unreported) = super::write::tables(specs);
    let mut files = Vec::new();
    for (done, table) in tables.iter().enumerate() {
        progress(&table.spec, done, tables.len());
        let (mut golden, scores) = Golden::of(&table.spec, &table.runs, (asked, making))?;
        golden.comparison = golden.comparison.and_unreadable(broken);
        let made = kept::read(scores.as_bytes(), &golden.comparison).and_then(|arms| golden.document(&arms));
        let document = made.map_err(|reason| StoreError::new(out, format!("{}: {reason}", table.spec)))?;
        let stem = document.stem(table.tasks);
        let json = serde_json::to_string_pretty(&golden).expect("numbers and strings") + "\n";
        for (end, text) in golden.texts(&document).into_iter().chain([(SCORES, scores), (END, json)]) {
            files.push(put(out, &format!("{stem}{end}"), text.as_bytes())?);
        }
    }
    Ok((files, unreported))
}

impl Golden {
    fn of(spec: &str, runs: &[&RunView], (asked, making): (&Asked, &Making)) -> Result<(Self, String), AnswerError> {
        let (own, _) = current(runs);
        let mut comparison = Comparison::of(spec, runs);
        let scored = arm_scores(&own, &comparison.task.metrics().iter().collect::<Vec<_>>())?;
        comparison.arms.iter_mut().for_each(|arm| arm.metrics.clear());
        let Inference { level, resampling } = asked.inference;
        let golden = Self {
            schema: SCHEMA,
            making: making.clone(),
            level: level.get(),
            resamples: resampling.resamples,
            seed: resampling.seed,
            against: asked.against.clone(),
            comparison,
            checks: Checks::of(&own),
            provenance: Provenance::of(runs),
        };
        Ok((golden, kept::csv(&scored)))
    }

    /// All that follows from the scores.
    fn document(&self, arms: &[ArmScores]) -> Result<Document, String> {
        let level = Level::new(self.level).ok_or("its level is no level")?;
        let resampling = Resampling { resamples: self.resamples.min(1_000_000), seed: self.seed };
        let asked = Asked { against: self.against.clone(), inference: Inference { level, resampling } };
        let task = self.comparison.task;
        let filled = |arm: &ArmRow| {
            let own = arms.iter().find(|own| own.arm == arm.arm);
            let runs = own.map_or(&[][..], |own| &own.runs);
            let metrics = kept::metrics(task).into_iter().map(|m| (m.name.to_owned(), over_runs(m, runs))).collect();
            ArmRow { metrics, leak: own.and_then(|own| own.leak), ..arm.clone() }
        };
        let comparison =
            Comparison { arms: self.comparison.arms.iter().map(filled).collect(), ..self.comparison.clone() };
        let facts = Facts { comparison, checks: self.checks.clone(), provenance: self.provenance.clone() };
        let document = Document::of_scores(facts, arms, (&asked, kept::metrics(task)), &|| ());
        document.map_err(|error| error.to_string())
    }

    fn texts(&self, document: &Document) -> Vec<(&'static str, String)> {
        vec![(".md", self.head() + &document.tables()), (".csv", document.csv())]
    }

    fn head(&self) -> String {
        let of = &self.provenance;
        let runs: Vec<&str> = of.runs.iter().map(|run| run.id.as_str()).collect();
        let rows = [
            ("Command", self.making.command.clone()),
            ("Machine of the tables", self.making.machine.clone()),
            ("Trained by seglab", of.versions.join("; ")),
            ("Trained on", of.devices.join("; ")),
            ("Data", format!("{}, SHA-256 {}", of.dataset, of.dataset_digest)),
            ("SHA-256 of the plans", of.plans_sha256.clone()),
            ("Runs", runs.join(", ")),
            ("Training, all runs", super::duration(of.training_s)),
        ];
        let rows: String = rows.iter().map(|(name, value)| format!("| {name} | {} |\n", cell(value))).collect();
        format!("# {}\n\n| What made it | |\n| --- | --- |\n{rows}", cell(&self.comparison.spec))
    }
}

/// Makes the files beside `path` again.
pub(super) fn check_golden(path: &Path) -> Vec<Checked> {
    match again(path) {
        Ok(checked) => checked,
        Err(reason) => vec![Checked::unchecked(path, reason)],
    }
}

/// Makes the tables of every golden table in `folder` again from the scores beside it, as this version writes them;
/// the files that were others before.
pub fn renew_golden(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let failed = |path: &Path, reason: &dyn ToString| StoreError::new(path, reason.to_string());
    let entries = std::fs::read_dir(folder).map_err(|error| failed(folder, &error))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(END));
    paths.sort();
    let mut renewed = Vec::new();
    for path in &paths {
        let made = made_again(path).map_err(|reason| failed(path, &reason))?;
        for (path, text) in made.texts {
            if std::fs::read(&path).ok().as_deref() != Some(text.as_bytes()) {
                write_atomic(&path, text.as_bytes()).map_err(|error| failed(&path, &error))?;
                renewed.push(path);
            }
        }
    }
    Ok(renewed)
}

fn again(path: &Path) -> Result<Vec<Checked>, String> {
    let made = made_again(path)?;
    let is_tables = |path: &Path| path.extension().is_some_and(|end| end == "md");
    let check = |(path, text): &(PathBuf, String)| lines(path, text, if is_tables(path) { made.head } else { 0 });
    Ok(made.texts.iter().map(check).collect())
}

/// What follows from a golden table's scores.
struct MadeAgain {
    texts: Vec<(PathBuf, String)>,
    /// Lines of the Markdown that do not.
    head: usize,
}

fn made_again(path: &Path) -> Result<MadeAgain, String> {
    let golden: Golden = serde_json::from_slice(&bounded(path)?)
        .map_err(|error| format!("not made by \"seglab report --golden\": {error}"))?;
    if golden.schema != SCHEMA {
        return Err(format!("schema {}, expected {SCHEMA}: made by another version", golden.schema));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(END).unwrap_or(&name);
    let beside = |end: &str| path.with_file_name(format!("{stem}{end}"));
    let scores = bounded(&beside(SCORES)).map_err(|error| format!("{stem}{SCORES}: {error}"))?;
    let arms = kept::read(&scores, &golden.comparison).map_err(|error| format!("{stem}{SCORES}: {error}"))?;
    let document = golden.document(&arms)?;
    let texts = golden.texts(&document).into_iter().map(|(end, text)| (beside(end), text)).collect();
    Ok(MadeAgain { texts, head: golden.head().lines().count() })
}
