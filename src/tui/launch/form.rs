//! The form of a draft: which line is chosen, what is being typed into it, and the list that a choice is made from.

use super::draft::Draft;
use super::field::{Field, Kind};
use crate::tui::keys::{Direction, Motion};
use crate::tui::text::clean;

/// A longer value is none.
const LONGEST: usize = 200;

/// A draft and its lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// What it changes.
    pub draft: Draft,
    cursor: usize,
    entry: Option<Entry>,
    /// The draft before the value that is being typed.
    before: Option<Draft>,
}

/// What takes the keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A value.
    Text(String),
    /// A list.
    Picker(Picker),
}

/// What is typed to find a choice, and which of those left is chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picker {
    /// Typed.
    pub text: String,
    /// Chosen.
    pub cursor: usize,
}

/// Names to choose from, with a word on each.
pub type Choices = [(String, String)];

impl Form {
    /// The form of `draft`.
    pub fn new(draft: Draft) -> Self {
        Self { draft, cursor: 0, entry: None, before: None }
    }

    /// The chosen line's place.
    pub fn cursor(&self) -> usize {
        self.cursor.min(self.draft.fields().len().saturating_sub(1))
    }

    /// The chosen line.
    pub fn field(&self) -> Option<Field> {
        self.draft.fields().get(self.cursor()).copied()
    }

    /// What takes the keys, if something does.
    pub fn entry(&self) -> Option<&Entry> {
        self.entry.as_ref()
    }

    /// To another line.
    pub fn go(&mut self, motion: Motion, page: usize) {
        let last = self.draft.fields().len().saturating_sub(1);
        self.cursor = crate::tui::app::moved(self.cursor(), motion, page).min(last);
    }

    /// One more arm, like the chosen one; the cursor goes to it.
    pub fn add_arm(&mut self, arm: Option<usize>) {
        self.draft.add_arm(arm.unwrap_or(0));
        let last = |field: &Field| matches!(field, Field::Model(_));
        self.cursor = self.draft.fields().iter().rposition(last).unwrap_or(self.cursor);
    }

    /// Whether a digit begins a value here.
    pub fn takes_digits(&self) -> bool {
        self.field().is_some_and(|field| field.kind() == Kind::Number)
    }

    /// The next or previous of a line's choices.
    pub fn turn(&mut self, direction: Direction, datasets: &Choices) {
        let Some(field) = self.field().filter(|field| field.kind() == Kind::Choice) else { return };
        let choices = field.choices(datasets);
        let value = self.draft.value(field);
        let place = choices.iter().position(|(name, _)| *name == value);
        let next = match (place, direction) {
            (None, _) => 0,
            (Some(place), Direction::Forward) => (place + 1) % choices.len(),
            (Some(place), Direction::Backward) => (place + choices.len() - 1) % choices.len(),
        };
        if let Some((name, _)) = choices.get(next) {
            self.draft.set(field, name);
        }
    }

    /// Opens what the line is changed with.
    pub fn open(&mut self, datasets: &Choices) {
        let Some(field) = self.field() else { return };
        self.before = Some(self.draft.clone());
        self.entry = match field.kind() {
            Kind::Text | Kind::Number => Some(Entry::Text(self.draft.value(field))),
            Kind::Choice => {
                let value = self.draft.value(field);
                let cursor = field.choices(datasets).iter().position(|(name, _)| *name == value).unwrap_or(0);
                Some(Entry::Picker(Picker { text: String::new(), cursor }))
            }
            Kind::Button => None,
        };
    }

    /// The choices that what is typed leaves.
    pub fn choices(&self, datasets: &Choices) -> Vec<(String, String)> {
        let (Some(field), Some(Entry::Picker(picker))) = (self.field(), &self.entry) else { return Vec::new() };
        let text = picker.text.trim_start_matches('/').to_lowercase();
        let has = |(name, about): &(String, String)| {
            let line = format!("{name} {about}").to_lowercase();
            text.split_whitespace().all(|word| line.contains(word))
        };
        let mut found: Vec<_> = field.choices(datasets).into_iter().filter(has).collect();
        // A stable order: those that begin with it first.
        found.sort_by_key(|(name, _)| !name.starts_with(&text));
        found
    }

    /// A character; a digit on a number replaces it.
    pub fn typed(&mut self, c: char) {
        let c = clean(&c.to_string());
        let begins = self.takes_digits();
        match &mut self.entry {
            None if begins => {
                self.before = Some(self.draft.clone());
                self.entry = Some(Entry::Text(c));
            }
            None => return,
            Some(Entry::Text(text)) if text.len() < LONGEST => text.push_str(&c),
            Some(Entry::Text(_)) => return,
            Some(Entry::Picker(picker)) => {
                picker.text.push_str(&c);
                picker.cursor = 0;
            }
        }
        self.try_out();
    }

    /// The last character goes.
    pub fn erased(&mut self) {
        match &mut self.entry {
            Some(Entry::Text(text)) => _ = text.pop(),
            Some(Entry::Picker(picker)) => {
                picker.text.pop();
                picker.cursor = 0;
            }
            None => {}
        }
        self.try_out();
    }

    /// All that was typed goes.
    pub fn cleared(&mut self) {
        match &mut self.entry {
            Some(Entry::Text(text)) => text.clear(),
            Some(Entry::Picker(picker)) => *picker = Picker::default(),
            None => {}
        }
        self.try_out();
    }

    /// Another line of the list.
    pub fn picked(&mut self, direction: Direction, datasets: &Choices) {
        let last = self.choices(datasets).len().saturating_sub(1);
        if let Some(Entry::Picker(picker)) = &mut self.entry {
            picker.cursor = match direction {
                Direction::Forward => (picker.cursor + 1).min(last),
                Direction::Backward => picker.cursor.saturating_sub(1),
            };
        }
    }

    /// Takes the value or the choice, and goes on to the next line.
    pub fn entered(&mut self, datasets: &Choices) {
        let choices = self.choices(datasets);
        self.before = None;
        match self.entry.take() {
            Some(Entry::Picker(picker)) => {
                let (Some((name, _)), Some(field)) = (choices.get(picker.cursor), self.field()) else { return };
                self.draft.set(field, name);
            }
            Some(Entry::Text(_)) => self.go(Motion::Line(Direction::Forward), 1),
            None => {}
        }
    }

    /// The draft is as it was before the value was typed.
    pub fn dismissed(&mut self) {
        self.entry = None;
        if let Some(before) = self.before.take() {
            self.draft = before;
        }
    }

    /// A value is in the draft while it is typed, so that what is wrong with it is said at once.
    fn try_out(&mut self) {
        if let (Some(field), Some(Entry::Text(text))) = (self.field(), self.entry.clone()) {
            self.draft.set(field, text.trim());
        }
    }
}
