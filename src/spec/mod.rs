//! A spec says what to compare: a TOML file, closed and typed; an unknown key is an error with its line.
//! Everything but the arms is equal for all arms by construction; an arm whose protocol leaks has to say so.

mod arm;
mod built_in;
mod profile;
mod protocol;
mod train;
mod transfer;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use crate::augment::Augment;
pub use arm::Arm;
pub use built_in::BUILT_IN;
pub use profile::{MARK, Profile, asked};
pub use protocol::Protocol;
pub use train::{Plateau, Precision, TrainConfig};
pub use transfer::{Freeze, Transfer, Weights, begins};

use crate::config;
use crate::metric::Task;

/// What to compare, on what, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Folder of its runs in the store.
    pub name: String,
    /// One line for people.
    #[serde(default)]
    pub title: String,
    /// Manifest name of the data set.
    pub dataset: String,
    /// What every arm has to answer; if absent, each answers what its model is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// Division, seeds and input size.
    pub protocol: Protocol,
    /// The same for every arm.
    pub train: TrainConfig,
    /// What varies.
    #[serde(rename = "arm")]
    pub arms: Vec<Arm>,
    /// Smaller versions of it, by name.
    #[serde(rename = "profile", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, Profile>,
}

/// Why a spec cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// No such file, and no built-in spec of that name.
    #[error("{path}: {message}; built-in specs: {known}")]
    Missing {
        /// What was asked for.
        path: String,
        /// Why it cannot be read.
        message: String,
        /// Names that need no file.
        known: String,
    },
    /// A key, type or value that is not allowed.
    #[error("{place}: {message}")]
    Invalid {
        /// File and line.
        place: String,
        /// What was found and what is expected.
        message: String,
    },
}

impl Spec {
    /// The built-in spec `name`.
    pub fn built_in(name: &str) -> Option<Result<Self, SpecError>> {
        BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| Self::parse(text, name))
    }

    /// Reads `path`, or the built-in spec of that name; behind an `@` at the end, a profile of it.
    pub fn load(path: &Path) -> Result<Self, SpecError> {
        let (path, profile) = asked(path);
        let spec = Self::load_full(&path)?;
        let Some(profile) = profile else { return Ok(spec) };
        let place = path.display().to_string();
        spec.at_profile(&profile).map_err(|message| SpecError::Invalid { place, message })
    }

    fn load_full(path: &Path) -> Result<Self, SpecError> {
        let shown = path.display().to_string();
        match (std::fs::read_to_string(path), Self::built_in(&shown)) {
            (Ok(text), _) => Self::parse(&text, &shown),
            (Err(_), Some(spec)) => spec,
            (Err(error), None) => {
                Err(SpecError::Missing { path: shown, message: error.to_string(), known: BUILT_IN.map_names() })
            }
        }
    }

    /// Parses and checks `text`; `place` is the file's name for messages.
    pub fn parse(text: &str, place: &str) -> Result<Self, SpecError> {
        Self::parsed(text, place, Self::check_name)
    }

    /// The same for what programs hand on: the text may be of a profile, see [`at_profile`](Self::at_profile).
    pub fn parse_sized(text: &str, place: &str) -> Result<Self, SpecError> {
        Self::parsed(text, place, |spec| {
            // A name without a profile is a spec's, whatever it is called.
            if spec.name.contains(MARK) && is_stored_name(&spec.name) { Ok(()) } else { spec.check_name() }
        })
    }

    fn parsed(text: &str, place: &str, check_name: impl Fn(&Self) -> Result<(), String>) -> Result<Self, SpecError> {
        let spec: Self = toml::from_str(text).map_err(|error| SpecError::Invalid {
            place: config::place(place, text, &error),
            message: error.message().to_owned(),
        })?;
        let checked = check_name(&spec).and_then(|()| spec.check()).and_then(|()| spec.check_profiles());
        checked.map_err(|message| SpecError::Invalid { place: place.to_owned(), message })?;
        Ok(spec)
    }

    fn check_name(&self) -> Result<(), String> {
        plain_name("name", &self.name)?;
        match is_taken(&self.name) {
            true => Err(format!("name = {:?}: the store uses it for something else; expected another name", self.name)),
            false => Ok(()),
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.arms.is_empty() {
            return Err("no [[arm]]: expected at least one".to_owned());
        }
        for (i, arm) in self.arms.iter().enumerate() {
            plain_name("arm.name", &arm.name)?;
            if self.arms[..i].iter().any(|other| other.name == arm.name) {
                return Err(format!("two arms are named \"{}\"", arm.name));
            }
            let fits = arm.check(self.task, self.protocol.input_px);
            let fits = fits.and_then(|()| self.protocol.split.admits(arm.leak));
            fits.map_err(|e| format!("arm \"{}\": {e}", arm.name))?;
        }
        let judges = self.arms.iter().any(|arm| arm.task() == Task::Classification);
        self.protocol.check(if judges { Task::Classification } else { Task::Segmentation })?;
        self.train.check()
    }
}

trait Names {
    fn map_names(&self) -> String;
}

impl Names for [(&str, &str)] {
    fn map_names(&self) -> String {
        self.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

/// Names become folders and file names.
fn plain_name(key: &str, name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,()=+".contains(c);
    if name.is_empty() || name.len() > 64 || name.starts_with(['.', '-']) || !name.chars().all(plain) {
        return Err(format!(
            "{key} = {name:?}: expected 1 to 64 of a–z, A–Z, 0–9 and -_.,()=+, not starting with . or -"
        ));
    }
    Ok(())
}

/// Whether runs may be stored under `name`: that of a spec, or of a profile of it.
fn is_stored_name(name: &str) -> bool {
    let (spec, profile) = name.split_once(MARK).unwrap_or((name, "full"));
    [spec, profile].iter().all(|part| plain_name("", part).is_ok())
}

/// Whether the store has something else under `name`. Specs may be saved beside their folders, and some file systems do
/// not tell capitals apart.
fn is_taken(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["audits", "executor.lock", "executor.log"].contains(&name.as_str()) || name.ends_with(".toml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::EdgeLossConfig;

    fn demo() -> &'static str {
        BUILT_IN[0].1
    }

    #[test]
    fn built_in_specs_parse_and_carry_their_name() {
        for (name, text) in BUILT_IN {
            assert_eq!(Spec::parse(text, name).expect("built-in").name, *name);
        }
    }

    #[test]
    fn a_typo_is_an_error_with_its_line() {
        let text = demo().replace("epochs =", "epoch =");
        let line = 1 + text.lines().position(|l| l.starts_with("epoch =")).expect("replaced");
        let error = Spec::parse(&text, "demo.toml").expect_err("typo").to_string();
        assert!(error.starts_with(&format!("demo.toml:{line}: unknown field `epoch`")), "{error}");
    }

    #[test]
    fn a_loss_that_reads_features_needs_a_model_that_gives_them() {
        let arm = |model: &str, loss: &str| {
            let head = demo().split("[[arm]]").next().expect("before the arms");
            let text = format!("{head}[[arm]]\nname = \"a\"\nmodel = {{ name = {model:?} }}\nloss = {{ {loss} }}\n");
            Spec::parse(&text, "x").map(|spec| spec.arms[0].clone()).map_err(|error| error.to_string())
        };
        let recipe = arm("unet", "name = \"shape-aware\"").expect("unet gives features");
        assert_eq!(recipe.edge(), EdgeLossConfig::Bce {});
        let error = arm("svm", "name = \"shape-aware\"").expect_err("svm gives none");
        assert!(error.contains("arm \"a\": loss shape-aware needs a network with a decoder feature map"), "{error}");
        assert!(arm("unet", "name = \"tversky\", alpha = -1").expect_err("negative").contains("loss.alpha = -1"));
    }

    #[test]
    fn a_name_cannot_leave_the_store() {
        for name in ["../x", "a/b", "", ".hidden", "a\u{1b}[2J"] {
            let text = demo().replacen("name = \"demo\"", &format!("name = {name:?}"), 1);
            assert!(Spec::parse(&text.replace("\\u{1b}", "\\u001b"), "x").is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_name_that_the_store_uses_is_refused_with_the_reason() {
        for name in ["audits", "Audits", "executor.lock", "executor.log", "mine.toml"] {
            let text = demo().replacen("name = \"demo\"", &format!("name = {name:?}"), 1);
            let error = Spec::parse(&text, "x").expect_err(name).to_string();
            assert!(error.contains(&format!("name = {name:?}: the store uses it")), "{error}");
        }
        let text = demo().replacen("name = \"demo\"", "name = \"audits-2\"", 1);
        assert!(Spec::parse(&text, "x").is_ok());
    }

    #[test]
    fn nonsense_numbers_are_refused_by_name() {
        for (from, to, key) in [
            ("lr = ", "lr = -", "train.lr"),
            ("batch = ", "batch = 0 #", "train.batch"),
            ("input_px = ", "input_px = 7 #", "input_px"),
        ] {
            let error = Spec::parse(&demo().replacen(from, to, 1), "x").expect_err(key).to_string();
            assert!(error.contains(key), "{error}");
        }
    }
}
