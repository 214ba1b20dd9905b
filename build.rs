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

/// `dd08772`, `dd08772-dirty` where tracked files differ from it, `unknown` outside of a checkout or without git.
fn revision(root: &Path) {
    let revision = if is_checkout(root) { git(root, &["rev-parse", "--short=7", "HEAD"]) } else { None };
    let changed = || git(root, &["status", "--porcelain", "--untracked-files=no"]);
    let mark = |revision: String| match changed() {
        Some(files) if files.is_empty() => revision,
        _ => revision + "-dirty",
    };
    if revision.is_some() {
        watch(root);
    }
    println!("cargo:rustc-env=SEGLAB_REVISION={}", revision.map_or("unknown".to_owned(), mark));
}

/// Whether the repository is ours, not one that these sources were copied into.
fn is_checkout(root: &Path) -> bool {
    let top = git(root, &["rev-parse", "--show-toplevel"]).map(PathBuf::from);
    top.and_then(|top| Some(top.canonicalize().ok()? == root.canonicalize().ok()?)).unwrap_or(false)
}

/// A commit, a checkout and a staged file ask again, and so does an edit, which builds this crate anyway.
fn watch(root: &Path) {
    let branch = git(root, &["symbolic-ref", "-q", "HEAD"]);
    let names = ["HEAD", "index", "packed-refs"].into_iter().map(str::to_owned).chain(branch);
    let paths = names.filter_map(|name| Some(root.join(git(root, &["rev-parse", "--git-path", &name])?)));
    // Cargo runs a script again on every build whose path is not there.
    for path in paths.filter(|path| path.exists()) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    for own in ["build.rs", "Cargo.toml", "Cargo.lock", "src", "baselines"] {
        println!("cargo:rerun-if-changed={own}");
    }
}

/// What git prints, without writing anything into the repository: a refreshed index would build everything again.
fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("--no-optional-locks").args(arguments).current_dir(root).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
