//! A live picture of the store: what each run is and does, brought up to date by [`Watch::poll`].

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{RunDir, Store, StoreError, Tail};
use crate::plan::RunPlan;
use crate::run::{RunRecord, State};

/// New folders are looked for this often; events of known runs at every poll.
const LISTING: Duration = Duration::from_secs(1);
/// Bytes of events that one poll reads of one run.
const BUDGET_BYTES: usize = 4 << 20;
/// Bytes of events that one poll reads of all runs together, so that no tick of a screen waits long.
const POLL_BYTES: usize = 32 << 20;

/// A run as it is known.
#[derive(Clone, Debug)]
pub struct RunView {
    /// Where it is.
    pub dir: RunDir,
    /// What it is.
    pub plan: RunPlan,
    /// What its events add up to.
    pub record: RunRecord,
    /// What it is doing.
    pub state: State,
    /// Place in the queue's order, if it waits.
    pub ticket: Option<u64>,
}

/// What a thread needs to know of a run to compare it, without its plan and its curves.
#[derive(Clone, Debug)]
pub struct Outline {
    dir: RunDir,
    record: RunRecord,
    state: State,
}

impl RunView {
    /// Its outline, from which [`Outline::view`] reads the plan again: plans are long, and a screen must not wait for
    /// copies of a thousand of them.
    pub fn outline(&self) -> Outline {
        let RunRecord { first_started_s, params, .. } = self.record;
        let record = RunRecord { first_started_s, params, ..RunRecord::default() };
        Outline { dir: self.dir.clone(), record, state: self.state }
    }
}

impl Outline {
    /// The run, without curves and place in the queue.
    pub fn view(self) -> Result<RunView, StoreError> {
        let plan = self.dir.plan()?;
        Ok(RunView { dir: self.dir, plan, record: self.record, state: self.state, ticket: None })
    }
}

/// All runs of a store, or of one of its specs.
#[derive(Debug)]
pub struct Watch {
    store: Store,
    spec: Option<String>,
    entries: BTreeMap<String, Entry>,
    listed: Option<Instant>,
    /// Run folders whose plan cannot be read, with the reason.
    pub broken: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Entry {
    view: RunView,
    tail: Tail,
}

impl Watch {
    /// Watches `store`, or only `spec` in it. Nothing is read before the first poll.
    pub fn new(store: Store, spec: Option<&str>) -> Self {
        Self { store, spec: spec.map(str::to_owned), entries: BTreeMap::new(), listed: None, broken: BTreeMap::new() }
    }

    /// Reads what is new; whether anything changed.
    pub fn poll(&mut self) -> Result<bool, StoreError> {
        let mut changed = false;
        if self.listed.is_none_or(|at| at.elapsed() >= LISTING) {
            changed |= self.list()?;
            self.listed = Some(Instant::now());
        }
        let mut budget = POLL_BYTES;
        for entry in self.entries.values_mut() {
            changed |= entry.poll(&mut budget);
        }
        Ok(changed)
    }

    /// Polls until all events that are on disk have been read.
    pub fn catch_up(&mut self) -> Result<(), StoreError> {
        while self.poll()? {}
        Ok(())
    }

    /// Runs by spec and id.
    pub fn runs(&self) -> impl ExactSizeIterator<Item = &RunView> {
        self.entries.values().map(|entry| &entry.view)
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    fn list(&mut self) -> Result<bool, StoreError> {
        let dirs = match &self.spec {
            Some(spec) => self.store.runs_of(spec)?,
            None => self.store.runs()?,
        };
        let before = (self.entries.len(), self.broken.len());
        let present: std::collections::BTreeSet<String> = dirs.iter().map(RunDir::name).collect();
        self.entries.retain(|name, _| present.contains(name));
        self.broken.retain(|name, _| present.contains(name));
        let removed = self.entries.len() != before.0;
        for dir in dirs {
            let name = dir.name();
            if !self.entries.contains_key(&name) && !self.broken.contains_key(&name) {
                match Entry::open(dir) {
                    Ok(entry) => _ = self.entries.insert(name, entry),
                    Err(error) => _ = self.broken.insert(name, error.to_string()),
                }
            }
        }
        Ok(removed || before != (self.entries.len(), self.broken.len()))
    }
}

impl Entry {
    fn open(dir: RunDir) -> Result<Self, StoreError> {
        let plan = dir.plan()?;
        let tail = Tail::new(dir.events_path());
        let view = RunView { dir, plan, record: RunRecord::default(), state: State::Planned, ticket: None };
        Ok(Self { view, tail })
    }

    fn poll(&mut self, budget: &mut usize) -> bool {
        let view = &mut self.view;
        // The lock is looked at before the events: a worker that ends in between has written its last word.
        // The ticket before the lock: a worker takes the lock first, so that a run is never seen with neither.
        let ticket = view.dir.ticket();
        let locked = view.dir.is_locked();
        // An unreadable moment (a stale network handle) is no verdict on the run: the next poll tries again.
        let lines = self.tail.read((*budget).min(BUDGET_BYTES)).unwrap_or_default();
        if lines.restarted {
            view.record = RunRecord::default();
        }
        *budget -= (*budget).min(lines.bytes);
        lines.events.iter().for_each(|event| view.record.apply(event));
        view.record.unreadable += lines.unreadable;
        let before = (view.state, view.ticket);
        view.ticket = ticket;
        view.state = view.record.state(locked, ticket.is_some());
        before != (view.state, view.ticket)
            || lines.restarted
            || lines.more
            || !lines.events.is_empty()
            || lines.unreadable > 0
    }
}
