//! Curves of the chosen run: a group of panels, or as many groups as there is room for.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::Widget;

use crate::run::State;
use crate::tui::app::App;
use crate::tui::detail::Detail;
use crate::tui::panel::Panel;
use crate::tui::plot::{Axis, Plot};
use crate::tui::series::{Quantity, Series, remarks};
use crate::tui::text::{value, width};
use crate::tui::theme::{BLUE, GREEN, HUES, Hue, VERMILLION, dim};
use crate::tui::widget::chart::{Chart, Curve};

/// Rows that a group needs beside another one.
const GROUP_ROWS: u16 = 16;
/// Less room holds one panel alone.
const ROOMY: (u16, u16) = (60, 12);

/// The chosen group, and those after it where they fit.
pub fn draw(app: &App, detail: &Detail, area: Rect, buffer: &mut Buffer) {
    let is_cramped = area.width < ROOMY.0 && area.height < ROOMY.1;
    let pages: Vec<&[Panel]> = match is_cramped {
        true => detail.groups.iter().flatten().map(std::slice::from_ref).collect(),
        false => detail.groups.iter().map(Vec::as_slice).collect(),
    };
    let count = pages.len();
    let shown = usize::from(area.height / GROUP_ROWS).clamp(1, count.max(1));
    let rows = Layout::vertical(vec![Constraint::Fill(1); shown]).split(area);
    for (index, area) in rows.iter().enumerate() {
        let place = (app.group() + index) % count.max(1);
        let Some(panels) = pages.get(place) else { return };
        group(app, detail, (panels, shown > 1), *area, buffer);
        if count > shown && index == 0 {
            let place = format!("{}/{count}", place + 1);
            let column = area.right().saturating_sub(width(&place) as u16);
            // Only where no legend is.
            if buffer[(column.saturating_sub(1), area.y)].symbol() == " " && buffer[(column, area.y)].symbol() == " " {
                buffer.set_string(column, area.y, place, dim());
            }
        }
    }
}

fn group(app: &App, detail: &Detail, (panels, wide): (&[Panel], bool), area: Rect, buffer: &mut Buffer) {
    let shares = vec![Constraint::Fill(1); panels.len()];
    // Side by side where they would become flat, one above the other where they would become narrow.
    let areas = match (area.height, area.width) {
        (_, 100..) if wide => Layout::horizontal(shares).spacing(2).split(area),
        (height, width) if height < ROOMY.1 && width >= ROOMY.0 => Layout::horizontal(shares).spacing(2).split(area),
        _ => Layout::vertical(shares).split(area),
    };
    for (panel, area) in panels.iter().zip(areas.iter()) {
        chart(app, detail, panel).render(*area, buffer);
    }
}

fn chart<'d>(app: &'d App, detail: &'d Detail, panel: &'d Panel) -> Chart<'d> {
    let (plot, ground) = (app.plot(), &detail.ground);
    let window = plot.shown(ground).unwrap_or((0.0, 1.0));
    let cross = plot.cross.filter(|x| (window.0..=window.1).contains(x));
    // What stands for the run is drawn last, over the others.
    let curves = (0..panel.series.len()).map(|place| curve(panel, place, (plot, cross), ground.axis));
    let curves: Vec<Curve> = if panel.is_pair() { curves.collect() } else { curves.rev().collect() };
    let name = if ground.axis == Axis::Epoch { "best" } else { "best epoch" };
    let mark = ground.best.zip(detail.best_epoch).map(|(x, epoch)| (x, format!("{name} {epoch}")));
    let empty = match (detail.has_steps, detail.row.state) {
        _ if panel.title != "loss" => "after the first epoch",
        (false, _) => "a pixel classifier: no steps",
        (_, Some(State::Running)) => "waiting for the first step …",
        (_, None) => "reading …",
        _ => "not started",
    };
    Chart {
        title: format!("{}{}", panel.title, remarks(plot, &panel.series)),
        axis: ground.axis,
        window,
        scale: plot.scale,
        curves,
        mark,
        cross,
        empty,
        theme: app.theme(),
    }
}

fn curve<'d>(panel: &'d Panel, place: usize, (plot, cross): (&Plot, Option<f64>), axis: Axis) -> Curve<'d> {
    let series = &panel.series[place];
    let (points, faint) = match plot.smoothing.weight() {
        Some(_) => (&series.smooth[..], &series.points[..]),
        None => (&series.points[..], &[][..]),
    };
    let short = match series.quantity {
        Quantity::Score { .. } if panel.is_pair() => Quantity::ValidLoss.short(),
        quantity => quantity.short(),
    };
    let label = cross.map_or(short.to_owned(), |x| format!("{short} {}", reading(series, x, axis)));
    let mark = short.chars().next().unwrap_or(' ').to_ascii_lowercase();
    let mark = if place == 0 { mark } else { distinct(mark, place) };
    Curve { label, points, faint, band: &[], hue: hue(panel, place), mark, pen: None }
}

/// The value at `x`; one from before, with its place.
fn reading(series: &Series, x: f64, axis: Axis) -> String {
    let Some(point) = series.at(x) else { return "–".to_owned() };
    let value = point.value().map_or_else(|| series.quantity.gap().to_owned(), value);
    if point.x == x { value } else { format!("{value} at {}", axis.number(point.x)) }
}

fn hue(panel: &Panel, place: usize) -> Hue {
    let of_pair = [VERMILLION, BLUE].get(place).filter(|_| panel.is_pair());
    let hue = of_pair.or([GREEN, BLUE, VERMILLION].get(place));
    hue.copied().unwrap_or(HUES[place % HUES.len()])
}

/// Letters of a panel's curves, whose names may begin alike.
fn distinct(first: char, place: usize) -> char {
    if matches!(first, 'v' | 't' | 'm') { first } else { char::from(b'1' + place as u8 % 9) }
}
