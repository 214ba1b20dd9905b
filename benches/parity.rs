//! The training loop's side of the comparison with PyTorch: initial weights, batches in order, losses of each step.
//!
//! ```text
//! cargo bench --bench parity -- OUT     # writes OUT/<model>/{weights.safetensors,images.f32,target.f32,trace.json}
//! python benches/parity.py OUT          # trains the same in PyTorch and compares
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::optim::{AdamConfig, GradientsParams};
use burn::store::{BurnToPyTorchAdapter, ModuleSnapshot, SafetensorsStore};
use burn::tensor::Device;
use seglab::dataset::{DataRoots, Dataset};
use seglab::loss::{EdgeLossConfig, LossConfig, Objective};
use seglab::model::{ModelConfig, Segmenter, trainable};
use seglab::plan::{RunPlan, plan};
use seglab::spec::{Augment, Spec};
use seglab::train::{Batch, Samples, load, order};

const STEPS: usize = 30;
const MODELS: [&str; 2] = [
    "name = \"unet\"\nwidth = 0.25",
    "name = \"fgfeu-net\"\nwidth = 0.25\nencoder_dropout = 0.0\ndecoder_dropout = 0.0",
];

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Anything<()> {
    let out =
        std::env::args().skip(1).find(|a| !a.starts_with('-')).map_or(PathBuf::from("target/parity"), PathBuf::from);
    let (plan, samples) = phantoms()?;
    for model in MODELS {
        let config: ModelConfig = toml::from_str(model)?;
        let dir = out.join(config.name());
        fs::create_dir_all(&dir)?;
        trace(&config, &plan, &samples, &dir)?;
        println!("{}: {STEPS} steps in {}", config.name(), dir.display());
    }
    Ok(())
}

/// The demo's data and order, without augmentation.
fn phantoms() -> Anything<(RunPlan, Samples)> {
    let mut spec = Spec::load(Path::new("demo"))?;
    spec.train.augment = Augment::default();
    let dataset = Dataset::open(&spec.dataset, &DataRoots::new(None))?;
    let plan = plan(&spec, &dataset)?.swap_remove(0);
    let samples = load(&dataset, &plan.split, plan.input_px)?;
    Ok((plan, samples))
}

fn trace(config: &ModelConfig, plan: &RunPlan, samples: &Samples, dir: &Path) -> Anything<()> {
    let device = Device::flex().autodiff();
    device.seed(plan.seed);
    let mut model = config.build(&device).ok_or("not a network")?;
    let mut weights = SafetensorsStore::from_file(dir.join("weights.safetensors"))
        .with_to_adapter(BurnToPyTorchAdapter)
        .overwrite(true);
    model.save_into(&mut weights)?;
    let objective = Objective::new(&LossConfig::Combo {}, &EdgeLossConfig::default());
    let mut optimizer = AdamConfig::new().with_epsilon(1e-8).init();
    let (mut losses, mut images, mut targets, mut sizes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let began = Instant::now();
    for batch in batches(plan, samples).take(STEPS) {
        let (input, truth) = (batch.images(&device), batch.truth(&device));
        images.extend(input.clone().into_data().iter::<f32>().flat_map(f32::to_le_bytes));
        targets.extend(truth.target.clone().into_data().iter::<f32>().flat_map(f32::to_le_bytes));
        sizes.push(batch.size());
        let loss = objective.forward(model.forward(input), &truth);
        losses.push(f64::from(loss.clone().inner().into_scalar::<f32>()));
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        model = optimizer.step(plan.train.lr, model, gradients);
    }
    let elapsed_s = began.elapsed().as_secs_f64();
    fs::write(dir.join("images.f32"), images)?;
    fs::write(dir.join("target.f32"), targets)?;
    let trace = serde_json::json!({
        "model": config, "lr": plan.train.lr, "input_px": plan.input_px, "batches": sizes, "losses": losses,
        "elapsed_s": elapsed_s, "params": trainable(&model),
    });
    Ok(fs::write(dir.join("trace.json"), serde_json::to_vec_pretty(&trace)?)?)
}

/// Epoch after epoch, in the training's order.
fn batches<'a>(plan: &'a RunPlan, samples: &'a Samples) -> impl Iterator<Item = Batch> + 'a {
    (1..).flat_map(move |epoch| {
        let places = order(samples.train.len(), plan.seed, epoch);
        let chunks: Vec<Vec<usize>> = places.chunks(plan.train.batch).map(<[usize]>::to_vec).collect();
        chunks.into_iter().map(|chunk| Batch::of(&chunk.iter().map(|&i| &samples.train[i]).collect::<Vec<_>>()))
    })
}
