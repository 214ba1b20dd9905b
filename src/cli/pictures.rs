//! How pictures are drawn, as the user says it.

use clap::ValueEnum;
use serde::Deserialize;

use crate::tui::Images;

/// How pictures are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Pictures {
    /// What the environment announces, else half.
    #[default]
    Auto,
    /// kitty, Ghostty, Konsole.
    Kitty,
    /// foot, mlterm, xterm -ti vt340.
    Sixel,
    /// iTerm2, WezTerm, mintty.
    Iterm2,
    /// Two pixels a character.
    Half,
    /// None.
    Off,
}

impl Pictures {
    /// What is drawn on this terminal.
    pub(super) fn images(self, ascii: bool) -> Images {
        match self {
            Pictures::Auto if ascii => Images::Half,
            Pictures::Auto => Images::detect(|name| std::env::var(name).ok()),
            Pictures::Kitty => Images::Kitty,
            Pictures::Sixel => Images::Sixel,
            Pictures::Iterm2 => Images::Iterm2,
            Pictures::Half => Images::Half,
            Pictures::Off => Images::Off,
        }
    }

    /// As flags and files name it.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The way that is called `name`.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        Self::from_str(name, false).map_err(|_| "expected auto, kitty, sixel, iterm2, half or off".to_owned())
    }
}
