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
    /// Such as `VGG16: 20 of 20 tensors into encoder; the rest random`.
    pub fn headline(&self) -> String {
        let wanted = self.loaded.len() + self.missing.len() + self.mismatched.len();
        let (whose, place) = match self.architecture {
            Some(title) => (title, "encoder; the rest random"),
            None => ("own names", "network"),
        };
        format!("{whose}: {} of {wanted} tensors into {place}", self.loaded.len())
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
            true => self.find(&tensor.name),
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
        if slot.shape != tensor.shape {
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

    /// Where a name goes, or why nowhere.
    fn find(&self, name: &str) -> Result<(Slot, Option<Place>), String> {
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
            Some(Place::Head) => Err("the classifier of ImageNet".to_owned()),
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
