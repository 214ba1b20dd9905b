//! A spec as a table of TOML: putting values into it.

use toml::{Table, Value};

use super::field::{has_width, row};

/// Its text.
pub(super) fn text_of(table: &Table) -> String {
    toml::to_string(table).unwrap_or_default()
}

/// `{ name = … }`.
pub(super) fn named(name: &str) -> Table {
    [("name".to_owned(), Value::from(name))].into_iter().collect()
}

/// Another model keeps the width, if it has one; a loss for another task goes.
pub(super) fn set_model(table: &mut Table, name: &str) {
    let task = |table: &Table| row(&Value::Table(table.clone())).map(|row| (row.task, row.kind));
    let before = task(table);
    let width = table.get("model").and_then(|model| model.get("width")).cloned();
    let mut model = named(name);
    if let Some(width) = width.filter(|_| has_width(name)) {
        model.insert("width".into(), width);
    }
    table.insert("model".into(), model.into());
    if task(table) != before {
        table.remove("loss");
        table.remove("edge");
    }
}

/// Puts `value` at `path`, or takes away what is there.
pub(super) fn put(table: &mut Table, path: &[&str], value: Option<Value>) {
    let Some((last, tables)) = path.split_last() else { return };
    let mut inner = table;
    for key in tables {
        let next = inner.entry(*key).or_insert_with(|| Table::new().into());
        if !next.is_table() {
            *next = Table::new().into();
        }
        let Some(next) = next.as_table_mut() else { return };
        inner = next;
    }
    match value {
        Some(value) => _ = inner.insert((*last).to_owned(), value),
        None => _ = inner.remove(*last),
    }
}

/// What TOML makes of it if that is a number, else the text, which the parser then refuses by its name.
pub(super) fn typed(text: &str) -> Value {
    let value = toml::from_str::<Table>(&format!("value = {text}")).ok().filter(|table| table.len() == 1);
    let number =
        value.and_then(|mut table| table.remove("value")).filter(|value| value.is_integer() || value.is_float());
    number.unwrap_or_else(|| text.into())
}

/// Numbers between commas or blanks.
pub(super) fn list(text: &str) -> Value {
    let parts = text.split([',', ' ']).filter(|part| !part.is_empty());
    Value::Array(parts.map(typed).collect())
}
