//! The specs that there are, and what the chosen one comes to: data, runs, arms, time.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::first_line;
use super::plan::{self, Plan};
use crate::tui::app::App;
use crate::tui::launch::{Line as Listed, Offer};
use crate::tui::row::Row;
use crate::tui::text::{clean, fit, pad};
use crate::tui::theme::{VERMILLION, bold, dim};

/// Most columns of the list of names.
const LIST: u16 = 24;

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let list = LIST.min(area.width / 3);
    let parts = [Constraint::Length(list), Constraint::Length(1), Constraint::Min(0)];
    let [list, _, right] = Layout::horizontal(parts).areas(area);
    names(app, list, buffer);
    let lines = about(app, usize::from(right.width));
    let room = usize::from(right.height);
    let scroll = app.launch().scroll().min(lines.len().saturating_sub(room));
    let below = lines.len().saturating_sub(scroll + room);
    let shown = room.saturating_sub(usize::from(below > 0));
    for (line, row) in lines.into_iter().skip(scroll).take(shown).zip(right.rows()) {
        line.render(row, buffer);
    }
    if let Some(last) = right.rows().next_back().filter(|_| below > 0) {
        Line::styled(pad(&format!("{} lines below: PgDn", below + 1), usize::from(right.width)), dim())
            .render(last, buffer);
    }
}

fn names(app: &App, area: Rect, buffer: &mut Buffer) {
    let launch = app.launch();
    let lines = launch.lines(app.rows());
    let [list, foot] =
        Layout::vertical([Constraint::Min(0), Constraint::Length(u16::from(launch.form.is_some()))]).areas(area);
    let (cursor, columns) = (launch.cursor(&lines), usize::from(area.width));
    let first = first_line(cursor, lines.len(), usize::from(list.height));
    for ((place, line), row) in lines.iter().enumerate().skip(first).zip(list.rows()) {
        let (sign, name) = match line {
            Listed::Offer(place) => match launch.shelf.as_ref().map(|shelf| &shelf.offers[*place]) {
                Some(Offer { spec: Err(_), name, .. }) => ("✗", name.as_str()),
                Some(Offer { name, .. }) => (" ", name.as_str()),
                None => (" ", ""),
            },
            Listed::Runs(name) => ("·", name.as_str()),
        };
        let cursor_sign = if place == cursor { "›" } else { " " };
        Line::raw(pad(&format!("{cursor_sign}{sign}{}", clean(name)), columns)).render(row, buffer);
        if place == cursor {
            buffer.set_style(row, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
    if let Some(form) = &launch.form {
        let saved = if form.draft.is_changed() { ", not saved" } else { "" };
        Line::styled(fit(&format!("f: {}{saved}", clean(&form.draft.name())), columns), bold()).render(foot, buffer);
    }
}

/// What is said of the chosen spec.
fn about(app: &App, columns: usize) -> Vec<Line<'static>> {
    let launch = app.launch();
    match (launch.line(app.rows()), launch.offer(app.rows())) {
        _ if launch.shelf.is_none() => vec![Line::styled("reading the specs …", dim())],
        (Some(Listed::Runs(name)), _) => only_runs(app, &name, columns),
        (_, Some(offer)) => of_offer(app, offer, columns),
        _ => vec![Line::styled("no spec; n begins one", dim())],
    }
}

fn of_offer(app: &App, offer: &Offer, columns: usize) -> Vec<Line<'static>> {
    let place = offer.path.as_ref().map_or_else(|| "built in".to_owned(), |path| clean(&path.display().to_string()));
    let mut lines = vec![Line::from(vec![
        Span::styled(fit(&clean(&offer.name), columns), bold()),
        Span::styled(format!("  {place}"), dim()),
    ])];
    match &offer.spec {
        Err(error) => {
            lines.extend(plan::wrapped(error, columns, app.theme().text(VERMILLION)));
            lines.extend(plan::wrapped("E opens it in $EDITOR", columns, dim()));
        }
        Ok(spec) => {
            lines.extend(plan::wrapped(&clean(&spec.title), columns, Style::new()));
            let profiles = offer.profiles();
            if !profiles.is_empty() {
                let text = format!("full size; profile: {}", clean(&profiles.join(", ")));
                lines.extend(plan::wrapped(&text, columns, dim()));
            }
            lines.extend(Plan { app, spec, text: &offer.text }.lines(columns));
        }
    }
    lines
}

fn only_runs(app: &App, name: &str, columns: usize) -> Vec<Line<'static>> {
    let own: Vec<&Row> = app.rows().iter().filter(|row| row.spec == name).collect();
    let mut arms: Vec<&str> = own.iter().map(|row| row.arm.as_str()).collect();
    arms.sort_unstable();
    arms.dedup();
    let text = format!("only its runs are known: {} of {}. On Runs, r resumes them", own.len(), arms.join(", "));
    let mut lines = vec![Line::styled(fit(name, columns), bold())];
    lines.extend(plan::wrapped(&text, columns, Style::new()));
    lines
}
