//! One pattern or a list of them, as manifests write them.

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::pattern::{Key, Pattern};

/// One pattern, or several of which any may fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Patterns(pub(super) Vec<Pattern>);

impl Serialize for Patterns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

/// By hand: an untagged enum would hide what is wrong with a pattern.
impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany)
    }
}

struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Patterns;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a pattern such as \"images/{case}.png\", or a list of them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Patterns, E> {
        Patterns::try_from_texts(&[text.to_owned()]).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Patterns, A::Error> {
        let mut patterns = Vec::new();
        while let Some(pattern) = list.next_element()? {
            patterns.push(pattern);
        }
        Ok(Patterns(patterns))
    }
}

impl Patterns {
    /// `patterns` that are known to be right.
    pub(super) fn built_in(patterns: &[&str]) -> Self {
        let texts: Vec<String> = patterns.iter().map(|text| (*text).to_owned()).collect();
        Self::try_from_texts(&texts).expect("a built-in pattern")
    }

    /// `texts` as patterns.
    pub(crate) fn try_from_texts(texts: &[String]) -> Result<Self, String> {
        Ok(Self(texts.iter().cloned().map(Pattern::try_from).collect::<Result<_, _>>()?))
    }

    /// The first of them.
    pub(crate) fn first(&self) -> Option<Pattern> {
        self.0.first().cloned()
    }

    /// Placeholders that every pattern has.
    pub(crate) fn keys(&self) -> Vec<Key> {
        let mut keys = self.0.first().map(Pattern::keys).unwrap_or_default();
        keys.retain(|key| self.0.iter().all(|pattern| pattern.keys().contains(key)));
        keys
    }
}

impl std::fmt::Display for Patterns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.iter().map(Pattern::to_string).collect::<Vec<_>>().join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_pattern_in_a_manifest_says_what_is_wrong_with_it() {
        #[derive(Debug, Deserialize, Serialize, PartialEq)]
        struct Images {
            images: Patterns,
        }
        let refused = |text: &str| toml::from_str::<Images>(text).expect_err(text).message().to_owned();
        for text in ["images = \"i/{id}.png\"", "images = [\"{case}.png\", \"i/{id}.png\"]"] {
            assert!(refused(text).starts_with("pattern \"i/{id}.png\": unknown placeholder {id}"), "{}", refused(text));
        }
        assert!(refused("images = 7").contains("expected a pattern such as"), "{}", refused("images = 7"));
        for text in ["images = \"{case}.png\"\n", "images = [\"{case}.png\", \"{case}.bmp\"]\n"] {
            let images: Images = toml::from_str(text).expect(text);
            assert_eq!(toml::to_string(&images).expect("plain data"), text);
        }
    }
}
