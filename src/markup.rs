//! Untrusted text inside HTML, LaTeX and Markdown, and bytes inside a page. Knows nothing of what is said.

/// For HTML text and quoted attributes: no markup, and no control characters but line ends.
pub fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            c if c.is_control() && c != '\n' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// For LaTeX text: no commands. Signs that tables use become commands that every engine knows; any other sign beyond
/// ASCII becomes a question mark, since an engine may stop at it.
pub fn tex(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '\\' => escaped += "\\textbackslash{}",
            // At the start of a row they would belong to the line break before it.
            '[' | ']' | '*' => escaped += &format!("{{{c}}}"),
            '~' => escaped += "\\textasciitilde{}",
            '^' => escaped += "\\textasciicircum{}",
            '{' | '}' | '$' | '&' | '#' | '_' | '%' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '<' => escaped += "$<$",
            '>' => escaped += "$>$",
            '|' => escaped += "$|$",
            '"' if before.is_whitespace() || "([".contains(before) => escaped += "``",
            '"' => escaped += "''",
            // Two hyphens would become a dash.
            '-' if before == '-' => escaped += "{}-",
            '–' => escaped += "--",
            '—' => escaped += "---",
            '−' => escaped += "$-$",
            '…' => escaped += "\\,\\ldots\\,",
            '±' => escaped += "$\\pm$",
            '≈' => escaped += "$\\approx$",
            '≤' => escaped += "$\\leq$",
            '≥' => escaped += "$\\geq$",
            '×' => escaped += "$\\times$",
            '§' => escaped += "\\S{}",
            '·' => escaped += "$\\cdot$",
            '’' => escaped.push('\''),
            '“' => escaped += "``",
            '”' => escaped += "''",
            c if c == '\n' || (c.is_ascii() && !c.is_ascii_control()) => escaped.push(c),
            _ => escaped.push('?'),
        }
        before = c;
    }
    escaped
}

/// For a cell of a Markdown table: one line, no further column, no HTML.
pub fn cell(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '|' => escaped += "\\|",
            '<' if rest.peek().is_some_and(|next| next.is_ascii_alphabetic() || "/!?".contains(*next)) => {
                escaped += "&lt;";
            }
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// One part of a relative address: a file or folder name.
pub fn address(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let part = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    name.bytes().map(part).collect()
}

/// What [`address`] was made of.
pub fn named(address: &str) -> String {
    let mut parts = address.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(&part.as_bytes()[2..]);
            }
            None => bytes.extend([b"%", part.as_bytes()].concat()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `data:` address of a picture.
pub fn data_uri(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", base64(bytes))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * i)) as usize & 63];
            text.push(if i <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_becomes_markup() {
        assert_eq!(html("<b a=\"x\">&'\u{1b}"), "&lt;b a=&quot;x&quot;&gt;&amp;&#39;\u{fffd}");
        assert_eq!(tex("\\input{/etc/passwd} 5 % a_b\u{1b}ü"), "\\textbackslash{}input\\{/etc/passwd\\} 5 \\% a\\_b??");
        assert_eq!(tex("[leaks] a* §4"), "{[}leaks{]} a{*} \\S{}4");
        assert_eq!(tex("\"a\" (\"b\") --all --- 1–2"), "``a'' (``b'') -{}-all -{}-{}- 1--2");
        assert_eq!(cell("a|b <i> <0.0001\n"), "a\\|b &lt;i> <0.0001\u{fffd}");
        assert_eq!(address("a b/../\"ü"), "a%20b%2F..%2F%22%C3%BC");
    }

    #[test]
    fn bytes_are_written_as_the_rfc_has_them() {
        let known = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, coded) in known {
            assert_eq!(data_uri("a/b", plain.as_bytes()), format!("data:a/b;base64,{coded}"));
        }
    }
}
