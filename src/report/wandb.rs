//! Runs and curves as lines of JSON, for `scripts/wandb_import.py` and whoever reads such lines.

use serde_json::{Map, Value, json};

use crate::store::RunView;

/// One line a run and epoch; `null` is undefined.
pub(super) fn curves(run: &RunView) -> String {
    let row = |point: &crate::run::EpochPoint| {
        let mut row = of_run(run);
        let fixed = json!({
            "epoch": point.epoch, "step": point.step, "lr": point.lr, "train_loss": point.train_loss,
            "valid_loss": point.valid_loss, "elapsed_s": point.elapsed_s, "images_per_s": point.images_per_s,
        });
        row.extend(fixed.as_object().cloned().unwrap_or_default());
        for metric in run.plan.task.metrics() {
            for (part, scores) in [("valid", &point.valid), ("train", &point.train)] {
                if let Some(value) = scores.get(metric.name) {
                    row.insert(format!("{part}_{}", metric.name), json!(value));
                }
            }
        }
        Value::Object(row).to_string() + "\n"
    };
    run.record.curve.iter().map(row).collect()
}

/// One line a run: what it is, and its test scores.
pub(super) fn run(run: &RunView) -> String {
    let mut row = of_run(run);
    let plan = &run.plan;
    // A pixel classifier's plan has the spec's recipe, and makes no use of it.
    let trained = |recipe: Value| if plan.loss_name().is_empty() { Value::Null } else { recipe };
    row.insert(
        "config".to_owned(),
        json!({
            "dataset": plan.dataset, "dataset_digest": plan.dataset_digest, "input_px": plan.input_px,
            "model": plan.model, "loss": trained(json!(plan.loss)), "train": trained(json!(plan.train)),
            "task": plan.task.name(),
            "leak": plan.split.leak().name(),
        }),
    );
    row.insert("state".to_owned(), json!(run.state.name()));
    row.insert("device".to_owned(), json!(run.record.device));
    row.insert("version".to_owned(), json!(run.record.version));
    row.insert("first_started_s".to_owned(), json!(run.record.first_started_s));
    row.insert("test".to_owned(), json!(run.record.test));
    Value::Object(row).to_string() + "\n"
}

fn of_run(run: &RunView) -> Map<String, Value> {
    let plan = &run.plan;
    let row = json!({
        "spec": run.dir.spec(), "run": run.dir.id().as_str(), "arm": plan.arm, "fold": plan.fold, "seed": plan.seed,
    });
    row.as_object().cloned().unwrap_or_default()
}
