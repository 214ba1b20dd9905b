//! The scored cases of a run, the worst first, and the picture of the chosen one; or its validation case by epoch.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use super::first_line;
use crate::metric::CaseScore;
use crate::tui::app::App;
use crate::tui::cases::{Cases, Column, Sorting, undefined};
use crate::tui::row::Part;
use crate::tui::sight::{Look, Sight};
use crate::tui::text::{clean, fit, pad, pad_left, width};
use crate::tui::theme::{Theme, VERMILLION, bold, dim};
use crate::tui::widget::raster::{self, Mark, Raster};

/// Width of a number's column.
const NUMBER: usize = 9;
/// Narrower names are no names: those of BUSI differ in the number at their end.
const NAME: usize = 16;
/// A wider list has blanks between names and numbers.
const WIDEST: u16 = 90;
/// From so many columns on the image stands beside what is marked on it.
const BESIDE: u16 = 120;
/// Columns between the two.
const GAP: u16 = 2;
/// So many numbers have their place before the picture takes its own.
const NUMBERS: usize = 3;

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    title(app, usize::from(area.width)).render(head, buffer);
    let cases = app.cases();
    let known = app.chosen().is_some_and(|row| row.name == cases.name());
    if let Some(error) = cases.error().filter(|_| known) {
        return Paragraph::new(error.to_owned()).wrap(Wrap { trim: true }).render(body, buffer);
    }
    if !known || cases.rows().len() == 0 {
        let text = match (app.chosen(), known && cases.count() > 0) {
            (None, _) => "no run; 1 shows the list",
            (_, true) => "no id of a case contains this; Esc shows all",
            _ if cases.part() == Part::Valid => "reading the epochs of the validation case …",
            _ => "reading scores …",
        };
        return Line::styled(text, dim()).render(body, buffer);
    }
    let parts = Parts::of(cases, body);
    list(cases, parts.list, buffer);
    if let Some(score) = cases.chosen() {
        facts(app, score, parts.facts, buffer);
        picture(app, &parts, buffer);
    }
}

/// The picture of the chosen case and the place that it may take; `None` where there is none to be drawn.
pub fn image(app: &App, area: Rect) -> Option<(Raster, Rect)> {
    let [_, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let cases = app.cases();
    let sight = cases.sight().filter(|sight| app.chosen().is_some_and(|row| row.name == sight.name))?;
    let rasters = shown(sight, (cases.look(), area.width));
    let places = places(&rasters, Parts::of(cases, body).picture);
    let (raster, place) = match (&rasters[..], &places[..]) {
        ([image, marked], [left, right]) => {
            let gap = (image.width() * usize::from(GAP)).div_ceil(usize::from(left.width.max(1)));
            (raster::beside(image, marked, gap), left.union(*right))
        }
        _ => (rasters.into_iter().next()?, *places.first()?),
    };
    (place.width > 1 && place.height > 1).then_some((raster, place))
}

/// Where things are.
struct Parts {
    list: Rect,
    facts: Rect,
    picture: Rect,
    caption: Rect,
    /// Of the whole screen.
    columns: u16,
}

impl Parts {
    fn of(cases: &Cases, area: Rect) -> Self {
        let narrow = (2 + NAME + cases.columns().len().min(NUMBERS) * NUMBER) as u16;
        // Numbers first; a picture of a few characters shows nothing.
        let width = if area.width < narrow + 16 { area.width * 3 / 5 } else { (area.width * 9 / 20).max(narrow) };
        let width = width.min(WIDEST);
        let [list, _, right] =
            Layout::horizontal([Constraint::Length(width), Constraint::Length(2), Constraint::Min(0)]).areas(area);
        let rows = [Constraint::Length(4), Constraint::Length(1), Constraint::Min(0)];
        let [facts, caption, picture] = Layout::vertical(rows).areas(right);
        Self { list, facts, picture, caption, columns: area.width }
    }
}

fn title(app: &App, columns: usize) -> Line<'static> {
    let Some(row) = app.chosen() else { return Line::default() };
    let cases = app.cases();
    let count = cases.rows().len();
    let order = order(cases);
    let place = match (cases.epoch().zip(cases.film()), cases.sorting()) {
        _ if count == 0 => String::new(),
        (Some((epoch, film)), sorting) => {
            let order = if sorting == Sorting::Stored { String::new() } else { format!(", {order}") };
            format!("epoch {epoch} of {}{order}, {}", row.epochs, film.label())
        }
        (None, _) => format!("case {} of {count}, {order}", cases.cursor() + 1),
    };
    let found = match cases.filter() {
        "" => String::new(),
        filter => format!("   {count} of {} with {}", cases.count(), fit(filter, 30)),
    };
    let run = format!("  {}  fold {}  seed {}   ", row.spec, row.fold, row.seed);
    let room = columns.saturating_sub(width(&row.arm) + width(&run));
    let place = fit(&(place + &found), room);
    Line::from(vec![Span::styled(row.arm.clone(), bold()), Span::styled(run, dim()), Span::raw(place)])
}

fn order(cases: &Cases) -> String {
    let column = &cases.columns()[cases.column()];
    match (cases.sorting(), column.label) {
        (Sorting::Stored, _) => "as scored".to_owned(),
        (Sorting::WorstFirst, "area px") => "smallest first".to_owned(),
        (Sorting::BestFirst, "area px") => "largest first".to_owned(),
        (Sorting::WorstFirst, label) => format!("worst {label} first"),
        (Sorting::BestFirst, label) => format!("best {label} first"),
    }
}

fn list(cases: &Cases, area: Rect, buffer: &mut Buffer) {
    let room = usize::from(area.width);
    let all = cases.columns();
    let count = (room.saturating_sub(2 + NAME) / NUMBER).clamp(1, all.len());
    // The chosen column is always among the shown ones.
    let first = (cases.column() + 1).saturating_sub(count);
    let shown = || all.iter().enumerate().skip(first).take(count);
    let name = room.saturating_sub(2 + count * NUMBER);
    let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let label = |(place, column): (usize, &Column)| {
        let chosen = place == cases.column() && cases.sorting() != Sorting::Stored;
        Span::styled(pad_left(column.label, NUMBER), if chosen { bold() } else { dim() })
    };
    let of = if cases.part() == Part::Test { "test case" } else { "valid, by epoch" };
    let mut heads = vec![Span::styled(format!("  {}", pad(of, name)), dim())];
    heads.extend(shown().map(label));
    Line::from(heads).render(head, buffer);
    let top = first_line(cases.cursor(), cases.rows().len(), usize::from(body.height));
    for ((place, (_, score)), row) in cases.rows().enumerate().skip(top).zip(body.rows()) {
        let chosen = place == cases.cursor();
        let mut text = format!("{}{}", if chosen { "› " } else { "  " }, pad(&clean(&score.case), name));
        shown().for_each(|(_, column)| text += &pad_left(&number(column, score), NUMBER));
        Line::raw(text).render(row, buffer);
        if chosen {
            buffer.set_style(row, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

fn number(column: &Column, score: &CaseScore) -> String {
    (column.of)(score).map_or("–".to_owned(), |value| format!("{value:.*}", column.digits))
}

/// The case in words: what it is, what was counted, and what is missing.
fn facts(app: &App, score: &CaseScore, area: Rect, buffer: &mut Buffer) {
    let columns = usize::from(area.width);
    let mut lines = names(app, score, columns);
    let counts = score.counts;
    lines.push(Line::raw(fit(
        &match score.verdict {
            Some(verdict) => {
                let (truth, said) = (class(verdict.malignant), class(verdict.probability > 0.5));
                format!("is {truth}, called {said} (P {:.3})", verdict.probability)
            }
            None => format!("TP {}  FP {}  FN {} px", counts.tp, counts.fp, counts.fn_),
        },
        columns,
    )));
    let lacking = app.cases().sight().into_iter().flat_map(|sight| {
        let prediction = sight.prediction.as_ref().err().filter(|_| score.verdict.is_none());
        [sight.image.as_ref().err(), prediction].into_iter().flatten().map(String::as_str)
    });
    let notes: Vec<&str> = lacking.chain(undefined(score)).collect();
    let room = area.height.saturating_sub(lines.len() as u16);
    let notes = Paragraph::new(notes.join("; ")).style(app.theme().text(VERMILLION)).wrap(Wrap { trim: true });
    let [upper, lower] = Layout::vertical([Constraint::Min(0), Constraint::Length(room)]).areas(area);
    lines.into_iter().zip(upper.rows()).for_each(|(line, row)| line.render(row, buffer));
    notes.render(lower, buffer);
}

/// A test case and its subject, or an epoch and the validation case.
fn names(app: &App, score: &CaseScore, columns: usize) -> Vec<Line<'static>> {
    let cases = app.cases();
    if let Some((epoch, film)) = cases.epoch().zip(cases.film()) {
        let last = app.chosen().map_or(0, |row| row.epochs);
        let epoch = format!("epoch {epoch} of {last}");
        return vec![Line::styled(fit(&film.label(), columns), bold()), Line::styled(fit(&epoch, columns), bold())];
    }
    let subject = if score.subject == score.case { String::new() } else { format!("  of {}", clean(&score.subject)) };
    vec![Line::from(vec![
        Span::styled(fit(&clean(&score.case), columns), bold()),
        Span::styled(fit(&subject, columns.saturating_sub(width(&clean(&score.case)))), dim()),
    ])]
}

fn class(malignant: bool) -> &'static str {
    if malignant { "malignant" } else { "benign" }
}

fn picture(app: &App, parts: &Parts, buffer: &mut Buffer) {
    let cases = app.cases();
    let Some(sight) = cases.sight() else {
        return Line::styled("reading …", dim()).render(parts.picture, buffer);
    };
    let rasters = shown(sight, (cases.look(), parts.columns));
    let places = places(&rasters, parts.picture);
    captions(app, (sight, &rasters), (parts.caption, &places), buffer);
    if app.setup().images.in_characters() {
        for (raster, place) in rasters.iter().zip(places) {
            raster::draw(raster, app.theme(), place, buffer);
        }
    }
}

/// What is drawn of a case: the image without marks where there is room for both, and what is marked on it.
fn shown(sight: &Sight, (look, columns): (Look, u16)) -> Vec<Raster> {
    let is_apart = sight.image.is_ok() && look != Look::Image && columns >= BESIDE;
    let image = is_apart.then(|| sight.raster(Look::Image)).flatten();
    image.into_iter().chain(sight.raster(look)).collect()
}

/// Where the pictures are in `area`, from left to right.
fn places(rasters: &[Raster], area: Rect) -> Vec<Rect> {
    let count = rasters.len().max(1) as u16;
    let width = area.width.saturating_sub(GAP * (count - 1)) / count;
    let mut x = area.x;
    let mut place = |raster: &Raster| {
        let place = raster::extent(raster, Rect { x, width, ..area });
        x = place.right() + GAP;
        place
    };
    rasters.iter().map(&mut place).collect()
}

/// What each picture is, over it.
fn captions(app: &App, (sight, rasters): (&Sight, &[Raster]), (area, places): (Rect, &[Rect]), buffer: &mut Buffer) {
    let Some(size) = rasters.first().map(|raster| format!("{}×{} px", raster.width(), raster.height())) else {
        return;
    };
    let look = app.cases().look();
    let size = || Span::styled(size.clone(), dim());
    let mut own = caption(sight, look, app.theme());
    if let [left, right] = places {
        let of_image = Line::from(vec![Span::styled(format!("{} ", Look::Image.name()), bold()), size()]);
        of_image.render(Rect { width: right.x.saturating_sub(left.x), ..area }, buffer);
        let width = area.right().saturating_sub(right.x);
        own.render(Rect { x: right.x, width, ..area }, buffer);
    } else {
        if own.width() + size().width() <= usize::from(area.width) {
            own.push_span(size());
        }
        own.render(area, buffer);
    }
}

/// What the colours mean, or the letters in their place.
fn caption(sight: &Sight, look: Look, theme: &Theme) -> Line<'static> {
    let lone = sight.lone().filter(|_| look == Look::Overlay);
    let missing = match look {
        Look::Reference => sight.image.is_err(),
        Look::Prediction => sight.prediction.is_err(),
        Look::Overlay | Look::Image => false,
    };
    let named = |mark: &Mark| {
        let name = match (look, mark) {
            _ if lone.is_some() => "outline",
            (Look::Overlay, Mark::Both) => "TP",
            (Look::Overlay, Mark::Prediction) => "FP",
            (Look::Overlay, Mark::Reference) => "FN",
            _ => "outline",
        };
        match mark.hue().filter(|_| theme.is_rich()) {
            Some(hue) => Span::styled(format!("■ {name} "), theme.text(hue).bold()),
            None => Span::raw(format!("{} {name} ", mark.letter())),
        }
    };
    let title = match lone {
        Some(Mark::Reference) => "reference only",
        Some(_) => "prediction only",
        None => look.name(),
    };
    let mut spans = vec![Span::styled(format!("{title} "), bold())];
    match missing {
        true => spans.push(Span::raw("not there ")),
        false => spans.extend(lone.as_ref().map_or(look.marks(), std::slice::from_ref).iter().map(named)),
    }
    Line::from(spans)
}
