//! Curves of several runs over one another: a curve an arm, and below or beside them what they stand for.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::first_line;
use crate::tui::app::App;
use crate::tui::overlay::{ArmCurve, Mean, Overlaid};
use crate::tui::plot::Axis;
use crate::tui::series::{Quantity, notes};
use crate::tui::text::{fit, pad, pad_left, value, width};
use crate::tui::theme::{HUES, Hue, bold, dim};
use crate::tui::widget::chart::{Chart, Curve};
use crate::tui::widget::pen::Pen;

/// Curves that are drawn at a time: as many as there are letters to tell them apart.
const MOST: usize = 26;
/// The legend beside the chart, and from which width on it is there.
const BESIDE: (u16, u16) = (52, 120);
/// Columns of a value with its range.
const VALUE: usize = 26;
/// What says where a value is from that is not the crosshair's adds to it.
const PLACE: usize = 12;

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let Some(shown) = app.overlay().shown() else {
        let text =
            if app.rows().is_empty() { "no runs: nothing to lay over one another" } else { "reading curves …" };
        return Line::styled(text, dim()).render(area, buffer);
    };
    let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    Line::from(head_spans(app, shown, usize::from(area.width))).render(head, buffer);
    if shown.arms.is_empty() {
        return Line::styled("none of them has completed an epoch yet", dim()).render(body, buffer);
    }
    let rows = (shown.arms.len() as u16 + 1).min((body.height / 3).max(3));
    let [curves, _, legend_area] = match area.width >= BESIDE.1 {
        true => {
            Layout::horizontal([Constraint::Min(0), Constraint::Length(2), Constraint::Length(BESIDE.0)]).areas(body)
        }
        false => Layout::vertical([Constraint::Min(0), Constraint::Length(0), Constraint::Length(rows)]).areas(body),
    };
    chart(app, shown, curves, buffer);
    legend(app, shown, legend_area, buffer);
}

/// Which runs, and how many of them have something to show.
fn head_spans(app: &App, shown: &Overlaid, columns: usize) -> Vec<Span<'static>> {
    let marked = app.rows().iter().filter(|row| app.marked().contains(&row.name)).count();
    let specs: BTreeSet<&str> = app.rows().iter().map(|row| row.spec.as_str()).collect();
    let what = match (marked, app.spec()) {
        (0, Some(spec)) if specs.len() > 1 => format!("all runs of {spec}"),
        (0, _) => "all runs".to_owned(),
        (1, _) => "1 marked run".to_owned(),
        _ => format!("{marked} marked runs"),
    };
    let (begun, all) = shown.runs;
    let rest = if begun < all { format!("; {} of {all} without an epoch", all - begun) } else { String::new() };
    let rest = match app.unread() {
        0 => rest,
        unread => format!("; reading {unread} more …{rest}"),
    };
    let rest = match shown.left_out {
        0 => rest,
        left_out => format!("{rest}; {left_out} of earlier versions of the spec left out"),
    };
    let several = shown.arms.iter().any(|arm| arm.runs > 1);
    let band = if several { "; mean of an arm's runs, band min–max" } else { "" };
    vec![Span::styled(fit(&what, columns), bold()), fit(&(rest + band), columns.saturating_sub(width(&what))).into()]
}

/// Arms that are drawn, with their places: all, or those from the first line of the legend on.
fn drawn<'s>(app: &App, shown: &'s Overlaid) -> impl DoubleEndedIterator<Item = (usize, &'s ArmCurve)> {
    let first = app.scroll().min(shown.arms.len().saturating_sub(MOST));
    shown.arms.iter().enumerate().skip(first).take(MOST).collect::<Vec<_>>().into_iter()
}

fn chart<'s>(app: &App, shown: &'s Overlaid, area: Rect, buffer: &mut Buffer) {
    let plot = &app.overlay().plot;
    let curve = |(place, arm): (usize, &'s ArmCurve)| Curve {
        label: String::new(),
        points: &arm.points,
        faint: &arm.faint,
        band: &arm.band,
        hue: hue(place),
        mark: letter(place),
        pen: (place >= HUES.len()).then(|| Pen::Mark(letter(place))),
    };
    let curves: Vec<Curve> = drawn(app, shown).rev().map(curve).collect();
    let quantity = shown.quantity;
    let gaps = shown.arms.iter().map(|arm| arm.gaps).sum();
    let part = if matches!(quantity, Quantity::Score { .. }) { "valid " } else { "" };
    let title =
        format!("{part}{}{}", quantity.label(), notes(plot, quantity.unit(), [(quantity.gap(), gaps), ("", 0)]));
    Chart {
        title,
        axis: shown.ground.axis,
        window: plot.shown(&shown.ground).unwrap_or((0.0, 1.0)),
        scale: plot.scale,
        curves,
        mark: None,
        cross: plot.cross,
        empty: "no value of it; ← and → choose another metric",
        theme: app.theme(),
    }
    .render(area, buffer);
}

fn legend(app: &App, shown: &Overlaid, area: Rect, buffer: &mut Buffer) {
    let mut rows = area.rows();
    let cross = app.overlay().plot.cross;
    let when = match (cross, shown.common) {
        (Some(x), _) => format!("at {} {}", shown.ground.axis.name(), shown.ground.axis.number(x)),
        (None, Some(epoch)) => format!("at epoch {epoch}, last common"),
        (None, None) => String::new(),
    };
    let places = if cross.is_some() { PLACE } else { 0 };
    let name = name_columns(shown, usize::from(area.width).saturating_sub(places));
    let room = usize::from(area.height).saturating_sub(1);
    let first = first_line(app.scroll(), shown.arms.len(), room);
    let arms = match shown.arms.len() {
        all if all > room => format!("  arm {}-{} of {all}", first + 1, first + room),
        _ => "  arm".to_owned(),
    };
    let head = pad(&arms, name + 2) + &pad_left("runs", 5) + "  " + &when;
    Line::styled(fit(&head, usize::from(area.width)), dim()).render(rows.next().unwrap_or_default(), buffer);
    let visible: BTreeSet<usize> = drawn(app, shown).map(|(place, _)| place).collect();
    for ((place, arm), row) in shown.arms.iter().enumerate().skip(first).zip(rows) {
        let mean = match cross {
            Some(x) => arm.before(x),
            None => shown.common.and_then(|epoch| arm.at(epoch)).or(arm.only()),
        };
        let sign = if visible.contains(&place) { sign(app, place) } else { ' ' };
        let style = app.theme().text(hue(place));
        let text =
            pad(&arm.label, name) + &pad_left(&arm.runs.to_string(), 5) + "  " + &reading(arm, mean, cross, shown);
        let text = fit(&text, usize::from(area.width).saturating_sub(2));
        Line::from(vec![Span::styled(format!("{sign} "), style.bold()), Span::raw(text)]).render(row, buffer);
    }
}

fn name_columns(shown: &Overlaid, columns: usize) -> usize {
    let longest = shown.arms.iter().map(|arm| width(&arm.label)).max().unwrap_or(0);
    longest.clamp(4, columns.saturating_sub(VALUE + 9).max(8))
}

/// Mean and range; what it stands on where that is not every run; its place where it is not the crosshair's.
fn reading(arm: &ArmCurve, mean: Option<&Mean>, cross: Option<f64>, shown: &Overlaid) -> String {
    let Some(mean) = mean else { return "–".to_owned() };
    let mut text = match mean.value {
        Some((middle, low, high)) if mean.n > 1 => format!("{} [{}–{}]", value(middle), value(low), value(high)),
        Some((only, ..)) => value(only),
        None => shown.quantity.gap().to_owned(),
    };
    if mean.n > 0 && mean.n < arm.runs {
        text += &format!(" of {}", mean.n);
    }
    if cross.is_some_and(|x| x != mean.x) && shown.ground.axis != Axis::Time {
        text += &format!(" at {}", shown.ground.axis.number(mean.x));
    }
    // A pixel classifier's only epoch.
    if cross.is_none() && shown.common.is_some_and(|epoch| epoch != mean.epoch) {
        text += &format!(" at {}", mean.epoch);
    }
    text
}

fn sign(app: &App, place: usize) -> char {
    if app.theme().is_rich() && place < HUES.len() { '─' } else { letter(place) }
}

fn hue(place: usize) -> Hue {
    HUES[place % HUES.len()]
}

fn letter(place: usize) -> char {
    char::from(b'a' + (place % MOST) as u8)
}
