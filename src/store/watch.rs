//! A live picture of the store: what each run is and does, brought up to date by [`Watch::poll`].

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant, SystemTime};

use super::listing::{Listing, MISNAMED};
use super::{RunDir, Store, StoreError, Tail};
use crate::dataset::fold::Split;
use crate::plan::RunPlan;
use crate::run::{RunRecord, State};

/// New folders are looked for this often; events of known runs at every poll.
const LISTING: Duration = Duration::from_secs(2);
/// Runs that have ended are looked at in turn, every poll at one in so many: of a thousand, few are resumed this second.
const TURNS: usize = 8;

/// How much is read before something else has its turn.
#[derive(Clone, Copy)]
struct Budget {
    /// Folders whose plan is read.
    folders: usize,
    /// Bytes of events of all runs together.
    bytes: usize,
}

/// A screen answers keys between two polls.
const POLL: Budget = Budget { folders: 16, bytes: 256 << 10 };
/// For who waits for all; bounded, since what was read is held until it is added up.
const CATCH_UP: Budget = Budget { folders: 1 << 10, bytes: 4 << 20 };

/// A run as it is known.
#[derive(Clone, Debug)]
pub struct RunView {
    /// Where it is.
    pub dir: RunDir,
    /// What it is.
    pub plan: RunPlan,
    /// What its events add up to.
    pub record: RunRecord,
    /// What it is doing, as far as its events are read.
    pub state: State,
    /// Whether its events have been read to their end: before, nobody knows how it ended.
    pub read: bool,
    /// Place in the queue's order, if it waits.
    pub ticket: Option<u64>,
    /// Differs whenever anything else here does.
    pub revision: u64,
}

impl RunView {
    /// What a thread needs to know of a run to compare it: all but its curves.
    pub fn outline(&self) -> Self {
        let RunRecord { first_started_s, params, .. } = self.record;
        let record = RunRecord { first_started_s, params, ..RunRecord::default() };
        Self { dir: self.dir.clone(), plan: self.plan.clone(), record, ..*self }
    }
}

/// All runs of a store, or of one of its specs.
#[derive(Debug)]
pub struct Watch {
    store: Store,
    spec: Option<String>,
    entries: BTreeMap<String, Entry>,
    listed: Option<Instant>,
    found: VecDeque<RunDir>,
    splits: Vec<Split>,
    turn: usize,
    behind: bool,
    /// Run folders whose plan or name cannot be read, with the reason.
    pub broken: BTreeMap<String, String>,
    /// When the plans of those were last changed: a mended one is read again.
    refused: BTreeMap<String, Option<SystemTime>>,
}

#[derive(Debug)]
struct Entry {
    view: RunView,
    tail: Tail,
    more: bool,
}

impl Watch {
    /// Watches `store`, or only `spec` in it. Nothing is read before the first poll.
    pub fn new(store: Store, spec: Option<&str>) -> Self {
        let spec = spec.map(str::to_owned);
        let (entries, broken, found) = (BTreeMap::new(), BTreeMap::new(), VecDeque::new());
        let (splits, refused) = (Vec::new(), BTreeMap::new());
        Self { store, spec, entries, listed: None, found, splits, turn: 0, behind: false, broken, refused }
    }

    /// Reads some of what is new; whether anything changed. Runs that have ended take turns.
    pub fn poll(&mut self) -> Result<bool, StoreError> {
        self.turn += 1;
        self.read(POLL, Some(self.turn % TURNS))
    }

    /// The same, ended runs included: for who has just changed something.
    pub fn poll_all(&mut self) -> Result<bool, StoreError> {
        self.read(POLL, None)
    }

    /// Whether the last poll left something to the next one.
    pub fn is_behind(&self) -> bool {
        self.behind
    }

    /// Polls until all events that are on disk have been read.
    pub fn catch_up(&mut self) -> Result<(), StoreError> {
        while self.read(CATCH_UP, None)? {}
        Ok(())
    }

    /// How many runs are found whose plan or events are not yet read.
    pub fn unread(&self) -> usize {
        self.found.len() + self.runs().filter(|run| !run.read).count()
    }

    fn read(&mut self, Budget { folders, mut bytes }: Budget, turn: Option<usize>) -> Result<bool, StoreError> {
        let mut changed = false;
        if self.listed.is_none_or(|at| at.elapsed() >= LISTING) {
            changed |= self.list()?;
            self.listed = Some(Instant::now());
        }
        changed |= self.open(folders);
        for (place, entry) in self.entries.values_mut().enumerate() {
            if entry.is_busy() || turn.is_none_or(|turn| place % TURNS == turn) {
                changed |= entry.poll(&mut bytes);
            }
        }
        self.behind = !self.found.is_empty() || self.entries.values().any(|entry| entry.more);
        Ok(changed)
    }

    /// From now on all specs of the store.
    pub fn widen(&mut self) {
        (self.spec, self.listed) = (None, None);
    }

    /// Runs by spec and id.
    pub fn runs(&self) -> impl ExactSizeIterator<Item = &RunView> {
        self.entries.values().map(|entry| &entry.view)
    }

    /// The run `<spec>/<run>`, if it is known.
    pub fn run(&self, name: &str) -> Option<&RunView> {
        self.entries.get(name).map(|entry| &entry.view)
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    fn list(&mut self) -> Result<bool, StoreError> {
        let Listing { runs: dirs, misnamed } = match &self.spec {
            Some(spec) => Listing::of_spec(self.store.root(), spec)?,
            None => Listing::of_store(self.store.root())?,
        };
        let before = (self.entries.len(), self.broken.len());
        let present: std::collections::BTreeSet<String> = dirs.iter().map(RunDir::name).collect();
        self.entries.retain(|name, _| present.contains(name));
        self.broken.retain(|name, _| present.contains(name));
        self.broken.extend(misnamed.into_iter().map(|name| (name, MISNAMED.to_owned())));
        let is_refused = |dir: &RunDir| self.refused.get(&dir.name()).is_some_and(|at| *at == changed(dir));
        let known = |dir: &RunDir| self.entries.contains_key(&dir.name()) || is_refused(dir);
        self.found = dirs.into_iter().filter(|dir| !known(dir)).collect();
        Ok(before != (self.entries.len(), self.broken.len()))
    }

    /// Reads the plans of some folders that were found; whether there were any.
    fn open(&mut self, most: usize) -> bool {
        let some = self.found.len().min(most);
        for dir in self.found.drain(..some) {
            let (name, at) = (dir.name(), changed(&dir));
            match Entry::open(dir, &mut self.splits) {
                Ok(entry) => {
                    _ = (self.broken.remove(&name), self.refused.remove(&name));
                    self.entries.insert(name, entry);
                }
                Err(error) => {
                    self.broken.insert(name.clone(), error.to_string());
                    self.refused.insert(name, at);
                }
            }
        }
        some > 0
    }
}

fn changed(dir: &RunDir) -> Option<SystemTime> {
    std::fs::metadata(dir.plan_path()).and_then(|file| file.modified()).ok()
}

impl Entry {
    fn open(dir: RunDir, splits: &mut Vec<Split>) -> Result<Self, StoreError> {
        let mut plan = dir.plan()?;
        plan.split.share(splits);
        let tail = Tail::new(dir.events_path());
        let record = RunRecord::default();
        let view = RunView { dir, plan, record, state: State::Planned, read: false, ticket: None, revision: 0 };
        Ok(Self { view, tail, more: true })
    }

    /// Whether it may say something at any moment, or has not been read to its end.
    fn is_busy(&self) -> bool {
        self.more || !self.view.state.is_settled()
    }

    fn poll(&mut self, budget: &mut usize) -> bool {
        let view = &mut self.view;
        // The lock is looked at before the events: a worker that ends in between has written its last word.
        // The ticket before the lock: a worker takes the lock first, so that a run is never seen with neither.
        let ticket = view.dir.ticket();
        let locked = view.dir.is_locked();
        // An unreadable moment (a stale network handle) is no verdict on the run: the next poll tries again.
        let lines = self.tail.read(*budget).unwrap_or_default();
        if lines.restarted {
            view.record = RunRecord::default();
        }
        *budget -= (*budget).min(lines.bytes);
        lines.events.iter().for_each(|event| view.record.apply(event));
        view.record.unreadable += lines.unreadable;
        let before = (view.state, view.read, view.ticket);
        view.ticket = ticket;
        view.state = view.record.state(locked, ticket.is_some());
        view.read = !lines.more || view.read && !lines.restarted;
        self.more = lines.more;
        let changed = before != (view.state, view.read, view.ticket)
            || lines.restarted
            || !lines.events.is_empty()
            || lines.unreadable > 0;
        view.revision += u64::from(changed);
        changed || lines.more
    }
}
