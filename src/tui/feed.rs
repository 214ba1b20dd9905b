//! The dashboard's hands: reads the store into messages, and carries effects out. The only place here that touches files.
//! Per tick its work is bounded: log and picture only of the chosen run, scores only when another run has finished.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use super::app::{Access, App, Effect, Msg, Screen};
use super::detail::Detail;
use super::row::{Name, Row};
use super::summaries::Summaries;
use super::text::clean;
use super::widget::picture::Picture;
use crate::executor::Launch;
use crate::report::{Comparison, by_task};
use crate::run::State;
use crate::store::{RunDir, RunView, StoreError, Watch, queue};

/// An executor that does not come up is not called more often than this.
const CALL: Duration = Duration::from_secs(5);
/// Keys are answered at once, but the store is not read again for each of them.
const LOOK: Duration = Duration::from_millis(200);
/// Bytes of the log that are shown.
const LOG_BYTES: u64 = 64 << 10;

/// Where messages come from and effects go to.
pub struct Feed<'a> {
    watch: Watch,
    launch: &'a Launch,
    looked: Option<Instant>,
    called: Option<Instant>,
    broken: usize,
    sent: Option<Sent>,
    compared: Option<u64>,
    summaries: Summaries,
}

/// What was last said of the chosen run.
#[derive(Default)]
struct Sent {
    name: Name,
    log: String,
    pictures: [Option<Vec<u8>>; 3],
}

impl<'a> Feed<'a> {
    /// Reads `watch`; lets `launch` start executors.
    pub fn new(watch: Watch, launch: &'a Launch) -> Self {
        Self {
            watch,
            launch,
            looked: None,
            called: None,
            broken: 0,
            sent: None,
            compared: None,
            summaries: Summaries::default(),
        }
    }

    /// What is new in the store.
    pub fn poll(&mut self, app: &mut App) {
        let changed = match self.looked {
            Some(at) if at.elapsed() < LOOK => false,
            _ => self.look(app),
        };
        self.describe(app, changed);
        if app.screen() == Screen::Compare {
            self.compare(app);
        }
        if app.screen() == Screen::Models {
            self.summarise(app);
        }
        if app.setup().access == Access::ReadWrite && app.count(State::Queued) > 0 {
            self.call_executor(app);
        }
    }

    /// Whether anything in the store is new.
    fn look(&mut self, app: &mut App) -> bool {
        self.looked = Some(Instant::now());
        let changed = match self.watch.poll() {
            Ok(changed) => changed,
            Err(error) => {
                tell(app, Msg::Notice(error.to_string()));
                return false;
            }
        };
        // A request to stop is a file of its own, which no event announces.
        if changed || app.count(State::Running) > 0 {
            tell(app, Msg::Rows(self.watch.runs().map(row).collect()));
        }
        if self.watch.broken.len() != self.broken {
            self.broken = self.watch.broken.len();
            let broken = self.watch.broken.iter().map(|(name, reason)| format!("{name}: {reason}"));
            tell(app, Msg::Broken(broken.collect()));
        }
        changed
    }

    /// Carries `effect` out; `Quit` is the loop's.
    pub fn carry_out(&mut self, effect: &Effect, app: &mut App) {
        self.looked = None;
        if let Err(error) = self.try_carry_out(effect) {
            tell(app, Msg::Notice(error.to_string()));
        }
    }

    fn try_carry_out(&mut self, effect: &Effect) -> Result<(), StoreError> {
        match effect {
            Effect::Quit => Ok(()),
            Effect::Stop(name) => self.dir(name).map_or(Ok(()), |dir| dir.request_stop()),
            // A worker may be on its way to the lock: it looks for the request once it has it.
            Effect::Dequeue(name) => {
                self.dir(name).map_or(Ok(()), |dir| dir.request_stop().and_then(|()| dir.dequeue()))
            }
            Effect::Enqueue(name) => {
                self.dir(name).map_or(Ok(()), |dir| dir.enqueue())?;
                self.called = Some(Instant::now());
                self.launch.ensure(self.watch.store())
            }
            Effect::Shift(name, direction) => {
                let waiting = self.watch.runs().filter(|run| run.state == State::Queued);
                let waiting: Vec<RunDir> = waiting.map(|run| run.dir.clone()).collect();
                self.dir(name).map_or(Ok(()), |dir| queue::shift(dir, &waiting, *direction))
            }
        }
    }

    fn view(&self, name: &str) -> Option<&RunView> {
        self.watch.runs().find(|run| run.dir.name() == name)
    }

    fn dir(&self, name: &str) -> Option<&RunDir> {
        self.view(name).map(|run| &run.dir)
    }

    /// Log and picture grow without an event, so they are looked at every time.
    fn describe(&mut self, app: &mut App, changed: bool) {
        let Some(name) = app.chosen().map(|row| row.name.clone()) else { return };
        let another = self.sent.as_ref().is_none_or(|sent| sent.name != name) || app.detail().is_none();
        let mut sent = self.sent.take().filter(|_| !another).unwrap_or_default();
        let Some(run) = self.view(&name) else { return };
        if another || changed {
            tell(app, Msg::Detail(Box::new(Detail::of(run))));
        }
        let log = run.dir.log_tail(LOG_BYTES);
        if another || log != sent.log {
            tell(app, Msg::Log(log.clone()));
        }
        let pictures = ["image.png", "reference.png", "prediction.png"].map(|file| run.dir.preview(file));
        if another || pictures != sent.pictures {
            let [image, reference, prediction] = pictures.each_ref().map(|png| png.as_deref());
            let picture = image.and_then(|image| Picture::decode(image, reference, prediction));
            tell(app, Msg::Picture(picture.map(Box::new)));
        }
        (sent.name, sent.log, sent.pictures) = (name, log, pictures);
        self.sent = Some(sent);
    }

    fn compare(&mut self, app: &mut App) {
        let Some(spec) = app.spec().map(str::to_owned) else { return };
        let runs: Vec<&RunView> = self.watch.runs().filter(|run| clean(run.dir.spec()) == spec).collect();
        // Of a spec whose arms answer both questions, the table of the chosen run's.
        let chosen = app.chosen().filter(|row| row.spec == spec);
        let asked = chosen.and_then(|row| self.view(&row.name)).map(|run| run.plan.task);
        let mut tables = by_task(&runs).into_iter();
        let table = asked.and_then(|task| tables.clone().find(|(of, _)| *of == task)).or_else(|| tables.next());
        let runs = table.map(|(_, runs)| runs).unwrap_or_default();
        let mut hash = DefaultHasher::new();
        spec.hash(&mut hash);
        runs.iter().for_each(|run| (run.dir.id(), run.state == State::Finished).hash(&mut hash));
        let print = hash.finish();
        if self.compared != Some(print) {
            self.compared = Some(print);
            let compared = Comparison::of(&spec, &runs).map(Box::new).map_err(|error| clean(&error.to_string()));
            tell(app, Msg::Compared(compared));
        }
    }

    fn summarise(&mut self, app: &mut App) {
        if let Some((name, summary)) = self.summaries.poll() {
            tell(app, Msg::Summarised(name, summary.map(Box::new)));
        }
        let name = app.models().chosen().name;
        if app.models().summary(name).is_none() {
            self.summaries.ask(name);
        }
    }

    fn call_executor(&mut self, app: &mut App) {
        if self.called.is_some_and(|at| at.elapsed() < CALL) || self.watch.store().has_executor() {
            return;
        }
        self.called = Some(Instant::now());
        if let Err(error) = self.launch.ensure(self.watch.store()) {
            tell(app, Msg::Notice(error.to_string()));
        }
    }
}

/// Nothing that the feed says asks for an effect.
fn tell(app: &mut App, msg: Msg) {
    _ = app.update(msg);
}

fn row(run: &RunView) -> Row {
    let stopping = run.state == State::Running && run.dir.stop_requested();
    Row { stopping, ..Row::of(run) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::dataset::fold::{Parts, Split};
    use crate::device::Choice;
    use crate::plan::{RunPlan, SCHEMA};
    use crate::run::Event;
    use crate::spec::{BUILT_IN, Spec};
    use crate::store::{Move, Store};
    use crate::tui::app::Setup;

    fn plan(fold: usize) -> RunPlan {
        let spec = Spec::parse(BUILT_IN[0].1, "demo").expect("built-in");
        let arm = spec.arms[0].clone();
        let (loss, edge) = (arm.loss(), arm.edge());
        let part = |case: &str| vec![(case.to_owned(), case.to_owned())];
        let parts = Parts { train: part("a"), valid: part("b"), test: part("c"), ..Parts::default() };
        RunPlan {
            task: crate::metric::Task::Segmentation,
            schema: SCHEMA,
            spec: spec.name,
            arm: arm.name,
            fold,
            seed: 1,
            dataset: spec.dataset,
            dataset_digest: String::new(),
            input_px: spec.protocol.input_px,
            model: arm.model,
            loss,
            edge,
            train: spec.train,
            transfer: crate::spec::Transfer::default(),
            postprocess: crate::postprocess::PostProcess::default(),
            split: Split::try_from(parts).expect("three subjects"),
        }
    }

    fn write(run: &RunDir, events: &[Event]) {
        let mut file = run.append_events().expect("open");
        for event in events {
            writeln!(file, "{}", serde_json::to_string(event).expect("event")).expect("write");
        }
    }

    /// A store of `folds` runs, a feed of it, and a dashboard that starts no executor.
    fn open(dir: &tempfile::TempDir, folds: usize) -> (Vec<RunDir>, Watch, Launch, App) {
        let store = Store::new(dir.path());
        let runs = (0..folds).map(|fold| store.create(&plan(fold)).expect("create")).collect();
        let launch = Launch { slots: 1, device: Choice::Auto };
        let app = App::new(Setup { access: Access::ReadOnly, ..Setup::default() });
        (runs, Watch::new(store, None), launch, app)
    }

    #[test]
    fn what_a_worker_says_is_on_the_screen_after_a_poll() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (runs, watch, launch, mut app) = open(&dir, 1);
        let reason = "out of memory\u{1b}[2J".to_owned();
        write(&runs[0], &[Event::Step { step: 1, loss: None }, Event::Failed { at_s: 2.0, reason, step: Some(1) }]);
        runs[0].log("line one");
        Feed::new(watch, &launch).poll(&mut app);
        let detail = app.detail().expect("the only run is chosen");
        assert_eq!(detail.reason.as_deref(), Some("out of memory·[2J"));
        assert_eq!(app.log(), ["line one"]);
        assert_eq!(app.count(State::Failed), 1);
    }

    #[test]
    fn effects_reach_the_store() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (runs, watch, launch, mut app) = open(&dir, 2);
        runs.iter().for_each(|run| run.enqueue().expect("enqueue"));
        let mut feed = Feed::new(watch, &launch);
        feed.poll(&mut app);
        feed.carry_out(&Effect::Shift(runs[1].name(), Move::Earlier), &mut app);
        feed.poll(&mut app);
        assert_eq!(app.rows().iter().map(|row| row.name.clone()).collect::<Vec<_>>(), [runs[1].name(), runs[0].name()]);
        feed.carry_out(&Effect::Dequeue(runs[0].name()), &mut app);
        feed.carry_out(&Effect::Stop(runs[1].name()), &mut app);
        assert_eq!((runs[0].ticket(), runs[1].stop_requested()), (None, true));
        assert_eq!(app.notice(), None);
    }

    #[test]
    fn a_folder_without_a_readable_plan_is_named() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (runs, watch, launch, mut app) = open(&dir, 1);
        std::fs::write(runs[0].plan_path(), "rubbish").expect("write");
        Feed::new(watch, &launch).poll(&mut app);
        assert!(app.broken()[0].starts_with(&runs[0].name()), "{:?}", app.broken());
    }
}
