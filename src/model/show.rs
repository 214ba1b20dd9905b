//! What a model looks like from outside: stages with shapes, parameters, operations and memory.

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::profile::{Operation, Owner, profile};
use super::{Forward, ModelConfig, PatchDiscriminator};
use crate::config::within;

/// What one image costs, stage by stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Registry key.
    pub name: String,
    /// Trainable numbers; 0 for a pixel classifier.
    pub params: usize,
    /// Side of the image that everything is for.
    pub input_px: usize,
    /// Multiply–accumulate operations of one image's forward pass, in convolutions and linear layers.
    pub macs: u64,
    /// Values that the forward pass of one image leaves for its backward pass, at four bytes each.
    pub kept_mib: f64,
    /// Parts in the order in which they compute.
    pub stages: Vec<Stage>,
    /// The discriminator that it is trained against; not in the sums above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discriminator: Option<Stage>,
    /// Name and shape of each output.
    pub outputs: Vec<(String, [usize; 4])>,
}

/// A part of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Path of the part; `freeze` and `lr_scale` of a spec take such paths.
    pub name: String,
    /// Shape of its last result; `None` for a part that is not seen to compute.
    pub output: Option<[usize; 4]>,
    /// Its trainable numbers.
    pub params: usize,
    /// As [`Summary::macs`].
    pub macs: u64,
    /// As [`Summary::kept_mib`].
    pub kept_mib: f64,
}

/// Bytes of a number.
const F32: usize = 4;
const MIB: f64 = 1_048_576.0;

impl Summary {
    /// Memory of a training step in MiB: weights, gradients and Adam's two moments exactly, and what `batch` images
    /// leave for the backward pass. An estimate: it leaves out what single operations need while they compute.
    pub fn step_mib(&self, batch: usize) -> f64 {
        let (params, kept_mib) = match &self.discriminator {
            // it judges the reference and the prediction
            Some(judge) => (self.params + judge.params, self.kept_mib + 2.0 * judge.kept_mib),
            None => (self.params, self.kept_mib),
        };
        (4 * F32 * params) as f64 / MIB + batch as f64 * kept_mib
    }
}

/// Builds the model and runs one image through it.
pub fn summarise(config: &ModelConfig, input_px: usize) -> Result<Summary, String> {
    within("input", input_px as f64, 16.0, 2048.0)?;
    config.check(input_px)?;
    let (name, stages, outputs) = (config.name().to_owned(), Vec::new(), Vec::new());
    let device = Device::flex();
    let discriminator = config.adversary().map(|adversary| discriminator(&adversary.build(&device), input_px, &device));
    let mut summary = Summary { name, params: 0, input_px, macs: 0, kept_mib: 0.0, stages, discriminator, outputs };
    let Some(network) = config.build(&device) else { return Ok(summary) };
    let (output, operations) = profile(|| network.forward(Tensor::zeros([1, 3, input_px, input_px], &device)));
    summary.params = trainable(&network);
    summary.stages = by_stage(&network, &operations);
    summary.macs = summary.stages.iter().map(|stage| stage.macs).sum();
    summary.kept_mib = summary.stages.iter().map(|stage| stage.kept_mib).sum();
    summary.outputs.push(("logits".to_owned(), output.logits.dims()));
    let side = output.side.iter().enumerate().map(|(i, s)| (format!("side {}", i + 1), s.dims()));
    summary.outputs.extend(side);
    summary.outputs.extend(output.edge.map(|edge| ("edge".to_owned(), edge.dims())));
    Ok(summary)
}

/// One judgement of an image with a mask.
fn discriminator(judge: &PatchDiscriminator, input_px: usize, device: &Device) -> Stage {
    let zeros = |channels| Tensor::zeros([1, channels, input_px, input_px], device);
    let (_, operations) = profile(|| judge.forward(zeros(3), zeros(1)));
    let name = "discriminator".to_owned();
    let mut stage = Stage { name, output: None, params: trainable(judge), macs: 0, kept_mib: 0.0 };
    operations.iter().for_each(|operation| stage.take(operation));
    stage
}

/// An operation without weights belongs to the stage that computed last; an up-sampling or a join, and what follows it up
/// to the next weight, to the stage that computes next, if any does. Stages in the order of their first operation; those that are
/// not seen to compute come last.
fn by_stage(network: &impl Module, operations: &[Operation]) -> Vec<Stage> {
    let defined = visited(network);
    let stage_of = |weight| defined.stage_of.iter().find(|(id, _)| *id == weight).map(|(_, place)| *place);
    let mut order: Vec<usize> = Vec::new();
    let mut stages = defined.stages.clone();
    let mut waiting: Vec<Operation> = Vec::new();
    for operation in operations {
        match operation.owner {
            Owner::Weight(weight) => {
                let Some(at) = stage_of(weight).or(order.last().copied()) else { continue };
                order.push(at);
                waiting.drain(..).chain([*operation]).for_each(|operation| stages[at].take(&operation));
            }
            Owner::Before if waiting.is_empty() => {
                let Some(&at) = order.last() else { continue };
                stages[at].take(operation);
            }
            Owner::Before | Owner::Next => waiting.push(*operation),
        }
    }
    if let Some(&at) = order.last() {
        waiting.iter().for_each(|operation| stages[at].take(operation));
    }
    let first = |at: usize| order.iter().position(|&seen| seen == at).unwrap_or(usize::MAX);
    let mut places: Vec<usize> = (0..stages.len()).collect();
    places.sort_by_key(|&at| first(at));
    places.into_iter().map(|at| stages[at].clone()).collect()
}

impl Stage {
    fn take(&mut self, operation: &Operation) {
        self.macs += operation.macs;
        self.kept_mib += (F32 * operation.output.iter().product::<usize>()) as f64 / MIB;
        self.output = Some(operation.output);
    }
}

/// How many numbers training changes. burn's own count includes the running statistics of batch-norm.
pub fn trainable(module: &impl Module) -> usize {
    visited(module).stages.iter().map(|stage| stage.params).sum()
}

/// How many tensors training changes.
#[cfg(test)]
pub(super) fn trainable_tensors(network: &super::Network) -> usize {
    visited(network).stage_of.len()
}

fn visited(module: &impl Module) -> ByStage {
    let mut visitor = ByStage::default();
    module.visit(&mut visitor);
    visitor
}

/// Adds parameters up by stage.
#[derive(Default)]
struct ByStage {
    path: Vec<String>,
    stages: Vec<Stage>,
    stage_of: Vec<(ParamId, usize)>,
}

/// The beginning of a parameter's path (the variant's own name left out): down to the first member of a list, unless
/// that list is a stack of blocks, which is all there is to the part; without a list one name, in an encoder two.
fn stage_name(path: &[String]) -> String {
    let path = path.get(1..).unwrap_or_default();
    let is_number = |part: &String| part.parse::<usize>().is_ok();
    let depth = match path.iter().position(is_number) {
        Some(at) if at > 0 && path[at - 1] == "blocks" && !path.get(at + 1).is_some_and(is_number) => at - 1,
        Some(at) => at + 1,
        None if path.len() > 2 && path[0] == "encoder" => 2,
        None => 1,
    };
    path[..depth.clamp(1, path.len().max(1)).min(path.len())].join(".")
}

impl ModuleVisitor for ByStage {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.path.last().is_some_and(|name| name.starts_with("running_")) {
            return;
        }
        let name = stage_name(&self.path);
        let params = param.lazy_shape().num_elements();
        let known = self.stages.iter().position(|stage| stage.name == name);
        let at = known.unwrap_or_else(|| {
            self.stages.push(Stage { name, output: None, params: 0, macs: 0, kept_mib: 0.0 });
            self.stages.len() - 1
        });
        self.stages[at].params += params;
        self.stage_of.push((param.id, at));
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

    fn summary(name: &str, width: f64, input_px: usize) -> Summary {
        let config: ModelConfig = toml::from_str(&format!("name = \"{name}\"\nwidth = {width}")).expect("config");
        summarise(&config, input_px).expect("a multiple of 16")
    }

    #[test]
    fn stages_add_up_to_the_whole() {
        for name in ["unet", "fgfeu-net", "boundary-attention"] {
            let summary = summary(name, 0.0625, 32);
            assert_eq!(summary.stages.iter().map(|s| s.params).sum::<usize>(), summary.params, "{name}");
            assert!(summary.stages.iter().all(|stage| stage.output.is_some()), "{name}: {:?}", summary.stages);
        }
    }

    /// By hand: the first stage of U-Net at width 1/16 has 3×3 convolutions 3 → 4 → 4 at 32 × 32, each with batch-norm
    /// (in evaluation) and ReLU, and a 2×2 pool: 9·(3·4 + 4·4)·32² operations, 6 maps of 4·32² values and one of 4·16².
    #[test]
    fn the_first_stage_of_unet_costs_what_a_hand_counts() {
        let first = &summary("unet", 0.0625, 32).stages[0];
        assert_eq!((first.name.as_str(), first.output), ("down.0", Some([1, 4, 16, 16])));
        assert_eq!(first.macs, 9 * (3 * 4 + 4 * 4) * 1024);
        assert_eq!(first.params, 9 * (3 * 4 + 4 * 4) + 2 * 8);
        assert_eq!(first.kept_mib * 1_048_576.0, 4.0 * f64::from(6 * 4 * 1024 + 4 * 256));
    }

    #[test]
    fn blocks_of_layers_are_stages_and_stacks_are_not() {
        let names = |name: &str| -> Vec<String> {
            summary(name, 0.0625, 96).stages.into_iter().map(|stage| stage.name).collect()
        };
        let dense = names("densenet121");
        let expected = [
            "encoder.stem",
            "encoder.blocks.0",
            "encoder.transitions.0",
            "encoder.blocks.1",
            "encoder.transitions.1",
            "encoder.blocks.2",
            "encoder.transitions.2",
            "encoder.blocks.3",
        ];
        assert_eq!(dense[..8], expected);
        assert!(names("fgfeu-net").iter().all(|name| !name.contains("blocks")), "{:?}", names("fgfeu-net"));
        let freeze: crate::spec::Transfer =
            toml::from_str("freeze = [{ stage = 'encoder.blocks.0' }, { stage = 'encoder.stem' }]").expect("keys");
        freeze.check(&ModelConfig::named("densenet121").expect("a network")).expect("stages that are shown");
    }

    /// The decoder begins with one; what the rows' LSTM says is still in lines.
    #[test]
    fn an_up_sampling_is_of_the_stage_that_it_opens() {
        let stages = summary("lstm", 0.0625, 64).stages;
        let rows = stages.iter().find(|stage| stage.name.starts_with("rows")).expect("rows");
        let output = rows.output.expect("it computes");
        assert_eq!(output[3], 1, "{output:?}: lines, length, units");
        assert_eq!(stages.last().and_then(|stage| stage.output), Some([1, 1, 64, 64]));
    }

    /// A transposed convolution halves the channels; what it is joined with is the next stage's.
    #[test]
    fn a_join_is_of_the_stage_that_computes_on_it() {
        let stages = summary("unet", 0.0625, 32).stages;
        let lift = stages.iter().find(|stage| stage.name == "lift.0").expect("the first transposed convolution");
        assert_eq!(lift.output, Some([1, 32, 4, 4]));
    }

    /// At width 1 the discriminator has 2,766,657 parameters, as `NLayerDiscriminator(4, 64, 3)`; 256 pixels give 30 × 30
    /// patches.
    #[test]
    fn a_discriminator_is_shown_apart_and_is_in_the_memory_of_a_step() {
        let judge = discriminator(
            &ModelConfig::named("pix2pix").and_then(|c| c.adversary()).expect("one").build(&Device::flex()),
            256,
            &Device::flex(),
        );
        assert_eq!((judge.params, judge.output), (2_766_657, Some([1, 1, 30, 30])));
        let mut summary = summary("unet", 0.0625, 32);
        let alone = summary.step_mib(2);
        summary.discriminator = Some(judge.clone());
        let more = (16 * judge.params) as f64 / 1_048_576.0 + 4.0 * judge.kept_mib;
        assert!((summary.step_mib(2) - alone - more).abs() < 1e-9);
    }

    #[test]
    fn a_step_needs_four_numbers_a_parameter_and_its_batch() {
        let summary = summary("unet", 0.0625, 32);
        let weights = (16 * summary.params) as f64 / 1_048_576.0;
        assert!((summary.step_mib(3) - weights - 3.0 * summary.kept_mib).abs() < 1e-12);
    }
}
