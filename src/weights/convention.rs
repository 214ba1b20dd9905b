//! What the first convolution of a file expects.

use serde::{Deserialize, Serialize};

/// The input that weights were trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Convention {
    /// Red, green, blue, 0 to 1, by ImageNet's means and deviations: torchvision.
    #[default]
    Imagenet,
    /// Blue, green, red, 0 to 255, less ImageNet's means: Keras, Caffe.
    Caffe,
}
