//! The comparison's marks, printed numbers and plans, as they are read.

use std::sync::Arc;

use super::*;
use crate::audit::{Certainty, Finding, Kind};
use crate::report::{Answer, Answers, ArmAnswer};
use crate::stats::{Interval, Null, Paired, SignFlip, Summary};
use crate::tui::found::Found;
use crate::tui::keys::{Arrange, Direction, Motion};

pub(super) const READABLE: [(u16, u16); 3] = [(60, 20), (80, 24), (160, 45)];

fn summary(mean: f64) -> Summary {
    let interval = Some(Interval { low: mean - 0.03, high: mean + 0.03 });
    Summary {
        n: 40,
        undefined: 0,
        subjects: 38,
        mean: Some(mean),
        sd: Some(0.1),
        median: Some(mean),
        q1: None,
        q3: None,
        t: interval,
        bca: interval,
    }
}

/// Arm 2 is told apart from arm 0 in every metric, arm 1 is not.
pub fn answers(arms: usize) -> Answers {
    let arm = |i: usize| {
        let holm = if i == 2 { 0.0125 } else { 0.7 };
        let sign_flip = Some(SignFlip { n: 38, mean: 0.02, p: holm / 2.0, null: Null::MonteCarlo });
        let paired = Paired {
            n: 40,
            subjects: 38,
            mean_difference: Some(0.02),
            bca: Some(Interval { low: 0.004, high: 0.036 }),
            sign_flip,
            sign_flip_holm: Some(holm),
            ..Paired::default()
        };
        ArmAnswer {
            arm: comparison(arms).arms[i].arm.clone(),
            summary: summary(0.5 + i as f64 / 100.0),
            runs: None,
            subjects_needed: None,
            pooled: None,
            before: None,
            paired: (i > 0).then_some(paired),
            leak: None,
            exact: None,
        }
    };
    let rows: Vec<ArmAnswer> = (0..arms).map(arm).collect();
    let answer = |metric: &crate::metric::Metric| Answer { metric: metric.name, arms: rows.clone(), ranks: None };
    Answers {
        schema: 1,
        level: 0.95,
        resamples: 10_000,
        seed: 0,
        against: "arm-0".into(),
        width: None,
        metrics: Task::Segmentation.shown().map(answer).collect(),
    }
}

fn tested(arms: usize) -> App {
    let mut app = app(arms, Screen::Compare, unicode());
    app.update(Msg::Found(Found::Answers("arm-0".into(), Ok(Arc::new(answers(arms))))));
    app
}

pub(super) fn shown(app: &App, size: (u16, u16)) -> String {
    drawn(app, size).join("\n")
}

/// As it reads where lines are broken anywhere.
fn read(app: &App, size: (u16, u16)) -> String {
    shown(app, size).split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn says(app: &App, size: (u16, u16), words: &[&str]) {
    let text = read(app, size);
    words.iter().for_each(|word| assert!(text.contains(word), "{word} is not in\n{}", shown(app, size)));
}

#[test]
fn arms_that_are_told_apart_are_marked_and_the_legend_says_by_what() {
    let app = tested(3);
    for size in READABLE {
        says(&app, size, &["■ arm-0", "▲0.520*", " 0.500", "▲ better, ▼ worse than ■ arm-0: sign-flip test"]);
    }
    for size in [(80, 24), (160, 45)] {
        says(&app, size, &["p < 0.05 after Holm over 2 arms (not over metrics), 40 pairs", "of 38 subjects; 95 % t"]);
    }
    assert!(!shown(&app, (80, 24)).contains("▲0.510"), "an arm that is not told apart has no mark");
}

#[test]
fn the_chosen_cell_is_said_in_full() {
    let app = acted(tested(3), &[Action::Go(Motion::End(Direction::Forward))]);
    for size in [(80, 24), (160, 45)] {
        says(&app, size, &["less arm-0: +0.020, BCa 0.004 … 0.036; p 0.0063, after Holm 0.0125; 40 pairs, 0 dropped"]);
    }
    let first = acted(app, &[Action::Go(Motion::End(Direction::Backward))]);
    says(&first, (80, 24), &["■ the arm that the others are held against"]);
}

#[test]
fn without_answers_without_arms_and_with_one_arm_it_says_so() {
    for size in READABLE {
        says(&app(3, Screen::Compare, unicode()), size, &["tests against arm-0: computing …"]);
        says(&app(0, Screen::Compare, unicode()), size, &["no runs: nothing to compare"]);
        says(&app(1, Screen::Compare, unicode()), size, &["the only arm without a leak that has finished: no test"]);
    }
}

#[test]
fn tests_that_failed_are_no_marks_and_say_why() {
    let mut app = app(3, Screen::Compare, unicode());
    app.update(Msg::Found(Found::Answers("arm-0".into(), Err("case x: two subjects".into()))));
    says(&app, (80, 24), &["no tests: case x: two subjects"]);
    assert!(!shown(&app, (80, 24)).contains('▲'));
}

#[test]
fn an_arm_on_other_cases_has_no_mark_and_is_named() {
    let mut app = app(3, Screen::Compare, unicode());
    let mut answers = answers(3);
    for answer in &mut answers.metrics {
        answer.arms[2].paired = answer.arms[2].paired.map(|paired| Paired { dropped: 3, ..paired });
    }
    app.update(Msg::Found(Found::Answers("arm-0".into(), Ok(Arc::new(answers)))));
    says(&app, (160, 45), &["Other cases, so no mark: arm-2."]);
    assert!(!shown(&app, (160, 45)).contains("▲0."));
}

#[test]
fn every_run_that_does_not_count_can_be_read_and_that_of_the_chosen_arm_is_first() {
    let unscored = |run: &str| crate::report::Unscored {
        run: format!("demo/{run}"),
        reason: format!("a file that says much about itself is not there; \"seglab score demo/{run}\" helps"),
    };
    let mut compared = comparison(12);
    for arm in &mut compared.arms {
        (arm.finished, arm.runs, arm.unscored) = (0, 2, vec![unscored("first"), unscored("other")]);
        arm.metrics.clear();
    }
    for size in READABLE {
        let mut app = app(3, Screen::Compare, unicode());
        app.update(Msg::Compared(Ok(Box::new(compared.clone()))));
        app.update(Msg::Resized(size.0, size.1));
        let end = Action::Go(Motion::End(Direction::Forward));
        app = acted(app, &[end]);
        assert_eq!(app.scroll(), 11);
        says(&app, size, &["arm-11: demo/first does not count"]);
        app = acted(app, &[end]);
        says(&app, size, &["arm-10: nor does 1 more run"]);
        let text = read(&app, size);
        assert!(!text.contains("more below") && !text.contains("preliminary"), "{text}");
        app = acted(app, &[Action::Go(Motion::End(Direction::Backward))]);
        assert_eq!((app.scroll(), app.versus().below), (0, 0));
        says(&app, size, &["arm-0: demo/first does not count", "more below"]);
    }
}

#[test]
fn a_dagger_stands_only_before_what_a_cell_refers_to() {
    let mut compared = comparison(3);
    compared.spec = "demo@quick".into();
    let mut app = App::new(setup(unicode()));
    let rows = (0..3).map(|i| Row { spec: "demo@quick".into(), ..row(i) }).collect();
    fill_with(&mut app, rows, Screen::Compare);
    app.update(Msg::Compared(Ok(Box::new(compared))));
    let text = shown(&app, (160, 45));
    assert!(text.contains("profile quick of demo") && !text.contains("† profile"), "{text}");
    assert!(text.contains("† arm-2: n = 40, 2 undefined"), "{text}");
}

#[test]
fn undefined_scores_are_dashes_without_marks() {
    let mut compared = comparison(3);
    for value in compared.arms[2].metrics.values_mut() {
        *value = Aggregate { mean: None, n: 0, undefined: 40 };
    }
    let mut app = app(3, Screen::Compare, unicode());
    app.update(Msg::Compared(Ok(Box::new(compared))));
    let sorted = acted(app, &[Action::Sort, Action::Arrange(Arrange::Turn)]);
    for size in READABLE {
        let lines = drawn(&sorted, size);
        let row = lines.iter().find(|line| line.contains("arm-2")).expect("the arm");
        assert!(row.contains("–†") && !row.contains('▲'), "{row}");
    }
    let order: Vec<String> = sorted.arms().rows().map(|arm| arm.arm.clone()).collect();
    assert_eq!(order.last().map(String::as_str), Some("arm-2"), "neither best nor worst");
}

#[test]
fn new_scores_drop_old_marks() {
    let mut app = tested(3);
    assert!(shown(&app, (80, 24)).contains('▲'));
    app.update(Msg::Compared(Ok(Box::new(comparison(3)))));
    assert!(!shown(&app, (80, 24)).contains("▲0."));
    says(&app, (80, 24), &["computing …"]);
}

#[test]
fn wide_names_break_no_column() {
    for size in READABLE {
        let lines = drawn(&tested(3), size);
        let place = |line: &&String| line.chars().position(|c| c == '/');
        let places: Vec<_> = lines.iter().filter(|line| line.contains("/5 ")).map(|line| place(&line)).collect();
        assert!(places.len() == 3 && places.iter().all(|place| *place == places[0]), "{places:?}\n{lines:#?}");
    }
}

#[test]
fn columns_scroll_to_both_ends_and_the_arm_stays() {
    let mut app = acted(tested(3), &[Action::Intervals]);
    for size in READABLE {
        says(&app, size, &["0.500 [0.470, 0.530]", "arm-2"]);
    }
    for _ in 0..40 {
        app.update(Msg::Act(Action::Column(Direction::Forward)));
    }
    for size in READABLE {
        says(&app, size, &["arm-2", "params", "31.0 M"]);
    }
    for _ in 0..40 {
        app.update(Msg::Act(Action::Column(Direction::Backward)));
    }
    says(&app, (60, 20), &["arm-2", "runs", "5/5"]);
}

#[test]
fn any_column_sorts_and_turns_round() {
    let name = |app: &App| app.arms().rows().next().map(|arm| arm.arm.clone());
    let by_name = [Direction::Backward; 3].map(Action::Column);
    let app = acted(acted(tested(3), &by_name), &[Action::Sort]);
    assert_eq!(name(&app).as_deref(), Some("arm-0"));
    assert!(shown(&app, (80, 24)).contains("arm▼"));
    let app = acted(app, &[Action::Arrange(Arrange::Turn)]);
    assert_eq!(app.arms().rows().last().map(|arm| arm.arm.as_str()), Some("arm-0"));
    assert!(shown(&app, (80, 24)).contains("arm▲"));
}

fn verdict(row: &str) -> Finding {
    Finding {
        table: Some("p1-table3".into()),
        row: Some(row.into()),
        kind: Kind::Row,
        certainty: Certainty::Impossible,
        numbers: Vec::new(),
        readings: Vec::new(),
        message: "no confusion matrix has these".into(),
        source: "P1 Table 3".into(),
    }
}

#[test]
fn printed_numbers_are_a_block_of_their_own_with_verdict_and_protocol() {
    let mut app = acted(tested(3), &[Action::Section(Direction::Forward)]);
    says(&app, (80, 24), &["what the papers print: computing …"]);
    app.update(Msg::Found(Found::Verdicts(Arc::new(vec![verdict("unet")]))));
    for size in READABLE {
        says(&app, size, &["printed in P1 Table 3", "0.9656", "impossible: no confusion matrix has these"]);
        says(
            &app,
            size,
            &[
                "protocols not comparable because these arms saw drawn phantoms (breast-us),",
                "P1 measured busi, these arms breast-us;",
            ],
        );
        for line in drawn(&app, size) {
            assert!(!(line.contains("0.9656") && line.contains("0.500")), "{line}");
        }
    }
    let below = acted(app, &[Action::Go(Motion::End(Direction::Forward))]);
    says(&below, (160, 20), &["printed in P2 Table 3"]);
    let arms = acted(below, &[Action::Section(Direction::Forward)]);
    says(&arms, (160, 45), &["▲0.520*", "printed in P1 Table 3"]);
}
