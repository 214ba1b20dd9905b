//! Samples the machine, by a thread of its own: a driver may take its time. Nothing is sampled unless someone looks.

mod gpu;
mod proc;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::system::{Machine, Pace, Sample, Worker};
use super::text::clean;
use crate::run::State;
use crate::store::{RunDir, RunView};
use gpu::Driver;
use proc::Meter;

/// Between two samples.
const PERIOD: Duration = Duration::from_secs(1);

/// Asks for samples.
#[derive(Default)]
pub struct Monitor {
    sampler: Option<(Sender<Question>, Receiver<Sample>)>,
    busy: bool,
    asked: Option<Instant>,
}

/// What is sampled beside the machine.
struct Question {
    results: PathBuf,
    workers: Vec<(RunDir, Worker)>,
}

impl Monitor {
    /// The sample that was asked for, once it is taken; asks for the next one if the last is a second old.
    pub fn poll<'r>(&mut self, results: &Path, runs: impl Iterator<Item = &'r RunView>) -> Option<Sample> {
        let sample = self.answer();
        if !self.busy && self.asked.is_none_or(|at| at.elapsed() >= PERIOD) {
            let running = runs.filter(|run| run.state == State::Running);
            let workers = running.map(|run| (run.dir.clone(), worker(run))).collect();
            let (questions, _) = self.sampler.get_or_insert_with(start);
            self.busy = questions.send(Question { results: results.to_owned(), workers }).is_ok();
            self.asked = Some(Instant::now());
        }
        sample
    }

    fn answer(&mut self) -> Option<Sample> {
        let (_, samples) = self.sampler.as_ref()?;
        match samples.try_recv() {
            Ok(sample) => {
                self.busy = false;
                Some(sample)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                (self.sampler, self.busy) = (None, false);
                None
            }
        }
    }
}

/// What the run's events say.
fn worker(run: &RunView) -> Worker {
    let images = run.plan.split.train().len() as f64;
    let pace = run.record.curve.last().map(|epoch| Pace {
        epoch: epoch.epoch,
        images_per_s: epoch.images_per_s,
        trained_s: images / epoch.images_per_s,
        waited_s: epoch.waited_s,
    });
    let label = format!("{}  {}  fold {}  seed {}", run.plan.label(), run.dir.spec(), run.plan.fold, run.plan.seed);
    let (label, device) = (clean(&label), clean(&run.record.device));
    Worker { name: run.dir.name(), label, device, pace, process: None }
}

fn start() -> (Sender<Question>, Receiver<Sample>) {
    let (ask, questions) = channel::<Question>();
    let (answer, samples) = channel();
    std::thread::spawn(move || {
        let (mut meter, driver) = (Meter::default(), Driver::load());
        while let Ok(question) = questions.recv() {
            if answer.send(sample(question, &mut meter, &driver)).is_err() {
                return;
            }
        }
    });
    (ask, samples)
}

fn sample(question: Question, meter: &mut Meter, driver: &Driver) -> Sample {
    let machine = Machine { disk_mib: disk_mib(&question.results), ..meter.machine() };
    let mut workers: Vec<Worker> = Vec::with_capacity(question.workers.len());
    for (run, worker) in question.workers {
        let process = run.worker_pid().and_then(|pid| meter.process(pid));
        workers.push(Worker { process, ..worker });
    }
    meter.forget_ended();
    Sample { at_s: now_s(), machine, gpus: driver.gpus(), workers }
}

fn disk_mib(folder: &Path) -> Option<(f64, f64)> {
    // A store that does not exist yet will be on the disk of the folder that it will be made in.
    let there = folder.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("."));
    let disk = rustix::fs::statvfs(there).ok()?;
    let mib = |blocks: u64| blocks as f64 * disk.f_frsize as f64 / f64::from(1 << 20);
    Some((mib(disk.f_bavail), mib(disk.f_blocks)))
}

fn now_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}
