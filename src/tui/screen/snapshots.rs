//! Every screen as a person sees it, kept as text: a change of any is looked at before it is accepted.

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::tests::{HOSTILE, SCREENS, audit, fill_with, film, plans, row, setup, unicode, versus};
use super::*;
use crate::tui::app::Msg;
use crate::tui::found::Found;
use crate::tui::keys::Direction;
use crate::tui::launch::Deed;
use crate::tui::launch::tests::fill as fill_launch;
use crate::tui::row::Row;
use crate::tui::text::clean;

const SIZES: [(u16, u16); 3] = [(60, 20), (80, 24), (160, 45)];

/// One that goes on, one that has failed, and one with a long and wide name that is lost.
fn three() -> Vec<Row> {
    vec![row(0), row(3), Row { arm: clean(HOSTILE), ..row(4) }]
}

/// What threads find for the screen is there.
fn app(rows: Vec<Row>, screen: Screen) -> App {
    let mut app = App::new(setup(unicode()));
    let runs = rows.len();
    fill_with(&mut app, rows, screen);
    match screen {
        Screen::Audit if runs > 0 => found(&mut app, Found::Facts(Box::new(audit::facts(Some(audit::report()))))),
        Screen::Compare if runs > 1 => {
            found(&mut app, Found::Answers("arm-0".into(), Ok(Arc::new(versus::answers(runs.min(30))))));
        }
        Screen::Difference => {
            let to_pair = [Action::Show(Screen::Runs), Action::Mark, Action::Mark, Action::Differ];
            to_pair.into_iter().for_each(|action| act(&mut app, action));
            // Where there are no two runs, what the screen says of it.
            if app.screen() != Screen::Difference {
                act(&mut app, Action::Show(Screen::Difference));
            }
            found(&mut app, Found::Differences(Ok(plans::differences())));
        }
        Screen::Launch => fill_launch(&mut app),
        Screen::Form => {
            act(&mut app, Action::Show(Screen::Launch));
            fill_launch(&mut app);
            act(&mut app, Action::Launch(Deed::New));
        }
        _ => {}
    }
    app
}

fn act(app: &mut App, action: Action) {
    _ = app.update(Msg::Act(action));
}

fn found(app: &mut App, found: Found) {
    _ = app.update(Msg::Found(found));
}

/// Lines without the blanks at their ends; a cell that a wide character covers is no blank.
fn text(app: &App, (columns, rows): (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a terminal in memory");
    terminal.draw(|frame| view(app, frame)).expect("draws");
    let cells = &terminal.backend().buffer().content;
    let line = |row: &[ratatui::buffer::Cell]| {
        let mut line = String::new();
        let mut place = 0;
        while let Some(cell) = row.get(place) {
            line += cell.symbol();
            place += width(cell.symbol()).max(1);
        }
        line.trim_end().to_owned()
    };
    cells.chunks(usize::from(columns)).map(line).collect::<Vec<_>>().join("\n")
}

/// The screen at every size.
fn keep(app: &mut App, name: &str) {
    for (columns, rows) in SIZES {
        app.update(Msg::Resized(columns, rows));
        insta::assert_snapshot!(format!("{name}-{columns}x{rows}").to_lowercase(), text(app, (columns, rows)));
    }
}

#[test]
fn three_runs_at_every_size() {
    for screen in SCREENS {
        keep(&mut app(three(), screen), &format!("{screen:?}"));
    }
}

#[test]
fn no_run_one_run_and_a_thousand() {
    for screen in SCREENS {
        for runs in [0, 1, 1000] {
            keep(&mut app((0..runs).map(row).collect(), screen), &format!("{screen:?}-{runs}-runs"));
        }
    }
}

#[test]
fn a_run_that_has_ended_says_how() {
    for (run, name) in [(2, "finished"), (3, "failed"), (4, "lost"), (5, "stopped")] {
        keep(&mut app(vec![row(run)], Screen::Run), &format!("run-{name}"));
    }
}

#[test]
fn a_validation_case_by_epoch() {
    let mut app = app(three(), Screen::Cases);
    let name = app.chosen().expect("a run").name.clone();
    app.update(Msg::Filmed(name, Ok(Arc::new(film()))));
    act(&mut app, Action::Epoch(Direction::Backward));
    keep(&mut app, "cases-by-epoch");
}
