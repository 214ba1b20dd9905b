//! What a spec says of augmentation: closed data, each key with its range.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::within;

/// Recipes of the papers, as data.
const PRESETS: &str = include_str!("presets.toml");

/// A named recipe, which further keys change: `augment = { preset = "p2", shift = 0.1 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// P1: flips, translation, denoising.
    P1,
    /// P2: blur, CLAHE, elastic deformation, rotation, flips, contrast, brightness, sharpness, hue and saturation.
    P2,
}

impl Preset {
    /// The preset called `name`.
    pub fn named(name: &str) -> Option<Augment> {
        presets().into_iter().find(|(preset, _)| format!("{preset:?}").to_lowercase() == name).map(|(_, recipe)| recipe)
    }
}

fn presets() -> BTreeMap<Preset, Augment> {
    toml::from_str(PRESETS).expect("the built-in presets parse")
}

/// In this share of the images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chance {
    /// 0 to 1.
    #[serde(default = "half")]
    pub probability: f64,
}

/// In this share of the images, a number drawn uniformly from `from` to `to`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// 0 to 1.
    #[serde(default = "half")]
    pub probability: f64,
    /// Smallest.
    pub from: f64,
    /// Largest.
    pub to: f64,
}

/// Rotation about the centre, uniform up to `degrees` in both directions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// 0 to 1.
    #[serde(default = "half")]
    pub probability: f64,
    /// Largest angle.
    pub degrees: f64,
}

/// A smooth random displacement of every pixel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elastic {
    /// 0 to 1.
    #[serde(default = "half")]
    pub probability: f64,
    /// Standard deviation of the displacement in each direction, as share of the side.
    pub displacement: f64,
    /// Standard deviation of the Gaussian that smooths it, as share of the side, 0.01 to 0.5.
    pub smoothness: f64,
}

/// Rotation of hue, uniform up to `turn` of the circle in both directions; grey images stay what they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hue {
    /// 0 to 1.
    #[serde(default = "half")]
    pub probability: f64,
    /// Largest share of the circle.
    pub turn: f64,
}

fn half() -> f64 {
    0.5
}

/// What can be wrong with an operation's numbers; `low` to `high` is the range of its strength.
trait Check {
    fn check(&self, key: &str, range: (f64, f64)) -> Result<(), String>;
}

impl Check for Chance {
    fn check(&self, key: &str, _: (f64, f64)) -> Result<(), String> {
        within(&format!("{key}.probability"), self.probability, 0.0, 1.0)
    }
}

impl Check for Range {
    fn check(&self, key: &str, (low, high): (f64, f64)) -> Result<(), String> {
        within(&format!("{key}.probability"), self.probability, 0.0, 1.0)?;
        within(&format!("{key}.from"), self.from, low, high)?;
        within(&format!("{key}.to"), self.to, self.from, high)
    }
}

impl Check for Rotate {
    fn check(&self, key: &str, (low, high): (f64, f64)) -> Result<(), String> {
        within(&format!("{key}.probability"), self.probability, 0.0, 1.0)?;
        within(&format!("{key}.degrees"), self.degrees, low, high)
    }
}

impl Check for Elastic {
    fn check(&self, key: &str, (low, high): (f64, f64)) -> Result<(), String> {
        within(&format!("{key}.probability"), self.probability, 0.0, 1.0)?;
        within(&format!("{key}.displacement"), self.displacement, low, high)?;
        within(&format!("{key}.smoothness"), self.smoothness, 0.01, 0.5)
    }
}

impl Check for Hue {
    fn check(&self, key: &str, (low, high): (f64, f64)) -> Result<(), String> {
        within(&format!("{key}.probability"), self.probability, 0.0, 1.0)?;
        within(&format!("{key}.turn"), self.turn, low, high)
    }
}

/// One list of operations: the spec's keys, what a preset may be changed by, and the checks of ranges.
macro_rules! augmentations {
    ($($(#[$doc:meta])* $key:ident: $kind:ident in $low:literal..=$high:literal,)+) => {
        /// Image and mask together, a pure function of seed, epoch and case. Absent keys do nothing.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(from = "Written")]
        pub struct Augment {
            /// Mirror left and right in half of the cases.
            pub flip_horizontal: bool,
            /// Mirror up and down in half of the cases.
            pub flip_vertical: bool,
            /// Shift by up to this share of the side in both directions, 0 ≤ shift ≤ 0.5; edges are repeated.
            pub shift: f64,
            /// Turn by 0, 90, 180 or 270 degrees, equally often.
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            pub quarter_turns: bool,
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $key: Option<$kind>,)+
        }

        /// As it stands in the file: a preset, and what is changed of it.
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        struct Written {
            preset: Option<Preset>,
            flip_horizontal: Option<bool>,
            flip_vertical: Option<bool>,
            shift: Option<f64>,
            quarter_turns: Option<bool>,
            $($key: Option<$kind>,)+
        }

        impl From<Written> for Augment {
            fn from(written: Written) -> Self {
                let base = written.preset.and_then(|preset| presets().remove(&preset)).unwrap_or_default();
                Self {
                    flip_horizontal: written.flip_horizontal.unwrap_or(base.flip_horizontal),
                    flip_vertical: written.flip_vertical.unwrap_or(base.flip_vertical),
                    shift: written.shift.unwrap_or(base.shift),
                    quarter_turns: written.quarter_turns.unwrap_or(base.quarter_turns),
                    $($key: written.$key.or(base.$key),)+
                }
            }
        }

        impl Augment {
            /// The first number out of its range, by key.
            pub fn check(&self) -> Result<(), String> {
                within("train.augment.shift", self.shift, 0.0, 0.5)?;
                $(if let Some(operation) = &self.$key {
                    operation.check(concat!("train.augment.", stringify!($key)), ($low, $high))?;
                })+
                Ok(())
            }
        }
    };
}

augmentations! {
    /// Rotation by up to 180 degrees.
    rotate: Rotate in 0.0..=180.0,
    /// Zoom about the centre, 0.25 to 4; above 1 enlarges.
    scale: Range in 0.25..=4.0,
    /// Elastic deformation; displacement 0 to 0.1 of the side.
    elastic: Elastic in 0.0..=0.1,
    /// Median of 3×3 pixels: denoising.
    median: Chance in 0.0..=1.0,
    /// Bilateral filter of 5×5 pixels: denoising; the standard deviation in grey levels, 1 to 255.
    bilateral: Range in 1.0..=255.0,
    /// Gaussian blur; its standard deviation in px, 0.1 to 10.
    blur: Range in 0.1..=10.0,
    /// Contrast-limited adaptive histogram equalisation on 8×8 tiles; clip limit (1: none of the contrast) 1 to 40.
    clahe: Range in 1.0..=40.0,
    /// 0 smooths, 1 keeps, above 1 sharpens; up to 10.
    sharpness: Range in 0.0..=10.0,
    /// Distances from the mean grey level times 0 to 4.
    contrast: Range in 0.0..=4.0,
    /// Values times 0 to 4.
    brightness: Range in 0.0..=4.0,
    /// `(v / 255)^γ`, 0.1 to 10; above 1 darkens.
    gamma: Range in 0.1..=10.0,
    /// 0 is grey, 1 keeps, up to 4; grey images stay what they are.
    saturation: Range in 0.0..=4.0,
    /// Rotation of hue by up to half a turn.
    hue: Hue in 0.0..=0.5,
    /// Multiplicative noise `v · (1 + sd · n)`; standard deviation 0 to 1.
    speckle: Range in 0.0..=1.0,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Augment, toml::de::Error> {
        toml::from_str(text)
    }

    /// Run ids are hashes of this text.
    #[test]
    fn the_plans_of_the_first_three_keys_stay_what_they_were() {
        let augment = parse("flip_horizontal = true\nshift = 0.05").expect("valid");
        let text = toml::to_string(&augment).expect("TOML");
        assert_eq!(text, "flip_horizontal = true\nflip_vertical = false\nshift = 0.05\n");
    }

    #[test]
    fn a_plan_reads_back_what_a_preset_became() {
        for name in ["p1", "p2"] {
            let preset = Preset::named(name).expect("a preset");
            preset.check().expect("in range");
            assert_eq!(parse(&format!("preset = {name:?}")).expect("by key"), preset);
            let text = toml::to_string(&preset).expect("TOML");
            assert!(!text.contains("preset") && parse(&text).expect("its own text") == preset, "{text}");
        }
    }

    #[test]
    fn keys_beside_a_preset_win() {
        let augment = parse("preset = \"p2\"\nflip_vertical = false\nblur = { probability = 0, from = 1, to = 1 }");
        let augment = augment.expect("valid");
        assert!(!augment.flip_vertical && augment.flip_horizontal && augment.clahe.is_some());
        assert_eq!(augment.blur.expect("given").probability, 0.0);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        for (text, said) in [
            ("rotate = { degrees = 181 }", "train.augment.rotate.degrees = 181: expected 0 to 180"),
            ("gamma = { from = 2, to = 1 }", "train.augment.gamma.to = 1: expected 2 to 10"),
            ("blur = { from = nan, to = 1 }", "train.augment.blur.from = NaN: expected 0.1 to 10"),
            ("median = { probability = 1.5 }", "train.augment.median.probability = 1.5: expected 0 to 1"),
            ("elastic = { displacement = 0.01, smoothness = 0 }", "train.augment.elastic.smoothness = 0: expected"),
            ("shift = -0.1", "train.augment.shift = -0.1: expected 0 to 0.5"),
        ] {
            let error = parse(text).expect("parses").check().expect_err(text);
            assert!(error.starts_with(said), "{error}");
        }
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        for text in
            ["rotation = 1", "rotate = { degree = 3 }", "preset = \"p3\"", "clahe = { from = 1, to = 2, x = 1 }"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
