//! Scores and planes of cases, read by a thread of its own: a case's image may be part of a large volume, and keys are
//! answered meanwhile. One question at a time; what nobody looks at any more is not read.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

use image::imageops;

use super::app::Msg;
use super::cases::Cases;
use super::film::Film;
use super::row::{Name, Part};
use super::sight::Sight;
use super::text::clean;
use crate::dataset::fold::original;
use crate::dataset::read::{resize_image, resize_mask};
use crate::dataset::{Dataset, DatasetError, Origin};
use crate::metric::{CaseScore, Confusion, Task};
use crate::plane::{Mask, Plane};
use crate::run::State;
use crate::store::{RunDir, RunView};

const ENDED: &str = "reading it ended without an answer; \"seglab dataset verify\" may tell why";

/// Reads what the screen of cases shows.
#[derive(Default)]
pub struct Gallery {
    reader: Option<(Sender<Question>, Receiver<Msg>)>,
    /// What is said if the thread ends without an answer; a question is under way while it is there.
    otherwise: Option<Msg>,
    scored: Option<Version>,
    filmed: Option<(Name, u64, State)>,
}

/// A run and when it ended: one that is scored again is read again.
type Version = (Name, Option<u64>);

enum Question {
    Scores(RunDir, Task),
    Case(Box<Wanted>),
    Film(RunDir),
}

/// A case to be read.
struct Wanted {
    run: RunDir,
    index: usize,
    case: String,
    task: Task,
    input_px: usize,
    counts: Confusion,
}

impl Gallery {
    /// What has been read since; asks for what `cases` lacks of `run`.
    pub fn poll(&mut self, run: &RunView, cases: &Cases) -> Option<Msg> {
        let answer = self.answer();
        match cases.part() {
            _ if answer.is_some() || self.is_busy() => answer,
            Part::Test => self.read_tests(run, cases),
            Part::Valid => self.read_epochs(run, cases),
        }
    }

    fn read_tests(&mut self, run: &RunView, cases: &Cases) -> Option<Msg> {
        let version = (run.dir.name(), run.record.ended_s.map(f64::to_bits));
        if self.scored.as_ref() != Some(&version) || cases.name() != version.0 {
            let (name, task) = (version.0.clone(), run.plan.task);
            self.scored = Some(version);
            if let Some(reason) = why_unscored(run) {
                return Some(Msg::Scores(name, task, Err(reason)));
            }
            let otherwise = Msg::Scores(name, task, Err(ENDED.to_owned()));
            self.ask(Question::Scores(run.dir.clone(), task), otherwise);
        } else if let (Some((name, index)), Some(score), None) = (cases.wanted(), cases.chosen(), cases.sight()) {
            let (name, image, prediction) = (name.clone(), Err(ENDED.to_owned()), Err(ENDED.to_owned()));
            let otherwise = Msg::Seen(Box::new(Sight { name, index, image, prediction }));
            self.ask(Question::Case(Box::new(Wanted::of(run, index, score))), otherwise);
        }
        None
    }

    fn read_epochs(&mut self, run: &RunView, cases: &Cases) -> Option<Msg> {
        let version = (run.dir.name(), run.dir.epoch_masks_bytes(), run.state);
        if self.filmed.as_ref() == Some(&version) && cases.name() == version.0 {
            return None;
        }
        let name = version.0.clone();
        self.filmed = Some(version);
        if let Some(reason) = why_no_epochs(run) {
            return Some(Msg::Filmed(name, Err(reason.to_owned())));
        }
        self.ask(Question::Film(run.dir.clone()), Msg::Filmed(name, Err(ENDED.to_owned())));
        None
    }

    /// Whether something is being read.
    pub fn is_busy(&self) -> bool {
        self.otherwise.is_some()
    }

    fn ask(&mut self, question: Question, otherwise: Msg) {
        let (questions, _) = self.reader.get_or_insert_with(start);
        // Where nobody listens any more, the next look at the answers finds out.
        let _ = questions.send(question);
        self.otherwise = Some(otherwise);
    }

    fn answer(&mut self) -> Option<Msg> {
        let (_, answers) = self.reader.as_ref()?;
        match answers.try_recv() {
            Err(TryRecvError::Empty) => None,
            Ok(msg) => {
                self.otherwise = None;
                Some(msg)
            }
            Err(TryRecvError::Disconnected) => {
                self.reader = None;
                self.otherwise.take()
            }
        }
    }
}

fn why_unscored(run: &RunView) -> Option<String> {
    let reason = match run.state {
        _ if run.record.test.is_some() => return None,
        State::Running => {
            "no scores yet: the test cases are scored when the training ends; < shows its epochs on a validation case"
        }
        State::Queued | State::Planned => "not started: there are no scores",
        State::Stopped | State::Lost | State::Failed => {
            "ended before its test cases were scored; r on 1 Runs resumes it, < shows its epochs on a validation case"
        }
        State::Finished => "finished without scores",
    };
    Some(reason.to_owned())
}

fn why_no_epochs(run: &RunView) -> Option<&'static str> {
    match run.state {
        _ if run.plan.task != Task::Segmentation => Some("a class is no mask: there are no epochs to look at"),
        _ if run.dir.epoch_masks_bytes() > 0 => None,
        State::Running => Some("no epoch is over yet"),
        State::Queued | State::Planned => Some("not started: there are no epochs"),
        _ => Some("no masks of its epochs are kept"),
    }
}

fn start() -> (Sender<Question>, Receiver<Msg>) {
    let (ask, questions) = channel::<Question>();
    let (answer, answers) = channel();
    std::thread::spawn(move || {
        let (mut open, mut last) = (None, None);
        while let Ok(question) = questions.recv() {
            let msg = match question {
                Question::Scores(run, task) => {
                    Msg::Scores(run.name(), task, run.scores().map_err(|error| error.to_string()))
                }
                Question::Case(wanted) => Msg::Seen(Box::new(wanted.read(&mut open))),
                Question::Film(run) => Msg::Filmed(run.name(), filmed(&run, &mut last)),
            };
            if answer.send(msg).is_err() {
                return;
            }
        }
    });
    (ask, answers)
}

/// A running training adds an epoch at a time: what was scored stays so.
fn filmed(run: &RunDir, last: &mut Option<(Name, Arc<Film>)>) -> Result<Arc<Film>, String> {
    let before = last.take().filter(|(name, _)| *name == run.name());
    let film = Arc::new(Film::read(run, before.as_ref().map(|(_, film)| &**film)).map_err(|error| clean(&error))?);
    *last = Some((run.name(), Arc::clone(&film)));
    Ok(film)
}

impl Wanted {
    fn of(run: &RunView, index: usize, score: &CaseScore) -> Self {
        let case = original(&score.case, run.plan.split.leak()).to_owned();
        let (task, input_px) = (run.plan.task, run.plan.input_px);
        Self { run: run.dir.clone(), index, case, task, input_px, counts: score.counts }
    }

    fn read(&self, open: &mut Option<Dataset>) -> Sight {
        Sight {
            name: self.run.name(),
            index: self.index,
            image: self.image(open).map_err(|error| clean(&error)),
            prediction: self.prediction().map_err(|error| clean(&error)),
        }
    }

    /// As the network saw it.
    fn image(&self, open: &mut Option<Dataset>) -> Result<(Plane<u8>, Mask), String> {
        let origin = self.run.origin().map_err(|error| error.to_string())?;
        let dataset = opened(origin, open).map_err(|error| error.to_string())?;
        let case = dataset.case(&self.case).ok_or_else(|| format!("{}: not in the data set any more", self.case))?;
        let pixels = case.pixels().map_err(|error| error.to_string())?;
        let grey = imageops::grayscale(&resize_image(&pixels.image, self.input_px as u32));
        let reference = resize_mask(&pixels.reference, self.input_px);
        if self.task == Task::Segmentation && reference.area_px() as u64 != self.counts.tp + self.counts.fn_ {
            return Err("the reference is not the scored one: the data have changed".to_owned());
        }
        let image = Plane::new(self.input_px, self.input_px, grey.into_raw()).ok_or("an image without pixels")?;
        Ok((image, reference))
    }

    fn prediction(&self) -> Result<Mask, String> {
        if self.task != Task::Segmentation {
            return Err("a class is no mask".to_owned());
        }
        let mask = self.run.prediction(self.index).map_err(|error| error.to_string())?;
        let mask = mask.ok_or("no predicted mask is kept of this case: scored by an earlier version")?;
        let scored = mask.area_px() as u64 == self.counts.tp + self.counts.fp;
        if scored && mask.width() == self.input_px {
            Ok(mask)
        } else {
            Err("the kept mask is not the scored one".into())
        }
    }
}

/// The data set stays open from case to case: large folders take long to list.
fn opened(origin: Origin, open: &mut Option<Dataset>) -> Result<&Dataset, DatasetError> {
    let kept = open.take().filter(|dataset| dataset.origin == origin);
    let dataset = kept.map_or_else(|| Dataset::at(origin), Ok)?;
    Ok(open.insert(dataset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Manifest;
    use crate::plan::plan;
    use crate::run::Event;
    use crate::spec::Spec;
    use crate::store::{Store, Watch};
    use crate::tui::sight::Look;

    const MANIFEST: &str = r#"
        name = "tiny"
        title = "Small phantoms"
        origin = "built in"
        licence = "as seglab"
        [layout]
        kind = "phantom"
        phantom = "breast-us"
        seed = 5
        subjects = 8
        images_per_subject = 1
        size_px = 48
    "#;
    const SPEC: &str = r#"
        name = "tiny"
        dataset = "tiny"
        [protocol]
        input_px = 32
        seeds = [1]
        split = { folds = 4, run = 1, valid = 0.25 }
        [train]
        epochs = 1
        batch = 2
        lr = 1e-3
        [[arm]]
        name = "net"
        model = { name = "fgfeu-net", width = 0.03125 }
        loss = { name = "combo" }
    "#;

    /// A planned run, and the masks of its test cases.
    fn planned(dir: &tempfile::TempDir) -> (RunDir, Vec<(String, Mask)>) {
        let spec = Spec::parse(SPEC, "tiny.toml").expect("the spec");
        let manifest = Manifest::parse(MANIFEST, "tiny.toml").expect("the manifest");
        let dataset = Dataset::at(Origin { folder: None, manifest }).expect("the data");
        let plans = plan(&spec, &dataset).expect("a plan");
        let run = Store::new(dir.path()).create(&plans[0]).expect("a run");
        run.write_origin(&dataset.origin).expect("written");
        let mask = |case: &str| {
            let pixels = dataset.case(case).expect("a case").pixels().expect("a phantom");
            (case.to_owned(), resize_mask(&pixels.reference, 32))
        };
        let masks = plans[0].split.test().map(mask).collect();
        (run, masks)
    }

    fn score(run: &RunDir, masks: &[(String, Mask)]) {
        let of = |(case, mask): &(String, Mask)| CaseScore::of(case, case, mask, mask).expect("same size");
        run.write_scores(&masks.iter().map(of).collect::<Vec<_>>()).expect("written");
        let events = [Event::Scored { cases: masks.len(), test: Default::default() }, Event::Finished { at_s: 9.0 }];
        let lines: Vec<String> = events.iter().map(|event| serde_json::to_string(event).expect("event")).collect();
        std::fs::write(run.events_path(), lines.join("\n") + "\n").expect("written");
    }

    /// Polls until nothing more is read; how many answers there were.
    fn settle(gallery: &mut Gallery, store: &std::path::Path, cases: &mut Cases) -> usize {
        let mut watch = Watch::new(Store::new(store), None);
        watch.catch_up().expect("events");
        let run = watch.runs().next().expect("a run");
        let mut answers = 0;
        loop {
            match gallery.poll(run, cases) {
                Some(Msg::Scores(name, task, scores)) => cases.set(name, task, scores),
                Some(Msg::Seen(sight)) => cases.see(sight),
                Some(Msg::Filmed(name, film)) => cases.set_film(name, film),
                Some(other) => panic!("{other:?}"),
                None if gallery.is_busy() => {
                    std::thread::yield_now();
                    continue;
                }
                None => return answers,
            }
            answers += 1;
        }
    }

    #[test]
    fn a_finished_run_is_read_once_with_the_planes_that_were_scored() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (run, masks) = planned(&dir);
        let (mut gallery, mut cases) = (Gallery::default(), Cases::new(Part::Test));
        settle(&mut gallery, dir.path(), &mut cases);
        assert!(cases.error().is_some_and(|why| why.starts_with("not started")), "{:?}", cases.error());
        score(&run, &masks);
        settle(&mut gallery, dir.path(), &mut cases);
        let sight = cases.sight().expect("read");
        assert!(sight.prediction.as_ref().is_err_and(|why| why.contains("earlier version")), "{sight:?}");
        assert_eq!(
            sight.image.as_ref().map(|(image, reference)| (image.size(), reference)),
            Ok(((32, 32), &masks[sight.index].1))
        );
        run.write_predictions(&masks.iter().map(|(_, mask)| mask.clone()).collect::<Vec<_>>()).expect("written");
        let (mut gallery, mut cases) = (Gallery::default(), Cases::new(Part::Test));
        assert_eq!(settle(&mut gallery, dir.path(), &mut cases), 2, "scores, then the first case");
        let sight = cases.sight().expect("read");
        assert_eq!(sight.prediction.as_ref(), Ok(&masks[sight.index].1));
        assert!(sight.raster(Look::Overlay).is_some());
        assert_eq!(settle(&mut gallery, dir.path(), &mut cases), 0, "nothing is read twice");
    }

    #[test]
    fn epochs_are_read_as_they_come_and_their_absence_has_a_reason() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (run, _) = planned(&dir);
        let mut gallery = Gallery::default();
        let mut cases = Cases::new(Part::Valid);
        settle(&mut gallery, dir.path(), &mut cases);
        assert_eq!(cases.error(), Some("not started: there are no epochs"));
        let whole = Mask::filled(8, 8, true);
        for name in ["image.png", "reference.png"] {
            run.write_preview(name, &crate::tui::film::tests::png(&whole)).expect("written");
        }
        for epoch in 1..=2 {
            run.append_epoch_mask(&crate::store::EpochMask::of(epoch, &whole)).expect("written");
            assert_eq!(settle(&mut gallery, dir.path(), &mut cases), 1, "epoch {epoch}");
            assert_eq!((cases.count(), cases.error()), (epoch as usize, None));
        }
        assert_eq!(cases.chosen().and_then(|score| score.counts.dsc()), Some(1.0));
        assert_eq!(settle(&mut gallery, dir.path(), &mut cases), 0, "nothing is read twice");
    }

    #[test]
    fn data_and_masks_that_are_not_the_scored_ones_are_refused() {
        let dir = tempfile::tempdir().expect("tempdir");
        let (run, mut masks) = planned(&dir);
        masks.iter_mut().for_each(|(_, mask)| *mask = Mask::filled(32, 32, true));
        score(&run, &masks);
        run.write_predictions(&vec![Mask::filled(32, 32, false); masks.len()]).expect("written");
        let mut cases = Cases::new(Part::Test);
        settle(&mut Gallery::default(), dir.path(), &mut cases);
        let sight = cases.sight().expect("read");
        assert!(sight.image.as_ref().is_err_and(|why| why.contains("the data have changed")), "{sight:?}");
        assert!(sight.prediction.as_ref().is_err_and(|why| why.contains("not the scored one")), "{sight:?}");
    }
}
