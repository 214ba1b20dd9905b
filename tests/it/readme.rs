//! The README's tables are the golden ones, which `seglab report --check results/golden` makes again from kept scores.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use crate::lab::{Lab, stderr, stdout};

/// A value of a golden table by metric, arm and column.
type Golden = HashMap<(String, String, String), String>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn golden(name: &str) -> Golden {
    let mut reader = csv::Reader::from_path(root().join(format!("results/golden/{name}.csv"))).expect(name);
    let head = reader.headers().expect("a head").clone();
    let mut found = Golden::new();
    for record in reader.records() {
        let record = record.expect("a row");
        let key = |column: &str| (record[0].to_owned(), record[1].to_owned(), column.to_owned());
        found.extend(head.iter().zip(&record).map(|(column, value)| (key(column), value.to_owned())));
    }
    found
}

fn rounded(golden: &Golden, (metric, arm, column): (&str, &str, &str), decimals: usize) -> String {
    let key = (metric.to_owned(), arm.to_owned(), column.to_owned());
    let value = golden.get(&key).unwrap_or_else(|| panic!("{key:?} is not in the golden table"));
    value.parse::<f64>().map_or_else(|_| "–".to_owned(), |value| format!("{value:.decimals$}"))
}

/// Cells of the first table behind `heading`, its head first.
fn table(readme: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, below) = readme.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
    let rows = below.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    rows.filter(|row| !row.starts_with("| ---")).map(cells).collect()
}

/// What a column of the README shows of `arm`; `None` where it is no number.
fn expected(golden: &Golden, arm: &str, head: &str) -> Option<String> {
    let mean = |metric, decimals| rounded(golden, (metric, arm, "mean"), decimals);
    let of_dsc = |column, decimals| rounded(golden, ("dsc", arm, column), decimals);
    Some(match head {
        "n" | "Images" => of_dsc("n", 0),
        "DSC" | "DSC a paper would print" => mean("dsc", 3),
        "IoU" => mean("iou", 3),
        "Sens." => mean("sensitivity", 3),
        "Prec." => mean("precision", 3),
        "HD95 (px)" => mean("hd95_px", 1),
        "95 %" => format!("{} … {}", of_dsc("t_low", 3), of_dsc("t_high", 3)),
        "Pooled DSC" => of_dsc("pooled", 3),
        "of known subjects" => of_dsc("known_n", 0),
        "on known" => of_dsc("known_mean", 3),
        // Where nothing leaks, all are unknown.
        "on unknown" => Some(of_dsc("unknown_mean", 3)).filter(|mean| mean != "–").unwrap_or_else(|| mean("dsc", 3)),
        _ => return None,
    })
}

#[test]
fn the_readme_shows_what_the_golden_tables_hold() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    for (heading, name) in
        [("## First minute", "demo"), ("## Real ultrasound", "busi-quick"), ("## What a leak", "leak")]
    {
        let (golden, rows) = (golden(name), table(&readme, heading));
        assert!(rows.len() > 3, "{heading} has no table");
        for row in &rows[1..] {
            for (head, cell) in rows[0].iter().zip(row) {
                let Some(expected) = expected(&golden, &row[0], head) else { continue };
                // An interval may stand behind a mean.
                let shown = cell.split(" (").next().unwrap_or_default();
                // None of a kind is no golden value.
                let shown = if head == "of known subjects" && shown == "0" { "–" } else { shown };
                assert_eq!(shown, expected, "{heading}: {} {head}", row[0]);
            }
        }
    }
}

#[test]
fn the_readmes_list_of_models_is_of_the_golden_tables() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README").replace('\n', " ");
    let (_, list) = readme.split_once("DSC over 48 test cases:").expect("the list");
    let (list, rest) = list.split_once("Accuracy (AUC)").expect("the classifiers");
    let named = |text: &str| -> Vec<(String, String)> {
        let words: Vec<&str> = text.split('`').collect();
        words[1..].chunks_exact(2).map(|pair| (pair[0].to_owned(), pair[1].trim().to_owned())).collect()
    };
    let means = golden("zoo-phantom-segmentation");
    let models = named(list);
    assert!(models.len() >= 20, "{models:?}");
    for (model, text) in models {
        let shown = text.split([',', '.']).take(2).collect::<Vec<_>>().join(".");
        assert_eq!(shown, rounded(&means, ("dsc", &model, "mean"), 3), "{model}");
    }
    let means = golden("zoo-phantom-classification");
    let (classifiers, _) = rest.split_once(" Intervals").expect("the end");
    for (model, text) in named(classifiers.split_once(':').expect("a colon").1) {
        let of = |metric| rounded(&means, (metric, &model, "mean"), 3);
        let expected = format!("{} ({})", of("accuracy"), of("auc"));
        assert!(text.starts_with(&expected), "{model}: {text}, expected {expected}");
    }
}

#[test]
fn every_golden_table_is_made_again_from_its_scores() {
    let lab = Lab::new();
    let folder = root().join("results/golden");
    let check = lab.run(&["report", "--check", folder.to_str().expect("UTF-8")]);
    let last = stdout(&check).lines().last().unwrap_or_default().to_owned();
    assert!(check.status.success(), "{}{}", stdout(&check), stderr(&check));
    assert!(last.ends_with(" 0 differences, 0 files not checked"), "{last}");
}

#[test]
fn the_readmes_specs_are_read() {
    use seglab::spec::Spec;
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let blocks: Vec<&str> =
        readme.split("```toml\n").skip(1).map(|rest| rest.split("```").next().expect("an end")).collect();
    assert!(blocks.len() >= 2, "{blocks:?}");
    let (head, _) = crate::lab::SPEC.split_once("[[arm]]").expect("a head");
    for block in blocks {
        // Arms alone stand below any head.
        let text = if block.starts_with("[[arm]]") { format!("{head}{block}") } else { block.to_owned() };
        Spec::parse(&text, "README.md").unwrap_or_else(|error| panic!("{error}: {block}"));
    }
}
