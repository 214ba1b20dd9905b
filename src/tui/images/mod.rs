//! Pictures in pixels where the terminal has a protocol for them. Which one is known from the environment alone: a question
//! to the terminal could hang where nobody answers, and its answer could be taken for keys.
//! Weak spot: a terminal that announces itself only by answers is not found; `--images` names its protocol.

mod base64;
mod inline;
mod kitty;
mod sixel;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};

use ratatui::crossterm::cursor::{MoveTo, RestorePosition, SavePosition};
use ratatui::crossterm::queue;
use ratatui::crossterm::style::{Print, ResetColor};
use ratatui::layout::Rect;

use super::widget::raster::Raster;

/// Pixels of a character where the terminal does not tell: of small ones, so that a picture stays in its place.
const CELL_PX: (u16, u16) = (8, 16);

/// How pictures are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Images {
    /// Not at all.
    Off,
    /// Two pixels a character, or letters where there are no colours.
    #[default]
    Half,
    /// The graphics protocol of kitty.
    Kitty,
    /// Sixels, as of the VT340.
    Sixel,
    /// The inline images of iTerm2.
    Iterm2,
}

impl Images {
    /// What the environment announces; half blocks where it announces nothing, or where another program (tmux, screen)
    /// is between here and the terminal.
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| variable(name).unwrap_or_default();
        let set = |names: &[&str]| names.iter().any(|name| !value(name).is_empty());
        // Of these, TERM and LC_TERMINAL reach the other side of a connection.
        let names = ["TERM", "TERM_PROGRAM", "LC_TERMINAL"].map(value);
        let is = |known: &[&str]| names.iter().any(|name| known.contains(&name.as_str()));
        let between = set(&["TMUX", "STY"]) || names[0].starts_with("screen") || names[0].starts_with("tmux");
        if between || set(&["NO_COLOR"]) {
            Images::Half
        } else if set(&["KITTY_WINDOW_ID"]) || is(&["xterm-kitty", "xterm-ghostty", "ghostty"]) {
            Images::Kitty
        } else if is(&["iTerm2", "iTerm.app", "WezTerm", "wezterm", "mintty"]) {
            Images::Iterm2
        } else if is(&["foot", "foot-extra", "mlterm", "contour", "yaft-256color"]) {
            Images::Sixel
        } else {
            Images::Half
        }
    }

    /// Whether pictures are characters of the screen.
    pub fn in_characters(self) -> bool {
        self == Images::Half
    }

    /// Whether pictures are drawn beside the screen's characters.
    pub fn in_pixels(self) -> bool {
        matches!(self, Images::Kitty | Images::Sixel | Images::Iterm2)
    }
}

/// What is on the terminal beside the characters; draws only what has changed.
#[derive(Debug, Default)]
pub struct Painter {
    images: Images,
    shown: Option<Shown>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shown {
    print: u64,
    place: Rect,
    screen: Rect,
}

impl Painter {
    /// Nothing is shown yet.
    pub fn new(images: Images) -> Self {
        Self { images, shown: None }
    }

    /// Whether there is anything to paint on this terminal.
    pub fn in_pixels(&self) -> bool {
        self.images.in_pixels()
    }

    /// Takes away a picture that is not `wanted` on `screen` any more. Before the characters are drawn: they must not be
    /// under it, and what is erased must be what they believe is there.
    pub fn clear(
        &mut self,
        wanted: Option<&(Raster, Rect)>,
        screen: Rect,
        terminal: &mut impl Write,
    ) -> io::Result<()> {
        let Some(shown) = self.shown.filter(|shown| Some(*shown) != shown_as(wanted, screen)) else { return Ok(()) };
        self.shown = None;
        match self.images {
            Images::Kitty => terminal.write_all(&kitty::delete())?,
            Images::Sixel | Images::Iterm2 => erase(shown.place.intersection(screen), terminal)?,
            Images::Off | Images::Half => {}
        }
        terminal.flush()
    }

    /// The screen is drawn anew, and with it what was shown.
    pub fn forget(&mut self, terminal: &mut impl Write) -> io::Result<()> {
        if self.shown.take().is_some() && self.images == Images::Kitty {
            terminal.write_all(&kitty::delete())?;
        }
        Ok(())
    }

    /// Draws what is `wanted` unless it is there already. After the characters.
    pub fn paint(
        &mut self,
        wanted: Option<&(Raster, Rect)>,
        screen: Rect,
        terminal: &mut impl Write,
    ) -> io::Result<()> {
        let Some((raster, place)) = wanted.filter(|_| self.shown.is_none()) else { return Ok(()) };
        let bytes = match self.images {
            Images::Kitty => kitty::show(raster, *place),
            Images::Iterm2 => inline::show(raster, *place),
            Images::Sixel => sixel::show(raster, *place, cell_px()),
            Images::Off | Images::Half => return Ok(()),
        };
        queue!(terminal, SavePosition, MoveTo(place.x, place.y))?;
        terminal.write_all(&bytes)?;
        queue!(terminal, RestorePosition)?;
        self.shown = shown_as(wanted, screen);
        terminal.flush()
    }
}

fn shown_as(wanted: Option<&(Raster, Rect)>, screen: Rect) -> Option<Shown> {
    let (raster, place) = wanted?;
    let mut hash = DefaultHasher::new();
    (raster.size(), raster.values()).hash(&mut hash);
    Some(Shown { print: hash.finish(), place: *place, screen })
}

fn erase(place: Rect, terminal: &mut impl Write) -> io::Result<()> {
    let blanks = " ".repeat(usize::from(place.width));
    queue!(terminal, SavePosition, ResetColor)?;
    for row in place.rows() {
        queue!(terminal, MoveTo(row.x, row.y), Print(&blanks))?;
    }
    queue!(terminal, RestorePosition)
}

/// Pixels of a character.
fn cell_px() -> (u16, u16) {
    let size = ratatui::crossterm::terminal::window_size().ok();
    let px = |pixels: u16, cells: u16| pixels.checked_div(cells).filter(|px| (4..=64).contains(px));
    let cell = size.and_then(|size| Some((px(size.width, size.columns)?, px(size.height, size.rows)?)));
    cell.unwrap_or(CELL_PX)
}

/// A file of `raster` in colours.
fn png(raster: &Raster) -> Vec<u8> {
    let colours = raster.values().iter().flat_map(|pixel| pixel.rgb()).collect();
    let image = image::RgbImage::from_raw(raster.width() as u32, raster.height() as u32, colours);
    let mut file = io::Cursor::new(Vec::new());
    let written = image.map(|image| image.write_to(&mut file, image::ImageFormat::Png));
    if matches!(written, Some(Ok(()))) { file.into_inner() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::widget::raster::{Mark, Pixel};

    fn detected(variables: &[(&str, &str)]) -> Images {
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Images::detect(find)
    }

    #[test]
    fn terminals_are_known_by_what_they_announce() {
        assert_eq!(detected(&[("TERM", "xterm-kitty")]), Images::Kitty);
        assert_eq!(detected(&[("TERM", "xterm-256color"), ("LC_TERMINAL", "iTerm2")]), Images::Iterm2);
        assert_eq!(detected(&[("TERM", "foot")]), Images::Sixel);
        assert_eq!(detected(&[("TERM", "xterm-256color")]), Images::Half);
        assert_eq!(detected(&[]), Images::Half);
        assert_eq!(detected(&[("TERM", "xterm-kitty"), ("NO_COLOR", "1")]), Images::Half);
    }

    #[test]
    fn behind_a_multiplexer_nothing_is_sent_past_it() {
        let kitty = ("KITTY_WINDOW_ID", "3");
        assert_eq!(detected(&[("TERM", "tmux-256color"), kitty]), Images::Half);
        assert_eq!(detected(&[("TERM", "xterm-kitty"), ("TMUX", "/tmp/tmux-0/default,1,0"), kitty]), Images::Half);
        assert_eq!(detected(&[("TERM", "screen.xterm-256color"), kitty]), Images::Half);
    }

    fn raster(grey: u8) -> Raster {
        let mark = |x: usize| if x < 3 { Mark::Prediction } else { Mark::None };
        Raster::from_fn(9, 7, |x, _| Pixel { grey, mark: mark(x) })
    }

    /// Bytes that a draw with `wanted` sends.
    fn sent(painter: &mut Painter, wanted: Option<&(Raster, Rect)>, screen: Rect) -> Vec<u8> {
        let mut bytes = Vec::new();
        painter.clear(wanted, screen, &mut bytes).expect("memory");
        painter.paint(wanted, screen, &mut bytes).expect("memory");
        bytes
    }

    #[test]
    fn a_picture_is_sent_once_and_taken_away_once() {
        let (screen, place) = (Rect::new(0, 0, 80, 24), Rect::new(40, 5, 10, 5));
        for images in [Images::Kitty, Images::Sixel, Images::Iterm2] {
            let mut painter = Painter::new(images);
            let first = Some((raster(1), place));
            assert!(!sent(&mut painter, first.as_ref(), screen).is_empty(), "{images:?}");
            assert_eq!(sent(&mut painter, first.as_ref(), screen), b"", "{images:?}");
            for (wanted, screen) in [
                (Some((raster(2), place)), screen),
                (Some((raster(2), Rect::new(41, 5, 10, 5))), screen),
                (Some((raster(2), Rect::new(41, 5, 10, 5))), Rect::new(0, 0, 90, 24)),
                (None, screen),
            ] {
                assert!(!sent(&mut painter, wanted.as_ref(), screen).is_empty(), "{images:?} {wanted:?}");
                assert_eq!(sent(&mut painter, wanted.as_ref(), screen), b"", "{images:?} {wanted:?}");
            }
        }
    }

    #[test]
    fn half_blocks_and_none_send_nothing_of_their_own() {
        for images in [Images::Half, Images::Off] {
            let wanted = Some((raster(1), Rect::new(0, 0, 4, 4)));
            assert_eq!(sent(&mut Painter::new(images), wanted.as_ref(), Rect::new(0, 0, 80, 24)), b"");
        }
    }
}
