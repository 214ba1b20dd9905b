//! A spec says what to compare: a TOML file, closed and typed; an unknown key is an error with its line.
//! Everything but the arms is equal for all arms by construction.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::{self, within};
use crate::dataset::Normalise;
use crate::dataset::fold::Division;
use crate::loss::{EdgeLossConfig, LossConfig};
use crate::model::ModelConfig;
use crate::postprocess::PostProcess;

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
    /// Division, seeds and input size.
    pub protocol: Protocol,
    /// The same for every arm.
    pub train: TrainConfig,
    /// What varies.
    #[serde(rename = "arm")]
    pub arms: Vec<Arm>,
}

/// How the data are divided and presented.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Images are resized to `input_px × input_px`, and scored at that size, as in both papers.
    pub input_px: usize,
    /// One run per seed, arm and fold.
    pub seeds: Vec<u64>,
    /// By subject, stratified by class.
    pub split: Division,
    /// Changes to the predicted test masks before they are scored; the scores without it are kept beside.
    #[serde(default, skip_serializing_if = "PostProcess::is_none")]
    pub postprocess: PostProcess,
}

/// One recipe of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// At most this many passes over the training part.
    pub epochs: u32,
    /// Images a step.
    pub batch: usize,
    /// Adam's learning rate at the start.
    pub lr: f64,
    /// Lowers the learning rate when the validation loss stands still.
    #[serde(default)]
    pub plateau: Plateau,
    /// Epochs without a lower validation loss after which training ends; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stop: Option<u32>,
    /// From pixels to the network's input; a model that fixes its own wins.
    #[serde(default, skip_serializing_if = "Normalise::is_default")]
    pub normalise: Normalise,
    /// Random changes of the training images.
    #[serde(default)]
    pub augment: Augment,
}

/// Reduce on plateau.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plateau {
    /// Epochs without improvement before the rate falls.
    pub patience: u32,
    /// The rate is multiplied by this, 0 < factor ≤ 1; 1 keeps it.
    pub factor: f64,
    /// The rate never falls below, unless it starts there.
    pub min_lr: f64,
}

impl Default for Plateau {
    fn default() -> Self {
        Self { patience: 5, factor: 0.5, min_lr: 1e-6 }
    }
}

/// Image and mask together, a pure function of seed, epoch and case.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augment {
    /// Mirror left and right in half of the cases.
    pub flip_horizontal: bool,
    /// Mirror up and down in half of the cases.
    pub flip_vertical: bool,
    /// Shift by up to this share of the side in both directions, 0 ≤ shift ≤ 0.5; edges are repeated.
    pub shift: f64,
}

/// One thing that is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Row in the tables; unique.
    pub name: String,
    /// Network or pixel classifier.
    pub model: ModelConfig,
    /// On the segmentation, and on each side output of a deeply supervised network.
    #[serde(default)]
    pub loss: LossConfig,
    /// On the edge map of a network that has one; if absent, what P2 pairs with the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<EdgeLossConfig>,
}

impl Arm {
    /// The edge loss, given or of the loss's recipe.
    pub fn edge(&self) -> EdgeLossConfig {
        self.edge.clone().unwrap_or_else(|| self.loss.edge())
    }

    fn check(&self, input_px: usize) -> Result<(), String> {
        self.model.check(input_px)?;
        self.loss.check()?;
        self.loss.fits(&self.model)?;
        self.edge().check()
    }
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

/// Specs that every build knows.
pub const BUILT_IN: &[(&str, &str)] =
    &[("demo", include_str!("../baselines/demo.toml")), ("busi-quick", include_str!("../baselines/busi-quick.toml"))];

impl Spec {
    /// The built-in spec `name`.
    pub fn built_in(name: &str) -> Option<Result<Self, SpecError>> {
        BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| Self::parse(text, name))
    }

    /// Reads `path`, or the built-in spec of that name.
    pub fn load(path: &Path) -> Result<Self, SpecError> {
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
        let spec: Self = toml::from_str(text).map_err(|error| SpecError::Invalid {
            place: config::place(place, text, &error),
            message: error.message().to_owned(),
        })?;
        spec.check().map_err(|message| SpecError::Invalid { place: place.to_owned(), message })?;
        Ok(spec)
    }

    fn check(&self) -> Result<(), String> {
        plain_name("name", &self.name)?;
        if self.arms.is_empty() {
            return Err("no [[arm]]: expected at least one".to_owned());
        }
        for (i, arm) in self.arms.iter().enumerate() {
            plain_name("arm.name", &arm.name)?;
            if self.arms[..i].iter().any(|other| other.name == arm.name) {
                return Err(format!("two arms are named \"{}\"", arm.name));
            }
            arm.check(self.protocol.input_px).map_err(|e| format!("arm \"{}\": {e}", arm.name))?;
        }
        self.protocol.check()?;
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

impl Protocol {
    fn check(&self) -> Result<(), String> {
        within("protocol.input_px", self.input_px as f64, 16.0, 2048.0)?;
        if self.seeds.is_empty() {
            return Err("protocol.seeds is empty: expected at least one, e.g. seeds = [1]".to_owned());
        }
        if let Some(seed) = self.seeds.iter().enumerate().find(|(i, seed)| self.seeds[..*i].contains(seed)) {
            return Err(format!("protocol.seeds has {} twice", seed.1));
        }
        // A TOML integer is signed: a larger seed could not be written into the plan.
        match self.seeds.iter().find(|&&seed| seed > i64::MAX as u64) {
            Some(seed) => Err(format!("protocol.seeds has {seed}: expected at most {}", i64::MAX)),
            None => Ok(()),
        }
    }
}

impl TrainConfig {
    fn check(&self) -> Result<(), String> {
        within("train.epochs", f64::from(self.epochs), 1.0, 1e6)?;
        within("train.batch", self.batch as f64, 1.0, 4096.0)?;
        within("train.lr", self.lr, 1e-12, 10.0)?;
        within("train.plateau.factor", self.plateau.factor, 1e-6, 1.0)?;
        within("train.plateau.min_lr", self.plateau.min_lr, 0.0, 10.0)?;
        within("train.augment.shift", self.augment.shift, 0.0, 0.5)
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

#[cfg(test)]
mod tests {
    use super::*;

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
