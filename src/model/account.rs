//! What became of the tensors of a file of weights.

use std::collections::BTreeMap;

use serde::Serialize;

/// Field of a network that holds its backbone.
pub(super) const ENCODER: &str = "encoder.";

/// What became of every tensor of a file, and of every tensor that a network wanted.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Import {
    /// Whose weights they are; `None` if the names are the network's own.
    pub architecture: Option<&'static str>,
    /// Name in the file, path in the network.
    pub loaded: Vec<(String, String)>,
    /// Name in the file, and the convolution in the network that took it over from a batch-norm.
    pub folded: Vec<(String, String)>,
    /// Name in the file, and why it is not wanted.
    pub skipped: Vec<(String, String)>,
    /// Name in the file, path in the network, and their different shapes.
    pub mismatched: Vec<Mismatch>,
    /// Paths that keep random numbers though a file of this kind has them: in the network's encoder, in the hidden layers
    /// of a classifier of the file's architecture; anywhere, if the names are the network's own.
    pub missing: Vec<String>,
    /// How many trained tensors of the network keep random numbers.
    pub random: usize,
    /// Types that were converted to float32, and of how many tensors.
    pub converted: BTreeMap<&'static str, usize>,
}

/// A tensor of another shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// Name in the file.
    pub name: String,
    /// Path in the network.
    pub path: String,
    /// Shape in the file.
    pub file: Vec<usize>,
    /// Shape in the network.
    pub network: Vec<usize>,
}

impl Import {
    /// Such as `VGG16: 26 of 26 tensors into encoder, 4 of 4 behind it; the rest random`.
    pub fn headline(&self) -> String {
        let inside = |path: &str| path.starts_with(ENCODER);
        let Some(title) = self.architecture else {
            let (loaded, wanted) = self.counts(|_| true);
            return format!("own names: {loaded} of {wanted} tensors into network");
        };
        let (loaded, wanted) = self.counts(inside);
        let mut text = format!("{title}: {loaded} of {wanted} tensors into encoder");
        let (loaded, wanted) = self.counts(|path| !inside(path));
        if wanted > 0 {
            text += &format!(", {loaded} of {wanted} behind it");
        }
        if !self.folded.is_empty() {
            text += ", batch-norms folded into convolutions";
        }
        text + if self.random > 0 { "; the rest random" } else { "" }
    }

    /// Loaded and wanted tensors of the paths that are `counted`.
    fn counts(&self, counted: impl Fn(&str) -> bool) -> (usize, usize) {
        let loaded = self.loaded.iter().filter(|(_, path)| counted(path)).count();
        let missing = self.missing.iter().filter(|path| counted(path)).count();
        let mismatched = self.mismatched.iter().filter(|mismatch| counted(&mismatch.path)).count();
        (loaded, loaded + missing + mismatched)
    }

    /// Why it is not whole: shapes that differ, places that stay random; `None` if it is.
    pub fn gaps(&self) -> Option<String> {
        let shapes = self.mismatched.first().map(|first| {
            format!(
                "{} of another shape ({} is {:?} in the file, {:?} in the network)",
                self.mismatched.len(),
                first.name,
                first.file,
                first.network
            )
        });
        let missing = self.missing.first().map(|first| format!("{} not in the file ({first} …)", self.missing.len()));
        let gaps: Vec<String> = shapes.into_iter().chain(missing).collect();
        (!gaps.is_empty()).then(|| gaps.join("; "))
    }
}
