//! Path patterns: `{subject}/{case}_mask_{n}.png` says which files take part and what their names mean.
//! Knows names, not files. File names are untrusted; matching costs at most pieces × length² steps.

use serde::{Deserialize, Serialize};

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Subject,
    Series,
    Case,
    Slice,
    Class,
    /// The number of a mask among several of one image.
    Number,
}

impl Key {
    const ALL: [(Key, &'static str); 6] = [
        (Key::Subject, "subject"),
        (Key::Series, "series"),
        (Key::Case, "case"),
        (Key::Slice, "slice"),
        (Key::Class, "class"),
        (Key::Number, "n"),
    ];

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(key, _)| *key)
    }

    fn numeric(self) -> bool {
        matches!(self, Key::Slice | Key::Number)
    }
}

/// The text that each placeholder stands for in one path.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Names([Option<String>; Key::ALL.len()]);

impl Names {
    pub(crate) fn get(&self, key: Key) -> Option<&str> {
        self.0[key as usize].as_deref()
    }

    fn set(&mut self, key: Key, text: &str) {
        self.0[key as usize] = Some(text.to_owned());
    }

    /// Only the placeholders in `keys`.
    pub(crate) fn only(&self, keys: &[Key]) -> Self {
        let mut names = Self::default();
        for &key in keys {
            names.0[key as usize].clone_from(&self.0[key as usize]);
        }
        names
    }
}

/// A path below the data set's folder with placeholders.
///
/// `{subject}`, `{series}`, `{case}`, `{class}` stand for any text, `{slice}` and `{n}` for digits, `*` for any text that
/// means nothing. None crosses a `/`; each is as short as possible, from the left, and not empty. A placeholder that
/// comes again in a later folder or file name stands for the same text. File names match in upper and lower case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    text: String,
    levels: Vec<Vec<Piece>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Key(Key),
    Any,
}

/// Folders deep.
const LEVELS: usize = 8;
/// Parts of one folder's or file's name.
const PIECES: usize = 8;

impl Pattern {
    /// Folder and file names.
    pub(super) fn levels(&self) -> usize {
        self.levels.len()
    }

    /// The name of `level`, if it is the same for all files.
    pub(super) fn literal(&self, level: usize) -> Option<&str> {
        match self.levels[level].as_slice() {
            [Piece::Literal(name)] => Some(name),
            _ => None,
        }
    }

    /// The placeholders, without repetition, in the order of [`Key`].
    pub(crate) fn keys(&self) -> Vec<Key> {
        let used = |key: Key| self.levels.iter().flatten().any(|piece| *piece == Piece::Key(key));
        Key::ALL.into_iter().map(|(key, _)| key).filter(|key| used(*key)).collect()
    }

    /// What the placeholders of `level` stand for in `name`, given those of the levels above; `None` if it does not fit.
    pub(super) fn fit_level(&self, level: usize, name: &str, above: &Names) -> Option<Names> {
        let mut names = above.clone();
        let mut dead = vec![false; (self.levels[level].len() + 1) * (name.len() + 1)];
        let is_file = level + 1 == self.levels.len();
        let fit = Fit { pieces: &self.levels[level], name, above, any_case: is_file };
        fit.from(0, 0, &mut names, &mut dead).then_some(names)
    }

    /// What the placeholders stand for in `path`, whose parts are separated by `/`.
    pub(crate) fn fit(&self, path: &str) -> Option<Names> {
        let parts: Vec<&str> = path.split('/').collect();
        let fits = parts.len() == self.levels.len();
        let start = fits.then(Names::default)?;
        parts.iter().enumerate().try_fold(start, |names, (level, part)| self.fit_level(level, part, &names))
    }
}

struct Fit<'a> {
    pieces: &'a [Piece],
    name: &'a str,
    above: &'a Names,
    any_case: bool,
}

impl Fit<'_> {
    /// Whether `pieces[piece..]` fit `name[at..]`; a place that failed once is not tried again.
    fn from(&self, piece: usize, at: usize, names: &mut Names, dead: &mut [bool]) -> bool {
        let place = piece * (self.name.len() + 1) + at;
        if dead[place] {
            return false;
        }
        let fits = match self.pieces.get(piece) {
            None => at == self.name.len(),
            Some(Piece::Literal(text)) => self.literal(text, piece, at, names, dead),
            Some(Piece::Any) => self.text(None, piece, at, names, dead),
            Some(Piece::Key(key)) => match self.above.get(*key) {
                Some(known) => self.literal(known, piece, at, names, dead),
                None => self.text(Some(*key), piece, at, names, dead),
            },
        };
        dead[place] = !fits;
        fits
    }

    fn literal(&self, text: &str, piece: usize, at: usize, names: &mut Names, dead: &mut [bool]) -> bool {
        let found = self.name.get(at..at + text.len());
        let same = |found: &str| found == text || self.any_case && found.eq_ignore_ascii_case(text);
        found.is_some_and(same) && self.from(piece + 1, at + text.len(), names, dead)
    }

    fn text(&self, key: Option<Key>, piece: usize, at: usize, names: &mut Names, dead: &mut [bool]) -> bool {
        let digits = key.is_some_and(Key::numeric);
        for (offset, c) in self.name[at..].char_indices() {
            if digits && !c.is_ascii_digit() {
                return false;
            }
            let end = at + offset + c.len_utf8();
            if self.from(piece + 1, end, names, dead) {
                key.into_iter().for_each(|key| names.set(key, &self.name[at..end]));
                return true;
            }
        }
        false
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let levels = text.split('/').map(level).collect::<Result<Vec<_>, _>>();
        let levels = levels.map_err(|message| format!("pattern {text:?}: {message}"))?;
        if levels.len() > LEVELS {
            return Err(format!("pattern {text:?}: {} folders deep, at most {LEVELS}", levels.len()));
        }
        Ok(Self { text, levels })
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

fn level(text: &str) -> Result<Vec<Piece>, String> {
    if text.is_empty() || text == "." || text == ".." || text.contains(['\\', '\0']) {
        return Err("expected a path below the data set's folder, such as \"images/{case}.png\"".to_owned());
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '*']) {
        let (literal, tail) = rest.split_at(at);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.to_owned()));
        }
        rest = match tail.strip_prefix('*') {
            Some(tail) => {
                pieces.push(Piece::Any);
                tail
            }
            None => {
                let (name, tail) = tail[1..].split_once('}').ok_or("a { without its }")?;
                pieces.push(Piece::Key(key(name)?));
                tail
            }
        };
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest.to_owned()));
    }
    let repeated = |(i, piece): (usize, &Piece)| matches!(piece, Piece::Key(_)) && pieces[..i].contains(piece);
    if pieces.iter().enumerate().any(repeated) {
        return Err("one placeholder twice in one name".to_owned());
    }
    if pieces.len() > PIECES {
        return Err(format!("{} parts in one name, at most {PIECES}", pieces.len()));
    }
    Ok(pieces)
}

fn key(name: &str) -> Result<Key, String> {
    let known = || Key::ALL.map(|(_, name)| format!("{{{name}}}")).join(", ");
    Key::parse(name).ok_or_else(|| format!("unknown placeholder {{{name}}}; expected {} or *", known()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::try_from(text.to_owned()).expect(text)
    }

    fn found(text: &str, path: &str, key: Key) -> Option<String> {
        pattern(text).fit(path)?.get(key).map(str::to_owned)
    }

    #[test]
    fn placeholders_take_the_shortest_text_that_fits() {
        assert_eq!(found("{subject}_{case}.png", "ALWI_000_a.png", Key::Subject).as_deref(), Some("ALWI"));
        assert_eq!(found("{subject}_{case}.png", "ALWI_000_a.png", Key::Case).as_deref(), Some("000_a"));
        let masks = "{class}/{case}_mask_{n}.png";
        assert_eq!(found(masks, "benign/b_mask_1_mask_12.png", Key::Case).as_deref(), Some("b_mask_1"));
        assert_eq!(found(masks, "benign/b_mask_x.png", Key::Case), None);
        assert_eq!(found("{case}.png", "A.PNG", Key::Case).as_deref(), Some("A"));
        assert_eq!(found("{case}.png", ".png", Key::Case), None);
        assert_eq!(found("{case}.png", "ü.png", Key::Case).as_deref(), Some("ü"));
    }

    #[test]
    fn a_placeholder_that_comes_again_stands_for_the_same_text() {
        let text = "{subject}/{subject}_{slice}.png";
        assert_eq!(found(text, "P1/P1_034.png", Key::Slice).as_deref(), Some("034"));
        assert_eq!(found(text, "P1/P2_034.png", Key::Slice), None);
        assert_eq!(found(text, "P1/deep/P1_034.png", Key::Slice), None);
    }

    #[test]
    fn a_hostile_name_takes_no_exponential_time() {
        let text = "*a*a*a*b";
        assert_eq!(pattern(text).fit(&"a".repeat(255)), None);
    }

    #[test]
    fn patterns_that_leave_the_folder_or_make_no_sense_are_refused() {
        for text in ["", "/x.png", "../{case}.png", "a/./b.png", "a\\b.png", "{cas}.png", "{case.png", "{case}{case}"] {
            assert!(Pattern::try_from(text.to_owned()).is_err(), "{text}");
        }
        let unknown = Pattern::try_from("{id}.png".to_owned()).expect_err("unknown");
        assert!(unknown.contains("unknown placeholder {id}; expected {subject}, {series}, {case}"), "{unknown}");
    }
}
