//! The newest lines of a run's log, and a search in them that outlives new lines.

use super::keys::Direction;
use super::text::clean;

/// Lines, and what is looked for in them.
#[derive(Debug, Default)]
pub struct Log {
    lines: Vec<String>,
    needle: String,
    found: Option<usize>,
}

impl Log {
    /// Every line, the newest last. Clean.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Takes newer lines; how many of them are new at the end. A log is only ever seen from some line on: the
    /// first ones may be gone.
    pub fn set(&mut self, text: &str) -> usize {
        let lines: Vec<String> = text.lines().map(clean).collect();
        let gone = (0..self.lines.len()).find(|&gone| lines.starts_with(&self.lines[gone..]));
        let gone = gone.unwrap_or(self.lines.len());
        let new = lines.len() - (self.lines.len() - gone);
        self.found = self.found.and_then(|line| line.checked_sub(gone));
        self.lines = lines;
        new
    }

    /// Forgets the lines; another run's are searched for the same.
    pub fn clear(&mut self) {
        self.lines.clear();
        self.found = None;
    }

    /// What is looked for.
    pub fn needle(&self) -> &str {
        &self.needle
    }

    /// Looks for something else, from the newest line backwards.
    pub fn search(&mut self, change: impl FnOnce(&mut String)) {
        change(&mut self.needle);
        self.found = self.matches().last();
    }

    /// The next match, further down or up; around the end.
    pub fn step(&mut self, direction: Direction) {
        let at = self.found.unwrap_or(self.lines.len());
        self.found = match direction {
            Direction::Forward => self.matches().find(|&line| line > at).or_else(|| self.matches().next()),
            Direction::Backward => self.matches().filter(|&line| line < at).last().or_else(|| self.matches().last()),
        };
    }

    /// The line of the chosen match.
    pub fn found(&self) -> Option<usize> {
        self.found
    }

    /// Whether a line is a match.
    pub fn is_match(&self, line: &str) -> bool {
        !self.needle.is_empty() && line.to_lowercase().contains(&self.needle.to_lowercase())
    }

    /// `match 3 of 7`; `None` if nothing is looked for.
    pub fn standing(&self) -> Option<String> {
        if self.needle.is_empty() {
            return None;
        }
        let all = self.matches().count();
        let place = self.found.map(|found| self.matches().filter(|&line| line <= found).count());
        Some(match place {
            Some(place) => format!("\"{}\": match {place} of {all}", self.needle),
            None if all > 0 => format!("\"{}\": {all} matches", self.needle),
            None => format!("\"{}\": no match in the newest {} lines", self.needle, self.lines.len()),
        })
    }

    fn matches(&self) -> impl Iterator<Item = usize> {
        self.lines.iter().enumerate().filter(|(_, line)| self.is_match(line)).map(|(place, _)| place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str, needle: &str) -> Log {
        let mut log = Log::default();
        log.set(text);
        log.search(|old| old.push_str(needle));
        log
    }

    #[test]
    fn a_search_begins_at_the_newest_match_and_goes_around() {
        let mut log = log("Epoch 1\nsaved\nepoch 2\nsaved\n", "EPOCH");
        assert_eq!(log.found(), Some(2));
        let mut after = |direction| {
            log.step(direction);
            log.found()
        };
        assert_eq!([after(Direction::Backward), after(Direction::Backward)], [Some(0), Some(2)]);
        assert_eq!(after(Direction::Forward), Some(0));
        assert_eq!(log.standing().as_deref(), Some("\"EPOCH\": match 1 of 2"));
    }

    #[test]
    fn a_match_stays_on_its_line_when_lines_come_and_go() {
        let mut log = log("a\nb\nhit\nc\n", "hit");
        assert_eq!(log.set("a\nb\nhit\nc\nhit 2\nd\n"), 2);
        assert_eq!(log.found(), Some(2));
        assert_eq!(log.set("b\nhit\nc\nhit 2\nd\n"), 0);
        assert_eq!(log.found(), Some(1));
        assert_eq!(log.set("another\n"), 1);
        assert_eq!((log.found(), log.standing().is_some_and(|s| s.contains("no match"))), (None, true));
    }
}
