//! A worker that is killed at any moment continues as if nothing had happened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use burn::module::{Module, ModuleVisitor, Param};
use burn::store::ModuleRecord;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use seglab::run::Event;
use seglab::store::RunDir;

use crate::lab::{Lab, events};

/// Everything that a run is judged by, without clock times.
#[derive(Debug, PartialEq)]
struct Result {
    steps: Vec<(u64, Option<u64>)>,
    epochs: Vec<Epoch>,
    scores: String,
    weights: Vec<Vec<u32>>,
}

#[derive(Debug, PartialEq)]
struct Epoch {
    epoch: u32,
    step: u64,
    losses: [Option<u64>; 2],
    valid: BTreeMap<String, Option<u64>>,
}

#[derive(Default)]
struct Bits(Vec<Vec<u32>>);

impl ModuleVisitor for Bits {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().into_data().iter::<f32>().map(f32::to_bits).collect());
    }
}

fn newest_weights(run: &RunDir) -> Vec<Vec<u32>> {
    let folders = std::fs::read_dir(run.checkpoint_path()).expect("checkpoints").flatten();
    let newest = folders.map(|f| f.path()).filter(|p| p.join("model.bpk").exists()).max().expect("a checkpoint");
    let record = ModuleRecord::load(newest.join("model.bpk")).expect("readable weights");
    let network = run.plan().expect("a plan").model.build(&Device::flex()).expect("a network");
    let mut bits = Bits::default();
    network.load_record(record).visit(&mut bits);
    bits.0
}

/// The kept masks are the scored ones.
fn check_masks(run: &RunDir) {
    for (index, score) in run.scores().expect("scores").iter().enumerate() {
        let mask = run.prediction(index).expect("a strip of masks");
        let kept = mask.map(|mask| mask.area_px() as u64);
        assert_eq!(kept, score.verdict.is_none().then_some(score.counts.tp + score.counts.fp), "{}", score.case);
    }
}

fn result(path: &Path) -> Result {
    let bits = |v: Option<f64>| v.map(f64::to_bits);
    let run = RunDir::at(path).expect("a run");
    let (mut steps, mut epochs) = (Vec::new(), Vec::new());
    for event in events(path) {
        match event {
            Event::Step { step, loss } => steps.push((step, bits(loss))),
            Event::Epoch { epoch, step, train_loss, valid_loss, train, valid, .. } => {
                let train = train.into_iter().map(|(name, value)| (format!("train {name}"), value));
                let valid = valid.into_iter().chain(train).map(|(name, value)| (name, bits(value))).collect();
                epochs.push(Epoch { epoch, step, losses: [bits(train_loss), bits(valid_loss)], valid });
            }
            Event::Distances { epoch, valid } => {
                let measured = valid.into_iter().map(|(name, value)| (name, bits(value)));
                let of = epochs.iter_mut().find(|known: &&mut Epoch| known.epoch == epoch);
                of.expect("an epoch that was said").valid.extend(measured);
            }
            _ => {}
        }
    }
    assert!(epochs.iter().all(|epoch| epoch.valid.contains_key("hd95_px") || !run.path().join("scores.json").exists()));
    assert!(epochs.iter().all(|epoch| epoch.valid["train accuracy"].is_some()));
    assert!(run.scores().expect("scores").iter().all(|score| score.loss.is_some_and(f64::is_finite)));
    let scores = std::fs::read_to_string(scores(path)).expect("scores");
    check_masks(&run);
    Result { steps, epochs, scores, weights: newest_weights(&run) }
}

/// Where a run of either task keeps them.
fn scores(run: &Path) -> PathBuf {
    let verdicts = run.join("verdicts.json");
    if verdicts.exists() { verdicts } else { run.join("scores.json") }
}

fn worker(lab: &Lab, run: &Path) -> std::process::Child {
    let mut command = lab.command(&["worker", &run.display().to_string()]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    command.spawn().expect("a worker")
}

fn undisturbed(spec: &str) -> (Result, Duration) {
    let lab = Lab::new();
    let run = lab.plan_of(spec);
    let began = Instant::now();
    assert!(worker(&lab, &run).wait().expect("ended").success());
    (result(&run), began.elapsed())
}

fn last_step(run: &Path) -> u64 {
    let step = |event| if let Event::Step { step, .. } = event { Some(step) } else { None };
    events(run).into_iter().rev().find_map(step).unwrap_or(0)
}

/// Kills workers of `spec`'s run at random moments until `wanted` of them had said a step of their own.
fn killed_equals_undisturbed(spec: &str, wanted: u32) {
    let (expected, duration) = undisturbed(spec);
    assert_eq!(expected.epochs.len(), 4);
    let lab = Lab::new();
    let run = lab.plan_of(spec);
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let mut kills = 0;
    while kills < wanted {
        let (saved_before, step_before) = (saved_epoch(&run), last_step(&run));
        let mut child = worker(&lab, &run);
        std::thread::sleep(Duration::from_millis(rng.next_u64() % duration.as_millis() as u64));
        if child.try_wait().expect("a child").is_none() {
            child.kill().expect("killed");
            kills += u32::from(last_step(&run) != step_before);
        }
        child.wait().expect("ended");
        assert!(saved_epoch(&run) >= saved_before, "a checkpoint is gone");
        if scores(&run).exists() {
            // Finished early: the remaining kills hit a fresh run.
            assert!(worker(&lab, &run).wait().expect("ended").success());
            assert_eq!(result(&run), expected, "after {kills} kills");
            std::fs::remove_dir_all(&run).expect("removed");
            lab.plan_of(spec);
        }
    }
    assert!(worker(&lab, &run).wait().expect("ended").success());
    assert_eq!(result(&run), expected);
}

#[test]
fn twenty_kills_leave_curve_weights_and_scores_bit_for_bit_the_same() {
    killed_equals_undisturbed(crate::lab::SPEC, 20);
}

#[test]
fn kills_leave_a_network_with_batch_norm_bit_for_bit_the_same() {
    killed_equals_undisturbed(&crate::lab::SPEC.replace("fgfeu-net", "unet"), 5);
}

#[test]
fn kills_leave_a_loss_with_weights_of_its_own_bit_for_bit_the_same() {
    let spec = crate::lab::SPEC.replace("name = \"combo\"", "name = \"shape-aware\", smoothness = 1.0");
    killed_equals_undisturbed(&spec, 4);
}

#[test]
fn kills_leave_a_classifier_bit_for_bit_the_same() {
    killed_equals_undisturbed(crate::classification::SPEC, 4);
}

#[test]
fn kills_leave_an_encoder_that_thaws_bit_for_bit_the_same() {
    let spec = crate::lab::SPEC.replace("fgfeu-net", "boundary-attention");
    let habits = "freeze = [{ stage = \"encoder\", until_epoch = 2 }]\nlr_scale = { encoder = 0.1 }\nloss =";
    killed_equals_undisturbed(&spec.replace("loss =", habits), 4);
}

#[test]
fn kills_leave_a_network_with_an_adversary_bit_for_bit_the_same() {
    let spec = crate::lab::SPEC.replace("name = \"fgfeu-net\"", "name = \"pix2pix\", downs = 5");
    killed_equals_undisturbed(&spec.replace("name = \"combo\"", "name = \"l1\""), 4);
}

fn saved_epoch(run: &Path) -> u32 {
    let saved =
        events(run).into_iter().filter_map(|e| if let Event::Saved { epoch, .. } = e { Some(epoch) } else { None });
    saved.max().unwrap_or(0)
}

#[test]
fn a_damaged_checkpoint_is_refused_and_nothing_is_overwritten() {
    let lab = Lab::new();
    let run = lab.plan();
    assert!(worker(&lab, &run).wait().expect("ended").success());
    std::fs::remove_file(run.join("scores.json")).expect("removed");
    let newest = run.join("checkpoint/epoch-00004/model.bpk");
    let mut bytes = std::fs::read(&newest).expect("weights");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&newest, &bytes).expect("damaged");
    assert!(!worker(&lab, &run).wait().expect("ended").success());
    let last = events(&run).pop().expect("a last word");
    assert!(matches!(&last, Event::Failed { reason, .. } if reason.contains("damaged")), "{last:?}");
    assert_eq!(std::fs::read(&newest).expect("still there"), bytes);
}

#[test]
fn a_loss_that_is_no_number_fails_the_run_with_its_step() {
    let lab = Lab::new();
    let spec = crate::lab::SPEC.replace("lr = 1e-3", "lr = 10.0").replace("epochs = 4", "epochs = 60");
    lab.write("tiny.toml", spec);
    let output = lab.run(&["run", "tiny.toml", "--headless"]);
    let text = crate::lab::stdout(&output);
    // With a rate of 10 the weights explode within a few epochs.
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("loss is") && text.contains("at step"), "{text}");
}

#[test]
fn a_second_worker_leaves_a_running_run_alone() {
    let lab = Lab::new();
    let run = lab.plan();
    let lock = RunDir::at(&run).expect("a run").lock().expect("a lock").expect("free");
    let before = events(&run);
    assert!(!worker(&lab, &run).wait().expect("ended").success());
    assert_eq!(events(&run), before);
    drop(lock);
}
