//! What a model looks like from outside: parameters by stage and output shapes.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use serde::Serialize;

use super::{Forward, ModelConfig};
use crate::config::within;

/// Parameters and output shapes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Registry key.
    pub name: String,
    /// Trainable numbers; 0 for a pixel classifier.
    pub params: usize,
    /// Side of the image that the shapes are for.
    pub input_px: usize,
    /// Parts with parameters, in order of definition.
    pub stages: Vec<Stage>,
    /// Name and shape of each output.
    pub outputs: Vec<(String, [usize; 4])>,
}

/// A part of a network.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// Path of the part.
    pub name: String,
    /// Its trainable numbers.
    pub params: usize,
}

/// Builds the model and runs one image through it.
pub fn summarise(config: &ModelConfig, input_px: usize) -> Result<Summary, String> {
    within("input", input_px as f64, 16.0, 2048.0)?;
    config.check(input_px)?;
    let mut summary =
        Summary { name: config.name().to_owned(), params: 0, input_px, stages: Vec::new(), outputs: Vec::new() };
    let device = Device::flex();
    let Some(network) = config.build(&device) else { return Ok(summary) };
    summary.params = trainable(&network);
    summary.stages = stages(&network);
    let output = network.forward(Tensor::zeros([1, 3, input_px, input_px], &device));
    summary.outputs.push(("logits".to_owned(), output.logits.dims()));
    let side = output.side.iter().enumerate().map(|(i, s)| (format!("side {}", i + 1), s.dims()));
    summary.outputs.extend(side);
    summary.outputs.extend(output.edge.map(|edge| ("edge".to_owned(), edge.dims())));
    Ok(summary)
}

/// How many numbers training changes. burn's own count includes the running statistics of batch-norm.
pub fn trainable(module: &impl Module) -> usize {
    stages(module).iter().map(|stage| stage.params).sum()
}

/// How many tensors training changes.
#[cfg(test)]
pub(super) fn trainable_tensors(network: &super::Network) -> usize {
    let mut visitor = ByStage::default();
    network.visit(&mut visitor);
    visitor.tensors
}

fn stages(network: &impl Module) -> Vec<Stage> {
    let mut visitor = ByStage::default();
    network.visit(&mut visitor);
    visitor.stages
}

/// Adds parameters up by the first parts of their path (the variant's own name left out).
#[derive(Default)]
struct ByStage {
    path: Vec<String>,
    stages: Vec<Stage>,
    tensors: usize,
}

const STAGE_DEPTH: usize = 3;

impl ModuleVisitor for ByStage {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.path.last().is_some_and(|name| name.starts_with("running_")) {
            return;
        }
        self.tensors += 1;
        let name = self.path.iter().skip(1).take(STAGE_DEPTH).cloned().collect::<Vec<_>>().join(".");
        let params = param.lazy_shape().num_elements();
        match self.stages.last_mut().filter(|stage| stage.name == name) {
            Some(stage) => stage.params += params,
            None => self.stages.push(Stage { name, params }),
        }
    }

    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_add_up_to_the_whole() {
        for name in ["unet", "fgfeu-net", "boundary-attention"] {
            let config: ModelConfig = toml::from_str(&format!("name = \"{name}\"\nwidth = 0.0625")).expect("config");
            let summary = summarise(&config, 32).expect("32 is a multiple of 16");
            assert_eq!(summary.stages.iter().map(|s| s.params).sum::<usize>(), summary.params, "{name}");
        }
    }
}
