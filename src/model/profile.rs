//! What one forward pass costs: the operations that networks share note themselves while a profile is taken.
//! Weak spot: an operation that a network calls on burn directly is not seen; [`super::block`] has one for each kind.

use std::cell::RefCell;

use burn::module::ParamId;

/// Which part of a network an operation is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The part that has this weight.
    Weight(ParamId),
    /// The part that computed last.
    Before,
    /// The part that computes next, as of an up-sampling or a join that a stage begins with.
    Next,
}

/// One operation of a forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    /// Which part it is of.
    pub owner: Owner,
    /// Multiplications that are added up.
    pub macs: u64,
    /// Shape of its result.
    pub output: [usize; 4],
}

thread_local! {
    static NOTES: RefCell<Option<Vec<Operation>>> = const { RefCell::new(None) };
}

/// Runs `forward` and returns the operations that it noted on this thread, in their order.
pub(super) fn profile<T>(forward: impl FnOnce() -> T) -> (T, Vec<Operation>) {
    NOTES.set(Some(Vec::new()));
    let result = forward();
    (result, NOTES.take().unwrap_or_default())
}

/// Notes an operation; costs nothing worth measuring while no profile is taken.
pub(super) fn note(owner: Owner, macs: impl FnOnce() -> u64, output: [usize; 4]) {
    NOTES.with_borrow_mut(|notes| {
        if let Some(notes) = notes {
            notes.push(Operation { owner, macs: macs(), output });
        }
    });
}
