//! A spec that is being written: a value a line, what is wrong with it beside it, and what it comes to below.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::first_line;
use super::plan::{Plan, wrapped};
use crate::tui::app::{App, Screen};
use crate::tui::launch::field::{Field, Kind};
use crate::tui::launch::{CHOOSING, ENTERING, Entry, Form, Picker, Trouble};
use crate::tui::text::{clean, fit, pad, width};
use crate::tui::theme::{VERMILLION, bold, dim};

/// Columns of labels.
const LABEL: usize = 15;
/// Most lines and columns of a list of choices.
const CHOICES: (u16, u16) = (14, 76);

/// What the keys do while something is typed or chosen.
pub(super) fn keys(app: &App) -> Option<&'static str> {
    let form = app.launch().form.as_ref().filter(|_| app.screen() == Screen::Form)?;
    form.entry().map(|entry| if matches!(entry, Entry::Text(_)) { ENTERING } else { CHOOSING })
}

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let Some(form) = &app.launch().form else { return };
    let columns = usize::from(area.width);
    let below = below(app, form, columns);
    let wanted = (below.len() as u16).min(area.height / 3);
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(wanted)]).areas(area);
    title(form, columns).render(head, buffer);
    let fields = form.draft.fields();
    let first = first_line(form.cursor(), fields.len(), usize::from(body.height));
    for ((place, field), row) in fields.iter().enumerate().skip(first).zip(body.rows()) {
        line(app, (form, *field), (place == form.cursor(), columns)).render(row, buffer);
    }
    below.into_iter().zip(foot.rows()).for_each(|(line, row)| line.render(row, buffer));
    if let Some(Entry::Picker(picker)) = form.entry() {
        choices(app, (form, picker), body, buffer);
    }
}

fn title(form: &Form, columns: usize) -> Line<'static> {
    let draft = &form.draft;
    let place = draft.file().map_or_else(|| "a new file".to_owned(), |path| clean(&path.display().to_string()));
    let saved = if draft.is_changed() || draft.file().is_none() { "not saved" } else { "saved" };
    let name = fit(&clean(&draft.name()), columns / 2);
    Line::from(vec![Span::styled(name, bold()), Span::styled(format!("  {place}, {saved}"), dim())])
}

/// A label, its value, and what is wrong or what there is to know.
fn line(app: &App, (form, field): (&Form, Field), (chosen, columns): (bool, usize)) -> Line<'static> {
    let sign = if chosen { "› " } else { "  " };
    let mut value = form.draft.value(field);
    match form.entry().filter(|_| chosen) {
        Some(Entry::Text(text)) => value = format!("{}█", clean(text)),
        _ if field.kind() == Kind::Choice => value = format!("‹ {value} ›"),
        _ => {}
    }
    let style = if chosen { bold().add_modifier(Modifier::REVERSED) } else { Style::new() };
    let value = fit(&value, columns.saturating_sub(LABEL + 2));
    let room = columns.saturating_sub(LABEL + 4 + width(&value));
    let beside = match fault(app, form, field) {
        Some(fault) => Span::styled(fit(&format!("✗ {fault}"), room), app.theme().text(VERMILLION)),
        None => Span::styled(fit(&hint(form, field), room), dim()),
    };
    Line::from(vec![
        Span::raw(sign),
        Span::raw(pad(&field.label(), LABEL)),
        Span::styled(value, style),
        "  ".into(),
        beside,
    ])
}

/// What the parser says of the line, or the planner of its data set.
fn fault(app: &App, form: &Form, field: Field) -> Option<String> {
    let own = form.draft.faults().iter().find(|fault| fault.field == Some(field));
    if let Some(fault) = own {
        return Some(fault.text.clone());
    }
    match app.launch().outlook(form.draft.toml()) {
        Some(Err(Trouble::Dataset(text))) if field == Field::Dataset => Some(text.clone()),
        _ => None,
    }
}

fn hint(form: &Form, field: Field) -> String {
    match field {
        Field::Model(arm) => format!("called {}", form.draft.arm_name(arm)),
        Field::Run if form.draft.value(field).is_empty() => "all".to_owned(),
        Field::Loss(_) if form.draft.value(field).is_empty() => "the usual one of its task".to_owned(),
        Field::Width(_) => "times its channels".to_owned(),
        Field::Seeds => "one run each".to_owned(),
        Field::Epochs => "at most".to_owned(),
        _ => String::new(),
    }
}

/// What is wrong with no line in particular and, if nothing is, what the spec comes to.
fn below(app: &App, form: &Form, columns: usize) -> Vec<Line<'static>> {
    let vermillion = app.theme().text(VERMILLION);
    let fields = form.draft.fields();
    let draft = &form.draft;
    if let Some(spec) = draft.spec() {
        let text = draft.toml();
        let outlook = app.launch().outlook(text);
        let style = if matches!(outlook, Some(Err(_))) { vermillion } else { bold() };
        let mut lines = wrapped(&Plan { app, spec, text }.brief(), columns, style);
        let warnings = outlook.and_then(|outlook| outlook.as_ref().ok()).map_or(&[][..], |outlook| &outlook.warnings);
        lines.extend(warnings.iter().flat_map(|warning| wrapped(warning, columns, vermillion)));
        return lines;
    }
    let elsewhere = draft.faults().iter().filter(|fault| fault.field.is_none_or(|field| !fields.contains(&field)));
    let mut lines: Vec<Line> = elsewhere.flat_map(|fault| wrapped(&fault.text, columns, vermillion)).collect();
    if fields.is_empty() {
        lines.extend(wrapped("E opens it in $EDITOR", columns, dim()));
    }
    // Beside its line there may be no room for all of it.
    let of_line = form.field().and_then(|field| draft.faults().iter().find(|fault| fault.field == Some(field)));
    lines.extend(of_line.into_iter().flat_map(|fault| wrapped(&fault.text, columns, vermillion)));
    lines
}

fn choices(app: &App, (form, picker): (&Form, &Picker), area: Rect, buffer: &mut Buffer) {
    let found = form.choices(app.launch().datasets());
    let wanted = (found.len().max(1) as u16).saturating_add(2);
    let place = Rect { height: CHOICES.0.min(area.height).min(wanted), width: CHOICES.1.min(area.width), ..area };
    Clear.render(place, buffer);
    let columns = usize::from(place.width);
    let mut rows = place.rows();
    let text = Line::from(vec![Span::styled(format!("/{}", picker.text.trim_start_matches('/')), bold()), "█".into()]);
    text.render(rows.next().unwrap_or_default(), buffer);
    if found.is_empty() {
        Line::styled("nothing is called that", dim()).render(rows.next().unwrap_or_default(), buffer);
    }
    let room = usize::from(place.height).saturating_sub(2);
    let first = first_line(picker.cursor, found.len(), room);
    for ((index, (name, about)), row) in found.iter().enumerate().skip(first).take(room).zip(&mut rows) {
        let name = pad(&clean(name), 22.min(columns));
        let about = fit(&clean(about), columns.saturating_sub(width(&name) + 3));
        Line::from(vec![Span::raw("  "), Span::raw(name + " "), Span::styled(about, dim())]).render(row, buffer);
        if index == picker.cursor {
            buffer.set_style(row, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
    Line::styled("─".repeat(columns), dim()).render(rows.next().unwrap_or_default(), buffer);
}
