//! `seglab dataset splits`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{Context, print, printable};
use crate::dataset::fold::{Divider, Division, Exchange, Leak, Split, SplitsFile, Stratify, Testing};
use crate::dataset::{Case, Class, Dataset};
use crate::report::Grid;
use crate::spec::Spec;
use crate::store::write_atomic;

/// Which data set to divide, and how.
#[derive(Debug, Args)]
pub struct SplitsArgs {
    /// Manifest name.
    name: String,
    #[command(flatten)]
    testing: TestingArgs,
    /// Share of the other subjects that validate [default: 0.15 with --folds and --holdout].
    #[arg(long, value_name = "SHARE", conflicts_with = "spec")]
    valid: Option<f64>,
    /// Of the division.
    #[arg(long, default_value_t = 0, conflicts_with = "spec")]
    seed: u64,
    /// By what the parts are alike.
    #[arg(long, value_enum, default_value_t = Strata::Class, conflicts_with = "spec")]
    stratify: Strata,
    /// Write the splits to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Its format; nnU-Net has no validation part beside the one that it reports on.
    #[arg(long, value_enum, default_value_t = FileFormat::Seglab)]
    format: FileFormat,
}

/// Where the test parts come from.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct TestingArgs {
    /// As this spec does: a TOML file, or the name of a built-in one.
    #[arg(long, value_name = "SPEC")]
    spec: Option<PathBuf>,
    /// Folds of equal numbers of subjects, each the test part once; the table counts the cases of each class.
    #[arg(long, value_name = "K")]
    folds: Option<usize>,
    /// One test part: this share of the subjects.
    #[arg(long, value_name = "SHARE")]
    holdout: Option<f64>,
    /// As this file says, seglab's or nnU-Net's.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// As the data set's publisher says.
    #[arg(long)]
    published: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Strata {
    /// Benign, malignant, normal.
    Class,
    /// And the lesion's size, in thirds.
    #[value(name = "class+size")]
    ClassSize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FileFormat {
    /// Train, valid and test.
    Seglab,
    /// Train and val, as splits_final.json.
    Nnunet,
}

pub(super) fn splits(context: &Context, args: &SplitsArgs) -> anyhow::Result<ExitCode> {
    let dataset = Dataset::open(&args.name, &context.roots)?;
    let division = division(args)?;
    let divider = Divider::new(&division, &dataset)?;
    let splits = divider.splits(Leak::None)?;
    print(&printable(&summary(&dataset, &division, &splits).text(usize::MAX)))?;
    if let Some(out) = &args.out {
        let format = match args.format {
            FileFormat::Seglab => Exchange::Seglab,
            FileFormat::Nnunet => Exchange::NnUnet,
        };
        let file = SplitsFile::of(&args.name, division.describe(), &splits);
        write_atomic(out, file.to_json(format).as_bytes()).map_err(|e| anyhow::anyhow!("{}: {e}", out.display()))?;
        print(&printable(&format!("written: {}\n", out.display())))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn division(args: &SplitsArgs) -> anyhow::Result<Division> {
    let testing = &args.testing;
    if let Some(spec) = &testing.spec {
        return Ok(Spec::load(spec)?.protocol.split);
    }
    let (test, valid) = match (testing.folds, testing.holdout, &testing.file) {
        (Some(folds), ..) => (Testing::Folds { folds, run: None }, Some(args.valid.unwrap_or(0.15))),
        (_, Some(share), _) => (Testing::Holdout(share), Some(args.valid.unwrap_or(0.15))),
        (.., Some(path)) => (Testing::File { path: path.clone(), run: None }, args.valid),
        _ => (Testing::Published { run: None }, args.valid),
    };
    let stratify = match args.stratify {
        Strata::Class => Stratify::Class,
        Strata::ClassSize => Stratify::ClassSize,
    };
    Ok(Division { test, valid, seed: args.seed, stratify })
}

fn summary(dataset: &Dataset, division: &Division, splits: &[Split]) -> Grid {
    let cases: BTreeMap<&str, &Case> = dataset.cases.iter().map(|case| (case.id.as_str(), case)).collect();
    let classes: Vec<Class> =
        Class::ALL.into_iter().filter(|class| dataset.cases.iter().any(|case| case.class == *class)).collect();
    let mut rows = Vec::new();
    let mut notes = String::new();
    for (fold, split) in splits.iter().enumerate() {
        let parts =
            [("train", split.train().collect()), ("valid", split.valid().collect()), ("test", split.test().collect())];
        let placed: usize = parts.iter().map(|(_, names): &(_, Vec<&str>)| names.len()).sum();
        for (part, names) in parts {
            let own: Vec<&Case> = names.iter().filter_map(|name| cases.get(name).copied()).collect();
            let subjects: BTreeSet<&str> = own.iter().map(|case| case.subject.as_str()).collect();
            let of_class = |class: &Class| own.iter().filter(|case| case.class == *class).count();
            let counts = [own.len(), subjects.len()].into_iter().chain(classes.iter().map(of_class));
            let words = [fold.to_string(), part.to_owned()];
            rows.push(words.into_iter().chain(counts.map(|n| n.to_string())).collect());
        }
        if placed < cases.len() {
            notes += &format!("split {fold}: {} of {} cases are in no part\n", cases.len() - placed, cases.len());
        }
    }
    let header = ["Split", "Part", "Cases", "Subjects"].into_iter().chain(classes.iter().map(|class| class.name()));
    let title = format!("{}: {}", dataset.origin.manifest.name, division.describe());
    Grid { title, header: header.map(str::to_owned).collect(), rows, left: 2, notes }
}
