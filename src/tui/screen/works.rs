//! Which keys do something now: the others are not in the footer.

use crate::run::State;
use crate::tui::app::{Access, App, Screen};
use crate::tui::audit::Section;
use crate::tui::keys::Action;
use crate::tui::launch::{Deed, has_work};
use crate::tui::row::Row;

/// Whether `action` is one for who may change the store: a draft, too, is of no use to others.
pub fn is_forbidden(app: &App, action: Action) -> bool {
    let writes = match action {
        Action::Stop | Action::Resume | Action::Shift(_) | Action::Audit => true,
        Action::Launch(deed) => deed.writes(),
        _ => false,
    };
    writes && app.setup().access == Access::ReadOnly
}

/// Whether `action` would do something to what is shown, chosen or marked.
pub fn works(app: &App, action: Action) -> bool {
    if is_forbidden(app, action) {
        return false;
    }
    match (app.screen(), action) {
        (_, Action::Unfilter) => !app.filter().is_empty(),
        (_, Action::Show(Screen::Form)) => app.launch().form.is_some(),
        (Screen::Runs | Screen::Run, action) => on_runs(app, action),
        (Screen::Compare, action) => on_compare(app, action),
        (Screen::Overlay, action) => on_overlay(app, action),
        (Screen::Audit, action) => on_audit(app, action),
        (Screen::Cases, Action::Look) => app.cases().sight().is_some(),
        (Screen::Launch | Screen::Form, Action::Launch(deed)) => on_launch(app, deed),
        _ => true,
    }
}

fn on_runs(app: &App, action: Action) -> bool {
    let is_list = app.screen() == Screen::Runs;
    let chosen = |can: fn(&Row) -> bool| match is_list && !app.marked().is_empty() {
        true => app.rows().iter().any(|row| app.marked().contains(&row.name) && can(row)),
        false => app.chosen().is_some_and(can),
    };
    match action {
        Action::Stop => chosen(Row::can_stop),
        Action::Resume => chosen(Row::can_resume),
        Action::Shift(_) => app.chosen().is_some_and(|row| row.state == Some(State::Queued)),
        Action::Filter => !app.rows().is_empty(),
        Action::Export => app.chosen().is_some(),
        Action::Open | Action::Mark | Action::Arrange(_) => !app.list().lines().is_empty(),
        Action::Show(Screen::Compare) if is_list => !app.list().lines().is_empty(),
        Action::Panels(_) | Action::Turn(_) => app.shows_curves() && has_curves(app),
        Action::Curves => has_curves(app),
        _ => true,
    }
}

/// Whether the chosen run has a point of any curve.
fn has_curves(app: &App) -> bool {
    let panels = app.detail().into_iter().flat_map(|detail| detail.groups.iter().flatten());
    panels.flat_map(|panel| &panel.series).any(|series| !series.points.is_empty())
}

fn on_compare(app: &App, action: Action) -> bool {
    let printed = || app.versus().printed().is_some_and(|tables| !tables.is_empty());
    match action {
        Action::Hold | Action::Differ | Action::Intervals if app.shows_printed() => false,
        Action::Column(_) | Action::Sort if app.shows_printed() => printed(),
        Action::Hold => app.arms().len() > 1,
        Action::Differ => app.pair_of_arms().is_ok(),
        Action::Section(_) => !app.arms().is_empty(),
        Action::Column(_) | Action::Sort | Action::Intervals => !app.arms().is_empty(),
        Action::Next(_) => has_specs(app),
        Action::Export => app.spec().is_some(),
        _ => true,
    }
}

fn on_overlay(app: &App, action: Action) -> bool {
    match action {
        Action::Column(_) | Action::Turn(_) => app.overlay().shown().is_some_and(|shown| !shown.arms.is_empty()),
        Action::Next(_) => app.marked().is_empty() && has_specs(app),
        Action::Export => app.spec().is_some(),
        _ => true,
    }
}

fn on_audit(app: &App, action: Action) -> bool {
    match action {
        Action::Open => app.audit().opened().is_none() && app.audit().chosen().is_some(),
        Action::Audit => {
            let is_here = app.audit().section() == Section::Data;
            is_here && app.audit().progress().is_none() && app.audited().is_some()
        }
        Action::Filter => app.audit().all() > 0,
        Action::Next(_) => app.rows().len() > 1,
        _ => true,
    }
}

fn on_launch(app: &App, deed: Deed) -> bool {
    let (launch, rows, is_list) = (app.launch(), app.rows(), app.screen() == Screen::Launch);
    match deed {
        Deed::Start => has_work(launch, (!is_list, rows)),
        Deed::Edit | Deed::Duplicate | Deed::Editor if is_list => launch.listed(rows).is_some(),
        Deed::Profile => launch.listed(rows).is_some_and(|offer| !offer.profiles().is_empty()),
        _ => true,
    }
}

/// Whether there is another spec to go to.
fn has_specs(app: &App) -> bool {
    app.rows().iter().any(|row| app.rows().first().is_some_and(|first| first.spec != row.spec))
}
