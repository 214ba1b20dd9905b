//! A network's tensors by path: what they are, and putting numbers into them.

use std::collections::BTreeMap;

use burn::module::{Flag, Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Tensor, TensorData};

use super::Network;

/// A tensor of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Such as `encoder.stages.0.blocks.0.conv.weight`; the variant's own name left out.
    pub path: String,
    /// Extents, outermost first; none of a switch between training and evaluation.
    pub shape: Vec<usize>,
    /// Whether training changes it by a gradient; not so running statistics and switches.
    pub learns: bool,
    /// Changes with every build; burn tells parameters by it.
    pub id: ParamId,
}

/// Every tensor and switch of `network`, in order of definition.
pub fn slots(network: &Network) -> Vec<Slot> {
    let mut walk = Walk::default();
    network.visit(&mut walk);
    walk.slots
}

/// The numbers of every tensor, in the order of [`slots`] without the switches.
pub fn values(network: &Network) -> Vec<Vec<f32>> {
    let mut walk = Walk { keeps: true, ..Walk::default() };
    network.visit(&mut walk);
    walk.values
}

/// Puts `values`, of the right number, into the tensors at their paths; the others, and all identities, stay.
pub fn fill(network: Network, values: BTreeMap<String, Vec<f32>>) -> Network {
    network.map(&mut Fill { path: Vec::new(), values })
}

#[derive(Default)]
struct Walk {
    path: Vec<String>,
    slots: Vec<Slot>,
    keeps: bool,
    values: Vec<Vec<f32>>,
}

impl ModuleVisitor for Walk {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let learns = !self.path.last().is_some_and(|name| name.starts_with("running_"));
        let (path, shape) = (named(&self.path), param.lazy_shape().to_vec());
        self.slots.push(Slot { path, shape, learns, id: param.id });
        if self.keeps {
            self.values.push(param.val().into_data().iter::<f32>().collect());
        }
    }

    fn visit_flag(&mut self, flag: &Param<Flag>) {
        self.slots.push(Slot { path: named(&self.path), shape: Vec::new(), learns: false, id: flag.id });
    }

    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }
}

struct Fill {
    path: Vec<String>,
    values: BTreeMap<String, Vec<f32>>,
}

impl ModuleMapper for Fill {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(values) = self.values.remove(&named(&self.path)) else { return param };
        let (id, data) = (param.id, TensorData::new(values, param.lazy_shape()));
        let tensor = Tensor::from_data(data, &param.lazy_device());
        param.transform_for_load(tensor, id)
    }

    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }
}

fn named(path: &[String]) -> String {
    path.get(1..).unwrap_or_default().join(".")
}
