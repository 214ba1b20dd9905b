//! What is read, planned, counted and written for the launch screens, each by a thread of its own, one of a kind at a
//! time. Counting is a process of its own: a network of full width would stay in the dashboard's memory.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use super::estimate::{CostKey, Measured};
use super::outlook::{outlook, start};
use super::shelf::{Shelf, save};
use super::{Errand, Launcher, News, Outlook, Started, Trouble};
use crate::dataset::DataRoots;
use crate::executor::{Devices, Launch, devices};
use crate::model::Summary;
use crate::store::{Store, Watch};
use crate::tui::row::Row;

/// Files and paces are looked at this often while a launch screen is shown.
const LOOK: Duration = Duration::from_secs(3);

/// Where the launch screens' news come from and their errands go to.
pub struct Desk {
    roots: DataRoots,
    specs: Option<PathBuf>,
    shelf: Job<(), Shelf>,
    devices: Job<(), Devices>,
    plans: Job<String, Result<Outlook, Trouble>>,
    counts: Job<CostKey, Result<Summary, String>>,
    starts: Job<(), Result<Started, Trouble>>,
    looked: Option<Instant>,
    sent: Option<Shelf>,
    measured: Vec<Measured>,
}

/// Something that is under way, and what it is about.
struct Job<K, T>(Option<(K, Receiver<T>)>);

impl<K, T: Send + 'static> Job<K, T> {
    fn is_idle(&self) -> bool {
        self.0.is_none()
    }

    fn begin(&mut self, about: K, work: impl FnOnce() -> T + Send + 'static) {
        let (send, receive) = channel();
        // Nobody waits for an answer any more once the dashboard is left.
        std::thread::spawn(move || _ = send.send(work()));
        self.0 = Some((about, receive));
    }

    /// What has come of it; a thread that panicked leaves `lost`.
    fn end(&mut self, lost: impl FnOnce() -> Option<T>) -> Option<(K, T)> {
        let answer = match self.0.as_ref()?.1.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => lost(),
        };
        let (about, _) = self.0.take()?;
        answer.map(|answer| (about, answer))
    }
}

fn lost() -> Trouble {
    Trouble::Plan("the computation ended without an answer".to_owned())
}

impl Desk {
    /// Looks for data in `roots`, and for specs in the folder `specs` too.
    pub fn new(roots: DataRoots, specs: Option<PathBuf>) -> Self {
        Self {
            roots,
            specs,
            shelf: Job(None),
            devices: Job(None),
            plans: Job(None),
            counts: Job(None),
            starts: Job(None),
            looked: None,
            sent: None,
            measured: Vec::new(),
        }
    }

    /// What has been found out or done since.
    pub fn news(&mut self) -> Vec<News> {
        let mut news = Vec::new();
        if let Some((_, shelf)) = self.shelf.end(|| None).filter(|(_, shelf)| self.sent.as_ref() != Some(shelf)) {
            self.sent = Some(shelf.clone());
            news.push(News::Shelf(shelf));
        }
        news.extend(self.devices.end(|| Some(Devices::default())).map(|(_, devices)| News::Devices(devices)));
        news.extend(self.plans.end(|| Some(Err(lost()))).map(|(text, outlook)| News::Outlook(text, outlook)));
        let died = || Some(Err(lost().text().to_owned()));
        news.extend(self.counts.end(died).map(|(key, summary)| News::Cost(key, summary)));
        news.extend(self.starts.end(|| Some(Err(lost()))).map(|(_, started)| News::Started(started)));
        news
    }

    /// Begins what `launcher` needs while one of its screens is shown; paces of runs are told at once.
    pub fn look(&mut self, launcher: &Launcher, (drafting, rows): (bool, &[Row]), watch: &Watch) -> Option<News> {
        let store = watch.store().clone();
        let subject = launcher.subject(drafting, rows);
        if let Some((text, _)) = subject.as_ref().filter(|(text, _)| launcher.outlook(text).is_none())
            && self.plans.is_idle()
        {
            let (text, roots) = (text.clone(), self.roots.clone());
            self.plans.begin(text.clone(), move || outlook(&text, &roots, &store));
        }
        let wanted = subject.as_ref().and_then(|(text, spec)| launcher.wanted((text, spec)));
        if let Some(key) = wanted.filter(|_| self.counts.is_idle()) {
            self.counts.begin(key.clone(), move || count(&key));
        }
        if launcher.target.devices.is_none() && self.devices.is_idle() {
            self.devices.begin((), devices);
        }
        if self.looked.is_some_and(|at| at.elapsed() < LOOK) {
            return None;
        }
        self.looked = Some(Instant::now());
        if self.shelf.is_idle() {
            let (root, roots, specs) = (watch.store().root().to_owned(), self.roots.clone(), self.specs.clone());
            self.shelf.begin((), move || Shelf::read((&root, specs.as_deref()), &roots));
        }
        let measured = measure(watch);
        let is_news = measured != self.measured;
        self.measured.clone_from(&measured);
        is_news.then_some(News::Measured(measured))
    }

    /// Does it now, or begins to; `None` until there is an answer.
    pub fn do_errand(&mut self, errand: &Errand, watch: &mut Watch, launch: &Launch) -> Option<News> {
        match errand {
            Errand::Save { text, path, replace } => {
                self.looked = None;
                Some(News::Saved(save(text, (path.as_deref(), watch.store().root()), *replace)))
            }
            Errand::Start { text, device } if self.starts.is_idle() => {
                watch.widen();
                let (text, roots, launch) =
                    (text.clone(), self.roots.clone(), Launch { device: device.clone(), ..*launch });
                let store: Store = watch.store().clone();
                self.starts.begin((), move || start(&text, (&roots, &store), &launch));
                None
            }
            Errand::Again => {
                (self.looked, self.sent) = (None, None);
                None
            }
            // What is the terminal's is the loop's; a second start waits for the first.
            Errand::Edit(_) | Errand::Start { .. } => None,
        }
    }
}

/// The newest pace of each model, size, batch and device.
fn measure(watch: &Watch) -> Vec<Measured> {
    let mut newest: Vec<Measured> = Vec::new();
    for run in watch.runs().filter_map(Measured::of) {
        let is_like = |other: &&mut Measured| {
            let of = |run: &Measured| (run.work.input_px, run.work.batch, run.work.train);
            of(other) == of(&run) && other.device == run.device && other.work.model == run.work.model
        };
        match newest.iter_mut().find(is_like) {
            Some(other) if other.started_s < run.started_s => *other = run,
            Some(_) => {}
            None => newest.push(run),
        }
    }
    newest
}

fn count(key: &CostKey) -> Result<Summary, String> {
    let model: toml::Table = toml::from_str(&key.model).map_err(|error| error.message().to_owned())?;
    let name = model.get("name").and_then(toml::Value::as_str).unwrap_or_default();
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(["model", "show", name, "--input", &key.input_px.to_string(), "--json"]);
    for (key, value) in model.iter().filter(|(key, _)| *key != "name") {
        command.args(["--set", &format!("{key}={value}")]);
    }
    let answer = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if !answer.status.success() {
        return Err(String::from_utf8_lossy(&answer.stderr).trim().to_owned());
    }
    serde_json::from_slice(&answer.stdout).map_err(|error| format!("seglab model show {name}: {error}"))
}
