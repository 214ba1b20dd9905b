//! What goes with exported weights: data, protocol, numbers with their intervals, limits.

use std::fmt::Write;

use super::render::head;
use super::{AnswerError, Answers, Question, number, range};
use crate::dataset::Manifest;
use crate::metric::{Metric, Task};
use crate::model::Kind;
use crate::plan::RunPlan;
use crate::spec::Augment;
use crate::store::RunView;

/// What a card says of a finished run, as Markdown.
#[derive(Debug)]
pub struct Card<'a> {
    /// The run.
    pub run: &'a RunView,
    /// Of its data set.
    pub manifest: &'a Manifest,
    /// Epoch of the weights.
    pub epoch: u32,
    /// SHA-256 of the exported file.
    pub sha256: &'a str,
}

/// Networks that scripts/load_weights.py knows.
const LOADED: [&str; 4] = ["unet", "fgfeu-net", "boundary-attention", "att-unet"];
const NOT_FOR_PATIENTS: &str = "**Not a medical device.** Research software: not validated for diagnosis, treatment or \
                                any decision about a patient.";

impl Card<'_> {
    /// The card.
    pub fn markdown(&self) -> Result<String, AnswerError> {
        let name = plain(&self.run.dir.name());
        let sections = [self.weights(), self.data(), self.protocol(), self.numbers()?, self.limits()];
        Ok(format!("# {name}\n\n{NOT_FOR_PATIENTS}\n\n{}", sections.join("\n")))
    }

    fn weights(&self) -> String {
        let RunView { plan, record, .. } = self.run;
        let kind = if plan.model.row().kind == Kind::Network { "network" } else { "classifier of pixels" };
        let model = toml::to_string(&plan.model).unwrap_or_default().trim().replace('\n', ", ");
        section(
            "Weights",
            &[
                ("model", format!("{model} ({kind}; {} trainable numbers): {}", record.params, plan.model.row().about)),
                ("weights", format!("of epoch {}, the lowest validation loss; SHA-256 {}", self.epoch, self.sha256)),
                ("names", names(plan.model.name()).to_owned()),
                ("made by", format!("seglab {} on {}", plain(&record.version), plain(&record.device))),
            ],
        )
    }

    fn data(&self) -> String {
        let (plan, manifest) = (&self.run.plan, self.manifest);
        let parts = [
            ("train", plan.split.train().len()),
            ("valid", plan.split.valid().len()),
            ("test", plan.split.test().len()),
        ];
        let parts = parts.map(|(name, cases)| format!("{name} {cases}")).join(", ");
        let subset = plan.subset.map_or(String::new(), |subset| format!("; {subset}"));
        section(
            "Data",
            &[
                ("data set", format!("{}: {}", plain(&plan.dataset), plain(&manifest.title))),
                ("origin", plain(&manifest.origin)),
                ("licence", plain(&manifest.licence)),
                ("cite", if manifest.citation.is_empty() { "–".to_owned() } else { plain(&manifest.citation) }),
                ("digest", plan.dataset_digest.clone()),
                ("images", format!("{parts}{subset}")),
            ],
        )
    }

    fn protocol(&self) -> String {
        let plan = &self.run.plan;
        let leak = plan.split.warning().unwrap_or_else(|| "no subject in two parts".to_owned());
        section(
            "Protocol",
            &[
                (
                    "input",
                    format!("{0} × {0} px, images squashed to it; normalised: {1}", plan.input_px, normalised(plan)),
                ),
                ("answer", answer(plan.task).to_owned()),
                ("loss", plan.loss_name().to_owned()),
                ("training", training(plan)),
                ("learning rate", plateau(plan)),
                ("early stop", early_stop(plan)),
                ("augmentation", augmentation(plan)),
                ("fold and seed", format!("{}, {}", plan.fold, plan.seed)),
                ("split", leak),
                ("after", after(plan)),
            ],
        )
    }

    fn numbers(&self) -> Result<String, AnswerError> {
        let task = self.run.plan.task;
        let question = Question { metrics: task.shown().collect::<Vec<&Metric>>(), ..Question::default() };
        let answers = Answers::of(&[self.run], &question)?;
        let percent = answers.level * 100.0;
        let scale = if task.is_segmentation() {
            format!(" Distances (px) are in pixels of the {0} × {0} px input.", self.run.plan.input_px)
        } else {
            String::new()
        };
        let mut text = format!(
            "## Numbers\n\nOn the test part, each case once. The interval says what other subjects could have shown with these \
             weights, not what another training would: BCa by {} bootstraps over subjects, Student's t where there is no BCa.{scale}\n\n| metric | mean | {percent} % interval | n | undefined |\n| --- | ---: | ---: | ---: | ---: |\n",
            answers.resamples
        );
        for (metric, answer) in question.metrics.iter().zip(&answers.metrics) {
            let Some(summary) = answer.arms.first().map(|arm| &arm.summary) else { continue };
            let interval = range(metric, summary.bca.or(summary.t));
            let mean = number(metric, summary.mean);
            let _ =
                writeln!(text, "| {} | {mean} | {interval} | {} | {} |", head(metric), summary.n, summary.undefined);
        }
        Ok(text)
    }

    fn limits(&self) -> String {
        let plan = &self.run.plan;
        let mut limits = vec![
            format!("One training, fold {} and seed {}: another one would give other numbers.", plan.fold, plan.seed),
            format!(
                "Tested on {} alone; nothing is known of other machines, hospitals or patients.",
                plain(&plan.dataset)
            ),
            "Images are squashed to a square, which distorts shapes that are not square.".to_owned(),
            "An image of something else gets an answer too, without a warning.".to_owned(),
        ];
        if self.manifest.layout.has_files() {
            limits.push(format!(
                "The terms of the data hold for the weights as well: {}.",
                plain(&self.manifest.licence)
            ));
        } else {
            limits.push(
                "Trained on drawn phantoms, no patient's image: it shows that training works and nothing else."
                    .to_owned(),
            );
        }
        if let Some(warning) = plan.split.warning() {
            limits.push(format!("The numbers above are too good: {warning}."));
        }
        if plan.spec.contains(crate::spec::MARK) || plan.subset.is_some() {
            limits.push("Trained at a reduced size, to try the recipe.".to_owned());
        }
        let list: String = limits.iter().map(|limit| format!("- {limit}\n")).collect();
        format!("## Known limits\n\n{list}")
    }
}

fn section(title: &str, rows: &[(&str, String)]) -> String {
    let rows: String = rows.iter().map(|(key, value)| format!("- {key}: {value}\n")).collect();
    format!("## {title}\n\n{rows}")
}

fn normalised(plan: &RunPlan) -> String {
    serde_json::to_string(&plan.train.normalise).unwrap_or_default().trim_matches('"').to_owned()
}

fn names(model: &str) -> &'static str {
    match LOADED.contains(&model) {
        true => "PyTorch's; scripts/load_weights.py loads them",
        false => "PyTorch's; scripts/load_weights.py does not know this model",
    }
}

fn answer(task: Task) -> &'static str {
    match task {
        Task::Segmentation => "one logit a pixel; probability of tumour by the sigmoid, tumour above one half",
        Task::Classification => {
            "one logit an image; probability of malignancy by the sigmoid, malignant above one half"
        }
    }
}

fn after(plan: &RunPlan) -> String {
    match (plan.task, plan.postprocess.is_none()) {
        (Task::Classification, _) => "nothing: the answer as predicted".to_owned(),
        (Task::Segmentation, true) => "nothing: masks as predicted".to_owned(),
        (Task::Segmentation, false) => plan.postprocess.describe(),
    }
}

fn plateau(plan: &RunPlan) -> String {
    let (plateau, lr) = (&plan.train.plateau, plan.train.lr);
    if plateau.factor >= 1.0 {
        return format!("{lr:e} throughout");
    }
    format!(
        "{lr:e} at the start, times {} after {} epochs without a lower validation loss, not below {:e}",
        plateau.factor,
        plateau.patience,
        plateau.min_lr.min(lr)
    )
}

fn early_stop(plan: &RunPlan) -> String {
    let epochs = |epochs: u32| format!("after {epochs} epochs without a lower validation loss");
    plan.train.early_stop.map_or_else(|| "none".to_owned(), epochs)
}

/// The keys of the recipe that change an image.
fn augmentation(plan: &RunPlan) -> String {
    let augment = &plan.train.augment;
    if *augment == Augment::default() {
        return "none".to_owned();
    }
    let keys = serde_json::to_value(augment).unwrap_or_default();
    let changes = |value: &&serde_json::Value| **value != serde_json::json!(false) && **value != serde_json::json!(0.0);
    let shown = keys.as_object().into_iter().flatten().filter(|(_, value)| changes(value));
    shown
        .map(|(key, value)| format!("{key} {}", plain(&value.to_string()).replace('"', "")))
        .collect::<Vec<_>>()
        .join("; ")
}

fn training(plan: &RunPlan) -> String {
    let train = &plan.train;
    let optimizer = if train.weight_decay > 0.0 {
        format!("AdamW, weight decay {}", train.weight_decay)
    } else {
        "Adam".to_owned()
    };
    format!("at most {} epochs, batch {}, {optimizer}", train.epochs, train.batch)
}

/// Text of manifests and names, without what Markdown or a terminal would take for more.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '<' => '‹',
            '>' => '›',
            '`' | '|' | '[' | ']' | '*' | '\\' => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(task: Task) -> RunPlan {
        let spec = crate::spec::Spec::built_in("p1-table2").expect("built in").expect("valid");
        let spec = spec.at_profile("quick").expect("a profile");
        let dataset = crate::dataset::Dataset::open(&spec.dataset, &crate::dataset::DataRoots::new(None));
        let plans = crate::plan::plan(&spec, &dataset.expect("phantoms")).expect("a plan");
        RunPlan { task, ..plans.into_iter().next().expect("an arm") }
    }

    #[test]
    fn a_classifier_has_no_masks_and_every_card_its_recipe() {
        let (masks, verdicts) = (plan(Task::Segmentation), plan(Task::Classification));
        assert!(after(&masks).contains("masks") && !after(&verdicts).contains("masks"));
        assert!(answer(verdicts.task).contains("malignant above one half"));
        assert_eq!(
            plateau(&masks),
            "1e-5 at the start, times 0.5 after 5 epochs without a lower validation loss, not below 1e-6"
        );
        assert_eq!(early_stop(&masks), "after 15 epochs without a lower validation loss");
        let changes = augmentation(&masks);
        assert!(changes.contains("flip_horizontal true") && !changes.contains("false"), "{changes}");
    }

    #[test]
    fn a_card_knows_which_networks_the_script_loads() {
        let script = include_str!("../../benches/networks.py");
        let list = script.lines().find_map(|line| line.strip_prefix("NETWORKS = ")).expect("a list");
        assert_eq!(list.matches(": ").count(), LOADED.len());
        assert!(LOADED.iter().all(|name| list.contains(&format!("\"{name}\": "))), "{list}");
        assert!(names("resunet").contains("does not know"));
    }

    #[test]
    fn text_of_a_manifest_is_no_markup() {
        assert_eq!(plain("<b>x</b>\n# [a](http://b)\u{1b}[2J|`c`"), "‹b›x‹/b› #  a (http://b)  2J  c ");
    }
}
