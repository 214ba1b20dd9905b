//! The dashboard's hands: reads the store into messages, and carries effects out. The only place here that touches files.
//! Per tick its work is bounded: log and picture only of the chosen run, scores only when another run has finished.

mod screens;

use std::time::{Duration, Instant};

use super::app::{Access, App, Banner, Effect, Msg};
use super::auditor::Auditor;
use super::detail::Detail;
use super::exporter::Exporter;
use super::gallery::Gallery;
use super::launch::Desk;
use super::monitor::Monitor;
use super::plot::Plot;
use super::row::{Name, Row};
use super::summaries::Summaries;
use super::tester::Tester;
use super::widget::picture::Picture;
use crate::dataset::DataRoots;
use crate::executor::Launch;
use crate::run::State;
use crate::store::{RunDir, RunView, StoreError, Watch, queue};

/// An executor that does not come up is not called more often than this.
const CALL: Duration = Duration::from_secs(5);
/// Keys are answered at once, but the store is not read again for each of them, and a slow line shows two pictures a second.
const LOOK: Duration = Duration::from_millis(600);
/// The same while no run is running: a look at a thousand folders is not free.
const CALM: Duration = Duration::from_secs(1);
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
    /// What is added up in the overlay, and how it is looked at.
    overlaid: Option<(u64, u64)>,
    tester: Tester,
    auditor: Auditor,
    summaries: Summaries,
    gallery: Gallery,
    monitor: Monitor,
    desk: Desk,
    exporter: Exporter,
}

/// What was last said of the chosen run.
#[derive(Default)]
struct Sent {
    name: Name,
    revision: u64,
    plot: Plot,
    log: String,
    pictures: [Option<Vec<u8>>; 3],
    epochs: u64,
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
            overlaid: None,
            tester: Tester::default(),
            auditor: Auditor::default(),
            summaries: Summaries::default(),
            gallery: Gallery::default(),
            monitor: Monitor::default(),
            desk: Desk::new(DataRoots::new(None), None),
            exporter: Exporter::default(),
        }
    }

    /// Looks for data sets and specs where `desk` does.
    #[must_use]
    pub fn with_desk(self, desk: Desk) -> Self {
        Self { desk, ..self }
    }

    /// Tells what is new in the store; what there is to announce of it.
    pub fn poll(&mut self, app: &mut App) -> Option<Effect> {
        let news = match self.looked {
            Some(at) if at.elapsed() < calm(app) && !self.is_behind() => None,
            _ => self.look(app),
        };
        self.describe(app);
        self.show_screen(app);
        if app.setup().access == Access::ReadWrite && app.count(State::Queued) > 0 {
            self.call_executor(app);
        }
        news
    }

    /// Whether a thread reads what a key has asked for.
    pub fn is_reading(&self) -> bool {
        self.gallery.is_busy()
    }

    /// Whether there is more to read at once.
    pub fn is_behind(&self) -> bool {
        self.watch.is_behind()
    }

    /// Tells what the runs do now; what there is to announce of it.
    fn look(&mut self, app: &mut App) -> Option<Effect> {
        // Whoever has just changed something wants to see it.
        let polled = if self.looked.is_none() { self.watch.poll_all() } else { self.watch.poll() };
        self.looked = Some(Instant::now());
        let changed = match polled {
            Ok(changed) => changed,
            Err(error) => {
                tell(app, Msg::Notice(error.to_string()));
                return None;
            }
        };
        // A request to stop is a file of its own, which no event announces.
        let look = changed || app.count(State::Running) > 0;
        let news = look.then(|| app.update(Msg::Rows(self.watch.runs().map(row).collect()))).flatten();
        tell(app, Msg::Unread(self.watch.unread()));
        if self.watch.broken.len() != self.broken {
            self.broken = self.watch.broken.len();
            let broken = self.watch.broken.iter().map(|(name, reason)| format!("{name}: {reason}"));
            tell(app, Msg::Broken(broken.collect()));
        }
        news
    }

    /// Carries `effect` out; what is the terminal's is the loop's.
    pub fn carry_out(&mut self, effect: &Effect, app: &mut App) {
        self.looked = None;
        if let Effect::Launch(errand) = effect {
            return self.do_errand(errand, app);
        }
        if let Effect::Export(spec, out) = effect {
            return self.export(spec, out, app);
        }
        if let Err(error) = self.try_carry_out(effect) {
            tell(app, Msg::Notice(error.to_string()));
        }
    }

    fn try_carry_out(&mut self, effect: &Effect) -> Result<(), StoreError> {
        match effect {
            Effect::Quit
            | Effect::Copy(_)
            | Effect::Announce(_)
            | Effect::Suspend
            | Effect::Redraw
            | Effect::Export(..)
            | Effect::Launch(_) => Ok(()),
            Effect::Audit(name) => {
                let run = self.dir(name).cloned();
                run.iter().for_each(|run| self.auditor.start(run));
                Ok(())
            }
            Effect::All(effects) => effects.iter().try_for_each(|effect| self.try_carry_out(effect)),
            Effect::Stop(name) => self.dir(name).map_or(Ok(()), |dir| dir.request_stop()),
            // A worker may be on its way to the lock: it looks for the request once it has it.
            Effect::Dequeue(name) => {
                self.dir(name).map_or(Ok(()), |dir| dir.request_stop().and_then(|()| dir.dequeue()))
            }
            Effect::Enqueue(name) => {
                self.dir(name).map_or(Ok(()), |dir| dir.enqueue(&self.launch.device))?;
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
        self.watch.run(name)
    }

    fn dir(&self, name: &str) -> Option<&RunDir> {
        self.view(name).map(|run| &run.dir)
    }

    /// Log and picture grow without an event, so they are looked at every time.
    fn describe(&mut self, app: &mut App) {
        let Some(name) = app.chosen().map(|row| row.name.clone()) else { return };
        let another = self.sent.as_ref().is_none_or(|sent| sent.name != name) || app.detail().is_none();
        let mut sent = self.sent.take().filter(|_| !another).unwrap_or_default();
        let Some(run) = self.view(&name) else { return };
        let plot = *app.plot();
        if another || (sent.revision, sent.plot.asked()) != (run.revision, plot.asked()) {
            tell(app, Msg::Detail(Box::new(Detail::of(run, &plot))));
        }
        (sent.revision, sent.plot) = (run.revision, plot);
        let log = run.dir.log_tail(LOG_BYTES);
        if another || log != sent.log {
            tell(app, Msg::Log(log.clone()));
        }
        let pictures = ["image.png", "reference.png", "prediction.png"].map(|file| run.dir.preview(file));
        let epochs = run.dir.epoch_masks_bytes();
        if another || pictures != sent.pictures || epochs != sent.epochs {
            let [image, reference, prediction] = pictures.each_ref().map(|png| png.as_deref());
            let picture =
                image.and_then(|image| Picture::decode(image, [reference, prediction], run.dir.epoch_masks()));
            tell(app, Msg::Picture(picture.map(Box::new)));
        }
        (sent.name, sent.log, sent.pictures, sent.epochs) = (name, log, pictures, epochs);
        self.sent = Some(sent);
    }

    fn call_executor(&mut self, app: &mut App) {
        if self.called.is_some_and(|at| at.elapsed() < CALL) || self.watch.store().has_executor() {
            return;
        }
        // Who has queued runs here, or opened the dashboard with a training, knows what it does.
        let is_news = self.called.is_none() && app.setup().banner == Banner::Never;
        self.called = Some(Instant::now());
        match self.launch.ensure(self.watch.store()) {
            Ok(()) if is_news => tell(app, Msg::Notice(served(app))),
            Ok(()) => {}
            Err(error) => tell(app, Msg::Notice(error.to_string())),
        }
    }
}

/// That runs which waited are trained now, only because somebody looks.
fn served(app: &App) -> String {
    let waited = match (app.unread(), app.count(State::Queued)) {
        (0, 1) => "1 run waited".to_owned(),
        (0, n) => format!("{n} runs waited"),
        _ => "runs waited".to_owned(),
    };
    format!(
        "{waited} in the queue: it goes on here now, also after q. s takes a run out; seglab --read-only looks without this"
    )
}

/// How old a look at the store may be.
fn calm(app: &App) -> Duration {
    if app.count(State::Running) > 0 { LOOK } else { CALM }
}

/// Of what the feed says, only rows ask for an effect.
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
    use crate::tui::app::{Screen, Setup};
    use crate::tui::found::Found;

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
            subset: None,
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
        let launch = Launch { slots: Some(1), ..Launch::default() };
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
        assert_eq!(app.log().lines(), ["line one"]);
        assert_eq!(app.count(State::Failed), 1);
    }

    /// More than is read between two keys.
    #[test]
    fn a_long_run_is_being_read_until_its_end_is_known() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (runs, watch, launch, mut app) = open(&dir, 1);
        let steps = (1..=20_000).map(|step| Event::Step { step, loss: Some(0.5) });
        write(&runs[0], &steps.chain([Event::Finished { at_s: 2.0 }]).collect::<Vec<_>>());
        let mut feed = Feed::new(watch, &launch);
        feed.poll(&mut app);
        assert_eq!((app.rows()[0].state, app.unread(), app.count(State::Planned)), (None, 1, 0));
        poll_until(&mut feed, &mut app, |app| app.unread() == 0);
        assert_eq!(app.count(State::Finished), 1);
    }

    #[test]
    fn effects_reach_the_store() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (runs, watch, launch, mut app) = open(&dir, 2);
        runs.iter().for_each(|run| run.enqueue(&Choice::Auto).expect("enqueue"));
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
    fn who_opens_a_waiting_queue_is_told_that_it_goes_on() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (runs, watch, launch, mut app) = open(&dir, 2);
        let mut feed = Feed::new(watch, &launch);
        runs[0].enqueue(&Choice::Auto).expect("enqueue");
        feed.poll(&mut app);
        assert_eq!((app.unread(), app.notice()), (0, None), "read-only starts nothing");
        assert!(served(&app).starts_with("1 run waited in the queue: it goes on here now"), "{}", served(&app));
        app.update(Msg::Unread(1));
        assert!(served(&app).starts_with("runs waited"), "more may wait among those that are not read");
    }

    #[test]
    fn a_folder_without_a_readable_plan_is_named() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (runs, watch, launch, mut app) = open(&dir, 1);
        std::fs::write(runs[0].plan_path(), "rubbish").expect("write");
        Feed::new(watch, &launch).poll(&mut app);
        assert!(app.broken()[0].starts_with(&runs[0].name()), "{:?}", app.broken());
    }

    /// The auditor of tables takes seconds: here it has nothing to say.
    fn judge_nothing(app: &mut App) {
        tell(app, Msg::Found(Found::Verdicts(std::sync::Arc::default())));
    }

    /// Polls until `is_done`.
    fn poll_until(feed: &mut Feed, app: &mut App, is_done: impl Fn(&App) -> bool) {
        while !is_done(app) {
            feed.poll(app);
            std::thread::yield_now();
        }
    }

    /// A finished run of an arm that finds `tp` of ten pixels, and a little more in every second case.
    fn finish(store: &Store, arm: &str, tp: u64) {
        let run = store.create(&RunPlan { arm: arm.into(), ..plan(0) }).expect("create");
        let score = |case: u64| {
            let tp = tp + case % 2;
            let counts = crate::metric::Confusion { tp, fp: 0, fn_: 10 - tp, tn: 90 };
            let (case, subject) = (case.to_string(), case.to_string());
            crate::metric::CaseScore { case, subject, counts, ..crate::metric::CaseScore::default() }
        };
        run.write_scores(&(0..8).map(score).collect::<Vec<_>>()).expect("scores");
        write(&run, &[Event::Finished { at_s: 2.0 }]);
    }

    #[test]
    fn arms_are_tested_in_the_background_and_then_all_is_quiet() {
        let dir = tempfile::tempdir().expect("tempdir");
        let store = Store::new(dir.path());
        finish(&store, "weak", 3);
        finish(&store, "strong", 8);
        let launch = Launch { slots: Some(1), ..Launch::default() };
        let mut app = App::new(Setup { access: Access::ReadOnly, ..Setup::default() });
        judge_nothing(&mut app);
        let mut feed = Feed::new(Watch::new(store.clone(), None), &launch);
        feed.poll(&mut app);
        app.update(Msg::Act(crate::tui::keys::Action::Show(Screen::Compare)));
        let contrast = |app: &App, arm: &str| {
            let comparison = app.arms().compared()?.ok()?;
            app.versus().contrast(comparison, arm, crate::metric::metric("dsc")?)
        };
        poll_until(&mut feed, &mut app, |app| contrast(app, "strong").or(contrast(app, "weak")).is_some());
        let (arm, expected) = match contrast(&app, "strong") {
            Some(_) => ("strong", crate::report::Standing::Better),
            None => ("weak", crate::report::Standing::Worse),
        };
        // Eight differences of one sign: 2 of 256 outcomes are as extreme.
        let found = contrast(&app, arm).expect("tested");
        assert_eq!((found.p, found.holm, found.pairs), (Some(2.0 / 256.0), Some(2.0 / 256.0), 8));
        assert_eq!(found.standing, Some(expected));
        let before = app.revision();
        (0..5).for_each(|_| _ = feed.poll(&mut app));
        assert_eq!(app.revision(), before, "nothing is told twice");
        finish(&store, "third", 5);
        poll_until(&mut feed, &mut app, |app| contrast(app, "third").is_some());
        assert_eq!(contrast(&app, "third").map(|found| found.pairs), Some(8));
    }

    #[test]
    fn a_spec_is_exported_once_into_a_new_folder_even_read_only() {
        let (dir, out) = (tempfile::tempdir().expect("tempdir"), tempfile::tempdir().expect("tempdir"));
        let store = Store::new(dir.path());
        finish(&store, "weak", 3);
        finish(&store, "strong", 8);
        let launch = Launch::default();
        let mut app = App::new(Setup { access: Access::ReadOnly, ..Setup::default() });
        let mut feed = Feed::new(Watch::new(store, None), &launch);
        feed.poll(&mut app);
        let folder = std::fs::canonicalize(out.path()).expect("a folder").join("tables");
        let mut export = |app: &mut App, folder: &std::path::Path| {
            app.update(Msg::Act(crate::tui::keys::Action::Export));
            assert_eq!(app.prompt().map(|prompt| prompt.text.as_str()), Some("demo-export"));
            app.update(Msg::Cleared);
            folder.display().to_string().chars().for_each(|c| _ = app.update(Msg::Typed(c)));
            let effect = app.update(Msg::Entered).expect("an export");
            feed.carry_out(&effect, app);
            poll_until(&mut feed, app, |app| app.notice().is_some_and(|said| !said.starts_with("exporting")));
            app.notice().unwrap_or_default().to_owned()
        };
        // Nine tables and two plans.
        assert_eq!(export(&mut app, &folder), format!("11 files in {}", folder.display()));
        assert!(
            folder.join("comparison.csv").is_file() && std::fs::read_dir(out.path()).is_ok_and(|all| all.count() == 1)
        );
        assert!(export(&mut app, &folder).ends_with("is there already; choose another folder"));
        assert!(export(&mut app, &dir.path().join("x")).contains("is among the runs"));
    }

    #[test]
    fn an_audit_is_done_in_the_background_kept_and_shown() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (runs, watch, launch, mut app) = open(&dir, 1);
        let text = include_str!("../../datasets/breast-us.toml");
        let small = text.replace("subjects = 80", "subjects = 3").replace("size_px = 128", "size_px = 64");
        let small = small.replace("expected = { benign = 120, malignant = 120 }\n", "");
        let manifest = crate::dataset::Manifest::parse(&small, "breast-us").expect("a manifest");
        runs[0].write_origin(&crate::dataset::Origin { folder: None, manifest }).expect("written");
        judge_nothing(&mut app);
        let mut feed = Feed::new(watch, &launch);
        feed.poll(&mut app);
        app.update(Msg::Act(crate::tui::keys::Action::Show(Screen::Audit)));
        poll_until(&mut feed, &mut app, |app| app.audit().facts().is_some());
        assert_eq!(app.audit().facts().map(|facts| facts.kept.clone()), Some(Ok(None)));
        feed.carry_out(&Effect::Audit(runs[0].name()), &mut app);
        poll_until(&mut feed, &mut app, |app| app.audit().report().is_some());
        let report = app.audit().report().expect("shown");
        assert_eq!((report.dataset.as_str(), report.cases.values().sum::<usize>()), ("breast-us", 9));
        let kept = runs[0].store().audit("breast-us").expect("read").expect("kept");
        assert_eq!((&kept.audit, app.audit().progress()), (report, None));
        let before = app.revision();
        (0..5).for_each(|_| _ = feed.poll(&mut app));
        assert_eq!((app.revision(), app.notice()), (before, None));
    }
}
