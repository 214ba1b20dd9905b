//! Sentences in lines of a terminal.

use super::text::{fit, width};

/// What a line is, so that the screen can set it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Names what follows.
    Head,
    /// What it is about.
    Plain,
    /// Labels and remarks.
    Dim,
    /// What should not be overlooked.
    Warning,
}

/// A line and its tone.
pub type Said = (Tone, String);

/// Holds two words together on a line, where it is drawn as a blank.
pub const GLUE: char = '\u{a0}';

/// `text` in lines of at most `columns`, broken at blanks other than [`GLUE`]; those after the first begin with `indent` blanks. A word that
/// is longer than a line is cut.
pub fn wrap(text: &str, columns: usize, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let indent = " ".repeat(indent.min(columns / 2));
    let is_break = |c: char| c.is_whitespace() && c != GLUE;
    for word in text.split(is_break).filter(|word| !word.is_empty()) {
        let word = &*word.replace(GLUE, " ");
        let blank = usize::from(!line.trim_start().is_empty());
        if blank > 0 && width(&line) + blank + width(word) > columns {
            lines.push(std::mem::replace(&mut line, indent.clone()));
        } else if blank > 0 {
            line.push(' ');
        }
        line += &fit(word, columns.saturating_sub(width(&line)));
    }
    lines.push(line);
    lines
}

/// `text` wrapped, all of it in `tone`.
pub fn say(tone: Tone, text: &str, columns: usize) -> impl Iterator<Item = Said> + use<> {
    wrap(text, columns, 2).into_iter().map(move |line| (tone, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_asked_for_and_no_word_is_lost() {
        let text = "one 乳腺腫瘍 three averyveryverylongword end";
        for columns in 1..40 {
            let lines = wrap(text, columns, 2);
            assert!(lines.iter().all(|line| width(line) <= columns), "{columns}: {lines:?}");
        }
        assert_eq!(wrap("one two three", 7, 2), ["one two", "  three"]);
        assert_eq!(wrap("", 7, 2), [""]);
        assert_eq!(wrap("a\u{a0}1, b\u{a0}2", 6, 0), ["a 1,", "b 2"]);
    }
}
