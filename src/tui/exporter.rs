//! Writes a spec's tables as files, as `seglab export` does, in a thread of its own: ten thousand resamples take a while.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::job::Job;
use super::text::clean;
use crate::report::export;
use crate::store::{RunView, Store, Watch};

/// Where the files are, and how many.
pub type Exported = Result<(PathBuf, usize), String>;

/// One export at a time.
#[derive(Default)]
pub struct Exporter {
    job: Job<Exported>,
}

impl Exporter {
    /// Starts to write the runs of `spec` into the folder `out`, which must not be there yet; why not, if it is refused.
    pub fn start(&mut self, store: &Store, spec: &str, out: &str) -> Result<(), String> {
        if self.job.is_busy() {
            return Err("another export is under way".to_owned());
        }
        let (out, spec, store) = (target(store.root(), out)?, spec.to_owned(), store.clone());
        self.job.start(move || write(store, &spec, &out));
        Ok(())
    }

    /// What has been written since.
    pub fn poll(&mut self) -> Option<Exported> {
        self.job.poll().map(|done| done.and_then(|exported| exported).map_err(|error| clean(&error)))
    }
}

/// The folder that `out` names, if something may be written there: not over what is there, not between the runs.
fn target(store: &Path, out: &str) -> Result<PathBuf, String> {
    if out.is_empty() || out.starts_with('~') {
        return Err(format!("\"{out}\": expected a folder, from / or from the working directory"));
    }
    let out = std::path::absolute(out).map_err(|error| format!("{out}: {error}"))?;
    if out.components().any(|part| part == Component::ParentDir) {
        return Err(format!("{}: write it without ..", out.display()));
    }
    // Also a link that leads nowhere is there.
    if fs::symlink_metadata(&out).is_ok() {
        return Err(format!("{} is there already; choose another folder", out.display()));
    }
    let known = out.ancestors().find_map(|ancestor| fs::canonicalize(ancestor).ok());
    if let (Some(known), Ok(store)) = (known, fs::canonicalize(store))
        && known.starts_with(&store)
    {
        return Err(format!("{} is among the runs; choose a folder outside {}", out.display(), store.display()));
    }
    Ok(out)
}

/// All of it is there at once, or nothing.
fn write(store: Store, spec: &str, out: &Path) -> Exported {
    let mut part = out.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    if fs::symlink_metadata(&part).is_ok() {
        return Err(format!("{} is there: another export writes it, or was cut off; remove it", part.display()));
    }
    let mut watch = Watch::new(store, Some(spec));
    watch.catch_up().map_err(|error| error.to_string())?;
    let runs: Vec<&RunView> = watch.runs().collect();
    let written = export(spec, &runs, &part).map_err(|error| error.to_string());
    let moved = written.and_then(|files| {
        fs::rename(&part, out).map_err(|error| format!("{}: {error}", out.display())).map(|()| files.len())
    });
    if moved.is_err() {
        // What is half written is of no use; where even that cannot be removed, the error says enough.
        _ = fs::remove_dir_all(&part);
    }
    moved.map(|files| (out.to_owned(), files))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_new_folder_outside_the_store() {
        let dir = tempfile::tempdir().expect("tempdir");
        let store = dir.path().join("results");
        fs::create_dir_all(&store).expect("a folder");
        let name = |name: &str| dir.path().join(name).display().to_string();
        assert_eq!(target(&store, &name("new/tables")), Ok(dir.path().join("new/tables")));
        for (out, why) in [
            (name("results"), "is there already"),
            (name("results/x"), "is among the runs"),
            (name("a/../results/x"), "without .."),
            ("~/x".to_owned(), "expected a folder"),
            (String::new(), "expected a folder"),
        ] {
            let refused = target(&store, &out).expect_err(&out);
            assert!(refused.contains(why), "{refused}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&store, dir.path().join("link")).expect("a link");
            assert!(target(&store, &name("link/x")).is_err_and(|why| why.contains("is among the runs")));
        }
    }
}
