//! Every key, from the table that also dispatches them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::works::is_forbidden;
use crate::tui::app::{App, Screen};
use crate::tui::keys::{ANY, KEYS, Key};
use crate::tui::prose::wrap;
use crate::tui::text::{fit, pad, width};
use crate::tui::theme::{bold, dim};

/// Width of a column of help; of the keys in it.
const COLUMN: (u16, usize) = (38, 10);

/// A line of help.
enum Entry {
    Group(String),
    Key(&'static Key),
}

/// Draws the screen, in as many columns as there is room for.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let entries = entries(app);
    let (columns, room) = grid(entries.len(), area);
    let width = area.width / columns.max(1) as u16;
    let first = app.scroll().min(entries.len().saturating_sub(room * columns));
    let below = entries.len().saturating_sub(first + room * columns);
    if let Some(last) = area.rows().next_back().filter(|_| below > 0) {
        Line::styled(format!("{below} lines below: PgDn"), dim()).render(last, buffer);
    }
    for (index, entry) in entries.iter().skip(first).take(room * columns).enumerate() {
        let (column, row) = ((index / room) as u16, (index % room) as u16);
        let place = Rect::new(area.x + column * width, area.y + row, width.saturating_sub(1), 1);
        line(entry, usize::from(place.width)).render(place, buffer);
    }
}

/// Lines that `area` has room for, and the last line that may come first.
pub fn page(app: &App, area: Rect) -> (usize, usize) {
    let all = entries(app).len();
    let (columns, room) = grid(all, area);
    (columns * room, all.saturating_sub(columns * room))
}

/// Columns, and lines in each.
fn grid(all: usize, area: Rect) -> (usize, usize) {
    let most = usize::from((area.width / COLUMN.0).clamp(1, 4));
    let is_all = all <= most * usize::from(area.height);
    let room = usize::from(area.height).saturating_sub(usize::from(!is_all)).max(1);
    (all.div_ceil(room).min(most), room)
}

/// Keys of the same screens together, in the order of the table: first those of the screen that help was asked for on,
/// then those of all screens; who may only look is told no others.
fn entries(app: &App) -> Vec<Entry> {
    let screen = app.asked_from();
    let mut groups: Vec<&'static [Screen]> = Vec::new();
    for key in KEYS {
        if !groups.contains(&key.screens) {
            groups.push(key.screens);
        }
    }
    groups.sort_by_key(|group| (*group == ANY || !group.contains(&screen), *group != ANY));
    let of = |group: &'static [Screen]| {
        KEYS.iter().filter(move |key| key.screens == group && !is_forbidden(app, key.action)).map(Entry::Key)
    };
    let heads = |group: &[Screen]| wrap(&title(group), usize::from(COLUMN.0) - 1, 2).into_iter().map(Entry::Group);
    groups.into_iter().flat_map(|group| heads(group).chain(of(group))).collect()
}

fn title(screens: &[Screen]) -> String {
    let names =
        |all: &mut dyn Iterator<Item = &Screen>| all.map(|screen| format!("{screen:?}")).collect::<Vec<_>>().join(", ");
    match screens {
        _ if screens == ANY => "Everywhere".to_owned(),
        // What is left out is shorter than what there is.
        _ if screens.len() > ANY.len() / 2 => {
            format!("Everywhere but {}", names(&mut ANY.iter().filter(|screen| !screens.contains(screen))))
        }
        _ => names(&mut screens.iter()),
    }
}

fn line(entry: &Entry, columns: usize) -> Line<'static> {
    match entry {
        Entry::Group(title) => Line::styled(fit(title, columns), dim()),
        Entry::Key(key) => {
            let name = pad(&key.name(), COLUMN.1.max(width(&key.name()) + 1));
            let help = fit(key.help, columns.saturating_sub(width(&name) + 2));
            Line::from(vec![Span::raw("  "), Span::styled(name, bold()), Span::raw(help)])
        }
    }
}
