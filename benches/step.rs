//! Steps of training and inference on request, for `step.py`, which asks PyTorch for the same in turn.
//!
//! ```text
//! cargo bench --features tch --bench step -- DEVICE FOLDER     # reads FOLDER/case.json and the arrays beside it
//! ```
//!
//! Each line of standard input is `train N` or `infer N`; each answer is a line of JSON: the milliseconds of each step and
//! the losses of them all. Without weights in the folder the network's own are saved there first.

use std::io::BufRead;
use std::path::Path;
use std::time::Instant;

use burn::module::Module;
use burn::store::{BurnToPyTorchAdapter, ModuleSnapshot, PyTorchToBurnAdapter, SafetensorsStore};
use burn::tensor::{Device, Tensor, TensorData};
use image::{Rgb, RgbImage};
use seglab::dataset::{DataRoots, Dataset, Normalise};
use seglab::loss::{EdgeLossConfig, LossConfig};
use seglab::model::{Forward, ModelConfig};
use seglab::plan::{RunPlan, plan};
use seglab::plane::Mask;
use seglab::spec::{Precision, Spec, TrainConfig};
use seglab::train::{Batch, Learner, LoadedBatch, Sample, choose};
use serde::Deserialize;

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

/// What is measured, as `step.py` writes it.
#[derive(Deserialize)]
struct Case {
    model: ModelConfig,
    px: usize,
    batch: usize,
    lr: f64,
    #[serde(default)]
    precision: Precision,
}

fn main() -> Anything<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let [device, folder] = &words[..] else { return Err("usage: step DEVICE FOLDER".into()) };
    let (device, folder) = (choose(device.parse()?)?.device, Path::new(folder));
    let case: Case = serde_json::from_slice(&std::fs::read(folder.join("case.json"))?)?;
    let mut learner = learner(&case, &device, folder)?;
    let batch = batch(&case).load(&learner.training_device());
    save(&batch, folder)?;
    println!("{{\"ready\": true}}");
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (what, count) = line.split_once(' ').ok_or("expected `train N` or `infer N`")?;
        let count: usize = count.parse()?;
        let (times, losses) = match what {
            "train" => train(&mut learner, &batch, (case.lr, count)),
            _ => (infer(&learner, &batch, count), Vec::new()),
        };
        println!("{}", serde_json::json!({ "ms": times, "losses": losses }));
    }
    Ok(())
}

/// Each step waits for its end: what is timed is one step.
fn train(learner: &mut Learner, batch: &LoadedBatch, (lr, count): (f64, usize)) -> (Vec<f64>, Vec<f64>) {
    let step = |_| {
        let began = Instant::now();
        let loss = learner.step(batch.clone(), lr, 0).loss.into_scalar::<f64>();
        let _ = learner.training_device().sync();
        (began.elapsed().as_secs_f64() * 1e3, loss)
    };
    (0..count).map(step).unzip()
}

fn infer(learner: &Learner, batch: &LoadedBatch, count: usize) -> Vec<f64> {
    let (network, images) = (learner.model.valid(), batch.images.clone().inner());
    let pass = |_| {
        let began = Instant::now();
        let logits = network.forward(images.clone()).logits;
        let _ = logits.mean().into_scalar::<f32>();
        began.elapsed().as_secs_f64() * 1e3
    };
    (0..count).map(pass).collect()
}

fn learner(case: &Case, device: &Device, folder: &Path) -> Anything<Learner> {
    let spec = Spec::load(Path::new("demo"))?;
    let dataset = Dataset::open(&spec.dataset, &DataRoots::new(None))?;
    let plan = plan(&spec, &dataset)?.swap_remove(0);
    let train = TrainConfig { precision: case.precision, ..plan.train };
    let (model, loss, edge) = (case.model.clone(), LossConfig::Combo {}, EdgeLossConfig::Bce {});
    let plan = RunPlan { model, loss, edge, train, ..plan };
    let mut learner = Learner::new(&plan, device)?;
    let weights = folder.join("weights.safetensors");
    if weights.exists() {
        let mut store = SafetensorsStore::from_file(weights).with_from_adapter(PyTorchToBurnAdapter);
        let result = learner.model.load_from(&mut store)?;
        if !result.missing.is_empty() {
            return Err(format!("missing: {:?}", result.missing).into());
        }
    } else {
        let mut store = SafetensorsStore::from_file(weights).with_to_adapter(BurnToPyTorchAdapter);
        learner.model.save_into(&mut store)?;
    }
    Ok(learner)
}

/// Noise around a bright disc, which is the tumour.
fn batch(case: &Case) -> Batch {
    let (px, centre) = (case.px, case.px as isize / 2);
    let inside = |x: usize, y: usize| {
        let (x, y) = (x as isize - centre, y as isize - centre);
        x * x + y * y < centre * centre / 4
    };
    let mut noise = 1u32;
    let samples: Vec<Sample> = (0..case.batch)
        .map(|index| {
            let image = RgbImage::from_fn(px as u32, px as u32, |x, y| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let light = if inside(x as usize, y as usize) { 100 } else { 0 };
                Rgb([(noise >> 25) as u8 + light; 3])
            });
            let name = index.to_string();
            Sample::new(name.clone(), name, image, Mask::from_fn(px, px, inside))
        })
        .collect();
    Batch::of(&samples.iter().collect::<Vec<_>>(), &[], Normalise::default())
}

/// For the other side.
fn save(batch: &LoadedBatch, folder: &Path) -> Anything<()> {
    let bytes = |tensor: &Tensor<4>| -> Vec<u8> {
        let data: TensorData = tensor.clone().into_data();
        data.iter::<f32>().flat_map(f32::to_le_bytes).collect()
    };
    std::fs::write(folder.join("images.f32"), bytes(&batch.images))?;
    Ok(std::fs::write(folder.join("target.f32"), bytes(&batch.truth.target))?)
}
