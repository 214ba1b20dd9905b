//! Settings and the status line as their users meet them.

use crate::lab::{Lab, stderr, stdout};

#[test]
fn every_setting_says_where_it_comes_from() {
    let lab = Lab::new();
    let first = stdout(&lab.run(&["config"]));
    assert!(first.contains("config.toml (not there") && first.contains("notify     bell"), "{first}");
    assert!(lab.run(&["config", "--init"]).status.success());
    let again = lab.run(&["config", "--init"]);
    assert!(!again.status.success() && stderr(&again).contains("is there already"), "{}", stderr(&again));
    lab.write("config/seglab/config.toml", "results = \"elsewhere\"\nmouse = false\n");
    let output = lab.command(&["config", "--notify", "all"]).env("SEGLAB_DATA", "/data").output().expect("starts");
    let text = stdout(&output);
    for (name, value, source) in [
        ("results", "elsewhere", "file"),
        ("mouse", "false", "file"),
        ("notify", "all", "flag, --notify"),
        ("data", "/data", "environment, SEGLAB_DATA"),
        ("ascii", "false", "default"),
    ] {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {text}"));
        assert!(line.contains(value) && line.trim_end().ends_with(source), "{line}");
    }
    assert!(stdout(&lab.run(&["status"])).contains("no runs in elsewhere"));
}

#[test]
fn a_wrong_key_has_its_place_but_stops_no_worker() {
    let lab = Lab::new();
    let run = lab.plan();
    lab.write("config/seglab/config.toml", "# mine\nmuose = false\n");
    let output = lab.run(&["status"]);
    assert!(!output.status.success());
    assert!(stderr(&output).contains("config.toml:2: unknown field `muose`"), "{}", stderr(&output));
    let worker = lab.command(&["worker"]).arg(&run).output().expect("starts");
    assert!(worker.status.success(), "{}", stderr(&worker));
}

#[test]
fn the_status_line_is_one_line() {
    let lab = Lab::new();
    assert_eq!(stdout(&lab.run(&["status", "--line"])), "no runs\n");
    let run = lab.plan();
    assert_eq!(stdout(&lab.run(&["status", "--line"])), "1 planned\n");
    std::fs::write(run.join("queued"), "1").expect("written");
    assert_eq!(stdout(&lab.run(&["status", "--line"])), "1 queued\n");
    assert_eq!(stdout(&lab.run(&["status", "--line", "other"])), "no runs\n");
}

#[test]
fn status_says_how_many_lines_of_a_run_were_not_read() {
    let lab = Lab::new();
    let run = lab.plan();
    assert!(!stdout(&lab.run(&["status"])).contains("could not be read"));
    std::fs::write(run.join("events.jsonl"), "rubbish\n{\"event\":\n").expect("written");
    let text = stdout(&lab.run(&["status"]));
    assert!(text.contains("(2 lines of its events could not be read)"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&stdout(&lab.run(&["status", "--json"]))).expect("JSON");
    assert_eq!(json["runs"][0]["unreadable"], 2);
}
