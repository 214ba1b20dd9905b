//! Whose weights a file holds, told by names and shapes; older and foreign names become torchvision's.

use std::collections::BTreeMap;

use super::{FileTensor, WeightsFile};

/// A network that the files of others are known for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Architecture {
    /// torchvision's name.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
}

/// Name and shape of a tensor.
type Mark = (&'static str, &'static [usize]);

/// Names, and shapes of tensors that tell each from the others; the first that fits is it.
const MARKS: &[(Architecture, &[Mark])] = &[
    (ALEXNET, &[("features.0.weight", &[64, 3, 11, 11]), ("features.10.weight", &[256, 256, 3, 3])]),
    (RESNET50, &[("conv1.weight", &[64, 3, 7, 7]), ("layer3.5.conv3.weight", &[1024, 256, 1, 1])]),
    (
        DENSENET121,
        &[
            ("features.conv0.weight", &[64, 3, 7, 7]),
            ("features.denseblock3.denselayer24.conv2.weight", &[32, 128, 3, 3]),
        ],
    ),
    (
        INCEPTION_V3,
        &[("Conv2d_1a_3x3.conv.weight", &[32, 3, 3, 3]), ("Mixed_7c.branch_pool.conv.weight", &[192, 2048, 1, 1])],
    ),
    (
        VGG19_BN,
        &[
            ("features.0.weight", &[64, 3, 3, 3]),
            ("features.1.running_mean", &[64]),
            ("features.49.weight", &[512, 512, 3, 3]),
        ],
    ),
    (
        VGG16_BN,
        &[
            ("features.0.weight", &[64, 3, 3, 3]),
            ("features.1.running_mean", &[64]),
            ("features.40.weight", &[512, 512, 3, 3]),
        ],
    ),
    (VGG19, &[("features.0.weight", &[64, 3, 3, 3]), ("features.34.weight", &[512, 512, 3, 3])]),
    (VGG16, &[("features.0.weight", &[64, 3, 3, 3]), ("features.2.weight", &[64, 64, 3, 3])]),
];

/// Tensors of larger or other networks of the same beginning: ResNet101, DenseNet169, VGG13.
const OTHERS: &[(&str, &str)] = &[
    ("resnet50", "layer3.6.conv1.weight"),
    ("densenet121", "features.denseblock3.denselayer25.conv1.weight"),
    ("vgg16", "features.15.weight"),
];

const ALEXNET: Architecture = Architecture { name: "alexnet", title: "AlexNet" };
const RESNET50: Architecture = Architecture { name: "resnet50", title: "ResNet50" };
const DENSENET121: Architecture = Architecture { name: "densenet121", title: "DenseNet121" };
const INCEPTION_V3: Architecture = Architecture { name: "inception_v3", title: "InceptionV3" };
const VGG16: Architecture = Architecture { name: "vgg16", title: "VGG16" };
const VGG16_BN: Architecture = Architecture { name: "vgg16_bn", title: "VGG16-BN" };
const VGG19: Architecture = Architecture { name: "vgg19", title: "VGG19" };
const VGG19_BN: Architecture = Architecture { name: "vgg19_bn", title: "VGG19-BN" };

impl Architecture {
    /// Whose weights `file` holds, whole or in part; `None` if no known network's.
    pub fn of(file: &WeightsFile) -> Option<Self> {
        Self::of_shapes(&file.tensors.iter().map(FileTensor::named_shape).collect::<Vec<_>>())
    }

    /// As [`Architecture::of`], of names and shapes.
    pub(super) fn of_shapes(tensors: &[(&str, &[usize])]) -> Option<Self> {
        let mut shapes: BTreeMap<String, &[usize]> = BTreeMap::new();
        for (name, shape) in tensors {
            shapes.entry(torchvision_name(name)).or_insert(shape);
        }
        let fits = |marks: &[Mark]| marks.iter().all(|(name, shape)| shapes.get(*name) == Some(shape));
        let other = |own: &Self| OTHERS.iter().any(|(name, key)| own.name == *name && shapes.contains_key(*key));
        MARKS.iter().find(|(own, marks)| fits(marks) && !other(own)).map(|(own, _)| *own)
    }
}

impl WeightsFile {
    /// The first name that is Keras' or Caffe's, if any.
    pub fn foreign_name(&self) -> Option<&str> {
        self.tensors.iter().map(|tensor| tensor.name.as_str()).find(|name| keras(name).is_some())
    }
}

/// torchvision's present name of a tensor: `norm.1.weight` of a dense layer is now `norm1.weight` (torchvision renames
/// its own files so when it loads them), and `conv2_1.weight` of Keras' VGG16 is `features.5.weight`.
pub fn torchvision_name(name: &str) -> String {
    dense(name).or_else(|| keras(name)).unwrap_or_else(|| name.to_owned())
}

fn dense(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('.').collect();
    let [.., layer, kind, number, parameter] = parts[..] else { return None };
    let counted = layer.strip_prefix("denselayer").is_some_and(|n| n.parse::<u32>().is_ok());
    let ours = counted && matches!(kind, "norm" | "conv") && matches!(number, "1" | "2");
    ours.then(|| format!("{}.{kind}{number}.{parameter}", parts[..parts.len() - 3].join(".")))
}

fn keras(name: &str) -> Option<String> {
    const BEFORE: [usize; 5] = [0, 5, 10, 17, 24];
    let (layer, parameter) = name.split_once('.')?;
    let (stage, index) = layer.strip_prefix("conv")?.split_once('_')?;
    let (stage, index): (usize, usize) = (stage.parse().ok()?, index.parse().ok()?);
    let first = BEFORE.get(stage.checked_sub(1)?)?;
    let ours = (1..=3).contains(&index) && matches!(parameter, "weight" | "bias");
    ours.then(|| format!("features.{}.{parameter}", first + 2 * (index - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_dense_layers_and_keras_convolutions_get_todays_names() {
        for (old, new) in [
            (
                "features.denseblock1.denselayer12.norm.1.running_mean",
                "features.denseblock1.denselayer12.norm1.running_mean",
            ),
            ("features.denseblock1.denselayer12.conv.2.weight", "features.denseblock1.denselayer12.conv2.weight"),
            ("features.denseblock1.denselayer12.conv2.weight", "features.denseblock1.denselayer12.conv2.weight"),
            ("conv1_1.weight", "features.0.weight"),
            ("conv2_2.bias", "features.7.bias"),
            ("conv5_3.weight", "features.28.weight"),
            ("conv1_1.weight_rgb", "conv1_1.weight_rgb"),
            ("layer1.0.conv1.weight", "layer1.0.conv1.weight"),
        ] {
            assert_eq!(torchvision_name(old), new);
        }
    }
}
