//! What bounds a run, with the numbers that say so. A guess is not made: where the numbers do not tell, that is said.

use super::system::{Machine, Pace, Worker};

/// Share of an epoch's steps that waiting for batches may take before data are the bound.
const WAITED: f64 = 0.2;
/// A waste that is small enough to name something else the bound.
const LITTLE_WAITED: f64 = 0.1;
/// Share of time, or of processors, from which on something counts as busy.
const BUSY: f64 = 0.8;
/// Share of the processors from which on others count as busy with them.
const TAKEN: f64 = 0.2;
/// Share of memory from which on pages are fetched again because there is no room.
const FULL: f64 = 0.95;
/// Page-ins a second that are no accident.
const PAGED: f64 = 50.0;

/// What holds a run back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bound {
    /// Steps wait for batches.
    Data,
    /// Processors or the GPU have no time left.
    Compute,
    /// Memory is full, and pages come from disk.
    Memory,
    /// The numbers do not tell.
    #[default]
    Unknown,
}

/// What holds a run back, and why this is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// What.
    pub bound: Bound,
    /// The numbers.
    pub because: String,
}

impl Bound {
    /// Its name on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Bound::Data => "bound by data",
            Bound::Compute => "bound by compute",
            Bound::Memory => "bound by memory",
            Bound::Unknown => "cannot tell what bounds it",
        }
    }
}

/// Judges `worker` by its newest epoch, its process, and the GPU that it computes on: its number and busy share.
pub fn judge(worker: &Worker, machine: &Machine, gpu: Option<(usize, Option<f64>)>) -> Verdict {
    let waited = worker.pace.and_then(waited);
    let others = others(worker, machine);
    let mut seen: Vec<String> = waited.iter().map(|(_, text)| text.clone()).collect();
    if let Some(because) = paging(worker, machine) {
        return Verdict { bound: Bound::Memory, because };
    }
    if waited.as_ref().is_some_and(|(share, _)| *share >= WAITED) {
        // Batches are made by processors.
        seen.extend(others);
        return Verdict { bound: Bound::Data, because: seen.join(", ") };
    }
    let (busy, why) = match gpu {
        Some((index, share)) => of_gpu(index, share),
        None => of_processors(worker, machine),
    };
    seen.extend(why.into_iter().chain(others));
    // Where nobody counts the waiting, busy processors may as well be decoding images.
    let little = waited.is_some_and(|(share, _)| share < LITTLE_WAITED);
    if busy && little {
        return Verdict { bound: Bound::Compute, because: seen.join(", ") };
    }
    if worker.pace.is_none() {
        seen.push("no epoch has ended yet".to_owned());
    } else if worker.pace.is_some_and(|pace| pace.waited_s.is_none()) {
        seen.push("its epochs do not say how long they waited".to_owned());
    }
    if worker.process.is_none() {
        seen.push("its process is not on this machine".to_owned());
    }
    Verdict { bound: Bound::Unknown, because: seen.join(", ") }
}

fn waited(pace: Pace) -> Option<(f64, String)> {
    let (waited_s, trained_s) = (pace.waited_s?, pace.trained_s);
    let share = Some(waited_s / trained_s).filter(|share| share.is_finite())?;
    let text =
        format!("steps waited {waited_s:.1} of {trained_s:.1} s ({:.0} %) in epoch {}", share * 100.0, pace.epoch);
    Some((share, text))
}

fn paging(worker: &Worker, machine: &Machine) -> Option<String> {
    let (used, all) = machine.memory_mib?;
    let page_ins = worker.process?.page_ins_per_s.filter(|&pages| pages >= PAGED)?;
    let full = used >= FULL * all;
    full.then(|| format!("{:.0} % of memory used, {page_ins:.0} pages/s come from disk", used / all * 100.0))
}

fn of_gpu(index: usize, share: Option<f64>) -> (bool, Option<String>) {
    let text = share.map(|share| format!("GPU {index} {:.0} % busy", share * 100.0));
    (share.is_some_and(|share| share >= BUSY), text)
}

/// Busy if it has nearly all processors, or if it shares a machine that has none left.
fn of_processors(worker: &Worker, machine: &Machine) -> (bool, Option<String>) {
    let (Some(cores), all) = (worker.process.and_then(|process| process.cores), machine.cores) else {
        return (false, None);
    };
    let own = format!("{cores:.1} of {all} processors busy with it");
    let shared = machine.busy.is_some_and(|busy| busy >= BUSY && cores < BUSY * all as f64);
    // A few percent of a busy machine say nothing about this run.
    let least = if shared { 0.5 } else { BUSY * all as f64 };
    (cores >= least, Some(own))
}

/// What other processes, other runs too, take of the processors.
fn others(worker: &Worker, machine: &Machine) -> Option<String> {
    let (own, all) = (worker.process?.cores?, machine.cores as f64);
    let taken = machine.busy? * all - own;
    (taken >= TAKEN * all).then(|| format!("{taken:.1} of {all:.0} processors busy with other processes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::system::Process;

    fn worker(waited_s: Option<f64>, cores: f64) -> Worker {
        let pace = Pace { epoch: 3, images_per_s: 8.0, trained_s: 20.0, waited_s };
        let process = Process { pid: 7, cores: Some(cores), ..Process::default() };
        Worker { pace: Some(pace), process: Some(process), ..Worker::default() }
    }

    fn machine(busy: f64, used: f64) -> Machine {
        Machine { cores: 4, busy: Some(busy), memory_mib: Some((used, 100.0)), ..Machine::default() }
    }

    #[test]
    fn waiting_steps_are_bound_by_data_however_busy_the_processors_are() {
        let verdict = judge(&worker(Some(9.0), 4.0), &machine(1.0, 50.0), None);
        assert_eq!(verdict.bound, Bound::Data);
        assert_eq!(verdict.because, "steps waited 9.0 of 20.0 s (45 %) in epoch 3");
    }

    #[test]
    fn busy_processors_or_a_busy_gpu_are_compute_only_if_steps_hardly_waited() {
        let bound = |waited, cores, busy, gpu| judge(&worker(waited, cores), &machine(busy, 50.0), gpu).bound;
        assert_eq!(bound(Some(0.2), 3.9, 0.97, None), Bound::Compute);
        assert_eq!(bound(Some(0.2), 1.9, 0.97, None), Bound::Compute, "shared with others");
        assert_eq!(bound(Some(0.2), 1.9, 0.5, None), Bound::Unknown);
        assert_eq!(bound(Some(3.0), 3.9, 0.97, None), Bound::Unknown);
        assert_eq!(bound(None, 3.9, 0.97, None), Bound::Unknown);
        assert_eq!(bound(Some(0.2), 0.3, 0.1, Some((0, Some(0.93)))), Bound::Compute);
        assert_eq!(bound(Some(0.2), 4.0, 1.0, Some((0, Some(0.4)))), Bound::Unknown, "the GPU is idle");
    }

    #[test]
    fn processors_that_others_keep_busy_are_named() {
        let because = |cores, busy| judge(&worker(Some(0.2), cores), &machine(busy, 50.0), None).because;
        let shared = "1.9 of 4 processors busy with it, 2.0 of 4 processors busy with other processes";
        assert!(because(1.9, 0.97).ends_with(shared), "{}", because(1.9, 0.97));
        assert!(!because(3.9, 0.99).contains("other processes"));
        let data = judge(&worker(Some(9.0), 1.0), &machine(1.0, 50.0), None);
        assert_eq!(data.bound, Bound::Data);
        assert!(data.because.ends_with("epoch 3, 3.0 of 4 processors busy with other processes"), "{}", data.because);
    }

    #[test]
    fn memory_is_the_bound_only_if_it_is_full_and_pages_come_back() {
        let mut paged = worker(Some(9.0), 1.0);
        paged.process = paged.process.map(|process| Process { page_ins_per_s: Some(300.0), ..process });
        let verdict = judge(&paged, &machine(0.2, 98.0), None);
        assert_eq!(verdict.bound, Bound::Memory);
        assert_eq!(verdict.because, "98 % of memory used, 300 pages/s come from disk");
        assert_eq!(judge(&paged, &machine(0.2, 60.0), None).bound, Bound::Data);
    }

    #[test]
    fn what_is_missing_is_said() {
        let verdict = judge(&Worker::default(), &machine(0.2, 10.0), None);
        assert_eq!(verdict.bound, Bound::Unknown);
        assert_eq!(verdict.because, "no epoch has ended yet, its process is not on this machine");
    }
}
