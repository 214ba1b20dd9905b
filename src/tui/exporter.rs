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
        let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        let out = target(store.root(), out, home.as_deref())?;
        let (spec, store) = (spec.to_owned(), store.clone());
        self.job.start(move || write(store, &spec, &out));
        Ok(())
    }

    /// What has been written since.
    pub fn poll(&mut self) -> Option<Exported> {
        self.job.poll().map(|done| done.and_then(|exported| exported).map_err(|error| clean(&error)))
    }
}

/// The folder that `out` names, if something may be written there: not over what is there, not between the runs. It was
/// typed by hand: where it leads is the user's to choose, as on the command line.
fn target(store: &Path, out: &str, home: Option<&Path>) -> Result<PathBuf, String> {
    let named = match (out.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        (None, _) if !out.is_empty() && !out.starts_with('~') => PathBuf::from(out),
        _ => return Err(format!("\"{out}\": expected a folder, from / or ~/ or from the working directory")),
    };
    let named = std::path::absolute(&named).map_err(|error| format!("{}: {error}", named.display()))?;
    // Also a link that leads nowhere is there.
    if fs::symlink_metadata(&named).is_ok() {
        return Err(format!("{} is there already; choose another folder", named.display()));
    }
    let known = named.ancestors().find_map(|ancestor| Some((fs::canonicalize(ancestor).ok()?, ancestor)));
    let (known, rest) = match &known {
        Some((known, ancestor)) => (known.as_path(), named.strip_prefix(ancestor).unwrap_or(&named)),
        None => (Path::new(""), named.as_path()),
    };
    if rest.components().any(|part| part == Component::ParentDir) {
        return Err(format!("{}: .. leads out of a folder that is not there", named.display()));
    }
    let resolved = known.join(rest);
    match fs::canonicalize(store) {
        Ok(store) if resolved.starts_with(&store) => {
            Err(format!("{} is among the runs; choose a folder outside {}", named.display(), store.display()))
        }
        _ => Ok(resolved),
    }
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
    let written = export(spec, (&runs, &watch.broken), &part).map_err(|error| error.to_string());
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
        let home = fs::canonicalize(dir.path()).expect("a folder");
        let store = home.join("results");
        fs::create_dir_all(&store).expect("a folder");
        let target = |out: &str| target(&store, out, Some(&home));
        let name = |name: &str| home.join(name).display().to_string();
        assert_eq!(target(&name("new/tables")), Ok(home.join("new/tables")));
        assert_eq!(target("~/tables"), Ok(home.join("tables")));
        assert_eq!(target(&name("results/../tables")), Ok(home.join("tables")), "as on the command line");
        for (out, why) in [
            (name("results"), "is there already"),
            (name("results/x"), "is among the runs"),
            (name("results/../results/x"), "is among the runs"),
            ("~/results/x".to_owned(), "is among the runs"),
            (name("a/../results/x"), "that is not there"),
            ("~".to_owned(), "expected a folder"),
            ("~root/x".to_owned(), "expected a folder"),
            (String::new(), "expected a folder"),
        ] {
            let refused = target(&out).expect_err(&out);
            assert!(refused.contains(why), "{refused}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&store, home.join("link")).expect("a link");
            assert!(target(&name("link/x")).is_err_and(|why| why.contains("is among the runs")));
            assert!(target(&name("link/../x")).is_ok_and(|out| out == home.join("x")));
        }
    }

    #[test]
    fn without_a_home_a_tilde_leads_nowhere() {
        assert!(target(Path::new("results"), "~/x", None).is_err_and(|why| why.contains("expected a folder")));
    }
}
