//! A spec from scratch, and its values in the place of wrong ones.

use toml::{Table, Value};

use super::field::{Field, at};
use super::table::{named, put};

/// What a spec from scratch begins with.
pub(super) const FRESH: &str = r#"name = "new"
dataset = "breast-us"

[protocol]
input_px = 64
seeds = [1]
split = { folds = 5, run = 1, valid = 0.15 }

[train]
epochs = 20
batch = 8
lr = 1e-3
augment = { flip_horizontal = true }

[[arm]]
name = "unet"
model = { name = "unet", width = 0.25 }
loss = { name = "combo" }
"#;

/// Puts what a fresh draft has on a line; whether it has anything there.
pub(super) fn repair(table: &mut Table, field: Field) -> bool {
    let fresh: Table = toml::from_str(FRESH).expect("the draft that all begin with");
    match field {
        Field::Model(arm) | Field::Width(arm) | Field::Loss(arm) => {
            let list = table.get_mut("arm").and_then(Value::as_array_mut);
            let Some(place) = list.and_then(|list| list.get_mut(arm)) else { return false };
            let name = Value::from(format!("repaired-{arm}"));
            *place = Value::Table(
                [("name".to_owned(), name), ("model".to_owned(), named("unet").into())].into_iter().collect(),
            );
        }
        Field::TestOn => put(table, &["protocol", "split"], at(&fresh, &["protocol", "split"]).cloned()),
        Field::Save | Field::Start => return false,
        _ => put(table, field.path(), at(&fresh, field.path()).cloned()),
    }
    true
}
