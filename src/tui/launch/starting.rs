//! A start takes as long as its data set is read: meanwhile whoever asked for it may look at something else.

/// Whether a spec is being started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Starting {
    /// None is.
    #[default]
    Idle,
    /// One is, and who asked for it waits.
    Awaited,
    /// One is, and keys were pressed since: whoever did looks at something else.
    Left,
}
