//! Figures of a document.

use super::Document;
use crate::store::RunView;

/// A picture with its caption.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// File name without extension.
    pub name: String,
    /// What it shows.
    pub caption: String,
    /// Whether it takes the page's whole width.
    pub wide: bool,
    /// As a drawing; `None` for pictures of pixels.
    pub svg: Option<String>,
    /// As pixels.
    pub png: Vec<u8>,
}

/// All figures of `document`, whose runs are `runs`, and why others are missing.
pub(super) fn figures(_document: &Document, _runs: &[&RunView]) -> (Vec<Figure>, Vec<String>) {
    (Vec::new(), Vec::new())
}
