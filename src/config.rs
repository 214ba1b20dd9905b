//! What TOML files of all kinds share: where an error is, and the range check of a number.

/// `low ≤ value ≤ high`, or a message that says so.
pub fn within(key: &str, value: f64, low: f64, high: f64) -> Result<(), String> {
    if (low..=high).contains(&value) { Ok(()) } else { Err(format!("{key} = {value}: expected {low} to {high}")) }
}

/// `file:line`, from the error's span or from the key that its message names.
pub fn place(file: &str, text: &str, error: &toml::de::Error) -> String {
    match line(text, error) {
        Some(line) => format!("{file}:{line}"),
        None => file.to_owned(),
    }
}

/// A tagged enum buffers its content, and with it the span is lost; the key named in the message is found by text.
fn line(text: &str, error: &toml::de::Error) -> Option<usize> {
    let named = error.message().split('`').nth(1);
    if error.span().is_some_and(|span| text.get(span) == named) {
        return error.span().map(|span| text[..span.start].matches('\n').count() + 1);
    }
    let of_key = named.and_then(|name| text.lines().position(|l| mentions(l, name))).map(|i| i + 1);
    let of_span = error.span().filter(|span| span.start > 0 || span.end < text.len());
    let of_span = of_span.map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    if error.message().starts_with("unknown") { of_key.or(of_span) } else { of_span }
}

fn mentions(line: &str, name: &str) -> bool {
    let code = line.split('#').next().unwrap_or_default();
    code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).any(|word| word == name)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(tag = "name", rename_all = "lowercase")]
    enum Tagged {
        Dice(Empty),
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Empty {}

    #[derive(Debug, Deserialize)]
    struct File {
        #[expect(dead_code)]
        loss: Tagged,
    }

    #[test]
    fn an_unknown_key_inside_a_tagged_table_has_a_line() {
        let text = "# smooth\n[loss]\nname = \"dice\"\nsmooth = 1\n";
        let error = toml::from_str::<File>(text).expect_err("smooth is unknown");
        assert_eq!(super::place("x.toml", text, &error), "x.toml:4");
    }
}
