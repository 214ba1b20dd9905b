//! Where manifests and data are looked for.

use std::path::{Path, PathBuf};

use super::curation::Curation;
use super::{DatasetError, Manifest, read};

/// Manifests that every build knows, so that the program works outside its source folder.
const BUILT_IN: &[(&str, &str)] = &[
    ("breast-dcedl-mini", include_str!("../../datasets/breast-dcedl-mini.toml")),
    ("breast-dm-mini", include_str!("../../datasets/breast-dm-mini.toml")),
    ("breast-dm-mini-jpg", include_str!("../../datasets/breast-dm-mini-jpg.toml")),
    ("breast-mri", include_str!("../../datasets/breast-mri.toml")),
    ("breast-mri-quadrant", include_str!("../../datasets/breast-mri-quadrant.toml")),
    ("breast-us", include_str!("../../datasets/breast-us.toml")),
    ("bus-bra", include_str!("../../datasets/bus-bra.toml")),
    ("bus-uclm", include_str!("../../datasets/bus-uclm.toml")),
    ("bus-uclm-320", include_str!("../../datasets/bus-uclm-320.toml")),
    ("busi", include_str!("../../datasets/busi.toml")),
    ("busi-curated", include_str!("../../datasets/busi-curated.toml")),
    ("stu", include_str!("../../datasets/stu.toml")),
    ("stu-128", include_str!("../../datasets/stu-128.toml")),
    ("udiat", include_str!("../../datasets/udiat.toml")),
];

/// Curation lists that every build knows.
const BUILT_IN_LISTS: &[(&str, &str)] = &[("busi-curation.csv", include_str!("../../datasets/busi-curation.csv"))];

/// Folder of a user's own manifests, relative to the working directory.
const MANIFESTS: &str = "datasets";

/// Environment variable that names a folder with one folder per data set.
pub const DATA_ENV: &str = "SEGLAB_DATA";

/// Folders that may hold a data set's folder, in order of preference.
#[derive(Clone, Debug)]
pub struct DataRoots(Vec<PathBuf>);

impl DataRoots {
    /// `flag` if given, else `SEGLAB_DATA`, then `datasets/`.
    pub fn new(flag: Option<PathBuf>) -> Self {
        let chosen = flag.or_else(|| std::env::var_os(DATA_ENV).filter(|v| !v.is_empty()).map(PathBuf::from));
        Self(chosen.into_iter().chain([PathBuf::from(MANIFESTS)]).collect())
    }

    /// The folders, in order.
    pub fn folders(&self) -> &[PathBuf] {
        &self.0
    }

    /// The data set's own folder, absolute.
    pub fn folder_of(&self, manifest: &Manifest) -> Result<PathBuf, DatasetError> {
        let candidates = self.0.iter().map(|root| root.join(manifest.folder()));
        let found = candidates.into_iter().find(|folder| folder.is_dir());
        // Workers may have another working directory.
        found.and_then(|folder| folder.canonicalize().ok()).ok_or_else(|| DatasetError::NoRoot {
            name: manifest.name.clone(),
            folder: manifest.folder().to_owned(),
            looked: self.0.iter().map(|root| root.display().to_string()).collect::<Vec<_>>().join(", "),
            origin: manifest.origin.clone(),
        })
    }
}

/// All manifests: the built-in ones and those in `datasets/`, which win; sorted by name.
pub fn manifests() -> Vec<Result<Manifest, DatasetError>> {
    let mut names: Vec<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
    let files = std::fs::read_dir(MANIFESTS).into_iter().flatten().flatten().map(|entry| entry.path());
    names.extend(files.filter(|path| is_manifest(path)).filter_map(|p| Some(p.file_stem()?.to_str()?.to_owned())));
    names.sort();
    names.dedup();
    names.iter().map(|name| find(name)).collect()
}

/// Whether a built-in manifest of this name draws phantoms instead of reading patients' images.
pub fn is_drawn(name: &str) -> bool {
    let built_in = BUILT_IN.iter().find(|(known, _)| *known == name);
    built_in.is_some_and(|(_, text)| Manifest::parse(text, name).is_ok_and(|manifest| !manifest.layout.has_files()))
}

/// The manifest named `name`.
pub(super) fn find(name: &str) -> Result<Manifest, DatasetError> {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let path = Path::new(MANIFESTS).join(format!("{name}.toml"));
    if plain && path.is_file() {
        let place = path.display().to_string();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| DatasetError::File { place: place.clone(), message: error.to_string() })?;
        return Manifest::parse(&text, &place);
    }
    match BUILT_IN.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => Manifest::parse(text, name),
        None => Err(DatasetError::Unknown { name: name.to_owned(), known: known() }),
    }
}

/// The curation list in the file `name`, a plain file name: that in `datasets/`, else the built-in one.
pub(super) fn curation(name: &str) -> Result<Curation, DatasetError> {
    let path = Path::new(MANIFESTS).join(name);
    let place = path.display().to_string();
    if let Some((_, text)) = BUILT_IN_LISTS.iter().find(|(known, _)| *known == name && !path.is_file()) {
        return Curation::parse(text, name);
    }
    let content = read::bytes(&path)?;
    let text = String::from_utf8(content)
        .map_err(|error| DatasetError::File { place: place.clone(), message: error.to_string() })?;
    Curation::parse(&text, &place)
}

fn known() -> String {
    let names = manifests().into_iter().flatten().map(|m| m.name);
    names.collect::<Vec<_>>().join(", ")
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phantoms_are_told_from_patients() {
        assert!(is_drawn("breast-us") && is_drawn("breast-mri-quadrant"));
        assert!(!is_drawn("busi-curated") && !is_drawn("no-such-name"));
    }

    #[test]
    fn a_built_in_manifest_finds_its_list() {
        let named = |manifest: Manifest| match manifest.curation {
            Some(Curation::Named(name)) => Some(name),
            _ => None,
        };
        let lists: Vec<String> = manifests().into_iter().flatten().filter_map(named).collect();
        assert_eq!(lists, ["busi-curation.csv"]);
        let Ok(Curation::Read(corrections)) = curation(&lists[0]) else { panic!("{lists:?}") };
        assert_eq!(corrections.len(), 184);
    }
}
