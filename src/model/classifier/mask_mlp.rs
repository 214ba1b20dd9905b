//! A multilayer perceptron on the shape of a mask.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::CLASSES;
use crate::config::within;
use crate::metric::Shape;
use crate::model::block::{conv1x1, convolve, drop_out, normalise, relu};
use crate::model::{Forward, NetworkConfig, Output, scaled};
use crate::plane::Mask;

/// Units of each hidden layer.
const HIDDEN: usize = 32;

/// Which masks are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Masks {
    /// The experts': what the shape is worth when the segmentation is without fault.
    #[default]
    Reference,
    /// Those that the finished run of an arm predicts, `run = "spec/arm"`. It must have been made with the same data,
    /// seed, size and split: then its test masks are of cases that neither model was fitted to. Its training masks are
    /// better than its test masks, since it was fitted to them; masks of other folds' models would not be, but those
    /// models have seen this fold's test cases.
    Run(String),
}

/// Numbers of a [`MaskMlp`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MaskMlpConfig {
    /// Multiplies the hidden units (32), 0 < width ≤ 32.
    pub width: f64,
    /// Probability of dropout before the last layer.
    pub dropout: f64,
    /// Which masks are read.
    pub masks: Masks,
}

impl Default for MaskMlpConfig {
    fn default() -> Self {
        Self { width: 1.0, dropout: 0.0, masks: Masks::default() }
    }
}

/// Shape features of a mask ([`Shape::features`]), batch-norm in place of standardisation, two hidden layers with ReLU:
/// logits of malignancy `[B, 1, 1, 1]`. Reads images of masks: tumour where the first channel is above 0 after
/// normalisation. Source: P2 Table 4 ("ours"), an MLP on the segmentation and the tumour's share of the breast.
/// Ours differs: P2 names no shape features and no layers; the share is of the image, since no breast is segmented.
#[derive(Module, Debug)]
pub struct MaskMlp {
    norm: BatchNorm,
    hidden: Vec<Conv2d>,
    last: Conv2d,
    dropout: Dropout,
}

impl NetworkConfig for MaskMlpConfig {
    type Network = MaskMlp;
    const STRIDE: usize = 1;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 32.0)?;
        within("model.dropout", self.dropout, 0.0, 0.9)?;
        match &self.masks {
            Masks::Run(name) if name.split('/').filter(|part| !part.is_empty()).count() != 2 => {
                Err(format!("model.masks = {{ run = {name:?} }}: expected \"spec/arm\" of a segmentation"))
            }
            _ => Ok(()),
        }
    }

    fn build(&self, device: &Device) -> MaskMlp {
        let units = scaled(HIDDEN, self.width);
        let layers = [[Shape::FEATURES, units], [units, units]];
        MaskMlp {
            norm: BatchNormConfig::new(Shape::FEATURES).init(device),
            hidden: layers.into_iter().map(|layer| conv1x1(layer, device)).collect(),
            last: conv1x1([units, CLASSES], device),
            dropout: DropoutConfig::new(self.dropout).init(),
        }
    }
}

impl Forward for MaskMlp {
    fn forward(&self, images: Tensor<4>) -> Output {
        let features = normalise(&self.norm, features(images));
        let units = self.hidden.iter().fold(features, |units, layer| relu(convolve(layer, units)));
        Output::plain(convolve(&self.last, drop_out(&self.dropout, units)))
    }
}

/// Images of masks `[B, 3, H, W]` to their shapes `[B, 8, 1, 1]`, in plain Rust: nothing flows back to an image.
fn features(images: Tensor<4>) -> Tensor<4> {
    let ([batch, channels, height, width], device) = (images.dims(), images.device());
    let values: Vec<f32> = images.into_data().iter::<f32>().collect();
    let of_image = |image: &[f32]| {
        let tumour = image[..height * width].iter().map(|value| *value > 0.0).collect();
        Shape::features(&Mask::new(width, height, tumour).expect("one value a pixel"))
    };
    let features: Vec<f32> = values.chunks(channels * height * width).flat_map(of_image).collect();
    Tensor::from_data(TensorData::new(features, [batch, Shape::FEATURES, 1, 1]), &device)
}
