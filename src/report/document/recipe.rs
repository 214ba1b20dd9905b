//! What was trained: every setting of the plans, those that all arms have in common apart from the others.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::layout::plain;
use crate::plan::RunPlan;
use crate::report::difference::keys;
use crate::report::grid::Grid;
use crate::store::RunView;

/// Keys that say which run it is, and those that stand elsewhere.
const APART: [&str; 8] = ["schema", "spec", "task", "arm", "fold", "seed", "dataset", "dataset_digest"];
/// Keys of what only a network has.
const OF_NETWORKS: [&str; 4] = ["loss.", "edge.", "train.", "transfer."];
const MODEL: &str = "model.";

/// The settings of one arm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Arm of the spec.
    pub arm: String,
    /// By their dotted paths in `plan.toml`; `images.*` count the parts over the arm's runs.
    pub settings: BTreeMap<String, String>,
}

impl Recipe {
    /// Of each arm, in the order of `arms`.
    pub(super) fn all(arms: &[String], runs: &[&RunView]) -> Vec<Self> {
        let of = |arm: &String| {
            let own: Vec<&RunPlan> = runs.iter().map(|run| &run.plan).filter(|plan| plan.arm == *arm).collect();
            Some(Self { arm: arm.clone(), settings: settings(own.first()?, &own) })
        };
        arms.iter().filter_map(of).collect()
    }
}

fn settings(plan: &RunPlan, runs: &[&RunPlan]) -> BTreeMap<String, String> {
    let is_network = !plan.loss_name().is_empty();
    let says_it = |key: &String| {
        !APART.contains(&key.as_str()) && (is_network || OF_NETWORKS.iter().all(|part| !key.starts_with(part)))
    };
    let mut settings = keys(plan);
    settings.retain(|key, _| says_it(key));
    if is_network && plan.transfer.weights.is_none() {
        settings.insert("transfer.weights".to_owned(), "random".to_owned());
    }
    let sizes = |plan: &&RunPlan| [plan.split.train().len(), plan.split.valid().len(), plan.split.test().len()];
    let sizes: Vec<[usize; 3]> = runs.iter().map(sizes).collect();
    for (part, name) in ["images.train", "images.valid", "images.test"].into_iter().enumerate() {
        let counts: BTreeSet<usize> = sizes.iter().map(|sizes| sizes[part]).collect();
        let text = match (counts.first(), counts.last()) {
            (Some(least), Some(most)) if least < most => format!("{least} to {most}"),
            (least, _) => least.copied().unwrap_or_default().to_string(),
        };
        settings.insert(name.to_owned(), text);
    }
    settings
}

/// Settings on which all arms agree that have them, and a column for each of the others; none of no recipe.
pub(super) fn grids(recipes: &[Recipe]) -> Vec<Grid> {
    let keys: BTreeSet<&String> = recipes.iter().flat_map(|recipe| recipe.settings.keys()).collect();
    let keys = keys.into_iter().filter(|key| !key.starts_with(MODEL));
    let values = |key: &str| recipes.iter().filter_map(|recipe| recipe.settings.get(key)).collect::<BTreeSet<_>>();
    // Of a recipe that leaves a key out its default holds, which is another value than that of the others.
    let part = |key: &str| key.split('.').next().map(str::to_owned);
    let has_part = |recipe: &&Recipe, key: &str| recipe.settings.keys().any(|own| part(own) == part(key));
    let is_whole =
        |key: &str| recipes.iter().filter(|own| has_part(own, key)).all(|own| own.settings.contains_key(key));
    let (shared, own): (Vec<&String>, Vec<&String>) = keys.partition(|key| values(key).len() < 2 && is_whole(key));
    let common = Grid {
        title: "What was trained: the same for every arm that has it".to_owned(),
        header: ["Setting", "Value"].map(str::to_owned).to_vec(),
        rows: shared
            .iter()
            .flat_map(|key| values(key).into_iter().map(|value| vec![plain(key), plain(value)]))
            .collect(),
        left: 2,
        notes:
            "as in plan.toml of each run, which \"seglab export\" writes; edge: on the edge map, where a network has \
                one; a pixel classifier has neither loss nor recipe\n"
                .to_owned(),
    };
    let row = |recipe: &Recipe| {
        let value = |key: &&String| recipe.settings.get(*key).map_or_else(|| "–".to_owned(), |own| plain(own));
        [plain(&recipe.arm), plain(&model(recipe))].into_iter().chain(own.iter().map(value)).collect::<Vec<_>>()
    };
    let apart = Grid {
        title: "What was trained: by arm".to_owned(),
        header: ["Arm", "Model"].map(str::to_owned).into_iter().chain(own.iter().map(|key| plain(key))).collect(),
        rows: recipes.iter().map(row).collect(),
        left: 2,
        notes: if own.is_empty() { String::new() } else { "–: not set: the default, or nothing to set\n".to_owned() },
    };
    [common, apart].into_iter().filter(|grid| !grid.rows.is_empty()).collect()
}

/// `unet, width 0.25`.
fn model(recipe: &Recipe) -> String {
    let own = recipe.settings.iter().filter_map(|(key, value)| Some((key.strip_prefix(MODEL)?, value)));
    let (name, rest): (Vec<_>, Vec<_>) = own.partition(|(key, _)| *key == "name");
    let name = name.into_iter().map(|(_, value)| value.clone());
    name.chain(rest.into_iter().map(|(key, value)| format!("{key} {value}"))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(arm: &str, settings: &[(&str, &str)]) -> Recipe {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Recipe { arm: arm.into(), settings }
    }

    #[test]
    fn what_differs_has_a_column_and_what_does_not_a_row() {
        let recipes = [
            recipe("a", &[("train.lr", "0.1"), ("model.name", "unet"), ("model.width", "0.5"), ("loss.name", "bce")]),
            recipe("b", &[("train.lr", "0.1"), ("model.name", "unet\u{1b}"), ("loss.name", "dice"), ("train.x", "1")]),
            recipe("c", &[("model.c", "1.0"), ("model.name", "svm")]),
        ];
        let [common, apart] = &grids(&recipes)[..] else { panic!("two tables") };
        assert_eq!(common.rows, [["train.lr", "0.1"]]);
        assert_eq!(apart.header, ["Arm", "Model", "loss.name", "train.x"]);
        let rows =
            [["a", "unet, width 0.5", "bce", "–"], ["b", "unet\u{fffd}", "dice", "1"], ["c", "svm, c 1.0", "–", "–"]];
        assert_eq!(apart.rows, rows);
        assert_eq!(grids(&[]), []);
    }

    #[test]
    fn a_pixel_classifier_has_no_recipe_of_networks_and_random_weights_are_said() {
        let spec = crate::spec::Spec::built_in("demo").expect("built in").expect("valid");
        let data =
            crate::dataset::Dataset::open(&spec.dataset, &crate::dataset::DataRoots::new(None)).expect("built in");
        let plans = crate::plan::plan(&spec, &data).expect("plans");
        let of = |arm: &str| {
            let plan = plans.iter().find(|plan| plan.arm == arm).expect("an arm");
            settings(plan, &[plan])
        };
        let (unet, svm) = (of("unet"), of("svm"));
        assert_eq!((unet["transfer.weights"].as_str(), unet["loss.name"].as_str()), ("random", "combo"));
        assert!(unet.contains_key("train.lr") && svm.keys().all(|key| !key.starts_with("train.")), "{svm:?}");
        assert_eq!((unet["images.test"].as_str(), svm["model.name"].as_str()), ("48", "svm"));
        assert!(!unet.contains_key("seed"));
    }
}
