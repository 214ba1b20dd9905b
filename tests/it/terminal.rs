//! The dashboard in a real terminal: what a person sees while the terminal, the store and other processes do their worst.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use rustix::process::Signal;
use seglab::dataset::audit::{Audit, Issue, IssueKind, SCHEMA};
use seglab::metric::CaseScore;
use seglab::plane::Mask;
use seglab::run::{EpochScores, Event};
use seglab::store::{EpochMask, RunDir};

use crate::lab::{Lab, SPEC};
use crate::tty::{Tty, in_lab, program, text};

/// A laboratory with `count` planned runs, one a fold and a seed.
fn lab(count: usize) -> (Lab, Vec<RunDir>) {
    use seglab::dataset::{Dataset, Manifest, Origin};
    let lab = Lab::new();
    let spec = SPEC.replace("seeds = [1]", "seeds = [1, 2]").replace("run = 1, ", "");
    let spec = seglab::spec::Spec::parse(&spec, "tiny.toml").expect("the spec");
    let manifest = Manifest::parse(crate::lab::MANIFEST, "tiny.toml").expect("the manifest");
    let dataset = Dataset::at(Origin { folder: None, manifest }).expect("the data");
    let store = seglab::store::Store::new(lab.path().join("results"));
    let plans = seglab::plan::plan(&spec, &dataset).expect("a plan");
    let runs: Vec<RunDir> = plans[..count].iter().map(|plan| store.create(plan).expect("a run")).collect();
    runs.iter().for_each(|run| run.write_origin(&dataset.origin).expect("written"));
    (lab, runs)
}

fn say(run: &RunDir, events: &[Event]) {
    let mut file = run.append_events().expect("open");
    for event in events {
        writeln!(file, "{}", serde_json::to_string(event).expect("an event")).expect("written");
    }
}

fn started() -> Event {
    Event::Started {
        at_s: 1.0,
        version: "0".into(),
        device: "flex".into(),
        params: 1,
        epochs: 4,
        steps_per_epoch: 2,
        epoch: 0,
    }
}

fn epoch(epoch: u32) -> Event {
    Event::Epoch {
        epoch,
        step: u64::from(epoch) * 2,
        lr: 0.1,
        train_loss: Some(1.0 / f64::from(epoch)),
        valid_loss: None,
        train: Default::default(),
        valid: EpochScores::from([("dsc".to_owned(), Some(0.5))]),
        elapsed_s: 10.0,
        images_per_s: 1.0,
        waited_s: None,
    }
}

fn failed(reason: &str) -> Event {
    Event::Failed { at_s: 2.0, reason: reason.into(), step: None }
}

#[test]
fn after_a_storm_of_sizes_the_screen_is_what_it_was() {
    let (lab, runs) = lab(3);
    say(&runs[0], &[started(), epoch(1), epoch(2), failed("out of memory")]);
    let mut tty = Tty::dashboard(&lab, &[]);
    tty.press("\r");
    tty.see("out of memory");
    // Near the end of the picture: what comes before it is there.
    tty.see("nothing yet");
    tty.see("q back");
    let before = tty.text();
    for (columns, rows) in [(160, 45), (20, 5), (1, 1), (60, 20), (20, 5)] {
        tty.resize(columns, rows);
    }
    tty.see("too small, 40×10");
    for columns in (21..160).step_by(3) {
        tty.resize(columns, columns / 4 + 1);
    }
    tty.resize(80, 24);
    tty.wait("the first screen", |screen| text(screen) == before);
    tty.press("q");
    tty.see("planned");
}

#[test]
fn the_shell_gets_the_terminal_and_gives_it_back() {
    let (lab, _) = lab(1);
    let script = "\"$0\"; echo away; read line; fg >/dev/null; echo over";
    let shell = pty_process::blocking::Command::new("bash").args(["-m", "-c", script, env!("CARGO_BIN_EXE_seglab")]);
    let mut tty = Tty::spawn(in_lab(&lab, shell));
    tty.see("? help");
    let before = tty.text();
    tty.press("\u{1a}");
    tty.see("away");
    assert!(!tty.screen().alternate_screen() && !tty.screen().hide_cursor());
    tty.press("\n");
    tty.wait("the dashboard again", |screen| screen.alternate_screen() && text(screen) == before);
    tty.press("q");
    tty.see("over");
    assert!(tty.end().success());
    assert!(!tty.screen().alternate_screen() && !tty.screen().hide_cursor());
}

#[test]
fn without_a_shell_it_stays_and_after_a_stop_it_draws_again() {
    let (lab, _) = lab(1);
    let mut tty = Tty::dashboard(&lab, &[]);
    tty.press("\u{1a}");
    tty.see("no shell to go back to");
    let drawn = tty.written().len();
    tty.signal(Signal::STOP);
    tty.signal(Signal::CONT);
    tty.press("?");
    tty.see("Everywhere");
    let since = String::from_utf8_lossy(&tty.written()[drawn..]).into_owned();
    assert!(since.contains("\u{1b}[?1049l") && since.contains("\u{1b}[?1049h"), "{since:?}");
}

#[test]
fn whatever_ends_it_the_terminal_is_given_back() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let (lab, _) = lab(1);
        let mut tty = Tty::dashboard(&lab, &[]);
        assert!(tty.screen().alternate_screen() && tty.screen().hide_cursor());
        tty.signal(signal);
        assert!(tty.end().success(), "{signal:?}");
        assert!(!tty.screen().alternate_screen() && !tty.screen().hide_cursor(), "{signal:?}");
        assert_eq!(tty.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None, "{signal:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_library_prints_is_not_in_the_picture_but_said_after_it() {
    let (lab, _) = lab(1);
    let mut tty = Tty::dashboard(&lab, &[]);
    for (stream, word) in [(1, "to-output"), (2, "to-errors")] {
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(format!("/proc/{}/fd/{stream}", tty.pid()))
            .expect("the program's own stream");
        file.write_all(format!("stray \u{1b}[2J{word}\n").as_bytes()).expect("written");
    }
    tty.press("?");
    tty.see("a page up");
    assert!(!String::from_utf8_lossy(tty.written()).contains("stray"));
    tty.press("qq");
    assert!(tty.end().success());
    let said = tty.text();
    assert!(said.contains("to-output") && said.contains("to-errors") && !said.contains("a page up"), "{said}");
}

/// A name that would write to the clipboard, clear the screen, colour it and turn its direction round.
const EVIL: &str = "evil\u{1b}]52;c;cm0gLXJm\u{7}\u{1b}[2J\u{9b}31m\u{202e}網膜";
/// One that would be the terminal's title.
const TITLE: &str = "\u{1b}]0;title\u{7}";

fn wrote_no_code_of_a_name(tty: &Tty) {
    let written = String::from_utf8_lossy(tty.written()).into_owned();
    for code in ["\u{1b}]52", "\u{1b}]0;title", "\u{9b}", "\u{202e}", "evil\u{1b}[2J"] {
        assert!(!written.contains(code), "{code:?}");
    }
}

#[test]
fn no_name_reaches_the_terminal_as_a_code() {
    let (lab, runs) = lab(2);
    let plan = std::fs::read_to_string(runs[0].plan_path()).expect("a plan");
    let arm = format!("arm = {}", toml::Value::String(EVIL.into()));
    std::fs::write(runs[0].plan_path(), plan.replacen("arm = \"net\"", &arm, 1)).expect("written");
    say(&runs[0], &[started(), failed(EVIL)]);
    runs[0].log(EVIL);
    lab.write(&format!("results/tiny/{TITLE}/plan.toml"), "no run has such a name");
    lab.write("results/tiny/broken\u{202e}/plan.toml", EVIL);
    let mut tty = Tty::dashboard(&lab, &[]);
    tty.see("evil·]52");
    tty.see("2 unreadable, e.g. tiny/·]0;title·");
    for (key, words) in [("\r", "evil"), ("l", "evil"), ("q", "evil"), ("3", "tiny"), ("5", "tiny"), ("7", "memory")] {
        tty.press(key);
        tty.see(words);
    }
    wrote_no_code_of_a_name(&tty);
}

fn square() -> Mask {
    Mask::from_fn(32, 32, |x, y| x.max(y) < 8)
}

fn png(mask: &Mask) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let values = mask.values().iter().map(|&set| if set { 255 } else { 0 }).collect();
    let image = image::GrayImage::from_raw(32, 32, values).expect("a byte a pixel");
    image.write_to(&mut bytes, image::ImageFormat::Png).expect("encoded");
    bytes.into_inner()
}

/// A finished run whose cases are called [`EVIL`], and an audit of its data set that has found them.
fn evil_cases(run: &RunDir) {
    let score = CaseScore::of(EVIL, EVIL, &square(), &square()).expect("same size");
    run.write_scores(&[score]).expect("written");
    for (name, bytes) in
        [("image.png", png(&square())), ("reference.png", png(&square())), ("case.txt", EVIL.as_bytes().to_vec())]
    {
        run.write_preview(name, &bytes).expect("written");
    }
    run.append_epoch_mask(&EpochMask::of(1, &square())).expect("written");
    say(run, &[started(), epoch(1), Event::Scored { cases: 1, test: BTreeMap::new() }, Event::Finished { at_s: 9.0 }]);
    let issue = Issue { case: EVIL.into(), kind: IssueKind::TinyMask, detail: EVIL.into() };
    let audit = Audit {
        schema: SCHEMA,
        dataset: "tiny".into(),
        digest: None,
        cases: BTreeMap::new(),
        left_out: BTreeMap::new(),
        duplicate_groups: Vec::new(),
        neighbour_groups: Vec::new(),
        issues: vec![issue],
        pairs: Vec::new(),
    };
    run.store().keep_audit(&audit).expect("written");
}

#[test]
fn no_name_of_a_case_or_of_a_file_reaches_the_terminal_as_a_code() {
    let (lab, runs) = lab(1);
    evil_cases(&runs[0]);
    let spec = SPEC.replacen("name = \"tiny\"", "name = \"mine\"\ntitle = \"\\u001b]0;title\\u0007\"", 1);
    lab.write(&format!("baselines/{EVIL}.toml"), spec);
    lab.write(&format!("baselines/{TITLE}.toml"), format!("arm = {}", toml::Value::String(EVIL.into())));
    let mut tty = Tty::dashboard(&lab, &[]);
    for (key, words) in [
        ("6", "evil·]52"),
        ("<", "valid evil·]52"),
        ("q", "test case"),
        ("8", "evil·]52"),
        ("\r", "tiny-mask"),
        ("9", "·]0;title·"),
        ("G", "./tiny.toml"),
        ("k", "baselines/evil·]52"),
        ("k", "baselines/·]0;title·"),
        ("e", "Enter change"),
    ] {
        tty.press(key);
        tty.see(words);
    }
    wrote_no_code_of_a_name(&tty);
}

#[test]
fn a_line_that_cannot_be_read_is_counted_and_the_rest_is_shown() {
    let (lab, runs) = lab(1);
    say(&runs[0], &[started(), epoch(1)]);
    runs[0].append_events().expect("open").write_all(b"{\"event\":\"epo\xff\x1b[2J rubbish\n").expect("written");
    say(&runs[0], &[epoch(2), failed("later")]);
    let mut tty = Tty::dashboard(&lab, &[]);
    tty.see("2/4");
    tty.resize(160, 45);
    // A key that comes at once with a change of size waits for the next one in crossterm.
    tty.see("device");
    tty.press("\r");
    tty.see("unreadable lines 1");
    tty.see("later");
}

#[test]
fn a_run_that_is_deleted_while_it_is_shown_goes_and_the_next_one_comes() {
    let (lab, runs) = lab(2);
    say(&runs[0], &[started(), epoch(1), failed("first to go")]);
    let mut tty = Tty::dashboard(&lab, &[]);
    tty.press("\r");
    tty.see("first to go");
    std::fs::remove_dir_all(runs[0].path()).expect("deleted");
    tty.miss("first to go");
    tty.see("its folder is gone");
    std::fs::remove_dir_all(runs[1].path()).expect("deleted");
    tty.press("1");
    tty.see("No runs in results yet");
    tty.press("q");
    assert!(tty.end().success());
}

#[test]
fn what_another_process_does_is_on_the_screen() {
    let (lab, runs) = lab(2);
    let mut tty = Tty::dashboard(&lab, &[]);
    tty.see("2 planned");
    let lock = runs[1].lock().expect("a lock").expect("free");
    say(&runs[1], &[started(), epoch(1)]);
    tty.see("● running");
    tty.see("1/4");
    say(&runs[1], &[epoch(2), epoch(3), epoch(4), Event::Finished { at_s: 41.0 }]);
    drop(lock);
    tty.see("1 finished");
    tty.miss("● running");
    let lost = runs[0].lock().expect("a lock").expect("free");
    say(&runs[0], &[started()]);
    tty.see("1 running");
    drop(lost);
    tty.see("1 lost");
}

#[test]
fn read_only_refuses_and_writes_nothing() {
    let (lab, runs) = lab(2);
    say(&runs[0], &[started(), failed("out of memory")]);
    let files = |run: &RunDir| std::fs::read_dir(run.path()).expect("a folder").count();
    let before = files(&runs[0]);
    let mut tty = Tty::dashboard(&lab, &["--read-only"]);
    tty.see("1 failed");
    for key in ["r", "s"] {
        tty.press(key);
        tty.see("read-only: runs can be watched here, not changed");
        tty.press("j");
        tty.miss("read-only:");
        tty.press("k");
    }
    assert_eq!((files(&runs[0]), runs[0].ticket()), (before, None));
    let store: Vec<PathBuf> =
        std::fs::read_dir(lab.path().join("results")).expect("a store").flatten().map(|f| f.path()).collect();
    assert_eq!(store, [lab.path().join("results/tiny")]);
    let mut refused = Tty::spawn(program(&lab, &["--read-only", "resume", "tiny"]));
    assert!(!refused.end().success());
    assert!(
        refused.text().contains("read-only (flag, --read-only): this command changes the store"),
        "{}",
        refused.text()
    );
}

#[test]
fn two_dashboards_show_the_same_and_one_sees_what_the_other_asks_for() {
    let (lab, runs) = lab(1);
    let lock = runs[0].lock().expect("a lock").expect("free");
    say(&runs[0], &[started(), epoch(1)]);
    let (mut one, mut other) = (Tty::dashboard(&lab, &[]), Tty::dashboard(&lab, &[]));
    one.see("● running");
    other.see("● running");
    one.press("s");
    one.see("stopping");
    other.see("stopping");
    assert!(runs[0].stop_requested());
    say(&runs[0], &[Event::Stopped { at_s: 12.0, epoch: 1 }]);
    drop(lock);
    one.see("1 stopped");
    other.see("1 stopped");
}

#[test]
fn no_colour_and_ascii_are_kept_to() {
    let (lab, runs) = lab(2);
    say(&runs[0], &[started(), epoch(1), epoch(2), failed("out of memory")]);
    let mut plain = Tty::spawn(program(&lab, &["--ascii"]).env("NO_COLOR", "1"));
    plain.see("1 failed");
    let mut coloured = Tty::dashboard(&lab, &[]);
    coloured.see("1 failed");
    for key in ["\r", "3", "4", "5", "6", "7", "?"] {
        plain.press(key);
        coloured.press(key);
    }
    for tty in [&mut plain, &mut coloured] {
        tty.see("Everywhere");
    }
    let colours = |tty: &Tty| {
        let written = String::from_utf8_lossy(tty.written()).into_owned();
        ["38;", "48;"].iter().map(|code| written.matches(code).count()).sum::<usize>()
    };
    assert!(plain.written().is_ascii(), "{}", plain.text());
    assert_eq!(colours(&plain), 0);
    assert!(colours(&coloured) > 0, "the same codes are there with colours");
}

#[test]
fn it_opens_again_where_it_was_left() {
    let (lab, runs) = lab(3);
    say(&runs[1], &[started(), epoch(1), failed("the one")]);
    let mut tty = Tty::dashboard(&lab, &[]);
    tty.press("/");
    tty.see("Enter keep");
    tty.press("state=failed\r");
    tty.see("1 of 3 with state=failed");
    tty.press("\r");
    tty.see("the one");
    tty.signal(Signal::HUP);
    tty.end();
    let mut again = Tty::spawn(program(&lab, &[]));
    again.see("filtered as you left it: state=failed");
    again.see("the one");
    again.press("q\u{1b}");
    again.see("2 planned");
}

#[test]
fn of_eight_writers_every_word_is_read() {
    let (lab, runs) = lab(8);
    let mut tty = Tty::dashboard(&lab, &[]);
    tty.see("8 planned");
    std::thread::scope(|scope| {
        for run in &runs {
            scope.spawn(|| {
                let _lock = run.lock().expect("a lock").expect("free");
                say(run, &[started()]);
                for number in 1..=4 {
                    let steps = [1, 2].map(|i| Event::Step { step: u64::from(number - 1) * 2 + i, loss: Some(0.5) });
                    say(run, &steps);
                    say(run, &[epoch(number), Event::Saved { epoch: number, best: true }]);
                }
                say(run, &[Event::Finished { at_s: 41.0 }]);
            });
        }
    });
    tty.see("8 finished");
    tty.wait("all epochs", |screen| screen.contents().matches("4/4").count() >= 8);
    assert!(!tty.text().contains("unreadable"), "{}", tty.text());
}
