//! From a file's tensors to a network's, with an account of every one of them.

use std::collections::BTreeMap;

use burn::tensor::Device;
use serde::Serialize;

use super::encoder::{Architecture as Backbone, Place};
use super::input::{CAFFE, INCEPTION};
use super::{ModelConfig, Network, Slot, fill, slots};
use crate::weights::{Architecture, Convention, FileTensor, WeightsFile, torchvision_name};

/// Field of a network that holds its backbone.
const ENCODER: &str = "encoder.";

/// What became of every tensor of a file, and of every tensor that a network wanted.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Import {
    /// Whose weights they are; `None` if the names are the network's own.
    pub architecture: Option<&'static str>,
    /// Name in the file, path in the network.
    pub loaded: Vec<(String, String)>,
    /// Name in the file, and why it is not wanted.
    pub skipped: Vec<(String, String)>,
    /// Name in the file, path in the network, and their different shapes.
    pub mismatched: Vec<Mismatch>,
    /// Paths in the network's encoder (of the network, if the names are its own) that keep random numbers.
    pub missing: Vec<String>,
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
    /// Such as `VGG16: 26 of 26 tensors into encoder, 4 behind it; the rest random`.
    pub fn headline(&self) -> String {
        let Some(title) = self.architecture else {
            return format!("own names: {} of {} tensors into network", self.loaded.len(), self.wanted());
        };
        let behind = self.loaded.iter().filter(|(_, path)| !path.starts_with(ENCODER)).count();
        let head = if behind > 0 { format!(", {behind} behind it") } else { String::new() };
        let (loaded, wanted) = (self.loaded.len() - behind, self.wanted() - behind);
        format!("{title}: {loaded} of {wanted} tensors into encoder{head}; the rest random")
    }

    fn wanted(&self) -> usize {
        self.loaded.len() + self.missing.len() + self.mismatched.len()
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

/// Name, shape and numbers.
pub type Named = (String, Vec<usize>, Vec<f32>);

/// The tensors of a network of `config` with the weights of `file`; Caffe's input is folded into ImageNet's.
pub fn pretrained_network(
    config: &ModelConfig,
    file: &WeightsFile,
    convention: Convention,
) -> Result<(Vec<Named>, Import), String> {
    let network = config.build(&Device::flex()).ok_or_else(|| format!("{} is no network", config.name()))?;
    let (network, import) = import(network, file, convention)?;
    let slots: Vec<Slot> = slots(&network).into_iter().filter(|slot| !slot.shape.is_empty()).collect();
    let mut numbers: BTreeMap<String, Vec<f32>> =
        slots.iter().map(|slot| slot.path.clone()).zip(super::values(&network)).collect();
    if convention == Convention::Caffe {
        CAFFE.fold(&slots, &mut numbers)?;
    }
    let named = |slot: Slot| {
        let values = numbers.remove(&slot.path).unwrap_or_default();
        (slot.path, slot.shape, values)
    };
    Ok((slots.into_iter().map(named).collect(), import))
}

/// Puts what `file` holds for `network` into it. Nothing to put is an error; gaps are the caller's to judge.
pub fn import(network: Network, file: &WeightsFile, convention: Convention) -> Result<(Network, Import), String> {
    let mut matching = Matching::new(&network, file);
    file.tensors.iter().try_for_each(|tensor| matching.take(tensor))?;
    let Matching { slots, backbone, mut import, mut values, biases, .. } = matching;
    fold_biases(biases, &mut values, &mut import);
    if import.loaded.is_empty() {
        let why = import.gaps().unwrap_or_else(|| "no name is known".to_owned());
        return Err(format!("nothing in it fits the network: {why}"));
    }
    if backbone == Some(Backbone::InceptionV3) && convention == Convention::Imagenet {
        INCEPTION.fold(&slots, &mut values)?;
    }
    let wanted = |slot: &&Slot| !slot.shape.is_empty() && (backbone.is_none() || slot.path.starts_with(ENCODER));
    let settled = |path: &String| values.contains_key(path) || import.mismatched.iter().any(|m| m.path == *path);
    import.missing = slots.iter().filter(wanted).map(|slot| slot.path.clone()).filter(|path| !settled(path)).collect();
    Ok((fill(network, values), import))
}

struct Matching {
    slots: Vec<Slot>,
    backbone: Option<Backbone>,
    title: &'static str,
    import: Import,
    values: BTreeMap<String, Vec<f32>>,
    /// Biases of convolutions that have none in the network: name in the file, layer's path, numbers.
    biases: Vec<(String, String, Vec<f32>)>,
}

impl Matching {
    fn new(network: &Network, file: &WeightsFile) -> Self {
        let slots = slots(network);
        let own = file.tensors.iter().filter(|tensor| slots.iter().any(|slot| slot.path == tensor.name)).count();
        let architecture = Architecture::of(file).filter(|_| own == 0);
        let backbone = architecture.and_then(|a| Backbone::ALL.into_iter().find(|known| known.name() == a.name));
        let title = architecture.map_or("the network", |a| a.title);
        let import = Import { architecture: architecture.map(|a| a.title), ..Import::default() };
        Self { slots, backbone, title, import, values: BTreeMap::new(), biases: Vec::new() }
    }

    fn take(&mut self, tensor: &FileTensor) -> Result<(), String> {
        let found = match tensor.dtype.is_real() {
            true => self.find(tensor),
            false => Err(format!("a counter ({})", tensor.dtype.name())),
        };
        let (slot, place) = match found {
            Ok(found) => found,
            Err(why) => {
                self.import.skipped.push((tensor.name.clone(), why));
                return Ok(());
            }
        };
        let (name, path) = (tensor.name.clone(), slot.path);
        if !matches!(place, Some(Place::Head(_))) && slot.shape != tensor.shape {
            let (file, network) = (tensor.shape.clone(), slot.shape);
            self.import.mismatched.push(Mismatch { name, path, file, network });
            return Ok(());
        }
        let numbers = self.read(tensor)?;
        if matches!(place, Some(Place::OffMean(_))) {
            self.biases.push((name, path, numbers));
        } else if self.values.insert(path.clone(), numbers).is_some() {
            return Err(format!("two tensors of the file go to {path}; one is {name:?}"));
        } else {
            self.import.loaded.push((name, path));
        }
        Ok(())
    }

    /// Where a tensor goes, or why nowhere.
    fn find(&self, FileTensor { name, shape, .. }: &FileTensor) -> Result<(Slot, Option<Place>), String> {
        let slot = |path: &str| self.slots.iter().find(|slot| slot.path == path).cloned();
        if let Some(slot) = slot(name) {
            return Ok((slot, None));
        }
        let place = self.backbone.and_then(|backbone| backbone.place(&torchvision_name(name)));
        match &place {
            Some(Place::Encoder(path) | Place::OffMean(path)) => {
                let path = format!("{ENCODER}{path}");
                let found = slot(&path).ok_or_else(|| format!("the network has no {path}"))?;
                Ok((found, place))
            }
            Some(Place::Head(path)) => {
                let fits = |slot: &Slot| without_ones(&slot.shape) == without_ones(shape);
                let found = slot(path).filter(fits).ok_or("the classifier of ImageNet")?;
                Ok((found, place))
            }
            Some(Place::Counter) => Err("a counter".to_owned()),
            None => Err(format!("no name of {}", self.title)),
        }
    }

    fn read(&mut self, tensor: &FileTensor) -> Result<Vec<f32>, String> {
        if tensor.dtype.name() != "float32" {
            *self.import.converted.entry(tensor.dtype.name()).or_default() += 1;
        }
        tensor.read()
    }
}

/// A fully connected layer's weight has two axes in a file, and two more of length 1 here.
fn without_ones(shape: &[usize]) -> &[usize] {
    let ones = shape.iter().rev().take_while(|&&n| n == 1).count();
    &shape[..shape.len() - ones]
}

/// A convolution under batch-norm has no bias here: `norm(z + b) = norm'(z)` with the running mean less `b`.
fn fold_biases(biases: Vec<(String, String, Vec<f32>)>, values: &mut BTreeMap<String, Vec<f32>>, import: &mut Import) {
    for (name, path, bias) in biases {
        match values.get_mut(&path) {
            Some(mean) => {
                mean.iter_mut().zip(bias).for_each(|(mean, bias)| *mean -= bias);
                import.loaded.push((name, format!("{path} (subtracted)")));
            }
            None => import.skipped.push((name, format!("{path} is not in the file"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::block::{Norm, conv3x3, convolve, halve, pool, relu};
    use crate::weights::{open, write_safetensors};
    use burn::module::Param;
    use burn::tensor::{Tensor, TensorData};

    fn network(name: &str) -> Network {
        ModelConfig::named(name).and_then(|config| config.build(&Device::flex())).expect("a network")
    }

    fn file(tensors: &[Named]) -> (tempfile::TempDir, WeightsFile) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("file.safetensors");
        write_safetensors(&mut std::fs::File::create(&path).expect("a file"), tensors).expect("written");
        let file = open(&path).expect("readable");
        (dir, file)
    }

    fn tensor(name: &str, shape: &[usize], value: f32) -> Named {
        (name.to_owned(), shape.to_vec(), vec![value; shape.iter().product()])
    }

    fn numbers(network: &Network, path: &str) -> Vec<f32> {
        let slots = slots(network).into_iter().filter(|slot| !slot.shape.is_empty());
        let found = slots.zip(crate::model::values(network)).find(|(slot, _)| slot.path == path);
        found.map(|(_, values)| values).expect(path)
    }

    #[test]
    fn a_bias_under_batch_norm_is_taken_off_its_running_mean() {
        let (_dir, file) = file(&[
            tensor("features.0.weight", &[64, 3, 3, 3], 0.5),
            tensor("features.0.bias", &[64], 0.25),
            tensor("features.1.running_mean", &[64], 1.0),
            tensor("features.40.weight", &[512, 512, 3, 3], 0.1),
            tensor("features.41.weight", &[511], 0.1),
            tensor("classifier.0.weight", &[2, 2], 0.1),
            tensor("other", &[1], 0.1),
        ]);
        let (network, import) = import(network("boundary-attention"), &file, Convention::Imagenet).expect("in part");
        assert_eq!(numbers(&network, "encoder.stages.0.blocks.0.norm.running_mean"), vec![0.75; 64]);
        assert_eq!(import.architecture, Some("VGG16-BN"));
        assert_eq!(import.loaded.len(), 4);
        let skipped: Vec<&str> = import.skipped.iter().map(|(_, why)| why.as_str()).collect();
        assert_eq!(skipped, ["the classifier of ImageNet", "no name of VGG16-BN"]);
        assert_eq!(import.mismatched[0].network, [512]);
        // 13 layers of a convolution and four tensors of batch-norm; three are loaded, one has another shape
        assert_eq!(import.missing.len(), 13 * 5 - 3 - 1);
        assert!(import.gaps().is_some_and(|gaps| gaps.contains("features.41.weight is [511] in the file, [512]")));
    }

    #[test]
    fn a_classifier_takes_the_hidden_layers_too_and_not_the_last_one() {
        let (_dir, file) = file(&[
            tensor("features.0.weight", &[64, 3, 11, 11], 0.5),
            tensor("features.10.weight", &[256, 256, 3, 3], 0.5),
            tensor("classifier.4.weight", &[4096, 4096], 0.25),
            tensor("classifier.4.bias", &[4096], 0.125),
            tensor("classifier.6.bias", &[1000], 0.1),
        ]);
        let (network, import) = import(network("alexnet-tl"), &file, Convention::Imagenet).expect("in part");
        assert_eq!(import.headline(), "AlexNet: 2 of 10 tensors into encoder, 2 behind it; the rest random");
        assert!(numbers(&network, "head.hidden.1.weight").iter().all(|&value| value == 0.25));
        assert_eq!(numbers(&network, "head.hidden.1.bias"), vec![0.125; 4096]);
        assert_eq!(import.skipped, [("classifier.6.bias".to_owned(), "the classifier of ImageNet".to_owned())]);
        assert!(import.mismatched.is_empty());
    }

    #[test]
    fn what_a_network_wrote_under_its_own_names_fills_it_whole() {
        let config: ModelConfig = toml::from_str("name = \"unet\"\nwidth = 0.0625").expect("a network");
        let written = config.build(&Device::flex()).expect("a network");
        let slots = slots(&written).into_iter().filter(|slot| !slot.shape.is_empty());
        let named = slots.zip(crate::model::values(&written)).map(|(slot, values)| (slot.path, slot.shape, values));
        let (_dir, file) = file(&named.collect::<Vec<_>>());
        let other = config.build(&Device::flex()).expect("a network");
        let (read, import) = import(other, &file, Convention::Imagenet).expect("whole");
        assert_eq!((import.gaps(), import.skipped.len(), import.architecture), (None, 0, None));
        assert_eq!(crate::model::values(&read), crate::model::values(&written));
    }

    #[test]
    fn a_file_of_nothing_that_fits_is_refused() {
        let (_dir, file) = file(&[tensor("a.weight", &[2], 1.0)]);
        let error = import(network("fgfeu-net"), &file, Convention::Imagenet).expect_err("foreign");
        assert!(error.contains("nothing in it fits the network"), "{error}");
    }

    /// Real ImageNet weights of VGG16's first four convolutions, against activations that numpy computed in float64
    /// (`forward_check.json` beside the file).
    #[test]
    fn keras_vgg16_answers_as_published() {
        let Some(folder) =
            std::env::var_os("SEGLAB_DATA").map(|root| std::path::PathBuf::from(root).join("vgg16_keras_first4"))
        else {
            eprintln!("skipped: SEGLAB_DATA does not name a folder with vgg16_keras_first4");
            return;
        };
        let weights = open(&folder.join("vgg16_keras_conv1_conv2.safetensors")).expect("weights");
        let (network, import) = import(network("fgfeu-net"), &weights, Convention::Caffe).expect("in part");
        assert_eq!(import.headline(), "VGG16: 8 of 20 tensors into encoder; the rest random");
        let text = std::fs::read_to_string(folder.join("forward_check.json")).expect("the check");
        let check: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let input: Vec<Vec<[f32; 3]>> = serde_json::from_value(check["input"].clone()).expect("16×16 pixels");
        let planes: Vec<f32> = (0..3).flat_map(|c| input.iter().flatten().map(move |pixel| pixel[c])).collect();
        let device = Device::flex();
        let mut features = Tensor::<4>::from_data(TensorData::new(planes, [1, 3, 16, 16]), &device);
        for (layer, stage, block) in [("conv1_1", 0, 0), ("conv1_2", 0, 1), ("conv2_1", 1, 0), ("conv2_2", 1, 1)] {
            let path = format!("encoder.stages.{stage}.blocks.{block}.conv");
            let (kernel, bias) =
                (numbers(&network, &format!("{path}.weight")), numbers(&network, &format!("{path}.bias")));
            let shape = [bias.len(), kernel.len() / bias.len() / 9, 3, 3];
            let mut conv = conv3x3([shape[1], shape[0]], Norm::None, &device);
            conv.weight = Param::from_data(TensorData::new(kernel, shape), &device);
            conv.bias = Some(Param::from_data(TensorData::new(bias, [shape[0]]), &device));
            features = relu(convolve(&conv, features));
            agrees(&check[layer], &features, layer);
            if layer == "conv1_2" {
                features = pool(&halve(), features);
                agrees(&check["pool1"], &features, "pool1");
            }
        }
    }

    /// Within 1e-3 of a number, or of its size where it is above 1.
    fn agrees(expected: &serde_json::Value, features: &Tensor<4>, layer: &str) {
        let [_, channels, height, width] = features.dims();
        let data: Vec<f32> = features.clone().into_data().iter::<f32>().collect();
        let at = |c: usize, y: usize, x: usize| f64::from(data[(c * height + y) * width + x]);
        let list = |key: &str| -> Vec<f64> { serde_json::from_value(expected[key].clone()).expect(key) };
        for (key, y, x, first) in [
            ("at_0_0_first8", 0, 0, 0),
            ("at_3_4_first16", 3, 4, 0),
            ("at_last_last_last8", height - 1, width - 1, channels - 8),
        ] {
            for (i, expected) in list(key).into_iter().enumerate() {
                let gap = (at(first + i, y, x) - expected).abs();
                assert!(gap < 1e-3 * expected.abs().max(1.0), "{layer} {key}[{i}]: {gap}");
            }
        }
        let sum: f64 = data.iter().map(|&value| f64::from(value)).sum();
        let expected = expected["sum"].as_f64().expect("a sum");
        assert!((sum - expected).abs() < 1e-3 * expected.abs(), "{layer}: {sum} {expected}");
    }
}
