//! What is wrong with the data of the chosen run, what its split does with them, and what printed tables hide.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{first_line, said};
use crate::tui::app::App;
use crate::tui::audit::{Audit, Item, Section, Sight};
use crate::tui::prose::{Said, Tone, say};
use crate::tui::text::{clean, fit};
use crate::tui::theme::{bold, dim};
use crate::tui::widget::picture::Outline;
use crate::tui::{evidence, finding};

/// Rows that a picture needs to say anything.
const PICTURE: u16 = 8;

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let [top, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    sections(app.audit(), usize::from(area.width)).render(top, buffer);
    match app.audit().opened() {
        Some(scroll) => opened(app, scroll, body, buffer),
        None => list(app, body, buffer),
    }
}

/// The names of the sections, then how far an audit is.
fn sections(audit: &Audit, columns: usize) -> Line<'static> {
    let mut spans = Vec::new();
    for (section, name) in Section::ALL {
        let style = if section == audit.section() { bold().add_modifier(Modifier::REVERSED) } else { dim() };
        spans.extend([Span::styled(format!(" {name} "), style), Span::raw(" ")]);
    }
    let room = columns.saturating_sub(spans.iter().map(Span::width).sum());
    if let Some(progress) = audit.progress() {
        let text = format!("auditing {}: {} {} %", clean(&progress.dataset), progress.what, progress.percent);
        spans.push(Span::styled(fit(&text, room), bold()));
    }
    Line::from(spans)
}

fn list(app: &App, area: Rect, buffer: &mut Buffer) {
    let (audit, columns) = (app.audit(), usize::from(area.width));
    let head = finding::head(app, columns);
    let chosen = audit.chosen().map(|entry| evidence::lines(audit, entry.item, columns)).unwrap_or_default();
    let above = (head.len() as u16).min(area.height * 3 / 5);
    let below = (chosen.len() as u16).min(area.height / 4);
    let [top, middle, foot] =
        Layout::vertical([Constraint::Length(above), Constraint::Min(0), Constraint::Length(below)]).areas(area);
    said::draw(&head, 0, app.theme(), (top, buffer));
    lines(audit, middle, buffer);
    said::draw(&chosen, 0, app.theme(), (foot, buffer));
}

/// How many, then the lines around the cursor.
fn lines(audit: &Audit, area: Rect, buffer: &mut Buffer) {
    let mut rows = area.rows();
    let Some(first) = rows.next() else { return };
    let (shown, all) = (audit.shown().len(), audit.all());
    let count = match (shown, all) {
        (_, 0) => String::new(),
        _ if audit.filter().is_empty() => format!("── {}", tally(audit)),
        _ => format!("── {shown} of {all} lines, filtered: {}", audit.filter()),
    };
    Line::styled(count, dim()).render(first, buffer);
    let top = first_line(audit.cursor(), shown, usize::from(area.height).saturating_sub(1));
    for ((place, entry), row) in audit.shown().enumerate().skip(top).zip(rows) {
        let chosen = place == audit.cursor();
        let sign = if chosen { "› " } else { "  " };
        Line::raw(fit(&format!("{sign}{}", entry.text), usize::from(area.width))).render(row, buffer);
        if chosen {
            buffer.set_style(row, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

/// The shown lines by what they are about: a group has a line beside those of its pairs.
fn tally(audit: &Audit) -> String {
    let noun = |item: Item| match item {
        Item::Shared(_) => "subject",
        Item::Pair(_) | Item::Straddle(_) => "pair",
        Item::Group(_) => "group",
        Item::Issue(_) => "issue",
        Item::Finding(_) => "finding",
    };
    let count = |name: &str| audit.shown().filter(|entry| noun(entry.item) == name).count();
    let names = ["subject", "pair", "group", "issue", "finding"];
    let counts = names.map(|name| (count(name), name)).into_iter().filter(|(n, _)| *n > 0);
    counts.map(|(n, name)| finding::counted(n, name)).collect::<Vec<_>>().join(", ")
}

/// All that is known of the line, above its cases' pictures.
fn opened(app: &App, scroll: usize, area: Rect, buffer: &mut Buffer) {
    let (audit, columns) = (app.audit(), usize::from(area.width));
    let Some(entry) = audit.chosen() else { return };
    let mut text: Vec<Said> = say(Tone::Dim, &entry.text, columns).collect();
    text.extend(evidence::lines(audit, entry.item, columns));
    let reading = !audit.wanted().is_empty();
    if reading {
        text.push((Tone::Dim, "reading pictures …".to_owned()));
    }
    let has_pictures = audit.sight().is_some_and(|sight| sight.cases.iter().any(|(_, seen)| seen.is_ok()));
    let least = if has_pictures && area.height > PICTURE + 4 { PICTURE } else { 0 };
    let rows = (text.len() as u16).min(area.height - least);
    let [top, below] = Layout::vertical([Constraint::Length(rows), Constraint::Min(0)]).areas(area);
    said::draw(&text, scroll, app.theme(), (top, buffer));
    if let Some(sight) = audit.sight().filter(|_| below.height >= PICTURE) {
        pictures(app, sight, below, buffer);
    }
}

fn pictures(app: &App, sight: &Sight, area: Rect, buffer: &mut Buffer) {
    let parts = Layout::horizontal(vec![Constraint::Fill(1); sight.cases.len()]).spacing(1).split(area);
    for ((id, seen), part) in sight.cases.iter().zip(parts.iter()) {
        let [name, place] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(*part);
        Line::styled(fit(&clean(id), usize::from(name.width)), bold()).render(name, buffer);
        if let Ok(seen) = seen {
            seen.picture.draw(Outline::Reference, app.theme(), place, buffer);
        }
    }
}
