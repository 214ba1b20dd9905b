//! `seglab report` as people type it: a folder that stands alone, and a check that fails when it has to.

use std::fs;

use crate::lab::{Lab, SPEC, stderr, stdout};

fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("tiny.toml", SPEC.replace("epochs = 4", "epochs = 2"));
    let run = lab.run(&["run", "tiny.toml", "--headless"]);
    assert!(run.status.success(), "{}{}", stdout(&run), stderr(&run));
    lab
}

#[test]
fn a_report_is_written_checked_and_found_out() {
    let lab = lab();
    let made = lab.run(&["report", "--out", "out"]);
    assert!(made.status.success(), "{}", stderr(&made));
    for name in ["tiny.json", "tiny.csv", "tiny.md", "tiny.tex", "index.html", "predictions-net.png", "curves.jsonl"] {
        assert!(stdout(&made).contains(name), "{name} is not in: {}", stdout(&made));
    }
    assert!(fs::read_to_string(lab.path().join("out/index.html")).expect("a page").contains("data:image/png;base64,"));
    let check = lab.run(&["report", "--check", "out"]);
    assert!(
        check.status.success() && stdout(&check).contains(" 0 differences, 0 files not checked"),
        "{}",
        stdout(&check)
    );
    assert!(stdout(&check).contains(" tables, all the same; figures and captions are not read"), "{}", stdout(&check));
    let table = lab.path().join("out/tiny.csv");
    let text = fs::read_to_string(&table).expect("a table");
    fs::write(&table, text.replacen("0.", "1.", 1)).expect("written");
    let check = lab.run(&["report", "--check", "out"]);
    assert_eq!(check.status.code(), Some(1), "{}", stdout(&check));
    assert!(stdout(&check).contains("tiny.csv") && stdout(&check).contains(" 1 difference, "), "{}", stdout(&check));
}

#[test]
fn a_spec_without_runs_is_named_with_what_helps() {
    let lab = Lab::new();
    let none = lab.run(&["report", "--out", "out"]);
    assert!(!none.status.success() && stderr(&none).contains("seglab demo"), "{}", stderr(&none));
    let one = lab.run(&["report", "nothing", "--out", "out"]);
    assert!(!one.status.success(), "{}", stdout(&one));
    assert!(stderr(&one).contains("nothing: no finished runs; \"seglab run nothing\" makes them"), "{}", stderr(&one));
    let neither = lab.run(&["report"]);
    assert!(stderr(&neither).contains("--out"), "{}", stderr(&neither));
    let empty = lab.run(&["report", "--check", "out"]);
    assert!(!empty.status.success() && stderr(&empty).contains("no report"), "{}", stderr(&empty));
}
