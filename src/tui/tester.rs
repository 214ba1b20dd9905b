//! Compares and tests a spec's arms in threads of their own: ten thousand resamples are no work for a key press.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::app::{App, Msg};
use super::found::Found;
use super::job::{Job, apart};
use super::text::clean;
use crate::report::{Answers, Broken, Comparison, Question};
use crate::run::State;
use crate::store::RunView;

type Compared = (Comparison, Vec<RunView>);
/// Scores and the arm that the others are held against.
type Asked = (u64, String);
type Answered = Result<Arc<Answers>, String>;

/// Answers of so many comparisons and reference arms are kept.
const KEPT: usize = 32;

/// One comparison and one test at a time. Answers are kept, so that who looks elsewhere and comes back does not wait.
#[derive(Default)]
pub struct Tester {
    /// What was compared last, or is being compared.
    print: Option<u64>,
    comparison: Job<Compared>,
    runs: Arc<Vec<RunView>>,
    answers: Job<Result<Answers, String>>,
    /// What the answers are of that are being computed.
    asked: Asked,
    kept: BTreeMap<Asked, Answered>,
}

impl Tester {
    /// What has been computed since; starts on what is missing for `runs` of `spec`.
    pub fn poll(&mut self, app: &App, spec: &str, (runs, broken): (&[&RunView], &Broken)) -> Vec<Msg> {
        let print = print(spec, (runs, broken));
        let mut told = Vec::new();
        if let Some(compared) = self.comparison.poll() {
            let msg = self.compared(compared);
            told.extend((self.print == Some(print)).then_some(msg));
        }
        if self.print != Some(print) && !self.comparison.is_busy() {
            let outlines: Vec<RunView> = runs.iter().map(|run| run.outline()).collect();
            let (spec, broken) = (spec.to_owned(), broken.clone());
            self.comparison.start(move || compare(&spec, (outlines, &broken)));
            self.print = Some(print);
        }
        if let Some(answers) = self.answers.poll() {
            let answers = answers.and_then(|answers| answers).map(Arc::new).map_err(|error| clean(&error));
            if self.kept.len() >= KEPT {
                self.kept.clear();
            }
            self.kept.insert(self.asked.clone(), answers);
        }
        if told.is_empty() && !self.comparison.is_busy() && !self.answers.is_busy() {
            told.extend(self.test(app, spec));
        }
        told
    }

    fn compared(&mut self, compared: Result<Compared, String>) -> Msg {
        Msg::Compared(match compared {
            Ok((comparison, runs)) => {
                self.runs = Arc::new(runs);
                Ok(Box::new(comparison))
            }
            Err(error) => Err(clean(&error)),
        })
    }

    /// Answers that are kept; else starts to compute them.
    fn test(&mut self, app: &App, spec: &str) -> Option<Msg> {
        let comparison = app.arms().compared()?.ok().filter(|comparison| comparison.spec == spec)?;
        let asked = (self.print?, app.versus().wanted(comparison)?);
        if let Some(answers) = self.kept.get(&asked) {
            return Some(Msg::Found(Found::Answers(asked.1, answers.clone())));
        }
        let metrics = comparison.task.shown().collect();
        let question = Question { against: Some(asked.1.clone()), metrics, ..Question::default() };
        let runs = Arc::clone(&self.runs);
        self.asked = asked;
        self.answers.start(move || {
            let runs: Vec<&RunView> = runs.iter().collect();
            apart(|| Answers::of(&runs, &question).map_err(|error| error.to_string())).and_then(|answers| answers)
        });
        None
    }
}

/// Changes when another run has finished, or one is gone.
fn print(spec: &str, (runs, broken): (&[&RunView], &Broken)) -> u64 {
    let mut hash = DefaultHasher::new();
    (spec, broken).hash(&mut hash);
    runs.iter().for_each(|run| (run.dir.id(), run.state == State::Finished).hash(&mut hash));
    hash.finish()
}

fn compare(spec: &str, (runs, broken): (Vec<RunView>, &Broken)) -> Compared {
    let comparison = Comparison::of(spec, &runs.iter().collect::<Vec<_>>()).and_unreadable(broken);
    (comparison, runs)
}
