//! Specs that there are: those of every build, those in `baselines/` and the working directory, those in a folder that was
//! named, and those that were written here.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::dataset::{DataRoots, manifests};
use crate::spec::{BUILT_IN, Spec};
use crate::store::write_atomic;
use crate::tui::text::clean;

/// Folder of specs, relative to the working directory.
const FOLDER: &str = "baselines";
/// A larger file is no spec.
const LIMIT_BYTES: u64 = 256 << 10;
/// More files of a folder are not looked at.
const FILES: usize = 500;
/// Nor more names of a folder, whatever they are of.
const NAMES: usize = 20_000;

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
    /// Reads `baselines/`, the working directory, the folder `named`, the store in `store`, and looks for data sets.
    pub fn read((store, named): (&Path, Option<&Path>), roots: &DataRoots) -> Self {
        let mut offers: Vec<Offer> =
            BUILT_IN.iter().map(|(name, text)| offer(name, None, (*text).to_owned())).collect();
        let mut seen = BTreeSet::new();
        for folder in [Some(Path::new(FOLDER)), Some(Path::new(".")), named, Some(store)].into_iter().flatten() {
            if !seen.insert(fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())) {
                continue;
            }
            match toml_files(folder) {
                Ok(paths) => offers.extend(paths.into_iter().filter_map(offered)),
                Err(error) if Some(folder) == named => offers.push(unreadable(folder.to_owned(), &error)),
                // Nobody has said that it is there.
                Err(_) => {}
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
            Ok(before) if before == text => {}
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

/// What `path` offers; `None` for what is no spec, or one that every build knows.
fn offered(path: PathBuf) -> Option<Offer> {
    let text = match read_bounded(&path) {
        Ok(text) => text,
        Err(error) => return Some(unreadable(path, &error)),
    };
    let is_copy = BUILT_IN.iter().any(|(_, known)| *known == text);
    (!is_copy && may_be_spec(&text)).then(|| offer(&path.display().to_string(), Some(path), text))
}

/// What cannot be read may be what is looked for: it is listed with its reason.
fn unreadable(path: PathBuf, error: &io::Error) -> Offer {
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
    let spec = Err(clean(&format!("{}: {error}", path.display())));
    Offer { name: clean(&name), text: String::new(), spec, path: Some(path) }
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

fn toml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.take(NAMES).flatten().map(|entry| entry.path());
    let is_spec = |path: &PathBuf| {
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        path.extension().is_some_and(|end| end == "toml") && !is_hidden && path.is_file()
    };
    let mut paths: Vec<PathBuf> = entries.filter(is_spec).take(FILES).collect();
    paths.sort();
    Ok(paths)
}

/// The text of a file that may be a spec.
pub fn read_bounded(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LIMIT_BYTES + 1).read_to_string(&mut text)?;
    match text.len() as u64 > LIMIT_BYTES {
        true => Err(io::Error::other(format!("larger than {} KiB: no spec", LIMIT_BYTES >> 10))),
        false => Ok(text),
    }
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
        assert_eq!(read_bounded(&path).ok(), Some(spec("mine")));
        assert_eq!(save(&other, true), Ok(path.clone()));
        assert_eq!(read_bounded(&path).ok(), Some(other));
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
        let shelf = Shelf::read((dir.path(), None), &DataRoots::new(Some(dir.path().to_owned())));
        let own = |name: &str| shelf.offers.iter().find(|offer| offer.name == name);
        assert!(own("ours").is_some_and(|offer| offer.spec.is_ok()));
        assert!(own("wrong").is_some_and(|offer| offer.spec.is_err()) && own("torn").is_some());
        assert!(own("published").is_none());
        assert_eq!(own("demo").map(|offer| offer.path.clone()), Some(None));
        assert!(shelf.datasets.contains(&("breast-us".into(), "here".into())));
        assert!(shelf.datasets.contains(&("busi".into(), "not here".into())));
        assert_eq!(shelf.free_name("ours", &|name| name == "ours-2"), "ours-3");
    }
    #[test]
    fn a_named_folder_is_listed_once_and_what_cannot_be_read_of_it_has_its_reason() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (store, named) = (dir.path().join("results"), dir.path().join("specs"));
        fs::create_dir_all(&named).expect("a folder");
        fs::write(named.join("ours.toml"), spec("ours")).expect("written");
        fs::write(named.join("huge.toml"), "#".repeat(LIMIT_BYTES as usize + 1)).expect("written");
        fs::write(named.join("bytes.toml"), b"\xff\xfe").expect("written");
        let read = |store: &Path, named: &Path| Shelf::read((store, Some(named)), &DataRoots::new(None)).offers;
        for offers in [read(&store, &named), read(&named, &named)] {
            let of = |name: &str| offers.iter().filter(|offer| offer.name == name).collect::<Vec<_>>();
            assert!(matches!(of("ours")[..], [Offer { spec: Ok(_), .. }]), "once");
            assert!(of("huge")[0].spec.as_ref().is_err_and(|why| why.ends_with("larger than 256 KiB: no spec")));
            assert!(of("bytes")[0].spec.as_ref().is_err_and(|why| why.contains("UTF-8")));
        }
        let gone = read(&store, &dir.path().join("gone"));
        assert!(gone.iter().any(|offer| offer.name == "gone" && offer.spec.is_err()), "a folder that is not there");
    }
}
