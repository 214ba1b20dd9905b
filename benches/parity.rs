//! The training step's side of the comparison with PyTorch: initial weights, batches in order, losses of each step.
//!
//! ```text
//! cargo bench --bench parity -- OUT     # writes OUT/<model>-<precision>-<lr>/{weights.safetensors,*.f32,trace.json}
//! python benches/parity.py OUT          # trains the same in PyTorch and compares
//! ```
//!
//! In double precision, where rounding has no say, the whole loop is compared at the learning rate of the recipes.
//! In single precision any two programs part at that rate (PyTorch from itself, too): Adam turns the sign of a
//! gradient that is all rounding into a full step. There the script shows how far either is from double precision,
//! and compares the two at rates where rounding stays small.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use burn::store::{BurnToPyTorchAdapter, ModuleSnapshot, SafetensorsStore};
use burn::tensor::{Device, FloatDType};
use seglab::dataset::{DataRoots, Dataset};
use seglab::loss::LossConfig;
use seglab::model::{ModelConfig, trainable};
use seglab::plan::{RunPlan, plan};
use seglab::spec::{Augment, Spec};
use seglab::train::{Batch, Cache, Learner, Samples, load, order};

const STEPS: usize = 30;

/// Configuration, and the rate at which single precision is compared: for `fgfeu-net` P1's.
const MODELS: [(&str, f64); 2] = [
    ("name = \"unet\"\nwidth = 0.25", 1e-4),
    ("name = \"fgfeu-net\"\nwidth = 0.25\nencoder_dropout = 0.0\ndecoder_dropout = 0.0", 1e-5),
];

/// The rate of `baselines/demo.toml` and `baselines/busi-quick.toml`.
const RECIPE_LR: f64 = 1e-3;

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Anything<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let out = words.first().map_or(PathBuf::from("target/parity"), PathBuf::from);
    // a device's precision is set once per process
    let Some(precision) = words.get(1) else {
        for precision in ["f64", "f32"] {
            let status = Command::new(std::env::current_exe()?).arg(&out).arg(precision).status()?;
            status.success().then_some(()).ok_or(format!("{precision}: {status}"))?;
        }
        return Ok(());
    };
    let double = precision == "f64";
    if double {
        Device::flex().configure(FloatDType::F64).map_err(|error| error.to_string())?;
    }
    let (mut plan, samples) = phantoms()?;
    for (model, gentle_lr) in MODELS {
        let config: ModelConfig = toml::from_str(model)?;
        let rates = if double { vec![RECIPE_LR] } else { vec![RECIPE_LR, gentle_lr] };
        for lr in rates {
            let dir = out.join(format!("{}-{precision}-{lr:e}", config.name()));
            fs::create_dir_all(&dir)?;
            plan.train.lr = lr;
            trace(&config, &plan, &samples, &dir)?;
            println!("{STEPS} steps in {}", dir.display());
        }
    }
    Ok(())
}

/// The demo's data and order, without augmentation.
fn phantoms() -> Anything<(RunPlan, Samples)> {
    let mut spec = Spec::load(Path::new("demo"))?;
    spec.train.augment = Augment::default();
    let dataset = Dataset::open(&spec.dataset, &DataRoots::new(None))?;
    let plan = plan(&spec, &dataset)?.swap_remove(0);
    let samples = load(&dataset, (&plan.split, plan.task), plan.input_px, Cache::unbounded())?;
    Ok((plan, samples))
}

fn trace(config: &ModelConfig, plan: &RunPlan, samples: &Samples, dir: &Path) -> Anything<()> {
    let plan = RunPlan { model: config.clone(), loss: LossConfig::Combo {}, ..plan.clone() };
    let device = Device::flex();
    let mut learner = Learner::new(&plan, &device)?;
    let mut weights = SafetensorsStore::from_file(dir.join("weights.safetensors"))
        .with_to_adapter(BurnToPyTorchAdapter)
        .overwrite(true);
    learner.model.save_into(&mut weights)?;
    let (mut losses, mut images, mut targets, mut sizes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut elapsed = Duration::ZERO;
    for batch in batches(&plan, samples).take(STEPS) {
        images.extend(batch.images(&device).into_data().iter::<f32>().flat_map(f32::to_le_bytes));
        targets.extend(batch.truth(&device).target.into_data().iter::<f32>().flat_map(f32::to_le_bytes));
        sizes.push(batch.size());
        let began = Instant::now();
        losses.push(learner.step(batch.load(&learner.training_device()), plan.train.lr, 0).loss.into_scalar::<f64>());
        elapsed += began.elapsed();
    }
    fs::write(dir.join("images.f32"), images)?;
    fs::write(dir.join("target.f32"), targets)?;
    let trace = serde_json::json!({
        "model": config, "lr": plan.train.lr, "input_px": plan.input_px, "batches": sizes, "losses": losses,
        "elapsed_s": elapsed.as_secs_f64(), "params": trainable(&learner.model),
    });
    Ok(fs::write(dir.join("trace.json"), serde_json::to_vec_pretty(&trace)?)?)
}

/// Epoch after epoch, in the training's order.
fn batches<'a>(plan: &'a RunPlan, samples: &'a Samples) -> impl Iterator<Item = Batch> + 'a {
    (1..).flat_map(move |epoch| {
        let places = order(samples.train.len(), plan.seed, epoch);
        let chunks: Vec<Vec<usize>> = places.chunks(plan.train.batch).map(<[usize]>::to_vec).collect();
        let batch = |chunk: Vec<usize>| {
            let held: Vec<_> = chunk.iter().map(|&i| samples.train[i].sample().expect("held in memory")).collect();
            Batch::of(&held.iter().map(|sample| &**sample).collect::<Vec<_>>(), &[], plan.train.normalise)
        };
        chunks.into_iter().map(batch)
    })
}
