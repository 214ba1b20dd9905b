//! Where an arm's weights begin, and which of them learn when and how fast.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::within;
use crate::dataset::Normalise;
use crate::model::ModelConfig;
use crate::weights::{Convention, check_name};

/// What an arm takes over from elsewhere. In TOML three keys of the arm:
/// `weights = { file = "vgg16-397923af.pth" }`, `freeze = [{ stage = "encoder", until_epoch = 5 }]`,
/// `lr_scale = { encoder = 0.1 }`. A stage is the beginning of a parameter's path, as `seglab model show` lists them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Weights at the start; random where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
    /// Stages that do not learn at first, or at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<Freeze>,
    /// Learning rates of stages, relative to the schedule's; of several that fit, the longest name wins.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lr_scale: BTreeMap<String, f64>,
}

/// Weights at the start of training: of a file, or of a finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// A file in the weights' folder (`SEGLAB_WEIGHTS`, else `weights/`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// A finished run of the store, `<spec>/<run>`; or `<spec>/<arm>`: the arm's run with the same fold and seed, else
    /// its only one. Its weights of the lowest validation loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// SHA-256 of the file, or of the run's checkpoint; filled in when a plan is made, demanded when it trains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The input that a file's weights expect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub convention: Option<Convention>,
    /// Whether stages of the encoder (of a run: of the network) may keep random weights.
    #[serde(default, skip_serializing_if = "is_false")]
    pub partial: bool,
}

/// A stage that does not learn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// Beginning of its parameters' paths.
    pub stage: String,
    /// Its last epoch without learning; for good if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_epoch: Option<u32>,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Transfer {
    /// Whether it changes nothing.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with it for `model`, if anything.
    pub fn check(&self, model: &ModelConfig) -> Result<(), String> {
        if self.is_none() {
            return Ok(());
        }
        let paths = model.paths();
        if paths.is_empty() {
            return Err(format!("weights, freeze and lr_scale are for networks; {} has none", model.name()));
        }
        self.weights.iter().try_for_each(Weights::check)?;
        for (stage, factor) in &self.lr_scale {
            check_stage("lr_scale", stage, &paths)?;
            within("lr_scale", *factor, 1e-6, 100.0)?;
        }
        self.freeze.iter().try_for_each(|freeze| check_stage("freeze", &freeze.stage, &paths))?;
        // stages only thaw: what learns in the first epoch learns in all
        match paths.iter().all(|path| self.freezes(path, 1)) {
            true => Err("freeze: nothing is left that learns in epoch 1; leave one stage out".to_owned()),
            false => Ok(()),
        }
    }

    /// Whether `path` does not learn in `epoch`, from 1.
    pub fn freezes(&self, path: &str, epoch: u32) -> bool {
        let now = |freeze: &Freeze| freeze.until_epoch.is_none_or(|last| epoch <= last);
        self.freeze.iter().any(|freeze| now(freeze) && begins(path, &freeze.stage))
    }

    /// Factor of the learning rate of `path`.
    pub fn scale(&self, path: &str) -> f64 {
        let fitting = self.lr_scale.iter().filter(|(stage, _)| begins(path, stage));
        fitting.max_by_key(|(stage, _)| stage.len()).map_or(1.0, |(_, &factor)| factor)
    }

    /// The input that the weights of a file demand; `None` without a file.
    pub fn normalise(&self) -> Option<Normalise> {
        let weights = self.weights.as_ref().filter(|weights| weights.file.is_some())?;
        Some(match weights.convention.unwrap_or_default() {
            Convention::Imagenet => Normalise::Imagenet,
            Convention::Caffe => Normalise::Caffe,
        })
    }
}

impl Weights {
    fn check(&self) -> Result<(), String> {
        let digest = |text: &str| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if let Some(sha256) = self.sha256.as_ref().filter(|text| !digest(text)) {
            return Err(format!("weights.sha256 = {sha256:?}: expected 64 hexadecimal digits in lower case"));
        }
        match (&self.file, &self.run) {
            (Some(file), None) => check_name(file).map_err(|error| format!("weights.file = {error}")),
            (None, Some(_)) if self.convention.is_some() => {
                Err("weights.convention is for files; a run's input is in its plan".to_owned())
            }
            (None, Some(run)) => match run.split_once('/') {
                Some((spec, id)) if super::is_stored_name(spec) && super::plain_name("", id).is_ok() => Ok(()),
                _ => Err(format!("weights.run = {run:?}: expected \"<spec>/<run>\" or \"<spec>/<arm>\"")),
            },
            _ => Err("weights: expected either file or run".to_owned()),
        }
    }
}

/// Whether `path` lies in `stage`.
pub fn begins(path: &str, stage: &str) -> bool {
    path.strip_prefix(stage).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn check_stage(key: &str, stage: &str, paths: &[String]) -> Result<(), String> {
    if paths.iter().any(|path| begins(path, stage)) {
        return Ok(());
    }
    let mut stages: Vec<String> = Vec::new();
    for path in paths {
        let parts: Vec<&str> = path.split('.').collect();
        let name = parts[..parts.len().saturating_sub(1).clamp(1, 3)].join(".");
        if !stages.contains(&name) {
            stages.push(name);
        }
    }
    Err(format!("{key}: no parameter begins with {stage:?}; stages: {}", stages.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer(text: &str) -> Transfer {
        toml::from_str(text).expect("three keys")
    }

    fn refusal(text: &str) -> String {
        let model = ModelConfig::named("fgfeu-net").expect("a network");
        transfer(text).check(&model).expect_err(text)
    }

    #[test]
    fn the_longest_stage_decides_the_rate_and_a_frozen_stage_learns_after_its_last_epoch() {
        let transfer = transfer(
            "lr_scale = { encoder = 0.1, 'encoder.stages.3' = 0.5 }\nfreeze = [{ stage = 'encoder.stages.1', until_epoch = 2 }, { stage = 'head' }]",
        );
        transfer.check(&ModelConfig::named("fgfeu-net").expect("a network")).expect("all stages exist");
        assert_eq!(
            ["encoder.stages.0.x", "encoder.stages.3.x", "encoder_2.x"].map(|path| transfer.scale(path)),
            [0.1, 0.5, 1.0]
        );
        assert_eq!([2, 3].map(|epoch| transfer.freezes("encoder.stages.1.blocks.0.conv.weight", epoch)), [true, false]);
        assert!(!transfer.freezes("encoder.stages.10.x", 1) && transfer.freezes("head.bias", 1000));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_can() {
        let error = refusal("freeze = [{ stage = 'encodr' }]");
        assert!(error.contains("\"encodr\"; stages: encoder.stages.0,"), "{error}");
        assert!(refusal("lr_scale = { encoder = -1.0 }").contains("lr_scale"));
        assert!(refusal("weights = { file = '../x.pth' }").contains("inside of the weights' folder"));
        assert!(refusal("weights = { file = 'x.pth', run = 'a/b' }").contains("either file or run"));
        assert!(refusal("weights = { run = 'a/../../b' }").contains("<spec>/<run>"));
        assert!(refusal("weights = { file = 'x.pth', sha256 = 'ab' }").contains("64 hexadecimal"));
        let all = ["encoder", "bottleneck", "decoder", "last", "head"].map(|s| format!("{{ stage = '{s}' }}"));
        assert!(refusal(&format!("freeze = [{}]", all.join(", "))).contains("nothing is left"));
        let until = |epoch: u32| all.join(", ").replace(" }", &format!(", until_epoch = {epoch} }}"));
        assert!(refusal(&format!("freeze = [{}]", until(3))).contains("nothing is left that learns in epoch 1"));
        let model = ModelConfig::named("fgfeu-net").expect("a network");
        transfer(&format!("freeze = [{}]", until(0))).check(&model).expect("nothing is frozen in any epoch");
        let error = transfer("freeze = [{ stage = 'x' }]").check(&ModelConfig::named("svm").expect("svm"));
        assert!(error.expect_err("no network").contains("are for networks"));
    }
}
