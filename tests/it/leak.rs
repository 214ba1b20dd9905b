//! A protocol that leaks, from the spec to the tables: marked everywhere, and counted right.

use std::collections::HashMap;

use seglab::dataset::fold::Leak;
use seglab::dataset::{Dataset, Manifest, Origin};
use seglab::plan::{RunPlan, plan};
use seglab::spec::Spec;

use crate::lab::{Lab, MANIFEST, SPEC, stderr, stdout};

/// Twelve subjects of three images.
fn manifest() -> String {
    MANIFEST.replace("images_per_subject = 2", "images_per_subject = 3")
}

/// The tiny spec's arm, and the same under each protocol that leaks.
fn spec() -> String {
    let (head, arm) = SPEC.split_once("[[arm]]").expect("one arm");
    let leaking = |leak: &str| format!("[[arm]]{}leak = {leak:?}\n", arm.replace("\"net\"", &format!("{leak:?}")));
    format!("{}[[arm]]{arm}{}{}", head.replace("epochs = 4", "epochs = 2"), leaking("images"), leaking("doubled"))
}

fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("datasets/tiny.toml", manifest());
    lab.write("tiny.toml", spec());
    lab
}

fn plans(spec: &str) -> Vec<RunPlan> {
    let manifest = Manifest::parse(&manifest(), "tiny").expect("a manifest");
    let dataset = Dataset::at(Origin { folder: None, manifest }).expect("built in");
    plan(&Spec::parse(spec, "tiny").expect("a spec"), &dataset).expect("a plan")
}

#[test]
fn arms_that_leak_leave_the_honest_ones_as_they_are() {
    let mixed = plans(&spec());
    let alone = plans(&spec().split("[[arm]]").take(2).collect::<Vec<_>>().join("[[arm]]"));
    assert_eq!((mixed.len(), alone.len()), (3, 1));
    assert_eq!(mixed[0], alone[0]);
    assert_eq!(mixed.iter().map(|plan| plan.split.leak()).collect::<Vec<_>>(), Leak::ALL);
    assert_eq!(mixed.iter().map(|plan| plan.split.test().len()).collect::<Vec<_>>(), [9, 9, 18]);
    let again: RunPlan = toml::from_str(&mixed[2].to_toml()).expect("as it was written");
    assert_eq!((&again, again.label().as_str()), (&mixed[2], "[leaks] doubled"));
}

#[test]
fn a_protocol_that_leaks_is_marked_from_the_run_to_the_export() {
    let lab = lab();
    let run = lab.run(&["run", "tiny.toml", "--headless"]);
    assert!(run.status.success(), "{}{}", stdout(&run), stderr(&run));
    assert!(stdout(&run).contains("doubled: protocol leaks (every image twice, split by image): "), "{}", stdout(&run));
    let text = stdout(&lab.run(&["compare", "tiny"]));
    for part in
        ["[leaks] images", "[leaks] doubled", "of 9 test images", "of 18 test images", "what each protocol claims"]
    {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    assert!(!text.contains("[leaks] net") && !text.contains("net: protocol"), "{text}");
    assert!(stdout(&lab.run(&["status"])).matches("[leaks]").count() == 2);
    let against = lab.run(&["compare", "tiny", "--against", "doubled"]);
    assert!(stderr(&against).contains("arm \"doubled\" leaks") && stderr(&against).contains("do not: net"));
    counts(&lab);
}

/// What is said of the leak can be recomputed from the exported cases.
fn counts(lab: &Lab) {
    assert!(lab.run(&["export", "tiny", "--out", "out"]).status.success());
    let mut file = csv::Reader::from_path(lab.path().join("out/cases.csv")).expect("cases.csv");
    let rows: Vec<HashMap<String, String>> = file.deserialize().map(|row| row.expect("a row")).collect();
    let text = std::fs::read_to_string(lab.path().join("out/statistics.json")).expect("statistics.json");
    let statistics: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let dsc = statistics["metrics"].as_array().expect("metrics").iter().find(|m| m["metric"] == "dsc").expect("dsc");
    for arm in dsc["arms"].as_array().expect("arms") {
        let own: Vec<_> = rows.iter().filter(|row| Some(row["arm"].as_str()) == arm["arm"].as_str()).collect();
        let known: Vec<_> = own.iter().filter(|row| row["in_training"] == "true").collect();
        if arm["arm"] == "net" {
            assert!(arm.get("leak").is_none() && known.is_empty());
            continue;
        }
        let leak = &arm["leak"];
        assert!(known.len() * 2 > own.len(), "two other images or a copy: {leak}");
        assert_eq!(
            leak["test"].as_u64().zip(leak["in_training"].as_u64()),
            Some((own.len() as u64, known.len() as u64))
        );
        let values: Vec<f64> = known.iter().filter_map(|row| row["dsc"].parse().ok()).collect();
        assert_eq!(leak["known"]["n"].as_u64(), Some(values.len() as u64));
        let mean = leak["known"]["mean"].as_f64().unwrap_or(0.0);
        assert!((mean - values.iter().sum::<f64>() / values.len().max(1) as f64).abs() < 1e-12, "{leak}");
        assert!(arm["paired"].is_null(), "no test against an honest arm");
    }
    assert_eq!(dsc["ranks"]["arms"].as_array().map(Vec::len), Some(1), "ranks are of honest arms");
}

#[test]
fn a_doubled_image_scores_twice_under_two_names_and_one_subject() {
    let split = &plans(&spec())[2].split;
    let twice: Vec<&str> = split.test().filter(|name| name.ends_with(" #2")).collect();
    assert!(!twice.is_empty() && twice.len() < split.test().len());
}

#[test]
fn splits_are_written_for_others_and_read_again() {
    let lab = lab();
    let split = ["dataset", "splits", "tiny", "--spec", "tiny.toml"];
    let whole = lab.run(&[&split[..], &["--out", "splits.json"]].concat());
    assert!(whole.status.success(), "{}", stderr(&whole));
    assert!(stdout(&whole).contains("folds = 4, valid = 0.25, seed = 0"), "{}", stdout(&whole));
    assert!(lab.run(&[&split[..], &["--out", "final.json", "--format", "nnunet"]].concat()).status.success());
    let folds: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(lab.path().join("final.json")).expect("written")).expect("JSON");
    assert_eq!(
        (folds[0]["train"].as_array().map(Vec::len), folds[0]["val"].as_array().map(Vec::len)),
        (Some(27), Some(9))
    );
    let path = |name: &str| lab.path().join(name).display().to_string();
    let drawn = &plans(&spec())[0].split;
    for keys in [format!("file = {:?}", path("splits.json")), format!("file = {:?}, valid = 0.25", path("final.json"))]
    {
        let text = spec().replace("folds = 4, run = 1, valid = 0.25", &keys);
        let honest = text.split("[[arm]]").take(2).collect::<Vec<_>>().join("[[arm]]");
        assert_eq!(plans(&honest)[0].split, *drawn, "{keys}");
    }
    let neither = lab.run(&["dataset", "splits", "tiny", "--seed", "3"]);
    assert!(!neither.status.success() && stderr(&neither).contains("--folds"), "{}", stderr(&neither));
}
