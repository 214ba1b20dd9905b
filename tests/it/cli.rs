//! The program as its users meet it: what it says and how it exits.

use crate::lab::{Lab, SPEC, fails, stderr, stdout};
use image::{GrayImage, Luma, RgbImage};

#[test]
fn a_spec_runs_headless_to_a_table_and_a_second_time_there_is_nothing_to_do() {
    let lab = Lab::new();
    let spec = SPEC.replace("[train]", "postprocess = { largest_island = true, fill_holes = true }\n[train]");
    lab.write("tiny.toml", format!("{spec}\n[[arm]]\nname = \"svm\"\nmodel = {{ name = \"svm\", pixels = 100 }}\n"));
    let first = lab.run(&["run", "tiny.toml", "--headless"]);
    assert!(first.status.success(), "{}{}", stdout(&first), stderr(&first));
    assert!(stdout(&first).contains("epoch 4/4") && stdout(&first).contains("DSC"), "{}", stdout(&first));
    let again = lab.run(&["run", "tiny.toml", "--headless"]);
    assert!(stdout(&again).contains("2 runs, 0 to do"), "{}", stdout(&again));
    assert!(again.status.success());
    contracts(&lab);
    exports(&lab);
}

fn contracts(lab: &Lab) {
    let json =
        |arguments: &[&str]| -> serde_json::Value { serde_json::from_str(&stdout(&lab.run(arguments))).expect("JSON") };
    let status = json(&["status", "--json"]);
    assert_eq!(status["schema"], 1);
    let run = &status["runs"][0];
    assert_eq!((&run["spec"], &run["arm"], &run["state"]), (&"tiny".into(), &"net".into(), &"finished".into()));
    assert_eq!(
        (&run["epoch"], &run["epochs"], &run["fold"], &run["seed"]),
        (&4.into(), &4.into(), &0.into(), &1.into())
    );
    let compare = json(&["compare", "tiny", "--format", "json"]);
    assert_eq!(compare["schema"], 1);
    let arm = &compare["arms"][0];
    assert_eq!(
        (&arm["arm"], &arm["model"], &arm["loss"], &arm["runs"]),
        (&"net".into(), &"fgfeu-net".into(), &"combo".into(), &1.into())
    );
    assert!(arm["params"].as_u64() > Some(1000));
    let answer = &compare["statistics"]["metrics"][0];
    assert_eq!((&answer["metric"], &answer["arms"][0]["summary"]["n"]), (&"dsc".into(), &arm["metrics"]["dsc"]["n"]));
    assert!(answer["arms"][1]["before"]["n"].as_u64() > Some(0), "the effect of post-processing: {answer}");
    let dsc = &arm["metrics"]["dsc"];
    assert_eq!(dsc["n"].as_u64().zip(dsc["undefined"].as_u64()).map(|(n, u)| n + u), Some(6));
    let models = json(&["model", "list", "--json"]);
    assert_eq!(
        (&models["schema"], &models["models"][0]["name"], &models["models"][0]["params"]),
        (&1.into(), &"unet".into(), &31_037_633.into())
    );
}

/// Every aggregate of the comparison can be recomputed from the exported cases.
fn exports(lab: &Lab) {
    assert!(lab.run(&["export", "tiny", "--out", "out"]).status.success());
    let mut cases = csv::Reader::from_path(lab.path().join("out/cases.csv")).expect("cases.csv");
    let rows: Vec<std::collections::HashMap<String, String>> = cases.deserialize().map(|r| r.expect("a row")).collect();
    let text = std::fs::read_to_string(lab.path().join("out/comparison.json")).expect("comparison.json");
    let compare: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for arm in compare["arms"].as_array().expect("arms") {
        for metric in ["dsc", "iou", "hd95_px"] {
            let own = rows.iter().filter(|r| Some(r["arm"].as_str()) == arm["arm"].as_str());
            let values: Vec<f64> = own.filter_map(|r| r[metric].parse().ok()).collect();
            assert_eq!(arm["metrics"][metric]["n"].as_u64(), Some(values.len() as u64));
            if let Some(mean) = arm["metrics"][metric]["mean"].as_f64() {
                assert!((mean - values.iter().sum::<f64>() / values.len() as f64).abs() < 1e-12, "{metric}");
            }
        }
    }
    for name in ["comparison.txt", "comparison.md", "comparison.csv", "statistics.csv", "epochs.csv", "steps.csv"] {
        assert!(lab.path().join("out").join(name).metadata().expect(name).len() > 50, "{name}");
    }
}

#[test]
fn a_typo_in_a_spec_is_named_with_its_line() {
    let lab = Lab::new();
    lab.write("typo.toml", SPEC.replace("batch = 4", "bacth = 4"));
    fails(&lab, &["run", "typo.toml", "--headless"], &["typo.toml:10", "bacth", "batch"]);
    assert!(!lab.path().join("results").exists());
}

#[test]
fn a_typo_inside_a_model_or_loss_is_named_with_its_line() {
    let lab = Lab::new();
    lab.write("typo.toml", SPEC.replace("width = 0.03125", "widht = 1"));
    fails(&lab, &["run", "typo.toml", "--headless"], &["typo.toml:15", "widht"]);
    lab.write("typo.toml", SPEC.replace("\"combo\"", "\"kombo\""));
    fails(&lab, &["run", "typo.toml", "--headless"], &["typo.toml:16", "kombo", "focal-boundary-dice"]);
}

#[test]
fn a_missing_data_root_says_where_it_looked_and_what_helps() {
    let lab = Lab::new();
    fails(
        &lab,
        &["--data", "nowhere", "run", "busi-quick", "--headless"],
        &["busi", "nowhere", "SEGLAB_DATA", "--data"],
    );
    fails(&lab, &["dataset", "verify", "bussi"], &["bussi", "busi", "seglab dataset list"]);
}

#[test]
fn folds_that_leave_a_part_empty_are_refused_before_training() {
    let lab = Lab::new();
    lab.write("folds.toml", SPEC.replace("folds = 4, run = 1", "folds = 40, run = 40"));
    fails(&lab, &["run", "folds.toml", "--headless"], &["tiny", "is empty", "12 subjects"]);
    assert!(!lab.path().join("results").exists());
}

#[test]
fn a_results_folder_that_is_a_file_is_named_with_the_flag_that_helps() {
    let lab = Lab::new();
    lab.write("occupied", "a file");
    fails(&lab, &["--results", "occupied", "run", "tiny.toml", "--headless"], &["occupied", "--results"]);
}

fn busi(lab: &Lab, cases: u32) {
    for class in ["benign", "malignant"] {
        for i in 1..=cases {
            let folder = lab.path().join("data/busi").join(class);
            std::fs::create_dir_all(&folder).expect("folder");
            let inside = |x: u32, y: u32| (20 + i..44).contains(&x) && (20..40).contains(&y);
            let image = RgbImage::from_fn(64, 60, |x, y| image::Rgb([if inside(x, y) { 30 } else { 160 }; 3]));
            image.save(folder.join(format!("{class} ({i}).png"))).expect("image");
            let mask = GrayImage::from_fn(64, 60, |x, y| Luma([if inside(x, y) { 255 } else { 0 }]));
            mask.save(folder.join(format!("{class} ({i})_mask.png"))).expect("mask");
        }
    }
}

#[test]
fn real_files_train_and_bad_ones_are_named_before_training() {
    let lab = Lab::new();
    busi(&lab, 6);
    lab.write(
        "real.toml",
        SPEC.replace("dataset = \"tiny\"", "dataset = \"busi\"")
            .replace("name = \"tiny\"", "name = \"real\"")
            .replace("epochs = 4", "epochs = 1"),
    );
    let good = lab.run(&["--data", "data", "run", "real.toml", "--headless"]);
    assert!(good.status.success(), "{}{}", stdout(&good), stderr(&good));

    let image = lab.path().join("data/busi/benign/benign (3).png");
    let bytes = std::fs::read(&image).expect("image");
    std::fs::write(&image, &bytes[..bytes.len() / 2]).expect("truncated");
    let output = lab.run(&["--data", "data", "dataset", "verify", "busi"]);
    assert!(!output.status.success() && stdout(&output).contains("benign (3).png"), "{}", stdout(&output));
    fails(
        &lab,
        &["--data", "data", "run", "real.toml", "--headless"],
        &["benign (3).png", "seglab dataset verify busi"],
    );

    std::fs::write(&image, &bytes).expect("mended");
    let mask = lab.path().join("data/busi/malignant/malignant (2)_mask.png");
    GrayImage::new(32, 30).save(mask).expect("mask of another size");
    let output = lab.run(&["--data", "data", "dataset", "verify", "busi"]);
    assert!(stdout(&output).contains("malignant (2)") && stdout(&output).contains("32×30"), "{}", stdout(&output));
}

#[test]
fn a_run_that_was_scored_but_has_no_last_word_is_continued_by_its_spec() {
    let lab = Lab::new();
    assert!(lab.run(&["run", "tiny.toml", "--headless"]).status.success());
    let run =
        std::fs::read_dir(lab.path().join("results/tiny")).expect("runs").next().expect("one").expect("a run").path();
    let events = std::fs::read_to_string(run.join("events.jsonl")).expect("events");
    let kept: Vec<&str> = events.lines().filter(|line| !line.contains("\"finished\"")).collect();
    std::fs::write(run.join("events.jsonl"), kept.join("\n") + "\n").expect("written");
    let again = lab.run(&["run", "tiny.toml", "--headless"]);
    assert!(again.status.success() && stdout(&again).contains("1 to do"), "{}", stdout(&again));
}

#[test]
fn an_edited_spec_is_not_averaged_with_its_earlier_runs() {
    let lab = Lab::new();
    assert!(lab.run(&["run", "tiny.toml", "--headless"]).status.success());
    lab.write("tiny.toml", SPEC.replace("epochs = 4", "epochs = 1"));
    assert!(lab.run(&["run", "tiny.toml", "--headless"]).status.success());
    let table = stdout(&lab.run(&["compare", "tiny.toml"]));
    assert!(!table.is_ascii() && stdout(&lab.run(&["--ascii", "compare", "tiny.toml"])).is_ascii(), "{table}");
    assert!(table.contains("1/1") && table.contains("1 run of earlier versions"), "{table}");
}

#[test]
fn an_unreadable_plan_ends_a_headless_run_with_its_reason() {
    let lab = Lab::new();
    lab.plan();
    let run =
        std::fs::read_dir(lab.path().join("results/tiny")).expect("runs").next().expect("one").expect("a run").path();
    std::fs::write(run.join("plan.toml"), "schema = 1\nrubbish").expect("written");
    fails(&lab, &["run", "tiny.toml", "--headless"], &["plan.toml"]);
    assert!(!lab.run(&["status"]).status.success());
}

#[test]
fn masks_that_would_read_as_empty_are_refused() {
    let lab = Lab::new();
    for folder in ["a", "b"] {
        std::fs::create_dir_all(lab.path().join(folder)).expect("folder");
        let top = if folder == "a" { 2 } else { 255 };
        let mask = GrayImage::from_fn(8, 8, |x, _| Luma([if x < 3 { top } else { 0 }]));
        mask.save(lab.path().join(folder).join("case.png")).expect("mask");
    }
    fails(&lab, &["score", "a", "b", "--json"], &["case.png", "no value above 2", "0 and 255"]);
}

#[test]
fn read_only_changes_nothing() {
    let lab = Lab::new();
    fails(&lab, &["--read-only", "run", "tiny.toml", "--headless"], &["--read-only"]);
    assert!(!lab.path().join("results").exists());
}

#[test]
fn stop_takes_a_waiting_run_out_and_resume_puts_it_back() {
    let lab = Lab::new();
    let run = seglab::store::RunDir::at(&lab.plan()).expect("a run");
    run.enqueue(&seglab::device::Choice::Auto).expect("queued");
    assert!(stdout(&lab.run(&["status"])).contains("queued"));
    assert!(stdout(&lab.run(&["stop", "net"])).contains("asked to stop"));
    assert!(stdout(&lab.run(&["status"])).contains("planned"));
    assert!(stdout(&lab.run(&["resume", "--all"])).contains("queued"));
    let finished = || stdout(&lab.run(&["status"])).contains("finished");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(120);
    while !finished() {
        assert!(std::time::Instant::now() < deadline, "{}", stdout(&lab.run(&["status"])));
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    fails(&lab, &["stop", "no-such-run"], &["no-such-run", "seglab status"]);
}

#[test]
fn without_a_terminal_the_dashboard_says_what_to_use_instead() {
    fails(&Lab::new(), &[], &["needs a terminal", "seglab status"]);
}

#[test]
fn model_show_names_stages_and_shapes() {
    let text = stdout(&Lab::new().run(&["model", "show", "boundary-attention", "--input", "64", "--width", "0.125"]));
    for part in ["encoder", "attention", "logits", "[1, 1, 64, 64]", "edge", "[1, 1, 32, 32]"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn audit_reports_findings_and_fails_only_on_what_it_cannot_read() {
    let lab = Lab::new();
    let table = r#"
[[table]]
id = "t"
title = "One row"
source = "X Table 1"
columns = ["dsc", "sensitivity", "precision"]
decimals = 4
images = "with-tumour"
rows = [{ name = "net", values = [0.9015, 0.9435, 0.8194] }]
"#;
    lab.write("own.toml", table);
    let found = lab.run(&["audit", "published", "own.toml"]);
    assert!(found.status.success() && stdout(&found).contains("1 impossible"), "{}", stdout(&found));
    let json = stdout(&lab.run(&["audit", "published", "own.toml", "--format", "json"]));
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["schema"], &json["findings"][0]["certainty"]), (&1.into(), &"impossible".into()));
    assert!(stdout(&lab.run(&["audit", "published", "own.toml", "--format", "md"])).contains("| X Table 1, net |"));

    lab.write("typo.toml", table.replace("decimals", "decimal"));
    fails(&lab, &["audit", "published", "typo.toml"], &["typo.toml:7", "decimal"]);
    lab.write("escape.toml", table.replace("\"net\"", "\"\\u001b[2Jnet\""));
    fails(&lab, &["audit", "published", "escape.toml"], &["printable"]);
    lab.write("long.toml", "# \n".repeat(1 << 20));
    fails(&lab, &["audit", "published", "long.toml"], &["expected at most"]);
    lab.write("bytes.toml", [0xff, 0xfe, 0x00]);
    fails(&lab, &["audit", "published", "bytes.toml"], &["bytes.toml"]);
    fails(&lab, &["audit", "published", "none.toml"], &["none.toml"]);
}
