//! Stores for measuring the dashboard, written with the library's own types; `benches/dashboard.py` opens them.
//!
//! `cargo bench --bench dashboard -- OUT` writes `OUT/many`, a thousand runs of 100 epochs in all states that need no
//! worker, and `OUT/long`, one run of a million steps. Nothing is trained: curves are invented from the run's number.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use seglab::dataset::{Dataset, Manifest, Origin};
use seglab::device::Choice;
use seglab::metric::{Aggregate, CaseScore, METRICS, Metric, Shown};
use seglab::plan::{RunPlan, plan};
use seglab::plane::{Mask, Plane};
use seglab::run::Event;
use seglab::spec::Spec;
use seglab::store::{RunDir, Store};

const MODELS: [&str; 5] = ["unet", "fgfeu-net", "att-unet", "resunet", "vnet-2d"];
const LOSSES: [&str; 4] = ["bce", "dice", "combo", "tversky"];
const EPOCHS: u32 = 100;
/// Of 597 training cases in batches of 32.
const STEPS: u32 = 19;
/// Side of the masks that are scored.
const MASK_PX: usize = 32;
const LONG_STEPS: u64 = 1_000_000;
/// Subjects of cases.
type Subjects<'a> = BTreeMap<&'a str, &'a str>;
/// When the first run began.
const DAWN_S: f64 = 1_790_000_000.0;

/// A name as wide and as long as a file system takes.
const WIDE: &str = "網膜の腫瘍と乳腺の超音波画像-セグメンテーション-u-net-ключ";

/// 780 cases of 260 patients, as many as BUSI has images; nothing of them is drawn.
const MANIFEST: &str = r#"
name = "invented"
title = "As many cases as BUSI"
origin = "built in"
licence = "as seglab"
[layout]
kind = "phantom"
phantom = "breast-us"
seed = 1
subjects = 260
images_per_subject = 3
size_px = 32
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let out = arguments.next().ok_or("expected a folder: cargo bench --bench dashboard -- OUT")?;
    let dataset = Dataset::at(Origin { folder: None, manifest: Manifest::parse(MANIFEST, "invented")? })?;
    let plans = plan(&Spec::parse(&spec(), "many.toml")?, &dataset)?;
    let subjects = dataset.cases.iter().map(|case| (case.id.as_str(), case.subject.as_str())).collect();
    many(&Path::new(&out).join("many"), &plans, &subjects)?;
    long(&Path::new(&out).join("long"), &plans[0])?;
    println!("{} cases; {out}/many: {} runs; {out}/long: {LONG_STEPS} steps", dataset.cases.len(), plans.len());
    Ok(())
}

fn spec() -> String {
    let arm = |(model, loss)| {
        format!(
            "[[arm]]\nname = \"{model}-{loss}\"\nmodel = {{ name = \"{model}\" }}\nloss = {{ name = \"{loss}\" }}\n"
        )
    };
    let pairs = MODELS.iter().flat_map(|model| LOSSES.iter().map(move |loss| (model, loss)));
    let arms: String = pairs.map(arm).collect();
    format!(
        "name = \"many\"\ndataset = \"invented\"\n[protocol]\ninput_px = 256\nseeds = [1, 2, 3, 4, 5]\n\
         split = {{ folds = 10, valid = 0.15 }}\n[train]\nepochs = {EPOCHS}\nbatch = 32\nlr = 1e-3\n{arms}"
    )
}

/// Finished, failed, lost, stopped, waiting and planned runs in turn; a few names are long and wide.
fn many(root: &Path, plans: &[RunPlan], subjects: &Subjects) -> Result<(), Box<dyn Error>> {
    let store = empty(root)?;
    for (index, plan) in plans.iter().enumerate() {
        let arm = if index % 97 == 5 { format!("{WIDE}-{index}") } else { plan.arm.clone() };
        let run = store.create(&RunPlan { arm, ..plan.clone() })?;
        let at_s = DAWN_S + 6000.0 + index as f64;
        let reason = "the loss is not finite; lower train.lr".to_owned();
        match index % 10 {
            0..=4 => {
                let scores = scores(plan, index, subjects);
                run.write_scores(&scores)?;
                write(&run, index, (EPOCHS, &[scored(&scores), Event::Finished { at_s }]))?;
            }
            5 => write(&run, index, (37, &[Event::Failed { at_s, reason, step: Some(704) }]))?,
            6 => write(&run, index, (61, &[]))?,
            7 => write(&run, index, (80, &[Event::Stopped { at_s, epoch: 80 }]))?,
            8 => run.enqueue(&Choice::Auto)?,
            _ => {}
        }
    }
    Ok(())
}

/// One run that has been stopped after [`LONG_STEPS`], with an epoch every 10,000.
fn long(root: &Path, plan: &RunPlan) -> Result<(), Box<dyn Error>> {
    let run = empty(root)?.create(plan)?;
    let mut events = BufWriter::new(run.append_events()?);
    say(&mut events, &started(0, 10_000))?;
    for step in 1..=LONG_STEPS {
        say(&mut events, &Event::Step { step, loss: Some(curve(1, step as f64 / LONG_STEPS as f64)) })?;
        if step % 10_000 == 0 {
            say(&mut events, &epoch(1, (step / 10_000) as u32, step))?;
        }
    }
    Ok(say(&mut events, &Event::Stopped { at_s: DAWN_S + 9000.0, epoch: EPOCHS })?)
}

fn empty(root: &Path) -> Result<Store, Box<dyn Error>> {
    if root.exists() {
        fs::remove_dir_all(root)?;
    }
    Ok(Store::new(root))
}

fn write(run: &RunDir, index: usize, (epochs, last): (u32, &[Event])) -> Result<(), Box<dyn Error>> {
    let mut events = BufWriter::new(run.append_events()?);
    say(&mut events, &started(index, STEPS))?;
    for number in 1..=epochs {
        for step in 0..u64::from(STEPS) {
            let step = u64::from(number - 1) * u64::from(STEPS) + step + 1;
            say(&mut events, &Event::Step { step, loss: Some(curve(index, step as f64 / 1900.0)) })?;
        }
        say(&mut events, &epoch(index, number, u64::from(number) * u64::from(STEPS)))?;
        say(&mut events, &Event::Saved { epoch: number, best: number <= 90 })?;
    }
    for line in 1..=20 {
        run.log(&format!("epoch {line}: nothing was trained"));
    }
    Ok(last.iter().try_for_each(|event| say(&mut events, event))?)
}

fn say(events: &mut BufWriter<File>, event: &Event) -> std::io::Result<()> {
    serde_json::to_writer(&mut *events, event)?;
    events.write_all(b"\n")
}

fn started(index: usize, steps_per_epoch: u32) -> Event {
    Event::Started {
        at_s: DAWN_S + index as f64,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        device: "flex (2 threads)".to_owned(),
        params: 31_037_633,
        epochs: EPOCHS,
        steps_per_epoch,
        epoch: 0,
    }
}

/// Every thirteenth run has epochs without a number.
fn epoch(index: usize, number: u32, step: u64) -> Event {
    let done = f64::from(number) / f64::from(EPOCHS);
    let is_gap = index % 13 == 3 && number.is_multiple_of(7);
    let value = |value: f64| Some(value).filter(|_| !is_gap);
    let score = |metric: &Metric, index| {
        let score = if metric.is_distance() { 80.0 * curve(index, done) } else { 0.9 - 0.6 * curve(index, done) };
        (metric.name.to_owned(), value(score))
    };
    let shown = METRICS.iter().filter(|metric| metric.shown == Shown::Always);
    let counted = shown.clone().filter(|metric| !metric.is_distance());
    Event::Epoch {
        epoch: number,
        step,
        lr: 1e-3,
        train_loss: value(curve(index, done)),
        valid_loss: value(1.1 * curve(index + 7, done)),
        train: counted.map(|metric| score(metric, index + 3)).collect(),
        valid: shown.map(|metric| score(metric, index)).collect(),
        elapsed_s: 60.0,
        images_per_s: 9.9,
        waited_s: Some(0.4),
    }
}

fn scored(scores: &[CaseScore]) -> Event {
    let mean = |metric| Aggregate::of(metric, scores);
    Event::Scored {
        cases: scores.len(),
        test: METRICS.iter().map(|metric| (metric.name.to_owned(), mean(metric))).collect(),
    }
}

/// A disc is sought, and found off its place and of another size; every twentieth case is missed.
fn scores(plan: &RunPlan, index: usize, subjects: &Subjects) -> Vec<CaseScore> {
    let score = |(place, case): (usize, &str)| {
        let noise = |salt: f64| wobble(index as f64 * 3.1 + place as f64 * 7.7 + salt);
        let side = MASK_PX as f64;
        let disc = |x: f64, y: f64, radius: f64| {
            Plane::from_fn(MASK_PX, MASK_PX, |i, j| {
                1.0 / (1.0 + ((i as f64 - x).hypot(j as f64 - y) - radius).exp()) as f32
            })
        };
        let found = if (place + index).is_multiple_of(20) { 0.0 } else { side / 5.0 + noise(1.0) };
        let reference: Mask = disc(side / 2.0, side / 2.0, side / 5.0).map(|&p| p >= 0.5);
        let probability = disc(side / 2.0 + 2.0 * noise(2.0), side / 2.0 + 2.0 * noise(3.0), found);
        let prediction: Mask = probability.map(|&p| p >= 0.5);
        let score = CaseScore::of(case, subjects.get(case)?, &prediction, &reference)?;
        Some(score.with_probabilities(&probability, &reference))
    };
    plan.split.test().enumerate().filter_map(score).collect()
}

/// Falls from about 1 to about 0.2 with some noise; `done` is 0..=1.
fn curve(index: usize, done: f64) -> f64 {
    0.2 + 0.8 * (-4.0 * done).exp() + 0.04 * wobble(index as f64 * 31.7 + done * 977.0)
}

fn wobble(x: f64) -> f64 {
    (x.sin() * 43_758.545).fract()
}
