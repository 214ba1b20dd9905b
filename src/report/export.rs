//! Everything about a spec as files: tables, curves, per-case scores, plans.

use std::fs;
use std::path::{Path, PathBuf};

use super::{AnswerError, Answers, Broken, Comparison, Format, Question};
use crate::metric::{CaseScore, Confusion, Task, Verdict};
use crate::run::State;
use crate::store::{RunView, StoreError, write_atomic};

/// Writes `comparison.{txt,md,csv,json}`, `statistics.{csv,json}`, `cases.csv`, `epochs.csv`, `steps.csv` and `plans/`
/// into `out`, or into a folder for each task if the arms answer both; returns what was written.
pub fn export(spec: &str, (runs, broken): (&[&RunView], &Broken), out: &Path) -> Result<Vec<PathBuf>, AnswerError> {
    let tables = super::by_task(runs);
    let mut written = Vec::new();
    for (task, runs) in &tables {
        let out = if tables.len() > 1 { out.join(task.name()) } else { out.to_owned() };
        written.extend(export_table(spec, (runs, broken), &out)?);
    }
    Ok(written)
}

fn export_table(spec: &str, (runs, broken): (&[&RunView], &Broken), out: &Path) -> Result<Vec<PathBuf>, AnswerError> {
    let (runs, _) = super::current(runs);
    let runs = &runs[..];
    let plans = out.join("plans");
    fs::create_dir_all(&plans).map_err(|error| StoreError::new(&plans, error))?;
    let comparison = Comparison::of(spec, runs).and_unreadable(broken);
    let task = comparison.task;
    let question = Question { metrics: task.metrics().iter().collect(), ..Question::default() };
    let answers = Answers::of(runs, &question)?;
    let mut files = vec![
        (out.join("comparison.txt"), comparison.render(Format::Text).into_bytes()),
        (out.join("comparison.md"), comparison.render(Format::Markdown).into_bytes()),
        (out.join("comparison.csv"), comparison.render(Format::Csv).into_bytes()),
        (out.join("comparison.json"), comparison.render(Format::Json).into_bytes()),
        (out.join("statistics.csv"), table(answers.csv())),
        (out.join("statistics.json"), serde_json::to_vec_pretty(&answers).expect("numbers and strings")),
        (out.join("cases.csv"), cases(task, runs)),
        (out.join("epochs.csv"), table(epochs(task, runs))),
        (out.join("steps.csv"), table(steps(runs))),
    ];
    files.extend(runs.iter().map(|r| (plans.join(format!("{}.toml", r.dir.id())), r.plan.to_toml().into_bytes())));
    for (path, bytes) in &files {
        write_atomic(path, bytes).map_err(|error| StoreError::new(path, error))?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

/// One row per run and test case, with counts, every metric of a case, and whether its subject is in the run's training
/// part; an empty field is undefined.
fn cases(task: Task, runs: &[&RunView]) -> Vec<u8> {
    let counted: &[&str] = match task {
        Task::Segmentation => &["tp", "fp", "fn", "tn"],
        Task::Classification => &["malignant", "probability"],
    };
    let per_case = || task.metrics().iter().filter(|metric| metric.of_all.is_none());
    let fixed = ["run", "arm", "fold", "seed", "case", "subject"];
    let names = fixed.iter().chain(counted).copied().chain(per_case().map(|m| m.name)).chain(["in_training"]);
    let head = names.map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = vec![head];
    for run in runs.iter().filter(|run| run.state == State::Finished) {
        let known = run.plan.split.in_training();
        // Of a run that has none the comparison beside this file says so.
        for score in run.dir.scores().unwrap_or_default() {
            let mut row = of_run(run);
            row.extend([score.case.clone(), score.subject.clone()]);
            row.extend(counts(&score));
            row.extend(per_case().map(|m| optional((m.of)(&score))));
            row.push(known.contains(score.case.as_str()).to_string());
            rows.push(row);
        }
    }
    table(rows)
}

fn counts(score: &CaseScore) -> Vec<String> {
    let Confusion { tp, fp, fn_, tn } = score.counts;
    match score.verdict {
        Some(Verdict { probability, malignant }) => vec![malignant.to_string(), probability.to_string()],
        None => [tp, fp, fn_, tn].map(|n| n.to_string()).to_vec(),
    }
}

fn epochs(task: Task, runs: &[&RunView]) -> Vec<Vec<String>> {
    let metrics: Vec<&str> = task.shown().map(|m| m.name).collect();
    let fixed = ["run", "arm", "fold", "seed", "epoch", "step", "lr", "train_loss", "valid_loss", "elapsed_s"];
    let of_part = |part: &'static str| metrics.iter().map(move |name| format!("{part}_{name}"));
    let head = fixed.into_iter().map(str::to_owned).chain(of_part("valid")).chain(of_part("train"));
    let mut rows: Vec<Vec<String>> = vec![head.collect()];
    for run in runs {
        for point in &run.record.curve {
            let mut row = of_run(run);
            row.extend([point.epoch.to_string(), point.step.to_string(), point.lr.to_string()]);
            row.extend([optional(point.train_loss), optional(point.valid_loss), point.elapsed_s.to_string()]);
            for scores in [&point.valid, &point.train] {
                row.extend(metrics.iter().map(|name| optional(scores.get(name).flatten())));
            }
            rows.push(row);
        }
    }
    rows
}

fn steps(runs: &[&RunView]) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = vec![["run", "arm", "fold", "seed", "step", "loss"].map(str::to_owned).to_vec()];
    for run in runs {
        rows.extend(run.record.steps.iter().map(|point| {
            let mut row = of_run(run);
            row.extend([point.step.to_string(), optional(point.loss)]);
            row
        }));
    }
    rows
}

fn of_run(run: &RunView) -> Vec<String> {
    vec![run.dir.id().to_string(), run.plan.arm.clone(), run.plan.fold.to_string(), run.plan.seed.to_string()]
}

fn optional(value: Option<f64>) -> String {
    value.map(|v| v.to_string()).unwrap_or_default()
}

/// Rows as CSV.
pub fn csv_of(rows: Vec<Vec<String>>) -> String {
    String::from_utf8(table(rows)).expect("text in, text out")
}

fn table(rows: Vec<Vec<String>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("a vector takes every byte, and rows have equal length");
    }
    writer.into_inner().expect("a vector takes every byte")
}
