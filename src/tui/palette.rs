//! The palette: every action of the key table by its name, and orders and groups of the list by theirs.

use super::app::Screen;
use super::field::{Field, fields};
use super::keys::{ANY, Action, Direction, KEYS, Key};
use super::list::{Group, Sort};

/// A longer text finds nothing.
const LONGEST: usize = 500;

/// What is typed, and which of the lines it leaves is chosen.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    text: String,
    cursor: usize,
}

/// A line of the palette.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it does, in words.
    pub title: String,
    /// The key that does the same; empty if there is none.
    pub key: String,
    /// Where that key works.
    pub place: String,
    /// What it does.
    pub does: Does,
}

/// What a line of the palette does.
#[derive(Clone, Debug, PartialEq)]
pub enum Does {
    /// A key's action, on one of its screens.
    Act(Action, &'static [Screen]),
    /// Shows only some runs.
    Filter(String),
    /// Orders the list.
    Sort(Option<Field>),
    /// Groups the list.
    Group(Option<Group>),
}

impl Palette {
    /// What is typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The chosen line.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Adds to the text.
    pub fn type_in(&mut self, text: &str) {
        if self.text.len() < LONGEST {
            self.text.push_str(text);
        }
        self.cursor = 0;
    }

    /// Takes the last character away.
    pub fn erase(&mut self) {
        self.text.pop();
        self.cursor = 0;
    }

    /// Chooses the next line, for as long as there is one.
    pub fn pick(&mut self, direction: Direction, screen: Screen) {
        let last = self.entries(screen).len().saturating_sub(1);
        self.cursor = match direction {
            Direction::Forward => (self.cursor + 1).min(last),
            Direction::Backward => self.cursor.saturating_sub(1),
        };
    }

    /// Lines that have every word of the text; those that begin with it first, then those of `screen`.
    pub fn entries(&self, screen: Screen) -> Vec<Entry> {
        let text = self.text.trim_start_matches([':', ' ']);
        if let Some(filter) = text.strip_prefix("filter ") {
            return vec![command(format!("filter {filter}"), Does::Filter(filter.trim().to_owned()))];
        }
        let text = text.trim_end().to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        let has = |entry: &Entry| {
            let line = format!("{} {} {}", entry.title, entry.key, entry.place).to_lowercase();
            words.iter().all(|word| line.contains(word))
        };
        let mut entries: Vec<Entry> = all().into_iter().filter(has).collect();
        entries.sort_by_key(|entry| {
            let here = matches!(entry.does, Does::Act(_, screens) if screens.contains(&screen));
            (entry.title != text, !entry.title.starts_with(&text), !here)
        });
        entries
    }
}

fn all() -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for key in KEYS.iter().filter(|key| key.action != Action::Palette) {
        let does = Does::Act(key.action, key.screens);
        // A second key for the same is no second line.
        if !entries.iter().any(|entry| entry.title == key.help && entry.does == does) {
            entries.push(Entry { title: key.help.to_owned(), key: key.name(), place: place(key), does });
        }
    }
    entries.push(command("filter model=unet part=test dsc>0.8 state=failed …".to_owned(), Does::Filter(String::new())));
    entries.extend(fields().map(|field| command(format!("sort {}", field.name), Does::Sort(Some(field)))));
    entries.push(command("sort as the queue".to_owned(), Does::Sort(None)));
    let groups = Group::ALL.map(|group| command(format!("group {}", group.name()), Does::Group(Some(group))));
    entries.extend(groups);
    entries.push(command("group none".to_owned(), Does::Group(None)));
    entries
}

fn command(title: String, does: Does) -> Entry {
    Entry { title, key: String::new(), place: "Runs".to_owned(), does }
}

fn place(key: &Key) -> String {
    match key.screens == ANY {
        true => "everywhere".to_owned(),
        false => key.screens.iter().map(|screen| format!("{screen:?}")).collect::<Vec<_>>().join(" "),
    }
}

/// The order that a line of the palette asks for, given the one before: asked again, it turns round.
pub fn sorted(field: Field, before: Option<Sort>) -> Sort {
    let asked = Sort::by(field);
    let turned = Sort {
        direction: match asked.direction {
            Direction::Forward => Direction::Backward,
            Direction::Backward => Direction::Forward,
        },
        ..asked
    };
    if before == Some(asked) { turned } else { asked }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<Entry> {
        let mut palette = Palette::default();
        text.chars().for_each(|c| palette.type_in(&c.to_string()));
        palette.entries(Screen::Runs)
    }

    #[test]
    fn every_action_of_the_key_table_is_found() {
        let entries = found("");
        for key in KEYS.iter().filter(|key| key.action != Action::Palette) {
            let does = Does::Act(key.action, key.screens);
            assert!(entries.iter().any(|entry| entry.does == does), "{key:?}");
        }
    }

    #[test]
    fn the_exact_name_comes_first() {
        for (text, does) in [
            (":sort dsc", Does::Sort(Field::named("dsc"))),
            ("sort dsc ", Does::Sort(Field::named("dsc"))),
            ("group fold", Does::Group(Some(Group::Fold))),
            (":filter dsc>0.8 \"a b\"", Does::Filter("dsc>0.8 \"a b\"".into())),
        ] {
            assert_eq!(found(text).first().map(|entry| entry.does.clone()), Some(does), "{text}");
        }
        let copied = found("copy table");
        assert!(matches!(copied[0].does, Does::Act(Action::Copy(crate::tui::keys::Copy::Table), _)), "{copied:?}");
        assert_eq!(copied[0].key, "y");
        assert!(found("no such thing").is_empty());
    }
}
