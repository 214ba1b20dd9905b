//! From a file's tensors to a network's, with an account ([`Import`]) of every one of them.

use std::collections::BTreeMap;

use burn::tensor::Device;

use super::account::{ENCODER, Import, Mismatch};
use super::encoder::{Architecture as Backbone, Place};
use super::fold_norm::{Norms, fold_norms};
use super::input::{CAFFE, INCEPTION};
use super::{ModelConfig, Network, Slot, fill, slots};
use crate::weights::{Architecture, Convention, FileTensor, WeightsFile, torchvision_name};

const NO_SUCH: &str = "the network has no such tensor";

/// Name, shape and numbers.
pub type Named = (String, Vec<usize>, Vec<f32>);

/// The tensors of a network of `config` with the weights of `file`; Caffe's input is folded into ImageNet's.
pub fn pretrained_network(
    config: &ModelConfig,
    file: &WeightsFile,
    convention: Option<Convention>,
) -> Result<(Vec<Named>, Import), String> {
    let network = config.build(&Device::flex()).ok_or_else(|| format!("{} is no network", config.name()))?;
    let (network, import) = import(network, file, convention)?;
    let slots: Vec<Slot> = slots(&network).into_iter().filter(|slot| !slot.shape.is_empty()).collect();
    let mut numbers: BTreeMap<String, Vec<f32>> =
        slots.iter().map(|slot| slot.path.clone()).zip(super::values(&network)).collect();
    if convention == Some(Convention::Caffe) {
        CAFFE.fold(&slots, &mut numbers)?;
    }
    let named = |slot: Slot| {
        let values = numbers.remove(&slot.path).unwrap_or_default();
        (slot.path, slot.shape, values)
    };
    Ok((slots.into_iter().map(named).collect(), import))
}

/// Puts what `file` holds for `network` into it. Nothing to put is an error; gaps are the caller's to judge. Without a
/// `convention` it is ImageNet's, unless the names make that doubtful.
pub fn import(
    network: Network,
    file: &WeightsFile,
    convention: Option<Convention>,
) -> Result<(Network, Import), String> {
    let convention = stated(file, convention)?;
    let mut matching = Matching::new(&network, file);
    file.tensors.iter().try_for_each(|tensor| matching.take(tensor))?;
    let Matching { slots, backbone, mut import, mut values, biases, norms, .. } = matching;
    fold_biases(biases, &mut values, &mut import);
    if backbone.is_some_and(Backbone::is_normed) {
        fold_norms(norms, &slots, &mut values, &mut import);
    }
    if import.loaded.is_empty() {
        return Err(format!("nothing in it fits the network: {}", nothing(file, &slots, &import)));
    }
    if backbone == Some(Backbone::InceptionV3) && convention == Convention::Imagenet {
        INCEPTION.fold(&slots, &mut values)?;
    }
    let wanted = |slot: &&Slot| match backbone {
        Some(backbone) => slot.path.starts_with(ENCODER) || backbone.is_hidden(&slot.path),
        None => true,
    };
    let settled = |path: &String| values.contains_key(path) || import.mismatched.iter().any(|m| m.path == *path);
    let tensors = || slots.iter().filter(|slot| !slot.shape.is_empty());
    import.missing = tensors().filter(wanted).map(|slot| slot.path.clone()).filter(|path| !settled(path)).collect();
    import.random = tensors().filter(|slot| slot.learns && !values.contains_key(&slot.path)).count();
    Ok((fill(network, values), import))
}

/// Keras' and Caffe's names say nothing of the input that the weights expect, and a wrong one costs much.
fn stated(file: &WeightsFile, convention: Option<Convention>) -> Result<Convention, String> {
    match (convention, file.foreign_name()) {
        (Some(convention), _) => Ok(convention),
        (None, None) => Ok(Convention::Imagenet),
        (None, Some(name)) => Err(format!(
            "{name:?} is a name of Keras or Caffe, whose weights may expect blue, green, red, 0 to 255; say which input \
             they expect: convention = \"caffe\" or \"imagenet\" in weights = {{ … }}, --caffe or --imagenet of \
             \"seglab weights import\""
        )),
    }
}

/// Why nothing fits: shapes, or the first name found and one that was expected.
fn nothing(file: &WeightsFile, slots: &[Slot], import: &Import) -> String {
    let first = file.tensors.first().map_or("", |tensor| &tensor.name);
    let own = slots.first().map_or("", |slot| &slot.path);
    import.gaps().unwrap_or_else(|| {
        format!(
            "its first tensor is {first:?}; expected torchvision's names, such as \"features.0.weight\" or \
             \"conv1.weight\", or the network's own, such as {own:?}; \"seglab weights inspect FILE\" lists the file's"
        )
    })
}

struct Matching {
    slots: Vec<Slot>,
    backbone: Option<Backbone>,
    title: &'static str,
    import: Import,
    values: BTreeMap<String, Vec<f32>>,
    /// Biases of convolutions that have none in the network: name in the file, layer's path, numbers.
    biases: Vec<(String, String, Vec<f32>)>,
    norms: Norms,
}

/// Where a tensor of the file goes.
enum Target {
    /// Its shape as the file would have it.
    Tensor(Slot),
    /// A bias that is taken off the running mean of this path.
    OffMean(String),
    /// A number of the batch-norm behind a convolution that has none in the network.
    Norm { layer: String, number: String },
}

impl Matching {
    fn new(network: &Network, file: &WeightsFile) -> Self {
        let slots = slots(network);
        let own = file.tensors.iter().filter(|tensor| slots.iter().any(|slot| slot.path == tensor.name)).count();
        let architecture = Architecture::of(file).filter(|_| own == 0);
        let backbone = architecture.and_then(|a| Backbone::ALL.into_iter().find(|known| known.name() == a.name));
        let title = architecture.map_or("the network", |a| a.title);
        let import = Import { architecture: architecture.map(|a| a.title), ..Import::default() };
        Self { slots, backbone, title, import, values: BTreeMap::new(), biases: Vec::new(), norms: Norms::new() }
    }

    fn take(&mut self, tensor: &FileTensor) -> Result<(), String> {
        let found = match tensor.dtype.is_real() {
            true => self.find(&tensor.name, &tensor.shape),
            false => Err(format!("a counter ({})", tensor.dtype.name())),
        };
        let name = tensor.name.clone();
        match found {
            Err(why) => self.import.skipped.push((name, why)),
            Ok(Target::Tensor(slot)) => self.put(tensor, slot)?,
            Ok(Target::OffMean(path)) => {
                let numbers = self.read(tensor)?;
                self.biases.push((name, path, numbers));
            }
            Ok(Target::Norm { layer, number }) => {
                let numbers = self.read(tensor)?;
                self.norms.entry(layer).or_default().insert(number, (name, numbers));
            }
        }
        Ok(())
    }

    fn put(&mut self, tensor: &FileTensor, slot: Slot) -> Result<(), String> {
        let (name, path) = (tensor.name.clone(), slot.path);
        if slot.shape != tensor.shape {
            self.import.mismatched.push(Mismatch { name, path, file: tensor.shape.clone(), network: slot.shape });
            return Ok(());
        }
        let numbers = self.read(tensor)?;
        if self.values.insert(path.clone(), numbers).is_some() {
            return Err(format!("two tensors of the file go to {path}; one is {name:?}"));
        }
        self.import.loaded.push((name, path));
        Ok(())
    }

    /// Where a tensor goes, or why nowhere.
    fn find(&self, name: &str, shape: &[usize]) -> Result<Target, String> {
        if let Some(slot) = self.slot(name) {
            return Ok(Target::Tensor(slot));
        }
        match self.backbone.and_then(|backbone| backbone.place(&torchvision_name(name))) {
            Some(Place::Encoder(path)) => {
                let path = format!("{ENCODER}{path}");
                let of_norm = || self.of_norm(&path, |number| number.to_owned());
                let target = self.slot(&path).map(Target::Tensor).or_else(of_norm);
                target.ok_or_else(|| NO_SUCH.to_owned())
            }
            Some(Place::OffMean(path)) => {
                let path = format!("{ENCODER}{path}");
                let of_norm = || self.of_norm(&path, |_| "bias".to_owned());
                let target = self.slot(&path).map(|slot| Target::OffMean(slot.path)).or_else(of_norm);
                target.ok_or_else(|| NO_SUCH.to_owned())
            }
            Some(Place::Head(path)) => {
                let hidden = self.backbone.is_some_and(|backbone| backbone.is_hidden(&path));
                match self.slot(&path) {
                    Some(slot) if without_ones(&slot.shape) == without_ones(shape) => {
                        Ok(Target::Tensor(Slot { shape: shape.to_vec(), ..slot }))
                    }
                    Some(slot) if hidden => Ok(Target::Tensor(slot)),
                    _ => Err("the classifier of ImageNet".to_owned()),
                }
            }
            Some(Place::Counter) => Err("a counter".to_owned()),
            None => Err(format!("no name of {}", self.title)),
        }
    }

    fn slot(&self, path: &str) -> Option<Slot> {
        self.slots.iter().find(|slot| slot.path == path).cloned()
    }

    /// A number of a batch-norm whose convolution has a bias in the network instead.
    fn of_norm(&self, path: &str, number: impl Fn(&str) -> String) -> Option<Target> {
        let (layer, norm) = path.rsplit_once(".norm.")?;
        self.slot(&format!("{layer}.conv.bias"))?;
        Some(Target::Norm { layer: layer.to_owned(), number: number(norm) })
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
            None => import.skipped.push((name, "its batch-norm is not in the file".to_owned())),
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
        let (network, import) = import(network("boundary-attention"), &file, None).expect("in part");
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
        let (network, import) = import(network("alexnet-tl"), &file, None).expect("in part");
        assert_eq!(import.headline(), "AlexNet: 2 of 10 tensors into encoder, 2 of 4 behind it; the rest random");
        assert!(numbers(&network, "head.hidden.1.weight").iter().all(|&value| value == 0.25));
        assert_eq!(numbers(&network, "head.hidden.1.bias"), vec![0.125; 4096]);
        assert_eq!(import.skipped, [("classifier.6.bias".to_owned(), "the classifier of ImageNet".to_owned())]);
        assert!(import.mismatched.is_empty());
        let behind: Vec<&str> =
            import.missing.iter().map(String::as_str).filter(|path| path.starts_with("head")).collect();
        assert_eq!(behind, ["head.hidden.0.weight", "head.hidden.0.bias"]);
    }

    #[test]
    fn a_hidden_layer_of_another_width_is_a_gap() {
        let (_dir, file) = file(&[
            tensor("features.0.weight", &[64, 3, 11, 11], 0.5),
            tensor("features.10.weight", &[256, 256, 3, 3], 0.5),
            tensor("classifier.4.weight", &[4096, 4096], 0.25),
        ]);
        let config: ModelConfig = toml::from_str("name = \"alexnet-tl\"\nwidth = 0.5").expect("a network");
        let narrow = config.build(&Device::flex()).expect("a network");
        let error = import(narrow, &file, None).expect_err("nothing fits");
        assert!(error.contains("3 of another shape (classifier.4.weight is [4096, 4096] in the file"), "{error}");
    }

    /// The encoder of `fgfeu-net` has no batch-norm. With γ = 2, β = 3, mean = 1, variance 0 a kernel is 2/√1e-5 as large.
    #[test]
    fn a_batch_norm_that_the_network_lacks_is_folded_and_half_of_one_leaves_its_kernel_out() {
        let (_dir, file) = file(&[
            tensor("features.0.weight", &[64, 3, 3, 3], 0.5),
            tensor("features.0.bias", &[64], 1.0),
            tensor("features.1.weight", &[64], 2.0),
            tensor("features.1.bias", &[64], 3.0),
            tensor("features.1.running_mean", &[64], 1.0),
            tensor("features.1.running_var", &[64], 0.0),
            tensor("features.3.weight", &[64, 64, 3, 3], 0.5),
            tensor("features.40.weight", &[512, 512, 3, 3], 0.1),
        ]);
        let (network, import) = import(network("fgfeu-net"), &file, None).expect("in part");
        let kernel = numbers(&network, "encoder.stages.0.blocks.0.conv.weight");
        assert!(kernel.iter().all(|weight| (weight - 316.227_8).abs() < 1e-3), "{}", kernel[0]);
        assert_eq!(numbers(&network, "encoder.stages.0.blocks.0.conv.bias"), vec![3.0; 64]);
        assert_eq!(
            import.headline(),
            "VGG16-BN: 2 of 20 tensors into encoder, batch-norms folded into convolutions; the rest random"
        );
        assert_eq!(import.folded.len(), 4);
        let (name, why) = &import.skipped[import.skipped.len() - 1];
        assert_eq!((name.as_str(), why.ends_with("has no gamma")), ("features.3.weight", true));
    }

    #[test]
    fn names_of_keras_need_a_word_on_the_input_that_they_expect() {
        let layers = [("conv1_1.weight", [64, 3, 3, 3]), ("conv1_2.weight", [64, 64, 3, 3])];
        let (_dir, file) = file(&layers.map(|(name, shape)| tensor(name, &shape, 0.5)));
        let error = import(network("fgfeu-net"), &file, None).expect_err("silent");
        assert!(error.contains("\"conv1_1.weight\"") && error.contains("\"caffe\" or \"imagenet\""), "{error}");
        for said in [Convention::Caffe, Convention::Imagenet] {
            import(network("fgfeu-net"), &file, Some(said)).expect("said");
        }
    }

    #[test]
    fn what_a_network_wrote_under_its_own_names_fills_it_whole() {
        let config: ModelConfig = toml::from_str("name = \"unet\"\nwidth = 0.0625").expect("a network");
        let written = config.build(&Device::flex()).expect("a network");
        let slots = slots(&written).into_iter().filter(|slot| !slot.shape.is_empty());
        let named = slots.zip(crate::model::values(&written)).map(|(slot, values)| (slot.path, slot.shape, values));
        let (_dir, file) = file(&named.collect::<Vec<_>>());
        let other = config.build(&Device::flex()).expect("a network");
        let (read, import) = import(other, &file, None).expect("whole");
        assert_eq!((import.gaps(), import.skipped.len(), import.architecture), (None, 0, None));
        assert_eq!(crate::model::values(&read), crate::model::values(&written));
    }

    #[test]
    fn a_file_of_nothing_that_fits_is_refused() {
        let (_dir, file) = file(&[tensor("a.weight", &[2], 1.0)]);
        let error = import(network("fgfeu-net"), &file, None).expect_err("foreign");
        assert!(error.contains("nothing in it fits the network: its first tensor is \"a.weight\""), "{error}");
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
        let (network, import) = import(network("fgfeu-net"), &weights, Some(Convention::Caffe)).expect("in part");
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
