//! The folders of a store: runs, and what would be one but for its name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::run_dir::holds_plan;
use super::{RunDir, StoreError};
use crate::run::RunId;

/// What is said of a folder whose name cannot be one of ours.
pub(super) const MISNAMED: &str =
    "its name has control characters or is no UTF-8, so it is not read; rename the folder";

/// What is found in a store.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Runs, sorted by spec and id.
    pub runs: Vec<RunDir>,
    /// Folders that hold a plan, or specs that hold one, under names that no run has; for people.
    pub misnamed: Vec<String>,
}

impl Listing {
    /// Of all specs in `root`.
    pub fn of_store(root: &Path) -> Result<Self, StoreError> {
        let specs = Folders::of(root)?;
        let mut listing = Self::default();
        for spec in &specs.names {
            let own = Self::of_spec(root, spec)?;
            listing.runs.extend(own.runs);
            listing.misnamed.extend(own.misnamed);
        }
        let holds_run =
            |spec: &&PathBuf| fs::read_dir(spec).into_iter().flatten().flatten().any(|e| holds_plan(&e.path()));
        listing.misnamed.extend(specs.misnamed.iter().filter(holds_run).map(|path| shown(root, path)));
        Ok(listing)
    }

    /// Of the folder `spec` in `root`.
    pub fn of_spec(root: &Path, spec: &str) -> Result<Self, StoreError> {
        let found = Folders::of(&root.join(spec))?;
        let runs = found.names.iter().map(|id| RunDir::new(root, spec, RunId::from_folder(id)));
        let misnamed = found.misnamed.iter().filter(|path| holds_plan(path)).map(|path| shown(root, path));
        Ok(Self { runs: runs.filter(RunDir::has_plan).collect(), misnamed: misnamed.collect() })
    }
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

/// The folders in one. Hidden ones are not ours.
struct Folders {
    /// Sorted.
    names: Vec<String>,
    /// With control characters, or no UTF-8.
    misnamed: Vec<PathBuf>,
}

impl Folders {
    /// None if `dir` does not exist.
    fn of(dir: &Path) -> Result<Self, StoreError> {
        let mut folders = Self { names: Vec::new(), misnamed: Vec::new() };
        let entries = match fs::read_dir(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(folders),
            other => other.map_err(|error| StoreError::new(dir, error))?,
        };
        for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            match entry.file_name().into_string() {
                Ok(name) if name.starts_with('.') => {}
                Ok(name) if !name.contains(char::is_control) => folders.names.push(name),
                _ => folders.misnamed.push(entry.path()),
            }
        }
        folders.names.sort();
        Ok(folders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_under_a_name_that_is_none_is_told_and_an_empty_folder_is_not() {
        let dir = tempfile::tempdir().expect("tempdir");
        for run in ["s/a", "s/b\u{1b}[2J", "s/.hidden\u{1b}", "t\n/c"] {
            fs::create_dir_all(dir.path().join(run)).expect("folders");
            fs::write(dir.path().join(run).join("plan.toml"), "").expect("written");
        }
        for empty in ["s/d\u{7}", "u\u{7}/e", ".v\u{7}"] {
            fs::create_dir_all(dir.path().join(empty)).expect("folders");
        }
        let listing = Listing::of_store(dir.path()).expect("readable");
        assert_eq!(listing.runs.iter().map(RunDir::name).collect::<Vec<_>>(), ["s/a"]);
        assert_eq!(listing.misnamed, ["s/b\u{1b}[2J", "t\n"]);
        assert!(Listing::of_store(&dir.path().join("none")).is_ok_and(|listing| listing.runs.is_empty()));
    }
}
