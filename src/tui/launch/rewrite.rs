//! Another content for a text of TOML that someone has written: what stays the same stays as it is, comments and order
//! included; comments of what goes away go with it.

use toml::{Table, Value};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, TableLike};

use super::table::text_of;

/// `text` with the content of `table`. Of the list `key`, `origins` tells which element of the text each one was, if any.
pub(super) fn rewritten(text: &str, table: &Table, (key, origins): (&str, &[Option<usize>])) -> String {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return text_of(table) };
    let root = document.as_table_mut();
    match root.get_mut(key) {
        Some(Item::ArrayOfTables(list)) => *list = origins.iter().map(|&origin| element(list, origin)).collect(),
        Some(Item::Value(toml_edit::Value::Array(list))) => arrange(list, origins),
        _ => {}
    }
    fit(root, table);
    document.to_string()
}

/// The table at `origin`, or an empty one that follows the others.
fn element(list: &ArrayOfTables, origin: Option<usize>) -> toml_edit::Table {
    let known = origin.and_then(|origin| list.get(origin)).cloned();
    known.unwrap_or_else(|| {
        let mut fresh = toml_edit::Table::new();
        fresh.decor_mut().set_prefix("\n");
        fresh
    })
}

fn arrange(list: &mut Array, origins: &[Option<usize>]) {
    let before: Vec<toml_edit::Value> = list.iter().cloned().collect();
    let known = |origin: &Option<usize>| origin.and_then(|origin| before.get(origin)).cloned();
    // A new one is written as the one before it.
    let fresh = || {
        let mut fresh = toml_edit::Value::from(InlineTable::new());
        before.last().into_iter().for_each(|last| *fresh.decor_mut() = last.decor().clone());
        fresh
    };
    list.clear();
    origins.iter().for_each(|origin| list.push_formatted(known(origin).unwrap_or_else(fresh)));
}

/// Gives `known` the keys of `table`.
fn fit(known: &mut dyn TableLike, table: &Table) {
    let gone: Vec<String> =
        known.iter().map(|(key, _)| key.to_owned()).filter(|key| !table.contains_key(key)).collect();
    gone.iter().for_each(|key| _ = known.remove(key));
    for (key, value) in in_order(table) {
        match known.get_mut(key) {
            Some(item) => fit_item(item, value),
            None => _ = known.insert(key, Item::Value(written(value))),
        }
    }
}

fn fit_item(item: &mut Item, value: &Value) {
    match (&mut *item, value) {
        (Item::ArrayOfTables(list), Value::Array(values)) if list.len() == values.len() => {
            for (known, value) in list.iter_mut().zip(values) {
                if let Value::Table(table) = value {
                    fit(known, table);
                }
            }
        }
        (Item::Value(known), value) => fit_value(known, value),
        (item, Value::Table(table)) if item.is_table_like() => {
            item.as_table_like_mut().into_iter().for_each(|known| fit(known, table));
        }
        (item, value) => *item = Item::Value(written(value)),
    }
}

fn fit_value(known: &mut toml_edit::Value, value: &Value) {
    match (&mut *known, value) {
        (toml_edit::Value::InlineTable(known), Value::Table(table)) => {
            let same_keys = known.len() == table.len() && known.iter().all(|(key, _)| table.contains_key(key));
            fit(known, table);
            if !same_keys {
                tidy(known);
            }
        }
        (toml_edit::Value::Array(known), Value::Array(values)) => {
            while known.len() > values.len() {
                known.remove(known.len() - 1);
            }
            known.iter_mut().zip(values).for_each(|(known, value)| fit_value(known, value));
            values[known.len()..].iter().for_each(|value| known.push(written(value)));
        }
        (known, value) if is_same(known, value) => {}
        (known, value) => {
            let decor = known.decor().clone();
            *known = written(value);
            *known.decor_mut() = decor;
        }
    }
}

/// Blanks before the brace that closes `known` belonged to the key that was the last one.
fn tidy(known: &mut InlineTable) {
    let around = std::mem::take(known.decor_mut());
    if !known.to_string().contains('#') {
        known.fmt();
    }
    *known.decor_mut() = around;
}

fn is_same(known: &toml_edit::Value, value: &Value) -> bool {
    match value {
        Value::String(text) => known.as_str() == Some(text),
        Value::Integer(number) => known.as_integer() == Some(*number),
        Value::Float(number) => known.as_float().is_some_and(|known| known.to_bits() == number.to_bits()),
        Value::Boolean(truth) => known.as_bool() == Some(*truth),
        Value::Datetime(time) => known.as_datetime().is_some_and(|known| known.to_string() == time.to_string()),
        Value::Array(_) | Value::Table(_) => false,
    }
}

fn written(value: &Value) -> toml_edit::Value {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(truth) => (*truth).into(),
        Value::Datetime(time) => (*time).into(),
        Value::Array(values) => values.iter().map(written).collect::<Array>().into(),
        Value::Table(table) => {
            in_order(table).map(|(key, value)| (key.as_str(), written(value))).collect::<InlineTable>().into()
        }
    }
}

/// What is new begins with its name, as people write it.
fn in_order(table: &Table) -> impl Iterator<Item = (&String, &Value)> {
    let named = |wanted: bool| table.iter().filter(move |(key, _)| (key.as_str() == "name") == wanted);
    named(true).chain(named(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# What is compared.
name = "mine" # its file's name
dataset = "busi"

[protocol]
# of both papers
input_px = 256
seeds = [
    1, # the first
    2,
]
split = { folds = 5, valid = 0.15 } # whole subjects

[train]
lr = 1e-3   # as printed
epochs = 100

# the plain one
[[arm]]
name = "unet"
model = { name = "unet", width = 0.5 } # half as wide

# the other one
[[arm]]
name = "fgfeu"
[arm.model]
name = "fgfeu-net"
# why not
width = 0.25

# the last word
"#;

    fn table(text: &str) -> Table {
        toml::from_str(text).expect("TOML")
    }

    fn changed(change: impl FnOnce(&mut Table), origins: &[Option<usize>]) -> String {
        let mut table = table(TEXT);
        change(&mut table);
        let text = rewritten(TEXT, &table, ("arm", origins));
        assert_eq!(self::table(&text), table, "{text}");
        text
    }

    fn arms(table: &mut Table) -> &mut Vec<Value> {
        table.get_mut("arm").and_then(Value::as_array_mut).expect("arms")
    }

    /// The lines of `new` that are not in `old`, and those of `old` that are not in `new`.
    fn difference(old: &str, new: &str) -> (Vec<String>, Vec<String>) {
        let lacks =
            |a: &str, b: &str| a.lines().filter(|line| !b.lines().any(|l| l == *line)).map(str::to_owned).collect();
        (lacks(new, old), lacks(old, new))
    }

    #[test]
    fn without_a_change_every_byte_stays() {
        assert_eq!(changed(|_| {}, &[Some(0), Some(1)]), TEXT);
    }

    #[test]
    fn another_value_changes_its_line_and_nothing_else() {
        let text = changed(
            |table| {
                table["train"]["lr"] = Value::Float(0.01);
                table["protocol"]["input_px"] = Value::Integer(128);
                arms(table)[1]["model"]["width"] = Value::Integer(1);
                arms(table)[0]["model"]["name"] = Value::from("cnn");
            },
            &[Some(0), Some(1)],
        );
        let (new, old) = difference(TEXT, &text);
        let cnn = "model = { name = \"cnn\", width = 0.5 } # half as wide";
        assert_eq!(new, ["input_px = 128", "lr = 0.01   # as printed", cnn, "width = 1"]);
        assert_eq!(old.len(), 4, "{old:?}");
    }

    #[test]
    fn keys_come_and_go_in_the_table_that_is_there() {
        let text = changed(
            |table| {
                let split = table["protocol"]["split"].as_table_mut().expect("a table");
                split.remove("folds");
                split.insert("holdout".into(), Value::Float(0.2));
                table["train"].as_table_mut().expect("a table").insert("batch".into(), Value::Integer(4));
                table["protocol"]["seeds"] =
                    Value::Array(vec![Value::Integer(1), Value::Integer(7), Value::Integer(8)]);
            },
            &[Some(0), Some(1)],
        );
        for line in ["split = { valid = 0.15, holdout = 0.2 } # whole subjects", "batch = 4", "    1, # the first"] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn comments_go_with_their_arm_and_stay_with_the_others() {
        let without_first = changed(|table| _ = arms(table).remove(0), &[Some(1)]);
        assert!(
            without_first.contains("# the other one\n[[arm]]\nname = \"fgfeu\"") && !without_first.contains("plain")
        );
        assert!(without_first.ends_with("# the last word\n"), "{without_first}");
        let more = changed(
            |table| {
                let copy = arms(table)[0].clone();
                arms(table).push(copy);
            },
            &[Some(0), Some(1), None],
        );
        let added = "\n[[arm]]\nname = \"unet\"\nmodel = { name = \"unet\", width = 0.5 }\n";
        assert!(more.contains(added) && more.contains("# why not\nwidth = 0.25"), "{more}");
    }

    #[test]
    fn a_list_in_one_line_stays_one() {
        let text = "arm = [{ name = \"a\" }, { name = \"b\" }] # both\n";
        let mut changed = table(text);
        arms(&mut changed).remove(0);
        assert_eq!(rewritten(text, &changed, ("arm", &[Some(1)])).matches("# both").count(), 1);
        let copy = arms(&mut changed)[0].clone();
        arms(&mut changed).push(copy);
        let both = rewritten(text, &changed, ("arm", &[Some(1), None]));
        assert_eq!((table(&both), both.lines().count()), (changed, 1), "{both}");
    }

    #[test]
    fn what_is_no_toml_is_written_anew() {
        let table = table("a = 1");
        assert_eq!(rewritten("a = = 2", &table, ("arm", &[])), "a = 1\n");
        assert_eq!(self::table(&rewritten("a = [1, { b = 2 }]\n[c]\nd = 1979-05-27", &table, ("arm", &[]))), table);
    }
}
