//! What the keys of the comparison and of the audit do.

use std::collections::BTreeMap;

use super::*;
use crate::dataset::fold::Leak;
use crate::metric::Task;
use crate::report::Comparison;
use crate::report::{ArmRow, LeakCount};
use crate::tui::found::Found;

fn arm(name: &str, leak: Option<LeakCount>) -> ArmRow {
    ArmRow {
        arm: name.into(),
        model: "unet".into(),
        loss: "bce".into(),
        runs: 1,
        finished: 1,
        params: 1,
        metrics: BTreeMap::new(),
        leak,
        unscored: Vec::new(),
    }
}

/// Two honest arms and one that leaks, a run each, on the comparison.
fn compared() -> App {
    let leaks = LeakCount { protocol: Leak::Images, test: 4, in_training: 2 };
    let comparison = Comparison {
        schema: 1,
        spec: "s".into(),
        dataset: "busi".into(),
        task: Task::Segmentation,
        input_px: 64,
        subset: None,
        unreadable: Vec::new(),
        left_out: 0,
        arms: vec![arm("a", None), arm("b", None), arm("c", Some(leaks))],
    };
    let row = |name: &str, arm: &str| Row { name: name.into(), spec: "s".into(), arm: arm.into(), ..Row::default() };
    let mut app = App::default();
    app.update(Msg::Resized(80, 24));
    app.update(Msg::Rows(vec![row("s/1", "a"), row("s/2", "b"), row("s/3", "[leaks] c")]));
    act(&mut app, Action::Show(Screen::Compare));
    app.update(Msg::Compared(Ok(Box::new(comparison))));
    app
}

fn reference(app: &App) -> Option<String> {
    let comparison = app.arms().compared()?.ok()?;
    app.versus().reference(comparison).map(|arm| arm.arm.clone())
}

#[test]
fn only_an_honest_arm_is_one_to_be_held_against() {
    let mut app = compared();
    assert_eq!(reference(&app).as_deref(), Some("a"));
    act(&mut app, DOWN);
    act(&mut app, Action::Hold);
    assert_eq!(reference(&app).as_deref(), Some("b"));
    act(&mut app, DOWN);
    act(&mut app, Action::Hold);
    assert_eq!(reference(&app).as_deref(), Some("b"));
    assert!(app.notice().is_some_and(|notice| notice.contains("[leaks] c leaks")), "{:?}", app.notice());
}

#[test]
fn the_plan_under_the_cursor_is_held_against_the_references() {
    let mut app = compared();
    act(&mut app, Action::Differ);
    assert!(app.notice().is_some_and(|notice| notice.contains("another arm than a")), "{:?}", app.notice());
    for (steps, name) in [(1, "s/2"), (2, "s/3")] {
        let mut app = compared();
        (0..steps).for_each(|_| _ = act(&mut app, DOWN));
        act(&mut app, Action::Differ);
        assert_eq!(app.screen(), Screen::Difference);
        let pair = app.versus().pair.as_ref().expect("chosen");
        assert_eq!(pair.names, ["s/1".to_owned(), name.to_owned()]);
        act(&mut app, Action::Back);
        assert_eq!(app.screen(), Screen::Compare);
    }
}

#[test]
fn two_marks_are_needed_for_two_plans() {
    let mut app = app(&[("s/a", State::Finished), ("s/b", State::Finished), ("s/c", State::Finished)]);
    act(&mut app, Action::Differ);
    assert_eq!((app.screen(), app.notice().map(|n| n.starts_with("0 marked"))), (Screen::Runs, Some(true)));
    mark_all(&mut app);
    act(&mut app, Action::Differ);
    assert_eq!((app.screen(), app.notice().map(|n| n.starts_with("3 marked"))), (Screen::Runs, Some(true)));
    act(&mut app, Action::Mark);
    act(&mut app, Action::Differ);
    assert_eq!(app.screen(), Screen::Difference);
    assert_eq!(app.remembered().screen, Screen::Runs, "two plans are not taken up again");
}

#[test]
fn an_audit_is_asked_for_once_and_never_read_only() {
    let mut app = app(&[("s/a", State::Finished)]);
    act(&mut app, Action::Show(Screen::Audit));
    assert_eq!(act(&mut app, Action::Audit), Some(Effect::Audit("s/a".into())));
    let progress = crate::tui::audit::Progress { dataset: "busi".into(), what: "reading images", percent: 0 };
    app.update(Msg::Found(Found::Auditing(Some(progress))));
    assert_eq!(act(&mut app, Action::Audit), None);
    assert!(app.notice().is_some_and(|notice| notice.contains("one data set at a time")));
    app.update(Msg::Found(Found::Auditing(None)));
    app.setup.access = Access::ReadOnly;
    assert_eq!(act(&mut app, Action::Audit), None);
    assert!(app.notice().is_some_and(|notice| notice.starts_with("read-only")));
}

#[test]
fn the_audits_filter_is_not_that_of_the_runs() {
    let mut app = app(&[("s/a", State::Finished), ("s/b", State::Failed)]);
    act(&mut app, Action::Show(Screen::Audit));
    act(&mut app, Action::Filter);
    "foo=1".chars().for_each(|c| _ = app.update(Msg::Typed(c)));
    app.update(Msg::Entered);
    assert_eq!((app.filter(), app.notice()), ("foo=1", None));
    act(&mut app, Action::Show(Screen::Runs));
    assert_eq!((app.filter(), app.shown().len()), ("", 2));
}

#[test]
fn tab_turns_the_block_of_the_comparison_and_the_section_of_the_audit() {
    use crate::tui::audit::Section;
    use crate::tui::versus::Block;
    let mut app = compared();
    act(&mut app, Action::Section(Direction::Forward));
    assert_eq!(app.versus().block, Block::Printed);
    act(&mut app, Action::Section(Direction::Forward));
    assert_eq!(app.versus().block, Block::Arms);
    act(&mut app, Action::Show(Screen::Audit));
    act(&mut app, Action::Section(Direction::Backward));
    assert_eq!(app.audit().section(), Section::Published);
    act(&mut app, Action::Section(Direction::Forward));
    assert_eq!(app.audit().section(), Section::Data);
}
