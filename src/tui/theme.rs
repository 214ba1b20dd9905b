//! How things look: colours that colour-blind people tell apart (Okabe–Ito) and that are readable on light and on dark
//! ground, so no background is ever set but in pictures. Nothing is said by colour alone.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::run::State;

/// Which characters the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Braille, half blocks, arrows.
    #[default]
    Unicode,
    /// Nothing beyond 7 bits.
    Ascii,
}

/// Which colours the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// None: bold, dim and reversed only.
    None,
    /// The 256 colours of xterm.
    #[default]
    Indexed,
    /// 24 bits.
    True,
}

impl Colour {
    /// What the environment announces: `NO_COLOR` (any value but an empty one) wins, then `COLORTERM`.
    pub fn from_env() -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        match variable("COLORTERM").as_str() {
            _ if !variable("NO_COLOR").is_empty() => Colour::None,
            "truecolor" | "24bit" => Colour::True,
            _ => Colour::Indexed,
        }
    }
}

/// A colour by its role; red, green, blue, and its neighbour among the 256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hue(u8, u8, u8, u8);

impl Hue {
    /// Laid over a brightness, which shows through.
    pub fn over(self, brightness: u8) -> [u8; 3] {
        [self.0, self.1, self.2].map(|part| ((u16::from(part) * 3 + u16::from(brightness) * 2) / 5) as u8)
    }
}

/// Training curves, warnings.
pub const VERMILLION: Hue = Hue(0xd5, 0x5e, 0x00, 166);
/// Validation curves.
pub const BLUE: Hue = Hue(0x1f, 0x83, 0xc4, 32);
/// What goes well.
pub const GREEN: Hue = Hue(0x00, 0x9e, 0x73, 36);
/// What ended without a word.
pub const PURPLE: Hue = Hue(0xcc, 0x79, 0xa7, 175);
/// Outline of the reference.
pub const SKY: Hue = Hue(0x56, 0xb4, 0xe9, 74);
/// Outline of the prediction.
pub const ORANGE: Hue = Hue(0xe6, 0x9f, 0x00, 178);
const YELLOW: Hue = Hue(0xc9, 0xb4, 0x00, 142);
const GREY: Hue = Hue(0x99, 0x99, 0x99, 246);
/// Hues that stay apart; more than these nobody can follow.
pub const HUES: [Hue; 8] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, YELLOW, GREY];

/// Glyphs and colours of this terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// Characters.
    pub glyphs: Glyphs,
    /// Colours.
    pub colour: Colour,
}

impl Theme {
    /// The colour of `hue`; the terminal's own where there are none.
    pub fn hue(&self, hue: Hue) -> Color {
        match self.colour {
            Colour::None => Color::Reset,
            Colour::Indexed => Color::Indexed(hue.3),
            Colour::True => Color::Rgb(hue.0, hue.1, hue.2),
        }
    }

    /// Text in `hue`.
    pub fn text(&self, hue: Hue) -> Style {
        Style::new().fg(self.hue(hue))
    }

    /// A brightness, black to white; of the 24 greys of xterm where there are only 256 colours.
    pub fn grey(&self, brightness: u8) -> Color {
        match self.colour {
            Colour::None => Color::Reset,
            Colour::Indexed => Color::Indexed(232 + (u16::from(brightness) * 23 / 255) as u8),
            Colour::True => Color::Rgb(brightness, brightness, brightness),
        }
    }

    /// `hue` over a brightness; the nearest of xterm's cube where there are only 256 colours.
    pub fn tint(&self, hue: Hue, brightness: u8) -> Color {
        let [red, green, blue] = hue.over(brightness);
        // Steps of the cube: 0, 95, then each 40 more.
        let step = |part: u8| if part < 48 { 0 } else { (part.max(75) - 35) / 40 };
        match self.colour {
            Colour::None => Color::Reset,
            Colour::Indexed => Color::Indexed(16 + 36 * step(red) + 6 * step(green) + step(blue)),
            Colour::True => Color::Rgb(red, green, blue),
        }
    }

    /// Whether pictures and curves can be told apart by colour and drawn in parts of a character.
    pub fn is_rich(&self) -> bool {
        self.glyphs == Glyphs::Unicode && self.colour != Colour::None
    }

    /// Sign and style of a state, `None` while it is read; its word stands beside it.
    pub fn state(&self, state: Option<State>) -> (&'static str, Style) {
        let Some(state) = state else { return ("…", dim()) };
        match state {
            State::Running => ("●", self.text(GREEN).bold()),
            State::Queued => ("○", self.text(BLUE)),
            State::Planned => ("·", dim()),
            State::Stopped => ("■", Style::new()),
            State::Lost => ("?", self.text(PURPLE).bold()),
            State::Failed => ("✗", self.text(VERMILLION).bold()),
            State::Finished => ("✓", Style::new()),
        }
    }

    /// Replaces what the terminal cannot show.
    pub fn finish(&self, buffer: &mut Buffer) {
        if self.glyphs == Glyphs::Unicode {
            return;
        }
        for cell in &mut buffer.content {
            if !cell.symbol().is_ascii() {
                let plain = ASCII.iter().find(|(rich, _)| *rich == cell.symbol()).map_or("?", |(_, plain)| plain);
                cell.set_symbol(plain);
            }
        }
    }
}

/// Every glyph that screens and widgets use, and its stand-in; all else becomes `?`.
const ASCII: &[(&str, &str)] = &[
    ("●", "*"),
    ("○", "o"),
    ("·", "."),
    ("■", "="),
    ("✗", "x"),
    ("✓", "+"),
    ("▁", "_"),
    ("▂", "."),
    ("▃", "-"),
    ("▄", "="),
    ("▅", "+"),
    ("▆", "*"),
    ("▇", "%"),
    ("█", "#"),
    ("░", "."),
    ("│", "|"),
    ("┤", "+"),
    ("┊", ":"),
    ("─", "-"),
    ("└", "+"),
    ("▲", "^"),
    ("▼", "v"),
    ("▶", ">"),
    ("…", "~"),
    ("–", "-"),
    ("—", "-"),
    ("×", "x"),
    ("†", "+"),
    ("›", ">"),
    ("‹", "<"),
    ("↑", "^"),
    ("↓", "v"),
    ("←", "<"),
    ("→", ">"),
];

/// Labels and hints.
pub fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

/// Heads and what is chosen.
pub fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}
