//! Which line of the form an error of the parser is about.

use toml::{Table, Value};

use super::field::{Field, arms, at};
use crate::spec::SpecError;
use crate::tui::text::clean;

/// The line that `error` is about, which the parser found in `text`, the text of `table`.
pub fn blame(error: &SpecError, text: &str, table: &Table) -> Option<Field> {
    let SpecError::Invalid { place, message } = error else { return None };
    let fields = Field::of(table);
    let field = of_arm(message, table)
        .or_else(|| of_folds(message, table))
        .or_else(|| by_words(message, &fields))
        .or_else(|| {
            let line = place.rsplit_once(':')?.1.parse().ok()?;
            by_line(line, text, &fields)
        });
    // Inside of a model the parser knows no line.
    field.or_else(|| no_number(table)).filter(|field| fields.contains(field))
}

/// `arm "unet": …`.
fn of_arm(message: &str, table: &Table) -> Option<Field> {
    let (name, said) = message.strip_prefix("arm \"")?.split_once("\": ")?;
    let arm = arms(table).iter().position(|arm| arm.get("name").and_then(Value::as_str) == Some(name))?;
    Some(match said {
        _ if said.starts_with("input_px") => Field::InputPx,
        _ if said.starts_with("model.width") => Field::Width(arm),
        _ if said.starts_with("leak") => Field::TestOn,
        _ if said.contains("loss") => Field::Loss(arm),
        _ => Field::Model(arm),
    })
}

/// `folds = 5, run = 9: …`: the one that is wrong.
fn of_folds(message: &str, table: &Table) -> Option<Field> {
    let folds = message.strip_prefix("folds = ").and_then(|_| at(table, Field::Folds.path())?.as_integer())?;
    Some(if folds < 2 { Field::Folds } else { Field::Run })
}

/// `train.epochs = 0: …`, `folds = 1, run = 1: …`, ``missing field `epochs` ``.
fn by_words(message: &str, fields: &[Field]) -> Option<Field> {
    match message {
        _ if message.starts_with("split: missing valid") => return Some(Field::Valid),
        _ if message.starts_with("split:") => return Some(Field::TestOn),
        _ => {}
    }
    let begins = |key: &str| message.strip_prefix(key).is_some_and(|rest| rest.starts_with(' '));
    let is = |field: &&Field| {
        let path = field.path();
        path.last().is_some_and(|last| {
            begins(last) || begins(&path.join(".")) || message.starts_with(&format!("missing field `{last}`"))
        })
    };
    fields.iter().find(is).copied()
}

/// By the key on the line, from 1, and the table above it.
fn by_line(line: usize, text: &str, fields: &[Field]) -> Option<Field> {
    let lines: Vec<&str> = text.lines().take(line).collect();
    let key = lines.last()?.split_once('=')?.0.trim();
    let head = lines.iter().rev().find_map(|line| line.trim().strip_prefix('[')?.strip_suffix(']'));
    let path: Vec<&str> = head.into_iter().flat_map(|head| head.split('.')).chain([key]).collect();
    fields.iter().find(|field| field.path() == path).copied()
}

/// The first width that is no number.
fn no_number(table: &Table) -> Option<Field> {
    let is = |arm: &Value| arm.get("model").and_then(|model| model.get("width")).is_some_and(Value::is_str);
    arms(table).iter().position(is).map(Field::Width)
}

/// What is wrong, with its line in a text that people have before them.
pub fn words(error: &SpecError, is_read: bool) -> String {
    match error {
        SpecError::Invalid { place, message } => {
            let line = place.rsplit_once(':').filter(|_| is_read).map(|(_, line)| format!("line {line}: "));
            let line = line.unwrap_or_default();
            clean(&format!("{line}{}", message.replace('\n', " ")))
        }
        SpecError::Missing { .. } => clean(&error.to_string()),
    }
}
