//! Escape codes that speak to the terminal around the picture: clipboard and notifications. Texts in them are clean and
//! bounded, so that no name of a run can end a code early.

use super::text::clean;

/// Longest text of a notification.
const LONGEST: usize = 200;

/// Whether tmux is between us and the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Multiplexer {
    /// The terminal reads what we write.
    #[default]
    None,
    /// tmux reads it; the terminal gets what is wrapped for it, if `allow-passthrough` is on.
    Tmux,
}

impl Multiplexer {
    /// What the environment says.
    pub fn from_env() -> Self {
        if std::env::var_os("TMUX").is_some_and(|name| !name.is_empty()) { Self::Tmux } else { Self::None }
    }

    /// `code` as the terminal gets it.
    fn wrap(self, code: &str) -> String {
        match self {
            Self::None => code.to_owned(),
            Self::Tmux => format!("\u{1b}Ptmux;{}\u{1b}\\", code.replace('\u{1b}', "\u{1b}\u{1b}")),
        }
    }
}

/// Puts `text` on the clipboard (OSC 52). tmux gets it for itself too: it takes it where `set-clipboard` is on.
pub fn clipboard(text: &str, multiplexer: Multiplexer) -> String {
    let code = format!("\u{1b}]52;c;{}\u{7}", base64(text.as_bytes()));
    let own = if multiplexer == Multiplexer::Tmux { code.as_str() } else { "" };
    format!("{own}{}", multiplexer.wrap(&code))
}

/// A notification of iTerm2, WezTerm, Windows Terminal, ghostty (OSC 9).
pub fn osc9(text: &str, multiplexer: Multiplexer) -> String {
    // A text that begins with a number would be a command of ConEmu's.
    multiplexer.wrap(&format!("\u{1b}]9;seglab: {}\u{7}", short(text)))
}

/// A notification of urxvt, foot, VTE terminals (OSC 777).
pub fn osc777(text: &str, multiplexer: Multiplexer) -> String {
    multiplexer.wrap(&format!("\u{1b}]777;notify;seglab;{}\u{7}", short(text).replace(';', ",")))
}

fn short(text: &str) -> String {
    clean(text).chars().take(LONGEST).collect()
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| chunk.get(i).map_or(0, |&byte| u32::from(byte));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let index = (bits >> (18 - 6 * place)) & 63;
            text.push(if place > chunk.len() { '=' } else { char::from(ALPHABET[index as usize]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let pairs =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
        for (plain, coded) in pairs {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xff, 0xef, 0xbe]), "/+++");
    }

    #[test]
    fn a_hostile_name_ends_no_code() {
        let hostile = "arm\u{7}\u{1b}\\;\u{9c}]52;c;AAAA\u{7}".to_owned() + &"x".repeat(1000);
        for code in [osc9(&hostile, Multiplexer::None), osc777(&hostile, Multiplexer::None)] {
            let inner = &code[1..code.len() - 1];
            assert!(!inner.contains(|c: char| c.is_control()), "{code:?}");
            assert!(code.chars().count() < LONGEST + 40 && code.ends_with('\u{7}'));
        }
        assert_eq!(osc777(&hostile, Multiplexer::None).matches(';').count(), 3);
    }

    #[test]
    fn tmux_passes_on_what_is_wrapped() {
        assert_eq!(osc9("done", Multiplexer::Tmux), "\u{1b}Ptmux;\u{1b}\u{1b}]9;seglab: done\u{7}\u{1b}\\");
        let copied = clipboard("a", Multiplexer::Tmux);
        assert_eq!(copied, "\u{1b}]52;c;YQ==\u{7}\u{1b}Ptmux;\u{1b}\u{1b}]52;c;YQ==\u{7}\u{1b}\\");
        assert_eq!(clipboard("a", Multiplexer::None), "\u{1b}]52;c;YQ==\u{7}");
    }
}
