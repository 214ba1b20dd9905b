//! The machine as the dashboard shows it: the newest sample, the minutes before it, and what bounds each running run.

use std::collections::BTreeMap;

use super::row::Name;
use super::verdict::{Verdict, judge};
use super::widget::spark::History;

/// Seconds that a verdict stands on.
pub const JUDGED_S: usize = 10;

/// What the machine and its runs did in the second before it was taken. Every text is clean.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Unix time.
    pub at_s: f64,
    /// Processors, memory, disk.
    pub machine: Machine,
    /// GPUs, or why none is known.
    pub gpus: Gpus,
    /// Running runs.
    pub workers: Vec<Worker>,
}

/// Processors, memory, disk; `None` where the system does not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Machine {
    /// Processors that this process may use.
    pub cores: usize,
    /// Share of all processors that is busy, 0..=1; of the first sample there is none.
    pub busy: Option<f64>,
    /// Runnable processes in the last 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    /// Memory that is not available, and all of it.
    pub memory_mib: Option<(f64, f64)>,
    /// Swap that is used, and all of it.
    pub swap_mib: Option<(f64, f64)>,
    /// Disk of the results folder: free and all.
    pub disk_mib: Option<(f64, f64)>,
}

/// GPUs of the machine.
#[derive(Clone, Debug, PartialEq)]
pub enum Gpus {
    /// None is known, for this reason.
    Absent(String),
    /// In the driver's order.
    Present(Vec<Gpu>),
}

impl Default for Gpus {
    fn default() -> Self {
        Gpus::Present(Vec::new())
    }
}

/// A GPU; `None` where the driver does not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gpu {
    /// Its name.
    pub name: String,
    /// Share of the time in which a kernel ran, 0..=1.
    pub busy: Option<f64>,
    /// Used and all.
    pub memory_mib: Option<(f64, f64)>,
    /// Temperature.
    pub celsius: Option<u32>,
    /// Drawn power, and the limit.
    pub watts: Option<(f64, Option<f64>)>,
    /// Processes that compute on it, with the memory they hold.
    pub processes: Vec<(u32, Option<f64>)>,
}

/// The process of a running run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Worker {
    /// The run.
    pub name: Name,
    /// What it is called.
    pub label: String,
    /// Where it computes.
    pub device: String,
    /// Its newest epoch.
    pub pace: Option<Pace>,
    /// What the system says of it; `None` if it is not a process of this machine.
    pub process: Option<Process>,
}

/// A process of this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Processors that it kept busy; of the first sample there is none.
    pub cores: Option<f64>,
    /// Memory that it holds.
    pub memory_mib: f64,
    /// Pages a second that were fetched from disk.
    pub page_ins_per_s: Option<f64>,
}

/// How quick an epoch was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// From 1.
    pub epoch: u32,
    /// Training images a second.
    pub images_per_s: f64,
    /// Seconds of its steps, without validation.
    pub trained_s: f64,
    /// Of which they waited for batches.
    pub waited_s: Option<f64>,
}

/// The newest sample and the minutes before it.
#[derive(Debug, Default)]
pub struct System {
    sample: Option<Sample>,
    busy: History,
    memory: History,
    gpus: Vec<History>,
    workers: BTreeMap<Name, History>,
}

impl System {
    /// Takes a sample.
    pub fn take(&mut self, sample: Sample) {
        let at_s = sample.at_s;
        self.busy.push(at_s, sample.machine.busy);
        self.memory.push(at_s, sample.machine.memory_mib.map(|(used, all)| used / all));
        let gpus = sample.gpus();
        self.gpus.resize(gpus.len(), History::default());
        gpus.iter().zip(&mut self.gpus).for_each(|(gpu, history)| history.push(at_s, gpu.busy));
        self.workers.retain(|name, _| sample.workers.iter().any(|worker| worker.name == *name));
        for worker in &sample.workers {
            let cores = worker.process.and_then(|process| process.cores);
            self.workers.entry(worker.name.clone()).or_default().push(at_s, cores);
        }
        self.sample = Some(sample);
    }

    /// The newest sample.
    pub fn sample(&self) -> Option<&Sample> {
        self.sample.as_ref()
    }

    /// Share of busy processors.
    pub fn busy(&self) -> &History {
        &self.busy
    }

    /// Share of used memory.
    pub fn memory(&self) -> &History {
        &self.memory
    }

    /// Share of the time in which the GPU was busy.
    pub fn gpu(&self, index: usize) -> Option<&History> {
        self.gpus.get(index)
    }

    /// Processors that the run's process kept busy.
    pub fn worker(&self, name: &str) -> Option<&History> {
        self.workers.get(name)
    }

    /// What bounds `worker`, by the newest sample with the means of the last seconds.
    pub fn verdict(&self, worker: &Worker) -> Verdict {
        let Some(sample) = &self.sample else { return Verdict::default() };
        let mut machine = sample.machine.clone();
        machine.busy = self.busy.mean(JUDGED_S);
        let mut worker = worker.clone();
        if let Some(process) = &mut worker.process {
            process.cores = self.worker(&worker.name).and_then(|history| history.mean(JUDGED_S));
        }
        let pid = worker.process.map(|process| process.pid);
        let own = |gpu: &&Gpu| gpu.processes.iter().any(|(of, _)| Some(*of) == pid);
        let gpu = sample.gpus().iter().enumerate().find(|(_, gpu)| own(gpu));
        let gpu = gpu.map(|(index, _)| (index, self.gpus[index].mean(JUDGED_S)));
        judge(&worker, &machine, gpu)
    }
}

impl Sample {
    /// GPUs, none if they are not known.
    pub fn gpus(&self) -> &[Gpu] {
        match &self.gpus {
            Gpus::Present(gpus) => gpus,
            Gpus::Absent(_) => &[],
        }
    }
}
