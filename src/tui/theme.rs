//! How things look: colours that colour-blind people tell apart (Okabe–Ito), in shades that are readable on a dark and in
//! darker ones that are readable on a light ground; no background is ever set but in pictures. Nothing is said by colour
//! alone.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier, Style};

use super::ground::Ground;
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

/// Red, green, blue, and its neighbour among the 256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shade([u8; 3], u8);

/// A colour by its role; its contrast is at least 4.5 on the ground that a shade is for (WCAG 2.1, 1.4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hue {
    dark: Shade,
    light: Shade,
}

impl Hue {
    const fn new((dark, dark_index): ([u8; 3], u8), (light, light_index): ([u8; 3], u8)) -> Self {
        Self { dark: Shade(dark, dark_index), light: Shade(light, light_index) }
    }

    /// Laid over a brightness, which shows through.
    pub fn over(self, brightness: u8) -> [u8; 3] {
        self.dark.0.map(|part| ((u16::from(part) * 3 + u16::from(brightness) * 2) / 5) as u8)
    }

    fn on(self, ground: Ground) -> Shade {
        match ground {
            Ground::Dark => self.dark,
            Ground::Light => self.light,
        }
    }
}

/// Training curves, warnings.
pub const VERMILLION: Hue = Hue::new(([0xd5, 0x5e, 0x00], 166), ([0xbf, 0x3f, 0x00], 160));
/// Validation curves.
pub const BLUE: Hue = Hue::new(([0x1f, 0x83, 0xc4], 32), ([0x00, 0x5f, 0xaf], 25));
/// What goes well.
pub const GREEN: Hue = Hue::new(([0x00, 0x9e, 0x73], 36), ([0x00, 0x70, 0x4f], 29));
/// What ended without a word.
pub const PURPLE: Hue = Hue::new(([0xcc, 0x79, 0xa7], 175), ([0x9c, 0x33, 0x7a], 126));
/// Outline of the reference.
pub const SKY: Hue = Hue::new(([0x56, 0xb4, 0xe9], 74), ([0x00, 0x72, 0x8e], 24));
/// Outline of the prediction.
pub const ORANGE: Hue = Hue::new(([0xe6, 0x9f, 0x00], 178), ([0x8a, 0x62, 0x00], 94));
const YELLOW: Hue = Hue::new(([0xc9, 0xb4, 0x00], 142), ([0x5c, 0x55, 0x00], 58));
const GREY: Hue = Hue::new(([0x99, 0x99, 0x99], 246), ([0x5c, 0x5c, 0x5c], 240));
/// Hues that stay apart; more than these nobody can follow.
pub const HUES: [Hue; 8] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, YELLOW, GREY];

/// Glyphs and colours of this terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// Characters.
    pub glyphs: Glyphs,
    /// Colours.
    pub colour: Colour,
    /// What they stand on.
    pub ground: Ground,
}

impl Theme {
    /// The colour of `hue` on the terminal's ground; the terminal's own where there are none.
    pub fn hue(&self, hue: Hue) -> Color {
        self.shade(hue.on(self.ground))
    }

    /// The same in a picture, which is dark on any ground.
    pub fn paint(&self, hue: Hue) -> Color {
        self.shade(hue.on(Ground::Dark))
    }

    fn shade(&self, Shade([red, green, blue], index): Shade) -> Color {
        match self.colour {
            Colour::None => Color::Reset,
            Colour::Indexed => Color::Indexed(index),
            Colour::True => Color::Rgb(red, green, blue),
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

    /// Replaces what the terminal cannot show, and what would be faint on a light ground.
    pub fn finish(&self, buffer: &mut Buffer) {
        if self.ground == Ground::Light && self.colour != Colour::None {
            // Terminals draw dim text half way to the ground: black on white becomes a grey of too little contrast.
            let faint = |cell: &&mut Cell| cell.modifier.contains(Modifier::DIM) && cell.fg == Color::Reset;
            for cell in buffer.content.iter_mut().filter(faint) {
                cell.modifier.remove(Modifier::DIM);
                cell.fg = self.hue(GREY);
            }
        }
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
    ("├", "+"),
    ("┼", "+"),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.1's relative luminance of linear red, green and blue.
    fn luminance([red, green, blue]: [f64; 3]) -> f64 {
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn linear(rgb: [u8; 3]) -> [f64; 3] {
        rgb.map(|part| f64::from(part) / 255.0)
            .map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) })
    }

    /// Of xterm's cube and its greys.
    fn indexed(index: u8) -> [u8; 3] {
        const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        match index {
            232.. => [8 + 10 * (index - 232); 3],
            _ => [36, 6, 1].map(|place| STEPS[usize::from((index - 16) / place % 6)]),
        }
    }

    fn contrast(text: [u8; 3], ground: Ground) -> f64 {
        let text = luminance(linear(text));
        if ground == Ground::Light { 1.05 / (text + 0.05) } else { (text + 0.05) / 0.05 }
    }

    #[test]
    fn contrast_is_that_of_the_definition() {
        assert!((contrast([0; 3], Ground::Light) - 21.0).abs() < 1e-9);
        // The well-known lightest grey of 4.5 on white.
        assert!((contrast([0x76; 3], Ground::Light) - 4.54).abs() < 0.005);
        assert_eq!((indexed(166), indexed(240)), ([215, 95, 0], [88; 3]));
    }

    #[test]
    fn every_hue_is_readable_as_text_on_the_ground_that_it_is_for() {
        for hue in HUES {
            for ground in [Ground::Dark, Ground::Light] {
                let Shade(rgb, index) = hue.on(ground);
                for text in [rgb, indexed(index)] {
                    assert!(contrast(text, ground) >= 4.5, "{hue:?} on {ground:?}: {}", contrast(text, ground));
                }
            }
        }
    }

    /// Machado, Oliveira, Fernandes 2009, severity 1.
    const BLIND: [[[f64; 3]; 3]; 2] = [
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ];

    fn through(matrix: &[[f64; 3]; 3], [a, b, c]: [f64; 3]) -> [f64; 3] {
        matrix.map(|[x, y, z]| (x * a + y * b + z * c).clamp(0.0, 1.0))
    }

    /// CIE 1976, of linear sRGB under D65.
    fn lab(rgb: [f64; 3]) -> [f64; 3] {
        const XYZ: [[f64; 3]; 3] = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]];
        let [x, y, z] = through(&XYZ.map(|row| row), rgb);
        let root = |t: f64| if t > 0.008856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let (x, y, z) = (root(x / 0.9505), root(y), root(z / 1.089));
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn what_states_and_curves_are_drawn_with_stays_apart_without_red_or_green() {
        let roles = [VERMILLION, BLUE, GREEN, PURPLE];
        for (i, one) in roles.iter().enumerate() {
            for (other, ground) in roles[..i].iter().flat_map(|other| [(other, Ground::Dark), (other, Ground::Light)]) {
                for matrix in &BLIND {
                    let seen = |hue: &Hue| lab(through(matrix, linear(hue.on(ground).0)));
                    let (a, b) = (seen(one), seen(other));
                    let apart = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    // Just noticeable are about 2.
                    assert!(apart > 15.0, "{one:?} and {other:?} on {ground:?}: {apart}");
                }
            }
        }
    }

    #[test]
    fn dim_text_is_grey_on_a_light_ground() {
        let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 2, 1));
        buffer.set_string(0, 0, "ab", dim());
        let light = Theme { colour: Colour::Indexed, ground: Ground::Light, ..Theme::default() };
        light.finish(&mut buffer);
        assert_eq!((buffer[(0, 0)].fg, buffer[(0, 0)].modifier), (Color::Indexed(240), Modifier::empty()));
    }
}
