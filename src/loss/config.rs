//! Losses as data: the registry.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    Bce, Boundary, Compactness, Dice, EdgeLossConfig, Focal, L1, Loss, ReferenceMap, ShapeAware, Sum, Tversky,
    WeightedBce, WeightedIou, WeightedLabels, Weighting,
};
use crate::config::within;

/// Terms that one sum may have.
const MOST_TERMS: usize = 8;
/// Sums that may stand in one another.
const DEEPEST: usize = 3;

/// A loss as data. In TOML: `{ name = "focal", gamma = 2.0 }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LossConfig {
    /// P1 eq. 1.
    Bce {},
    /// `bce` with positives weighted, for classes of unequal size.
    WeightedLabels(WeightedLabels),
    /// P1 eq. 2.
    Dice {},
    /// P1 eq. 4–5.
    Tversky(Tversky),
    /// `dice + bce`. P1 eq. 6–7.
    Combo {},
    /// P2 eq. 1.
    Focal {
        /// How strongly easy pixels are discounted, 0 to 10.
        #[serde(default = "two")]
        gamma: f64,
    },
    /// P2 eq. 8–9.
    Boundary {},
    /// `λ₁ dice + λ₂ focal + λ₃ boundary`. P2 eq. 2.
    FocalBoundaryDice {
        /// λ₁.
        #[serde(default = "point_five")]
        dice: f64,
        /// λ₂.
        #[serde(default = "point_three")]
        focal: f64,
        /// λ₃.
        #[serde(default = "point_two")]
        boundary: f64,
    },
    /// First term of P2 eq. 5.
    WeightedBce(Weighting),
    /// Second term of P2 eq. 5.
    WeightedIou(Weighting),
    /// `weighted-bce + weighted-iou`. P2 eq. 5.
    BceIou(Weighting),
    /// `bce-iou + boundary`. P2 eq. 10.
    BceBoundary(Weighting),
    /// `bce + λ₁ compactness + λ₂ smoothness`. P2 eq. 11–14.
    ShapeAware(ShapeAware),
    /// `|p − y|`: what pix2pix adds to the adversarial loss. Isola et al. 2017, eq. 3.
    L1 {},
    /// `Σ weight · loss`, up to 8 terms, sums in sums up to 3 deep.
    Sum {
        /// What is added up.
        terms: Vec<Term>,
    },
}

/// A part of a sum. In TOML: `{ weight = 0.5, loss = { name = "dice" } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// 0 to 1000.
    pub weight: f64,
    /// What is weighted.
    pub loss: LossConfig,
}

impl Default for LossConfig {
    fn default() -> Self {
        Self::Combo {}
    }
}

impl LossConfig {
    /// Names of all losses.
    pub const NAMES: [&'static str; 15] = [
        "bce",
        "weighted-labels",
        "dice",
        "tversky",
        "combo",
        "focal",
        "boundary",
        "focal-boundary-dice",
        "weighted-bce",
        "weighted-iou",
        "bce-iou",
        "bce-boundary",
        "shape-aware",
        "l1",
        "sum",
    ];

    /// Its key.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bce {} => "bce",
            Self::WeightedLabels(_) => "weighted-labels",
            Self::Dice {} => "dice",
            Self::Tversky(_) => "tversky",
            Self::Combo {} => "combo",
            Self::Focal { .. } => "focal",
            Self::Boundary {} => "boundary",
            Self::FocalBoundaryDice { .. } => "focal-boundary-dice",
            Self::WeightedBce(_) => "weighted-bce",
            Self::WeightedIou(_) => "weighted-iou",
            Self::BceIou(_) => "bce-iou",
            Self::BceBoundary(_) => "bce-boundary",
            Self::ShapeAware(_) => "shape-aware",
            Self::L1 {} => "l1",
            Self::Sum { .. } => "sum",
        }
    }

    /// The loss of the logits; [`LossConfig::smoothness`] is what else there may be.
    pub fn build(&self) -> Box<dyn Loss> {
        match self.clone() {
            Self::Bce {} => Box::new(Bce),
            Self::WeightedLabels(weighted) => Box::new(weighted),
            Self::Dice {} => Box::new(Dice),
            Self::Tversky(tversky) => Box::new(tversky),
            Self::Combo {} => Box::new(Sum(vec![(1.0, Box::new(Dice)), (1.0, Box::new(Bce))])),
            Self::Focal { gamma } => Box::new(Focal { gamma }),
            Self::Boundary {} => Box::new(Boundary),
            Self::FocalBoundaryDice { dice, focal, boundary } => Box::new(Sum(vec![
                (dice, Box::new(Dice)),
                (focal, Box::new(Focal { gamma: 2.0 })),
                (boundary, Box::new(Boundary)),
            ])),
            Self::WeightedBce(weighting) => Box::new(WeightedBce(weighting)),
            Self::WeightedIou(weighting) => Box::new(WeightedIou(weighting)),
            Self::BceIou(weighting) => Box::new(bce_iou(weighting)),
            Self::BceBoundary(weighting) => {
                Box::new(Sum(vec![(1.0, Box::new(bce_iou(weighting))), (1.0, Box::new(Boundary))]))
            }
            Self::ShapeAware(ShapeAware { compactness, .. }) => {
                Box::new(Sum(vec![(1.0, Box::new(Bce)), (compactness, Box::new(Compactness))]))
            }
            Self::L1 {} => Box::new(L1),
            Self::Sum { terms } => Box::new(Sum(terms.iter().map(|term| (term.weight, term.loss.build())).collect())),
        }
    }

    /// The maps of the reference that it reads, each once.
    pub fn maps(&self) -> Vec<ReferenceMap> {
        match self {
            Self::Boundary {} | Self::FocalBoundaryDice { .. } | Self::ShapeAware(_) => vec![ReferenceMap::Distance],
            Self::WeightedBce(_) | Self::WeightedIou(_) | Self::BceIou(_) => vec![ReferenceMap::LocalMean],
            Self::BceBoundary(_) => vec![ReferenceMap::LocalMean, ReferenceMap::Distance],
            Self::Sum { terms } => {
                let maps: BTreeSet<_> = terms.iter().flat_map(|term| term.loss.maps()).collect();
                maps.into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The term on a decoder's features and its weight, if it has one.
    pub fn smoothness(&self) -> Option<(&ShapeAware, f64)> {
        match self {
            Self::ShapeAware(config) => (config.smoothness > 0.0).then_some((config, config.smoothness)),
            Self::Sum { terms } => terms.iter().find_map(|term| {
                let (config, weight) = term.loss.smoothness()?;
                (term.weight > 0.0).then_some((config, weight * term.weight))
            }),
            _ => None,
        }
    }

    /// The edge loss of the same recipe in P2: `bce` beside the losses that P2 builds on it, else `focal`.
    /// Choice: `bce` beside `shape-aware`, of which P2 does not say.
    pub fn edge(&self) -> EdgeLossConfig {
        match self {
            Self::BceIou(_) | Self::BceBoundary(_) | Self::ShapeAware(_) => EdgeLossConfig::Bce {},
            _ => EdgeLossConfig::default(),
        }
    }

    /// What is wrong with the numbers, if anything.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::WeightedLabels(weighted) => weighted.check(),
            Self::Focal { gamma } => within("loss.gamma", *gamma, 0.0, 10.0),
            Self::FocalBoundaryDice { dice, focal, boundary } => {
                [dice, focal, boundary].into_iter().try_for_each(|weight| within("loss weight", *weight, 0.0, 1000.0))
            }
            Self::Tversky(tversky) => tversky.check(),
            Self::WeightedBce(weighting)
            | Self::WeightedIou(weighting)
            | Self::BceIou(weighting)
            | Self::BceBoundary(weighting) => weighting.check(),
            Self::ShapeAware(shape_aware) => shape_aware.check(),
            Self::Sum { terms } => self.check_sum(terms),
            Self::Bce {} | Self::Dice {} | Self::Combo {} | Self::Boundary {} | Self::L1 {} => Ok(()),
        }
    }

    fn check_sum(&self, terms: &[Term]) -> Result<(), String> {
        within("terms of loss sum", terms.len() as f64, 1.0, MOST_TERMS as f64)?;
        within("depth of loss sum", self.depth() as f64, 1.0, DEEPEST as f64)?;
        if self.shape_awares() > 1 {
            return Err("loss sum has shape-aware twice: expected at most once".to_owned());
        }
        terms.iter().try_for_each(|term| {
            within("loss.terms.weight", term.weight, 0.0, 1000.0)?;
            term.loss.check()
        })
    }

    /// Sums in one another.
    fn depth(&self) -> usize {
        match self {
            Self::Sum { terms } => 1 + terms.iter().map(|term| term.loss.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    fn shape_awares(&self) -> usize {
        match self {
            Self::Sum { terms } => terms.iter().map(|term| term.loss.shape_awares()).sum(),
            _ => usize::from(matches!(self, Self::ShapeAware(_))),
        }
    }
}

fn bce_iou(weighting: Weighting) -> Sum {
    Sum(vec![(1.0, Box::new(WeightedBce(weighting.clone()))), (1.0, Box::new(WeightedIou(weighting)))])
}

fn two() -> f64 {
    2.0
}

fn point_five() -> f64 {
    0.5
}

fn point_three() -> f64 {
    0.3
}

fn point_two() -> f64 {
    0.2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ModelConfig;

    fn parse(text: &str) -> Result<LossConfig, toml::de::Error> {
        toml::from_str::<std::collections::BTreeMap<String, LossConfig>>(&format!("loss = {text}"))
            .map(|mut file| file.remove("loss").expect("one key"))
    }

    fn nested(depth: usize) -> LossConfig {
        (0..depth).fold(LossConfig::Dice {}, |loss, _| LossConfig::Sum { terms: vec![Term { weight: 1.0, loss }] })
    }

    #[test]
    fn numbers_are_data_and_a_typo_is_an_error() {
        let tversky = parse("{ name = \"tversky\", alpha = 0.7, beta = 0.75 }").expect("a loss");
        assert_eq!(tversky, LossConfig::Tversky(Tversky { alpha: 0.7, beta: 0.75 }));
        for text in [
            "{ name = \"tversky\", gamma = 2 }",
            "{ name = \"bce-iou\", sigmoid = 2 }",
            "{ name = \"bce-iou\", weight = \"strong\" }",
            "{ name = \"dice\", smooth = 1 }",
            "{ name = \"sum\" }",
            "{ name = \"sum\", terms = [{ weight = 1, loss = { name = \"dice\" }, loud = 1 }] }",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_loss_survives_the_way_through_a_plan() {
        let text = "{ name = \"sum\", terms = [{ weight = 1, loss = { name = \"bce-iou\", weight = \"correntropy\", \
                    sigma = 1 } }, { weight = 0.5, loss = { name = \"shape-aware\" } }] }";
        let loss = parse(text).expect("a loss");
        assert_eq!(loss.check(), Ok(()));
        assert_eq!(toml::from_str::<LossConfig>(&toml::to_string(&loss).expect("TOML")), Ok(loss));
    }

    #[test]
    fn sums_are_bounded() {
        assert_eq!(nested(3).check(), Ok(()));
        assert!(nested(4).check().expect_err("too deep").contains("depth of loss sum = 4"));
        let of =
            |n: usize, loss: &LossConfig| LossConfig::Sum { terms: vec![Term { weight: 1.0, loss: loss.clone() }; n] };
        assert_eq!(of(8, &LossConfig::Bce {}).check(), Ok(()));
        assert!(of(0, &LossConfig::Bce {}).check().is_err() && of(9, &LossConfig::Bce {}).check().is_err());
        let shape_aware = LossConfig::ShapeAware(ShapeAware::default());
        assert_eq!(of(1, &shape_aware).check(), Ok(()));
        assert!(of(2, &shape_aware).check().expect_err("twice").contains("shape-aware twice"));
    }

    #[test]
    fn a_sum_weighs_the_smoothness_inside_it() {
        let shape_aware = LossConfig::ShapeAware(ShapeAware { smoothness: 0.5, ..ShapeAware::default() });
        let sum = LossConfig::Sum { terms: vec![Term { weight: 3.0, loss: shape_aware }] };
        assert_eq!(sum.smoothness().map(|(_, weight)| weight), Some(1.5));
    }

    #[test]
    fn the_recipes_of_p2_bring_their_edge_loss() {
        assert_eq!(parse("{ name = \"bce-boundary\" }").expect("a loss").edge(), EdgeLossConfig::Bce {});
        assert_eq!(parse("{ name = \"focal-boundary-dice\" }").expect("a loss").edge(), EdgeLossConfig::default());
    }

    #[test]
    fn a_model_without_features_is_named() {
        let svm = ModelConfig::named("svm").expect("a model");
        let error = LossConfig::ShapeAware(ShapeAware::default()).fits(&svm).expect_err("no features");
        assert!(error.starts_with("loss shape-aware needs a network with a decoder feature map: svm"), "{error}");
        let without = LossConfig::ShapeAware(ShapeAware { smoothness: 0.0, ..ShapeAware::default() });
        assert_eq!(without.fits(&svm), Ok(()));
    }
}
