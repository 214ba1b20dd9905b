//! Built-in images with a known reference, drawn from a seed: no download, the same bytes everywhere.

use serde::{Deserialize, Serialize};

use super::{Case, Class, Pixels, Source};

/// Which body is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhantomKind {
    /// B-mode ultrasound of a breast lesion.
    BreastUs,
    /// Axial slice of a contrast-enhanced breast MRI.
    BreastMri,
}

/// Everything that one image follows from.
#[derive(Clone, Debug, PartialEq)]
pub struct Phantom {
    kind: PhantomKind,
    seed: u64,
    subject: usize,
    image: usize,
    class: Class,
    size_px: usize,
}
