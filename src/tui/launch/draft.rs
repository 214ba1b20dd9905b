//! A spec that is being written: a table of TOML that the form changes, and what the parser of specs says of it.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::blame::{blame, words};
use super::field::{Field, arms, at};
use super::fresh::{FRESH, repair};
use super::rewrite::rewritten;
use super::table::{list, named, put, set_model, text_of, typed};
use crate::spec::Spec;
use crate::tui::text::clean;

/// More wrong values at a time are not told apart.
const FAULTS: usize = 8;
/// What messages call a draft.
const PLACE: &str = "draft";

/// Something wrong, and the line of the form that it is about, if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub field: Option<Field>,
    /// What, and what is expected.
    pub text: String,
}

/// A spec that is being written.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    table: Table,
    /// As it came from a file or an editor.
    source: String,
    /// Which arm of the source each one was, if any: its comments stay with it.
    origins: Vec<Option<usize>>,
    /// The file that it was opened from, under its name then.
    opened: Option<(PathBuf, String)>,
    /// What the form has made of the source.
    text: String,
    spec: Option<Spec>,
    faults: Vec<Fault>,
    changed: bool,
}

impl Draft {
    /// From scratch, called `name`.
    pub fn fresh(name: &str) -> Self {
        Self::parse(FRESH).called_anew(name)
    }

    /// Under a name that nobody has typed: there is nothing of anybody's to lose yet.
    #[must_use]
    pub fn called_anew(mut self, name: &str) -> Self {
        self.set(Field::Name, name);
        self.changed = false;
        self
    }

    /// What `text` says; one that is no TOML has one fault and no lines.
    pub fn parse(text: &str) -> Self {
        let table: Table = toml::from_str(text).unwrap_or_default();
        let origins = (0..arms(&table).len()).map(Some).collect();
        let (source, text) = (text.to_owned(), text.to_owned());
        let mut draft =
            Self { table, source, origins, opened: None, text, spec: None, faults: Vec::new(), changed: false };
        draft.check();
        draft
    }

    /// Remembers where it was opened from.
    #[must_use]
    pub fn opened_from(mut self, path: &Path) -> Self {
        self.opened = Some((path.to_owned(), self.name()));
        self
    }

    /// As it was left: called `name`, opened from `path`, not saved.
    #[must_use]
    pub fn left(mut self, name: &str, path: Option<&Path>) -> Self {
        self.changed = true;
        self.opened = path.map(|path| (path.to_owned(), name.to_owned()));
        self
    }

    /// As it was, but for its text.
    #[must_use]
    pub fn edited(&self, text: &str) -> Self {
        let changed = self.changed || self.toml() != text;
        Self { changed, opened: self.opened.clone(), ..Self::parse(text) }
    }

    /// The spec, if nothing is wrong.
    pub fn spec(&self) -> Option<&Spec> {
        self.spec.as_ref()
    }

    /// What is wrong.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Whether something has not been saved.
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// It is on disk as it is, at `path`.
    pub fn saved(&mut self, path: &Path) {
        (self.changed, self.opened) = (false, Some((path.to_owned(), self.name())));
    }

    /// The file that it was opened from, if it still has the name of then.
    pub fn file(&self) -> Option<&Path> {
        self.opened.as_ref().filter(|(_, name)| *name == self.called()).map(|(path, _)| path.as_path())
    }

    /// Its name as far as it goes.
    pub fn name(&self) -> String {
        Field::Name.text(&self.table)
    }

    /// What it is called: by its file's name or none where its own cannot be read.
    pub fn called(&self) -> String {
        let name = Some(self.name()).filter(|name| !name.is_empty());
        let opened = || self.opened.as_ref().map(|(_, name)| name.clone());
        name.or_else(opened).unwrap_or_else(|| PLACE.to_owned())
    }

    /// Names of its arms.
    pub fn arm_name(&self, arm: usize) -> String {
        let name = arms(&self.table).get(arm).and_then(|arm| arm.get("name")?.as_str());
        name.map(clean).unwrap_or_default()
    }

    /// Lines of the form.
    pub fn fields(&self) -> Vec<Field> {
        if self.table.is_empty() { Vec::new() } else { Field::of(&self.table) }
    }

    /// The value on a line.
    pub fn value(&self, field: Field) -> String {
        clean(&field.text(&self.table))
    }

    /// The text of its file: as it was typed in an editor, but for what the form has changed.
    pub fn toml(&self) -> &str {
        &self.text
    }

    /// Takes what was typed or chosen on a line.
    pub fn set(&mut self, field: Field, text: &str) {
        match field {
            Field::TestOn => self.test_on(text),
            Field::Model(arm) => self.rename_after(arm, |table| set_model(table, text)),
            Field::Width(arm) => self.change_arm(arm, |table| {
                if let Some(model) = table.get_mut("model").and_then(Value::as_table_mut) {
                    model.insert("width".into(), typed(text));
                }
            }),
            Field::Loss(arm) => self.rename_after(arm, |table| {
                table.insert("loss".into(), named(text).into());
                table.remove("edge");
            }),
            Field::Save | Field::Start => return,
            Field::Name | Field::Dataset => put(&mut self.table, field.path(), Some(text.into())),
            Field::Seeds => put(&mut self.table, field.path(), Some(list(text))),
            _ => put(&mut self.table, field.path(), Some(typed(text)).filter(|_| !text.is_empty())),
        }
        self.touch();
    }

    /// One more arm, as the one at `arm`, or as a fresh draft's.
    pub fn add_arm(&mut self, arm: usize) {
        let fresh = || Draft::fresh("new").table.get("arm").and_then(|arms| arms.get(0)).cloned();
        let Some(added) = arms(&self.table).get(arm).cloned().or_else(fresh) else { return };
        let list = self.table.entry("arm").or_insert_with(|| Value::Array(Vec::new()));
        let Some(list) = list.as_array_mut() else { return };
        list.push(added);
        self.origins.push(None);
        let last = list.len() - 1;
        self.name_arm(last);
        self.touch();
    }

    /// One arm less.
    pub fn remove_arm(&mut self, arm: usize) {
        if let Some(list) = self.table.get_mut("arm").and_then(Value::as_array_mut).filter(|list| arm < list.len()) {
            list.remove(arm);
            self.origins.remove(arm);
            self.touch();
        }
    }

    fn test_on(&mut self, key: &str) {
        let split: &[(&str, Value)] = match key {
            "holdout" => &[("holdout", Value::Float(0.2)), ("valid", Value::Float(0.15))],
            "published" => &[("published", Value::Boolean(true))],
            _ => &[("folds", Value::Integer(5)), ("run", Value::Integer(1)), ("valid", Value::Float(0.15))],
        };
        let mut split: Table = split.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        if let Some(seed) = at(&self.table, &["protocol", "split", "seed"]) {
            split.insert("seed".into(), seed.clone());
        }
        put(&mut self.table, &["protocol", "split"], Some(split.into()));
    }

    fn change_arm(&mut self, arm: usize, change: impl FnOnce(&mut Table)) {
        let list = self.table.get_mut("arm").and_then(Value::as_array_mut);
        if let Some(table) = list.and_then(|list| list.get_mut(arm)?.as_table_mut()) {
            change(table);
        }
    }

    /// A name that came from the model follows it; one that someone gave stays.
    fn rename_after(&mut self, arm: usize, change: impl FnOnce(&mut Table)) {
        let follows = self.arm_name(arm).starts_with(&Field::Model(arm).text(&self.table));
        self.change_arm(arm, change);
        if follows {
            self.name_arm(arm);
        }
    }

    /// By its model; by its loss or a number too where others are called so.
    fn name_arm(&mut self, arm: usize) {
        let texts = [Field::Model(arm), Field::Loss(arm)].map(|field| field.text(&self.table));
        let [model, loss] = texts.each_ref().map(String::as_str);
        let is_free = |name: &String| {
            let mut others = arms(&self.table).iter().enumerate().filter(|(place, _)| *place != arm);
            others.all(|(_, other)| other.get("name").and_then(Value::as_str) != Some(name))
        };
        let numbered = (2..).map(|number| format!("{model}-{number}"));
        let name = [model.to_owned(), format!("{model}-{loss}")].into_iter().chain(numbered).find(is_free);
        let list = self.table.get_mut("arm").and_then(Value::as_array_mut);
        if let (Some(name), Some(table)) = (name, list.and_then(|list| list.get_mut(arm)?.as_table_mut())) {
            table.insert("name".into(), name.into());
        }
    }

    fn touch(&mut self) {
        self.text = rewritten(&self.source, &self.table, ("arm", &self.origins));
        self.changed = true;
        self.check();
    }

    /// Asks the parser of specs, and asks again without what it found wrong, so that every wrong value is named.
    fn check(&mut self) {
        (self.spec, self.faults) = (None, Vec::new());
        let mut wrong = match Spec::parse(&self.text, PLACE) {
            Ok(spec) => return self.spec = Some(spec),
            Err(error) => (self.text.clone(), error),
        };
        // A line of the form is found by its line in a text that is written line by line.
        let text = text_of(&self.table);
        if let Some(error) = Spec::parse(&text, PLACE).err().filter(|_| self.text != self.source) {
            wrong = (text, error);
        }
        let mut table = self.table.clone();
        loop {
            // Where there is no TOML, there are no lines to put it beside.
            let field = blame(&wrong.1, &wrong.0, &table).filter(|_| !self.table.is_empty());
            let is_read = self.faults.is_empty() && self.text == self.source;
            self.faults.push(Fault { field, text: words(&wrong.1, is_read) });
            let Some(field) = field.filter(|field| self.faults.len() < FAULTS && repair(&mut table, *field)) else {
                return;
            };
            let text = text_of(&table);
            match Spec::parse(&text, PLACE) {
                Ok(_) => return,
                // What was meant to be repaired is still wrong: the rest is unknown.
                Err(error) if blame(&error, &text, &table) == Some(field) => return,
                Err(error) => wrong = (text, error),
            }
        }
    }
}
