use burn::tensor::Device;

use super::{AlexNet, DenseNet, Inception, ResNet, Vgg};
use crate::model::trainable;

/// `meta["num_params"]` of torchvision's weights.
#[test]
fn with_1000_outputs_every_classifier_has_as_many_parameters_as_torchvision() {
    let device = Device::flex();
    assert_eq!(trainable(&Vgg::new(1000, 1.0, &device)), 138_357_544);
    assert_eq!(trainable(&ResNet::new(1000, 1.0, &device)), 25_557_032);
    assert_eq!(trainable(&DenseNet::new(1000, 1.0, &device)), 7_978_856);
    assert_eq!(trainable(&AlexNet::new(1000, 1.0, &device)), 61_100_840);
    assert_eq!(trainable(&Inception::new(1000, 1.0, &device)), 27_161_264);
}
