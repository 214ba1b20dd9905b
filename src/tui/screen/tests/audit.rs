//! The audit as it is read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::audit::{Certainty, Finding, Kind};
use crate::dataset::Class;
use crate::dataset::audit::{Audit, Group, Issue, IssueKind, Map, Pair, PairKind, SCHEMA};
use crate::dataset::fold::Leak;
use crate::report::{DivisionReport, Part as SplitPart, Shared};
use crate::store::KeptAudit;
use crate::tui::app::Access;
use crate::tui::audit::{Facts, Known, Progress, Seen, Sight};
use crate::tui::found::Found;
use crate::tui::keys::Direction;

const READABLE: [(u16, u16); 3] = [(60, 20), (80, 24), (160, 45)];
const NEXT: Action = Action::Section(Direction::Forward);

fn pair(first: &str, other: &str, kind: PairKind) -> Pair {
    let map = Map { scale_x: 1.0, shift_x: 0.0, scale_y: 1.0, shift_y: 0.0 };
    let (first, other) = (first.to_owned(), other.to_owned());
    Pair { first, other, kind, speckle: 0.97, anatomy: 0.99, overlap: 1.0, keypoints: 31, map, mask_dsc: Some(0.8) }
}

fn group(cases: &[&str], kind: PairKind, labels: &[Class]) -> Group {
    Group { cases: cases.iter().map(|id| (*id).to_owned()).collect(), kind, labels: labels.to_vec() }
}

pub fn report() -> Audit {
    let issue = |case: &str, kind, detail: &str| Issue { case: case.into(), kind, detail: detail.into() };
    Audit {
        schema: SCHEMA,
        dataset: "busi".into(),
        digest: Some("0123456789abcdef0123".into()),
        cases: BTreeMap::from([(Class::Benign, 4), (Class::Malignant, 2)]),
        left_out: BTreeMap::new(),
        duplicate_groups: vec![group(&["a (1)", "b (2)"], PairKind::Exact, &[Class::Benign, Class::Malignant])],
        neighbour_groups: vec![group(&["c", HOSTILE, "d"], PairKind::NeighbourFrame, &[Class::Benign])],
        issues: vec![issue("d", IssueKind::TinyMask, "41 px, 0.05 % of the image")],
        pairs: vec![pair("a (1)", "b (2)", PairKind::Exact), pair("c", HOSTILE, PairKind::NeighbourFrame)],
    }
}

pub fn facts(kept: Option<Audit>) -> Facts {
    let known = [("a (1)", Class::Benign), ("b (2)", Class::Malignant), ("c", Class::Benign)];
    let known = known.into_iter().chain([(HOSTILE, Class::Benign), ("d", Class::Benign), ("e", Class::Malignant)]);
    let known = known.map(|(id, class)| (id.to_owned(), Known { class, subject: Some(id.to_owned()) })).collect();
    let part = |name, cases| SplitPart {
        name,
        cases,
        subjects: cases,
        classes: BTreeMap::from([(Class::Benign, cases - 1), (Class::Malignant, 1)]),
        gone: 0,
    };
    let division = DivisionReport {
        leak: Leak::Images,
        warning: Some(Leak::Images.warning(2, 4)),
        parts: vec![part("train", 10), part("valid", 2), part("test", 4)],
        shared: vec![Shared { subject: "woman 7".into(), cases: vec![("c".into(), "train"), ("d".into(), "test")] }],
        part_of: BTreeMap::from([("a (1)".into(), "train"), ("b (2)".into(), "test"), ("c".into(), "train")]),
    };
    let kept = kept.map(|audit| KeptAudit { audit, written: UNIX_EPOCH + Duration::from_secs(1_795_335_000) });
    Facts {
        run: row(0).name,
        dataset: "busi".into(),
        curation: Some("184 corrections: 184 same-as".into()),
        known: Ok(known),
        division: Ok(division),
        kept: Ok(kept),
        planned: report().digest,
    }
}

fn audited(kept: Option<Audit>, theme: Theme) -> App {
    let mut app = app(1, Screen::Audit, theme);
    app.update(Msg::Found(Found::Facts(Box::new(facts(kept)))));
    app
}

fn read(app: &App, size: (u16, u16)) -> String {
    drawn(app, size).join("\n").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn says(app: &App, size: (u16, u16), words: &[&str]) {
    let text = read(app, size);
    words.iter().for_each(|word| assert!(text.contains(word), "{word} is not in\n{}", drawn(app, size).join("\n")));
}

#[test]
fn a_kept_report_is_shown_with_its_date_and_digest() {
    let app = audited(Some(report()), unicode());
    for size in READABLE {
        says(&app, size, &["6 cases (benign 4, malignant 2)", "audited 2026-11-22 08:10 UTC, digest 0123456789abcdef"]);
        says(&app, size, &["exact a (1) = b (2) two labels", "── 2 pairs, 1 group, 1 issue", "? help"]);
    }
    for size in [(80, 24), (160, 45)] {
        says(
            &app,
            size,
            &[
                "184 same-as",
                "train | test",
                "group of 3",
                "tiny-mask",
                "2 duplicates in 1 group, 1 with two labels; 1 issue",
            ],
        );
        says(&app, size, &["exact: speckle 0.970", "b (2): malignant, in test"]);
    }
}

#[test]
fn without_a_report_it_says_how_one_comes_about() {
    for size in READABLE {
        says(&audited(None, unicode()), size, &["busi: not audited yet; r does it here", "--keep"]);
        says(&app(1, Screen::Audit, unicode()), size, &["reading the data set …"]);
        says(&app(0, Screen::Audit, unicode()), size, &["no runs: no data set"]);
    }
    let mut app = App::new(Setup { access: Access::ReadOnly, ..setup(unicode()) });
    app.update(Msg::Rows(vec![row(0)]));
    app.update(Msg::Act(Action::Show(Screen::Audit)));
    app.update(Msg::Found(Found::Facts(Box::new(facts(None)))));
    says(&app, (80, 24), &["read-only here; elsewhere:"]);
    assert!(!drawn(&app, (80, 24)).last().expect("lines").contains("r audit"));
}

#[test]
fn a_folder_that_has_changed_is_said() {
    let mut app = app(1, Screen::Audit, unicode());
    let mut found = facts(Some(report()));
    found.known.as_mut().expect("known").remove("e");
    app.update(Msg::Found(Found::Facts(Box::new(found))));
    says(&app, (80, 24), &["the folder holds 5 cases now: the report is of other files"]);
}

#[test]
fn a_report_on_another_state_of_the_data_is_said_and_so_is_one_that_cannot_be_compared() {
    let of = |planned: Option<&str>| {
        let mut app = app(1, Screen::Audit, unicode());
        let found = Facts { planned: planned.map(str::to_owned), ..facts(Some(report())) };
        app.update(Msg::Found(Found::Facts(Box::new(found))));
        app
    };
    let other = of(Some("fedcba98765432100123"));
    let text = "audited another state of the data: digest 0123456789abcdef, this run's fedcba9876543210";
    says(&other, (160, 45), &[text]);
    says(&of(None), (160, 45), &["not compared with this run's digest"]);
    let same = of(report().digest.as_deref());
    let text = read(&same, (160, 45));
    assert!(!text.contains("another state") && !text.contains("not compared"), "{text}");
}

#[test]
fn progress_is_shown_until_the_audit_ends() {
    let mut app = audited(None, unicode());
    let progress = Progress { dataset: "busi".into(), what: "comparing pairs", percent: 43 };
    app.update(Msg::Found(Found::Auditing(Some(progress))));
    for size in [(80, 24), (160, 45)] {
        says(&app, size, &["auditing busi: comparing", "an audit is under way"]);
    }
    app.update(Msg::Found(Found::Auditing(None)));
    assert!(!read(&app, (160, 45)).contains("43 %"));
}

#[test]
fn the_split_says_who_straddles_it() {
    let app = acted(audited(Some(report()), unicode()), &[NEXT]);
    for size in READABLE {
        says(
            &app,
            size,
            &["split by image of busi", "2 of 4 test images", "train: 10 images, 10 subjects: benign 9 (90 %)"],
        );
        says(&app, size, &["1 subject is in more than one part; it separates 1 pair of the report"]);
        says(&app, size, &["woman 7: c (train), d (test)"]);
    }
    says(&app, (80, 24), &["exact a (1) (train) = b (2) (test)"]);
    says(&acted(audited(None, unicode()), &[NEXT]), (80, 24), &["without a report of the data set nobody knows"]);
}

#[test]
fn a_filter_leaves_the_lines_that_have_all_words() {
    let mut app = typed(acted(audited(Some(report()), unicode()), &[Action::Filter]), "tiny d");
    says(&app, (60, 20), &["/tiny d█", "1 of 4 lines", "41 px"]);
    assert!(!read(&app, (60, 20)).contains("= b (2)"));
    app.update(Msg::Entered);
    app.update(Msg::Act(Action::Back));
    assert_eq!((app.screen(), app.filter()), (Screen::Audit, ""));
    says(&app, (60, 20), &["── 2 pairs, 1 group, 1 issue"]);
}

#[test]
fn an_opened_pair_shows_both_cases_side_by_side() {
    let mut app = acted(audited(Some(report()), unicode()), &[Action::Open]);
    assert_eq!(app.audit().wanted(), ["a (1)", "b (2)"]);
    says(&app, (80, 24), &["reading pictures …", "a (1): benign, in train"]);
    let seen = |id: &str| (id.to_owned(), Ok(Seen { size: (64, 48), reference_px: 612, picture: picture() }));
    let unread = ("b (2)".to_owned(), Err("no such file".to_owned()));
    app.update(Msg::Found(Found::Sight(Box::new(Sight { cases: vec![seen("a (1)"), seen("b (2)")] }))));
    assert!(app.audit().wanted().is_empty());
    for size in READABLE {
        says(&app, size, &["a (1): benign, in train, 64×48 px, reference 612 px", "▀", "reference"]);
        let name = drawn(&app, size).into_iter().find(|line| line.starts_with("a (1)  "));
        assert!(name.is_some_and(|line| line.contains("b (2)")), "side by side");
    }
    app.update(Msg::Found(Found::Sight(Box::new(Sight { cases: vec![seen("a (1)"), unread] }))));
    says(&app, (80, 24), &["b (2): malignant, in test, no such file"]);
    let closed = acted(app, &[Action::Back]);
    assert_eq!((closed.screen(), closed.audit().opened()), (Screen::Audit, None));
}

#[test]
fn findings_on_printed_tables_are_listed_surest_first() {
    let finding = |certainty, row: &str| Finding {
        table: Some("p1-table2".into()),
        row: Some(row.into()),
        kind: Kind::Row,
        certainty,
        numbers: Vec::new(),
        readings: Vec::new(),
        message: "with sensitivity 0.9435, dsc is 0.8773".into(),
        source: "P1 Table 2".into(),
    };
    let mut app = acted(audited(None, unicode()), &[NEXT, NEXT]);
    says(&app, (80, 24), &["computing …"]);
    let found = vec![finding(Certainty::Remark, "bce"), finding(Certainty::Impossible, HOSTILE)];
    app.update(Msg::Found(Found::Verdicts(Arc::new(found))));
    for size in READABLE {
        says(&app, size, &["1 impossible, 0 implausible, 0 conditional, 1 remark", "› impossible P1 Table 2"]);
    }
    says(&app, (160, 45), &["dsc is 0.8773"]);
}

#[test]
fn every_section_at_every_size_is_readable_and_safe() {
    let ascii = Theme { glyphs: Glyphs::Ascii, colour: Colour::None, ..Theme::default() };
    for theme in [unicode(), ascii] {
        for turns in 0..3 {
            let mut app = acted(audited(Some(report()), theme), &vec![NEXT; turns]);
            for opened in [false, true] {
                if opened {
                    app.update(Msg::Act(Action::Open));
                }
                for width in (1..170).step_by(13) {
                    for height in (1..50).step_by(5) {
                        let text = drawn(&app, (width, height)).concat();
                        assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{width}×{height}");
                        assert!(theme.glyphs == Glyphs::Unicode || text.is_ascii(), "{width}×{height}: {text}");
                    }
                }
            }
        }
    }
}
