//! Scores and planes of cases, read by a thread of its own: a case's image may be part of a large volume, and keys are
//! answered meanwhile. One question at a time; what nobody looks at any more is not read.

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

use image::imageops;

use super::app::Msg;
use super::cases::{Cases, Sight};
use super::row::Name;
use super::text::clean;
use crate::dataset::fold::original;
use crate::dataset::read::{resize_image, resize_mask};
use crate::dataset::{Dataset, DatasetError, Origin};
use crate::metric::{CaseScore, Confusion, Task};
use crate::plane::{Mask, Plane};
use crate::run::State;
use crate::store::{RunDir, RunView};

/// Reads what the screen of cases shows.
#[derive(Default)]
pub struct Gallery {
    reader: Option<(Sender<Question>, Receiver<Msg>)>,
    busy: bool,
    scored: Option<Version>,
    seen: Option<(Version, usize)>,
}

/// A run and when it ended: one that is scored again is read again.
type Version = (Name, Option<u64>);

enum Question {
    Scores(RunDir, Task),
    Case(Box<Wanted>),
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
        if answer.is_some() || self.busy {
            return answer;
        }
        let version = (run.dir.name(), run.record.ended_s.map(f64::to_bits));
        if self.scored.as_ref() != Some(&version) || cases.name() != version.0 {
            self.scored = Some(version.clone());
            self.seen = None;
            match why_unscored(run) {
                Some(reason) => return Some(Msg::Scores(version.0, run.plan.task, Err(reason))),
                None => self.ask(Question::Scores(run.dir.clone(), run.plan.task)),
            }
            return None;
        }
        let (Some((_, index)), Some(score)) = (cases.wanted(), cases.chosen()) else { return None };
        if self.seen != Some((version.clone(), index)) {
            self.seen = Some((version, index));
            self.ask(Question::Case(Box::new(Wanted::of(run, index, score))));
        }
        None
    }

    /// Whether something is being read.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    fn ask(&mut self, question: Question) {
        let (questions, _) = self.reader.get_or_insert_with(start);
        self.busy = questions.send(question).is_ok();
    }

    fn answer(&mut self) -> Option<Msg> {
        let (_, answers) = self.reader.as_ref()?;
        match answers.try_recv() {
            Ok(msg) => {
                self.busy = false;
                Some(msg)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                (self.reader, self.busy) = (None, false);
                Some(Msg::Notice("the case could not be read; see \"seglab dataset verify\"".to_owned()))
            }
        }
    }
}

fn why_unscored(run: &RunView) -> Option<String> {
    let reason = match run.state {
        _ if run.record.test.is_some() => return None,
        State::Running => "no scores yet: the test cases are scored when the training ends",
        State::Queued | State::Planned => "not started: there are no scores",
        State::Stopped | State::Lost | State::Failed => {
            "ended before its test cases were scored; r on 1 Runs resumes it"
        }
        State::Finished => "finished without scores",
    };
    Some(reason.to_owned())
}

fn start() -> (Sender<Question>, Receiver<Msg>) {
    let (ask, questions) = channel::<Question>();
    let (answer, answers) = channel();
    std::thread::spawn(move || {
        let mut open = None;
        while let Ok(question) = questions.recv() {
            let msg = match question {
                Question::Scores(run, task) => {
                    Msg::Scores(run.name(), task, run.scores().map_err(|error| error.to_string()))
                }
                Question::Case(wanted) => Msg::Seen(Box::new(wanted.read(&mut open))),
            };
            if answer.send(msg).is_err() {
                return;
            }
        }
    });
    (ask, answers)
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
