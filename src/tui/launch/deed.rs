//! What the keys of the launch screens do.

use crate::tui::keys::Direction;

/// A key of the two screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A spec from scratch.
    New,
    /// A copy of the chosen one.
    Duplicate,
    /// The chosen one.
    Edit,
    /// It, in the user's editor.
    Editor,
    /// Queues its runs.
    Start,
    /// Writes it.
    Save,
    /// One more arm.
    AddArm,
    /// One arm less.
    RemoveArm,
    /// The next or previous choice.
    Turn(Direction),
    /// Opens the line of the form.
    Change,
    /// The next device to run on.
    Device,
    /// The next profile of the chosen one.
    Profile,
    /// Reads everything again.
    Again,
}

impl Deed {
    /// Whether it leads to a spec that is written or started.
    pub fn writes(self) -> bool {
        !matches!(self, Deed::Profile | Deed::Device | Deed::Again)
    }
}
