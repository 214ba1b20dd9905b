//! Arms × metrics of a spec: what the finished runs say so far, and whether arms can be told apart. What papers print is
//! a block of its own.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use super::{first_line, forest, said};
use crate::metric::Metric;
use crate::report::{ArmRow, Comparison, number};
use crate::tui::app::App;
use crate::tui::arms::{Column, Sorting};
use crate::tui::prose::{Said, Tone, say};
use crate::tui::text::{clean, count, fit, pad, pad_left, width};
use crate::tui::theme::{VERMILLION, bold, dim};
use crate::tui::versus::{Block, Intervals};
use crate::tui::{printed, standing};

/// Width of a metric's column: a sign, a number, two marks.
const METRIC: usize = 8;
/// What an interval adds to it.
const INTERVAL: usize = 18;
/// Rows from which the printed numbers stand below the arms.
const TALL: u16 = 34;

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let comparison = match app.arms().compared() {
        Some(Ok(comparison)) if Some(comparison.spec.as_str()) == app.spec() => comparison,
        Some(Err(error)) => {
            let text = Paragraph::new(error.to_owned()).style(app.theme().text(VERMILLION)).wrap(Wrap { trim: true });
            return text.render(area, buffer);
        }
        _ => {
            let text = if app.spec().is_some() { "reading scores …" } else { "no runs: nothing to compare" };
            return Line::styled(text, dim()).render(area, buffer);
        }
    };
    if app.versus().block == Block::Printed {
        return print(app, app.versus().scroll, area, buffer);
    }
    let [measured, papers] = halves(app, area);
    blocks(app, comparison, measured, buffer);
    if papers.height > 0 {
        print(app, 0, papers, buffer);
    }
}

/// The arms, and below them, where there is room, what the papers print.
fn halves(app: &App, area: Rect) -> [Rect; 2] {
    let own =
        if area.height >= TALL { (app.arms().len() as u16 * 2 + 20).clamp(20, area.height - 10) } else { area.height };
    Layout::vertical([Constraint::Length(own), Constraint::Min(0)]).areas(area)
}

/// How many lines of the notes have no room in `area`, the whole screen's.
pub(super) fn unseen(app: &App, area: Rect) -> usize {
    let Some(Ok(comparison)) = app.arms().compared() else { return 0 };
    let blocks = Blocks::of(app, comparison, halves(app, area)[0]);
    blocks.notes.len().saturating_sub(usize::from(blocks.areas[3].height))
}

/// Title, table, the chosen cell in full, notes.
struct Blocks {
    title: Vec<Said>,
    cell: Vec<Said>,
    notes: Vec<Said>,
    areas: [Rect; 4],
}

impl Blocks {
    fn of(app: &App, comparison: &Comparison, area: Rect) -> Self {
        let columns = usize::from(area.width);
        let title: Vec<Said> = say(Tone::Head, &clean(&comparison.title()), columns).collect();
        let cell = standing::cell(app, comparison, columns);
        let notes = standing::notes(app, comparison, columns);
        let rows = |lines: &[Said], most: u16| lines.len().min(usize::from(most)) as u16;
        let (head, chosen) = (rows(&title, area.height / 6), rows(&cell, area.height / 5));
        // Rows that no arm needs are the notes' own.
        let table = comparison.arms.len().min(usize::from(area.height)) as u16 + 1;
        let below = rows(&notes, (area.height / 3).max(area.height.saturating_sub(head + chosen + table)));
        let sizes =
            [Constraint::Length(head), Constraint::Min(0), Constraint::Length(chosen), Constraint::Length(below)];
        Self { title, cell, notes, areas: Layout::vertical(sizes).areas(area) }
    }
}

fn blocks(app: &App, comparison: &Comparison, area: Rect, buffer: &mut Buffer) {
    let Blocks { title, cell, notes, areas: [head, table, chosen, below] } = Blocks::of(app, comparison, area);
    said::draw(&title, 0, app.theme(), (head, buffer));
    arms(app, comparison, table, buffer);
    said::draw(&cell, 0, app.theme(), (chosen, buffer));
    said::draw(&notes, app.versus().below, app.theme(), (below, buffer));
}

fn print(app: &App, first: usize, area: Rect, buffer: &mut Buffer) {
    match app.versus().printed() {
        None => Line::styled("what the papers print: computing …", dim()).render(area, buffer),
        Some(tables) => {
            let lines = printed::lines(tables, app.versus().order, usize::from(area.width));
            said::draw(&lines, first, app.theme(), (area, buffer));
        }
    }
}

fn arms(app: &App, comparison: &Comparison, area: Rect, buffer: &mut Buffer) {
    let shape = Shape::of(app, comparison, usize::from(area.width));
    let mut rows = area.rows();
    let room = usize::from(area.height).saturating_sub(1);
    let first = first_line(app.scroll(), app.arms().len(), room);
    let of_all = (app.arms().len() > room).then(|| format!("{}–{} of {}", first + 1, first + room, app.arms().len()));
    shape.head(of_all.as_deref()).render(rows.next().unwrap_or_default(), buffer);
    for ((place, arm), row) in app.arms().rows().enumerate().skip(first).zip(rows) {
        shape.line(arm).render(row, buffer);
        if place == app.scroll() {
            buffer.set_style(row, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
    let taken = (app.arms().len() as u16 + 1).min(area.height);
    let rest = Rect { y: area.y + taken, height: area.height - taken, ..area };
    forest::draw(app, comparison, shape.arm, (rest, buffer));
}

/// Which columns are shown, and how wide; the arm's name always is.
struct Shape<'a> {
    app: &'a App,
    comparison: &'a Comparison,
    arm: usize,
    /// Place, column, width.
    columns: Vec<(usize, Column, usize)>,
    more: (bool, bool),
}

impl<'a> Shape<'a> {
    fn of(app: &'a App, comparison: &'a Comparison, room: usize) -> Self {
        let longest = |of: &dyn Fn(&ArmRow) -> usize| comparison.arms.iter().map(of).max().unwrap_or(0);
        let arm = longest(&|arm| width(&clean(&arm.label())) + 4).clamp(8, if room < 100 { 19 } else { 42 });
        let loss = longest(&|arm| width(&arm.loss)) + 2;
        let metric = METRIC + if app.versus().intervals == Intervals::Shown { INTERVAL } else { 0 };
        let width_of = |column: Column| match column {
            Column::Arm => arm,
            Column::Runs => 6,
            Column::Cases => 5,
            Column::Metric(_) => metric,
            Column::Loss => loss.clamp(6, 24),
            Column::Params => 9,
        };
        let all: Vec<_> = app.arms().columns().enumerate().map(|(i, column)| (i, column, width_of(column))).collect();
        let (all, chosen) = (&all[1..], app.arms().column().saturating_sub(1));
        // The signs that there is more at either side take a column each.
        let room = room.saturating_sub(arm + 2);
        let taken = |part: &[(usize, Column, usize)]| part.iter().map(|(_, _, width)| width).sum::<usize>();
        let first = (0..=chosen).find(|&first| taken(&all[first..=chosen]) <= room).unwrap_or(chosen);
        let count = (first..all.len()).take_while(|&last| taken(&all[first..=last]) <= room).count().max(1);
        let columns: Vec<_> = all.iter().copied().skip(first).take(count).collect();
        Self { app, comparison, arm, more: (first > 0, first + count < all.len()), columns }
    }

    /// Heads of the columns; of arms that have no room at once, which ones are there.
    fn head(&self, of_all: Option<&str>) -> Line<'static> {
        let arm = self.title((0, Column::Arm, self.arm));
        let counted = of_all.map(|part| pad(&fit(&format!("{} {part}", arm.content.trim_end()), self.arm), self.arm));
        let mut spans = vec![Span::styled(counted.unwrap_or_else(|| arm.content.to_string()), arm.style)];
        spans.push(Span::raw(if self.more.0 { "‹" } else { " " }));
        spans.extend(self.columns.iter().map(|&column| self.title(column)));
        spans.push(Span::raw(if self.more.1 { "›" } else { " " }));
        Line::from(spans)
    }

    fn title(&self, (place, column, width): (usize, Column, usize)) -> Span<'static> {
        let arms = self.app.arms();
        let chosen = place == arms.column();
        let sign = match arms.sorting() {
            Sorting::BestFirst if chosen => "▼",
            Sorting::BestLast if chosen => "▲",
            _ => " ",
        };
        let text = match column {
            Column::Arm => pad(&format!("  arm{sign}"), width),
            Column::Runs => pad_left(&format!("runs{sign}"), width),
            Column::Cases => pad_left(&format!("n{sign}"), width),
            Column::Metric(metric) if self.app.versus().intervals == Intervals::Shown => {
                pad(&format!(" {}{sign}[95 %]", metric.label), width)
            }
            Column::Metric(metric) => pad_left(metric.label, width - 2) + sign + " ",
            Column::Loss => pad(&format!("  loss{sign}"), width),
            Column::Params => pad_left(&format!("params{sign}"), width),
        };
        Span::styled(text, if chosen { Style::new().add_modifier(Modifier::REVERSED) } else { dim() })
    }

    fn line(&self, arm: &ArmRow) -> Line<'static> {
        let reference = self.app.versus().reference(self.comparison);
        let sign = if reference.is_some_and(|held| held.arm == arm.arm) { "■ " } else { "  " };
        let name = pad(&fit(&clean(&arm.label()), self.arm.saturating_sub(3)), self.arm - 2);
        let mut spans = vec![Span::raw(format!("{sign}{name} "))];
        spans.extend(self.columns.iter().map(|&(_, column, width)| match column {
            Column::Arm => Span::raw(""),
            Column::Runs => {
                // A finished run that does not count is named below.
                let sign = if arm.unscored.is_empty() { " " } else { "!" };
                Span::raw(pad_left(&format!("{}/{}{sign}", arm.finished, arm.runs), width))
            }
            Column::Cases => Span::raw(pad_left(&format!("{} ", arm.cases()), width)),
            Column::Metric(metric) => self.cell(arm, metric),
            Column::Loss => Span::raw(pad(&format!("  {}", fit(&arm.loss, width.saturating_sub(2))), width)),
            Column::Params => {
                Span::raw(pad_left(&if arm.params > 0 { count(arm.params) } else { String::new() }, width))
            }
        }));
        Line::from(spans)
    }

    /// How the arm stands to the reference, the mean, a star where it is the best, a dagger where cases are undefined.
    fn cell(&self, arm: &ArmRow, metric: &Metric) -> Span<'static> {
        let (versus, value) = (self.app.versus(), arm.value(metric));
        let best = arm.leak.is_none() && value.mean.is_some() && value.mean == self.app.arms().best(metric);
        let marks = format!("{}{}", if best { "*" } else { "" }, if value.undefined > 0 { "†" } else { "" });
        let sign = versus.sign(self.comparison, &arm.arm, metric).unwrap_or("");
        let mut text = pad_left(&format!("{sign}{}", number(metric, value.mean)), METRIC - 2);
        if versus.intervals == Intervals::Shown {
            let answers = versus.answers(self.comparison).and_then(Result::ok);
            let interval = answers.and_then(|answers| answers.interval(&arm.arm, metric));
            let ends = interval
                .map(|ends| format!(" [{}, {}]", number(metric, Some(ends.low)), number(metric, Some(ends.high))));
            text += &pad(&ends.unwrap_or_default(), INTERVAL);
        }
        Span::styled(text + &pad(&marks, 2), if best { bold() } else { Style::new() })
    }
}
