//! Who may know whom: lower layers never name higher ones, and heavy crates stay where they belong.

use std::fs;
use std::path::{Path, PathBuf};

/// Lowest first; modules of one layer may know each other.
const LAYERS: &[&[&str]] = &[
    &["config", "plane", "device", "markup", "version"],
    &["metric", "postprocess", "stats", "dataset", "augment", "pixel", "score", "native", "weights"],
    &["model", "loss"],
    &["spec", "audit"],
    &["run"],
    &["plan"],
    &["store"],
    &["train"],
    &["worker", "executor", "report", "predict"],
    &["tui"],
    &["cli"],
];

/// Crates that only these modules may name.
const OWNERS: &[(&str, &[&str])] = &[
    ("burn", &["model", "loss", "train", "native", "weights"]),
    ("tch", &["native", "train"]),
    ("ratatui", &["tui", "cli"]),
    ("clap", &["cli"]),
    ("plotters", &["report"]),
    ("linfa", &["pixel"]),
];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("src").flatten() {
        match entry.path() {
            path if path.is_dir() => sources(&path, found),
            path if path.extension().is_some_and(|e| e == "rs") => found.push(path),
            _ => {}
        }
    }
}

/// `(module, code without comments and tests)` of every file below `src/`.
fn modules() -> Vec<(String, PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let module = |path: &Path| {
        let first = path.strip_prefix(&src).expect("below src").components().next().expect("a name");
        first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
    };
    let code = |path: &Path| {
        let text = fs::read_to_string(path).expect("source");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    };
    let tests = |path: &PathBuf| path.file_name().is_some_and(|name| name == "tests.rs");
    files.into_iter().filter(|p| !tests(p)).map(|path| (module(&path), path.clone(), code(&path))).collect()
}

#[test]
fn no_layer_names_a_higher_one() {
    let level = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    for (module, path, code) in modules() {
        let Some(own) = level(&module) else {
            assert!(["lib", "main"].contains(&module.as_str()), "{module} has no layer");
            continue;
        };
        for (higher, names) in LAYERS.iter().enumerate().skip(own + 1) {
            for name in *names {
                let named = code.contains(&format!("crate::{name}::")) || code.contains(&format!("crate::{name};"));
                assert!(!named, "{} (layer {own}) names {name} (layer {higher})", path.display());
            }
        }
    }
}

#[test]
fn heavy_crates_stay_in_their_modules() {
    for (module, path, code) in modules() {
        for (crate_name, owners) in OWNERS {
            let named = code.contains(&format!("use {crate_name}::")) || code.contains(&format!(" {crate_name}::"));
            assert!(!named || owners.contains(&module.as_str()), "{} names {crate_name}", path.display());
        }
    }
}

#[test]
fn files_are_short_before_their_tests() {
    for (_, path, _) in modules() {
        let text = fs::read_to_string(&path).expect("source");
        let lines = text.split("#[cfg(test)]").next().unwrap_or_default().lines().count();
        assert!(lines <= 300, "{}: {lines} lines before its tests, at most 300", path.display());
    }
}
