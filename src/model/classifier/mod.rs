//! Classifiers: images to logits of malignancy `[B, 1, 1, 1]`. At width 1 and with 1000 outputs those on a backbone are
//! torchvision's networks, heads included; a fully connected layer is a 1×1 convolution of a 1×1 map.

mod alexnet;
mod densenet;
mod fcnn;
mod head;
mod inception;
mod mask_mlp;
mod resnet;
mod vgg;

pub use alexnet::{AlexNet, AlexNetConfig};
pub use densenet::{DenseNet, DenseNetConfig};
pub use fcnn::{Fcnn, FcnnConfig};
pub use inception::{Inception, InceptionConfig};
pub use mask_mlp::{MaskMlp, MaskMlpConfig, Masks};
pub use resnet::{ResNet, ResNetConfig};
pub use vgg::{Vgg, VggConfig};

/// Logits of an image: of malignancy.
const CLASSES: usize = 1;

#[cfg(test)]
mod tests;
