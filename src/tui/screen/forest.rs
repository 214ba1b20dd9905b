//! Below the table of arms, where nothing else needs the rows: the chosen metric with its intervals, drawn to one scale.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::first_line;
use crate::metric::{Better, Metric};
use crate::report::{Answers, ArmRow, Comparison, number};
use crate::tui::app::App;
use crate::tui::arms::Column;
use crate::tui::text::{clean, fit, pad, pad_left, width};
use crate::tui::theme::{BLUE, bold, dim};

/// Lines beside those of the arms: an empty one, the title, the scale.
const OWN: usize = 3;
/// Fewest columns in which an interval can be told from another, and the most that help.
const STRIP: (usize, usize) = (24, 100);

/// Fewest arms of more that are worth it.
const FEWEST: usize = 4;

/// An arm's mean and interval.
struct Mean<'a> {
    arm: &'a ArmRow,
    at: f64,
    interval: Option<[f64; 2]>,
}

/// The means of all arms that have one, with the name of their intervals.
struct Forest<'a> {
    metric: &'static Metric,
    means: Vec<Mean<'a>>,
    /// What the intervals are: of t, or of BCa where t has none or leaves the metric's range.
    by: &'static str,
}

impl<'a> Forest<'a> {
    /// Of the chosen column; none where it is no metric, or nothing is known yet.
    fn of(app: &'a App, answers: &Answers) -> Option<Self> {
        let Column::Metric(metric) = app.arms().chosen() else { return None };
        let mut of_t = Vec::new();
        let mut mean = |arm: &'a ArmRow| {
            let summary = answers.summary(&arm.arm, metric)?;
            let interval = answers.interval(&arm.arm, metric);
            of_t.extend(interval.map(|own| summary.t == Some(own)));
            Some(Mean { arm, at: summary.mean?, interval: interval.map(|ends| [ends.low, ends.high]) })
        };
        let means: Vec<Mean> = app.arms().rows().filter_map(&mut mean).collect();
        let by = match (of_t.contains(&true), of_t.contains(&false)) {
            (true, false) => "t",
            (true, true) => "t or BCa",
            _ => "BCa",
        };
        (!of_t.is_empty()).then_some(Self { metric, means, by })
    }

    /// Lowest and highest of all that is drawn; none where they are one.
    fn range(&self) -> Option<[f64; 2]> {
        let all = || self.means.iter().flat_map(|mean| mean.interval.into_iter().flatten().chain([mean.at]));
        let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
        (low < high).then_some([low, high])
    }

    fn title(&self, reference: &str, columns: usize) -> String {
        let unit = if self.metric.unit.is_empty() { String::new() } else { format!(" ({})", self.metric.unit) };
        let better = match self.metric.better {
            Better::Higher => "→ better",
            Better::Lower => "← better",
        };
        let what = format!("  {}{unit}, 95 % {} interval, {better}", self.metric.label, self.by);
        let held = if reference.is_empty() { what.clone() } else { format!("{what}, ┊ {reference}") };
        let full = format!("{held}; whether two differ the marks above say, not the overlap");
        let short = format!("{held}; overlap is no test");
        let fits = |text: &&String| width(text) <= columns;
        fit([&full, &short, &held].into_iter().find(fits).unwrap_or(&what), columns)
    }
}

/// Draws it, or the part around the chosen arm that `area` has room for; names take `names` columns.
pub fn draw(app: &App, comparison: &Comparison, names: usize, (area, buffer): (Rect, &mut Buffer)) {
    let answers = app.versus().answers(comparison).and_then(Result::ok);
    let Some(forest) = answers.and_then(|answers| Forest::of(app, answers)) else { return };
    let strip = usize::from(area.width).saturating_sub(names + 1).min(STRIP.1);
    let Some([low, high]) = forest.range().filter(|_| strip >= STRIP.0) else { return };
    let room = usize::from(area.height).saturating_sub(OWN);
    if room < forest.means.len().min(FEWEST) {
        return;
    }
    let chosen = app.arms().rows().nth(app.scroll());
    let cursor = forest.means.iter().position(|mean| chosen.is_some_and(|chosen| chosen.arm == mean.arm.arm));
    let first = first_line(cursor.unwrap_or(0), forest.means.len(), room);
    let place = |value: f64| ((value - low) / (high - low) * (strip - 1) as f64).round() as usize;
    let reference = app.versus().reference(comparison);
    let held = forest.means.iter().find(|mean| reference.is_some_and(|held| held.arm == mean.arm.arm));
    let mut rows = area.rows().skip(1);
    let mut line = |line: Line| line.render(rows.next().unwrap_or_default(), buffer);
    let name = held.map_or_else(String::new, |held| clean(&held.arm.label()));
    line(Line::styled(forest.title(&name, usize::from(area.width)), dim()));
    for mean in forest.means.iter().skip(first).take(room) {
        let marks = strokes(mean, held.map(|held| place(held.at)), (strip, &place));
        // What leaks is held against nothing.
        let style = if mean.arm.leak.is_some() { dim() } else { app.theme().text(BLUE) };
        let name = pad(&format!("  {}", fit(&clean(&mean.arm.label()), names.saturating_sub(3))), names + 1);
        let styled = |mark: char| Span::styled(mark.to_string(), styles(mark, style));
        line(Line::from_iter(std::iter::once(Span::raw(name)).chain(marks.into_iter().map(styled))));
    }
    let ends = [low, high].map(|end| number(forest.metric, Some(end)));
    let right = pad_left(&ends[1], strip.saturating_sub(width(&ends[0])));
    line(Line::styled(format!("{}{}{right}", " ".repeat(names + 1), ends[0]), dim()));
}

fn styles(mark: char, own: Style) -> Style {
    match mark {
        '┊' => dim(),
        '●' => own.patch(bold()),
        _ => own,
    }
}

/// A character a column.
fn strokes(mean: &Mean, held: Option<usize>, (strip, place): (usize, &dyn Fn(f64) -> usize)) -> Vec<char> {
    let mut marks = vec![' '; strip];
    if let Some([low, high]) = mean.interval {
        let (low, high) = (place(low), place(high));
        marks[low..=high].fill('─');
        (marks[low], marks[high]) = ('├', '┤');
    }
    if let Some(held) = held {
        marks[held] = match marks[held] {
            ' ' => '┊',
            '─' => '┼',
            end => end,
        };
    }
    marks[place(mean.at)] = '●';
    marks
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::tests::{app, drawn, unicode, versus::answers};
    use super::*;
    use crate::stats::Interval;
    use crate::tui::app::{Msg, Screen};
    use crate::tui::found::Found;

    #[test]
    fn intervals_of_the_chosen_metric_are_drawn_to_one_scale_where_there_is_room() {
        let bare = app(3, Screen::Compare, unicode());
        let mut app = app(3, Screen::Compare, unicode());
        app.update(Msg::Found(Found::Answers("arm-0".into(), Ok(Arc::new(answers(3))))));
        let lines = drawn(&app, (160, 45));
        let title =
            lines.iter().position(|line| line.contains("DSC, 95 % t interval, → better, ┊ arm-0")).expect("is drawn");
        let column = |line: &str, mark: char| line.chars().position(|own| own == mark).expect("is there");
        let strips: Vec<[usize; 3]> =
            lines[title + 1..title + 4].iter().map(|line| ['├', '●', '┤'].map(|mark| column(line, mark))).collect();
        // Means 0.50, 0.51, 0.52, each ± 0.03: a hundredth is an eighth of what is drawn.
        let hundredth = (strips[2][2] - strips[0][0]) as f64 / 8.0;
        for (arm, [low, mean, high]) in strips.iter().enumerate() {
            let from = |place: &usize| (*place as f64 - strips[0][0] as f64) / hundredth - arm as f64;
            assert!(
                from(low).abs() < 0.2 && (from(mean) - 3.0).abs() < 0.2 && (from(high) - 6.0).abs() < 0.2,
                "{lines:#?}"
            );
        }
        assert!(lines[title + 4].contains("0.470") && lines[title + 4].trim_end().ends_with("0.550"), "{lines:#?}");
        // One beyond what the metric can be is BCa's.
        let mut beyond = answers(3);
        let dsc = beyond.metrics.iter_mut().find(|answer| answer.metric == "dsc").expect("a metric");
        dsc.arms[2].summary.t = Some(Interval { low: 0.4, high: 1.01 });
        dsc.arms[2].summary.bca = Some(Interval { low: 0.45, high: 0.975 });
        let mut other = super::super::tests::app(3, Screen::Compare, unicode());
        other.update(Msg::Found(Found::Answers("arm-0".into(), Ok(Arc::new(beyond)))));
        let lines = drawn(&other, (160, 45));
        let title = lines.iter().position(|line| line.contains("DSC, 95 % t or BCa interval")).expect("is drawn");
        assert!(lines[title + 4].contains("0.450") && lines[title + 4].trim_end().ends_with("0.975"), "{lines:#?}");
        let not_drawn = |app: &App, size| !drawn(app, size).concat().contains("interval, → better");
        assert!(not_drawn(&app, (60, 20)) && not_drawn(&bare, (160, 45)));
    }
}
