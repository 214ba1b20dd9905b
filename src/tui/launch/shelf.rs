//! Specs that there are: those of every build, those in `baselines/`, and those that were written here.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::dataset::{DataRoots, manifests};
use crate::spec::{BUILT_IN, Spec};
use crate::store::write_atomic;
use crate::tui::text::clean;

/// Folder of specs, relative to the working directory.
const FOLDER: &str = "baselines";
/// A larger file is no spec.
const LIMIT_BYTES: u64 = 256 << 10;
/// More files are not looked at.
const FILES: usize = 500;

/// A spec of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// What the list calls it: its name, or that of a file that cannot be read.
    pub name: String,
    /// Its file; `None` for one that every build knows.
    pub path: Option<PathBuf>,
    /// Its text.
    pub text: String,
    /// What the parser says.
    pub spec: Result<Spec, String>,
}

/// What can be started, and on what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shelf {
    /// Specs: those of every build first.
    pub offers: Vec<Offer>,
    /// Data sets by name, each with whether it is here.
    pub datasets: Vec<(String, String)>,
    /// Where a new spec goes.
    pub folder: PathBuf,
}

/// Why a spec was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsaved {
    /// Something is there already.
    Exists(PathBuf),
    /// It cannot be.
    Refused(String),
}

impl Shelf {
    /// Reads `baselines/`, the store in `store`, and looks for data sets.
    pub fn read(store: &Path, roots: &DataRoots) -> Self {
        let mut offers: Vec<Offer> =
            BUILT_IN.iter().map(|(name, text)| offer(name, None, (*text).to_owned())).collect();
        for path in toml_files(Path::new(FOLDER)).into_iter().chain(toml_files(store)) {
            let Some(text) = read_bounded(&path) else { continue };
            let is_copy = BUILT_IN.iter().any(|(_, known)| *known == text);
            if !is_copy && may_be_spec(&text) {
                offers.push(offer(&path.display().to_string(), Some(path), text));
            }
        }
        let found = |name: &str, is_here: bool| (name.to_owned(), if is_here { "here" } else { "not here" }.to_owned());
        let datasets = manifests().into_iter().flatten().map(|manifest| {
            let is_here = !manifest.layout.has_files() || roots.folder_of(&manifest).is_ok();
            found(&clean(&manifest.name), is_here)
        });
        Self { offers, datasets: datasets.collect(), folder: folder(store) }
    }

    /// A name that no spec here has, from `name`.
    pub fn free_name(&self, name: &str, taken: &dyn Fn(&str) -> bool) -> String {
        let is_taken = |name: &str| self.offers.iter().any(|offer| offer.name == name) || taken(name);
        if !is_taken(name) {
            return name.to_owned();
        }
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        numbered.into_iter().find(|name| !is_taken(name)).expect("numbers do not end")
    }
}

/// Writes a spec. A new name goes to `baselines/` if that is here, else into the store; `replace` says that what is there
/// already may go.
pub fn save(text: &str, (path, store): (Option<&Path>, &Path), replace: bool) -> Result<PathBuf, Unsaved> {
    let refused = |message: String| Unsaved::Refused(clean(&message));
    let spec = Spec::parse(text, "spec").map_err(|error| refused(error.to_string()))?;
    if BUILT_IN.iter().any(|(name, _)| *name == spec.name) {
        return Err(refused(format!("\"{}\" is a built-in spec: give this one another name", spec.name)));
    }
    let path = path.map_or_else(|| folder(store).join(format!("{}.toml", spec.name)), Path::to_owned);
    if path.exists() && !replace {
        match read_bounded(&path) {
            Some(before) if before == text => {}
            _ => return Err(Unsaved::Exists(path)),
        }
    }
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = made.and_then(|()| write_atomic(&path, text.as_bytes()));
    written.map_err(|error| refused(format!("{}: {error}", path.display()))).map(|()| path)
}

fn folder(store: &Path) -> PathBuf {
    if Path::new(FOLDER).is_dir() { PathBuf::from(FOLDER) } else { store.to_owned() }
}

fn offer(place: &str, path: Option<PathBuf>, text: String) -> Offer {
    let spec = Spec::parse(&text, place).map_err(|error| clean(&error.to_string().replace('\n', " ")));
    let stem = path.as_deref().and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
    let name =
        spec.as_ref().map_or_else(|_| clean(&stem.unwrap_or_else(|| place.to_owned())), |spec| spec.name.clone());
    Offer { name, path, text, spec }
}

/// Published numbers and settings are TOML too; a file that is no TOML at all may be meant as a spec.
fn may_be_spec(text: &str) -> bool {
    let is_spec = |table: toml::Table| {
        let tells = |key: &str| table.contains_key(key);
        tells("arm") || tells("train") || table.get("protocol").is_some_and(toml::Value::is_table)
    };
    toml::from_str(text).map_or(true, is_spec)
}

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_spec = |path: &PathBuf| {
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        path.extension().is_some_and(|end| end == "toml") && !is_hidden && path.is_file()
    };
    let mut paths: Vec<PathBuf> = entries.filter(is_spec).take(FILES).collect();
    paths.sort();
    paths
}

/// The text of a file that may be a spec.
pub fn read_bounded(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(LIMIT_BYTES + 1).read_to_string(&mut text).ok()?;
    (text.len() as u64 <= LIMIT_BYTES).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str) -> String {
        BUILT_IN[0].1.replacen("name = \"demo\"", &format!("name = \"{name}\""), 1)
    }

    #[test]
    fn nothing_is_overwritten_unasked_and_never_a_built_in() {
        let dir = tempfile::tempdir().expect("tempdir");
        let path = dir.path().join("mine.toml");
        let save = |text: &str, replace| save(text, (Some(&path), dir.path()), replace);
        assert_eq!(save(&spec("mine"), false), Ok(path.clone()));
        assert_eq!(save(&spec("mine"), false), Ok(path.clone()), "the same text again");
        let other = spec("mine") + "# more\n";
        assert_eq!(save(&other, false), Err(Unsaved::Exists(path.clone())));
        assert_eq!(read_bounded(&path), Some(spec("mine")));
        assert_eq!(save(&other, true), Ok(path.clone()));
        assert_eq!(read_bounded(&path), Some(other));
        for wrong in [spec("demo"), spec("../x"), "name =".to_owned()] {
            assert!(matches!(save(&wrong, true), Err(Unsaved::Refused(_))), "{wrong}");
        }
    }

    #[test]
    fn a_file_that_is_no_spec_is_left_out_and_one_that_is_wrong_is_named() {
        let dir = tempfile::tempdir().expect("tempdir");
        for (name, text) in [("ours.toml", spec("ours")), ("wrong.toml", "arm = 3".into()), ("torn.toml", "[[".into())]
        {
            fs::write(dir.path().join(name), text).expect("written");
        }
        fs::write(dir.path().join("published.toml"), "[[paper]]\nname = \"P1\"\n").expect("written");
        let shelf = Shelf::read(dir.path(), &DataRoots::new(Some(dir.path().to_owned())));
        let own = |name: &str| shelf.offers.iter().find(|offer| offer.name == name);
        assert!(own("ours").is_some_and(|offer| offer.spec.is_ok()));
        assert!(own("wrong").is_some_and(|offer| offer.spec.is_err()) && own("torn").is_some());
        assert!(own("published").is_none());
        assert_eq!(own("demo").map(|offer| offer.path.clone()), Some(None));
        assert!(shelf.datasets.contains(&("breast-us".into(), "here".into())));
        assert!(shelf.datasets.contains(&("busi".into(), "not here".into())));
        assert_eq!(shelf.free_name("ours", &|name| name == "ours-2"), "ours-3");
    }
}
