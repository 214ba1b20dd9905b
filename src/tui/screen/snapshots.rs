//! Every screen as a person sees it, kept as text: a change of any is looked at before it is accepted.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::tests::{HOSTILE, SCREENS, fill_with, row, setup, unicode};
use super::*;
use crate::tui::app::Msg;
use crate::tui::text::clean;

const SIZES: [(u16, u16); 3] = [(60, 20), (80, 24), (160, 45)];

/// One that goes on, one that has failed, and one with a long and wide name that is lost.
fn three() -> Vec<Row> {
    vec![row(0), row(3), Row { arm: clean(HOSTILE), ..row(4) }]
}

fn app(rows: Vec<Row>, screen: Screen) -> App {
    let mut app = App::new(setup(unicode()));
    fill_with(&mut app, rows, screen);
    app
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

/// A form needs a draft, which these have none of.
fn screens() -> impl Iterator<Item = Screen> {
    SCREENS.into_iter().filter(|screen| *screen != Screen::Form)
}

fn name(screen: Screen, what: &str) -> String {
    format!("{screen:?}-{what}").to_lowercase()
}

#[test]
fn three_runs_at_every_size() {
    for screen in screens() {
        for (columns, rows) in SIZES {
            let mut app = app(three(), screen);
            app.update(Msg::Resized(columns, rows));
            insta::assert_snapshot!(name(screen, &format!("{columns}x{rows}")), text(&app, (columns, rows)));
        }
    }
}

#[test]
fn no_run_one_run_and_a_thousand() {
    for screen in screens() {
        for (runs, (columns, rows)) in [0, 1, 1000].into_iter().flat_map(|runs| SIZES.map(|size| (runs, size))) {
            let mut app = app((0..runs).map(row).collect(), screen);
            app.update(Msg::Resized(columns, rows));
            insta::assert_snapshot!(
                name(screen, &format!("{runs}-runs-{columns}x{rows}")),
                text(&app, (columns, rows))
            );
        }
    }
}
