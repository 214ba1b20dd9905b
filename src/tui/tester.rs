//! Compares and tests a spec's arms in threads of their own: ten thousand resamples are no work for a key press.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::app::{App, Msg};
use super::found::Found;
use super::job::Job;
use super::text::clean;
use crate::report::{Answers, Comparison, Question};
use crate::run::State;
use crate::store::{Outline, RunView, StoreError};

type Compared = (Comparison, Vec<RunView>);

/// One comparison and one test at a time; both are kept until another run has finished.
#[derive(Default)]
pub struct Tester {
    /// What was compared last, or is being compared.
    print: Option<u64>,
    comparison: Job<Result<Compared, StoreError>>,
    runs: Arc<Vec<RunView>>,
    answers: Job<Result<Answers, String>>,
    /// What the answers are of that are being computed.
    asked: (u64, String),
}

impl Tester {
    /// What has been computed since; starts on what is missing for `runs` of `spec`.
    pub fn poll(&mut self, app: &App, spec: &str, runs: &[&RunView]) -> Vec<Msg> {
        let print = print(spec, runs);
        let mut told = Vec::new();
        if let Some(compared) = self.comparison.poll() {
            let msg = self.compared(compared);
            told.extend((self.print == Some(print)).then_some(msg));
        }
        if self.print != Some(print) && !self.comparison.is_busy() {
            let outlines: Vec<Outline> = runs.iter().map(|run| run.outline()).collect();
            let spec = spec.to_owned();
            self.comparison.start(move || compare(&spec, outlines));
            self.print = Some(print);
        }
        if let Some(answers) = self.answers.poll() {
            let answers = answers.and_then(|answers| answers).map(Arc::new).map_err(|error| clean(&error));
            let (of, against) = self.asked.clone();
            told.extend((of == print).then_some(Msg::Found(Found::Answers(against, answers))));
        }
        if told.is_empty() && !self.comparison.is_busy() && !self.answers.is_busy() {
            self.test(app, spec);
        }
        told
    }

    fn compared(&mut self, compared: Result<Result<Compared, StoreError>, String>) -> Msg {
        let compared = compared.and_then(|compared| compared.map_err(|error| error.to_string()));
        Msg::Compared(match compared {
            Ok((comparison, runs)) => {
                self.runs = Arc::new(runs);
                Ok(Box::new(comparison))
            }
            Err(error) => Err(clean(&error)),
        })
    }

    fn test(&mut self, app: &App, spec: &str) {
        let Some(Ok(comparison)) = app.arms().compared() else { return };
        let Some(against) = app.versus().wanted(comparison).filter(|_| comparison.spec == spec) else { return };
        let (runs, metrics) = (Arc::clone(&self.runs), comparison.task.shown().collect());
        self.asked = (self.print.unwrap_or_default(), against.clone());
        let question = Question { against: Some(against), metrics, ..Question::default() };
        self.answers.start(move || {
            let runs: Vec<&RunView> = runs.iter().collect();
            Answers::of(&runs, &question).map_err(|error| error.to_string())
        });
    }
}

/// Changes when another run has finished, or one is gone.
fn print(spec: &str, runs: &[&RunView]) -> u64 {
    let mut hash = DefaultHasher::new();
    spec.hash(&mut hash);
    runs.iter().for_each(|run| (run.dir.id(), run.state == State::Finished).hash(&mut hash));
    hash.finish()
}

fn compare(spec: &str, outlines: Vec<Outline>) -> Result<Compared, StoreError> {
    let runs = outlines.into_iter().map(Outline::view).collect::<Result<Vec<_>, _>>()?;
    let comparison = Comparison::of(spec, &runs.iter().collect::<Vec<_>>())?;
    Ok((comparison, runs))
}
