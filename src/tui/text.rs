//! Text that is safe to draw and fits: everything that comes from a file passes [`clean`].

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::prose::wrap;

/// `text` with `·` for what a terminal would obey or hide: control characters, escape codes, bidirectional and
/// zero-width marks. Tabs become blanks.
pub fn clean(text: &str) -> String {
    let visible = |c: char| match c.width() {
        _ if c == '\t' => ' ',
        None | Some(0) => '·',
        // Bidirectional marks count as one column in some tables, and reorder a whole row.
        _ if matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}') => {
            '·'
        }
        _ => c,
    };
    text.chars().map(visible).collect()
}

/// Columns that `text` takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text`, or its beginning with `…`, in at most `columns`.
pub fn fit(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        kept.push(c);
    }
    if columns > 0 { kept + "…" } else { String::new() }
}

/// `text` fitted and filled with blanks to exactly `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    let fitted = fit(text, columns);
    let blanks = columns.saturating_sub(fitted.width());
    fitted + &" ".repeat(blanks)
}

/// `text` fitted, with blanks before it to exactly `columns`.
pub fn pad_left(text: &str, columns: usize) -> String {
    let fitted = fit(text, columns);
    " ".repeat(columns.saturating_sub(fitted.width())) + &fitted
}

/// `90s`, `12m`, `3h05`, `2d7h`.
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.clamp(0.0, 1e12) as u64;
    match seconds {
        0..100 => format!("{seconds}s"),
        100..6000 => format!("{}m", (seconds + 30) / 60),
        6000..172_800 => format!("{}h{:02}", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// `950`, `31.0 k`, `2.4 M`.
pub fn count(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{:.1} k", number as f64 / 1e3),
        _ => format!("{:.1} M", number as f64 / 1e6),
    }
}

/// A number in about four digits.
pub fn value(number: f64) -> String {
    match number.abs() {
        size if size == 0.0 || (0.001..1000.0).contains(&size) => format!("{number:.4}"),
        _ => format!("{number:.2e}"),
    }
}

/// `label value` pairs laid out in lines of at most `columns`, in their order; a value that is longer goes on below itself.
pub fn flow(pairs: &[(&str, String)], columns: usize, label: Style) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    for (name, value) in pairs {
        let mut pieces = wrap(value, columns.saturating_sub(name.width() + 1), 0).into_iter();
        let value = pieces.next().unwrap_or_default();
        let taken = lines.last().map_or(0, Line::width);
        if taken > 0 && taken + 3 + name.width() + 1 + value.width() > columns {
            lines.push(Line::default());
        }
        let line = lines.last_mut().expect("never empty");
        let gap = if line.width() > 0 { "   " } else { "" };
        line.push_span(Span::styled(format!("{gap}{name} "), label));
        line.push_span(Span::raw(value));
        lines.extend(pieces.map(|piece| Line::raw(" ".repeat(name.width() + 1) + &piece)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_survives() {
        assert_eq!(clean("a\u{1b}[2J\u{7}b\r\n\u{202e}c\u{9b}d\te\u{301}"), "a·[2J·b···c·d e·");
    }

    #[test]
    fn fitted_text_never_takes_more_columns_wide_characters_included() {
        for columns in 0..12 {
            for text in ["", "unet", "乳腺腫瘍の区分", "a乳b腺c腫d瘍"] {
                assert!(fit(text, columns).width() <= columns, "{text} in {columns}");
                assert_eq!(pad(text, columns).width(), columns, "{text} in {columns}");
            }
        }
    }

    #[test]
    fn durations_are_short() {
        let shown: Vec<String> = [0.0, 99.0, 100.0, 5999.0, 7500.0, 200_000.0].map(duration).into();
        assert_eq!(shown, ["0s", "99s", "2m", "100m", "2h05", "2d7h"]);
    }

    #[test]
    fn pairs_wrap_at_the_width() {
        let lines = flow(&[("loss", "0.5".into()), ("lr", "1e-3".into())], 12, Style::new());
        assert_eq!(lines.iter().map(ToString::to_string).collect::<Vec<_>>(), ["loss 0.5", "lr 1e-3"]);
    }

    #[test]
    fn a_value_longer_than_a_line_goes_on_below_itself() {
        let lines = flow(&[("train", "20 epochs at most".into()), ("lr", "1e-3".into())], 16, Style::new());
        assert_eq!(
            lines.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["train 20 epochs", "      at most", "lr 1e-3"]
        );
    }
}
