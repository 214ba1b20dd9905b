//! What is copied, what cannot be told apart, and what is offered to whom.

use std::sync::Arc;

use super::versus::answers;
use super::*;
use crate::stats::{Null, SignFlip};
use crate::tui::app::Effect;
use crate::tui::found::Found;
use crate::tui::keys::Copy;
use crate::tui::launch::Deed;

#[test]
fn a_copied_comparison_has_the_intervals_and_tests_that_are_on_the_screen() {
    let mut app = app(3, Screen::Compare, unicode());
    let copied = |app: &mut App| match app.update(Msg::Act(Action::Copy(Copy::Table))) {
        Some(Effect::Copy(text)) => text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect(),
        other => panic!("{other:?}"),
    };
    let bare: Vec<Vec<String>> = copied(&mut app);
    app.update(Msg::Found(Found::Answers("arm-0".into(), Ok(Arc::new(answers(3))))));
    let tested: Vec<Vec<String>> = copied(&mut app);
    assert!(bare[0].iter().all(|head| !head.contains("Holm")) && bare.iter().all(|row| row.len() == bare[0].len()));
    assert!(tested.iter().all(|row| row.len() == tested[0].len()));
    let at = tested[0].iter().position(|head| head == "dsc 95 % low").expect("is there");
    assert_eq!(tested[0][at + 1..at + 3], ["dsc high", "dsc p (Holm) against arm-0"]);
    let numbers =
        |row: &[String]| row[at..at + 2].iter().map(|cell| cell.parse().expect("a number")).collect::<Vec<f64>>();
    assert!(numbers(&tested[3]).iter().zip([0.49, 0.55]).all(|(own, wanted)| (own - wanted).abs() < 1e-9));
    assert_eq!((tested[3][at + 2].as_str(), tested[1][at + 2].as_str()), ("0.0125", ""));
}

#[test]
fn where_no_test_can_tell_arms_apart_it_is_said_first() {
    let mut few = answers(3);
    let flips = few.metrics.iter_mut().flat_map(|answer| &mut answer.arms).filter_map(|arm| arm.paired.as_mut());
    flips.for_each(|paired| paired.sign_flip = Some(SignFlip { n: 6, mean: 0.02, p: 0.03125, null: Null::Exact }));
    let mut app = app(3, Screen::Compare, unicode());
    app.update(Msg::Found(Found::Answers("arm-0".into(), Ok(Arc::new(few)))));
    let text = drawn(&app, (160, 45)).concat();
    // 2 of 2⁶ signs, times two arms.
    assert!(text.contains("no mark is possible: the least p after Holm is 0.062"), "{text}");
}

#[test]
fn who_may_only_look_is_offered_no_draft_and_told_no_key_that_writes() {
    let mut app = App::new(Setup { access: Access::ReadOnly, ..setup(unicode()) });
    app.update(Msg::Act(Action::Show(Screen::Launch)));
    for deed in [Deed::New, Deed::Edit, Deed::Duplicate, Deed::Editor, Deed::Start] {
        assert_eq!(app.update(Msg::Act(Action::Launch(deed))), None);
        assert!(app.screen() == Screen::Launch && app.notice().is_some_and(|text| text.starts_with("read-only")));
    }
    app.update(Msg::Act(Action::Show(Screen::Help)));
    let help = drawn(&app, (160, 45)).concat();
    for key in KEYS.iter().filter(|key| matches!(key.action, Action::Stop | Action::Launch(Deed::Save | Deed::New))) {
        assert!(!help.contains(key.help), "{}", key.help);
    }
}
