//! Where files of weights are looked for.

use std::path::{Component, Path, PathBuf};

use super::{KNOWN, WeightsError};

/// Environment variable that names the folder of weights.
pub const WEIGHTS_ENV: &str = "SEGLAB_WEIGHTS";
const DEFAULT: &str = "weights";

/// The folder that holds files of weights; a spec's names never lead out of it.
#[derive(Clone, Debug)]
pub struct WeightsRoot(PathBuf);

impl WeightsRoot {
    /// `SEGLAB_WEIGHTS`, else `weights/`.
    pub fn from_env() -> Self {
        let named = std::env::var_os(WEIGHTS_ENV).filter(|value| !value.is_empty());
        Self(named.map_or_else(|| PathBuf::from(DEFAULT), PathBuf::from))
    }

    /// `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The existing file `name`; an error says where to get it and how to do without.
    pub fn file(&self, name: &str) -> Result<PathBuf, WeightsError> {
        check_name(name).map_err(|message| WeightsError::new(Path::new(name), message))?;
        let path = self.0.join(name);
        if !path.is_file() {
            return Err(WeightsError::new(&path, missing(name)));
        }
        // A link inside of the folder may point out of it.
        let inside = path.canonicalize().ok().zip(self.0.canonicalize().ok());
        match inside {
            Some((file, root)) if file.starts_with(&root) => Ok(file),
            _ => Err(WeightsError::new(&path, format!("leads out of {}; put the file itself there", self.0.display()))),
        }
    }
}

/// What is wrong with the name of a file of weights, if anything.
pub fn check_name(name: &str) -> Result<(), String> {
    let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    match plain && !name.is_empty() && !name.contains('\\') && !name.contains(char::is_control) {
        true => Ok(()),
        false => {
            Err(format!("{name:?}: expected a name inside of the weights' folder ({WEIGHTS_ENV}, else {DEFAULT}/)"))
        }
    }
}

fn missing(name: &str) -> String {
    let file = Path::new(name).file_name().and_then(|file| file.to_str()).unwrap_or(name);
    let known = KNOWN.iter().find(|known| known.file() == file);
    let source =
        known.map(|known| format!("; get it from {} (its SHA-256 begins with {})", known.url, known.sha256_prefix()));
    format!(
        "no such file{}; {WEIGHTS_ENV} names the folder (now {}); to train from random weights, drop the arm's \"weights\" key",
        source.unwrap_or_default(),
        std::env::var(WEIGHTS_ENV).unwrap_or_else(|_| format!("{DEFAULT}/")),
    )
}
