//! A smaller version of a spec: the same comparison at other sizes, never with other losses, arms or another kind of split.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Spec, plain_name};
use crate::config::within;
use crate::dataset::fold::Testing;
use crate::model::{Masks, ModelConfig};

/// Between a spec's name and a profile's in the name of what the profile makes of it, `p1-table2@quick`.
pub const MARK: char = '@';

/// What a profile changes; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// As [`Protocol::input_px`](super::Protocol::input_px). Islands that are removed shrink with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_px: Option<usize>,
    /// Factor of every network's own width; not of `mask-mlp`, which is small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// As [`TrainConfig::epochs`](super::TrainConfig::epochs).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u32>,
    /// As [`Protocol::subset`](super::Protocol::subset).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<usize>,
    /// So many of the folds are run; how many there are stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<usize>,
    /// As [`Protocol::seeds`](super::Protocol::seeds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<Vec<u64>>,
    /// Stands in for a data set that not everybody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
}

impl Spec {
    /// The spec at the sizes of its profile `name`, called `<spec>@<name>`.
    pub fn at_profile(&self, name: &str) -> Result<Self, String> {
        let profile = self.profiles.get(name).ok_or_else(|| self.no_profile(name))?;
        let mut spec =
            Self { name: format!("{}{MARK}{name}", self.name), profiles: Default::default(), ..self.clone() };
        spec.dataset = profile.dataset.clone().unwrap_or(spec.dataset);
        spec.train.epochs = profile.epochs.unwrap_or(spec.train.epochs);
        profile.shrink(&mut spec, self.protocol.input_px)?;
        for arm in &mut spec.arms {
            profile.narrow(&mut arm.model, spec.protocol.input_px)?;
            let weights = arm.weights.as_mut().and_then(|weights| weights.run.as_mut());
            weights.into_iter().chain(masks(&mut arm.model)).for_each(|run| within_spec(run, (&self.name, &spec.name)));
        }
        spec.check().map(|()| spec)
    }

    fn no_profile(&self, name: &str) -> String {
        let known: Vec<&str> = self.profiles.keys().map(String::as_str).collect();
        match known.is_empty() {
            true => format!("{} has no profile \"{name}\": expected a table [profile.{name}] in it", self.name),
            false => format!("{} has no profile \"{name}\"; expected one of {}", self.name, known.join(", ")),
        }
    }

    pub(super) fn check_profiles(&self) -> Result<(), String> {
        self.profiles.keys().try_for_each(|name| {
            plain_name("profile", name)?;
            self.at_profile(name).map(|_| ()).map_err(|error| format!("profile \"{name}\": {error}"))
        })
    }
}

impl Profile {
    fn shrink(&self, spec: &mut Spec, full_px: usize) -> Result<(), String> {
        let protocol = &mut spec.protocol;
        protocol.subset = self.subset.or(protocol.subset);
        protocol.seeds = self.seeds.clone().unwrap_or_else(|| protocol.seeds.clone());
        protocol.input_px = self.input_px.unwrap_or(full_px);
        let side = protocol.input_px as f64 / full_px.max(1) as f64;
        let islands = &mut protocol.postprocess.min_island_px;
        *islands = (f64::from(*islands) * side * side).round() as u32;
        let Some(count) = self.run else { return Ok(()) };
        match &mut protocol.split.test {
            Testing::Folds { run, .. } | Testing::File { run, .. } | Testing::Published { run } => *run = Some(count),
            Testing::Holdout(_) => {
                return Err("run goes with folds, file and published; holdout is one split".to_owned());
            }
        }
        protocol.split.check()
    }

    /// Fewer channels, and of pix2pix no more halvings than the image allows.
    fn narrow(&self, model: &mut ModelConfig, input_px: usize) -> Result<(), String> {
        let factor = self.width.unwrap_or(1.0);
        within("width", factor, 0.001, 1.0)?;
        if let ModelConfig::Pix2Pix(config) = model {
            config.downs = config.downs.min(input_px.trailing_zeros() as usize);
        }
        if matches!(model, ModelConfig::MaskMlp(_)) {
            return Ok(());
        }
        // Every network has the key, none shares a type: as data they are alike.
        let refused = |error: String| format!("{} with width × {factor}: {error}", model.name());
        let mut table = toml::Table::try_from(&*model).map_err(|error| refused(error.to_string()))?;
        let Some(width) = table.get_mut("width") else { return Ok(()) };
        *width = (width.as_float().unwrap_or(1.0) * factor).into();
        *model = table.try_into().map_err(|error: toml::de::Error| refused(error.message().to_owned()))?;
        Ok(())
    }
}

/// The run whose masks a model reads.
fn masks(model: &mut ModelConfig) -> Option<&mut String> {
    match model {
        ModelConfig::MaskMlp(config) => match &mut config.masks {
            Masks::Run(run) => Some(run),
            Masks::Reference => None,
        },
        _ => None,
    }
}

/// A run of the spec itself is one of the same profile.
fn within_spec(run: &mut String, (full, small): (&str, &str)) {
    if let Some(rest) = run.strip_prefix(full).filter(|rest| rest.starts_with('/')) {
        *run = format!("{small}{rest}");
    }
}

/// What somebody asks for, `NAME`, `NAME@PROFILE`, `FILE` or `FILE@PROFILE`: the spec, and the profile if one is named.
pub fn asked(spec: &Path) -> (PathBuf, Option<String>) {
    let text = spec.to_str().filter(|_| !spec.is_file());
    match text.and_then(|text| text.rsplit_once(MARK)).filter(|(_, profile)| !profile.contains('/')) {
        Some((spec, profile)) => (PathBuf::from(spec), Some(profile.to_owned())),
        None => (spec.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name = \"small\"\ndataset = \"breast-us\"\n[protocol]\ninput_px = 256\nseeds = [1, 2]\nsplit = { folds = 5, valid = 0.15 }\npostprocess = { min_island_px = 64 }\n[train]\nepochs = 100\nbatch = 8\nlr = 1e-3\n";
    const ARMS: &str = "[[arm]]\nname = \"unet\"\nmodel = { name = \"unet\", width = 0.5 }\nloss = { name = \"dice\" }\n[[arm]]\nname = \"pix2pix\"\nmodel = { name = \"pix2pix\" }\n[[arm]]\nname = \"svm\"\nmodel = { name = \"svm\" }\n[[arm]]\nname = \"ours\"\nmodel = { name = \"mask-mlp\", masks = { run = \"small/unet\" } }\n[[arm]]\nname = \"on\"\nmodel = { name = \"unet\" }\nweights = { run = \"small/unet\" }\n";

    fn text(profile: &str) -> String {
        // without the islands, which are no part of a classification
        format!("{HEAD}{ARMS}[profile.quick]\n{profile}\n").replace("postprocess = { min_island_px = 64 }\n", "")
    }

    fn refused(profile: &str) -> String {
        Spec::parse(&text(profile), "small.toml").expect_err(profile).to_string()
    }

    #[test]
    fn a_profile_changes_sizes_and_the_name_and_nothing_else() {
        let text = text(
            "input_px = 64\nwidth = 0.25\nepochs = 3\nsubset = 20\nrun = 1\nseeds = [7]\ndataset = \"breast-mri\"",
        );
        let full = Spec::parse(&text, "small.toml").expect("a spec");
        let quick = full.at_profile("quick").expect("a profile");
        assert_eq!((quick.name.as_str(), quick.dataset.as_str()), ("small@quick", "breast-mri"));
        assert_eq!((quick.protocol.input_px, quick.train.epochs, quick.protocol.subset), (64, 3, Some(20)));
        assert_eq!(quick.protocol.split.test, Testing::Folds { folds: 5, run: Some(1) });
        assert_eq!(quick.protocol.seeds, [7]);
        let model = |text: &str| toml::from_str::<ModelConfig>(text).expect("a model");
        let models: Vec<&ModelConfig> = quick.arms.iter().map(|arm| &arm.model).collect();
        assert_eq!(*models[0], model("name = \"unet\"\nwidth = 0.125"));
        assert_eq!(*models[1], model("name = \"pix2pix\"\nwidth = 0.25\ndowns = 6"));
        assert_eq!(*models[2], full.arms[2].model);
        assert_eq!(*models[3], model("name = \"mask-mlp\"\nmasks = { run = \"small@quick/unet\" }"));
        assert_eq!(quick.arms[4].weights.as_ref().and_then(|w| w.run.as_deref()), Some("small@quick/unet"));
        assert_eq!(quick.arms[0].loss, full.arms[0].loss);
        let train = crate::spec::TrainConfig { epochs: 100, ..quick.train };
        assert_eq!(train, full.train);
    }

    #[test]
    fn islands_keep_their_share_of_the_image() {
        let arm = "[[arm]]\nname = \"unet\"\nmodel = { name = \"unet\" }\n";
        let text = format!("{HEAD}{arm}[profile.quick]\ninput_px = 64\n");
        let quick = Spec::parse(&text, "x").map(|spec| spec.at_profile("quick").expect("a profile"));
        assert_eq!(quick.expect("a spec").protocol.postprocess.min_island_px, 4);
    }

    #[test]
    fn what_is_no_size_is_refused_with_its_line() {
        let line = 1 + text("").lines().position(|line| line == "[profile.quick]").expect("a profile") + 1;
        for key in ["loss = { name = \"bce\" }", "split = { holdout = 0.2, valid = 0.1 }", "lr = 1e-2", "width_px = 3"]
        {
            let error = refused(key);
            let name = key.split(' ').next().unwrap_or_default();
            assert!(error.starts_with(&format!("small.toml:{line}: unknown field `{name}`, expected")), "{error}");
        }
    }

    #[test]
    fn a_profile_that_makes_no_spec_is_refused_when_the_spec_is_read() {
        for (profile, words) in [
            ("input_px = 65", "profile \"quick\": arm \"unet\": input_px = 65 is not a multiple of 16"),
            ("width = 2.0", "profile \"quick\": width = 2"),
            ("epochs = 0", "profile \"quick\": train.epochs = 0"),
            ("subset = 0", "profile \"quick\": protocol.subset = 0"),
            ("run = 9", "profile \"quick\": folds = 5, run = 9"),
            ("seeds = []", "profile \"quick\": protocol.seeds is empty"),
        ] {
            let error = refused(profile);
            assert!(error.contains(words), "{error}");
        }
        let spec = Spec::parse(&text(""), "x").expect("an empty profile");
        assert!(spec.at_profile("fast").expect_err("unknown").contains("expected one of quick"));
    }

    #[test]
    fn a_profile_is_asked_for_behind_the_mark() {
        let asked = |text: &str| {
            let (spec, profile) = asked(Path::new(text));
            (spec.display().to_string(), profile)
        };
        assert_eq!(asked("demo"), ("demo".into(), None));
        assert_eq!(asked("p1-table2@quick"), ("p1-table2".into(), Some("quick".into())));
        assert_eq!(asked("a@b/x.toml@quick"), ("a@b/x.toml".into(), Some("quick".into())));
        assert_eq!(asked("a@b/x.toml"), ("a@b/x.toml".into(), None));
    }
}
