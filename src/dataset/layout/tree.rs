//! Finds the files that a pattern means below a data set's folder. Names are untrusted: they end up on a terminal and
//! in reports; links may lead anywhere.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::pattern::{Names, Pattern};
use super::patterns::Patterns;
use crate::dataset::DatasetError;

/// Most files and folders that are looked at for one pattern.
const ENTRIES: usize = 200_000;

/// A data set's folder; nothing outside it is ever opened.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    folder: PathBuf,
    real: PathBuf,
}

/// A file and what its path says.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) names: Names,
}

impl Root {
    pub(crate) fn new(folder: &Path) -> Result<Self, DatasetError> {
        let real = folder.canonicalize().map_err(|error| DatasetError::file(folder, error))?;
        Ok(Self { folder: folder.to_owned(), real })
    }

    /// The files that fit any of `patterns`, each once, in the order of their paths.
    pub(crate) fn files(&self, patterns: &Patterns) -> Result<Vec<Found>, DatasetError> {
        let mut found = Vec::new();
        for pattern in &patterns.0 {
            let mut walk = Walk { root: self, pattern, left: ENTRIES, found: &mut found };
            walk.level(&self.folder, 0, &Names::default())?;
        }
        found.sort_by_cached_key(|file| (numbered(&file.path.to_string_lossy()), file.path.clone()));
        found.dedup_by(|a, b| a.path == b.path);
        Ok(found)
    }

    /// The file at `relative`, a path with `/` that another file names.
    pub(crate) fn file(&self, relative: &str) -> Result<PathBuf, DatasetError> {
        let place = self.folder.join("…");
        let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && printable(part);
        if relative.contains(['\\', ':']) || !relative.split('/').all(plain) {
            return Err(DatasetError::file(&place, format!("{relative:?} is not a plain path below the folder")));
        }
        let path = self.folder.join(relative);
        self.refuse_outside(&path)?;
        if path.is_file() { Ok(path) } else { Err(DatasetError::file(&path, "not a file")) }
    }

    /// A link that leads out of the data set could show any file of the machine in a report.
    fn refuse_outside(&self, path: &Path) -> Result<(), DatasetError> {
        let target = path.canonicalize().map_err(|error| DatasetError::file(path, error))?;
        if target.starts_with(&self.real) {
            return Ok(());
        }
        Err(DatasetError::file(path, format!("a link out of {}", self.real.display())))
    }
}

struct Walk<'a> {
    root: &'a Root,
    pattern: &'a Pattern,
    left: usize,
    found: &'a mut Vec<Found>,
}

impl Walk<'_> {
    fn level(&mut self, folder: &Path, level: usize, above: &Names) -> Result<(), DatasetError> {
        let is_file = level + 1 == self.pattern.levels();
        if let Some(name) = self.pattern.literal(level).filter(|_| !is_file) {
            let below = folder.join(name);
            return if below.is_dir() { self.enter(&below, level, above.clone()) } else { Ok(()) };
        }
        for entry in folder.read_dir().map_err(|error| DatasetError::file(folder, error))? {
            let entry = entry.map_err(|error| DatasetError::file(folder, error))?;
            self.left = self.left.checked_sub(1).ok_or_else(|| {
                DatasetError::file(folder, format!("more than {ENTRIES} files for {:?}", self.pattern.to_string()))
            })?;
            let name = entry.file_name();
            if hidden(&name) {
                continue;
            }
            let Some(name) = name.to_str().filter(|name| printable(name)) else {
                return Err(DatasetError::file(folder, format!("the file name {name:?} is not printable UTF-8")));
            };
            let Some(names) = self.pattern.fit_level(level, name, above) else { continue };
            match is_file {
                true => self.take(&entry.path(), names)?,
                false if entry.path().is_dir() => self.enter(&entry.path(), level, names)?,
                false => {}
            }
        }
        Ok(())
    }

    fn enter(&mut self, folder: &Path, level: usize, names: Names) -> Result<(), DatasetError> {
        self.root.refuse_outside(folder)?;
        self.level(folder, level + 1, &names)
    }

    fn take(&mut self, path: &Path, names: Names) -> Result<(), DatasetError> {
        let kind = path.symlink_metadata().map_err(|error| DatasetError::file(path, error))?;
        if kind.is_symlink() {
            self.root.refuse_outside(path)?;
        }
        if !path.is_file() {
            return Err(DatasetError::file(path, "not a file"));
        }
        self.found.push(Found { path: path.to_owned(), names });
        Ok(())
    }
}

/// What macOS and editors leave behind.
fn hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") || name == "__MACOSX"
}

/// Neither control characters, which run a terminal's escape codes, nor bidirectional controls, which make one name
/// look like another.
pub(crate) fn printable(name: &str) -> bool {
    let reorders = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !name.chars().any(|c| c.is_control() || reorders(c))
}

/// Sort key in which `IM2` comes before `IM10`, and `IM000` before `IM001`.
fn numbered(path: &str) -> Vec<(u64, String)> {
    let mut key = vec![(0u64, String::new())];
    let mut in_number = false;
    for c in path.chars() {
        if c.is_ascii_digit() && !in_number {
            key.push((0, String::new()));
        }
        in_number = c.is_ascii_digit();
        let last = key.last_mut().expect("never empty");
        match c.to_digit(10) {
            Some(digit) => last.0 = last.0.saturating_mul(10).saturating_add(u64::from(digit)),
            None => last.1.push(c),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_in_the_order_of_their_numbers() {
        let order = ["a/IM000.png", "a/IM001.png", "a/IM2.png", "a/IM10.png", "b/IM0.png", "b/x1y0.png", "b/x1y1.png"];
        let mut sorted = order;
        sorted.reverse();
        sorted.sort_by_cached_key(|path| numbered(path));
        assert_eq!(sorted, order);
    }
}
