//! Where torchvision's parameters live in our encoders and classifiers, by name.
//!
//! Shapes are the same on both sides, but that a fully connected layer is a 1×1 convolution here. Knows names only; reading
//! files is somebody else's.

use super::inception::{MIXED, POOLED, Path, STEM};
use super::vgg::VggDepth;

/// An architecture of torchvision's whose convolutions are one of our encoders at width 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// `vgg16`.
    Vgg16,
    /// `vgg16_bn`.
    Vgg16Bn,
    /// `vgg19`.
    Vgg19,
    /// `vgg19_bn`.
    Vgg19Bn,
    /// `resnet50`.
    ResNet50,
    /// `densenet121`.
    DenseNet121,
    /// `inception_v3`.
    InceptionV3,
    /// `alexnet`.
    AlexNet,
}

/// What becomes of a parameter of torchvision's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The path of one of the encoder's parameters, such as `stages.0.blocks.0.conv.weight`.
    Encoder(String),
    /// The bias of a convolution under batch-norm, which ours leave out: to be subtracted from the running mean at this
    /// path, which changes no output.
    OffMean(String),
    /// The path of a parameter behind the encoder, such as `head.hidden.0.weight`, in the classifier of this architecture.
    Head(String),
    /// A count of batches that nothing reads.
    Counter,
}

impl Architecture {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Vgg16,
        Self::Vgg16Bn,
        Self::Vgg19,
        Self::Vgg19Bn,
        Self::ResNet50,
        Self::DenseNet121,
        Self::InceptionV3,
        Self::AlexNet,
    ];

    /// torchvision's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vgg16 => "vgg16",
            Self::Vgg16Bn => "vgg16_bn",
            Self::Vgg19 => "vgg19",
            Self::Vgg19Bn => "vgg19_bn",
            Self::ResNet50 => "resnet50",
            Self::DenseNet121 => "densenet121",
            Self::InceptionV3 => "inception_v3",
            Self::AlexNet => "alexnet",
        }
    }

    /// Whether batch-norm follows each convolution that has a bias.
    pub fn is_normed(self) -> bool {
        matches!(self, Self::Vgg16Bn | Self::Vgg19Bn)
    }

    /// Whether `path` is behind the encoder of a classifier of this architecture, but not in its last layer.
    pub fn is_hidden(self, path: &str) -> bool {
        let layers: &[&str] = match self {
            Self::Vgg16 | Self::Vgg16Bn | Self::Vgg19 | Self::Vgg19Bn | Self::AlexNet => &["head.hidden."],
            Self::InceptionV3 => &["auxiliary.narrow.", "auxiliary.wide."],
            Self::ResNet50 | Self::DenseNet121 => &[],
        };
        layers.iter().any(|layer| path.starts_with(layer))
    }

    /// Where `key`, such as `features.0.weight`, goes; `None` if the architecture has no such parameter.
    pub fn place(self, key: &str) -> Option<Place> {
        let (module, parameter) = key.rsplit_once('.')?;
        if parameter == "num_batches_tracked" {
            return Some(Place::Counter);
        }
        if let Some(path) = self.head(module, parameter) {
            return Some(Place::Head(path));
        }
        let path: Vec<&str> = module.split('.').collect();
        let (module, layer) = match self {
            Self::Vgg16 => vgg(VggDepth::Sixteen, 1, &path),
            Self::Vgg16Bn => vgg(VggDepth::Sixteen, 2, &path),
            Self::Vgg19 => vgg(VggDepth::Nineteen, 1, &path),
            Self::Vgg19Bn => vgg(VggDepth::Nineteen, 2, &path),
            Self::ResNet50 => resnet(&path),
            Self::DenseNet121 => densenet(&path),
            Self::InceptionV3 => inception(&path),
            Self::AlexNet => alexnet(&path),
        }?;
        if self.is_normed() && matches!(layer, Layer::Conv) && parameter == "bias" {
            return Some(Place::OffMean(join(&module, "norm.running_mean")));
        }
        Some(Place::Encoder(join(&module, layer.parameter(parameter)?)))
    }

    /// The path of a parameter of the classifier, or of Inception's auxiliary one.
    fn head(self, module: &str, parameter: &str) -> Option<String> {
        let vgg = [("classifier.0", "head.hidden.0"), ("classifier.3", "head.hidden.1"), ("classifier.6", "head.last")];
        let alexnet =
            [("classifier.1", "head.hidden.0"), ("classifier.4", "head.hidden.1"), ("classifier.6", "head.last")];
        let dense: &[(&str, &str)] = match self {
            Self::Vgg16 | Self::Vgg16Bn | Self::Vgg19 | Self::Vgg19Bn => &vgg,
            Self::AlexNet => &alexnet,
            Self::ResNet50 => &[("fc", "head.last")],
            Self::DenseNet121 => &[("classifier", "head.last")],
            Self::InceptionV3 => &[("fc", "head.last"), ("AuxLogits.fc", "auxiliary.last")],
        };
        if let Some((_, path)) = dense.iter().find(|(name, _)| *name == module) {
            return matches!(parameter, "weight" | "bias").then(|| join(path, parameter));
        }
        let (block, layer) = module.strip_prefix("AuxLogits.")?.split_once('.')?;
        let block =
            [("conv0", "auxiliary.narrow"), ("conv1", "auxiliary.wide")].iter().find(|(name, _)| *name == block)?;
        let layer = match layer {
            "conv" => Layer::Conv,
            "bn" => Layer::Norm,
            _ => return None,
        };
        Some(join(block.1, layer.parameter(parameter)?))
    }
}

#[derive(Clone, Copy)]
enum Layer {
    /// A field `conv`.
    Conv,
    /// A field `norm`.
    Norm,
}

impl Layer {
    /// Its field and ours of torchvision's parameter.
    fn parameter(self, name: &str) -> Option<&'static str> {
        Some(match (self, name) {
            (Self::Conv, "weight") => "conv.weight",
            (Self::Conv, "bias") => "conv.bias",
            (Self::Norm, "weight") => "norm.gamma",
            (Self::Norm, "bias") => "norm.beta",
            (Self::Norm, "running_mean") => "norm.running_mean",
            (Self::Norm, "running_var") => "norm.running_var",
            _ => return None,
        })
    }
}

/// The module that has the layer, and which layer of it.
type Found = Option<(String, Layer)>;

fn join(module: &str, field: &str) -> String {
    if module.is_empty() { field.to_owned() } else { format!("{module}.{field}") }
}

/// `features.N` counts every convolution, batch-norm, ReLU and max-pool; `layers` is 2 with batch-norm, else 1.
fn vgg(depth: VggDepth, layers: usize, path: &[&str]) -> Found {
    let ["features", index] = path else { return None };
    let mut index: usize = index.parse().ok()?;
    let block = layers + 1;
    for (stage, depth) in depth.stages().into_iter().enumerate() {
        if index < depth * block {
            let layer = [Layer::Conv, Layer::Norm][..layers].get(index % block)?;
            return Some((format!("stages.{stage}.blocks.{}", index / block), *layer));
        }
        index = index.checked_sub(depth * block + 1)?;
    }
    None
}

fn alexnet(path: &[&str]) -> Found {
    let ["features", index] = path else { return None };
    let index = ["0", "3", "6", "8", "10"].iter().position(|known| known == index)?;
    Some((format!("convs.{index}"), Layer::Conv))
}

fn resnet(path: &[&str]) -> Found {
    let layer = |name: &str, number: &str| match name.strip_suffix(number)? {
        "conv" => Some(Layer::Conv),
        "bn" => Some(Layer::Norm),
        _ => None,
    };
    match path {
        [name] => Some(("stem".to_owned(), layer(name, "1")?)),
        [stage, index, rest @ ..] => {
            let stage = stage.strip_prefix("layer")?.parse::<usize>().ok()?.checked_sub(1)?;
            let (field, layer) = match rest {
                ["downsample", "0"] => ("shortcut", Layer::Conv),
                ["downsample", "1"] => ("shortcut", Layer::Norm),
                [name] => {
                    let fields = [("1", "reduce"), ("2", "convolve"), ("3", "expand")];
                    fields.into_iter().find_map(|(number, field)| Some((field, layer(name, number)?)))?
                }
                _ => return None,
            };
            Some((format!("stages.{stage}.{index}.{field}"), layer))
        }
        _ => None,
    }
}

fn densenet(path: &[&str]) -> Found {
    let layer = |name: &str, number: &str| match name.strip_suffix(number)? {
        "conv" => Some(Layer::Conv),
        "norm" => Some(Layer::Norm),
        _ => None,
    };
    let number = |name: &str, prefix: &str| name.strip_prefix(prefix)?.parse::<usize>().ok()?.checked_sub(1);
    match path {
        ["features", "norm5"] => Some((String::new(), Layer::Norm)),
        ["features", name] => Some(("stem".to_owned(), layer(name, "0")?)),
        ["features", transition, name] => {
            Some((format!("transitions.{}", number(transition, "transition")?), layer(name, "")?))
        }
        ["features", block, dense, name] => {
            let module = format!("blocks.{}.{}", number(block, "denseblock")?, number(dense, "denselayer")?);
            let fields = [("1", "bottleneck"), ("2", "grow")];
            fields.into_iter().find_map(|(n, field)| Some((format!("{module}.{field}"), layer(name, n)?)))
        }
        _ => None,
    }
}

fn inception(path: &[&str]) -> Found {
    let (last, modules) = path.split_last()?;
    let layer = match *last {
        "conv" => Layer::Conv,
        "bn" => Layer::Norm,
        _ => return None,
    };
    let module = match modules {
        [name] => format!("stem.{}", STEM.iter().position(|unit| unit.0 == *name)?),
        [mixed, name] => {
            let index = MIXED.iter().position(|known| known.name == *mixed)?;
            let field = if *name == POOLED { "pooled".to_owned() } else { branch(MIXED[index].paths, name)? };
            format!("mixed.{index}.{field}")
        }
        _ => return None,
    };
    Some((module, layer))
}

/// Where a module holds the convolution `name`.
fn branch(paths: &[Path], name: &str) -> Option<String> {
    paths.iter().enumerate().find_map(|(index, path)| {
        let position = |units: &[super::inception::Unit]| units.iter().position(|unit| unit.0 == name);
        let chain = position(path.chain).map(|i| format!("branches.{index}.chain.{i}"));
        chain.or_else(|| position(path.fork).map(|i| format!("branches.{index}.fork.{i}")))
    })
}
