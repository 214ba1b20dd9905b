//! Benign or malignant, from a spec to a table.

use seglab::metric::Task;
use seglab::run::Event;
use seglab::store::RunDir;

use crate::lab::{Lab, events, stderr, stdout};

pub const SPEC: &str = r#"
name = "tiny"
dataset = "tiny"
task = "classification"
[protocol]
input_px = 32
seeds = [1]
split = { folds = 4, run = 1, valid = 0.4 }
[train]
epochs = 4
batch = 4
lr = 1e-3
augment = { flip_horizontal = true, shift = 0.1 }
[[arm]]
name = "net"
model = { name = "fcnn", width = 0.0625 }
"#;

const SECOND: &str = r#"
[[arm]]
name = "other"
model = { name = "resnet50", width = 0.03125 }
loss = { name = "weighted-labels", positive = 1.5 }
"#;

fn lab(spec: &str) -> Lab {
    let lab = Lab::new();
    lab.write("tiny.toml", spec);
    lab
}

#[test]
fn from_a_spec_to_a_table_of_classes() {
    let lab = lab(&format!("{SPEC}{SECOND}"));
    let output = lab.run(&["run", "tiny.toml", "--headless"]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("valid AUC"), "{}", stdout(&output));

    let table = stdout(&lab.run(&["compare", "tiny", "--metric", "accuracy,auc"]));
    for words in ["benign or malignant", "Bal. acc.", "AUC", "malignant,", "95 % Wilson", "DeLong p"] {
        assert!(table.contains(words), "{words}: {table}");
    }
    for words in ["DSC", "HD95", "per-case means"] {
        assert!(!table.contains(words), "{words}: {table}");
    }
    let json = stdout(&lab.run(&["compare", "tiny", "--format", "json"]));
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["task"], "classification");
    let metrics = json["arms"][0]["metrics"].as_object().expect("metrics");
    assert_eq!(metrics.len(), Task::Classification.metrics().len());
    assert!(metrics["auc"]["mean"].is_f64() && json["statistics"]["metrics"][0]["metric"] == "auc");

    let exported = lab.run(&["export", "tiny", "--out", "out"]);
    assert!(exported.status.success(), "{}", stderr(&exported));
    let cases = std::fs::read_to_string(lab.path().join("out/cases.csv")).expect("cases");
    assert!(cases.starts_with("run,arm,fold,seed,case,subject,malignant,probability,accuracy,"), "{cases}");
    assert!(stdout(&lab.run(&["status", "tiny"])).contains("valid AUC"));
}

#[test]
fn the_scores_of_a_run_are_those_of_its_verdicts() {
    let lab = lab(SPEC);
    let path = lab.plan_of(SPEC);
    assert!(lab.run(&["worker", &path.display().to_string()]).status.success());
    let run = RunDir::at(&path).expect("a run");
    let scores = run.scores().expect("verdicts");
    let scored = events(&path).into_iter().find_map(|event| match event {
        Event::Scored { cases, test } => Some((cases, test)),
        _ => None,
    });
    let (cases, test) = scored.expect("scored");
    assert_eq!((cases, test), (scores.len(), seglab::metric::aggregate(Task::Classification, &scores)));
    assert!(scores.iter().any(|s| s.verdict.is_some_and(|v| v.malignant)), "both classes are in the test part");
    assert!(!path.join("preview/prediction.png").exists(), "a class is no picture");
    assert!(!path.join("predictions.png").exists(), "nor a mask");

    let file = path.join("verdicts.json");
    let text = std::fs::read_to_string(&file).expect("verdicts");
    let spoilt = text.replacen("\"probability\":0", "\"probability\":7", 1);
    assert_ne!(spoilt, text);
    std::fs::write(&file, spoilt).expect("written");
    let error = run.scores().expect_err("no probability").to_string();
    assert!(error.contains("verdicts.json") && error.contains("probability 7"), "{error}");
}

const MLP: &str = r#"
[[arm]]
name = "net"
model = { name = "mask-mlp", masks = { run = "masks/net" } }
"#;

#[test]
fn shapes_are_read_from_the_masks_of_a_run_with_the_same_split_alone() {
    let classify = format!("{}{MLP}", SPEC.split("[[arm]]").next().expect("a head"));
    let lab = lab(&classify);
    let refused = lab.run(&["run", "tiny.toml", "--headless"]);
    assert!(!refused.status.success() && !lab.path().join("results/tiny").exists());
    assert!(stderr(&refused).contains("arm \"net\": model.masks"), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("found none of that arm"), "{}", stderr(&refused));

    let segment = |seed| {
        crate::lab::SPEC
            .replace("name = \"tiny\"\n", "name = \"masks\"\n")
            .replace("dataset = \"masks\"", "dataset = \"tiny\"")
            .replace("valid = 0.25", &format!("valid = 0.4, seed = {seed}"))
    };
    lab.write("masks.toml", segment(1));
    assert!(lab.run(&["run", "masks.toml", "--headless"]).status.success());
    let refused = lab.run(&["run", "tiny.toml", "--headless"]);
    assert!(stderr(&refused).contains("with the same split; found net-"), "{}", stderr(&refused));

    lab.write("masks.toml", segment(0));
    assert!(lab.run(&["run", "masks.toml", "--headless"]).status.success());
    let output = lab.run(&["run", "tiny.toml", "--headless"]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn an_arm_of_another_task_is_refused_with_both_named() {
    for (spec, words) in [
        (SPEC.replace("\"fcnn\"", "\"unet\""), ["task = \"classification\"", "model unet is for segmentation"]),
        (
            SPEC.replace("task = \"classification\"", "task = \"segmentation\""),
            ["task = \"segmentation\"", "model fcnn is for classification"],
        ),
        (format!("{SPEC}loss = {{ name = \"dice\" }}\n"), ["a classification", "loss dice is of masks"]),
    ] {
        let error = seglab::spec::Spec::parse(&spec, "x").expect_err("refused").to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
}

#[test]
fn a_test_part_without_a_class_is_refused_before_training() {
    let lab = lab(&SPEC.replace("folds = 4", "folds = 12"));
    let output = lab.run(&["run", "tiny.toml", "--headless"]);
    assert!(!output.status.success());
    assert!(stderr(&output).contains("the test part of fold 0 has no"), "{}", stderr(&output));
}
