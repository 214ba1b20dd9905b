//! Reports of a store without training: written, read again, checked.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::*;
use crate::dataset::{DataRoots, Dataset};
use crate::metric::{CaseScore, Confusion};
use crate::run::{Event, State};
use crate::spec::Spec;
use crate::stats::{Level, Resampling};
use crate::store::{RunDir, Store, Watch};

/// The demo's runs in `store`: arm `i` finds `1 + i + case % 4` of 10 pixels of eight cases, and has two epochs.
fn finish(store: &Store) -> Vec<RunDir> {
    let spec = Spec::built_in("demo").expect("built in").expect("valid");
    let dataset = Dataset::open(&spec.dataset, &DataRoots::new(None)).expect("built in");
    let plans = crate::plan::plan(&spec, &dataset).expect("a plan");
    let run = |(arm, plan): (usize, crate::plan::RunPlan)| {
        let run = store.create(&plan).expect("a run");
        run.write_scores(&scores(1 + arm as u64)).expect("written");
        let at_s = 1000.0 + arm as f64;
        let started = Event::Started {
            at_s,
            version: "0".into(),
            device: "<script>alert(1)</script>\u{1b}[2J|".into(),
            params: 1,
            epochs: 2,
            steps_per_epoch: 1,
            epoch: 0,
        };
        let epochs = [1, 2].map(|epoch| Event::Epoch {
            epoch,
            step: u64::from(epoch),
            lr: 0.1,
            train_loss: Some(0.5),
            valid_loss: None,
            train: Default::default(),
            valid: [("dsc".to_owned(), Some(0.25))].into(),
            elapsed_s: 30.0,
            images_per_s: 1.0,
            waited_s: None,
        });
        say(&run, [started].into_iter().chain(epochs).chain([Event::Finished { at_s: at_s + 60.0 }]));
        run
    };
    plans.into_iter().enumerate().map(run).collect()
}

fn scores(found: u64) -> Vec<CaseScore> {
    let score = |case: u64| {
        let tp = found + case % 4;
        let counts = Confusion { tp, fp: case, fn_: 10 - tp, tn: 90 };
        CaseScore { case: case.to_string(), subject: case.to_string(), counts, ..CaseScore::default() }
    };
    (0..8).map(score).collect()
}

fn say(run: &RunDir, events: impl Iterator<Item = Event>) {
    let lines = events.map(|event| serde_json::to_string(&event).expect("an event") + "\n");
    fs::write(run.events_path(), lines.collect::<String>()).expect("written");
}

fn written(store: &Store, out: &Path) -> Written {
    let mut watch = Watch::new(store.clone(), None);
    watch.catch_up().expect("read");
    let runs: Vec<&RunView> = watch.runs().collect();
    let inference = Inference { level: Level::P95, resampling: Resampling { resamples: 200, ..Resampling::default() } };
    let asked = Asked { against: None, inference };
    let specs = [("demo".to_owned(), runs), ("nothing".to_owned(), Vec::new())];
    write_report((&specs, &watch.broken), &asked, out, &|_, done, all| assert!(done <= all)).expect("a report")
}

struct Made {
    folder: tempfile::TempDir,
    store: Store,
    runs: Vec<RunDir>,
    written: Written,
}

impl Made {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path().join("results"));
        let runs = finish(&store);
        let written = written(&store, &folder.path().join("out"));
        Self { folder, store, runs, written }
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("out").join(name)).expect(name)
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join("out").join(name), text).expect("written");
    }

    fn check(&self) -> Vec<Checked> {
        check(&self.folder.path().join("out"), &self.store, &|_, done, all| assert!(done < all)).expect("a folder")
    }
}

#[test]
fn a_report_says_everything_once_computed_and_loads_nothing() {
    let made = Made::new();
    let page = made.text("index.html");
    for part in ["demo (segmentation)", "P1 Table 3", "not comparable", "SHA-256 of the plans", "<svg role=\"img\""] {
        assert!(page.contains(part), "{part:?} is not in the page");
    }
    for part in ["<script>alert", "src=\"http", "href=\"http", "@import", "\u{1b}"] {
        assert!(!page.contains(part), "{part:?} is in the page");
    }
    assert!(page.contains("<b>nothing</b>: no finished runs; &quot;seglab run nothing&quot; makes them"), "unreported");
    let json: Value = serde_json::from_str(&made.text("demo.json")).expect("JSON");
    let dsc = &json["comparison"]["arms"][0]["metrics"]["dsc"];
    // the first arm finds 1, 2, 3, 4, 1, … of 10 with case pixels too much
    let expected: f64 = (0..8).map(|c| f64::from(2 * (1 + c % 4)) / f64::from(2 * (1 + c % 4) + c + 9 - c % 4)).sum();
    assert!((dsc["mean"].as_f64().expect("a mean") - expected / 8.0).abs() < 1e-12, "{dsc}");
    assert_eq!(json["provenance"]["training_s"], 240.0);
    assert_eq!(json["provenance"]["runs"].as_array().map(Vec::len), Some(4));
    // predicted less reference: found + case − 10, over arms and cases
    assert_eq!(json["areas"][0]["bias_px"].as_f64(), Some(2.5 + 3.5 - 10.0));
    let drawn: Vec<&str> = ["metrics", "curves-loss-dsc", "cases-dsc", "areas", "ranks"].into();
    for name in drawn {
        let svg = made.text(&format!("demo-figures/{name}.svg"));
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{name}");
        let png = fs::read(made.folder.path().join(format!("out/demo-figures/{name}.png"))).expect(name);
        let picture = image::load_from_memory(&png).expect("a png").into_rgb8();
        assert!(picture.pixels().filter(|pixel| pixel.0 != [255; 3]).count() > 1000, "{name} is drawn");
    }
    assert!(made.written.undrawn.iter().all(|reason| reason.contains("predictions")), "{:?}", made.written.undrawn);
}

#[test]
fn a_difference_to_a_published_number_is_ours_less_theirs() {
    let made = Made::new();
    let csv = made.text("demo-published.csv");
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<std::collections::HashMap<String, String>> =
        rows.deserialize().map(|row| row.expect("a row")).collect();
    let number = |row: &std::collections::HashMap<String, String>, key: &str| row[key].parse::<f64>().ok();
    let compared: Vec<_> = rows.iter().filter(|row| !row["ours"].is_empty()).collect();
    assert!(!compared.is_empty() && rows.iter().any(|row| row["column"] == "test_loss" && row["ours"].is_empty()));
    for row in compared {
        let (ours, published) = (number(row, "ours").expect("ours"), number(row, "published").expect("published"));
        let difference = number(row, "difference").expect("a difference");
        assert!((ours - published - difference).abs() < 1e-12 && row["comparable"] == "false", "{row:?}");
    }
}

#[test]
fn a_fresh_report_can_be_made_again_to_the_last_number() {
    let made = Made::new();
    let (pages, checked): (Vec<_>, Vec<_>) = made.check().into_iter().partition(|file| file.tables.is_some());
    let [page] = &pages[..] else { panic!("{pages:?}") };
    assert!(page.holds() && page.path.ends_with("index.html") && page.tables > Some(10), "{page:?}");
    let html = made.text("index.html");
    made.put("index.html", &html.replacen("<td class=\"n\">0.", "<td class=\"n\">1.", 1));
    let wrong: Vec<_> = made.check().into_iter().filter(|file| !file.holds()).collect();
    assert!(matches!(&wrong[..], [page] if page.differences.len() == 1 && page.tables.is_some()), "{wrong:?}");
    let names: Vec<_> = checked.iter().map(|file| file.path.extension().unwrap_or_default().to_owned()).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    for file in &checked {
        assert!(file.holds() && file.numbers > 20, "{file:?}");
    }
}

#[test]
fn subjects_of_several_cases_are_listed_one_by_one_and_checked() {
    let made = Made::new();
    for (found, run) in (1..).zip(&made.runs) {
        let of_two = |(case, score): (usize, CaseScore)| CaseScore { subject: format!("s{}|", case / 2), ..score };
        run.write_scores(&scores(found).into_iter().enumerate().map(of_two).collect::<Vec<_>>()).expect("written");
    }
    let out = made.folder.path().join("out");
    written(&made.store, &out);
    let markdown = made.text("demo.md");
    assert!(markdown.contains("## Subjects one by one") && markdown.contains("| s0\\| | 2 | "), "{markdown}");
    let csv = made.text("demo-subjects.csv");
    assert_eq!(csv.lines().count(), 1 + 4 * 4);
    // the first arm finds 1 and 2 of 10 in the first two cases, with 0 and 1 pixels too much
    let dsc = (2.0 / 11.0 + 4.0 / 13.0) / 2.0;
    let first: Vec<&str> = csv.lines().nth(1).expect("a row").split(',').collect();
    assert!((first[3].parse::<f64>().expect("a DSC") - dsc).abs() < 1e-12 && first[1..3] == ["s0|", "2"], "{csv}");
    assert!(made.check().iter().all(Checked::holds), "{:?}", made.check());
    made.put("demo-subjects.csv", &csv.replacen("0.", "1.", 1));
    assert_eq!(made.check().iter().filter(|file| !file.holds()).count(), 1);
    let kept = fs::read_to_string(golden(&made).join("demo.md")).expect("kept");
    assert!(kept.contains("mean over subjects"), "{kept}");
}

#[test]
fn changed_numbers_are_found_wherever_they_are() {
    let made = Made::new();
    let json = made.text("demo.json");
    let mean = json.split("\"mean\": ").nth(1).and_then(|rest| rest.split(',').next()).expect("a mean").to_owned();
    made.put("demo.json", &json.replacen(&format!("\"mean\": {mean}"), "\"mean\": 0.987", 1));
    let markdown = made.text("demo.md");
    made.put("demo.md", &markdown.replacen("0.", "1.", 1));
    let checked = made.check();
    let wrong: Vec<_> = checked.iter().filter(|file| !file.holds()).collect();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong.iter().all(|file| file.differences.len() == 1), "{wrong:?}");
    let found = &wrong[0].differences[0];
    assert!(found.starts_with("comparison.arms[") && found.contains("0.987"), "{found}");
}

#[test]
fn scores_that_changed_since_or_are_gone_are_said() {
    let made = Made::new();
    made.runs[0].write_scores(&scores(5)).expect("written");
    let json =
        |checked: Vec<Checked>| checked.into_iter().find(|file| file.path.ends_with("demo.json")).expect("checked");
    assert!(json(made.check()).differences.len() > 10);
    fs::remove_dir_all(made.runs[0].path()).expect("removed");
    let gone = json(made.check());
    assert!(gone.unchecked.as_ref().is_some_and(|reason| reason.contains("1 of its 4 runs")), "{gone:?}");
}

#[test]
fn a_kept_table_of_means_is_held_against_the_store() {
    let made = Made::new();
    let mut watch = Watch::new(made.store.clone(), Some("demo"));
    watch.catch_up().expect("read");
    let runs: Vec<&RunView> = watch.runs().collect();
    assert!(runs.iter().all(|run| run.state == State::Finished));
    let table = Comparison::of("demo", &runs).render(crate::report::Format::Csv);
    let golden = made.folder.path().join("golden");
    fs::create_dir_all(&golden).expect("a folder");
    fs::write(golden.join("demo.csv"), &table).expect("written");
    fs::write(golden.join("other.csv"), &table).expect("written");
    let checked = check(&golden, &made.store, &|_, _, _| ()).expect("a folder");
    assert!(checked[0].holds() && checked[0].numbers == 3 * (table.lines().count() - 1), "{checked:?}");
    assert!(checked[1].unchecked.as_ref().is_some_and(|reason| reason.contains("no scores kept")), "{checked:?}");
    fs::write(golden.join("demo.csv"), table.replacen(",8,0,", ",7,1,", 1)).expect("written");
    let checked = check(&golden, &made.store, &|_, _, _| ()).expect("a folder");
    assert_eq!(checked[0].differences.len(), 1, "{checked:?}");
}

fn golden(made: &Made) -> std::path::PathBuf {
    let mut watch = Watch::new(made.store.clone(), Some("demo"));
    watch.catch_up().expect("read");
    let inference = Inference { level: Level::P95, resampling: Resampling { resamples: 200, ..Resampling::default() } };
    let asked = Asked { against: None, inference };
    let making = Making { command: "a | command".into(), machine: "a\u{1b}[2J machine".into() };
    let out = made.folder.path().join("kept");
    let specs = [("demo".to_owned(), watch.runs().collect())];
    let (files, unreported) =
        write_golden((&specs, &Default::default()), (&asked, &making), &out, &|_, _, _| ()).expect("written");
    assert_eq!((files.len(), unreported.len()), (4, 0));
    out
}

#[test]
fn golden_tables_outlive_their_runs() {
    let made = Made::new();
    let out = golden(&made);
    made.runs.iter().for_each(|run| fs::remove_dir_all(run.path()).expect("removed"));
    let check = || check(&out, &made.store, &|_, _, _| ()).expect("a folder");
    let checked = check();
    assert!(checked.len() == 2 && checked.iter().all(|file| file.holds() && file.numbers > 50), "{checked:?}");
    let read = |name: &str| fs::read_to_string(out.join(name)).expect(name);
    let (markdown, scores) = (read("demo.md"), read("demo.scores.csv"));
    assert!(!markdown.contains('\u{1b}') && markdown.contains("a \\| command"), "{markdown}");
    // One pixel more that was found is another mean, in both files.
    let row = scores.lines().nth(1).expect("a row");
    fs::write(out.join("demo.scores.csv"), scores.replacen(row, &row.replacen(",1,0,9,90,", ",2,0,8,90,", 1), 1))
        .expect("written");
    assert!(check().iter().all(|file| !file.differences.is_empty()), "{:?}", check());
    fs::write(out.join("demo.scores.csv"), &scores).expect("written");
    fs::write(out.join("demo.md"), markdown.replacen("0.", "1.", 1)).expect("written");
    assert_eq!(check().iter().map(|file| file.differences.len()).sum::<usize>(), 1);
    assert_eq!(renew_golden(&out).expect("written"), [out.join("demo.md")]);
    assert_eq!(read("demo.md"), markdown);
}

#[test]
fn a_run_whose_plan_cannot_be_read_is_said_with_the_tables() {
    let made = Made::new();
    fs::write(made.runs[1].path().join("plan.toml"), "x\u{1b}").expect("written");
    let out = made.folder.path().join("again");
    fs::create_dir_all(&out).expect("a folder");
    for name in ["old.json", "old.tex", "notes.json"] {
        fs::write(out.join(name), "{}").expect("written");
    }
    let written = written(&made.store, &out);
    assert_eq!(written.stale, [out.join("old.json")], "of an earlier page");
    let text = fs::read_to_string(out.join("demo.md")).expect("read");
    let said = format!("1 run of an unknown arm does not count: {}", made.runs[1].name());
    assert!(text.contains(&said) && !text.contains('\u{1b}'), "{text}");
    let json: Value = serde_json::from_str(&fs::read_to_string(out.join("demo.json")).expect("read")).expect("JSON");
    assert_eq!(json["comparison"]["unreadable"][0]["run"], made.runs[1].name());
    let checked = check(&out, &made.store, &|_, _, _| ()).expect("a folder");
    assert!(checked.iter().filter(|file| file.path.ends_with("demo.json")).all(Checked::holds), "{checked:?}");
    fs::remove_file(out.join("demo.csv")).expect("removed");
    let page = check(&out, &made.store, &|_, _, _| ()).expect("a folder").pop().expect("the page");
    assert_eq!(page.differences, ["file beside it that is gone: demo.csv"]);
}

#[test]
fn golden_tables_without_scores_are_not_counted_as_checked() {
    let made = Made::new();
    let out = golden(&made);
    let check = || check(&out, &made.store, &|_, _, _| ()).expect("a folder");
    for wrong in ["", "arm\n", "arm,run\nfcn,x\n"] {
        fs::write(out.join("demo.scores.csv"), wrong).expect("written");
        // An empty file is a table of nothing, which the kept one is not.
        assert!(check().iter().all(|file| !file.holds()), "{wrong:?}: {:?}", check());
    }
    fs::remove_file(out.join("demo.scores.csv")).expect("removed");
    fs::write(out.join("old.md"), "| 0.5 |").expect("written");
    let reasons: Vec<_> = check().into_iter().map(|file| (file.numbers, file.unchecked)).collect();
    assert!(
        reasons.len() == 2 && reasons.iter().all(|(numbers, reason)| *numbers == 0 && reason.is_some()),
        "{reasons:?}"
    );
}

#[test]
fn what_is_no_report_is_no_panic() {
    let made = Made::new();
    for text in ["", "{", "[]", "{\"schema\": 1}", "{\"schema\": 99, \"spec\": \"demo\"}"] {
        made.put("demo.json", text);
        let file = made.check().into_iter().find(|file| file.path.ends_with("demo.json")).expect("checked");
        assert!(file.unchecked.is_some(), "{text:?}: {file:?}");
        assert!(
            made.check().iter().any(|file| file.unread.is_some()),
            "{text:?}: there is nothing to hold a page against"
        );
    }
}

#[test]
fn curves_leave_for_other_tools() {
    let made = Made::new();
    let lines: Vec<Value> =
        made.text("wandb/curves.jsonl").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 4 * 2);
    assert_eq!(
        (&lines[1]["epoch"], &lines[1]["valid_dsc"], &lines[1]["valid_loss"]),
        (&2.into(), &0.25.into(), &Value::Null)
    );
    assert_eq!(made.text("wandb/runs.jsonl").lines().count(), 4);
    let events = made.written.files.iter().filter(|path| path.to_string_lossy().contains("tfevents"));
    assert!(
        events.clone().count() == 4 && events.clone().all(|path| path.metadata().is_ok_and(|file| file.len() > 100))
    );
}
