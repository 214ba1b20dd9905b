//! Lines of the form: what each is called, where its value stands in a spec, and what it can be.

use toml::{Table, Value};

use crate::loss::LossConfig;
use crate::model::{Kind as Made, MODELS, ModelConfig, Row};

/// A line of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The spec's name, and that of its file.
    Name,
    /// Manifest.
    Dataset,
    /// Side of the images.
    InputPx,
    /// Where the test parts come from.
    TestOn,
    /// How many.
    Folds,
    /// Share that is tested.
    Holdout,
    /// How many of the folds.
    Run,
    /// Share that validates.
    Valid,
    /// Of training.
    Seeds,
    /// At most.
    Epochs,
    /// Images a step.
    Batch,
    /// Learning rate.
    Lr,
    /// Of the arm at this place.
    Model(usize),
    /// Factor of its channels.
    Width(usize),
    /// Its loss.
    Loss(usize),
    /// Writes the file.
    Save,
    /// Writes the file and queues the runs.
    Start,
}

/// How a line is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By typing.
    Text,
    /// By typing; a digit begins.
    Number,
    /// From a list.
    Choice,
    /// It does something.
    Button,
}

/// Ways to choose the test parts, as the key that says so.
pub const TESTED: [&str; 3] = ["folds", "holdout", "published"];

impl Field {
    /// Its label.
    pub fn label(self) -> String {
        match self {
            Field::Name => "name".into(),
            Field::Dataset => "data set".into(),
            Field::InputPx => "input px".into(),
            Field::TestOn => "test on".into(),
            Field::Folds => "folds".into(),
            Field::Holdout => "share".into(),
            Field::Run => "of them run".into(),
            Field::Valid => "validation".into(),
            Field::Seeds => "seeds".into(),
            Field::Epochs => "epochs".into(),
            Field::Batch => "batch".into(),
            Field::Lr => "learning rate".into(),
            Field::Model(arm) => format!("arm {} model", arm + 1),
            Field::Width(_) => "  width".into(),
            Field::Loss(_) => "  loss".into(),
            Field::Save => "[ save ]".into(),
            Field::Start => "[ start ]".into(),
        }
    }

    /// How it is changed.
    pub fn kind(self) -> Kind {
        match self {
            Field::Name => Kind::Text,
            Field::Dataset | Field::TestOn | Field::Model(_) | Field::Loss(_) => Kind::Choice,
            Field::Save | Field::Start => Kind::Button,
            _ => Kind::Number,
        }
    }

    /// The arm that it is of.
    pub fn arm(self) -> Option<usize> {
        match self {
            Field::Model(arm) | Field::Width(arm) | Field::Loss(arm) => Some(arm),
            _ => None,
        }
    }

    /// Where its value stands; nowhere for an arm's, which stands in a list, and for what is no value.
    pub fn path(self) -> &'static [&'static str] {
        match self {
            Field::Name => &["name"],
            Field::Dataset => &["dataset"],
            Field::InputPx => &["protocol", "input_px"],
            Field::Folds => &["protocol", "split", "folds"],
            Field::Holdout => &["protocol", "split", "holdout"],
            Field::Run => &["protocol", "split", "run"],
            Field::Valid => &["protocol", "split", "valid"],
            Field::Seeds => &["protocol", "seeds"],
            Field::Epochs => &["train", "epochs"],
            Field::Batch => &["train", "batch"],
            Field::Lr => &["train", "lr"],
            _ => &[],
        }
    }

    /// The lines that the spec in `table` has.
    pub fn of(table: &Table) -> Vec<Self> {
        let mut fields = vec![Field::Name, Field::Dataset, Field::InputPx, Field::TestOn];
        match tested(table) {
            "folds" => fields.extend([Field::Folds, Field::Run]),
            "holdout" => fields.push(Field::Holdout),
            _ => fields.push(Field::Run),
        }
        fields.extend([Field::Valid, Field::Seeds, Field::Epochs, Field::Batch, Field::Lr]);
        for (place, arm) in arms(table).iter().enumerate() {
            fields.push(Field::Model(place));
            let row = row(arm);
            if row.is_some_and(|row| has_width(row.name)) {
                fields.push(Field::Width(place));
            }
            if row.is_none_or(|row| row.kind == Made::Network) {
                fields.push(Field::Loss(place));
            }
        }
        fields.extend([Field::Save, Field::Start]);
        fields
    }

    /// Its value as it is shown and typed; empty where there is none.
    pub fn text(self, table: &Table) -> String {
        let arm = self.arm().and_then(|arm| arms(table).get(arm).and_then(Value::as_table));
        let of_model = |key: &str| arm.and_then(|arm| arm.get("model")?.get(key)).map(text);
        match self {
            Field::TestOn => tested(table).to_owned(),
            Field::Model(_) => of_model("name").unwrap_or_default(),
            Field::Width(_) => of_model("width").unwrap_or_else(|| "1".to_owned()),
            Field::Loss(_) => arm.and_then(|arm| arm.get("loss")?.get("name")).map_or_else(String::new, text),
            _ => at(table, self.path()).map(text).unwrap_or_default(),
        }
    }

    /// What it can be, with a word on each; `datasets` likewise.
    pub fn choices(self, datasets: &[(String, String)]) -> Vec<(String, String)> {
        match self {
            Field::Dataset => datasets.to_vec(),
            Field::TestOn => [
                ("folds", "each subject tested once, if all folds are run"),
                ("holdout", "one part of the subjects"),
                ("published", "the parts that the data set was published with"),
            ]
            .map(|(name, about)| (name.to_owned(), about.to_owned()))
            .into(),
            Field::Model(_) => MODELS.iter().map(|row| (row.name.to_owned(), row.about.to_owned())).collect(),
            // A sum has terms, which are written in an editor.
            Field::Loss(_) => {
                let names = LossConfig::NAMES.iter().filter(|name| **name != "sum");
                names.map(|name| ((*name).to_owned(), String::new())).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The arms of the spec in `table`.
pub fn arms(table: &Table) -> &[Value] {
    table.get("arm").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The registry's row of an arm's model; `None` for a name that is not in it.
pub fn row(arm: &Value) -> Option<&'static Row> {
    let name = arm.get("model")?.get("name")?.as_str()?;
    MODELS.iter().find(|row| row.name == name)
}

/// Whether the model called `name` comes in widths.
pub fn has_width(name: &str) -> bool {
    let table = ModelConfig::named(name).and_then(|config| Table::try_from(config).ok());
    table.is_some_and(|table| table.contains_key("width"))
}

/// The value at `path`.
pub fn at<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Value> {
    let (last, tables) = path.split_last()?;
    let inner = tables.iter().try_fold(table, |table, key| table.get(*key)?.as_table())?;
    inner.get(*last)
}

/// The key that says where the test parts come from.
fn tested(table: &Table) -> &'static str {
    let split = at(table, &["protocol", "split"]).and_then(Value::as_table);
    let has = |key: &&&str| split.is_some_and(|split| split.contains_key(**key));
    TESTED.iter().chain(&["file"]).find(has).copied().unwrap_or("folds")
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Float(number) => format!("{number}"),
        other => other.to_string(),
    }
}
