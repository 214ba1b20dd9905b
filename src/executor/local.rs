//! Runs on this machine, in slots: one worker process each.

use std::fs::OpenOptions;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::place::{Place, Worker as Program, gpus, places_of, workers};
use crate::device::{Choice, DeviceName};
use crate::store::{RunDir, Store, StoreError};

/// How often the queue and the workers are looked at.
const TICK: Duration = Duration::from_millis(200);
/// An idle executor stays this long, so that a queue that is filled run by run needs only one.
const LINGER: Duration = Duration::from_secs(2);

/// Serves the queue until it is empty and every worker has ended. Does nothing if another executor is alive. `slots` are
/// the runs at a time; `None`: one on each GPU, or one on the CPU.
///
/// Workers of an earlier executor, found by their locks, take slots too. A worker that dies leaves its run Lost: it is
/// not started again by itself, since what killed it may do so again.
pub fn serve(store: &Store, slots: Option<usize>) -> Result<(), StoreError> {
    loop {
        let Some(lock) = store.lock_executor()? else { return Ok(()) };
        serve_until_idle(store, slots)?;
        drop(lock);
        // A run that was queued after the last look found this executor alive, and started no other.
        if store.runs()?.iter().all(|run| run.ticket().is_none()) {
            return Ok(());
        }
    }
}

fn serve_until_idle(store: &Store, slots: Option<usize>) -> Result<(), StoreError> {
    // A lost connection or a pressed Ctrl-C is not the queue's end.
    let _ = rustix::process::setsid();
    let mut fleet = Fleet::of(workers(), slots);
    let mut workers: Vec<Worker> = Vec::new();
    let mut busy = Instant::now();
    loop {
        workers.retain_mut(Worker::is_alive);
        let runs = store.runs()?;
        let strangers = strangers(&runs, &workers);
        for (ticket, run) in next(&runs, &workers) {
            if workers.len() + strangers.len() >= fleet.slots {
                break;
            }
            let own = workers.iter().map(|worker| worker.place.device);
            let taken: Vec<DeviceName> = own.chain(strangers.iter().copied()).collect();
            let Some(place) = fleet.place(&run.wanted_device(), &taken) else { continue };
            match start(store, &run, (&place, fleet.slots)) {
                Ok(child) => workers.push(Worker { run, ticket, place, child }),
                Err(error) => {
                    run.log(&format!("the worker cannot be started: {error}"));
                    run.dequeue()?;
                }
            }
        }
        if !workers.is_empty() || !strangers.is_empty() {
            busy = Instant::now();
        } else if busy.elapsed() > LINGER {
            return Ok(());
        }
        std::thread::sleep(TICK);
    }
}

/// What there is to compute on.
struct Fleet {
    programs: Vec<Program>,
    /// Runs at a time.
    slots: usize,
    /// Whether somebody has said how many.
    asked: bool,
}

impl Fleet {
    fn of(programs: Vec<Program>, slots: Option<usize>) -> Self {
        let gpus = places_of(&Choice::Auto, &programs).map_or(0, |places| gpus(&places)).max(1);
        Self { programs, asked: slots.is_some(), slots: slots.unwrap_or(gpus).max(1) }
    }

    /// Where a run that wants `device` goes now, while others compute on `taken`; `None` while every such GPU is taken.
    fn place(&mut self, device: &Choice, taken: &[DeviceName]) -> Option<Place> {
        let places = places_of(device, &self.programs).or_else(|_| {
            // A worker may have been built since.
            self.programs = super::workers();
            places_of(device, &self.programs)
        });
        let Ok(places) = places else {
            // Nobody has it any more: the lab's own worker says so in the run's events.
            let named = if let Choice::Named(names) = device { names.first().copied() } else { None };
            let program = self.programs.first()?.program.clone();
            return Some(Place { program, device: named.unwrap_or(DeviceName::Flex) });
        };
        let runs = |device: DeviceName| taken.iter().filter(|taken| **taken == device).count();
        let on_cpus = taken.iter().filter(|taken| !taken.is_gpu()).count();
        let on_a_gpu = self.slots.div_ceil(gpus(&places).max(1));
        let has_room = |place: &Place| match place.device.is_gpu() {
            true => runs(place.device) < if self.asked { on_a_gpu } else { 1 },
            false => self.asked || on_cpus == 0,
        };
        places.into_iter().filter(has_room).min_by_key(|place| runs(place.device))
    }
}

/// A worker process that this executor started; the worker itself takes the run's ticket.
struct Worker {
    run: RunDir,
    ticket: u64,
    place: Place,
    child: Child,
}

impl Worker {
    fn is_alive(&mut self) -> bool {
        match self.child.try_wait() {
            Ok(None) => true,
            Ok(Some(status)) => {
                if !status.success() {
                    self.run.log(&format!("the worker ended with {status}"));
                }
                // One that died before it took its ticket would be started for ever.
                if self.run.ticket() == Some(self.ticket) {
                    let _ = self.run.dequeue();
                }
                false
            }
            Err(_) => self.run.is_locked(),
        }
    }
}

/// What workers compute on that an earlier executor has left behind.
fn strangers(runs: &[RunDir], workers: &[Worker]) -> Vec<DeviceName> {
    let others = runs.iter().filter(|run| workers.iter().all(|own| own.run != **run) && run.is_locked());
    others.map(|run| run.device().unwrap_or(DeviceName::Flex)).collect()
}

/// Waiting runs with their tickets, in the queue's order.
fn next(runs: &[RunDir], workers: &[Worker]) -> Vec<(u64, RunDir)> {
    let idle = runs.iter().filter(|run| workers.iter().all(|own| own.run != **run));
    let mut waiting: Vec<(u64, &RunDir)> = idle.filter_map(|run| Some((run.ticket()?, run))).collect();
    waiting.sort_by(|a, b| (a.0, a.1.path()).cmp(&(b.0, b.1.path())));
    waiting.into_iter().map(|(ticket, run)| (ticket, run.clone())).collect()
}

fn start(store: &Store, run: &RunDir, (place, slots): (&Place, usize)) -> std::io::Result<Child> {
    let log = OpenOptions::new().create(true).append(true).open(run.log_path())?;
    let mut command = Command::new(&place.program);
    command.arg("--results").arg(store.root()).arg("--device").arg(place.device.to_string());
    command.arg("worker").arg(run.path());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = (cores / slots.max(1)).max(1).to_string();
    // the one for our kernels, the other for libtorch's
    command.env("RAYON_NUM_THREADS", &threads).env("OMP_NUM_THREADS", &threads);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    command.spawn()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Offer;

    #[test]
    fn a_gpu_with_a_worker_of_an_earlier_executor_is_left_to_it() {
        let offer = |index| Offer { device: DeviceName::TorchCuda(index), refusal: None, emulated: false };
        let program = Program { program: "torch".into(), offers: Ok(vec![offer(0), offer(1)]) };
        let mut fleet = Fleet::of(vec![program], None);
        let (auto, first) = (Choice::Auto, Choice::Named(vec![DeviceName::TorchCuda(0)]));
        let mut place = |choice, taken: &[DeviceName]| fleet.place(choice, taken).map(|place| place.device);
        assert_eq!(place(&auto, &[]), Some(DeviceName::TorchCuda(0)));
        assert_eq!(place(&auto, &[DeviceName::TorchCuda(0)]), Some(DeviceName::TorchCuda(1)));
        assert_eq!(place(&first, &[DeviceName::TorchCuda(0)]), None);
        assert_eq!(place(&auto, &[DeviceName::TorchCuda(1), DeviceName::TorchCuda(0)]), None);
    }
}
