//! Tells the program which revision of the code it is built of, and a worker that links libtorch where that lay.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    revision(Path::new(env!("CARGO_MANIFEST_DIR")));
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    let links_libtorch = env::var_os("CARGO_FEATURE_TCH").is_some();
    // `LD_LIBRARY_PATH` wins over this.
    if let (true, Ok(libtorch)) = (links_libtorch, env::var("LIBTORCH")) {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{libtorch}/lib");
    }
}

/// What the program is made of.
const SOURCES: [&str; 5] = ["build.rs", "Cargo.toml", "Cargo.lock", "src", "baselines"];

/// `dd08772`, `dd08772-dirty` where the sources differ from it, `unknown` outside of a checkout or without git. A debug
/// build is `debug`: it is made again after every edit, and must not be after a commit as well.
fn revision(root: &Path) {
    SOURCES.iter().for_each(|own| println!("cargo:rerun-if-changed={own}"));
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let revision = match is_release {
        true => committed(root).unwrap_or_else(|| "unknown".to_owned()),
        false => "debug".to_owned(),
    };
    println!("cargo:rustc-env=SEGLAB_REVISION={revision}");
}

fn committed(root: &Path) -> Option<String> {
    let revision = is_checkout(root).then(|| git(root, &["rev-parse", "--short=7", "HEAD"]))??;
    watch(root);
    let status = [&["status", "--porcelain", "--untracked-files=no", "--"], &SOURCES[..]].concat();
    match git(root, &status) {
        Some(changed) if changed.is_empty() => Some(revision),
        _ => Some(revision + "-dirty"),
    }
}

/// Whether the repository is ours, not one that these sources were copied into.
fn is_checkout(root: &Path) -> bool {
    let top = git(root, &["rev-parse", "--show-toplevel"]).map(PathBuf::from);
    top.and_then(|top| Some(top.canonicalize().ok()? == root.canonicalize().ok()?)).unwrap_or(false)
}

/// A commit and a checkout ask again, and so does an edit, which builds this crate anyway.
fn watch(root: &Path) {
    let branch = git(root, &["symbolic-ref", "-q", "HEAD"]);
    let names = ["HEAD", "packed-refs"].into_iter().map(str::to_owned).chain(branch);
    let paths = names.filter_map(|name| Some(root.join(git(root, &["rev-parse", "--git-path", &name])?)));
    // Cargo runs a script again on every build whose path is not there.
    for path in paths.filter(|path| path.exists()) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
}

/// What git prints, without writing anything into the repository.
fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("--no-optional-locks").args(arguments).current_dir(root).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
