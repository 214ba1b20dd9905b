//! What messages do.

use super::*;
use crate::run::State;
use crate::store::Move;
use crate::tui::keys::{Action, Arrange, Copy, Direction, Motion};
use crate::tui::overlay::By;
use crate::tui::remembered::Remembered;

fn row(name: &str, state: State) -> Row {
    let spec = name.split('/').next().unwrap_or_default().to_owned();
    Row { name: name.into(), spec, arm: name.into(), state: Some(state), ..Row::default() }
}

fn app(rows: &[(&str, State)]) -> App {
    let mut app = App::default();
    app.update(Msg::Resized(80, 24));
    app.update(Msg::Rows(rows.iter().map(|(name, state)| row(name, *state)).collect()));
    app
}

fn chosen(app: &App) -> &str {
    app.chosen().map_or("", |row| &row.name)
}

fn act(app: &mut App, action: Action) -> Option<Effect> {
    app.update(Msg::Act(action))
}

const DOWN: Action = Action::Go(Motion::Line(Direction::Forward));

#[test]
fn stop_asks_a_running_run_and_takes_a_waiting_one_out() {
    let mut app = app(&[("s/a", State::Running), ("s/b", State::Queued), ("s/c", State::Finished)]);
    assert_eq!(act(&mut app, Action::Stop), Some(Effect::Stop("s/a".into())));
    act(&mut app, DOWN);
    assert_eq!(act(&mut app, Action::Stop), Some(Effect::Dequeue("s/b".into())));
    act(&mut app, DOWN);
    assert_eq!(act(&mut app, Action::Stop), None);
    assert!(app.notice().is_some_and(|notice| notice.contains("finished: nothing to stop")));
}

#[test]
fn resume_queues_exactly_what_can_go_on() {
    use State::{Failed, Finished, Lost, Planned, Queued, Running, Stopped};
    for (state, can) in [
        (Running, false),
        (Queued, false),
        (Finished, false),
        (Failed, true),
        (Lost, true),
        (Stopped, true),
        (Planned, true),
    ] {
        let effect = act(&mut app(&[("s/a", state)]), Action::Resume);
        assert_eq!(effect.is_some(), can, "{state:?}");
    }
}

#[test]
fn a_run_whose_events_are_not_read_is_neither_planned_nor_resumed() {
    let mut app = App::default();
    let unread = |name: &str| Row { name: name.into(), spec: "s".into(), ..Row::default() };
    app.update(Msg::Rows(vec![unread("s/a"), unread("s/b")]));
    assert_eq!((app.count(State::Planned), app.ended()), (0, None));
    assert_eq!(act(&mut app, Action::Resume), None);
    assert_eq!(app.notice().map(|notice| notice.ends_with("is still being read: nothing to resume")), Some(true));
    act(&mut app, Action::Mark);
    assert_eq!(act(&mut app, Action::Resume), None);
    assert!(app.question().is_none(), "a mark changes nothing of it");
    assert_eq!(app.rows()[0].word(), "reading");
}

#[test]
fn only_a_waiting_run_has_a_place_to_change() {
    let mut app = app(&[("s/a", State::Running), ("s/b", State::Queued)]);
    assert_eq!(act(&mut app, Action::Shift(Move::Earlier)), None);
    act(&mut app, DOWN);
    let effect = act(&mut app, Action::Shift(Move::Earlier));
    assert_eq!(effect, Some(Effect::Shift("s/b".into(), Move::Earlier)));
}

#[test]
fn a_read_only_dashboard_has_no_effects() {
    let mut app = app(&[("s/a", State::Running)]);
    app.setup.access = Access::ReadOnly;
    for action in [Action::Stop, Action::Resume, Action::Shift(Move::Later)] {
        assert_eq!(act(&mut app, action), None);
        assert!(app.notice().is_some_and(|notice| notice.starts_with("read-only")));
    }
    assert_eq!(act(&mut app, Action::Quit), Some(Effect::Quit));
}

#[test]
fn the_cursor_stays_on_its_run_when_the_order_changes() {
    let mut app = app(&[("s/a", State::Running), ("s/b", State::Running)]);
    act(&mut app, Action::Go(Motion::End(Direction::Backward)));
    app.update(Msg::Rows(vec![row("s/a", State::Finished), row("s/b", State::Running)]));
    assert_eq!((chosen(&app), app.cursor()), ("s/a", 1));
    app.update(Msg::Rows(vec![row("s/b", State::Running)]));
    assert_eq!(chosen(&app), "s/b");
    app.update(Msg::Rows(Vec::new()));
    assert_eq!(app.chosen(), None);
}

#[test]
fn until_the_user_chooses_the_cursor_is_on_what_runs() {
    let mut app = app(&[("s/a", State::Running), ("s/b", State::Queued)]);
    assert_eq!(chosen(&app), "s/a");
    app.update(Msg::Rows(vec![row("s/a", State::Finished), row("s/b", State::Running)]));
    assert_eq!(chosen(&app), "s/b");
}

#[test]
fn the_cursor_stops_at_both_ends() {
    let mut app = app(&[("s/a", State::Finished), ("s/b", State::Finished)]);
    for (motion, expected) in [
        (Motion::Line(Direction::Backward), "s/a"),
        (Motion::End(Direction::Forward), "s/b"),
        (Motion::Page(Direction::Forward), "s/b"),
        (Motion::End(Direction::Backward), "s/a"),
    ] {
        act(&mut app, Action::Go(motion));
        assert_eq!(chosen(&app), expected);
    }
}

#[test]
fn a_filter_narrows_and_escape_widens() {
    let mut app = app(&[("s/alpha", State::Finished), ("s/beta", State::Failed)]);
    act(&mut app, Action::Filter);
    "ALP".chars().for_each(|c| _ = app.update(Msg::Typed(c)));
    assert_eq!((app.shown().len(), chosen(&app)), (1, "s/alpha"));
    app.update(Msg::Entered);
    assert!(!app.is_typing());
    act(&mut app, Action::Unfilter);
    assert_eq!(app.shown().len(), 2);
    assert_eq!(chosen(&app), "s/alpha");
}

#[test]
fn an_old_filter_is_replaced_by_what_is_typed_or_emptied() {
    let mut app = app(&[("s/a", State::Running), ("s/b", State::Finished)]);
    let filtered = |app: &mut App, first: Msg| {
        for msg in [Msg::Act(Action::Filter), Msg::Cleared, Msg::Typed('s'), Msg::Typed('/'), Msg::Entered] {
            app.update(msg);
        }
        assert_eq!((app.filter(), app.is_typing()), ("s/", false));
        app.update(Msg::Act(Action::Filter));
        assert!(app.is_selected());
        app.update(first);
        app.filter().to_owned()
    };
    assert_eq!(filtered(&mut app, Msg::Typed('b')), "b");
    assert_eq!(filtered(&mut app, Msg::Erased), "");
    assert_eq!(filtered(&mut app, Msg::Cleared), "");
    assert_eq!(filtered(&mut app, Msg::Entered), "s/", "kept as it was");
}

#[test]
fn equal_rows_and_an_idle_clock_draw_nothing_again() {
    let mut app = app(&[("s/a", State::Finished)]);
    let before = app.revision();
    app.update(Msg::Rows(vec![row("s/a", State::Finished)]));
    app.update(Msg::Clock(5.0));
    assert_eq!(app.revision(), before);
    app.update(Msg::Rows(vec![row("s/a", State::Running)]));
    let running = app.revision();
    app.update(Msg::Clock(5.5));
    assert_eq!(app.revision(), running);
    app.update(Msg::Clock(6.1));
    assert_eq!(app.revision(), running + 1);
}

#[test]
fn marked_runs_are_laid_over_one_another_or_else_those_of_the_spec() {
    let mut app = app(&[("x/a", State::Running), ("y/b", State::Finished), ("y/c", State::Finished)]);
    act(&mut app, Action::Show(Screen::Overlay));
    assert_eq!(app.overlaid(), (By::Arm, BTreeSet::from(["x/a"])));
    app.overlay.plot.window = Some((2.0, 3.0));
    act(&mut app, Action::Next(Direction::Forward));
    assert_eq!(app.overlay.plot.window, None, "a zoom is of one spec");
    assert_eq!(app.overlaid(), (By::Arm, BTreeSet::from(["y/b", "y/c"])));
    act(&mut app, Action::Back);
    act(&mut app, Action::Mark);
    act(&mut app, Action::Mark);
    assert_eq!(app.overlaid(), (By::Run, BTreeSet::from(["x/a", "y/b"])));
    assert_eq!(chosen(&app), "y/c");
}

#[test]
fn the_same_run_in_full_again_draws_nothing() {
    let mut app = app(&[("s/a", State::Finished)]);
    app.update(Msg::Detail(Box::default()));
    let before = app.revision();
    app.update(Msg::Detail(Box::default()));
    assert_eq!(app.revision(), before);
}

#[test]
fn back_leads_out_of_help_where_it_was_asked_for() {
    let mut app = app(&[("s/a", State::Finished)]);
    for screen in [Screen::Run, Screen::Compare] {
        act(&mut app, Action::Show(screen));
        act(&mut app, Action::Show(Screen::Help));
        assert_eq!(app.screen(), Screen::Help);
        act(&mut app, Action::Back);
        assert_eq!(app.screen(), screen);
    }
    act(&mut app, Action::Back);
    assert_eq!(app.screen(), Screen::Runs);
}

#[test]
fn compare_opens_on_the_chosen_runs_spec_and_pages_through_the_others() {
    let mut app = app(&[("x/a", State::Running), ("y/b", State::Finished)]);
    act(&mut app, Action::Show(Screen::Compare));
    assert_eq!(app.spec(), Some("x"));
    for (direction, spec) in [(Direction::Forward, "y"), (Direction::Forward, "x"), (Direction::Backward, "y")] {
        act(&mut app, Action::Next(direction));
        assert_eq!(app.spec(), Some(spec), "around both ends");
    }
}

#[test]
fn a_spec_whose_arms_answer_both_questions_has_two_tables() {
    let mut app = App::default();
    let of = |name, task| Row { task, ..row(name, State::Finished) };
    let rows = [("x/a", Task::Segmentation), ("x/b", Task::Classification), ("y/c", Task::Segmentation)];
    app.update(Msg::Rows(rows.map(|(name, task)| of(name, task)).into()));
    act(&mut app, Action::Show(Screen::Compare));
    let first = (app.spec().map(str::to_owned), app.table());
    let mut seen = vec![first.clone()];
    loop {
        act(&mut app, Action::Next(Direction::Forward));
        match (app.spec().map(str::to_owned), app.table()) {
            table if table == first => break,
            table => seen.push(table),
        }
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
    act(&mut app, Action::Show(Screen::Overlay));
    let spec = app.spec().map(str::to_owned);
    act(&mut app, Action::Next(Direction::Forward));
    assert_ne!(app.spec().map(str::to_owned), spec, "curves have no tables");
}

#[test]
fn a_run_is_shown_only_if_there_is_one() {
    let mut app = app(&[]);
    act(&mut app, Action::Show(Screen::Run));
    assert_eq!((app.screen(), app.notice()), (Screen::Runs, Some("no run to show")));
}

fn mark_all(app: &mut App) {
    act(app, Action::Go(Motion::End(Direction::Backward)));
    for _ in 0..app.rows().len() {
        act(app, Action::Mark);
    }
}

#[test]
fn marked_runs_are_stopped_after_one_question_that_names_how_many() {
    let mut app = app(&[("s/a", State::Running), ("s/b", State::Queued), ("s/c", State::Finished)]);
    mark_all(&mut app);
    assert_eq!(app.marked().len(), 3);
    assert_eq!(act(&mut app, Action::Stop), None);
    assert_eq!(app.question(), Some("stop 2 of 3 marked runs?"));
    app.update(Msg::Declined);
    assert_eq!((app.question(), app.marked().len()), (None, 3));
    act(&mut app, Action::Stop);
    let effect = app.update(Msg::Confirmed);
    assert_eq!(effect, Some(Effect::All(vec![Effect::Stop("s/a".into()), Effect::Dequeue("s/b".into())])));
    assert!(app.marked().is_empty() && app.question().is_none());
}

#[test]
fn only_what_still_can_be_done_is_done_after_a_yes() {
    let mut app = app(&[("s/a", State::Failed), ("s/b", State::Lost)]);
    mark_all(&mut app);
    act(&mut app, Action::Resume);
    app.update(Msg::Rows(vec![row("s/a", State::Running), row("s/b", State::Lost)]));
    assert_eq!(app.update(Msg::Confirmed), Some(Effect::All(vec![Effect::Enqueue("s/b".into())])));
    act(&mut app, Action::Unmark);
    assert_eq!(app.update(Msg::Confirmed), None);
}

#[test]
fn marks_outlive_a_filter_but_not_their_runs() {
    let mut app = app(&[("s/a", State::Failed), ("s/b", State::Failed)]);
    mark_all(&mut app);
    act(&mut app, Action::Filter);
    "s/b".chars().for_each(|c| _ = app.update(Msg::Typed(c)));
    app.update(Msg::Entered);
    act(&mut app, Action::Resume);
    assert!(
        app.question().is_some_and(|q| q.contains("2 of 2 marked") && q.contains("1 hidden")),
        "{:?}",
        app.question()
    );
    app.update(Msg::Rows(vec![row("s/b", State::Failed)]));
    assert_eq!(app.marked().iter().collect::<Vec<_>>(), ["s/b"]);
}

#[test]
fn nothing_marked_can_be_stopped_in_a_read_only_dashboard() {
    let mut app = app(&[("s/a", State::Running)]);
    app.setup.access = Access::ReadOnly;
    mark_all(&mut app);
    act(&mut app, Action::Stop);
    assert_eq!(app.question(), None);
    assert!(app.notice().is_some_and(|notice| notice.starts_with("read-only")));
}

#[test]
fn a_filter_of_terms_narrows_and_names_what_it_does_not_understand() {
    let mut app = app(&[("s/alpha", State::Finished), ("s/beta", State::Failed), ("t/beta", State::Failed)]);
    act(&mut app, Action::Filter);
    "state=failed spec=s foo=1".chars().for_each(|c| _ = app.update(Msg::Typed(c)));
    assert_eq!(app.shown().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["s/beta"]);
    app.update(Msg::Entered);
    assert!(app.notice().is_some_and(|notice| notice.contains("foo=1: no column")), "{:?}", app.notice());
}

#[test]
fn a_group_is_folded_on_its_head_and_keeps_the_cursor() {
    let mut app = app(&[("x/a", State::Running), ("x/b", State::Failed), ("y/c", State::Finished)]);
    act(&mut app, Action::Arrange(Arrange::Group));
    act(&mut app, Action::Go(Motion::End(Direction::Backward)));
    assert_eq!((app.chosen(), app.list().lines().len()), (None, 5));
    assert_eq!(act(&mut app, Action::Stop), None);
    assert_eq!(app.notice(), Some("no run under the cursor"));
    act(&mut app, Action::Open);
    assert_eq!((app.screen(), app.list().lines().len(), app.shown().len()), (Screen::Runs, 3, 3));
    act(&mut app, Action::Mark);
    assert_eq!(app.marked().len(), 2);
    assert_eq!(app.list().head_at(app.cursor()).map(|head| head.key.as_str()), Some("y"));
    app.update(Msg::Rows(vec![row("w/z", State::Running), row("x/a", State::Running), row("y/c", State::Finished)]));
    assert_eq!(app.list().head_at(app.cursor()).map(|head| head.key.as_str()), Some("y"));
    act(&mut app, DOWN);
    assert_eq!(chosen(&app), "y/c");
    act(&mut app, Action::Arrange(Arrange::Fold));
    assert_eq!(app.list().head_at(app.cursor()).map(|head| head.key.as_str()), Some("y"));
}

#[test]
fn the_next_run_is_never_a_head() {
    let mut app = app(&[("x/a", State::Running), ("y/b", State::Failed)]);
    act(&mut app, Action::Arrange(Arrange::Group));
    act(&mut app, Action::Show(Screen::Run));
    act(&mut app, Action::Next(Direction::Forward));
    assert_eq!(chosen(&app), "y/b");
    act(&mut app, Action::Next(Direction::Forward));
    assert_eq!(chosen(&app), "y/b");
    act(&mut app, Action::Next(Direction::Backward));
    act(&mut app, Action::Next(Direction::Backward));
    assert_eq!(chosen(&app), "x/a");
}

fn palette(app: &mut App, text: &str) -> Option<Effect> {
    act(app, Action::Palette);
    text.chars().for_each(|c| _ = app.update(Msg::Typed(c)));
    app.update(Msg::Entered)
}

#[test]
fn the_palette_acts_where_it_can_and_goes_there() {
    let mut app = app(&[("s/b", State::Running), ("s/a", State::Finished)]);
    palette(&mut app, "log in full");
    assert_eq!((app.screen(), app.pane()), (Screen::Run, Pane::Log));
    palette(&mut app, ":sort run");
    assert_eq!((app.screen(), app.shown().next().map(|row| row.name.as_str())), (Screen::Runs, Some("s/a")));
    palette(&mut app, "sort run");
    assert_eq!(app.shown().next().map(|row| row.name.as_str()), Some("s/b"));
    palette(&mut app, "filter state=finished");
    assert_eq!(app.shown().len(), 1);
    assert_eq!(palette(&mut app, "quit"), Some(Effect::Quit));
    assert_eq!(palette(&mut app, "no such thing"), None);
    assert!(app.palette().is_none() && !app.is_typing());
}

#[test]
fn the_palette_closes_on_escape_and_on_one_erasure_too_many() {
    let mut app = app(&[("s/a", State::Running)]);
    for close in [Msg::Dismissed, Msg::Erased] {
        act(&mut app, Action::Palette);
        app.update(Msg::Typed('x'));
        app.update(Msg::Erased);
        assert!(app.palette().is_some());
        app.update(close);
        assert!(app.palette().is_none());
    }
}

#[test]
fn an_end_that_is_seen_is_announced_once() {
    let mut app = App::default();
    assert_eq!(app.update(Msg::Rows(vec![row("s/old", State::Failed), row("s/a", State::Running)])), None);
    let after = vec![row("s/old", State::Failed), row("s/a", State::Finished)];
    assert_eq!(app.update(Msg::Rows(after.clone())), Some(Effect::Announce("s/a f0 s0 finished".into())));
    assert_eq!(app.update(Msg::Rows(after)), None);
}

#[test]
fn copies_say_what_they_are() {
    let mut app = app(&[("s/a", State::Running), ("s/b", State::Finished)]);
    for (what, lines) in [(Copy::Row, 2), (Copy::Table, 3)] {
        let Some(Effect::Copy(text)) = act(&mut app, Action::Copy(what)) else { panic!("{what:?} copies nothing") };
        assert_eq!(text.lines().count(), lines);
        assert!(app.notice().is_some_and(|notice| notice.starts_with("copied")));
    }
    let Some(name) = app.chosen().map(|row| row.name.clone()) else { panic!("no run is chosen") };
    assert_eq!(act(&mut app, Action::Copy(Copy::Cell)), Some(Effect::Copy(name)), "not sorted: the run's name");
    act(&mut app, Action::Arrange(Arrange::Sort));
    let state = app.chosen().map(|row| Effect::Copy(row.word().to_owned()));
    assert_eq!(act(&mut app, Action::Copy(Copy::Cell)), state, "sorted by the state");
    act(&mut app, Action::Show(Screen::Compare));
    assert_eq!(act(&mut app, Action::Copy(Copy::Table)), None);
    assert_eq!(app.notice(), Some("nothing here to copy"));
}

#[test]
fn the_dashboard_opens_as_it_was_left() {
    let rows = [("x/a", State::Finished), ("x/b", State::Failed), ("y/c", State::Failed)];
    let mut left = app(&rows);
    palette(&mut left, "sort arm");
    palette(&mut left, "group spec");
    palette(&mut left, "filter failed");
    act(&mut left, Action::Go(Motion::End(Direction::Forward)));
    act(&mut left, Action::Show(Screen::Compare));
    act(&mut left, Action::Show(Screen::Help));
    let mut again = app(&rows);
    again.update(Msg::Restored(Box::new(left.remembered())));
    assert_eq!((again.screen(), chosen(&again), again.shown().len()), (Screen::Compare, "y/c", 2));
    assert_eq!(again.remembered(), left.remembered());
    assert!(again.notice().is_some_and(|notice| notice.contains("failed")), "hidden runs are said to be");
    let mut other = app(&[("z/z", State::Running)]);
    other.update(Msg::Restored(Box::new(Remembered {
        screen: Screen::Run,
        run: "x/a".into(),
        ..Remembered::default()
    })));
    assert_eq!((other.screen(), chosen(&other)), (Screen::Runs, "z/z"));
}

#[test]
fn a_click_chooses_and_a_second_one_opens() {
    let mut app = app(&[("s/a", State::Running), ("s/b", State::Finished)]);
    app.update(Msg::Pointed(1));
    assert_eq!((chosen(&app), app.screen()), ("s/b", Screen::Runs));
    app.update(Msg::Pointed(7));
    assert_eq!(chosen(&app), "s/b");
    app.update(Msg::Pointed(1));
    assert_eq!(app.screen(), Screen::Run);
    app.update(Msg::Rolled(Direction::Backward));
    assert_eq!(chosen(&app), "s/b", "the wheel stays on the run that is looked at");
}

mod versus;

#[test]
fn keys_do_nothing_where_nothing_can_be_seen() {
    let mut app = app(&[("a", State::Finished), ("b", State::Finished)]);
    app.update(Msg::Resized(20, 5));
    act(&mut app, DOWN);
    assert_eq!(act(&mut app, Action::Stop), None);
    assert_eq!(chosen(&app), "a");
    assert_eq!(act(&mut app, Action::Redraw), Some(Effect::Redraw));
    app.update(Msg::Resized(40, 10));
    act(&mut app, DOWN);
    assert_eq!(chosen(&app), "b");
}
