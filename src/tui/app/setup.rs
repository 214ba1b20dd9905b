//! How the dashboard is opened.

use crate::device::Choice;
use crate::tui::images::Images;
use crate::tui::theme::Theme;

/// Whether the dashboard may change the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Stop, resume, move.
    #[default]
    ReadWrite,
    /// Looks only, and starts no executor.
    ReadOnly,
}

/// Whether to say that all runs have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Banner {
    /// The dashboard was opened to look around.
    #[default]
    Never,
    /// The dashboard was opened with a training: its end is news, and the screen stays.
    WhenSettled,
}

/// Whether it is kept how the dashboard is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// What is not saved is lost.
    #[default]
    Off,
    /// A draft is there again when the dashboard is opened again.
    On,
}

/// What stays as it was when the dashboard was opened.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Glyphs and colours.
    pub theme: Theme,
    /// How pictures are drawn.
    pub images: Images,
    /// Whether keys may change the store.
    pub access: Access,
    /// Whether the end of all runs is news.
    pub banner: Banner,
    /// Whether it is kept how it is left.
    pub memory: Memory,
    /// Runs at a time, if somebody has said so.
    pub slots: Option<usize>,
    /// What runs are executed on that are started here, at first.
    pub device: Choice,
    /// Where the runs are, for the hint of an empty store.
    pub place: String,
}
