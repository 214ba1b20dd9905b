//! Which losses go with which answers and which models.

use super::LossConfig;
use crate::model::ModelConfig;

impl LossConfig {
    /// Whether it judges each answer by itself, so that an answer may be of a whole image.
    pub fn is_of_labels(&self) -> bool {
        match self {
            Self::Bce {} | Self::WeightedLabels(_) | Self::Focal { .. } => true,
            Self::Sum { terms } => terms.iter().all(|term| term.loss.is_of_labels()),
            _ => false,
        }
    }

    /// Whether `model` gives what it reads, and what is missing if not.
    pub fn fits(&self, model: &ModelConfig) -> Result<(), String> {
        match (self.smoothness(), model.features()) {
            (Some(_), None) => Err(format!(
                "loss shape-aware needs a network with a decoder feature map: {} gives none; \
                 smoothness = 0 leaves out the term that reads it",
                model.name()
            )),
            _ => Ok(()),
        }
    }
}
