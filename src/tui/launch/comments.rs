//! Comments of a TOML text, which a form that writes the text anew would drop.

/// Whether `text` has any; a `#` in a string is none.
pub fn has_comments(text: &str) -> bool {
    let mut rest = text;
    while let Some(start) = rest.find(['#', '"', '\'']) {
        rest = &rest[start..];
        let quotes = ["\"\"\"", "'''", "\"", "'"];
        match quotes.into_iter().find(|quote| rest.starts_with(quote)) {
            Some(quote) => rest = after_string(&rest[quote.len()..], quote),
            None => return true,
        }
    }
    false
}

/// What follows the string that ends with `quote`; nothing if it does not end.
fn after_string<'a>(text: &'a str, quote: &str) -> &'a str {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quote.starts_with('"') => _ = chars.next(),
            // Up to two more quotes before the last three belong to the string.
            _ if text[at..].starts_with(quote) => return text[at..].trim_start_matches(c),
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_a_string_is_no_comment() {
        for text in ["# a", "a = 1 # b", "a = \"x\" # b", "a = 'x\\' # b", "a = \"\" # b", "a = \"\"\"\"x\"\"\"\" # b"]
        {
            assert!(has_comments(text), "{text}");
        }
        for text in
            ["", "a = 1", "a = \"#\"", "a = '#'", "a = \"\\\"#\"", "a = \"\"\"\n#\"x\"\n\"\"\"", "a = '''\n#'''"]
        {
            assert!(!has_comments(text), "{text}");
        }
    }
}
