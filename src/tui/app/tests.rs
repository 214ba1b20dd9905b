//! What messages do.

use super::*;
use crate::run::State;
use crate::store::Move;
use crate::tui::keys::{Direction, Motion};

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
    assert_eq!(app.overlaid().into_iter().collect::<Vec<_>>(), ["x/a"]);
    act(&mut app, Action::Next(Direction::Forward));
    assert_eq!(app.overlaid().into_iter().collect::<Vec<_>>(), ["y/b", "y/c"]);
    act(&mut app, Action::Back);
    act(&mut app, Action::Mark);
    act(&mut app, Action::Mark);
    assert_eq!(app.overlaid().into_iter().collect::<Vec<_>>(), ["x/a", "y/b"]);
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
    act(&mut app, Action::Next(Direction::Forward));
    assert_eq!(app.spec(), Some("y"));
}

#[test]
fn a_run_is_shown_only_if_there_is_one() {
    let mut app = app(&[]);
    act(&mut app, Action::Show(Screen::Run));
    assert_eq!((app.screen(), app.notice()), (Screen::Runs, Some("no run to show")));
}
