//! Whether text stands on a dark or on a light ground, as far as the terminal says so.

use serde::Deserialize;

/// Ground of the terminal, on which text must be readable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ground {
    /// Black, or nearly so.
    #[default]
    Dark,
    /// White, or nearly so.
    Light,
}

/// Which shades are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shades {
    /// As the terminal announces; for a dark ground where it does not.
    #[default]
    Auto,
    /// For a dark ground.
    Dark,
    /// For a light one.
    Light,
}

impl Shades {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Dark, Self::Light];

    /// As settings spell it.
    pub fn name(self) -> &'static str {
        match self {
            Shades::Auto => "auto",
            Shades::Dark => "dark",
            Shades::Light => "light",
        }
    }

    /// The ground that they are for; `colorfgbg` is the value of `COLORFGBG`, as rxvt, Konsole and iTerm2 set it.
    pub fn ground(self, colorfgbg: Option<&str>) -> Ground {
        // Text and ground, sometimes with a third number between: of the 16 colours, 7 and the bright ones but grey.
        let announced = || colorfgbg?.rsplit(';').next()?.trim().parse().ok();
        match (self, announced()) {
            (Shades::Light, _) | (Shades::Auto, Some(7u8 | 9..=15)) => Ground::Light,
            _ => Ground::Dark,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_is_believed_unless_someone_says_otherwise() {
        let auto = |value| Shades::Auto.ground(value);
        assert_eq!([auto(Some("0;15")), auto(Some("0;default;15")), auto(Some("0;7"))], [Ground::Light; 3]);
        let dark = [auto(None), auto(Some("15;0")), auto(Some("15;8")), auto(Some("0;default")), auto(Some(""))];
        assert_eq!(dark, [Ground::Dark; 5]);
        assert_eq!(Shades::Dark.ground(Some("0;15")), Ground::Dark);
        assert_eq!(Shades::Light.ground(None), Ground::Light);
    }
}
